// A free trial and a promotion (section 11.7): how many payments they cover, how they end, what they meet.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Subscription } from '../../src/domain/subscription.ts';
import {
  announcePrice,
  answerPrice,
  cancel,
  changePayment,
  defer,
  pause,
  reactivate,
  voidSubscription,
} from '../../src/domain/subscription-commands.ts';
import { nextPrice } from '../../src/domain/subscription-price.ts';
import { paymentState } from '../../src/domain/subscription-state.ts';
import {
  bought,
  checked,
  dated,
  dayMs,
  type Given,
  localInstant as korea,
  live,
  localText,
  minuteMs,
  sold,
  start,
  sumOf,
  whats,
} from './subscriptions.ts';

const low = 100_000_000;
const price = 1_100_000_000;
const promotion = { priceMicros: low, payments: 3 };
const declined = { answer: () => 'declined' as const };
const both: Given = { terms: { trialDays: 7, promotion, graceDays: 7, holdDays: 30, pausable: true } };
const only: Given = { terms: { promotion, graceDays: 7, holdDays: 30, pausable: true } };
/** The trial of 15 January 2026 ends on 22 January. */
const payment = korea('2026-01-22 10:00:00');
const amounts = (payments: readonly { priceMicros: number }[]) =>
  payments.map(({ priceMicros }) => priceMicros);
const rising = (before: Subscription, at: number) =>
  announcePrice(before, { priceMicros: 2_000_000_000, priceSeq: 1, at }).subscription;

describe('a free trial', () => {
  test('costs nothing, shows 2 and the price of what follows, and begins the use at once', () => {
    const { subscription, entries, payments } = sold(both);
    assert.deepEqual([sumOf(entries), amounts(payments)], [0, [0]]);
    assert.deepEqual(
      [paymentState(subscription), subscription.shownPriceMicros, nextPrice(subscription)],
      [2, 0, low],
    );
    assert.equal(localText(subscription.nextPaymentAt), '2026-01-22 10:00:00');
    assert.equal(localText(subscription.expiresAt), '2026-01-22 23:59:59');
    assert.equal(nextPrice(bought({ terms: { trialDays: 7 } })), price);
  });

  test('goes into the paid periods without a gap, over month ends and leap days, in both markets', () => {
    const golden = [
      ['MKT_ONE', '2026-01-24 18:00:00', 7, ['2026-01-31', '2026-02-28', '2026-03-28']],
      ['MKT_ONE', '2028-02-15 00:00:00', 14, ['2028-02-29', '2028-03-29', '2028-04-29']],
      ['MKT_GLB', '2027-12-31 23:59:59', 30, ['2028-01-30', '2028-02-29', '2028-03-29']],
      ['MKT_ONE', '2026-12-31 09:00:00', 1, ['2027-01-01', '2027-02-01', '2027-03-01']],
    ] as const;
    for (const [market, at, trialDays, days] of golden) {
      const before = bought({ market, purchaseTime: korea(at, market), terms: { trialDays } });
      const { entries } = live(before, korea(`${days[2]} 10:00:00`, market));
      assert.deepEqual(
        dated(entries, market),
        days.map((day) => `${day} 10:00:00 renewed`),
        at,
      );
    }
  });

  test('on shortened periods lasts three minutes', () => {
    const { entries } = live(bought({ ...both, calendar: 'sandbox' }), start + 8 * minuteMs);
    assert.deepEqual(
      entries.map(({ at, what }) => [at - start, what]),
      [
        [3 * minuteMs, 'renewed'],
        [8 * minuteMs, 'renewed'],
      ],
    );
  });

  test('cancelled is used to its last second and costs nothing; taken back it is paid as if nothing was', () => {
    const cancelled = checked(cancel(bought(both), 'buyer', start + dayMs)).subscription;
    assert.deepEqual([paymentState(cancelled), cancelled.status], [2, 'active']);
    const { entries, payments } = live(cancelled, payment + dayMs);
    assert.deepEqual([dated(entries), payments], [['2026-01-22 23:59:59.001 expired'], []]);
    const again = reactivate(cancelled, 'buyer', start + 2 * dayMs).subscription;
    assert.deepEqual(amounts(live(again, payment).payments), [low]);
  });

  test('whose first payment is declined goes into grace, and the promotion has lost nothing', () => {
    const { subscription, entries } = live(bought(both), payment, declined);
    assert.deepEqual(whats(entries), ['declined', 'graceStarted']);
    assert.deepEqual(
      [paymentState(subscription), subscription.promotionLeft, nextPrice(subscription)],
      [0, 3, low],
    );
    const paid = live(
      changePayment(subscription, { outcome: 'approve' }, payment + 1).subscription,
      payment + 1,
    );
    assert.deepEqual([amounts(paid.payments), paid.subscription.promotionLeft], [[low], 2]);
    assert.deepEqual([paymentState(paid.subscription), paid.subscription.trial], [1, false]);
  });

  test('that is voided gives nothing back; one that is deferred lasts longer', () => {
    const voided = voidSubscription(bought(both), { reason: null, cause: 'operator' }, start + 1);
    assert.equal(sumOf(voided.entries), 0);
    const longer = defer(bought(both), { deferPeriod: 10, cause: 'developer' }, start + 1).subscription;
    assert.deepEqual([paymentState(longer), localText(longer.nextPaymentAt)], [2, '2026-02-01 10:00:00']);
    assert.deepEqual(amounts(live(longer, korea('2026-02-01 10:00:00')).payments), [low]);
  });
});

