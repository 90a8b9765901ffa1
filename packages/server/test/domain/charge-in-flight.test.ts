// A charge whose answer is missing, and what happens to its subscription meanwhile.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Charge, ChargeAnswer } from '../../src/domain/charge.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import { answerCharge } from '../../src/domain/subscription-charges.ts';
import {
  cancel,
  changePayment,
  defer,
  reactivate,
  voidSubscription,
} from '../../src/domain/subscription-commands.ts';
import { paymentState } from '../../src/domain/subscription-state.ts';
import { bought, checked, dayMs, inFlight, live, namesOf, start, sumOf, whats } from './subscriptions.ts';

const korea = (local: string) => Date.parse(`${local}+09:00`);
const paidUntil = korea('2026-02-15T23:59:59');
const graceUntil = korea('2026-02-22T23:59:59');
const holdUntil = korea('2026-03-24T23:59:59');
const terms = { graceDays: 7, holdDays: 30 };
const price = 1_100_000_000;

const asking = inFlight(bought({ terms }));
const soon = asking.at + 30_000;

/** The gateway leaves the question open up to an instant: what happens by then. */
function unansweredUntil(until: number, from: Subscription = asking.subscription) {
  const charges = new Map([[asking.charge.number, asking.charge]]);
  return live(from, until, { answer: () => 'unanswered', charges });
}

function answered(
  subscription: Subscription,
  answer: ChargeAnswer,
  at: number,
  charge: Charge = asking.charge,
) {
  return checked(answerCharge(subscription, charge, answer, namesOf(charge), at).change);
}

describe('a cancellation meets a charge in flight', () => {
  const { subscription, entries } = checked(cancel(asking.subscription, 'developer', soon));

  test('it is scheduled, and the question is still followed up', () => {
    assert.deepEqual(whats(entries), ['cancelled']);
    assert.deepEqual([subscription.renewing, subscription.openCharge], [false, asking.charge.number]);
    assert.equal(subscription.attemptAt, asking.subscription.attemptAt);
  });

  test('approved, the period that was paid for is given, and it ends after that', () => {
    const paid = answered(subscription, 'approved', soon + 1);
    assert.deepEqual(whats(paid.entries), ['renewed']);
    assert.equal(paid.subscription.expiresAt, korea('2026-03-15T23:59:59'));
    assert.deepEqual([paid.subscription.attemptAt, paid.subscription.renewing], [null, false]);
    const later = live(paid.subscription, korea('2026-03-16T00:00:00'));
    assert.deepEqual(whats(later.entries), ['expired']);
  });

  test('declined, it ends with what is paid for, and until then it is paid', () => {
    const failed = answered(subscription, 'declined', soon + 1).subscription;
    assert.deepEqual([failed.status, failed.attemptAt, failed.openCharge], ['active', null, null]);
    assert.equal(paymentState(failed), 1, 'as of every scheduled cancellation');
    const later = live(failed, paidUntil + 1);
    assert.deepEqual(whats(later.entries), ['expired']);
  });

  test('declined and reactivated, it is charged again at once, with grace behind it', () => {
    const failed = answered(subscription, 'declined', soon + 1).subscription;
    const again = checked(reactivate(failed, 'buyer', soon + 2)).subscription;
    assert.equal(again.dueAt, soon + 2);
    const later = live(again, soon + 2, { answer: () => 'declined' });
    assert.deepEqual(whats(later.entries), ['declined', 'graceStarted']);
  });

  test('reactivated before the answer, the same question stays the only one', () => {
    const again = checked(reactivate(subscription, 'buyer', soon + 1)).subscription;
    assert.deepEqual([again.openCharge, again.chargeCount], [asking.charge.number, 2]);
    assert.equal(again.attemptAt, subscription.attemptAt, 'and it is put again when it would have been');
    const charges = new Map([[asking.charge.number, asking.charge]]);
    const { payments } = live(again, asking.at + dayMs, { charges });
    assert.deepEqual([payments.length, charges.size], [1, 1]);
  });
});

describe('a void meets a charge in flight', () => {
  const given = { reason: 'chargeback', cause: 'operator' } as const;
  const { subscription, entries } = checked(voidSubscription(asking.subscription, given, soon));

  test('the latest payment goes back and the use ends, but the question is followed up', () => {
    assert.deepEqual([whats(entries), sumOf(entries)], [['voided'], -price]);
    assert.deepEqual([subscription.status, subscription.dueAt], ['revoked', asking.subscription.attemptAt]);
  });

  test('approved too late, the payment is returned and makes no purchase', () => {
    const late = answered(subscription, 'approved', soon + 1);
    assert.deepEqual(
      late.entries.map(({ what, amountMicros }) => [what, amountMicros]),
      [
        ['charged', price],
        ['refunded', -price],
      ],
    );
    assert.deepEqual([late.payments, late.subscription.dueAt], [[], null]);
    assert.equal(late.subscription.status, 'revoked');
  });

  test('declined or still unanswered, nothing moves', () => {
    const declined = answered(subscription, 'declined', soon + 1);
    assert.deepEqual([whats(declined.entries), declined.subscription.dueAt], [['declined'], null]);
    const open = answered(subscription, 'unanswered', soon + 1);
    assert.deepEqual([open.entries, open.subscription.openCharge], [[], asking.charge.number]);
  });

  test('the charge of a payment that was returned names no purchase', () => {
    const names = { purchaseId: 'never', orderId: 'never' };
    const { charge } = answerCharge(subscription, asking.charge, 'approved', names, soon + 1);
    assert.deepEqual([charge.state, charge.purchaseId], ['approved', null]);
  });
});

