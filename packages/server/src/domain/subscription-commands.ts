// What the buyer, the developer and the operator do to a subscription: acknowledge, cancel, reactivate, defer, void.
import type { PaymentMethod, PaymentOutcome } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { deferPayment, endOfConsent, endOfPeriod, endOfQuiet } from './billing-calendar.ts';
import type { Cause } from './ledger.ts';
import { formatMoney } from './money.ts';
import { longestPause } from './policy.ts';
import { checkPayload } from './purchase.ts';
import {
  changed,
  endNow,
  entry,
  type Pause,
  type PriceChange,
  type Subscription,
  type SubscriptionChange,
  unchanged,
} from './subscription.ts';
import { isLive } from './subscription-state.ts';
import { revoke } from './subscription-steps.ts';

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
  // a payment that has been asked for may still be made, and is for the product that it was asked for
  const asked = subscription.openCharge !== null;
  return changed(
    {
      ...subscription,
      renewing: false,
      pause: null,
      switchTo: asked ? subscription.switchTo : null,
      attemptAt: asked ? subscription.attemptAt : null,
      cancelledAt: now,
      cancelReason: 0,
    },
    entry(subscription, 'cancelled', now, cause),
  );
}

/**
 * Takes a cancellation back; without one nothing changes (5.3). A payment whose day has come meanwhile, or which
 * failed and so cancelled a monthly product, is due now. Refusal: `InvalidPurchaseState` once it has ended, and where a
 * price that was not agreed to cancelled it: who came back would keep the old one for good.
 */
export function reactivate(subscription: Subscription, cause: Cause, now: number): SubscriptionChange {
  refuseEnded(subscription);
  if (subscription.renewing) return unchanged(subscription);
  if (subscription.type === 'subscription' && subscription.cancelReason === 1) {
    throw new Refusal('InvalidPurchaseState', { detail: 'its new price was not agreed to' });
  }
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
  // a pause that is scheduled follows the period, without a payment in between
  const attemptAt = subscription.pause === null ? nextPaymentAt : null;
  const unit = calendar === 'sandbox' ? 'minute' : 'day';
  const detail = `${given.deferPeriod} ${unit}${given.deferPeriod === 1 ? '' : 's'}`;
  return changed(
    { ...subscription, nextPaymentAt, attemptAt, expiresAt, endsAt: expiresAt },
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

/**
 * A pause of so many weeks or months after the paid period (section 11.4); again, it gets another length. Refusal:
 * `InvalidState` where the product or its present state does not allow it.
 */
export function pause(subscription: Subscription, { count, unit }: Pause, now: number): SubscriptionChange {
  const detail = whyNoPause(subscription, { count, unit });
  if (detail !== undefined) throw new Refusal('InvalidState', { detail });
  const words = `${count} ${unit}${count === 1 ? '' : 's'}`;
  return changed(
    { ...subscription, pause: { count, unit }, attemptAt: null },
    entry(subscription, 'pauseScheduled', now, 'buyer', { detail: words }),
  );
}

function whyNoPause(subscription: Subscription, { count, unit }: Pause): string | undefined {
  const { type, terms, status, renewing, paymentFailed, openCharge, switchTo } = subscription;
  if (type === 'auto' || !terms.pausable) return 'this product cannot be paused';
  if (terms.period === 'P1Y') return 'a yearly subscription cannot be paused';
  if (status !== 'active' || !renewing || paymentFailed || openCharge !== null) {
    return 'only a running, paid subscription can be paused';
  }
  if (switchTo !== null) return 'a change of product waits';
  if ((terms.period === 'P1W') !== (unit === 'week'))
    return 'a weekly one pauses for weeks, others for months';
  return count >= 1 && count <= longestPause ? undefined : `from 1 to ${longestPause}`;
}

/**
 * Withdraws a pause that is scheduled; one that runs ends with a payment now, whose day becomes the payment day
 * (section 11.4). Refusal: `InvalidState` without a pause.
 */
export function resume(subscription: Subscription, now: number): SubscriptionChange {
  const { status, pause: scheduledPause, openCharge, nextPaymentAt } = subscription;
  if (status === 'paused') {
    return changed({ ...subscription, attemptAt: openCharge === null ? now : subscription.attemptAt });
  }
  if (!isLive(subscription) || scheduledPause === null) {
    throw new Refusal('InvalidState', { detail: 'no pause is scheduled and none runs' });
  }
  return changed(
    { ...subscription, pause: null, attemptAt: Math.max(nextPaymentAt, now) },
    entry(subscription, 'pauseWithdrawn', now, 'buyer'),
  );
}

/** The price of its product changes for a running subscriber (section 11.5). What it waits for is told by time. */
export function announcePrice(
  subscription: Subscription,
  { priceMicros, priceSeq, at }: { priceMicros: number; priceSeq: number; at: number },
): SubscriptionChange {
  if (subscription.priceSeq >= priceSeq) return unchanged(subscription);
  // the flow of a subscription that is to be switched begins after the switch, with the new product
  if (!isLive(subscription) || subscription.switchTo !== null) return changed({ ...subscription, priceSeq });
  const kept = subscription.priceChanges.filter(({ toldAt }) => toldAt <= at);
  const previousMicros = kept.at(-1)?.newMicros ?? subscription.priceMicros;
  if (priceMicros === previousMicros) return changed({ ...subscription, priceSeq, priceChanges: kept });
  const toldAt = endOfQuiet(subscription, at);
  const needsConsent = priceMicros > previousMicros || priceMicros > subscription.priceMicros;
  // a cut waits behind the rise that came before it, so that the newest price is the last to come
  const ready = needsConsent ? endOfConsent(subscription, toldAt) : toldAt;
  const dueAt = Math.max(ready, kept.at(-1)?.dueAt ?? ready);
  const change: PriceChange = {
    ...{ seq: priceSeq, previousMicros, newMicros: priceMicros, startedAt: at, toldAt, told: false },
    ...{ needsConsent, agreed: false, dueAt },
  };
  return changed({ ...subscription, priceSeq, priceChanges: [...kept, change] });
}

/**
 * The buyer agrees to the rises that were told, or does not; up to the first payment at a new price it may be
 * changed. Refusal: `InvalidState` where nothing waits for an answer.
 */
export function answerPrice(
  subscription: Subscription,
  { agreed }: { agreed: boolean },
  now: number,
): SubscriptionChange {
  const waits = (change: PriceChange) => change.told && change.needsConsent;
  if (!isLive(subscription) || !subscription.priceChanges.some(waits)) {
    throw new Refusal('InvalidState', { detail: 'no new price waits for an answer' });
  }
  // it may be a payment at the very price that was agreed to
  if (!agreed && subscription.openCharge !== null) {
    throw new Refusal('InvalidState', { detail: 'a payment is under way' });
  }
  const priceChanges = subscription.priceChanges.map((change) =>
    waits(change) ? { ...change, agreed } : change,
  );
  const what = agreed ? 'priceConfirmed' : 'priceRefused';
  const newest = priceChanges.filter(waits).at(-1)?.newMicros ?? 0;
  const detail = `${formatMoney(newest)} ${subscription.currency}`;
  return changed({ ...subscription, priceChanges }, entry(subscription, what, now, 'buyer', { detail }));
}

function refuseEnded(subscription: Subscription): void {
  if (!isLive(subscription)) throw new Refusal('InvalidPurchaseState', { detail: 'it has ended' });
}
