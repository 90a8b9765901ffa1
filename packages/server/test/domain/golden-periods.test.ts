// The payment days of four years, against tables made by hand (golden-periods.ts).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Market } from '@till/protocol/codes';
import { endOfPeriod, nextPayment } from '../../src/domain/billing-calendar.ts';
import type { Period } from '../../src/domain/product.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import { failures, midnights, runs, trials } from './golden-periods.ts';
import { bought, live } from './subscriptions.ts';

const offsets: Record<Market, string> = { MKT_ONE: '+09:00', MKT_GLB: 'Z' };
const markets: readonly Market[] = ['MKT_ONE', 'MKT_GLB'];
const periods: readonly Period[] = ['P1W', 'P1M', 'P3M', 'P6M', 'P1Y'];

/** An instant of a market's clock, by nothing but what the language knows of ISO 8601. */
function localInstant(market: Market, date: string, time: string): number {
  return Date.parse(`${date}T${time}${offsets[market]}`);
}

function boughtAt(market: Market, dateAndTime: string): number {
  const [date = '', time = ''] = dateAndTime.split(' ');
  return localInstant(market, date, time);
}

/** `2024 .. 29` is 2024-02-29. */
function datesOf(days: string): string[] {
  return days
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [year, ...months] = line.trim().split(/ +/);
      assert.equal(months.length, 12, `twelve months in ${line}`);
      return months.flatMap((month, index) =>
        month === '..' ? [] : month.split(',').map((day) => `${year}-${two(index + 1)}-${two(Number(day))}`),
      );
    });
}

function two(count: number): string {
  return String(count).padStart(2, '0');
}

/** It is paid at 10:00:00 of each of these days, and what is paid for lasts until 23:59:59 of the next. */
function assertPaidOn(subscription: Subscription, dates: readonly string[]): void {
  const { market, terms, startTime, trial } = subscription;
  let present = subscription;
  let from = startTime;
  for (const [index, date] of dates.entries()) {
    const payment = localInstant(market, date, '10:00:00.000');
    const end = localInstant(market, date, '23:59:59.000');
    assert.deepEqual(
      [present.nextPaymentAt, present.attemptAt, present.expiresAt, present.endsAt],
      [payment, payment, end, end],
      `${index + 1}: ${date}`,
    );
    if (!trial || index > 0) {
      const billing = { calendar: 'commercial', market } as const;
      assert.equal(nextPayment(billing, from, terms.period), payment);
      assert.equal(endOfPeriod(billing, payment), end);
    }
    assert.deepEqual(live(present, payment - 1).entries, []);
    const { subscription: renewed, entries } = live(present, payment);
    assert.deepEqual(
      entries.map(({ at, what }) => [at, what]),
      [[payment, 'renewed']],
    );
    present = renewed;
    from = payment;
  }
}

for (const market of markets) {
  for (const { because, period, bought: dateAndTime, days } of runs) {
    const dates = datesOf(days);
    const types = period === 'P1M' ? (['subscription', 'auto'] as const) : (['subscription'] as const);
    for (const type of types) {
      test(`${market}, ${type}, ${period}, bought ${dateAndTime}: ${because}`, () => {
        const purchaseTime = boughtAt(market, dateAndTime);
        assertPaidOn(bought({ market, type, purchaseTime, terms: { period } }), dates);
      });
    }
  }

  for (const { because, bought: dateAndTime, trialDays, days } of trials) {
    test(`${market}, a free trial of ${trialDays} days from ${dateAndTime}: ${because}`, () => {
      const purchaseTime = boughtAt(market, dateAndTime);
      assertPaidOn(bought({ market, purchaseTime, terms: { period: 'P1M', trialDays } }), days.split(' '));
    });
  }

  for (const { because, bought: dateAndTime, days, ...terms } of failures) {
    test(`${market}, never paid again, bought ${dateAndTime}: ${because}`, () => {
      const ends = days.split(' ').map((date) => localInstant(market, date, '23:59:59.000'));
      const [paidUntil = 0, graceUntil = 0, holdUntil = 0] = ends;
      const subscription = bought({
        market,
        purchaseTime: boughtAt(market, dateAndTime),
        terms: { period: 'P1M', ...terms },
      });
      const { entries } = live(subscription, holdUntil + 1, { answer: () => 'declined' });
      const steps = entries.filter(({ what }) => what !== 'declined').map(({ at, what }) => [at, what]);
      const failedAt = localInstant(market, days.slice(0, 10), '10:00:00.000');
      assert.deepEqual(steps, [
        [failedAt, 'graceStarted'],
        [graceUntil + 1, 'held'],
        [holdUntil + 1, 'cancelled'],
      ]);
      assert.equal(subscription.expiresAt, paidUntil);
    });
  }
}

for (const { because, instant, market, days } of midnights) {
  test(`${market}, bought ${instant}: ${because}`, () => {
    for (const [index, period] of periods.entries()) {
      const purchaseTime = Date.parse(instant);
      assertPaidOn(bought({ market, purchaseTime, terms: { period } }), days[index]?.split(' ') ?? []);
    }
  });
}

test('each table holds the payments of four years, in order', () => {
  // a week is not a part of four years: 1461 days are 208 weeks and 5 days
  const counts: Record<Period, readonly number[]> = {
    ...{ P1W: [208, 209], P1M: [48], P3M: [16], P6M: [8], P1Y: [4] },
  };
  for (const { period, bought: dateAndTime, days } of runs) {
    const dates = datesOf(days);
    assert.ok(counts[period].includes(dates.length), `${period} ${dateAndTime}: ${dates.length}`);
    assert.deepEqual(dates, dates.toSorted());
  }
  assert.deepEqual(new Set(runs.map(({ period }) => period)), new Set(periods));
});
