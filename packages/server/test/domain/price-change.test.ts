// A change of price for running subscribers (section 11.5): quiet, told, agreed to or not, cut, taken back, replaced.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scheduleSwitch } from '../../src/domain/product-change.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import {
  announcePrice,
  answerPrice,
  cancel,
  changePayment,
  defer,
  reactivate,
} from '../../src/domain/subscription-commands.ts';
import { nextPrice } from '../../src/domain/subscription-price.ts';
import {
  bought,
  checked,
  dated,
  dayMs,
  type Given,
  inFlight,
  localInstant as korea,
  live,
  minuteMs,
  start,
  targetOf,
  whats,
} from './subscriptions.ts';

const refused = { name: 'Refusal', code: 'InvalidState' };
const old = 1_000_000_000;
const high = 1_200_000_000;
const cheap = 900_000_000;
const month = { priceMicros: old, terms: { holdDays: 30 } };
/** Bought on 15 January at 12:00; the price changes on 20 January at 12:00. */
const at = korea('2026-01-20 12:00:00');
const toldAt = korea('2026-01-27 12:00:00');
const dueAt = korea('2026-02-26 12:00:00');
/** The first payment at or behind the end of the consent. */
const payment = korea('2026-03-15 10:00:00');
const active = bought(month);

const priced = (before: Subscription, priceMicros: number, when = at) =>
  checked(announcePrice(before, { priceMicros, priceSeq: before.priceSeq + 1, at: when })).subscription;
const answered = (before: Subscription, agreed: boolean, when: number) =>
  checked(answerPrice(live(before, when).subscription, { agreed }, when)).subscription;
const paid = (before: Subscription, until: number) =>
  live(before, until).payments.map(({ priceMicros }) => priceMicros / 1_000_000);
const weekly: Given = { priceMicros: old, terms: { period: 'P1W' } };

describe('the seven quiet days', () => {
  test('nothing happens and nothing is paid otherwise, to their last millisecond', () => {
    const { subscription, entries } = live(priced(active, high), toldAt - 1);
    assert.deepEqual(entries, []);
    assert.deepEqual(
      subscription.priceChanges.map(({ told }) => told),
      [false],
    );
    assert.deepEqual([nextPrice(subscription), subscription.priceMicros], [old, old]);
  });

  test('a payment within them has the old price, of a cut too', () => {
    const before = bought(weekly);
    assert.deepEqual(paid(priced(before, cheap), korea('2026-01-22 10:00:00')), [1000]);
  });

  test('taken back within them it leaves the subscriber untouched', () => {
    for (const priceMicros of [high, cheap]) {
      const back = priced(priced(active, priceMicros), old, toldAt - 1);
      assert.deepEqual(back.priceChanges, []);
      assert.deepEqual(live(back, payment).entries, live(active, payment).entries);
    }
  });

  test('a second change within them replaces the first, and its own seven days begin', () => {
    const second = priced(priced(active, high), 1_500_000_000, toldAt - 1);
    assert.deepEqual(
      second.priceChanges.map(({ previousMicros, newMicros, toldAt: told }) => [
        previousMicros,
        newMicros,
        told,
      ]),
      [[old, 1_500_000_000, toldAt - 1 + 7 * dayMs]],
    );
    const cut = priced(priced(active, high), cheap, at + dayMs);
    assert.deepEqual(
      cut.priceChanges.map(({ needsConsent }) => needsConsent),
      [false],
    );
    assert.deepEqual(paid(cut, payment), [900, 900]);
  });

  test('the same price again changes nothing but the number', () => {
    const same = priced(active, old);
    assert.deepEqual(same, { ...active, priceSeq: 1 });
  });

  test('a change that has been heard of already, or before the purchase, is not heard again', () => {
    const once = priced(active, high);
    const again = announcePrice(once, { priceMicros: cheap, priceSeq: 1, at: at + 1 });
    assert.deepEqual([again.subscription, again.entries], [once, []]);
    const later = bought({ ...month, priceSeq: 4 });
    assert.deepEqual(announcePrice(later, { priceMicros: high, priceSeq: 4, at }).subscription, later);
  });
});

