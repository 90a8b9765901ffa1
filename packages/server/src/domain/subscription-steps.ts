// What time and the payment gateway do to a subscription: renewal, failed payment, grace, hold, recovery, end.
import { endOfHold, endOfPeriod, nextAttempt, nextPayment } from './billing-calendar.ts';
import type { Charge, ChargeAnswer } from './charge.ts';
import { carriedOutAt, type WorldClock } from './clock.ts';
import type { Entry } from './ledger.ts';
import { askAgainAfterMs } from './policy.ts';
import {
  andThen,
  changed,
  entry,
  expiryAt,
  graceEnd,
  isLive,
  nextStep,
  paymentOf,
  type Subscription,
  type SubscriptionChange,
  scheduled,
  unchanged,
} from './subscription.ts';

/** Applies what is due by time alone up to `now`, each step at its own instant, up to the first that needs a charge. */
export function settleSubscription(
  subscription: Subscription,
  clock: WorldClock,
  now: number,
): SubscriptionChange {
  let change = unchanged(subscription);
  for (;;) {
    const next = nextStep(change.subscription);
    if (next === undefined || next.at > now || next.step === 'charge') return change;
    const at = carriedOutAt(clock, next.at, now);
    const rule = next.step === 'end' ? endState : voidUnacknowledged;
    change = andThen(change, (present) => rule(present, at));
  }
}

/** When the charge that holds everything else up was due; undefined where there is none at `now`. */
export function chargeDueAt(subscription: Subscription, now: number): number | undefined {
  const next = nextStep(subscription);
  return next?.step === 'charge' && next.at <= now ? next.at : undefined;
}

