// What the buyer, the developer and the operator do to a subscription, each with its refusals.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorCode } from '@till/protocol/errors';
import type { Subscription } from '../../src/domain/subscription.ts';
import {
  acknowledgeSubscription,
  cancel,
  changePayment,
  defer,
  reactivate,
  refuseConsume,
  voidSubscription,
} from '../../src/domain/subscription-commands.ts';
import { expiryAt, mayUse, paymentState } from '../../src/domain/subscription-state.ts';
import { bought, checked, dayMs, live, minuteMs, start, whats } from './subscriptions.ts';

const korea = (local: string) => Date.parse(`${local}+09:00`);
const payment = korea('2026-02-15T10:00:00');
const paidUntil = korea('2026-02-15T23:59:59');
const graceUntil = korea('2026-02-22T23:59:59');
const holdUntil = korea('2026-03-24T23:59:59');
const terms = { graceDays: 7, holdDays: 30 };
const declined = { answer: () => 'declined' as const };
const price = 1_100_000_000;
const now = start + dayMs;
const refusedWith = (code: ErrorCode) => ({ name: 'Refusal', code });

const active = bought({ terms });
const unacknowledged = bought({ terms, mustAcknowledge: true, developerPayload: 'order' });
const monthly = bought({ type: 'auto' });
const cancelled = cancel(active, 'developer', now).subscription;
const grace = live(active, payment, declined).subscription;
const hold = live(active, graceUntil + 1, declined).subscription;
const unpaid = live(bought({ terms: { holdDays: 30 } }), payment, declined).subscription;
const lapsed = live(active, holdUntil + 1, declined).subscription;
const expired = live(cancelled, paidUntil + 1).subscription;
const voided = voidSubscription(active, { reason: null, cause: 'operator' }, now).subscription;
const revoked = cancel(grace, 'developer', payment + 1).subscription;
const later = holdUntil + dayMs;

const ended: readonly [string, Subscription][] = [
  ['lapsed after hold', lapsed],
  ['expired', expired],
  ['voided', voided],
  ['ended in grace', revoked],
];

describe('acknowledge', () => {
  test('confirms the first payment, and its three days are over', () => {
    const { subscription, entries } = checked(
      acknowledgeSubscription(unacknowledged, { developerPayload: 'order', cause: 'developer' }, now),
    );
    assert.deepEqual([subscription.acknowledgedAt, subscription.acknowledgeBy], [now, null]);
    assert.equal(subscription.dueAt, payment);
    assert.deepEqual(
      entries.map(({ at, what, cause, purchaseId }) => [at, what, cause, purchaseId]),
      [[now, 'acknowledged', 'developer', unacknowledged.firstPurchaseId]],
    );
  });

  test('is about the first payment after renewals too', () => {
    const sandbox = bought({ calendar: 'sandbox', mustAcknowledge: true });
    const renewed = live(sandbox, start + 11 * minuteMs).subscription;
    assert.notEqual(renewed.lastPurchaseId, renewed.firstPurchaseId);
    const { entries } = acknowledgeSubscription(renewed, { cause: 'developer' }, start + 12 * minuteMs);
    assert.equal(entries[0]?.purchaseId, renewed.firstPurchaseId);
  });

  test('a second time changes nothing', () => {
    const once = acknowledgeSubscription(unacknowledged, { cause: 'developer' }, now).subscription;
    const again = acknowledgeSubscription(once, { cause: 'operator' }, now + 1);
    assert.deepEqual([again.subscription, again.entries], [once, []]);
  });

  test('with another payload is refused with DeveloperPayloadNotMatch', () => {
    const given = { developerPayload: 'another', cause: 'developer' } as const;
    assert.throws(
      () => acknowledgeSubscription(unacknowledged, given, now),
      refusedWith('DeveloperPayloadNotMatch'),
    );
  });

  test('once voided is refused with InvalidPurchaseState, whatever the payload', () => {
    const gone = voidSubscription(unacknowledged, { reason: null, cause: 'operator' }, now).subscription;
    for (const developerPayload of ['order', 'another', undefined]) {
      const given = { developerPayload, cause: 'developer' } as const;
      assert.throws(() => acknowledgeSubscription(gone, given, now + 1), refusedWith('InvalidPurchaseState'));
    }
  });
});

test('consume is refused with InvalidConsumeState, once voided with InvalidPurchaseState', () => {
  for (const subscription of [active, cancelled, grace, hold, lapsed, expired, revoked, monthly]) {
    assert.throws(() => refuseConsume(subscription), refusedWith('InvalidConsumeState'));
  }
  assert.throws(() => refuseConsume(voided), refusedWith('InvalidPurchaseState'));
});

