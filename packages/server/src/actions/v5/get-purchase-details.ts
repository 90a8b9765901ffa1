// V5 getPurchaseDetails and getPurchaseDetailsByProductId: a managed product's purchase by its ID (section 8).
import { type Purchase, settle } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import type { ServerCall } from '../call.ts';
import { findPurchase, type NamedById } from './find-purchase.ts';

export async function getPurchaseDetails(
  host: Host,
  call: ServerCall,
  input: NamedById & { productId?: string },
): Promise<Purchase> {
  const { productId } = input;
  const wanted = { type: 'inapp', ...(productId === undefined ? {} : { productId }) } as const;
  const found = await findPurchase(host, call, input, wanted);
  return settle(found, call.clock, call.now).purchase;
}
