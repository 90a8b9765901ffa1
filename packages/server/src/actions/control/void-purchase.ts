// voidPurchase: the operator refunds a purchase and cancels it.
import { type Purchase, voidPurchase as voided } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand } from './change-purchase-by-hand.ts';
import type { NamedPurchase } from './read-purchase.ts';

export function voidPurchase(host: Host, input: NamedPurchase & { reason?: string }): Promise<Purchase> {
  return changePurchaseByHand(host, input, (purchase, now) =>
    voided(purchase, { reason: input.reason ?? null, cause: 'operator' }, now),
  );
}
