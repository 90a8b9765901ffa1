// What a buyer owns already: it cannot be bought again until it is used up or has ended.
import { Refusal } from '@till/protocol/errors';
import { type Purchase, settle } from '../../domain/purchase.ts';
import { isLive } from '../../domain/subscription.ts';
import { settleSubscription } from '../../domain/subscription-steps.ts';
import type { Host } from '../../host/host.ts';
import type { Query } from '../../store/database.ts';
import { loadOwned } from '../../store/purchases.ts';
import { loadOwnedSubscription } from '../../store/subscriptions.ts';
import type { Call } from '../call.ts';
import { settleOne } from '../settle-due.ts';

/**
 * An overdue purchase of the same item, or a subscription that should have ended, no longer stands in the way: what is
 * due is carried out first. Refusal: `InvalidState` where the buyer still owns the item.
 */
export async function clearWay(host: Host, call: Call, wanted: Purchase): Promise<void> {
  const { appId, buyerId, productId } = wanted;
  const is = wanted.type === 'inapp' ? 'purchase' : 'subscription';
  const load = is === 'purchase' ? loadOwned : loadOwnedSubscription;
  const owned = await load(host.database, appId, buyerId, productId);
  if (owned === undefined) return;
  if (owned.dueAt !== null && owned.dueAt <= call.now) {
    await settleOne(host, call, {
      is,
      appId,
      purchaseToken: owned.purchaseToken,
      productId,
      dueAt: owned.dueAt,
    });
  }
  await refuseOwned(host.database, call, wanted);
}

/** Does the buyer own the item by now? After a conflict it may also have been the names, which are drawn again. */
export async function refuseOwned(query: Query, call: Call, wanted: Purchase): Promise<void> {
  const { appId, buyerId, productId } = wanted;
  const owns =
    wanted.type === 'inapp'
      ? await ownsPurchase(query, call, wanted)
      : await ownsSubscription(query, call, { appId, buyerId, productId });
  if (owns) throw new Refusal('InvalidState', { detail: 'the buyer already owns this item' });
}

async function ownsPurchase(query: Query, call: Call, wanted: Purchase): Promise<boolean> {
  const owned = await loadOwned(query, wanted.appId, wanted.buyerId, wanted.productId);
  return owned !== undefined && settle(owned, call.clock, call.now).purchase.voidedAt === null;
}

async function ownsSubscription(
  query: Query,
  call: Call,
  { appId, buyerId, productId }: Pick<Purchase, 'appId' | 'buyerId' | 'productId'>,
): Promise<boolean> {
  const owned = await loadOwnedSubscription(query, appId, buyerId, productId);
  return owned !== undefined && isLive(settleSubscription(owned, call.clock, call.now).subscription);
}
