// A pause of a subscription (section 11.4): when it begins and ends, how it is resumed, and what it meets.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pause, Subscription } from '../../src/domain/subscription.ts';
import {
  announcePrice,
  answerPrice,
  cancel,
  changePayment,
  defer,
  pause,
  reactivate,
  resume,
  voidSubscription,
} from '../../src/domain/subscription-commands.ts';
import { nextPrice } from '../../src/domain/subscription-price.ts';
import { autoRenewing, mayUse, pauseOf, paymentState } from '../../src/domain/subscription-state.ts';
import {
  bought,
  checked,
  dated,
  type Given,
  inFlight,
  localInstant as korea,
  live,
  localInstant,
  localText,
  minuteMs,
  start,
  whats,
} from './subscriptions.ts';

type Market = 'MKT_ONE' | 'MKT_GLB';
const refused = { name: 'Refusal', code: 'InvalidState' };
const month: Pause = { count: 1, unit: 'month' };
const declined = { answer: () => 'declined' as const };
const unanswered = { answer: () => 'unanswered' as const };

/** Bought at a local time; a month without grace unless told otherwise. */
function pausable(at: string, { terms, ...given }: Given = {}): Subscription {
  const purchaseTime = localInstant(at, given.market);
  return bought({ ...given, purchaseTime, terms: { pausable: true, holdDays: 30, ...terms } });
}

const paused = (before: Subscription, length: Pause, at: number) => checked(pause(before, length, at));

/** Bought on 15 January 2026, paused for a month: 15 February it would have been paid, 17 March it is resumed. */
const active = pausable('2026-01-15 12:00:00');
const now = korea('2026-01-20 12:00:00');
const planned = paused(active, month, now).subscription;
const paidUntil = korea('2026-02-15 23:59:59');
const running = live(planned, paidUntil + 1).subscription;