describe('cancel', () => {
  test('schedules the end: no further payment, the use goes on until the expiry', () => {
    for (const before of [active, monthly]) {
      const { subscription, entries } = checked(cancel(before, 'developer', now));
      assert.deepEqual(
        [subscription.status, subscription.renewing, subscription.attemptAt, subscription.expiresAt],
        ['active', false, null, paidUntil],
      );
      assert.deepEqual([subscription.cancelledAt, subscription.cancelReason], [now, 0]);
      assert.deepEqual(
        entries.map(({ at, what, cause, amountMicros }) => [at, what, cause, amountMicros]),
        [[now, 'cancelled', 'developer', 0]],
      );
      assert.ok(mayUse(subscription, paidUntil));
      const end = live(subscription, paidUntil + 1);
      assert.deepEqual([whats(end.entries), end.subscription.cancelReason], [['expired'], 0]);
      assert.deepEqual(end.payments, []);
    }
  });

  test('of what is cancelled changes nothing', () => {
    assert.deepEqual(cancel(cancelled, 'buyer', now + 1), {
      subscription: cancelled,
      entries: [],
      payments: [],
    });
  });

  test('the reason of a cancellation by the buyer is the same: a customer asked for it', () => {
    assert.equal(cancel(active, 'buyer', now).subscription.cancelReason, 0);
  });

  for (const [state, before, at, expiry] of [
    ['grace, while what was paid for runs', grace, payment + 5, payment + 5],
    [
      'grace, in its last millisecond',
      live(active, graceUntil, declined).subscription,
      graceUntil,
      graceUntil,
    ],
    ['account hold', hold, graceUntil + dayMs, graceUntil],
  ] as const) {
    test(`in ${state}, ends it at once; an end that has passed stays what it was`, () => {
      const { subscription, entries } = checked(cancel(before, 'developer', at));
      assert.deepEqual(
        entries.map(({ what, amountMicros }) => [what, amountMicros]),
        [['revoked', 0]],
      );
      assert.deepEqual(
        [subscription.status, paymentState(subscription), subscription.cancelReason, subscription.renewing],
        ['revoked', null, 0, false],
      );
      assert.deepEqual([subscription.cancelledAt, subscription.expiresAt], [at, expiry]);
      assert.deepEqual([mayUse(subscription, at), subscription.dueAt], [false, null]);
    });
  }

  test('between the decline and the end of a period without grace schedules the end', () => {
    const { subscription } = checked(cancel(unpaid, 'developer', payment + 5));
    assert.deepEqual([subscription.status, subscription.renewing], ['active', false]);
    assert.deepEqual(whats(live(subscription, holdUntil, declined).entries), ['expired']);
  });

  for (const [state, before] of ended) {
    test(`of what is ${state} is refused with InvalidPurchaseState`, () => {
      assert.throws(() => cancel(before, 'developer', later), refusedWith('InvalidPurchaseState'));
    });
  }
});

describe('reactivate', () => {
  test('takes the cancellation back as if it had not been', () => {
    const { subscription, entries } = checked(reactivate(cancelled, 'buyer', now + 1));
    assert.deepEqual(subscription, { ...active, changedAt: now + 1 });
    assert.deepEqual(
      entries.map(({ at, what, cause }) => [at, what, cause]),
      [[now + 1, 'reactivated', 'buyer']],
    );
  });

  test('of what renews changes nothing, in grace and on hold too', () => {
    for (const before of [active, grace, hold, monthly]) {
      assert.deepEqual(reactivate(before, 'developer', later), {
        subscription: before,
        entries: [],
        payments: [],
      });
    }
  });

  test('after 10:00:00 of the payment day is charged at once; paid, the payment day stays', () => {
    for (const before of [cancelled, cancel(monthly, 'buyer', now).subscription]) {
      const at = payment + 3 * 3_600_000;
      const idle = live(before, at);
      assert.deepEqual(idle.entries, []);
      const { subscription } = checked(reactivate(idle.subscription, 'buyer', at));
      assert.equal(subscription.dueAt, at);
      const { entries, subscription: renewed } = live(subscription, at);
      assert.deepEqual(
        entries.map(({ at: when, what }) => [when, what]),
        [[at, 'renewed']],
      );
      assert.equal(renewed.nextPaymentAt, korea('2026-03-15T10:00:00'));
    }
  });

  test('works to the last millisecond of what is paid for, and is refused in the next', () => {
    const last = live(cancelled, paidUntil).subscription;
    assert.equal(reactivate(last, 'buyer', paidUntil).subscription.renewing, true);
    const over = live(cancelled, paidUntil + 1).subscription;
    assert.throws(() => reactivate(over, 'buyer', paidUntil + 1), refusedWith('InvalidPurchaseState'));
  });

  test('of a period whose payment failed and that has no grace leaves it to the hold', () => {
    const idle = cancel(unpaid, 'developer', payment + 5).subscription;
    const { subscription } = checked(reactivate(idle, 'developer', payment + 6));
    assert.deepEqual(
      [subscription.renewing, paymentState(subscription), subscription.attemptAt],
      [true, 0, null],
    );
    assert.deepEqual(whats(live(subscription, paidUntil + 1).entries), ['held']);
  });

  for (const [state, before] of ended) {
    test(`of what is ${state} is refused with InvalidPurchaseState`, () => {
      assert.throws(() => reactivate(before, 'developer', later), refusedWith('InvalidPurchaseState'));
    });
  }
});

