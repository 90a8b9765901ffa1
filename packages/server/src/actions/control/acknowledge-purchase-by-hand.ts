// acknowledgePurchaseByHand: acknowledges as the developer's server would.
import { acknowledge } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

export function acknowledgePurchaseByHand(
  host: Host,
  input: NamedPurchase & { developerPayload?: string | null },
): Promise<SignedPurchase> {
  const { developerPayload } = input;
  return changePurchaseByHand(host, input, (purchase, now) =>
    acknowledge(purchase, { developerPayload, cause: 'operator' }, now),
  );
}