describe('dates of a pause', () => {
  const golden: readonly [
    market: Market,
    period: 'P1W' | 'P1M' | 'P3M' | 'P6M',
    boughtAt: string,
    count: number,
    startsAt: string,
    endsAt: string,
    thenPaid: string,
  ][] = [
    ['MKT_ONE', 'P1W', '2026-01-15 12:00:00', 1, '2026-01-23', '2026-01-29', '2026-02-05'],
    ['MKT_ONE', 'P1W', '2026-01-15 12:00:00', 2, '2026-01-23', '2026-02-05', '2026-02-12'],
    ['MKT_ONE', 'P1W', '2026-01-15 12:00:00', 3, '2026-01-23', '2026-02-12', '2026-02-19'],
    ['MKT_GLB', 'P1W', '2026-02-20 23:30:00', 1, '2026-02-28', '2026-03-06', '2026-03-13'],
    ['MKT_ONE', 'P1M', '2026-01-15 12:00:00', 1, '2026-02-16', '2026-03-17', '2026-04-17'],
    ['MKT_ONE', 'P1M', '2026-01-15 12:00:00', 2, '2026-02-16', '2026-04-16', '2026-05-16'],
    ['MKT_ONE', 'P1M', '2026-01-15 12:00:00', 3, '2026-02-16', '2026-05-16', '2026-06-16'],
    ['MKT_ONE', 'P1M', '2022-07-17 14:04:01', 1, '2022-08-18', '2022-09-16', '2022-10-16'],
    ['MKT_GLB', 'P1M', '2026-01-31 08:00:00', 1, '2026-03-01', '2026-03-30', '2026-04-30'],
    ['MKT_ONE', 'P1M', '2026-01-01 00:00:00', 1, '2026-02-02', '2026-03-03', '2026-04-03'],
    ['MKT_ONE', 'P1M', '2028-01-31 12:00:00', 1, '2028-03-01', '2028-03-30', '2028-04-30'],
    ['MKT_ONE', 'P1M', '2027-12-30 12:00:00', 1, '2028-01-31', '2028-02-29', '2028-03-29'],
    ['MKT_GLB', 'P1M', '2025-12-31 23:59:59', 1, '2026-02-01', '2026-03-02', '2026-04-02'],
    ['MKT_ONE', 'P3M', '2025-11-30 12:00:00', 1, '2026-03-01', '2026-03-30', '2026-06-30'],
    ['MKT_GLB', 'P3M', '2027-11-29 12:00:00', 2, '2028-03-01', '2028-04-29', '2028-07-29'],
    ['MKT_ONE', 'P6M', '2026-08-31 12:00:00', 3, '2027-03-01', '2027-05-29', '2027-11-29'],
  ];
  for (const [market, period, boughtAt, count, startsAt, endsAt, thenPaid] of golden) {
    test(`${period} bought ${boughtAt} in ${market} and paused for ${count}: ${startsAt} to ${endsAt}`, () => {
      const before = pausable(boughtAt, { market, terms: { period } });
      const unit = period === 'P1W' ? 'week' : 'month';
      const { subscription } = paused(before, { count, unit }, before.startTime);
      const local = (at: number | undefined) => at && localText(at, market);
      const shown = (of: Subscription) => {
        const { startsAt: from, endsAt: to, resumesAt } = pauseOf(of) ?? assert.fail('it has a pause');
        return [from, to, resumesAt].map(local);
      };
      const dates = [`${startsAt} 00:00:00`, `${endsAt} 23:59:59`, `${endsAt} 10:00:00`];
      assert.deepEqual(shown(subscription), dates, 'scheduled');
      assert.equal(subscription.nextPaymentAt, before.nextPaymentAt, 'shown where it would have been');
      const end = localInstant(`${endsAt} 10:00:00`, market);
      const { subscription: asleep, entries } = live(subscription, end - 1);
      assert.deepEqual(shown(asleep), dates, 'running');
      assert.deepEqual(
        entries.map(({ at, what }) => [at, what]),
        [[before.expiresAt + 1, 'paused']],
      );
      assert.deepEqual([local(asleep.nextPaymentAt), asleep.expiresAt], [dates[2], before.expiresAt]);
      const { subscription: resumed, payments } = live(asleep, end);
      assert.deepEqual(
        [resumed.status, pauseOf(resumed), local(resumed.nextPaymentAt), local(resumed.expiresAt)],
        ['active', null, `${thenPaid} 10:00:00`, `${thenPaid} 23:59:59`],
      );
      assert.equal(payments.length, 1);
    });
  }

  test('on shortened periods each week or month of it is five minutes, and begins at the expiry', () => {
    for (const [period, unit] of [
      ['P1W', 'week'],
      ['P1M', 'month'],
      ['P3M', 'month'],
    ] as const) {
      const before = bought({ calendar: 'sandbox', terms: { period, pausable: true } });
      const { subscription } = paused(before, { count: 2, unit }, start + minuteMs);
      const resumesAt = before.expiresAt + 10 * minuteMs;
      const dates = { startsAt: before.expiresAt, endsAt: resumesAt, resumesAt };
      assert.deepEqual(pauseOf(subscription), dates);
      const asleep = live(subscription, before.expiresAt + 1);
      assert.deepEqual(whats(asleep.entries), ['paused']);
      assert.deepEqual(pauseOf(asleep.subscription), dates);
      const { entries } = live(asleep.subscription, resumesAt);
      assert.deepEqual(
        entries.map(({ at, what }) => [at, what]),
        [[resumesAt, 'resumed']],
      );
    }
  });
});

