// What the buyer, the developer and the operator do to a subscription: acknowledge, cancel, reactivate, defer, void.
import type { PaymentMethod, PaymentOutcome } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { deferPayment, endOfPeriod } from './billing-calendar.ts';
import type { Cause } from './ledger.ts';
import { checkPayload } from './purchase.ts';
import {
  changed,
  entry,
  isLive,
  type Subscription,
  type SubscriptionChange,
  unchanged,
} from './subscription.ts';
import { endNow, revoke } from './subscription-steps.ts';

/**
 * Confirms the first payment, the only one that needs it; again changes nothing (section 13, rows 9 and 24).
 * Refusals: `InvalidPurchaseState` once it is voided, `DeveloperPayloadNotMatch`.
 */
export function acknowledgeSubscription(
  subscription: Subscription,
  given: { developerPayload?: string | null | undefined; cause: Cause },
  now: number,
): SubscriptionChange {
  if (subscription.voidedAt !== null) throw new Refusal('InvalidPurchaseState');
  checkPayload(subscription, given.developerPayload);
  if (subscription.acknowledgedAt !== null) return unchanged(subscription);
  const { firstPurchaseId: purchaseId } = subscription;
  return changed(
    { ...subscription, acknowledgedAt: now, acknowledgeBy: null },
    entry(subscription, 'acknowledged', now, given.cause, { purchaseId }),
  );
}

/** Only a managed product is used up (section 13, row 34). */
export function refuseConsume({ voidedAt }: Subscription): never {
  throw new Refusal(voidedAt === null ? 'InvalidConsumeState' : 'InvalidPurchaseState');
}

/**
 * No further payment: it ends with what is paid for. In grace and on hold a subscription ends at once (section 6.2).
 * Cancelled already: nothing changes (5.3). Refusal: `InvalidPurchaseState` once it has ended.
 */
export function cancel(subscription: Subscription, cause: Cause, now: number): SubscriptionChange {
  refuseEnded(subscription);
  if (!subscription.renewing) return unchanged(subscription);
  if (subscription.status !== 'active') {
    return changed(
      { ...endNow(subscription, now), cancelReason: 0 },
      entry(subscription, 'revoked', now, cause),
    );
  }
  const attemptAt = subscription.openCharge === null ? null : subscription.attemptAt;
  return changed(
    { ...subscription, renewing: false, attemptAt, cancelledAt: now, cancelReason: 0 },
    entry(subscription, 'cancelled', now, cause),
  );
}

/**
 * Takes a cancellation back; without one nothing changes (5.3). A payment whose day has come meanwhile, or which
 * failed and so cancelled a monthly product, is due now. Refusal: `InvalidPurchaseState` once it has ended.
 */
export function reactivate(subscription: Subscription, cause: Cause, now: number): SubscriptionChange {
  refuseEnded(subscription);
  if (subscription.renewing) return unchanged(subscription);
  const paymentFailed = subscription.paymentFailed && subscription.type === 'subscription';
  const due = paymentFailed ? null : Math.max(subscription.nextPaymentAt, now);
  const attemptAt = subscription.openCharge === null ? due : subscription.attemptAt;
  return changed(
    { ...subscription, renewing: true, paymentFailed, attemptAt, cancelledAt: null, cancelReason: null },
    entry(subscription, 'reactivated', now, cause),
  );
}

/**
 * Puts the next payment off by days, on the sandbox's calendar by minutes; the use goes on (section 6.4).
 * Refusal: `InvalidPurchaseState` unless it is running, renewing and paid.
 */
export function defer(
  subscription: Subscription,
  given: { deferPeriod: number; cause: Cause },
  now: number,
): SubscriptionChange {
  const { status, renewing, paymentFailed, openCharge, calendar } = subscription;
  if (status !== 'active' || !renewing || paymentFailed || openCharge !== null) {
    throw new Refusal('InvalidPurchaseState', {
      detail: 'only a running, paid subscription can be deferred',
    });
  }
  const nextPaymentAt = deferPayment(subscription, subscription.nextPaymentAt, given.deferPeriod);
  const expiresAt = endOfPeriod(subscription, nextPaymentAt);
  const unit = calendar === 'sandbox' ? 'minute' : 'day';
  const detail = `${given.deferPeriod} ${unit}${given.deferPeriod === 1 ? '' : 's'}`;
  return changed(
    { ...subscription, nextPaymentAt, attemptAt: nextPaymentAt, expiresAt, endsAt: expiresAt },
    entry(subscription, 'deferred', now, given.cause, { detail }),
  );
}

/** Gives the latest payment back and ends the use at once (section 11.4). A second time is refused with `InvalidState`. */
export function voidSubscription(
  subscription: Subscription,
  given: { reason: string | null; cause: Cause },
  now: number,
): SubscriptionChange {
  if (subscription.voidedAt !== null) {
    throw new Refusal('InvalidState', { detail: 'the subscription is voided already' });
  }
  const { lastPaidMicros } = subscription;
  const money = { amountMicros: -lastPaidMicros, detail: given.reason };
  return revoke(subscription, now, entry(subscription, 'voided', now, given.cause, money));
}

/**
 * Another method, or another answer of the sandbox's gateway, for the charges to come; a failed payment is tried again
 * at once. Refusal: `InvalidState` once it has ended.
 */
export function changePayment(
  subscription: Subscription,
  given: { method?: PaymentMethod | undefined; outcome?: PaymentOutcome | undefined },
  now: number,
): SubscriptionChange {
  if (!isLive(subscription)) {
    throw new Refusal('InvalidState', { detail: 'the subscription has ended: nothing will be charged' });
  }
  const paymentMethod = given.method ?? subscription.paymentMethod;
  const paymentOutcome = given.outcome ?? subscription.paymentOutcome;
  const again = subscription.paymentFailed && subscription.renewing && subscription.openCharge === null;
  const attemptAt = again ? now : subscription.attemptAt;
  const detail = `${paymentMethod}, ${paymentOutcome}`;
  return changed(
    { ...subscription, paymentMethod, paymentOutcome, attemptAt },
    entry(subscription, 'paymentChanged', now, 'buyer', { detail }),
  );
}

function refuseEnded(subscription: Subscription): void {
  if (!isLive(subscription)) throw new Refusal('InvalidPurchaseState', { detail: 'it has ended' });
}