/** The gateway is about to be asked for the next payment. */
export function openCharge(
  subscription: Subscription,
  at: number,
): { subscription: Subscription; charge: Charge } {
  const { appId, purchaseToken, chargeCount, cycle, currency, paymentMethod } = subscription;
  const charge: Charge = {
    ...{ appId, purchaseToken, number: chargeCount, kind: 'renewal', cycle: cycle + 1, purchaseId: null },
    ...{ amountMicros: subscription.priceMicros, currency, paymentMethod },
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

/** Renews what runs or is in grace from the day on which the payment was due, what was on hold from today. */
function paid(
  before: Subscription,
  charge: Charge,
  names: { purchaseId: string; orderId: string },
  at: number,
): SubscriptionChange {
  const recovered = before.status === 'hold';
  const { period } = before.terms;
  const kept = nextPayment(before, before.nextPaymentAt, period);
  // so late in a grace longer than the period that what was paid for is over: nothing may fall due in the past
  const late = before.status === 'grace' && kept < at;
  const nextPaymentAt = recovered || late ? nextPayment(before, at, period) : kept;
  const expiresAt = endOfPeriod(before, nextPaymentAt);
  const { amountMicros, cycle } = charge;
  const subscription = scheduled({
    ...before,
    status: 'active',
    trial: false,
    paymentFailed: false,
    cycle,
    lastPurchaseId: names.purchaseId,
    lastPaidMicros: amountMicros,
    nextPaymentAt,
    attemptAt: before.renewing ? nextPaymentAt : null,
    expiresAt,
    endsAt: expiresAt,
    openCharge: null,
  });
  const payment = paymentOf(subscription, { ...names, at, amountMicros });
  const what = recovered ? 'recovered' : 'renewed';
  return {
    subscription,
    entries: [entry(subscription, what, at, 'time', { amountMicros })],
    payments: [payment],
  };
}

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
  if (before.status !== 'active') return changed(tryAgain(subscription, at), happened);
  // cancelled while the answer was missing: it ends with what is paid for, and owes nothing
  if (!before.renewing) return changed(subscription, happened);
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

/** The payment of a period that still runs has failed. */
function fail(before: Subscription, at: number): SubscriptionChange {
  const failed: Subscription = { ...before, paymentFailed: true };
  const endsAt = graceEnd(before);
  if (endsAt === undefined) return changed(failed);
  const inGrace: Subscription = { ...failed, status: 'grace', endsAt };
  const happened = entry(before, 'graceStarted', at, 'time');
  return changed(before.openCharge === null ? tryAgain(inGrace, at) : inGrace, happened);
}

/** The present state is over at `at`: the paid period, the grace or the hold. */
function endState(before: Subscription, at: number): SubscriptionChange {
  switch (before.status) {
    case 'active':
      return before.renewing && before.type === 'subscription'
        ? periodUnpaid(before, at)
        : expire(before, at);
    case 'grace':
      return hold({ ...before, expiresAt: before.endsAt ?? before.expiresAt }, at);
    case 'hold':
      return lapse(before, at);
    case 'expired':
    case 'revoked':
      throw new Error('what has ended has no state to end');
  }
}

/** Not paid at the end of the period: a charge without an answer may still bring grace, a declined one did before. */
function periodUnpaid(before: Subscription, at: number): SubscriptionChange {
  if (!before.paymentFailed && graceEnd(before) !== undefined) return fail(before, at);
  return hold({ ...before, paymentFailed: true }, at);
}

function hold(before: Subscription, at: number): SubscriptionChange {
  const { holdDays } = before.terms;
  if (holdDays === 0) return expire(before, at);
  const endsAt = endOfHold(before, before.expiresAt, holdDays);
  const onHold: Subscription = { ...before, status: 'hold', endsAt };
  const happened = entry(before, 'held', at, 'time');
  const nextPaymentAt = nextAttempt(onHold, at);
  return changed(before.openCharge === null ? tryAgain(onHold, at) : { ...onHold, nextPaymentAt }, happened);
}

/** Nobody paid while it was on hold: that cancels it (section 11.4). */
function lapse(before: Subscription, at: number): SubscriptionChange {
  const ended: Subscription = { ...stopped(before), status: 'expired', cancelledAt: at, cancelReason: 1 };
  const detail = 'not paid within the account hold';
  return changed(ended, entry(before, 'cancelled', at, 'time', { detail }));
}

function expire(before: Subscription, at: number): SubscriptionChange {
  return changed({ ...stopped(before), status: 'expired' }, entry(before, 'expired', at, 'time'));
}

/** The first payment was not acknowledged in time: it goes back, and the use ends (section 13, row 39). */
function voidUnacknowledged(before: Subscription, at: number): SubscriptionChange {
  const detail = 'not acknowledged within three days';
  const { firstPurchaseId, firstPaidMicros } = before;
  const given = { purchaseId: firstPurchaseId, amountMicros: -firstPaidMicros, detail };
  return revoke(before, at, entry(before, 'voided', at, 'time', given));
}

/**
 * Ended at once with its money back. `happened` says which payment. What had ended before keeps the time and the reason
 * of that.
 */
export function revoke(before: Subscription, at: number, happened: Entry): SubscriptionChange {
  const revoked: Subscription = {
    ...endNow(before, at),
    acknowledgeBy: happened.purchaseId === before.firstPurchaseId ? null : before.acknowledgeBy,
    ...(isLive(before) || before.cancelledAt === null
      ? { cancelReason: 1 }
      : { cancelledAt: before.cancelledAt, cancelReason: before.cancelReason }),
    voidedAt: at,
  };
  return changed(revoked, happened);
}

/** The use ends at `at`; an end that has passed already stays what it was (section 13, row 38). */
export function endNow(before: Subscription, at: number): Subscription {
  const expiresAt = Math.min(expiryAt(before, at), at);
  return { ...stopped(before), status: 'revoked', expiresAt, cancelledAt: at };
}

/** No further payment; only a charge that is still without an answer is followed up. */
function stopped(before: Subscription): Subscription {
  return {
    ...before,
    renewing: false,
    endsAt: null,
    attemptAt: before.openCharge === null ? null : before.attemptAt,
  };
}

/** On hold the next payment is the next attempt: the day it succeeds becomes the payment day. */
function tryAgain(subscription: Subscription, failedAt: number): Subscription {
  const attemptAt = nextAttempt(subscription, failedAt);
  const nextPaymentAt = subscription.status === 'hold' ? attemptAt : subscription.nextPaymentAt;
  return { ...subscription, attemptAt, nextPaymentAt };
}
