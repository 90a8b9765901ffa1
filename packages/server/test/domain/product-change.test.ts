// A change of product (section 11.6): the worked example, its reverse, and what each mode does on odd days.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProductChangeMode } from '@till/protocol/codes';
import {
  changeProduct,
  type ProductChange,
  scheduleSwitch,
  type Target,
} from '../../src/domain/product-change.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import {
  announcePrice,
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
  deepFreeze,
  type Given,
  inFlight,
  localInstant as korea,
  type Life,
  live,
  localText,
  minuteMs,
  start,
  targetOf,
  whats,
} from './subscriptions.ts';

type Immediate = Exclude<ProductChangeMode, 'DEFERRED'>;
const timed = 'IMMEDIATE_WITH_TIME_PRORATION';
const charged = 'IMMEDIATE_AND_CHARGE_PRORATED_PRICE';
const unprorated = 'IMMEDIATE_WITHOUT_PRORATION';
const immediate: readonly Immediate[] = [timed, charged, unprorated];
const won = 1_000_000;
const refused = { name: 'Refusal', code: 'InvalidState' };
const declined = { answer: () => 'declined' as const };

const names = { purchaseId: 'next payment', purchaseToken: 'next token', orderId: 'next order' };
function change(before: Subscription, target: Target, mode: Immediate, now: number): ProductChange {
  const given = { mode, names, mustAcknowledge: true, developerPayload: null };
  const { replaced, begun } = changeProduct(before, target, given, now);
  return { replaced: checked(replaced), begun: checked(begun) };
}
const deferred = (before: Subscription, target: Target, now: number) =>
  checked(scheduleSwitch(before, target, { mustAcknowledge: false }, now)).subscription;
/** What was begun, without the three days in which it must be acknowledged. */
const acknowledged = ({ begun }: ProductChange): Subscription => ({
  ...begun.subscription,
  acknowledgeBy: null,
  dueAt: begun.subscription.attemptAt,
});
const paidOf = ({ begun }: ProductChange) => (begun.payments[0]?.priceMicros ?? Number.NaN) / won;
const priced = ({ payments }: Pick<Life, 'payments'>) => payments.map(({ priceMicros }) => priceMicros / won);

/** A costs 2,000 a month and is paid on the 1st; B costs 36,000 a year. */
const a: Given = { productId: 'a', priceMicros: 2_000 * won, purchaseTime: korea('2026-03-01 12:00:00') };
const b = targetOf({
  productId: 'b',
  priceMicros: 36_000 * won,
  terms: { period: 'P1Y', graceDays: 40, holdDays: 30 },
});
const april = korea('2026-04-15 12:00:00');
const onA = (given: Given = {}) => live(bought({ ...a, ...given }), april).subscription;

describe('the worked example: A at 2,000 a month paid on the 1st, on 15 April to B at 36,000 a year', () => {
  for (const [mode, paidNow, next, after] of [
    [timed, 0, '2026-04-26', '2027-04-26'],
    [charged, 500, '2026-05-01', '2027-05-01'],
    [unprorated, 0, '2026-05-01', '2027-05-01'],
  ] as const) {
    test(`${mode}: ${paidNow} now, 36,000 on ${next} and yearly`, () => {
      for (const time of ['00:00:00', '12:00:00', '23:59:59.999']) {
        const now = korea(`2026-04-15 ${time}`);
        const done = change(live(bought(a), now).subscription, b, mode, now);
        assert.equal(paidOf(done), paidNow);
        const { subscription } = done.begun;
        assert.equal(localText(subscription.nextPaymentAt), `${next} 10:00:00`);
        assert.equal(localText(subscription.expiresAt), `${next} 23:59:59`);
        assert.deepEqual(
          [subscription.startTime, subscription.shownPriceMicros, nextPrice(subscription)],
          [now, b.priceMicros, b.priceMicros],
        );
        assert.deepEqual([paymentState(subscription), subscription.creditMicros], [1, 0]);
        const life = live(acknowledged(done), korea(`${after} 10:00:00`));
        assert.deepEqual(priced(life), [36_000, 36_000]);
        assert.deepEqual(dated(life.entries), [`${next} 10:00:00 renewed`, `${after} 10:00:00 renewed`]);
      }
    });
  }

  test('DEFERRED: A until 30 April, 36,000 on 1 May and yearly', () => {
    const waiting = deferred(onA(), b, april);
    assert.deepEqual(
      [paymentState(waiting), waiting.productId, nextPrice(waiting), localText(waiting.nextPaymentAt)],
      [3, 'a', 36_000 * won, '2026-05-01 10:00:00'],
    );
    const may = korea('2026-05-01 10:00:00');
    const quiet = live(waiting, may - 1);
    assert.deepEqual([quiet.entries, quiet.subscription.status], [[], 'active']);
    const begun = switched(quiet.subscription, may);
    assert.equal(localText(begun.nextPaymentAt), '2027-05-01 10:00:00');
    assert.deepEqual(priced(live(begun, korea('2027-05-01 10:00:00'))), [36_000]);
  });
});

