// What time and the gateway do: renewal, failed payment, grace, hold, recovery, end; to the millisecond.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChargeAnswer } from '../../src/domain/charge.ts';
import type { WorldClock } from '../../src/domain/clock.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import {
  acknowledgeSubscription,
  changePayment,
  reactivate,
} from '../../src/domain/subscription-commands.ts';
import { mayUse, paymentState } from '../../src/domain/subscription-state.ts';
import { chargeDueAt, settleSubscription } from '../../src/domain/subscription-steps.ts';
import { bought, dayMs, frozenAt, inFlight, live, minuteMs, start, sumOf, whats } from './subscriptions.ts';

const korea = (local: string) => Date.parse(`${local}+09:00`);
const payment = korea('2026-02-15T10:00:00');
const paidUntil = korea('2026-02-15T23:59:59');
const graceUntil = korea('2026-02-22T23:59:59');
const holdUntil = korea('2026-03-24T23:59:59');
const terms = { graceDays: 7, holdDays: 30 };
const declined = { answer: () => 'declined' as const };
const price = 1_100_000_000;

/** Declined up to an instant, approved from then on: the buyer has put the card right. */
const declinedBefore =
  (count: number): (() => ChargeAnswer) =>
  () =>
    count-- > 0 ? 'declined' : 'approved';

const shown = (subscription: Subscription) => [
  subscription.status,
  subscription.renewing,
  paymentState(subscription),
  subscription.cancelReason,
];

describe('renewal', () => {
  test('an approved payment is a new purchase under the token, acknowledged, and renews for a period', () => {
    const before = bought({ terms });
    const { subscription, entries, payments } = live(before, payment);
    assert.deepEqual(
      entries.map(({ at, what, amountMicros, purchaseId, cause }) => [
        at,
        what,
        amountMicros,
        purchaseId,
        cause,
      ]),
      [[payment, 'renewed', price, 'payment 1', 'time']],
    );
    const [renewal] = payments;
    assert.equal(renewal?.purchaseToken, before.purchaseToken);
    assert.deepEqual(
      [renewal?.purchaseId, renewal?.orderId, renewal?.purchaseTime, renewal?.acknowledgedAt],
      ['payment 1', 'order 1', payment, payment],
    );
    assert.deepEqual(
      [subscription.lastPurchaseId, subscription.firstPurchaseId, subscription.cycle, subscription.startTime],
      ['payment 1', before.firstPurchaseId, 1, start],
    );
  });

  test('nothing happens a millisecond before the payment is due', () => {
    const { subscription, entries } = live(bought(), payment - 1);
    assert.deepEqual([entries, subscription.dueAt], [[], payment]);
    assert.equal(chargeDueAt(subscription, payment - 1), undefined);
    assert.equal(chargeDueAt(subscription, payment), payment);
  });

  test('a year in one jump is a year of payments, each at its own instant and under its own cycle', () => {
    const { entries, payments, subscription } = live(bought(), korea('2027-01-15T12:00:00'));
    assert.equal(payments.length, 12);
    assert.ok(entries.every(({ at }) => new Date(at).toISOString().endsWith('-15T01:00:00.000Z')));
    assert.equal(subscription.cycle, 12);
    assert.equal(new Set(payments.map(({ purchaseId }) => purchaseId)).size, 12);
  });

  test('the payment that ends a free trial is the first of the whole price', () => {
    const { subscription, entries } = live(bought({ terms: { trialDays: 7 } }), korea('2026-01-22T10:00:00'));
    assert.deepEqual(
      entries.map(({ what, amountMicros }) => [what, amountMicros]),
      [['renewed', price]],
    );
    assert.deepEqual([subscription.trial, paymentState(subscription)], [false, 1]);
  });

  test('what falls due while nobody was there is written down when it is carried out', () => {
    const running: WorldClock = { at: 0, base: 0, rate: 1, frozen: false, jumpedTo: 0 };
    const cancelled = { ...bought(), renewing: false, attemptAt: null };
    const late = paidUntil + 5 * dayMs;
    const [expired] = settleSubscription(cancelled, running, late).entries;
    assert.deepEqual([expired?.what, expired?.at], ['expired', late]);
  });
});