describe('a promotion', () => {
  test('covers so many payments from the first on, then the normal price follows without a gap', () => {
    const { payments: first, subscription } = sold(only);
    const { payments, entries } = live(subscription, korea('2026-06-01 00:00:00'));
    assert.deepEqual(amounts([...first, ...payments]), [low, low, low, price, price]);
    assert.deepEqual(
      dated(entries),
      [2, 3, 4, 5].map((month) => `2026-0${month}-15 10:00:00 renewed`),
    );
  });

  test('covers so many payments behind a free trial', () => {
    const { payments } = live(bought(both), korea('2026-06-01 00:00:00'));
    assert.deepEqual(amounts(payments), [low, low, low, price, price]);
  });

  test('of one payment is over with it, and the next is shown at the normal price', () => {
    const before = bought({ terms: { promotion: { priceMicros: low, payments: 1 } } });
    assert.deepEqual(
      [before.shownPriceMicros, before.promotional, before.promotionLeft, nextPrice(before)],
      [low, true, 0, price],
    );
  });

  test('of no price costs nothing for its payments, and is no trial', () => {
    const before = bought({ terms: { promotion: { priceMicros: 0, payments: 2 } } });
    assert.deepEqual([paymentState(before), before.shownPriceMicros], [1, 0]);
    assert.deepEqual(amounts(live(before, korea('2026-03-15 10:00:00')).payments), [0, price]);
  });

  test('cancelled runs to the end of what is paid for; taken back, its payments are left', () => {
    const cancelled = cancel(bought(only), 'buyer', start + dayMs).subscription;
    assert.deepEqual(whats(live(cancelled, korea('2026-02-16 00:00:00')).entries), ['expired']);
    const again = reactivate(cancelled, 'buyer', start + 2 * dayMs).subscription;
    assert.deepEqual(amounts(live(again, korea('2026-04-15 10:00:00')).payments), [low, low, price]);
  });

  test('keeps its price through grace and hold: a declined payment uses none of it up', () => {
    const recoveredAt = korea('2026-03-01 12:00:00');
    const held = live(bought(only), recoveredAt, declined).subscription;
    assert.deepEqual([held.status, held.promotionLeft, nextPrice(held)], ['hold', 2, low]);
    const paying = changePayment(held, { outcome: 'approve' }, recoveredAt).subscription;
    const { payments, entries } = live(paying, korea('2026-05-01 12:00:00'));
    assert.deepEqual(dated(entries), [
      '2026-03-01 12:00:00 recovered',
      '2026-04-01 10:00:00 renewed',
      '2026-05-01 10:00:00 renewed',
    ]);
    assert.deepEqual(amounts(payments), [low, low, price]);
  });

  test('keeps its price through a pause', () => {
    const planned = pause(bought(only), { count: 1, unit: 'month' }, start + dayMs).subscription;
    const { payments } = live(planned, korea('2026-05-17 10:00:00'));
    assert.deepEqual(amounts(payments), [low, low, price]);
  });
});

describe('a change of price meets a promotion', () => {
  test('a rise waits for the end of the promotion: agreed to, it is the first normal price', () => {
    const told = live(rising(bought(only), start), start + 8 * dayMs).subscription;
    const agreed = answerPrice(told, { agreed: true }, start + 8 * dayMs).subscription;
    const { payments } = live(agreed, korea('2026-05-15 10:00:00'));
    assert.deepEqual(amounts(payments), [low, low, 2_000_000_000, 2_000_000_000]);
  });

  test('a rise that is not agreed to: every payment of the promotion is made, none after it', () => {
    const { payments, entries } = live(rising(bought(only), start), korea('2026-06-01 00:00:00'));
    assert.deepEqual(amounts(payments), [low, low]);
    assert.deepEqual(dated(entries), [
      '2026-01-22 12:00:00 priceTold',
      '2026-02-15 10:00:00 renewed',
      '2026-03-15 10:00:00 renewed',
      '2026-04-15 10:00:00 priceRefused',
      '2026-04-15 23:59:59.001 expired',
    ]);
  });

  test('a cut is the first normal price', () => {
    const cut = announcePrice(bought(only), {
      priceMicros: 900_000_000,
      priceSeq: 1,
      at: start,
    }).subscription;
    assert.deepEqual(amounts(live(cut, korea('2026-04-15 10:00:00')).payments), [low, low, 900_000_000]);
  });

  test('in a free trial: a cut is the first price that is paid, a rise within its time is not yet', () => {
    const trial = bought({ terms: { trialDays: 14 } });
    const end = korea('2026-01-29 10:00:00');
    const cut = announcePrice(trial, { priceMicros: 900_000_000, priceSeq: 1, at: start }).subscription;
    assert.deepEqual(amounts(live(cut, end).payments), [900_000_000]);
    assert.deepEqual(amounts(live(rising(trial, start), end).payments), [price]);
  });
});
