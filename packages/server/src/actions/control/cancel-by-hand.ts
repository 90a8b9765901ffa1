// cancelByHand: the buyer cancels in the store app.
import { cancel } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand, onlyRecurring } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

export function cancelByHand(host: Host, input: NamedPurchase): Promise<SignedPurchase> {
  return changePurchaseByHand(host, input, {
    purchase: onlyRecurring,
    subscription: (subscription, now) => cancel(subscription, 'buyer', now),
  });
}