describe('its reverse: B at 36,000 a year, bought on 15 April 2026, on 15 October to A at 2,000 a month', () => {
  const onB: Given = {
    productId: 'b',
    priceMicros: 36_000 * won,
    purchaseTime: april,
    terms: { period: 'P1Y' },
  };
  const october = korea('2026-10-15 09:00:00');
  const yearly = live(bought(onB), october).subscription;
  const target = targetOf({ productId: 'a', priceMicros: 2_000 * won });

  test('181 of 365 days are 17,852 won: 267 days of A, and 52 won less on 10 July 2027', () => {
    const done = change(yearly, target, timed, october);
    const { subscription } = done.begun;
    assert.deepEqual([paidOf(done), localText(subscription.nextPaymentAt)], [0, '2027-07-10 10:00:00']);
    assert.deepEqual([subscription.periodValueMicros, subscription.creditMicros], [17_800 * won, 52_054_794]);
    assert.equal(nextPrice(subscription), 1_948 * won);
    const life = live(acknowledged(done), korea('2027-09-10 10:00:00'));
    assert.deepEqual(priced(life), [1_948, 2_000, 2_000]);
    assert.deepEqual(
      [life.subscription.creditMicros, life.subscription.shownPriceMicros],
      [54_794, 2_000 * won],
    );
  });

  test('the price difference is not charged for what costs less', () => {
    assert.throws(() => change(yearly, target, charged, october), refused);
  });

  test('without proration, and DEFERRED: 2,000 on 15 April 2027 and monthly', () => {
    const { subscription } = change(yearly, target, unprorated, october).begun;
    assert.equal(localText(subscription.nextPaymentAt), '2027-04-15 10:00:00');
    const waiting = deferred(yearly, target, october);
    const begun = switched(waiting, korea('2027-04-15 10:00:00'));
    assert.deepEqual(
      [localText(begun.nextPaymentAt), begun.lastPaidMicros],
      ['2027-05-15 10:00:00', 2_000 * won],
    );
  });
});

test('the published snapshot: a week at 700 bought on 12 July is 30 days at 600 a month, paid on 12 August', () => {
  const now = korea('2022-07-12 14:57:29');
  const weekly = bought({ priceMicros: 700 * won, purchaseTime: now, terms: { period: 'P1W' } });
  const { begun } = change(weekly, targetOf({ priceMicros: 600 * won }), timed, now);
  assert.equal(localText(begun.subscription.nextPaymentAt), '2022-08-12 10:00:00');
  assert.equal(localText(begun.subscription.expiresAt), '2022-08-12 23:59:59');
  assert.equal(begun.subscription.linkedPurchaseToken, weekly.purchaseToken);
});