describe('defer', () => {
  const put = (before: Subscription, deferPeriod: number, at = now) =>
    checked(defer(before, { deferPeriod, cause: 'developer' }, at));

  test('moves the next payment date by days, and the use goes on meanwhile', () => {
    const { subscription, entries } = put(active, 20);
    assert.equal(subscription.nextPaymentAt, korea('2026-03-07T10:00:00'));
    assert.equal(subscription.expiresAt, korea('2026-03-07T23:59:59'));
    assert.deepEqual(
      entries.map(({ what, detail, cause, amountMicros }) => [what, detail, cause, amountMicros]),
      [['deferred', '20 days', 'developer', 0]],
    );
    assert.deepEqual(live(subscription, korea('2026-03-07T09:59:59.999')).entries, []);
    const paid = live(subscription, korea('2026-03-07T10:00:00'));
    assert.deepEqual(whats(paid.entries), ['renewed']);
    assert.equal(
      paid.subscription.nextPaymentAt,
      korea('2026-04-07T10:00:00'),
      'its day is the payment day now',
    );
  });

  test('may be called again, and one day is one day', () => {
    const { subscription, entries } = put(put(active, 365).subscription, 1);
    assert.equal(subscription.nextPaymentAt, korea('2027-02-16T10:00:00'));
    assert.equal(entries[0]?.detail, '1 day');
  });

  test('over a month end gives the payments after it the new day', () => {
    const { subscription } = put(active, 16);
    assert.equal(subscription.nextPaymentAt, korea('2026-03-03T10:00:00'));
    const thirtyFirst = put(live(active, payment).subscription, 16, payment + 1).subscription;
    assert.equal(thirtyFirst.nextPaymentAt, korea('2026-03-31T10:00:00'));
    const paid = live(thirtyFirst, korea('2026-03-31T10:00:00')).subscription;
    assert.equal(paid.nextPaymentAt, korea('2026-04-30T10:00:00'), 'and a short month shortens that');
  });

  test('in the sandbox counts minutes', () => {
    const { subscription, entries } = put(bought({ calendar: 'sandbox' }), 3, start + 1);
    assert.equal(subscription.nextPaymentAt, start + 8 * minuteMs);
    assert.equal(subscription.expiresAt, start + 8 * minuteMs);
    assert.equal(entries[0]?.detail, '3 minutes');
  });

  test('lengthens a free trial', () => {
    const { subscription } = put(bought({ terms: { trialDays: 7 } }), 3);
    assert.deepEqual([subscription.trial, paymentState(subscription)], [true, 2]);
    assert.equal(subscription.nextPaymentAt, korea('2026-01-25T10:00:00'));
  });

  for (const [state, before] of [
    ['cancelled', cancelled],
    ['in grace', grace],
    ['on hold', hold],
    ['unpaid', unpaid],
    ...ended,
  ] as const) {
    test(`of what is ${state} is refused with InvalidPurchaseState`, () => {
      assert.throws(() => put(before, 3, later), refusedWith('InvalidPurchaseState'));
    });
  }
});

