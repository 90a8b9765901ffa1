// Instants of payment and of the ends that follow it: real periods, and the sandbox's table of section 12.5.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Market } from '@till/protocol/codes';
import {
  deferPayment,
  endOfGrace,
  endOfHold,
  endOfPeriod,
  nextAttempt,
  nextPayment,
  paymentAfterTrial,
} from '../../src/domain/billing-calendar.ts';
import type { Period } from '../../src/domain/product.ts';
import { fc } from '../properties.ts';

const korea = { calendar: 'commercial', market: 'MKT_ONE' } as const;
const world = { calendar: 'commercial', market: 'MKT_GLB' } as const;
const sandbox = { calendar: 'sandbox', market: 'MKT_ONE' } as const;
const minutes = (count: number) => count * 60_000;
const days = (count: number) => count * 86_400_000;
const iso = (at: number) => new Date(at).toISOString();

const markets = fc.constantFrom<Market>('MKT_ONE', 'MKT_GLB');
const periods = fc.constantFrom<Period>('P1W', 'P1M', 'P3M', 'P6M', 'P1Y');
const instants = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2100, 0) });

test('a payment is scheduled for 10:00:00 of the market, what is paid for runs to 23:59:59 of that day', () => {
  const at = Date.parse('2022-07-11T05:04:01Z');
  const payment = nextPayment(korea, at, 'P1W');
  assert.equal(iso(payment), '2022-07-18T01:00:00.000Z');
  assert.equal(iso(endOfPeriod(korea, payment)), '2022-07-18T14:59:59.000Z');
  const elsewhere = nextPayment(world, at, 'P1W');
  assert.equal(iso(elsewhere), '2022-07-18T10:00:00.000Z');
  assert.equal(iso(endOfPeriod(world, elsewhere)), '2022-07-18T23:59:59.000Z');
});

test('the published snapshots have the payments and ends that follow from their starts', () => {
  for (const [start, period, payment, end] of [
    ['2022-07-11T14:04:01', 'P1W', '2022-07-18T10:00:00', '2022-07-18T23:59:59'],
    ['2022-07-12T16:24:50', 'P1W', '2022-07-19T10:00:00', '2022-07-19T23:59:59'],
    ['2022-07-12T13:19:14', 'P1W', '2022-07-19T10:00:00', '2022-07-19T23:59:59'],
    ['2022-07-12T09:53:35', 'P1W', '2022-07-19T10:00:00', '2022-07-19T23:59:59'],
    ['2022-07-12T14:57:29', 'P1M', '2022-08-12T10:00:00', '2022-08-12T23:59:59'],
  ] as const) {
    const paidAt = nextPayment(korea, Date.parse(`${start}+09:00`), period);
    assert.equal(paidAt, Date.parse(`${payment}+09:00`));
    assert.equal(endOfPeriod(korea, paidAt), Date.parse(`${end}+09:00`));
  }
});

test('every payment of the commercial calendar falls on 10:00:00, later than the day before it and on time', () => {
  const longest: Record<Period, number> = { P1W: 7, P1M: 31, P3M: 92, P6M: 184, P1Y: 366 };
  const shortest: Record<Period, number> = { P1W: 7, P1M: 28, P3M: 89, P6M: 181, P1Y: 365 };
  fc.assert(
    fc.property(markets, periods, instants, (market, period, from) => {
      const payment = nextPayment({ calendar: 'commercial', market }, from, period);
      const local = new Date(payment + (market === 'MKT_ONE' ? 9 * 3_600_000 : 0));
      assert.equal(local.toISOString().slice(11), '10:00:00.000Z');
      const day = (at: number) => Math.floor((at + (market === 'MKT_ONE' ? 9 * 3_600_000 : 0)) / days(1));
      const count = day(payment) - day(from);
      assert.ok(count >= shortest[period] && count <= longest[period], `${count} days`);
    }),
  );
});

