// listPurchases: purchases of an app, the latest first.
import type { ProductType } from '@till/protocol/codes';
import type { PurchaseState } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import { searchPurchases } from '../../store/purchases.ts';
import { loadSubscription } from '../../store/subscriptions.ts';
import { findCall } from '../call.ts';
import { settleDueOfApp } from '../settle-due.ts';
import { type Listed, type ListedInput, readListed } from './cursor.ts';
import type { ShownPurchase } from './read-purchase.ts';

/** Each payment of a monthly product or a subscription is a purchase of its own, beside what goes on under its token. */
export async function listPurchases(
  host: Host,
  input: ListedInput & {
    clientId: string;
    worldId?: string;
    type?: ProductType;
    state?: PurchaseState;
    buyerId?: string;
    productId?: string;
    q?: string;
  },
): Promise<Listed<ShownPurchase>> {
  const call = await findCall(host, host.database, input);
  await settleDueOfApp(host, call);
  const { appId } = call.app;
  return readListed(
    input,
    [Number.MAX_SAFE_INTEGER, ''] as readonly [number, string],
    ({ purchase }: ShownPurchase) => [purchase.purchaseTime, purchase.purchaseId] as const,
    async ([time, purchaseId], limit) => {
      const purchases = await searchPurchases(host.database, appId, input, { time, purchaseId }, limit);
      const shown = purchases.map(async (purchase) => {
        if (purchase.type === 'inapp') return { purchase, subscription: null, now: call.now };
        const subscription = await loadSubscription(host.database, appId, purchase.purchaseToken);
        return { purchase, subscription: subscription ?? null, now: call.now };
      });
      return Promise.all(shown);
    },
  );
}
