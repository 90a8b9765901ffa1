// deferByHand: defers as the developer's server would.
import { Refusal } from '@till/protocol/errors';
import { defer } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand, onlyRecurring } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

/** Refusals: `InvalidState` for what the server API cannot defer either: anything but a subscription. */
export function deferByHand(
  host: Host,
  input: NamedPurchase & { deferPeriod: number },
): Promise<SignedPurchase> {
  return changePurchaseByHand(host, input, {
    purchase: onlyRecurring,
    subscription: (subscription, now) => {
      if (subscription.type === 'auto') {
        throw new Refusal('InvalidState', { detail: 'only a subscription can be deferred' });
      }
      return defer(subscription, { deferPeriod: input.deferPeriod, cause: 'operator' }, now);
    },
  });
}
