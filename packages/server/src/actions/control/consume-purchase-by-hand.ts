// consumePurchaseByHand: consumes as the developer's server would.
import { consume } from '../../domain/purchase.ts';
import { refuseConsume } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

export function consumePurchaseByHand(
  host: Host,
  input: NamedPurchase & { developerPayload?: string | null },
): Promise<SignedPurchase> {
  const given = { developerPayload: input.developerPayload, cause: 'operator' } as const;
  return changePurchaseByHand(host, input, {
    purchase: (purchase, now) => consume(purchase, given, now),
    subscription: refuseConsume,
  });
}
