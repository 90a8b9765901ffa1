// Tells those who listen, and wakes who sends notifications, what happened to a purchase or a subscription, once it is on the disk.
import type { Entry } from '../domain/ledger.ts';
import type { SubscriptionChange } from '../domain/subscription.ts';
import type { Host } from '../host/host.ts';
import type { Call } from './call.ts';

/** What happened, and to what. */
export interface Happened extends Pick<Entry, 'at' | 'what'> {
  purchaseToken: string;
  productId: string;
}

/** Where nobody listens nothing is told; the answer is what happened all the same. */
export function tellChange(
  host: Host,
  { app }: Call,
  { purchaseToken, productId }: { purchaseToken: string; productId: string },
  entries: readonly Entry[],
): Happened[] {
  const happened = entries.map(({ at, what }) => ({ at, what, purchaseToken, productId }));
  if (entries.length > 0 && (app.paymentUrl ?? app.subscriptionUrl) !== null) host.outbox.wake(app.appId);
  const { events } = host.watch;
  if (!events.wanted) return happened;
  const { clientId, worldId } = app;
  for (const one of happened) events.tell({ ...one, clientId, worldId });
  return happened;
}

/** So too of the subscription that a change of product begins. */
export function tellSubscription(
  host: Host,
  call: Call,
  change: Pick<SubscriptionChange, 'subscription' | 'entries' | 'begun'>,
): Happened[] {
  const told = tellChange(host, call, change.subscription, change.entries);
  const { begun } = change;
  return begun === undefined ? told : [...told, ...tellChange(host, call, begun.subscription, begun.entries)];
}