describe('other calls meet a charge in flight', () => {
  test('a deferral is refused: the payment may have been made', () => {
    assert.throws(() => defer(asking.subscription, { deferPeriod: 3, cause: 'developer' }, soon), {
      name: 'Refusal',
      code: 'InvalidPurchaseState',
    });
  });

  test('another method of payment does not ask a second time', () => {
    const changed = checked(changePayment(asking.subscription, { method: 'CREDITCARD' }, soon)).subscription;
    assert.equal(changed.dueAt, asking.subscription.dueAt);
    const inGrace = unansweredUntil(paidUntil + 1).subscription;
    const again = checked(changePayment(inGrace, { method: 'CREDITCARD' }, paidUntil + 2)).subscription;
    assert.equal(again.attemptAt, inGrace.attemptAt, 'not even in grace');
  });
});

describe('states end while a charge is in flight', () => {
  test('the paid period: grace begins, and approved it renews with its payment day', () => {
    const { subscription, entries } = unansweredUntil(paidUntil + 1);
    assert.deepEqual(
      entries.map(({ at, what }) => [at, what]),
      [[paidUntil + 1, 'graceStarted']],
    );
    assert.deepEqual([paymentState(subscription), subscription.openCharge], [0, asking.charge.number]);
    // asked at 10:00, then 1, 4, 16, 64 and 256 minutes apart; after that it waits for 1024
    assert.equal(subscription.attemptAt, korea('2026-02-16T08:45:00'), 'not at the next 10:00:00');
    const paid = answered(subscription, 'approved', paidUntil + dayMs);
    assert.deepEqual(whats(paid.entries), ['renewed']);
    assert.equal(paid.subscription.nextPaymentAt, korea('2026-03-15T10:00:00'));
  });

  test('the paid period without grace: account hold begins, and approved it recovers on that day', () => {
    const { subscription, charge } = inFlight(bought({ terms: { holdDays: 30 } }));
    const charges = new Map([[charge.number, charge]]);
    const held = live(subscription, paidUntil + 1, { answer: () => 'unanswered', charges });
    assert.deepEqual(whats(held.entries), ['held']);
    const paid = answered(held.subscription, 'approved', korea('2026-02-17T15:30:00'), charge);
    assert.deepEqual(whats(paid.entries), ['recovered']);
    assert.equal(paid.subscription.nextPaymentAt, korea('2026-03-17T10:00:00'));
  });

  test('grace: account hold begins; declined at last, it is tried again on the next day', () => {
    const { subscription, entries } = unansweredUntil(graceUntil + 1);
    assert.deepEqual(whats(entries), ['graceStarted', 'held']);
    assert.equal(subscription.nextPaymentAt, korea('2026-02-23T10:00:00'));
    // from 08:45 on the 16th once a day
    assert.equal(subscription.attemptAt, korea('2026-02-23T08:45:00'));
    const failed = answered(subscription, 'declined', graceUntil + 2);
    assert.deepEqual(whats(failed.entries), ['declined']);
    assert.equal(failed.subscription.attemptAt, korea('2026-02-23T10:00:00'));
    assert.equal(failed.subscription.openCharge, null);
  });

  test('account hold: it is cancelled, and a payment confirmed after that goes back', () => {
    const { subscription, entries } = unansweredUntil(holdUntil + 1);
    assert.deepEqual(whats(entries), ['graceStarted', 'held', 'cancelled']);
    assert.deepEqual([subscription.status, subscription.openCharge], ['expired', asking.charge.number]);
    const late = answered(subscription, 'approved', holdUntil + dayMs);
    assert.deepEqual([whats(late.entries), sumOf(late.entries)], [['charged', 'refunded'], 0]);
    assert.deepEqual([late.subscription.status, late.subscription.dueAt], ['expired', null]);
  });

  test('a cancellation on hold ends it at once, and the late payment goes back', () => {
    const held = unansweredUntil(graceUntil + 1).subscription;
    const ended = checked(cancel(held, 'developer', graceUntil + dayMs)).subscription;
    assert.deepEqual([ended.status, ended.openCharge], ['revoked', asking.charge.number]);
    assert.equal(sumOf(answered(ended, 'approved', graceUntil + 2 * dayMs).entries), 0);
  });

  test('a monthly product: what is unanswered at its expiry expires, and a late payment goes back', () => {
    const { subscription, charge } = inFlight(bought({ type: 'auto' }));
    const charges = new Map([[charge.number, charge]]);
    const ended = live(subscription, paidUntil + 1, { answer: () => 'unanswered', charges });
    assert.deepEqual(whats(ended.entries), ['expired']);
    const late = answered(ended.subscription, 'approved', paidUntil + dayMs, charge);
    assert.deepEqual([whats(late.entries), sumOf(late.entries)], [['charged', 'refunded'], 0]);
  });

  test('the three days of the first payment: the use ends, and the late payment goes back', () => {
    const sandbox = bought({ calendar: 'sandbox', terms: { period: 'P1W' }, mustAcknowledge: true });
    const due = start + 3 * dayMs;
    const soonBefore = live(sandbox, due - 1).subscription;
    const { subscription, charge } = inFlight({ ...soonBefore, attemptAt: due - 1 });
    const charges = new Map([[charge.number, charge]]);
    const voided = live(subscription, due, { answer: () => 'unanswered', charges });
    assert.deepEqual(whats(voided.entries), ['voided']);
    assert.equal(voided.subscription.openCharge, charge.number);
    assert.equal(sumOf(answered(voided.subscription, 'approved', due + 1, charge).entries), 0);
  });
});
