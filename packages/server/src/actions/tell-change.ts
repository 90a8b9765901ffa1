// Tells those who listen what happened to a purchase, once it is on the disk.
import type { Change } from '../domain/purchase.ts';
import type { Host } from '../host/host.ts';
import type { Call } from './call.ts';

/** Nobody listens: nothing is made of it. */
export function tellChange(host: Host, { app }: Call, { purchase, entries }: Change): void {
  const { events } = host.watch;
  if (!events.wanted) return;
  const { clientId, worldId } = app;
  const { purchaseToken, productId } = purchase;
  for (const { at, what } of entries) {
    events.tell({ at, what, clientId, worldId, purchaseToken, productId });
  }
}