describe('a failed payment of a product with grace', () => {
  const before = bought({ terms });

  test('starts the grace period at once, with the use going on', () => {
    const { subscription, entries } = live(before, payment, declined);
    assert.deepEqual(
      entries.map(({ at, what }) => [at, what]),
      [
        [payment, 'declined'],
        [payment, 'graceStarted'],
      ],
    );
    assert.deepEqual(shown(subscription), ['grace', true, 0, null]);
    assert.equal(subscription.nextPaymentAt, payment, 'the payment that failed is still the next');
    assert.equal(subscription.attemptAt, korea('2026-02-16T10:00:00'));
  });

  test('is tried again each day at 10:00:00 until grace is over', () => {
    const { entries } = live(before, graceUntil, declined);
    const attempts = entries.filter(({ what }) => what === 'declined').map(({ at }) => at);
    assert.deepEqual(
      attempts,
      [15, 16, 17, 18, 19, 20, 21, 22].map((day) => korea(`2026-02-${day}T10:00:00`)),
    );
  });

  test('may be used to the last millisecond of grace, and is on hold in the next', () => {
    const last = live(before, graceUntil, declined).subscription;
    assert.deepEqual([last.status, mayUse(last, graceUntil)], ['grace', true]);
    const { subscription, entries } = live(before, graceUntil + 1, declined);
    assert.deepEqual(shown(subscription), ['hold', true, 0, null]);
    assert.deepEqual([entries.at(-1)?.what, entries.at(-1)?.at], ['held', graceUntil + 1]);
    assert.deepEqual(
      [subscription.expiresAt, mayUse(subscription, graceUntil + 1)],
      [graceUntil, false],
      'the expiry is the end of grace',
    );
  });

  test('paid during grace renews at once, and the payment day stays', () => {
    const { subscription, entries } = live(before, korea('2026-02-18T10:00:00'), {
      answer: declinedBefore(3),
    });
    assert.deepEqual(whats(entries).slice(-2), ['declined', 'renewed']);
    assert.equal(entries.at(-1)?.at, korea('2026-02-18T10:00:00'));
    assert.deepEqual(shown(subscription), ['active', true, 1, null]);
    assert.equal(subscription.nextPaymentAt, korea('2026-03-15T10:00:00'));
    assert.equal(subscription.expiresAt, korea('2026-03-15T23:59:59'));
  });

  test('without account hold expires when grace is over', () => {
    const without = bought({ terms: { ...terms, holdDays: 0 } });
    assert.equal(live(without, graceUntil, declined).subscription.status, 'grace');
    const { subscription, entries } = live(without, graceUntil + 1, declined);
    assert.deepEqual(shown(subscription), ['expired', false, null, null]);
    assert.equal(entries.at(-1)?.what, 'expired');
    assert.deepEqual([subscription.expiresAt, subscription.dueAt], [graceUntil, null]);
  });

  test('paid so late in a long grace that a whole period is over, counts on from that day, never from the past', () => {
    const weekly = bought({ terms: { period: 'P1W', graceDays: 20 } });
    const paidAt = weekly.nextPaymentAt + 10 * dayMs;
    const { subscription, entries } = live(weekly, paidAt, { answer: declinedBefore(10) });
    assert.deepEqual([entries.at(-1)?.what, entries.at(-1)?.at], ['renewed', paidAt]);
    assert.equal(subscription.nextPaymentAt, paidAt + 7 * dayMs);
    assert.ok(subscription.dueAt !== null && subscription.dueAt > paidAt);
    assert.ok(mayUse(subscription, paidAt));
  });

  test('paid on the next payment day but after its 10:00:00 is not charged in the past', () => {
    const weekly = bought({ terms: { period: 'P1W', graceDays: 7 } });
    const nextDay = weekly.nextPaymentAt + 7 * dayMs;
    const failed = live(weekly, nextDay, declined).subscription;
    assert.equal(failed.status, 'grace');
    const now = nextDay + 5 * 3_600_000;
    const again = changePayment(failed, { method: 'CREDITCARD' }, now).subscription;
    const { entries, subscription } = live(again, now);
    assert.deepEqual(
      entries.map(({ at, what }) => [at, what]),
      [[now, 'renewed']],
    );
    assert.equal(subscription.nextPaymentAt, nextDay + 7 * dayMs);
  });

  test('paid at the very instant of the next payment pays for both, and the payment day stays', () => {
    const weekly = bought({ terms: { period: 'P1W', graceDays: 7 } });
    const nextDay = weekly.nextPaymentAt + 7 * dayMs;
    const { entries, subscription } = live(weekly, nextDay, { answer: declinedBefore(7) });
    assert.deepEqual(
      entries.slice(-2).map(({ at, what }) => [at, what]),
      [
        [nextDay, 'renewed'],
        [nextDay, 'renewed'],
      ],
    );
    assert.equal(subscription.nextPaymentAt, nextDay + 7 * dayMs);
  });

  test('over a short February, paid in a grace of 30 days after the day of the next payment', () => {
    const begun = bought({ purchaseTime: korea('2025-12-31T12:00:00'), terms: { graceDays: 30 } });
    // failed on 31 January; grace lasts to 2 March, and the payment after it was due on 28 February
    const paidAt = korea('2026-03-01T10:00:00');
    const { subscription, entries } = live(begun, paidAt, { answer: declinedBefore(29) });
    assert.deepEqual([entries.at(-1)?.what, entries.at(-1)?.at], ['renewed', paidAt]);
    assert.equal(subscription.nextPaymentAt, korea('2026-04-01T10:00:00'));
  });
});