describe('to pause', () => {
  test('a weekly subscription takes 1 to 3 weeks, those of months 1 to 3 months, a yearly one none', () => {
    const lengths = (['week', 'month'] as const).flatMap((unit) =>
      [-1, 0, 1, 2, 3, 4, 12].map((count): Pause => ({ count, unit })),
    );
    for (const period of ['P1W', 'P1M', 'P3M', 'P6M', 'P1Y'] as const) {
      const before = pausable('2026-01-15 12:00:00', { terms: { period } });
      const taken = lengths.filter((length) => {
        try {
          return pause(before, length, now).subscription.pause !== null;
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'InvalidState');
          return false;
        }
      });
      const unit = period === 'P1W' ? 'week' : 'month';
      const expected = period === 'P1Y' ? [] : [1, 2, 3].map((count) => ({ count, unit }));
      assert.deepEqual(taken, expected, period);
    }
  });

  test('keeps what is paid for: used to the last second, autoRenewing, paymentState 1, no payment on its day', () => {
    assert.deepEqual([planned.status, planned.pause, planned.attemptAt], ['active', month, null]);
    const { subscription, entries } = live(planned, paidUntil);
    assert.deepEqual(entries, []);
    assert.deepEqual(
      [mayUse(subscription, paidUntil), autoRenewing(subscription), paymentState(subscription)],
      [true, true, 1],
    );
  });

  test('is the buyer’s, and costs nothing', () => {
    const [happened] = paused(active, { count: 3, unit: 'month' }, now).entries;
    const { at, what, cause, amountMicros, detail } = happened ?? assert.fail('something happened');
    assert.deepEqual(
      [at, what, cause, amountMicros, detail],
      [now, 'pauseScheduled', 'buyer', 0, '3 months'],
    );
    assert.equal(paused(active, month, now).entries[0]?.detail, '1 month');
  });

  test('again gives it another length', () => {
    const { subscription, entries } = paused(planned, { count: 2, unit: 'month' }, now + 1);
    assert.deepEqual(whats(entries), ['pauseScheduled']);
    assert.equal(localText(pauseOf(subscription)?.endsAt ?? 0), '2026-04-16 23:59:59');
  });

  test('on the payment day after 10:00 comes after the period that has just been paid', () => {
    const at = korea('2026-02-15 11:00:00');
    const { subscription } = paused(live(active, at).subscription, month, at);
    assert.equal(localText(pauseOf(subscription)?.startsAt ?? 0), '2026-03-16 00:00:00');
  });

  test('follows a free trial too', () => {
    const trial = pausable('2026-01-15 12:00:00', { terms: { trialDays: 7 } });
    const { subscription } = paused(trial, month, now);
    const { entries } = live(subscription, korea('2026-02-21 10:00:00'));
    assert.deepEqual(dated(entries), ['2026-01-22 23:59:59.001 paused', '2026-02-21 10:00:00 resumed']);
  });

  test('is refused with InvalidState unless it runs, renews, is paid, and may be paused', () => {
    const grace = pausable('2026-01-15 12:00:00', { terms: { graceDays: 7 } });
    const payment = korea('2026-02-15 10:00:00');
    const cases: [string, Subscription][] = [
      ['of a product that is not pausable', bought()],
      ['of a monthly product', bought({ type: 'auto' })],
      ['cancelled', cancel(active, 'buyer', now).subscription],
      ['unpaid', live(active, payment, declined).subscription],
      ['in grace', live(grace, payment, declined).subscription],
      ['on hold', live(active, paidUntil + 1, declined).subscription],
      ['paused', running],
      ['asked for its payment', inFlight(active).subscription],
      ['voided', voidSubscription(active, { reason: null, cause: 'operator' }, now).subscription],
    ];
    for (const [state, before] of cases) {
      assert.throws(() => pause(before, month, paidUntil + 2), refused, state);
    }
  });
});

