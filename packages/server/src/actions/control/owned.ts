// What a buyer owns already: it cannot be bought again until it is used up or has ended.
import { Refusal } from '@till/protocol/errors';
import { type Purchase, settle } from '../../domain/purchase.ts';
import type { Subscription } from '../../domain/subscription.ts';
import { isLive } from '../../domain/subscription-state.ts';
import { settleSubscription } from '../../domain/subscription-steps.ts';
import type { Host } from '../../host/host.ts';
import type { Query } from '../../store/database.ts';
import { loadOwned } from '../../store/purchases.ts';
import { listWaiting, loadOwnedSubscription } from '../../store/subscriptions.ts';
import type { Call } from '../call.ts';
import { settleOne } from '../settle-due.ts';

/** What a buyer is about to have. */
export interface WantedItem extends Pick<Purchase, 'appId' | 'buyerId' | 'productId' | 'type'> {
  /** Token of the subscription that it takes the place of: that one does not stand in the way. */
  replaces?: string | undefined;
}

/**
 * An overdue purchase of the same item, or a subscription that should have ended, no longer stands in the way: what is
 * due is carried out first. Refusal: `InvalidState` where the buyer still owns the item.
 */
export async function clearWay(host: Host, call: Call, wanted: WantedItem): Promise<void> {
  const is = wanted.type === 'inapp' ? 'purchase' : 'subscription';
  const { appId, buyerId, productId } = wanted;
  const found =
    is === 'purchase'
      ? [await loadOwned(host.database, appId, buyerId, productId)]
      : await listInTheWay(host.database, wanted);
  for (const owned of found) {
    if (owned === undefined || owned.dueAt === null || owned.dueAt > call.now) continue;
    const { purchaseToken, productId, dueAt } = owned;
    await settleOne(host, call, { is, appId, purchaseToken, productId, dueAt });
  }
  if (found.length > 0) await refuseOwned(host.database, call, wanted);
}

/** Does the buyer own the item by now? After a conflict it may also have been the names, which are drawn again. */
export async function refuseOwned(query: Query, call: Call, wanted: WantedItem): Promise<void> {
  const owns =
    wanted.type === 'inapp'
      ? await ownsPurchase(query, call, wanted)
      : await ownsSubscription(query, call, wanted);
  if (owns) throw new Refusal('InvalidState', { detail: 'the buyer already owns this item' });
}

async function ownsPurchase(query: Query, call: Call, wanted: WantedItem): Promise<boolean> {
  const owned = await loadOwned(query, wanted.appId, wanted.buyerId, wanted.productId);
  return owned !== undefined && settle(owned, call.clock, call.now).purchase.voidedAt === null;
}

async function ownsSubscription(query: Query, call: Call, wanted: WantedItem): Promise<boolean> {
  const found = await listInTheWay(query, wanted);
  return found.some((owned) => isLive(settleSubscription(owned, call.clock, call.now).subscription));
}

/** One of the product, and whatever waits to become one: with its next payment the buyer would have it twice. */
async function listInTheWay(query: Query, wanted: WantedItem): Promise<Subscription[]> {
  const { appId, buyerId, productId, replaces } = wanted;
  const owned = await loadOwnedSubscription(query, appId, buyerId, productId);
  const waiting = await listWaiting(query, appId, buyerId, productId);
  const found = owned === undefined ? waiting : [owned, ...waiting];
  return found.filter(({ purchaseToken }) => purchaseToken !== replaces);
}
