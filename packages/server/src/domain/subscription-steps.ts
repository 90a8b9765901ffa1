// What time alone does to a subscription: grace, hold, pause, new prices, the end.
import { endOfDay, endOfHold, endOfPause, nextAttempt } from './billing-calendar.ts';
import { carriedOutAt, type WorldClock } from './clock.ts';
import type { Entry } from './ledger.ts';
import { formatMoney } from './money.ts';
import {
  andThen,
  changed,
  endNow,
  entry,
  graceEnd,
  nextStep,
  type Pause,
  type Step,
  type Subscription,
  type SubscriptionChange,
  stopped,
  unchanged,
} from './subscription.ts';
import { expiryAt, isLive } from './subscription-state.ts';

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
    const at = happensAt(change.subscription, clock, next.at, now);
    const rule = rules[next.step];
    change = andThen(change, (present) => rule(present, at));
  }
}

/**
 * The instant of what fell due at `dueAt`: as `carriedOutAt`, but never before what has happened already. A catch-up may
 * have been under way, at its own pace, when a hand set the clock.
 */
export function happensAt(
  { changedAt }: Subscription,
  clock: WorldClock,
  dueAt: number,
  now: number,
): number {
  return Math.max(changedAt, carriedOutAt(clock, dueAt, now));
}

/** What time alone does, for each step. */
const rules: Record<Exclude<Step, 'charge'>, (before: Subscription, at: number) => SubscriptionChange> = {
  unacknowledged: voidUnacknowledged,
  tell: tellPrice,
  refuse: refusePrice,
  end: endState,
};

/** When the charge that holds everything else up was due; undefined where there is none at `now`. */
export function chargeDueAt(subscription: Subscription, now: number): number | undefined {
  const next = nextStep(subscription);
  return next?.step === 'charge' && next.at <= now ? next.at : undefined;
}

/** The payment of a period that still runs has failed. */
export function fail(before: Subscription, at: number): SubscriptionChange {
  const failed: Subscription = { ...before, paymentFailed: true };
  const endsAt = graceEnd(before);
  if (endsAt === undefined) return changed(failed);
  const inGrace: Subscription = { ...failed, status: 'grace', endsAt };
  const happened = entry(before, 'graceStarted', at, 'time');
  return changed(before.openCharge === null ? tryAgain(inGrace, at) : inGrace, happened);
}

/** The paid period is over and the pause begins; it lasts to the end of the day of its charge. */
function beginPause(before: Subscription, { count, unit }: Pause, at: number): SubscriptionChange {
  const attemptAt = endOfPause(before, before.nextPaymentAt, count, unit);
  const endsAt = endOfDay(before, attemptAt);
  return changed(
    { ...before, status: 'paused', attemptAt, nextPaymentAt: attemptAt, endsAt },
    entry(before, 'paused', at, 'time'),
  );
}

/** The days in which nothing is said about a new price are over: a cut needs no more, a rise the buyer's consent. */
function tellPrice(before: Subscription, at: number): SubscriptionChange {
  const told = before.priceChanges.find((change) => !change.told);
  if (told === undefined) throw new Error('there is no price to tell of');
  const priceChanges = before.priceChanges.map((change) =>
    change === told ? { ...told, told: true } : change,
  );
  const what = told.needsConsent ? 'priceTold' : 'priceConfirmed';
  const detail = `${formatMoney(told.newMicros)} ${before.currency}`;
  return changed({ ...before, priceChanges }, entry(before, what, at, 'time', { detail }));
}

/** The payment would have a price that the buyer has not agreed to: it is not made, and what is paid for is the rest. */
function refusePrice(before: Subscription, at: number): SubscriptionChange {
  const detail = 'the buyer has not agreed to the new price';
  const refused: Subscription = {
    ...before,
    ...{ renewing: false, attemptAt: null, cancelledAt: at, cancelReason: 1, priceChanges: [], pause: null },
  };
  const happened = changed(refused, entry(before, 'priceRefused', at, 'time', { detail }));
  if (before.status === 'active') return happened;
  const expiresAt = Math.min(expiryAt(before, at), at);
  return andThen(happened, (present) => expire({ ...present, expiresAt }, at));
}

/** The present state is over at `at`: the paid period, the grace or the hold. */
function endState(before: Subscription, at: number): SubscriptionChange {
  switch (before.status) {
    case 'active':
      if (!before.renewing || before.type === 'auto') return expire(before, at);
      return before.pause === null ? periodUnpaid(before, at) : beginPause(before, before.pause, at);
    case 'paused':
      return holdAfterPause(before, at);
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

/** The charge at the end of a pause, or at an early resume, was not made: the hold begins with that day (section 11.4). */
export function holdAfterPause(before: Subscription, at: number): SubscriptionChange {
  return hold({ ...before, paymentFailed: true, pause: null }, at, endOfDay(before, at));
}

function hold(before: Subscription, at: number, from = before.expiresAt): SubscriptionChange {
  const { holdDays } = before.terms;
  if (holdDays === 0) return expire(before, at);
  const endsAt = endOfHold(before, from, holdDays);
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

/** On hold the next payment is the next attempt: the day it succeeds becomes the payment day. */
export function tryAgain(subscription: Subscription, failedAt: number): Subscription {
  const attemptAt = nextAttempt(subscription, failedAt);
  const nextPaymentAt = subscription.status === 'hold' ? attemptAt : subscription.nextPaymentAt;
  return { ...subscription, attemptAt, nextPaymentAt };
}