test('a payment counted from a payment keeps its day number or takes the last of a shorter month', () => {
  fc.assert(
    fc.property(markets, periods, instants, (market, period, from) => {
      const billing = { calendar: 'commercial', market } as const;
      const first = nextPayment(billing, from, period);
      const second = nextPayment(billing, first, period);
      if (period === 'P1W') return assert.equal(second - first, days(7));
      const dayOf = (at: number) => new Date(at + (market === 'MKT_ONE' ? 9 * 3_600_000 : 0)).getUTCDate();
      const tomorrow = dayOf(second + days(1));
      assert.ok(dayOf(second) === dayOf(first) || (tomorrow === 1 && dayOf(second) < dayOf(first)));
    }),
  );
});

test('the sandbox’s clock has the shortened periods of the table', () => {
  const at = Date.parse('2026-01-31T14:59:59.999Z');
  for (const [period, count] of [
    ['P1W', 5],
    ['P1M', 5],
    ['P3M', 10],
    ['P6M', 15],
    ['P1Y', 30],
  ] as const) {
    const payment = nextPayment(sandbox, at, period);
    assert.equal(payment - at, minutes(count), period);
    assert.equal(endOfPeriod(sandbox, payment), payment, 'it ends with the next payment');
  }
});

test('the sandbox’s trial is 3 minutes, grace 5, account hold 10, a deferral a minute each, whatever the days', () => {
  for (const count of [1, 7, 30]) {
    assert.equal(paymentAfterTrial(sandbox, 1_000, count) - 1_000, minutes(3));
    assert.equal(endOfGrace(sandbox, 1_000, count) - 1_000, minutes(5));
    assert.equal(endOfHold(sandbox, 1_000, count) - 1_000, minutes(10));
    assert.equal(deferPayment(sandbox, 1_000, count) - 1_000, minutes(count));
  }
  assert.equal(nextAttempt(sandbox, 1_000) - 1_000, minutes(1));
});

test('commercial grace, hold and deferral are days, and keep the time of day', () => {
  const end = Date.parse('2026-02-28T23:59:59+09:00');
  assert.equal(iso(endOfGrace(korea, end, 7)), iso(Date.parse('2026-03-07T23:59:59+09:00')));
  assert.equal(iso(endOfHold(korea, end, 30)), iso(Date.parse('2026-03-30T23:59:59+09:00')));
  const payment = Date.parse('2026-12-31T10:00:00+09:00');
  assert.equal(iso(deferPayment(korea, payment, 1)), iso(Date.parse('2027-01-01T10:00:00+09:00')));
  assert.equal(iso(deferPayment(korea, payment, 365)), iso(Date.parse('2027-12-31T10:00:00+09:00')));
});

test('a failed payment is tried again at the next 10:00:00 of the market', () => {
  for (const [billing, failedAt, next] of [
    [korea, '2026-02-15T10:00:00.000+09:00', '2026-02-16T10:00:00+09:00'],
    [korea, '2026-02-15T09:59:59.999+09:00', '2026-02-15T10:00:00+09:00'],
    [korea, '2026-02-15T10:00:00.001+09:00', '2026-02-16T10:00:00+09:00'],
    [korea, '2026-02-28T23:59:59.999+09:00', '2026-03-01T10:00:00+09:00'],
    [korea, '2026-03-01T00:00:00.000+09:00', '2026-03-01T10:00:00+09:00'],
    [world, '2026-02-15T01:00:00.000Z', '2026-02-15T10:00:00Z'],
    [world, '2026-12-31T10:00:00.000Z', '2027-01-01T10:00:00Z'],
  ] as const) {
    assert.equal(iso(nextAttempt(billing, Date.parse(failedAt))), iso(Date.parse(next)), failedAt);
  }
});

test('a free trial of some days ends on the day that is so many days on', () => {
  const at = Date.parse('2028-02-27T23:59:59.999+09:00');
  assert.equal(iso(paymentAfterTrial(korea, at, 3)), iso(Date.parse('2028-03-01T10:00:00+09:00')));
  assert.equal(iso(paymentAfterTrial(world, at, 3)), '2028-03-01T10:00:00.000Z');
});
