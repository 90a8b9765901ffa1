// getPurchaseDetails: the purchase of a managed product (section 4.1).
import type { Purchase } from '../domain/purchase.ts';
import type { Host } from '../host/host.ts';
import type { ServerCall } from './call.ts';
import { loadSettled } from './change-purchase.ts';

export async function getPurchaseDetails(
  host: Host,
  call: ServerCall,
  input: { productId: string; purchaseToken: string },
): Promise<Purchase> {
  const { market, absent } = call;
  const { productId, purchaseToken } = input;
  const wanted = { productId, purchaseToken, market, type: 'inapp', absent } as const;
  const { purchase } = await loadSettled(host.database, call, wanted);
  return purchase;
}