describe('a failed payment of a product without grace', () => {
  const before = bought({ terms: { holdDays: 30 } });

  test('leaves it active and unpaid to the last millisecond of the period, then puts it on hold', () => {
    const first = live(before, payment, declined);
    assert.deepEqual(shown(first.subscription), ['active', true, 0, null]);
    assert.deepEqual(whats(first.entries), ['declined']);
    assert.equal(first.subscription.attemptAt, null, 'it is tried again once it is on hold');
    const last = live(before, paidUntil, declined).subscription;
    assert.deepEqual([last.status, mayUse(last, paidUntil)], ['active', true]);
    const { subscription, entries } = live(before, paidUntil + 1, declined);
    assert.deepEqual([entries.at(-1)?.what, entries.at(-1)?.at], ['held', paidUntil + 1]);
    assert.deepEqual(shown(subscription), ['hold', true, 0, null]);
    assert.equal(subscription.expiresAt, paidUntil);
  });

  test('and without account hold lets it expire with the period', () => {
    const without = bought();
    const { subscription, entries } = live(without, paidUntil + 1, declined);
    assert.deepEqual(whats(entries), ['declined', 'expired']);
    assert.deepEqual(shown(subscription), ['expired', false, null, null]);
  });
});

describe('account hold', () => {
  const before = bought({ terms });

  test('shows the next attempt as its next payment, each day at 10:00:00', () => {
    const held = live(before, graceUntil + 1, declined).subscription;
    assert.equal(held.nextPaymentAt, korea('2026-02-23T10:00:00'));
    const later = live(before, korea('2026-03-01T10:00:00'), declined).subscription;
    assert.deepEqual(
      [later.nextPaymentAt, later.attemptAt],
      [korea('2026-03-02T10:00:00'), korea('2026-03-02T10:00:00')],
    );
  });

  test('recovering moves the payment day to the day of recovery', () => {
    const paidAt = korea('2026-03-05T10:00:00');
    const { subscription, entries } = live(before, paidAt, { answer: declinedBefore(18) });
    assert.deepEqual([entries.at(-1)?.what, entries.at(-1)?.at], ['recovered', paidAt]);
    assert.deepEqual(shown(subscription), ['active', true, 1, null]);
    assert.equal(subscription.nextPaymentAt, korea('2026-04-05T10:00:00'));
    assert.equal(subscription.expiresAt, korea('2026-04-05T23:59:59'));
  });

  test('recovering on a 31st begins a new run of days', () => {
    const begun = bought({ purchaseTime: korea('2026-02-28T12:00:00'), terms: { holdDays: 30 } });
    // payment on 28 March fails, hold from the 29th: tried on the 29th and the 30th, paid on the 31st
    const { subscription } = live(begun, korea('2026-03-31T10:00:00'), { answer: declinedBefore(3) });
    assert.equal(subscription.status, 'active');
    assert.equal(subscription.nextPaymentAt, korea('2026-04-30T10:00:00'));
  });

  test('lasts as long as the product says, to the last millisecond, then is cancelled by the system', () => {
    const last = live(before, holdUntil, declined).subscription;
    assert.deepEqual(shown(last), ['hold', true, 0, null]);
    const { subscription, entries, payments } = live(before, holdUntil + 1, declined);
    assert.deepEqual(shown(subscription), ['expired', false, null, 1]);
    assert.deepEqual([entries.at(-1)?.what, entries.at(-1)?.at], ['cancelled', holdUntil + 1]);
    assert.deepEqual([subscription.cancelledAt, subscription.expiresAt], [holdUntil + 1, graceUntil]);
    assert.deepEqual([payments, subscription.dueAt, subscription.attemptAt], [[], null, null]);
  });
});