describe('while it is paused', () => {
  test('it may not be used, paymentState is 0, autoRenewing true, the expiry has passed', () => {
    assert.deepEqual(
      [running.status, mayUse(running, paidUntil + 1), autoRenewing(running), paymentState(running)],
      ['paused', false, true, 0],
    );
    assert.equal(running.expiresAt, paidUntil);
  });

  test('the published snapshot: paid to 17 August, paused to 16 September, resumed at 10:00 of that day', () => {
    const before = pausable('2022-07-17 14:04:01');
    const { subscription } = live(
      pause(before, month, before.startTime).subscription,
      korea('2022-09-01 00:00:00'),
    );
    assert.deepEqual(pauseOf(subscription), {
      startsAt: korea('2022-08-18 00:00:00'),
      endsAt: korea('2022-09-16 23:59:59'),
      resumesAt: korea('2022-09-16 10:00:00'),
    });
    assert.equal(localText(subscription.nextPaymentAt), '2022-09-16 10:00:00');
  });

  test('cancel ends it at once, with the expiry it had', () => {
    const at = korea('2026-03-01 12:00:00');
    const { subscription, entries } = checked(cancel(running, 'developer', at));
    assert.deepEqual(whats(entries), ['revoked']);
    assert.deepEqual(
      [subscription.status, subscription.expiresAt, subscription.cancelledAt, subscription.cancelReason],
      ['revoked', paidUntil, at, 0],
    );
    assert.deepEqual(
      [pauseOf(subscription), paymentState(subscription), subscription.dueAt],
      [null, null, null],
    );
  });

  test('defer is refused with InvalidPurchaseState, reactivate changes nothing', () => {
    const code = { code: 'InvalidPurchaseState' };
    assert.throws(() => defer(running, { deferPeriod: 1, cause: 'developer' }, paidUntil + 2), code);
    assert.deepEqual(reactivate(running, 'developer', paidUntil + 2).subscription, running);
  });

  test('void gives the latest payment back and ends it', () => {
    const { subscription, entries } = checked(
      voidSubscription(running, { reason: null, cause: 'operator' }, paidUntil + 2),
    );
    assert.deepEqual(
      entries.map(({ what, amountMicros }) => [what, amountMicros]),
      [['voided', -active.priceMicros]],
    );
    assert.deepEqual([subscription.expiresAt, subscription.dueAt], [paidUntil, null]);
  });

  test('another payment method pays nothing before its day', () => {
    const { subscription } = checked(changePayment(running, { method: 'ONEPAY' }, paidUntil + 2));
    assert.deepEqual(subscription.attemptAt, running.attemptAt);
  });
});

describe('to resume', () => {
  test('by time pays at 10:00 of the last day, which is the payment day of what follows', () => {
    const { entries, payments } = live(planned, korea('2026-06-01 00:00:00'));
    assert.deepEqual(dated(entries), [
      '2026-02-15 23:59:59.001 paused',
      '2026-03-17 10:00:00 resumed',
      '2026-04-17 10:00:00 renewed',
      '2026-05-17 10:00:00 renewed',
    ]);
    assert.deepEqual(
      payments.map(({ priceMicros }) => priceMicros),
      Array(3).fill(active.priceMicros),
    );
  });

  test('early pays at once, and that day becomes the payment day', () => {
    const at = korea('2026-02-28 18:30:00');
    const { subscription: asked, entries: none } = checked(resume(running, at));
    assert.deepEqual([none, asked.dueAt], [[], at]);
    const { subscription, entries } = live(asked, at);
    assert.deepEqual(dated(entries), ['2026-02-28 18:30:00 resumed']);
    assert.deepEqual(
      [subscription.status, localText(subscription.nextPaymentAt), subscription.pause],
      ['active', '2026-03-28 10:00:00', null],
    );
    assert.equal(localText(subscription.expiresAt), '2026-03-28 23:59:59');
  });

  test('in the first millisecond of the pause, and in the last before its payment, works', () => {
    for (const at of [paidUntil + 1, korea('2026-03-17 09:59:59.999')]) {
      const { entries } = live(resume(live(running, at).subscription, at).subscription, at);
      assert.deepEqual(
        entries.map((entry) => [entry.at, entry.what]),
        [[at, 'resumed']],
      );
    }
  });

  test('before the pause begins withdraws it, as if it had not been', () => {
    const { subscription, entries } = checked(resume(planned, now + 1));
    assert.deepEqual(subscription, { ...active, changedAt: now + 1 });
    assert.deepEqual(whats(entries), ['pauseWithdrawn']);
  });

  test('on the payment day after 10:00 withdraws it and pays at once; the payment day stays', () => {
    const at = korea('2026-02-15 20:00:00');
    const { subscription, entries } = live(resume(live(planned, at).subscription, at).subscription, at);
    assert.deepEqual(dated(entries), ['2026-02-15 20:00:00 renewed']);
    assert.equal(localText(subscription.nextPaymentAt), '2026-03-15 10:00:00');
  });

  test('without a pause, or after the end, is refused with InvalidState', () => {
    for (const before of [active, cancel(planned, 'buyer', now).subscription]) {
      assert.throws(() => resume(before, now + 1), refused);
    }
    const over = cancel(running, 'buyer', paidUntil + 2).subscription;
    assert.throws(() => resume(over, paidUntil + 3), refused);
  });
});

