// probeWrites: finds out whether a database that refused a write takes writes again.
import type { Host } from '../host/host.ts';
import { Unavailable } from '../store/database.ts';
import { writeSetting } from '../store/settings.ts';

const setting = 'probe';
/** As much as a purchase takes and some more, so that readiness does not turn green for the last free page. */
const probeSize = 64 * 1024;

/** Does nothing while writes work. After a failed one: writes a block, takes it back, and readiness is green again. */
export async function probeWrites(host: Host): Promise<void> {
  if (!host.node.writesFail) return;
  try {
    await writeSetting(host.database, setting, 'x'.repeat(probeSize));
    await writeSetting(host.database, setting, '');
  } catch (error) {
    if (error instanceof Unavailable) return;
    throw error;
  }
  host.node.writesFail = false;
  host.log.info('the database takes writes again');
}