describe('the sandbox’s clock', () => {
  const at = (minutes: number) => start + minutes * minuteMs;

  for (const [period, count] of [
    ['P1W', 5],
    ['P1M', 5],
    ['P3M', 10],
    ['P6M', 15],
    ['P1Y', 30],
  ] as const) {
    test(`${period} renews after ${count} minutes; unpaid, 5 minutes of grace and 10 of hold follow`, () => {
      const before = bought({ calendar: 'sandbox', terms: { period, graceDays: 3, holdDays: 30 } });
      assert.equal(live(before, at(count) - 1).entries.length, 0);
      assert.deepEqual(whats(live(before, at(count)).entries), ['renewed']);
      assert.equal(live(before, at(count)).subscription.nextPaymentAt, at(2 * count));
      const status = (now: number) => live(before, now, declined).subscription.status;
      assert.equal(status(at(count) - 1), 'active');
      assert.equal(status(at(count)), 'grace');
      assert.equal(status(at(count + 5)), 'grace');
      assert.equal(status(at(count + 5) + 1), 'hold');
      assert.equal(status(at(count + 15)), 'hold');
      assert.equal(status(at(count + 15) + 1), 'expired');
      const { entries } = live(before, at(count + 15) + 1, declined);
      assert.equal(entries.at(-1)?.what, 'cancelled');
    });
  }

  test('a free trial lasts 3 minutes and is then paid for', () => {
    const before = bought({ calendar: 'sandbox', terms: { trialDays: 30 } });
    assert.equal(live(before, at(3) - 1).entries.length, 0);
    const { entries, subscription } = live(before, at(3));
    assert.deepEqual([whats(entries), sumOf(entries)], [['renewed'], price]);
    assert.equal(subscription.nextPaymentAt, at(8));
  });

  test('a failed payment is tried again each minute; paid in grace, the payment day stays', () => {
    const before = bought({ calendar: 'sandbox', terms: { period: 'P1Y', graceDays: 3 } });
    const { entries, subscription } = live(before, at(32), { answer: declinedBefore(2) });
    assert.deepEqual(
      entries.filter(({ what }) => what !== 'graceStarted').map(({ at: when, what }) => [when, what]),
      [
        [at(30), 'declined'],
        [at(31), 'declined'],
        [at(32), 'renewed'],
      ],
    );
    assert.equal(subscription.nextPaymentAt, at(60));
  });
});

