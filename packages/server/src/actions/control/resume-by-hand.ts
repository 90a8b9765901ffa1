// resumeByHand: the buyer ends a pause, or withdraws one that is scheduled.
import { resume } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand, onlyRecurring } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

export function resumeByHand(host: Host, input: NamedPurchase): Promise<SignedPurchase> {
  return changePurchaseByHand(host, input, {
    purchase: onlyRecurring,
    subscription: (subscription, now) => resume(subscription, now),
  });
}