describe('a change at once', () => {
  for (const mode of immediate) {
    test(`${mode} ends the old one, voided without money, and begins one that must be acknowledged`, () => {
      const before = onA();
      const { replaced, begun } = change(before, b, mode, april);
      const old = replaced.subscription;
      assert.deepEqual(
        [old.status, old.expiresAt, old.voidedAt, old.cancelReason],
        ['revoked', april, april, 1],
      );
      assert.deepEqual([old.dueAt, old.renewing, paymentState(old)], [null, false, null]);
      assert.deepEqual(
        replaced.entries.map(({ what, amountMicros, purchaseId }) => [what, amountMicros, purchaseId]),
        [['replaced', 0, before.lastPurchaseId]],
      );
      const { subscription, entries, payments } = begun;
      assert.deepEqual(
        [subscription.purchaseToken, subscription.linkedPurchaseToken, subscription.buyerId],
        [names.purchaseToken, before.purchaseToken, before.buyerId],
      );
      assert.equal(subscription.acknowledgeBy, april + 3 * dayMs);
      assert.deepEqual([whats(entries), payments.length], [['purchased'], 1]);
      assert.deepEqual(
        [payments[0]?.acknowledgedAt, payments[0]?.purchaseToken],
        [null, names.purchaseToken],
      );
    });
  }

  test('on the payment day before 10:00 has no rest: time proration is paid tomorrow, the others today', () => {
    const now = korea('2026-05-01 09:59:59.999');
    const before = live(bought(a), now).subscription;
    assert.equal(
      localText(change(before, b, timed, now).begun.subscription.nextPaymentAt),
      '2026-05-02 10:00:00',
    );
    for (const mode of [charged, unprorated] as const) {
      const done = change(before, b, mode, now);
      assert.deepEqual(
        [paidOf(done), localText(done.begun.subscription.nextPaymentAt)],
        [0, '2026-05-01 10:00:00'],
      );
    }
  });

  test('on the payment day from 10:00 on converts all but today of the period that was just paid', () => {
    const now = korea('2026-05-01 10:00:00');
    const before = live(bought(a), now).subscription;
    const { subscription } = change(before, b, timed, now).begun;
    // 30 of 31 days of 2,000 won: 19.35 days of 100 won
    assert.equal(localText(subscription.nextPaymentAt), '2026-05-21 10:00:00');
    assert.equal(subscription.creditMicros, 35_483_870);
    // 36,000 a year are 3,000 a month, of which 30 of 31 days; the rest of A is worth 1,935.48
    assert.equal(paidOf(change(before, b, charged, now)), 967);
  });

  test('in the first period, and in a leap February, counts the days of that period', () => {
    const leap = bought({ ...a, purchaseTime: korea('2028-02-01 08:00:00') });
    const now = korea('2028-02-15 20:00:00');
    // 14 of 29 days
    assert.equal(change(leap, b, timed, now).begun.subscription.creditMicros, 65_517_241);
    assert.equal(paidOf(change(leap, b, charged, now)), Math.floor((3000 * 14) / 29 - (2000 * 14) / 29));
  });

  test('of what is cancelled begins one that renews', () => {
    const cancelled = cancel(onA(), 'buyer', april).subscription;
    for (const mode of immediate) {
      const { subscription } = change(cancelled, b, mode, april).begun;
      assert.deepEqual([subscription.renewing, subscription.cancelledAt], [true, null]);
    }
  });

  test('of what is cancelled, on its payment day after 10:00, is paid at once where the payment day is kept', () => {
    const evening = korea('2026-05-01 20:00:00');
    const cancelled = live(cancel(onA(), 'buyer', april).subscription, evening).subscription;
    const done = change(cancelled, b, unprorated, evening);
    const { entries, subscription } = live(acknowledged(done), evening);
    assert.deepEqual(dated(entries), ['2026-05-01 20:00:00 renewed']);
    assert.equal(localText(subscription.nextPaymentAt), '2027-05-01 10:00:00');
  });

  test('after a deferral: what was paid is spread over the longer period', () => {
    const longer = defer(onA(), { deferPeriod: 10, cause: 'developer' }, april).subscription;
    // 25 of 40 days of 2,000 won are 1,250 won: 12 days of 100, and 50 won over
    const { subscription } = change(longer, b, timed, april).begun;
    assert.deepEqual(
      [localText(subscription.nextPaymentAt), subscription.creditMicros],
      ['2026-04-28 10:00:00', 50 * won],
    );
    // 25 days of 100 won less those 1,250
    assert.equal(paidOf(change(longer, b, charged, april)), 1_250);
  });

  test('twice on one day, there and back, loses nothing but what is smaller than a day', () => {
    const there = change(onA(), b, timed, april);
    const back = change(
      acknowledged(there),
      targetOf({ productId: 'a', priceMicros: 2_000 * won }),
      timed,
      april,
    );
    assert.equal(localText(back.begun.subscription.nextPaymentAt), '2026-05-01 10:00:00');
    assert.deepEqual(
      [back.begun.subscription.periodValueMicros, back.begun.subscription.creditMicros],
      [1_000 * won, 0],
    );
  });

  test('twice in one cycle counts what is left of the converted days', () => {
    const there = acknowledged(change(onA(), b, timed, april));
    const later = korea('2026-04-20 12:00:00');
    // 21 to 25 April: 5 of 10 days of 100 won
    const { subscription } = change(
      there,
      targetOf({ productId: 'c', priceMicros: 3_000 * won }),
      timed,
      later,
    ).begun;
    assert.deepEqual(
      [localText(subscription.nextPaymentAt), subscription.creditMicros],
      ['2026-04-26 10:00:00', 0],
    );
    const dearer = targetOf({ productId: 'd', priceMicros: 72_000 * won, terms: { period: 'P1Y' } });
    assert.equal(paidOf(change(there, dearer, charged, later)), 500);
  });

  test('to a dearer one with little left: no whole day can be had, so it is paid tomorrow, less the credit', () => {
    const now = korea('2026-04-30 12:00:00');
    const before = live(bought(a), korea('2026-04-29 12:00:00')).subscription;
    const dear = targetOf({ priceMicros: 300_000 * won });
    const { subscription } = change(before, dear, timed, korea('2026-04-29 12:00:00')).begun;
    assert.deepEqual(
      [localText(subscription.nextPaymentAt), nextPrice(subscription) / won],
      ['2026-04-30 10:00:00', 299_934],
    );
    assert.equal(
      change(live(bought(a), now).subscription, dear, timed, now).begun.subscription.creditMicros,
      0,
    );
  });

  test('to what is free: what was paid is credit, and the next payment costs nothing', () => {
    const free = targetOf({ productId: 'free', priceMicros: 0 });
    const { subscription } = change(onA(), free, timed, april).begun;
    assert.deepEqual(
      [localText(subscription.nextPaymentAt), subscription.creditMicros, subscription.periodValueMicros],
      ['2026-04-16 10:00:00', 1_000 * won, 0],
    );
    assert.throws(() => change(onA(), free, charged, april), refused);
    const later = live(
      { ...subscription, acknowledgeBy: null, dueAt: subscription.attemptAt },
      korea('2026-05-16 10:00:00'),
    );
    assert.deepEqual([priced(later), later.subscription.creditMicros], [[0, 0], 1_000 * won]);
  });

  test('from a free trial has nothing to convert: time proration is paid tomorrow', () => {
    const trial = bought({ ...a, purchaseTime: april, terms: { trialDays: 14 } });
    const done = change(trial, b, timed, april + dayMs);
    assert.deepEqual(
      [localText(done.begun.subscription.nextPaymentAt), done.begun.subscription.creditMicros],
      ['2026-04-17 10:00:00', 0],
    );
    const kept = change(trial, b, unprorated, april + dayMs).begun.subscription;
    assert.deepEqual([localText(kept.nextPaymentAt), paymentState(kept)], ['2026-04-29 10:00:00', 1]);
  });

  test('in dollars charges whole cents, and keeps what is below a cent', () => {
    const dollars = { ...a, currency: 'USD', market: 'MKT_GLB', priceMicros: 4_990_000 } as const;
    const now = korea('2026-04-15 12:00:00', 'MKT_GLB');
    const before = live(
      bought({ ...dollars, purchaseTime: korea('2026-03-01 12:00:00', 'MKT_GLB') }),
      now,
    ).subscription;
    const target = targetOf({ currency: 'USD', priceMicros: 7_990_000 });
    // 15 of 30 days: 3.995 less 2.495 are 1.50
    assert.equal(change(before, target, charged, now).begun.payments[0]?.priceMicros, 1_500_000);
    const odd = targetOf({ currency: 'USD', priceMicros: 6_660_000 });
    assert.equal(change(before, odd, charged, now).begun.payments[0]?.priceMicros, 830_000, '0.835');
    // 2.495 are 9.368 days of 0.26633: 9 days cost 2.397, and 0.098 is credit, of which 0.09 can be paid with
    const { subscription } = change(
      before,
      targetOf({ currency: 'USD', priceMicros: 7_990_000 }),
      timed,
      now,
    ).begun;
    assert.deepEqual([subscription.creditMicros, nextPrice(subscription)], [98_000, 7_900_000]);
  });

  test('on shortened periods counts milliseconds', () => {
    const before = bought({ calendar: 'sandbox', priceMicros: 2_000 * won });
    const now = start + 2 * minuteMs;
    const yearly = targetOf({ priceMicros: 36_000 * won, terms: { period: 'P1Y' } });
    // 3 of 5 minutes are 1,200 won, which is one minute of a year of 30 minutes at 36,000
    const { subscription } = change(before, yearly, timed, now).begun;
    assert.deepEqual([subscription.nextPaymentAt, subscription.creditMicros], [now + minuteMs, 0]);
    assert.equal(paidOf(change(before, yearly, charged, now)), 2_400);
  });

  test('keeps a promotion of the new product with time proration alone, and its free trial never', () => {
    const promotion = { priceMicros: 9_000 * won, payments: 2 };
    const target = { ...b, terms: { ...b.terms, promotion, trialDays: 30 } };
    const expected = { [timed]: [9_000, 9_000, 36_000], [charged]: [36_000, 36_000, 36_000] };
    for (const mode of [timed, charged] as const) {
      const life = live(acknowledged(change(onA(), target, mode, april)), korea('2028-05-01 10:00:00'));
      assert.deepEqual(priced(life), expected[mode], mode);
    }
    const waiting = deferred(onA(), target, april);
    assert.equal(nextPrice(waiting), 36_000 * won);
  });

  test('to what costs next to nothing makes a hundred years of it, and credit of the rest', () => {
    for (const calendar of ['commercial', 'sandbox'] as const) {
      const dear = bought({ ...a, calendar, priceMicros: 9_007_199_254_000_000 });
      const at = dear.startTime + 1_000;
      const { subscription } = change(dear, targetOf({ priceMicros: 1 }), timed, at).begun;
      assert.ok(
        subscription.nextPaymentAt > at + 36_499 * dayMs && subscription.nextPaymentAt < at + 36_502 * dayMs,
      );
      assert.ok(
        Number.isSafeInteger(subscription.creditMicros) && subscription.creditMicros > 8_000_000_000_000_000,
      );
    }
  });

  test('credit lasts over as many payments as it takes, in whole coins', () => {
    const dear = bought({ ...a, priceMicros: 100_000 * won, purchaseTime: april, terms: { period: 'P1Y' } });
    const free = change(dear, targetOf({ productId: 'free', priceMicros: 0 }), timed, april);
    const cheap = change(
      acknowledged(free),
      targetOf({ productId: 'c', priceMicros: 40_000 * won }),
      unprorated,
      april,
    );
    assert.equal(cheap.begun.subscription.creditMicros, 99_726_027_397);
    const { payments, subscription } = live(acknowledged(cheap), korea('2026-07-16 10:00:00'));
    assert.deepEqual(priced({ payments }), [0, 0, 20_274, 40_000]);
    assert.equal(subscription.creditMicros, 27_397);
  });
});

