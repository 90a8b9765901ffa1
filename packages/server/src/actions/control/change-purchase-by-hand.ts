// A purchase is changed through the control API; the answer is the purchase as it is then, signed.
import type { Change, Purchase } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import { findCall } from '../call.ts';
import { changePurchase } from '../change-purchase.ts';
import { type NamedPurchase, type SignedPurchase, signedNow } from './read-purchase.ts';

export async function changePurchaseByHand(
  host: Host,
  input: NamedPurchase,
  rule: (purchase: Purchase, now: number) => Change,
): Promise<SignedPurchase> {
  const call = await findCall(host, host.database, input);
  const wanted = { purchaseToken: input.purchaseToken, absent: 'NoSuchData' } as const;
  const { purchase } = await changePurchase(host, call, wanted, (found) => rule(found, call.now));
  return signedNow(host, call, purchase);
}
