// getPurchaseDetails: the purchase of a managed product (section 4.1).
import { Refusal } from '@till/protocol/errors';
import { type PurchaseDetails, settle } from '../domain/purchase.ts';
import type { Host } from '../host/host.ts';
import { loadPurchaseDetails } from '../store/purchases.ts';
import type { ServerCall } from './call.ts';
import { fits } from './wanted.ts';

export async function getPurchaseDetails(
  host: Host,
  { app, clock, now, market, absent }: ServerCall,
  { productId, purchaseToken }: { productId: string; purchaseToken: string },
): Promise<PurchaseDetails> {
  const stored = await loadPurchaseDetails(host.database, app.appId, purchaseToken);
  const wanted = { purchaseToken, productId, market, type: 'inapp', absent } as const;
  if (stored === undefined || !fits(stored, wanted)) throw new Refusal(absent);
  return settle(stored, clock, now).purchase;
}
