// answerPriceByHand: the buyer agrees to a new price, or does not.
import { answerPrice } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand, onlyRecurring } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

export function answerPriceByHand(
  host: Host,
  input: NamedPurchase & { agreed: boolean },
): Promise<SignedPurchase> {
  return changePurchaseByHand(host, input, {
    purchase: onlyRecurring,
    subscription: (subscription, now) => answerPrice(subscription, { agreed: input.agreed }, now),
  });
}