describe('the payment of a resume fails', () => {
  const end = korea('2026-03-17 10:00:00');

  test('the account hold begins with that day, whatever grace the product has', () => {
    for (const graceDays of [0, 7]) {
      const before = pausable('2026-01-15 12:00:00', { terms: { graceDays } });
      const { subscription, entries } = live(pause(before, month, now).subscription, end, declined);
      assert.deepEqual(dated(entries).slice(1), ['2026-03-17 10:00:00 declined', '2026-03-17 10:00:00 held']);
      assert.deepEqual(
        [subscription.status, subscription.pause, paymentState(subscription)],
        ['hold', null, 0],
      );
      assert.equal(localText(subscription.endsAt ?? 0), '2026-04-16 23:59:59');
      assert.deepEqual(
        [subscription.expiresAt, localText(subscription.nextPaymentAt)],
        [paidUntil, '2026-03-18 10:00:00'],
      );
    }
  });

  test('in the hold another attempt recovers it, and its day is the payment day', () => {
    const held = live(planned, end, declined).subscription;
    const at = korea('2026-03-20 12:00:00');
    const tried = live(held, at, declined).subscription;
    const { subscription, entries } = live(changePayment(tried, { method: 'ONEPAY' }, at).subscription, at);
    assert.deepEqual(dated(entries), ['2026-03-20 12:00:00 recovered']);
    assert.equal(localText(subscription.nextPaymentAt), '2026-04-20 10:00:00');
  });

  test('nobody pays within the hold: cancelled, cancelReason 1', () => {
    const { subscription, entries } = live(planned, korea('2026-05-01 00:00:00'), declined);
    assert.equal(dated(entries).at(-1), '2026-04-16 23:59:59.001 cancelled');
    assert.deepEqual([subscription.status, subscription.cancelReason], ['expired', 1]);
  });

  test('without an account hold it expires', () => {
    const before = pausable('2026-01-15 12:00:00', { terms: { holdDays: 0 } });
    const { subscription, entries } = live(pause(before, month, now).subscription, end, declined);
    assert.deepEqual(whats(entries), ['paused', 'declined', 'expired']);
    assert.deepEqual([subscription.status, subscription.expiresAt], ['expired', paidUntil]);
  });

  test('early: the hold counts from the day of the resume', () => {
    const at = korea('2026-02-28 18:30:00');
    const { subscription, entries } = live(resume(running, at).subscription, at, declined);
    assert.deepEqual(whats(entries), ['declined', 'held']);
    assert.equal(localText(subscription.endsAt ?? 0), '2026-03-30 23:59:59');
  });

  test('without an answer: paused to the end of its last day, then on hold; a late answer recovers it', () => {
    const lastSecond = korea('2026-03-17 23:59:59');
    const charges = new Map();
    const waiting = live(planned, lastSecond, { ...unanswered, charges });
    assert.deepEqual([waiting.subscription.status, whats(waiting.entries)], ['paused', ['paused']]);
    const held = live(waiting.subscription, lastSecond + 1, { ...unanswered, charges });
    assert.deepEqual([held.subscription.status, whats(held.entries)], ['hold', ['held']]);
    assert.equal(localText(held.subscription.endsAt ?? 0), '2026-04-16 23:59:59');
    const later = live(held.subscription, korea('2026-03-19 12:00:00'), { charges });
    assert.deepEqual(whats(later.entries), ['recovered']);
    assert.equal(charges.size, 1, 'one question, however often it was put');
  });

  test('an answer that comes on the last day of the pause resumes it, and the payment day stays', () => {
    const charges = new Map();
    const waiting = live(planned, end, { ...unanswered, charges }).subscription;
    const { subscription, entries } = live(waiting, end + minuteMs, { charges });
    assert.deepEqual(dated(entries), ['2026-03-17 10:01:00 resumed']);
    assert.equal(localText(subscription.nextPaymentAt), '2026-04-17 10:00:00');
  });

  test('cancelled while the answer is missing: it ends at once, and the money that was taken goes back', () => {
    const charges = new Map();
    const waiting = live(planned, end, { ...unanswered, charges }).subscription;
    const ended = checked(cancel(waiting, 'buyer', end + 1)).subscription;
    const { entries, payments } = live(ended, end + minuteMs, { charges });
    assert.deepEqual([whats(entries), payments], [['charged', 'refunded'], []]);
  });
});