describe('a change is refused with InvalidState, and nothing changes', () => {
  const graced = onA({ terms: { graceDays: 7, holdDays: 30, pausable: true } });
  const may = korea('2026-05-01 10:00:00');
  const promoted = { terms: { promotion: { priceMicros: won, payments: 3 } } };
  const cases: readonly [string, Subscription, number, Target?][] = [
    ['in grace', live(graced, may, declined).subscription, may],
    ['on hold', live(graced, may + 10 * dayMs, declined).subscription, may + 10 * dayMs],
    ['unpaid', live(onA({ terms: { holdDays: 30 } }), may, declined).subscription, may],
    [
      'paused',
      live(pause(graced, { count: 1, unit: 'month' }, april).subscription, may + dayMs).subscription,
      may + dayMs,
    ],
    ['with a pause scheduled', pause(graced, { count: 1, unit: 'month' }, april).subscription, april],
    ['while a charge is in flight', inFlight(onA()).subscription, may],
    ['on a promotion', onA(promoted), april],
    [
      'in a free trial before a promotion',
      bought({ ...a, terms: { trialDays: 90, ...promoted.terms } }),
      april,
    ],
    ['expired', live(cancel(onA(), 'buyer', april).subscription, may + dayMs).subscription, may + dayMs],
    ['voided', voidSubscription(onA(), { reason: null, cause: 'operator' }, april).subscription, april],
    ['of a monthly product', onA({ type: 'auto' }), april],
    ['to the product that it is', onA(), april, { ...b, productId: 'a' }],
    ['to another currency', onA(), april, { ...b, currency: 'USD' }],
  ];
  for (const [state, before, now, target = b] of cases) {
    test(state, () => {
      for (const mode of immediate) assert.throws(() => change(before, target, mode, now), refused, mode);
      assert.throws(() => deferred(before, target, now), refused, 'DEFERRED');
    });
  }

  test('DEFERRED where it is cancelled: there is no payment to change with', () => {
    assert.throws(() => deferred(cancel(onA(), 'buyer', april).subscription, b, april), refused);
  });

  test('the price difference where a day costs as much or less, whatever the period', () => {
    for (const [priceMicros, period] of [
      [24_000, 'P1Y'],
      [2_000, 'P1M'],
      [6_000, 'P3M'],
      [466, 'P1W'],
      [12_000, 'P6M'],
    ] as const) {
      const target = targetOf({ priceMicros: priceMicros * won, terms: { period } });
      assert.throws(() => change(onA(), target, charged, april), refused, period);
      const dearer = { ...target, priceMicros: target.priceMicros + won };
      assert.doesNotThrow(() => change(onA(), dearer, charged, april), period);
    }
  });

  test('where the amount cannot be written any more', () => {
    const yearly = bought({ ...a, purchaseTime: april, terms: { period: 'P1Y' } });
    const largest = targetOf({ priceMicros: 9_007_199_254_000_000, terms: { period: 'P1W' } });
    assert.throws(() => change(yearly, largest, charged, april), refused);
  });
});

