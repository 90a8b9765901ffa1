// voidPurchase: the operator refunds a purchase and cancels it.
import { voidPurchase as voided } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

export function voidPurchase(
  host: Host,
  input: NamedPurchase & { reason?: string },
): Promise<SignedPurchase> {
  return changePurchaseByHand(host, input, (purchase, now) =>
    voided(purchase, { reason: input.reason ?? null, cause: 'operator' }, now),
  );
}
