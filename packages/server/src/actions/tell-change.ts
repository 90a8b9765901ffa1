// Tells those who listen what happened to a purchase or a subscription, once it is on the disk.
import type { Entry } from '../domain/ledger.ts';
import type { Host } from '../host/host.ts';
import type { Call } from './call.ts';

/** Nobody listens: nothing is made of it. */
export function tellChange(
  host: Host,
  { app }: Call,
  { purchaseToken, productId }: { purchaseToken: string; productId: string },
  entries: readonly Entry[],
): void {
  const { events } = host.watch;
  if (!events.wanted) return;
  const { clientId, worldId } = app;
  for (const { at, what } of entries) {
    events.tell({ at, what, clientId, worldId, purchaseToken, productId });
  }
}