describe('a DEFERRED change', () => {
  const may = korea('2026-05-01 10:00:00');
  const waiting = deferred(onA({ terms: { graceDays: 40, holdDays: 30, pausable: true } }), b, april);

  test('begins the new one with the payment, under its own token, and ends the old one without money', () => {
    const { subscription, entries, payments, begun } = settled(waiting, may);
    assert.deepEqual(
      entries.map(({ what, amountMicros }) => [what, amountMicros]),
      [['replaced', 0]],
    );
    assert.deepEqual([payments, subscription.status, subscription.expiresAt], [[], 'revoked', may]);
    assert.deepEqual(
      begun.entries.map(({ what, amountMicros }) => [what, amountMicros]),
      [['switched', b.priceMicros]],
    );
    const next = begun.subscription;
    assert.notEqual(next.purchaseToken, subscription.purchaseToken);
    assert.deepEqual([next.productId, next.linkedPurchaseToken], ['b', subscription.purchaseToken]);
    assert.equal(next.periodValueMicros, b.priceMicros);
  });

  test('a second one takes the place of the first, a change at once ends the waiting', () => {
    const c = targetOf({ productId: 'c', priceMicros: 500 * won });
    const second = deferred(waiting, c, april + 1);
    assert.deepEqual([second.switchTo?.productId, nextPrice(second)], ['c', 500 * won]);
    const { replaced } = change(waiting, c, timed, april + 1);
    assert.equal(replaced.subscription.switchTo, null);
  });

  test('is dropped by a cancellation, and stays dropped when that is taken back', () => {
    const cancelled = checked(cancel(waiting, 'buyer', april + 1)).subscription;
    assert.deepEqual([cancelled.switchTo, paymentState(cancelled)], [null, 1]);
    const again = reactivate(cancelled, 'buyer', april + 2).subscription;
    assert.deepEqual(priced(live(again, may)), [2_000]);
  });

  test('is moved by a deferral, and keeps a pause away', () => {
    const later = defer(waiting, { deferPeriod: 10, cause: 'developer' }, april + 1).subscription;
    assert.equal(
      localText(switched(later, korea('2026-05-11 10:00:00')).nextPaymentAt),
      '2027-05-11 10:00:00',
    );
    assert.throws(() => pause(waiting, { count: 1, unit: 'month' }, april + 1), refused);
  });

  test('whose payment is declined goes into grace and hold, and happens when it is paid', () => {
    const failed = live(waiting, may, declined).subscription;
    assert.deepEqual([failed.status, failed.productId, paymentState(failed)], ['grace', 'a', 0]);
    const paying = changePayment(failed, { outcome: 'approve' }, may + dayMs).subscription;
    assert.equal(
      localText(switched(paying, may + dayMs).nextPaymentAt),
      '2027-05-01 10:00:00',
      'the day stays',
    );
    const holding = korea('2026-06-12 12:00:00');
    const held = live(waiting, holding, declined).subscription;
    assert.equal(held.status, 'hold');
    const late = changePayment(held, { outcome: 'approve' }, holding).subscription;
    assert.equal(
      localText(switched(late, holding).nextPaymentAt),
      '2027-06-12 10:00:00',
      'the day of recovery',
    );
  });

  test('paid so late in grace that the first period would be over: that day is the payment day', () => {
    const weekly = deferred(waiting, targetOf({ productId: 'w', terms: { period: 'P1W' } }), april + 1);
    const late = korea('2026-05-20 12:00:00');
    const grace = live(weekly, late, declined).subscription;
    assert.equal(grace.status, 'grace');
    const begun = switched(changePayment(grace, { outcome: 'approve' }, late).subscription, late);
    assert.equal(localText(begun.nextPaymentAt), '2026-05-27 10:00:00');
  });

  test('the price of the old product that changes meanwhile is not heard of', () => {
    const heard = announcePrice(waiting, { priceMicros: won, priceSeq: 1, at: april + 1 }).subscription;
    assert.equal(switched(heard, may).lastPaidMicros, b.priceMicros);
  });

  test('cancelled while the answer of its payment is missing: approved, it is the new one, cancelled', () => {
    const { subscription: asked, charge } = inFlight(waiting);
    const cancelled = checked(cancel(asked, 'buyer', may + 1)).subscription;
    const { begun, entries } = settled(cancelled, may + minuteMs, new Map([[charge.number, charge]]));
    assert.deepEqual(whats(entries), ['replaced']);
    const next = begun.subscription;
    assert.deepEqual(
      [next.productId, next.lastPaidMicros, next.renewing, next.attemptAt, next.cancelReason],
      ['b', b.priceMicros, false, null, 0],
    );
    assert.deepEqual(whats(live(next, korea('2027-05-02 00:00:00')).entries), ['expired']);
  });

  test('cancelled while the answer is missing: declined, nothing waits any more', () => {
    const { subscription: asked, charge } = inFlight(waiting);
    const cancelled = cancel(asked, 'buyer', may + 1).subscription;
    const charges = new Map([[charge.number, charge]]);
    const { subscription } = live(cancelled, may + minuteMs, { ...declined, charges });
    assert.deepEqual(
      [subscription.switchTo, subscription.status, subscription.renewing],
      [null, 'active', false],
    );
    const again = live(reactivate(subscription, 'buyer', may + minuteMs).subscription, may + minuteMs);
    assert.deepEqual(priced(again), [2_000]);
  });
});

/** What a payment that a switch waited for leaves of both. */
function settled(before: Subscription, until: number, charges = new Map()) {
  const life = live(before, until, { charges });
  const begun = life.begun ?? assert.fail('a subscription begins');
  return { ...life, begun: deepFreeze(begun) };
}

function switched(before: Subscription, until: number): Subscription {
  return settled(before, until).begun.subscription;
}