describe('a cut', () => {
  test('is told after seven days and needs no consent; the next payment has it, and those behind it', () => {
    const { subscription, entries } = live(priced(active, cheap), toldAt);
    assert.deepEqual(dated(entries), ['2026-01-27 12:00:00 priceConfirmed']);
    assert.equal(nextPrice(subscription), cheap);
    assert.deepEqual(paid(subscription, payment), [900, 900]);
    const after = live(subscription, payment).subscription;
    assert.deepEqual([after.priceMicros, after.priceChanges], [cheap, []]);
  });

  test('told at the very instant of a payment, it is the price of that payment; a millisecond later it is not', () => {
    const due = active.nextPaymentAt;
    assert.deepEqual(paid(priced(active, cheap, due - 7 * dayMs), due), [900]);
    assert.deepEqual(paid(priced(active, cheap, due - 7 * dayMs + 1), due), [1000]);
  });

  test('waits for no answer', () => {
    const told = live(priced(active, cheap), toldAt).subscription;
    for (const agreed of [true, false]) assert.throws(() => answerPrice(told, { agreed }, toldAt), refused);
  });

  test('to nothing is possible', () => {
    assert.deepEqual(paid(priced(active, 0), payment), [0, 0]);
  });
});

describe('a rise', () => {
  test('is told after seven days; a payment within the thirty days of consent has the old price', () => {
    const { entries } = live(priced(active, high), dueAt);
    assert.deepEqual(dated(entries), ['2026-01-27 12:00:00 priceTold', '2026-02-15 10:00:00 renewed']);
    assert.deepEqual(paid(priced(active, high), dueAt), [1000]);
    const agreed = answered(priced(active, high), true, toldAt);
    assert.deepEqual(paid(agreed, dueAt), [1000], 'agreed to early, it still waits');
  });

  test('cannot be agreed to before it is told, nor where there is none', () => {
    const quiet = live(priced(active, high), toldAt - 1).subscription;
    for (const before of [active, quiet]) {
      for (const agreed of [true, false])
        assert.throws(() => answerPrice(before, { agreed }, toldAt - 1), refused);
    }
  });

  test('agreed to, it is the price from the first payment at or behind the end of the thirty days', () => {
    const agreed = answered(priced(active, high), true, toldAt);
    assert.equal(nextPrice(agreed), old, 'of 15 February');
    const { subscription, entries } = live(agreed, payment + 31 * dayMs);
    assert.deepEqual(dated(entries).slice(1), ['2026-03-15 10:00:00 renewed', '2026-04-15 10:00:00 renewed']);
    assert.deepEqual(paid(agreed, payment + 31 * dayMs), [1000, 1200, 1200]);
    assert.deepEqual([subscription.priceMicros, subscription.priceChanges], [high, []]);
  });

  test('a payment at the very end of the thirty days has it; a millisecond before it has not', () => {
    const due = active.nextPaymentAt;
    const early = bought({ ...month, purchaseTime: korea('2026-02-15 12:00:00') });
    const next = early.nextPaymentAt;
    assert.ok(next > due);
    for (const [when, price] of [
      [next - 37 * dayMs, 1200],
      [next - 37 * dayMs + 1, 1000],
    ] as const) {
      const agreed = answered(priced(early, high, when), true, next - 1);
      assert.deepEqual(paid(agreed, next), [price]);
    }
  });

  test('may be agreed to to the last millisecond before that payment', () => {
    const last = answered(priced(active, high), true, payment - 1);
    assert.deepEqual(paid(last, payment), [1200]);
    const over = live(priced(active, high), payment).subscription;
    assert.throws(() => answerPrice(over, { agreed: true }, payment), refused);
  });

  test('the answer may be changed to and fro until then', () => {
    const agreed = answered(priced(active, high), true, toldAt);
    const not = answered(agreed, false, toldAt + 1);
    assert.deepEqual(whats(live(not, payment).entries).at(-1), 'priceRefused');
    assert.deepEqual(paid(answered(not, true, toldAt + 2), payment), [1000, 1200]);
    const { entries } = answerPrice(live(agreed, toldAt).subscription, { agreed: false }, toldAt);
    assert.deepEqual(
      entries.map(({ what, cause, detail }) => [what, cause, detail]),
      [['priceRefused', 'buyer', '1200 KRW']],
    );
  });

  test('not agreed to: no payment, cancelled with cancelReason 1, used to the end of what is paid for', () => {
    const { subscription, entries, payments } = live(priced(active, high), payment);
    assert.equal(payments.length, 1);
    assert.equal(dated(entries).at(-1), '2026-03-15 10:00:00 priceRefused');
    assert.deepEqual(
      [subscription.status, subscription.renewing, subscription.cancelledAt, subscription.cancelReason],
      ['active', false, payment, 1],
    );
    assert.deepEqual([subscription.attemptAt, subscription.priceChanges], [null, []]);
    const { entries: end } = live(subscription, payment + 30 * dayMs);
    assert.deepEqual(dated(end), ['2026-03-15 23:59:59.001 expired']);
  });

  test('not agreed to and paid already to a later day waits for the payment of that day', () => {
    const yearly = bought({ priceMicros: old, terms: { period: 'P1Y' } });
    const { entries } = live(priced(yearly, high), korea('2027-01-15 10:00:00'));
    assert.deepEqual(dated(entries), ['2026-01-27 12:00:00 priceTold', '2027-01-15 10:00:00 priceRefused']);
  });

  test('in both markets, and on shortened periods five minutes and five', () => {
    const global = {
      ...month,
      market: 'MKT_GLB' as const,
      purchaseTime: korea('2026-01-15 12:00:00', 'MKT_GLB'),
    };
    const { entries } = live(
      priced(bought(global), high, korea('2026-01-20 12:00:00', 'MKT_GLB')),
      payment + dayMs,
    );
    assert.deepEqual(dated(entries, 'MKT_GLB'), [
      '2026-01-27 12:00:00 priceTold',
      '2026-02-15 10:00:00 renewed',
      '2026-03-15 10:00:00 priceRefused',
      '2026-03-15 23:59:59.001 expired',
    ]);
    const sandbox = priced(bought({ priceMicros: old, calendar: 'sandbox' }), high, start + minuteMs);
    const asked = (of: Subscription) =>
      live(of, start + 20 * minuteMs).entries.map((entry) => [(entry.at - start) / minuteMs, entry.what]);
    assert.deepEqual(asked(sandbox), [
      [5, 'renewed'],
      [6, 'priceTold'],
      [10, 'renewed'],
      [15, 'priceRefused'],
      [15 + 1 / minuteMs, 'expired'],
    ]);
    const agreed = answered(sandbox, true, start + 15 * minuteMs - 1);
    assert.deepEqual(paid(agreed, start + 20 * minuteMs), [1200, 1200]);
  });
});

