// Forgets messages that were delivered or given up long ago.
import { deliveries } from '../domain/policy.ts';
import type { Host } from '../host/host.ts';
import { purgeNotifications as purge } from '../store/notifications.ts';

const messagesAtOnce = 500;
/** Batches of one pass: enough for 160 messages a second, all day long. */
const batches = 20;

export async function purgeNotifications(host: Host): Promise<void> {
  const until = host.clock() - deliveries.keptMs;
  for (let batch = 0; batch < batches; batch++) {
    const forgotten = await host.database.transaction((query) => purge(query, until, messagesAtOnce));
    if (forgotten < messagesAtOnce) return;
  }
}
