// acknowledgePurchaseByHand: acknowledges as the developer's server would.
import { acknowledge } from '../../domain/purchase.ts';
import { acknowledgeSubscription } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

export function acknowledgePurchaseByHand(
  host: Host,
  input: NamedPurchase & { developerPayload?: string | null },
): Promise<SignedPurchase> {
  const given = { developerPayload: input.developerPayload, cause: 'operator' } as const;
  return changePurchaseByHand(host, input, {
    purchase: (purchase, now) => acknowledge(purchase, given, now),
    subscription: (subscription, now) => acknowledgeSubscription(subscription, given, now),
  });
}
