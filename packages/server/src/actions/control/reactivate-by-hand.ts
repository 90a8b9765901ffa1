// reactivateByHand: the buyer takes a cancellation back.
import { reactivate } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand, onlyRecurring } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

export function reactivateByHand(host: Host, input: NamedPurchase): Promise<SignedPurchase> {
  return changePurchaseByHand(host, input, {
    purchase: onlyRecurring,
    subscription: (subscription, now) => reactivate(subscription, 'buyer', now),
  });
}
