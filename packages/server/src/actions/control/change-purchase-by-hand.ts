// A purchase is changed through the control API; the answer is the purchase as it is then, signed.
import { Refusal } from '@till/protocol/errors';
import type { Change, Purchase } from '../../domain/purchase.ts';
import type { Subscription, SubscriptionChange } from '../../domain/subscription.ts';
import type { Host } from '../../host/host.ts';
import { findCall } from '../call.ts';
import { changePurchase } from '../change-purchase.ts';
import { type NamedPurchase, type SignedPurchase, show, signedNow } from './read-purchase.ts';

/** What happens to a managed product's purchase, and what to a subscription, at `now`. */
export interface HandRules {
  purchase: (purchase: Purchase, now: number) => Change;
  subscription: (subscription: Subscription, now: number) => SubscriptionChange;
}

export async function changePurchaseByHand(
  host: Host,
  input: NamedPurchase,
  rules: HandRules,
): Promise<SignedPurchase> {
  const call = await findCall(host, host.database, input);
  const wanted = { purchaseToken: input.purchaseToken, absent: 'NoSuchData' } as const;
  const changed = await changePurchase(host, call, wanted, {
    purchase: (found) => rules.purchase(found, call.now),
    subscription: rules.subscription,
  });
  return signedNow(host, call, await show(host.database, call, changed));
}

/** For what only a monthly product or a subscription knows. */
export function onlyRecurring(): never {
  throw new Refusal('InvalidState', { detail: 'a managed product is paid once' });
}
