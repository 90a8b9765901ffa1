// The purchase that a V5 call names by its ID.
import type { ProductType } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import type { Purchase } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import { findPurchaseById } from '../../store/purchases.ts';
import type { ServerCall } from '../call.ts';
import { fits } from '../wanted.ts';

/** What every V5 call about one purchase names. */
export interface NamedById {
  purchaseId: string;
}

/** As it is stored; what is due is the caller's to carry out. Refusal: what the operation answers for an absent one. */
export async function findPurchase(
  host: Host,
  call: ServerCall,
  { purchaseId }: NamedById,
  wanted: { type?: ProductType; productId?: string } = {},
): Promise<Purchase> {
  const { app, market, generation, absent } = call;
  const found = await findPurchaseById(host.database, app.appId, purchaseId);
  const { purchaseToken = '' } = found ?? {};
  if (found !== undefined && fits(found, { ...wanted, purchaseToken, market, generation, absent }))
    return found;
  throw new Refusal(absent);
}