describe('a scheduled pause meets', () => {
  test('a cancellation: it is dropped, and does not come back with a reactivation', () => {
    const cancelled = checked(cancel(planned, 'developer', now + 1)).subscription;
    assert.equal(pauseOf(cancelled), null);
    const again = checked(reactivate(cancelled, 'developer', now + 2)).subscription;
    assert.deepEqual(again, { ...active, changedAt: now + 2 });
    assert.deepEqual(whats(live(cancelled, paidUntil + 1).entries), ['expired']);
  });

  test('a void: it ends at once, and nothing of the pause is left', () => {
    const { subscription } = checked(voidSubscription(planned, { reason: null, cause: 'operator' }, now + 1));
    assert.deepEqual(
      [subscription.status, pauseOf(subscription), subscription.dueAt],
      ['revoked', null, null],
    );
  });

  test('a deferral: the pause moves with the end of the period, still without a payment before it', () => {
    const { subscription } = checked(defer(planned, { deferPeriod: 10, cause: 'developer' }, now + 1));
    assert.equal(localText(pauseOf(subscription)?.startsAt ?? 0), '2026-02-26 00:00:00');
    const { entries } = live(subscription, korea('2026-03-27 10:00:00'));
    assert.deepEqual(dated(entries), ['2026-02-25 23:59:59.001 paused', '2026-03-27 10:00:00 resumed']);
  });

  test('a price that is cut: the payment that resumes it has the new price', () => {
    const cut = announcePrice(planned, { priceMicros: 500_000_000, priceSeq: 1, at: now });
    const { payments, entries } = live(checked(cut).subscription, korea('2026-03-17 10:00:00'));
    assert.deepEqual(whats(entries), ['priceConfirmed', 'paused', 'resumed']);
    assert.deepEqual(
      payments.map(({ priceMicros }) => priceMicros),
      [500_000_000],
    );
  });

  test('a rise: agreed to, it is resumed at the new price; otherwise it expires without a payment', () => {
    const rise = announcePrice(planned, { priceMicros: 2_000_000_000, priceSeq: 1, at: now }).subscription;
    const asleep = live(rise, korea('2026-03-01 12:00:00')).subscription;
    const end = korea('2026-03-17 10:00:00');
    assert.deepEqual([asleep.status, nextPrice(asleep)], ['paused', active.priceMicros]);
    const agreed = answerPrice(asleep, { agreed: true }, korea('2026-03-01 12:00:00')).subscription;
    assert.equal(nextPrice(agreed), 2_000_000_000);
    assert.deepEqual(
      live(agreed, end).payments.map(({ priceMicros }) => priceMicros),
      [2_000_000_000],
    );
    const { subscription, entries, payments } = live(asleep, end);
    assert.deepEqual([whats(entries), payments], [['priceRefused', 'expired'], []]);
    assert.deepEqual(
      [subscription.status, subscription.expiresAt, subscription.cancelReason],
      ['expired', paidUntil, 1],
    );
  });
});
