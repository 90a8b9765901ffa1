// A purchase that a device shows: does the store's signature stand under it?
import { purchaseData as fields, type PurchaseData } from '@till/protocol/purchase-data';
import { isSigned, type LicenseKeys } from './license-keys.ts';
import { OneStoreMessageError, OneStoreSignatureError } from './message-errors.ts';
import { checkReply } from './reply.ts';
import { objectOf, type RawBody, textOf } from './signed-text.ts';

export type { PurchaseData } from '@till/protocol/purchase-data';

export interface SignedPurchase {
  /** The text exactly as the device got it (`originalJson`): parsed and written anew it may be another text. */
  purchaseData: RawBody;
  /** Base64, as the device got it. */
  signature: string;
  licenseKey: LicenseKeys;
}

/**
 * Answers what a signed purchase says, or throws `OneStoreSignatureError`: it never answers "no", so a forgotten check of the result lets
 * nothing through. V5, V6 and V7; section 12.2. The text is as old as the purchase, and can be shown again and by somebody
 * else: ask `getPurchaseDetails` for the present state, and grant by `grantOnce`. Throws `OneStoreMessageError` where a signed
 * text lacks a member, `OneStoreInputError` where a license key is none.
 */
export async function verifyPurchase(given: SignedPurchase): Promise<PurchaseData> {
  const text = textOf(given.purchaseData);
  const signature = typeof given.signature === 'string' ? given.signature : '';
  if (!(await isSigned([text ?? ''], signature, given.licenseKey)) || text === undefined) {
    throw new OneStoreSignatureError('the purchase');
  }
  const purchase = objectOf(text);
  const misfit = checkReply(fields, purchase);
  if (misfit !== undefined) throw new OneStoreMessageError('the purchase', misfit);
  return purchase as unknown as PurchaseData;
}