describe('a monthly product', () => {
  const before = bought({ type: 'auto', terms: { graceDays: 7, holdDays: 30 } });

  test('whose payment is declined is cancelled by the system and used until its expiry', () => {
    const { subscription, entries } = live(before, payment, declined);
    assert.deepEqual(whats(entries), ['declined', 'cancelled']);
    assert.deepEqual(
      [subscription.status, subscription.renewing, subscription.cancelReason, subscription.cancelledAt],
      ['active', false, 1, payment],
    );
    assert.equal(entries.at(-1)?.cause, 'time');
    assert.ok(mayUse(live(before, paidUntil, declined).subscription, paidUntil));
    const ended = live(before, paidUntil + 1, declined);
    assert.deepEqual([ended.subscription.status, ended.entries.at(-1)?.what], ['expired', 'expired']);
    assert.equal(ended.subscription.cancelReason, 1);
  });

  test('reactivated before its expiry is charged at once: paid, it goes on from its own day', () => {
    const failed = live(before, payment, declined).subscription;
    const now = payment + 3_600_000;
    const again = reactivate(failed, 'developer', now).subscription;
    assert.equal(again.dueAt, now);
    const paid = live(again, now);
    assert.deepEqual(whats(paid.entries), ['renewed']);
    assert.equal(paid.subscription.nextPaymentAt, korea('2026-03-15T10:00:00'));
    const refused = live(again, now, declined);
    assert.deepEqual(whats(refused.entries), ['declined', 'cancelled']);
    assert.equal(refused.subscription.cancelledAt, now);
  });
});

describe('a first payment that nobody acknowledges', () => {
  const dueAt = start + 3 * dayMs;

  test('is voided after 72 hours: its money goes back and the use ends', () => {
    const before = bought({ mustAcknowledge: true });
    assert.equal(live(before, dueAt - 1).entries.length, 0);
    const { subscription, entries } = live(before, dueAt);
    assert.deepEqual(
      entries.map(({ at, what, amountMicros, purchaseId }) => [at, what, amountMicros, purchaseId]),
      [[dueAt, 'voided', -price, before.firstPurchaseId]],
    );
    assert.deepEqual(shown(subscription), ['revoked', false, null, 1]);
    assert.deepEqual(
      [subscription.voidedAt, subscription.expiresAt, subscription.dueAt],
      [dueAt, dueAt, null],
    );
  });

  test('gives back only itself where the sandbox’s short periods were paid meanwhile', () => {
    const before = bought({ calendar: 'sandbox', terms: { period: 'P1Y' }, mustAcknowledge: true });
    const { entries } = live(before, dueAt);
    // 72 hours are 144 half hours; what is due with the void comes after it
    assert.equal(entries.filter(({ what }) => what === 'renewed').length, 143);
    assert.deepEqual(
      entries.filter(({ what }) => what === 'voided').map(({ purchaseId }) => purchaseId),
      [before.firstPurchaseId],
    );
  });

  test('of a free trial ends it, and nothing has to go back', () => {
    const before = bought({ terms: { trialDays: 7 }, mustAcknowledge: true });
    const { entries, subscription } = live(before, dueAt);
    assert.deepEqual(
      [whats(entries), Math.abs(sumOf(entries)), subscription.status],
      [['voided'], 0, 'revoked'],
    );
  });

  test('is never voided once it is acknowledged', () => {
    const before = bought({ mustAcknowledge: true });
    const { subscription } = acknowledgeSubscription(before, { cause: 'developer' }, dueAt - 1);
    assert.equal(subscription.dueAt, payment);
    assert.equal(live(subscription, dueAt).entries.length, 0);
  });
});

describe('an answer that is missing', () => {
  test('is asked for again with the same charge, and the payment is made once', () => {
    const before = bought({ terms });
    const { subscription, charge, at } = inFlight(before);
    assert.deepEqual([subscription.openCharge, subscription.dueAt], [charge.number, at + minuteMs]);
    const charges = new Map([[charge.number, charge]]);
    const { entries, payments } = live(subscription, at + minuteMs, { charges });
    assert.deepEqual(
      entries.map(({ at: when, what }) => [when, what]),
      [[at + minuteMs, 'renewed']],
    );
    assert.deepEqual([payments.length, charges.size], [1, 1]);
  });

  test('changes neither the state nor what is shown until the period is over', () => {
    const before = bought({ terms });
    const { subscription } = inFlight(before);
    assert.deepEqual(shown(subscription), ['active', true, 1, null]);
    assert.equal(settleSubscription(subscription, frozenAt(paidUntil), paidUntil).entries.length, 0);
  });
});
