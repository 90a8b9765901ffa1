// listPurchases: purchases of an app, the latest first.
import type { ProductType } from '@till/protocol/codes';
import type { Purchase, PurchaseState } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import { searchPurchases } from '../../store/purchases.ts';
import { findCall } from '../call.ts';
import { settleDueOfApp } from '../settle-due.ts';
import { type Listed, type ListedInput, readListed } from './cursor.ts';

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
): Promise<Listed<Purchase>> {
  const call = await findCall(host, host.database, input);
  await settleDueOfApp(host, call);
  return readListed(
    input,
    [Number.MAX_SAFE_INTEGER, ''] as readonly [number, string],
    (purchase: Purchase) => [purchase.purchaseTime, purchase.purchaseId] as const,
    ([time, purchaseId], limit) =>
      searchPurchases(host.database, call.app.appId, input, { time, purchaseId }, limit),
  );
}
