// voidPurchase: the operator refunds a purchase and cancels it; the use of a subscription ends at once.
import { voidPurchase as voided } from '../../domain/purchase.ts';
import { voidSubscription } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

export function voidPurchase(
  host: Host,
  input: NamedPurchase & { reason?: string },
): Promise<SignedPurchase> {
  const given = { reason: input.reason ?? null, cause: 'operator' } as const;
  return changePurchaseByHand(host, input, {
    purchase: (purchase, now) => voided(purchase, given, now),
    subscription: (subscription, now) => voidSubscription(subscription, given, now),
  });
}
