// What a charge and its answer do to a subscription: renewal, recovery, a failed payment, money that comes too late.
import { endOfPeriod, nextPayment } from './billing-calendar.ts';
import type { Charge, ChargeAnswer } from './charge.ts';
import { askAgainAfterMs } from './policy.ts';
import { switchProduct } from './product-change.ts';
import {
  andThen,
  changed,
  entry,
  paymentOf,
  type Subscription,
  type SubscriptionChange,
  scheduled,
} from './subscription.ts';
import { applies, creditIn, priceAt } from './subscription-price.ts';
import { isLive } from './subscription-state.ts';
import { fail, holdAfterPause, tryAgain } from './subscription-steps.ts';

/** The gateway is about to be asked for the next payment. */
export function openCharge(
  subscription: Subscription,
  at: number,
): { subscription: Subscription; charge: Charge } {
  const { appId, purchaseToken, chargeCount, cycle, currency, paymentMethod } = subscription;
  const price = priceAt(subscription, at);
  const amountMicros = price - creditIn(subscription, price);
  const charge: Charge = {
    ...{ appId, purchaseToken, number: chargeCount, kind: 'renewal', cycle: cycle + 1, purchaseId: null },
    ...{ amountMicros, currency, paymentMethod },
    ...{ outcome: subscription.paymentOutcome, state: 'asked', unansweredCount: 0 },
    ...{ askedAt: at, answeredAt: null, askAgainAt: null },
  };
  return { subscription: { ...subscription, chargeCount: chargeCount + 1, openCharge: chargeCount }, charge };
}

/** The gateway has answered at `at`, or has not. `names` are those of the purchase that an approved charge makes. */
export function answerCharge(
  subscription: Subscription,
  charge: Charge,
  answer: ChargeAnswer,
  names: { purchaseId: string; orderId: string },
  at: number,
): { change: SubscriptionChange; charge: Charge } {
  switch (answer) {
    case 'approved': {
      const change = isLive(subscription)
        ? paid(subscription, charge, names, at)
        : paidTooLate(subscription, charge, at);
      const { purchaseId } = isLive(subscription) ? names : { purchaseId: null };
      return { change, charge: { ...charge, state: 'approved', purchaseId, answeredAt: at } };
    }
    case 'declined':
      return { change: declined(subscription, at), charge: { ...charge, state: 'declined', answeredAt: at } };
    case 'unanswered': {
      const unansweredCount = charge.unansweredCount + 1;
      const attemptAt = at + askAgainAfterMs(unansweredCount);
      return { change: changed({ ...subscription, attemptAt }), charge: { ...charge, unansweredCount } };
    }
  }
}

/**
 * Renews what runs or is in grace from the day on which the payment was due, what was on hold or paused from today. A
 * change of product that waited happens now.
 */
function paid(
  before: Subscription,
  charge: Charge,
  names: { purchaseId: string; orderId: string },
  at: number,
): SubscriptionChange {
  const paidFrom = paidFromToday(before, at) ? at : before.nextPaymentAt;
  if (before.switchTo !== null)
    return switchProduct(before, before.switchTo, charge, { names, at, paidFrom });
  const { status, promotionLeft, priceChanges } = before;
  const nextPaymentAt = nextPayment(before, paidFrom, before.terms.period);
  const expiresAt = endOfPeriod(before, nextPaymentAt);
  const { amountMicros, cycle } = charge;
  const price = priceAt(before, charge.askedAt);
  const credit = Math.max(0, price - amountMicros);
  const applied = promotionLeft > 0 ? -1 : priceChanges.findLastIndex((one) => applies(one, charge.askedAt));
  const subscription = scheduled({
    ...before,
    status: 'active',
    trial: false,
    promotional: promotionLeft > 0,
    promotionLeft: Math.max(0, promotionLeft - 1),
    priceMicros: priceChanges[applied]?.newMicros ?? before.priceMicros,
    // what came before the newest that applies is out of date with it
    priceChanges: priceChanges.slice(applied + 1),
    pause: null,
    paymentFailed: false,
    cycle,
    changedAt: at,
    lastPurchaseId: names.purchaseId,
    lastPaidMicros: amountMicros,
    shownPriceMicros: price,
    periodStartAt: paidFrom,
    periodValueMicros: amountMicros + credit,
    creditMicros: before.creditMicros - credit,
    nextPaymentAt,
    attemptAt: before.renewing ? nextPaymentAt : null,
    expiresAt,
    endsAt: expiresAt,
    openCharge: null,
  });
  const payment = paymentOf(subscription, { ...names, at, amountMicros });
  const what = renewals[status] ?? 'renewed';
  return {
    subscription,
    entries: [entry(subscription, what, at, 'time', { amountMicros })],
    payments: [payment],
  };
}

/**
 * Today becomes the payment day: on hold, in a pause that is ended early, and so late in a grace longer than the period
 * that what was paid for would be over already.
 */
function paidFromToday(before: Subscription, at: number): boolean {
  const { status, nextPaymentAt, terms, switchTo } = before;
  if (status === 'grace') return nextPayment(before, nextPaymentAt, (switchTo?.terms ?? terms).period) < at;
  return status === 'hold' || (status === 'paused' && at < nextPaymentAt);
}

const renewals: Partial<Record<Subscription['status'], 'recovered' | 'resumed'>> = {
  hold: 'recovered',
  paused: 'resumed',
};

/** Nothing is left to pay for, so the money goes back. */
function paidTooLate(before: Subscription, { amountMicros }: Charge, at: number): SubscriptionChange {
  const subscription = { ...before, openCharge: null, attemptAt: null };
  const detail = 'the payment was confirmed after the subscription had ended';
  return changed(
    subscription,
    entry(subscription, 'charged', at, 'time', { amountMicros, detail }),
    entry(subscription, 'refunded', at, 'time', { amountMicros: -amountMicros, detail }),
  );
}

/** A monthly product ends with what is paid for (section 11.8); a subscription goes into grace, if it has one. */
function declined(before: Subscription, at: number): SubscriptionChange {
  const happened = entry(before, 'declined', at, 'time');
  const subscription = { ...before, openCharge: null, attemptAt: null };
  if (!isLive(before)) return changed(subscription, happened);
  if (before.status === 'paused')
    return andThen(changed(subscription, happened), (present) => holdAfterPause(present, at));
  if (before.status !== 'active') return changed(tryAgain(subscription, at), happened);
  // cancelled while the answer was missing: it ends with what is paid for, and owes nothing
  if (!before.renewing) return changed({ ...subscription, switchTo: null }, happened);
  if (before.type === 'auto') {
    const detail = 'the payment was declined';
    return changed(
      { ...subscription, paymentFailed: true, renewing: false, cancelledAt: at, cancelReason: 1 },
      happened,
      entry(before, 'cancelled', at, 'time', { detail }),
    );
  }
  return andThen(changed(subscription, happened), (present) => fail(present, at));
}