describe('void', () => {
  const given = { reason: 'chargeback', cause: 'operator' } as const;

  test('gives the latest payment back, and the use ends at once', () => {
    const renewed = live(active, payment).subscription;
    const at = payment + dayMs;
    const { subscription, entries } = checked(voidSubscription(renewed, given, at));
    assert.deepEqual(
      entries.map(({ what, amountMicros, purchaseId, detail }) => [what, amountMicros, purchaseId, detail]),
      [['voided', -price, 'payment 1', 'chargeback']],
    );
    assert.deepEqual(
      [subscription.status, paymentState(subscription), subscription.cancelReason, subscription.voidedAt],
      ['revoked', null, 1, at],
    );
    assert.deepEqual([subscription.cancelledAt, subscription.expiresAt], [at, at]);
    assert.deepEqual([mayUse(subscription, at), subscription.dueAt], [false, null]);
  });

  test('after the end leaves the expiry what it was', () => {
    for (const before of [hold, lapsed, expired, revoked]) {
      const { subscription } = checked(voidSubscription(before, given, later));
      assert.deepEqual([subscription.expiresAt, subscription.voidedAt], [expiryAt(before, later), later]);
    }
  });

  test('of a free trial gives nothing back', () => {
    const { entries } = voidSubscription(bought({ terms: { trialDays: 7 } }), given, now);
    assert.equal(Math.abs(entries[0]?.amountMicros ?? 1), 0);
  });

  test('of what is cancelled shows the moment of the void, and that it was not the customer', () => {
    const { subscription } = checked(voidSubscription(cancelled, given, now + 5));
    assert.deepEqual([subscription.cancelledAt, subscription.cancelReason], [now + 5, 1]);
  });

  test('of a renewal leaves the three days of the first payment as they were', () => {
    const sandbox = bought({ calendar: 'sandbox', mustAcknowledge: true });
    const renewed = live(sandbox, start + 7 * minuteMs).subscription;
    const { subscription } = checked(voidSubscription(renewed, given, start + 7 * minuteMs));
    assert.equal(subscription.dueAt, start + 3 * dayMs);
    const later = live(subscription, start + 3 * dayMs);
    assert.deepEqual(
      later.entries.map(({ what, purchaseId }) => [what, purchaseId]),
      [['voided', sandbox.firstPurchaseId]],
    );
    assert.equal(later.subscription.expiresAt, start + 7 * minuteMs, 'an end that has passed stays');
  });

  test('of the first payment takes its three days away', () => {
    const { subscription } = checked(voidSubscription(unacknowledged, given, now));
    assert.deepEqual([subscription.acknowledgeBy, subscription.dueAt], [null, null]);
  });

  test('a second time is refused with InvalidState', () => {
    assert.throws(() => voidSubscription(voided, given, later), refusedWith('InvalidState'));
  });
});

describe('another payment', () => {
  test('method and outcome are those of the charges to come; what is not given stays', () => {
    const { subscription, entries } = checked(changePayment(active, { outcome: 'decline' }, now));
    assert.deepEqual(
      [subscription.paymentMethod, subscription.paymentOutcome, subscription.dueAt],
      [active.paymentMethod, 'decline', payment],
    );
    assert.deepEqual(
      [entries[0]?.what, entries[0]?.cause, entries[0]?.detail],
      ['paymentChanged', 'buyer', 'ONEPAY, decline'],
    );
    const next = checked(changePayment(subscription, { method: 'CREDITCARD' }, now)).subscription;
    assert.deepEqual([next.paymentMethod, next.paymentOutcome], ['CREDITCARD', 'decline']);
  });

  test('after a failed payment is tried again at once, in grace, on hold and before the period ends', () => {
    for (const [before, at, what] of [
      [grace, payment + minuteMs, 'renewed'],
      [hold, graceUntil + minuteMs, 'recovered'],
      [unpaid, payment + minuteMs, 'renewed'],
    ] as const) {
      const { subscription } = checked(changePayment(before, { method: 'CREDITCARD' }, at));
      assert.equal(subscription.dueAt, at);
      const { entries } = live(subscription, at);
      assert.deepEqual(
        entries.map(({ at: when, what: happened }) => [when, happened]),
        [[at, what]],
      );
    }
  });

  test('a cancelled monthly product whose payment failed is not charged', () => {
    const failed = live(monthly, payment, declined).subscription;
    const { subscription } = checked(changePayment(failed, { method: 'CREDITCARD' }, payment + 1));
    assert.equal(subscription.attemptAt, null);
  });

  for (const [state, before] of ended) {
    test(`of what is ${state} is refused with InvalidState`, () => {
      assert.throws(() => changePayment(before, {}, later), refusedWith('InvalidState'));
    });
  }
});