describe('a rise that is not agreed to', () => {
  const declined = { answer: () => 'declined' as const };
  const graced = bought({ priceMicros: old, terms: { graceDays: 20, holdDays: 30 } });

  test('in grace: the attempt is not made and the use ends with it', () => {
    const rise = priced(graced, high);
    const { subscription, entries } = live(rise, korea('2026-02-27 10:00:00'), declined);
    assert.deepEqual(dated(entries).slice(-2), [
      '2026-02-27 10:00:00 priceRefused',
      '2026-02-27 10:00:00 expired',
    ]);
    assert.deepEqual(
      [subscription.status, subscription.cancelReason, subscription.expiresAt],
      ['expired', 1, korea('2026-02-27 10:00:00')],
    );
  });

  test('in grace while what was paid for still runs: the use ends with the refusal, not later', () => {
    const early = bought({ priceMicros: old, terms: { graceDays: 20, holdDays: 30 } });
    const due = early.nextPaymentAt;
    // told and due between the failed payment and the next attempt of the same day
    const rise = priced(early, high, due + 3_600_000 - 37 * dayMs);
    const failed = live(rise, due, declined).subscription;
    const later = due + 2 * 3_600_000;
    const { subscription } = live(changePayment(failed, { outcome: 'approve' }, later).subscription, later);
    assert.deepEqual([subscription.status, subscription.expiresAt], ['expired', later]);
  });

  test('on hold: the attempt is not made, and the expiry stays what it was', () => {
    const rise = priced(active, high);
    const { subscription, entries } = live(rise, korea('2026-02-27 10:00:00'), declined);
    assert.deepEqual(dated(entries).slice(-2), [
      '2026-02-27 10:00:00 priceRefused',
      '2026-02-27 10:00:00 expired',
    ]);
    assert.deepEqual([subscription.expiresAt, subscription.dueAt], [active.expiresAt, null]);
  });

  test('agreed to on hold, it recovers at the new price', () => {
    const held = live(priced(active, high), korea('2026-02-26 13:00:00'), declined).subscription;
    const agreed = answerPrice(held, { agreed: true }, korea('2026-02-26 13:00:00')).subscription;
    assert.deepEqual(paid(agreed, korea('2026-02-27 10:00:00')), [1200]);
  });

  test('when it is cancelled already: it ends with what is paid for', () => {
    const cancelled = cancel(priced(active, high), 'buyer', at + 1).subscription;
    const { entries } = live(cancelled, payment);
    assert.deepEqual(whats(entries), ['priceTold', 'expired']);
  });

  test('when it was refused by time it cannot be reactivated: the old price would stay for good', () => {
    const cancelled = live(priced(active, high), payment).subscription;
    assert.throws(() => reactivate(cancelled, 'buyer', payment + 1), {
      name: 'Refusal',
      code: 'InvalidPurchaseState',
    });
  });
});

