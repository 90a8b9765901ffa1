// readHealth and readReadiness: does the process live, and can it do its work?
import { Refusal } from '@till/protocol/errors';
import type { Host } from '../../host/host.ts';
import { readSetting } from '../../store/settings.ts';

export async function readHealth(): Promise<{ status: string }> {
  return { status: 'ok' };
}

/**
 * Migrations are done before the server listens, so a read that works is enough, unless a write has failed since
 * the last that worked. Not ready: `ServiceMaintenance`.
 */
export async function readReadiness(host: Host): Promise<{ status: string }> {
  if (host.node.stopping) throw new Refusal('ServiceMaintenance', { detail: 'the server is stopping' });
  if (host.node.writesFail) {
    throw new Refusal('ServiceMaintenance', { detail: 'the database takes no writes' });
  }
  try {
    await readSetting(host.database, 'ready');
  } catch (cause) {
    host.log.error({ err: cause }, 'the database cannot be reached');
    throw new Refusal('ServiceMaintenance', { detail: 'the database cannot be reached' });
  }
  return { status: 'ready' };
}
