// Months and days in the markets' offsets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Market } from '@till/protocol/codes';
import { addDays, addMonths, dayMs, marketOffsetMs } from '../../src/domain/calendar.ts';
import { fc } from '../properties.ts';

const markets = fc.constantFrom<Market>('MKT_ONE', 'MKT_GLB');
const instants = fc.integer({ min: 0, max: 9_999_999_999_999 });

const cases: [sentence: string, market: Market, from: string, count: number, to: string][] = [
  [
    'a month keeps the day and the time of day',
    'MKT_GLB',
    '2026-03-15T10:20:30.456Z',
    1,
    '2026-04-15T10:20:30.456Z',
  ],
  ['31 January and a month is 28 February', 'MKT_GLB', '2026-01-31T12:00:00Z', 1, '2026-02-28T12:00:00Z'],
  [
    '31 January and a month is 29 February in a leap year',
    'MKT_GLB',
    '2028-01-31T12:00:00Z',
    1,
    '2028-02-29T12:00:00Z',
  ],
  [
    '31 January 2100 and a month is 28 February: 2100 is no leap year',
    'MKT_GLB',
    '2100-01-31T00:00:00Z',
    1,
    '2100-02-28T00:00:00Z',
  ],
  [
    'a leap day and twelve months is 28 February',
    'MKT_GLB',
    '2028-02-29T00:00:00Z',
    12,
    '2029-02-28T00:00:00Z',
  ],
  ['a leap day and four years is a leap day', 'MKT_GLB', '2028-02-29T00:00:00Z', 48, '2032-02-29T00:00:00Z'],
  ['28 February and a month is 28 March', 'MKT_GLB', '2026-02-28T00:00:00Z', 1, '2026-03-28T00:00:00Z'],
  ['a month may end in the next year', 'MKT_GLB', '2026-12-31T23:59:59.999Z', 1, '2027-01-31T23:59:59.999Z'],
  ['a month back may end in the year before', 'MKT_GLB', '2026-01-31T00:00:00Z', -1, '2025-12-31T00:00:00Z'],
  ['31 March and a month back is 28 February', 'MKT_GLB', '2026-03-31T00:00:00Z', -1, '2026-02-28T00:00:00Z'],
  ['thirteen months back pass a year end', 'MKT_GLB', '2026-01-15T00:00:00Z', -13, '2024-12-15T00:00:00Z'],
  ['no months change nothing', 'MKT_ONE', '2026-01-31T15:00:00Z', 0, '2026-01-31T15:00:00Z'],
  // 15:00 UTC is midnight in Korea: one millisecond before it the day there is still the 30th.
  ['MKT_ONE starts a day at 15:00 UTC', 'MKT_ONE', '2026-01-30T15:00:00Z', 1, '2026-02-27T15:00:00Z'],
  [
    'MKT_ONE ends a day before 15:00 UTC',
    'MKT_ONE',
    '2026-01-31T14:59:59.999Z',
    1,
    '2026-02-28T14:59:59.999Z',
  ],
  [
    '1 March 00:00 in Korea and a month is 1 April 00:00 there',
    'MKT_ONE',
    '2026-02-28T15:00:00Z',
    1,
    '2026-03-31T15:00:00Z',
  ],
  [
    'the same instant counts as 28 February in MKT_GLB',
    'MKT_GLB',
    '2026-02-28T15:00:00Z',
    1,
    '2026-03-28T15:00:00Z',
  ],
  [
    'new year in Korea comes before the new year in UTC',
    'MKT_ONE',
    '2025-12-31T15:00:00Z',
    -1,
    '2025-11-30T15:00:00Z',
  ],
];

for (const [sentence, market, from, count, to] of cases) {
  test(sentence, () => {
    const added = addMonths(Date.parse(from), count, market);
    assert.equal(new Date(added).toISOString(), new Date(to).toISOString());
  });
}

test('MKT_ONE is nine hours ahead of UTC and MKT_GLB none', () => {
  assert.equal(marketOffsetMs('MKT_ONE'), 32_400_000);
  assert.equal(marketOffsetMs('MKT_GLB'), 0);
});

test('adding months keeps the time of day in the market and keeps or clips the day', () => {
  fc.assert(
    fc.property(instants, fc.integer({ min: -1_200, max: 1_200 }), markets, (at, count, market) => {
      const offsetMs = marketOffsetMs(market);
      const before = new Date(at + offsetMs);
      const after = new Date(addMonths(at, count, market) + offsetMs);
      assert.equal(after.toISOString().slice(-13), before.toISOString().slice(-13));
      const monthsOf = (date: Date) => date.getUTCFullYear() * 12 + date.getUTCMonth();
      assert.equal(monthsOf(after) - monthsOf(before), count);
      const nextDay = new Date(after.getTime() + dayMs);
      const clipped = after.getUTCDate() < before.getUTCDate() && nextDay.getUTCDate() === 1;
      assert.ok(after.getUTCDate() === before.getUTCDate() || clipped);
    }),
  );
});

test('months counted from one anchor never go back', () => {
  const counts = fc.integer({ min: -600, max: 600 });
  fc.assert(
    fc.property(instants, counts, markets, (at, count, market) => {
      assert.ok(addMonths(at, count, market) < addMonths(at, count + 1, market));
    }),
  );
});

test('a month is between 28 and 31 days long, forwards and backwards', () => {
  fc.assert(
    fc.property(instants, fc.constantFrom(1, -1), markets, (at, count, market) => {
      const days = Math.abs(addMonths(at, count, market) - at) / dayMs;
      assert.ok(days >= 28 && days <= 31 && Number.isInteger(days));
    }),
  );
});

test('a day is 24 hours, forwards and backwards', () => {
  assert.equal(addDays(0, 3), 259_200_000);
  assert.equal(addDays(259_200_000, -3), 0);
});