describe('a second change after the seven days', () => {
  const second = at + 10 * dayMs;
  const rise = live(priced(active, high), second).subscription;

  test('a dearer one queues behind the first: consent is needed for both, each from its own day', () => {
    const later = korea('2026-02-10 12:00:00');
    const both = priced(live(rise, later).subscription, 1_500_000_000, later);
    assert.deepEqual(
      both.priceChanges.map(({ seq, previousMicros, newMicros }) => [seq, previousMicros, newMicros]),
      [
        [1, old, high],
        [2, high, 1_500_000_000],
      ],
    );
    const first = answered(both, true, later);
    assert.deepEqual(
      first.priceChanges.map(({ agreed }) => agreed),
      [true, false],
      'the second is quiet still',
    );
    const april = korea('2026-04-15 10:00:00');
    assert.deepEqual(paid(first, april), [1000, 1200]);
    assert.equal(whats(live(first, april).entries).at(-1), 'priceRefused');
    assert.deepEqual(paid(answered(first, true, later + 7 * dayMs), april), [1200, 1500]);
  });

  test('one between the old price and the first needs consent too', () => {
    const both = priced(rise, 1_100_000_000, second);
    assert.deepEqual(
      both.priceChanges.map(({ needsConsent }) => needsConsent),
      [true, true],
    );
    assert.equal(whats(live(both, payment).entries).at(-1), 'priceRefused');
  });

  test('a cut below the old price waits behind the rise, and no older price comes after it', () => {
    for (const agreed of [true, false]) {
      const both = priced(agreed ? answered(rise, true, second) : rise, cheap, second);
      const { subscription, payments, entries } = live(both, korea('2026-05-15 10:00:00'));
      assert.deepEqual(
        payments.map(({ priceMicros }) => priceMicros),
        [old, cheap, cheap, cheap],
      );
      assert.ok(!whats(entries).includes('priceRefused'), 'it costs no more than it did');
      assert.deepEqual([subscription.priceMicros, subscription.priceChanges], [cheap, []]);
    }
  });

  test('taken back too late for the quiet days: the old price is paid on, whatever was answered', () => {
    for (const agreed of [true, false]) {
      const back = priced(agreed ? answered(rise, true, second) : rise, old, second);
      assert.deepEqual(paid(back, korea('2026-05-15 10:00:00')), [1000, 1000, 1000, 1000]);
    }
  });

  test('that has not been told when the first falls due saves nobody from answering the first', () => {
    const late = korea('2026-03-12 12:00:00');
    const both = priced(live(rise, late).subscription, cheap, late);
    assert.equal(whats(live(both, payment).entries).at(-1), 'priceRefused');
  });

  test('a rise behind a cut that has been told: the cut is paid first', () => {
    const cut = live(priced(active, cheap), second).subscription;
    const agreed = answered(priced(cut, high, second), true, second + 8 * dayMs);
    assert.deepEqual(paid(agreed, korea('2026-04-15 10:00:00')), [900, 1200, 1200]);
  });
});

describe('a change of price meets', () => {
  const b = targetOf({ productId: 'b', priceMicros: 3_000_000_000 });

  test('a DEFERRED change of product: the old product’s flow does not begin', () => {
    const waiting = scheduleSwitch(active, b, { mustAcknowledge: false }, start + dayMs).subscription;
    const heard = priced(waiting, high);
    assert.deepEqual([heard.priceChanges, heard.priceSeq], [[], 1]);
    assert.deepEqual(paid(heard, active.nextPaymentAt), []);
  });

  test('a change of product that is scheduled after it: what waited is over', () => {
    const told = live(priced(active, high), toldAt).subscription;
    const waiting = scheduleSwitch(told, b, { mustAcknowledge: false }, toldAt).subscription;
    assert.deepEqual(waiting.priceChanges, []);
  });

  test('a deferral: the payment of the later day counts', () => {
    const rise = answered(priced(active, high), true, toldAt);
    const later = defer(rise, { deferPeriod: 14, cause: 'developer' }, toldAt).subscription;
    assert.deepEqual(paid(later, korea('2026-03-01 10:00:00')), [1200]);
  });

  test('a payment whose answer is missing: it has the price of the day it was asked for', () => {
    const due = active.nextPaymentAt;
    const before = priced(active, cheap, due - 7 * dayMs + 30_000);
    const { subscription, charge } = inFlight(live(before, due - 1).subscription);
    const { payments } = live(subscription, due + minuteMs, { charges: new Map([[charge.number, charge]]) });
    assert.deepEqual(
      payments.map(({ priceMicros }) => priceMicros),
      [old],
    );
  });

  test('what has ended: nothing', () => {
    const ended = live(cancel(active, 'buyer', at).subscription, payment).subscription;
    const heard = priced(ended, high, payment);
    assert.deepEqual([heard.priceChanges, heard.dueAt], [[], null]);
    assert.throws(() => answerPrice(heard, { agreed: true }, payment), refused);
  });
});
