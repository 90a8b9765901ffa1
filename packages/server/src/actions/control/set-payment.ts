// setPayment: how the next charges of a subscription go.
import type { PaymentMethod, PaymentOutcome } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { changePayment } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand, onlyRecurring } from './change-purchase-by-hand.ts';
import { refuseOutcome } from './pay.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

/** Refusals: `NotInCommercial` for an outcome, which only the sandbox's gateway knows; `InvalidState`. */
export async function setPayment(
  host: Host,
  input: NamedPurchase & { method?: PaymentMethod; outcome?: PaymentOutcome },
): Promise<SignedPurchase> {
  refuseOutcome(host, input.outcome, 'outcome');
  const { method, outcome } = input;
  if (method === undefined && outcome === undefined) {
    throw new Refusal('RequiredValueNotExist', {
      fields: ['method'],
      detail: 'give a method, an outcome or both',
    });
  }
  return changePurchaseByHand(host, input, {
    purchase: onlyRecurring,
    subscription: (subscription, now) => changePayment(subscription, { method, outcome }, now),
  });
}
