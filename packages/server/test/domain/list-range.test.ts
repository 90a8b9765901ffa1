// The time range of the listing calls.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Market } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { addMonths, dayMs } from '../../src/domain/calendar.ts';
import { type GivenRange, listRange } from '../../src/domain/list-range.ts';
import { fc } from '../properties.ts';

const now = Date.parse('2026-07-15T03:04:05.678Z');
const earliest = now - 31 * dayMs;

function assertRefused(given: GivenRange, fields: string[], reachDays?: number): void {
  assert.throws(() => listRange(given, now, 'MKT_ONE', reachDays), { code: 'InvalidRequest', fields });
}

test('neither time given asks for the last month up to now', () => {
  const startTime = Date.parse('2026-06-15T03:04:05.678Z');
  assert.deepEqual(listRange({}, now, 'MKT_ONE'), { startTime, endTime: now });
});

test("the last month is a month of the market's calendar", () => {
  // In Korea it is 1 March already, in UTC still 28 February.
  const night = Date.parse('2026-02-28T15:00:00Z');
  assert.equal(listRange({}, night, 'MKT_ONE').startTime, Date.parse('2026-01-31T15:00:00Z'));
  assert.equal(listRange({}, night, 'MKT_GLB').startTime, Date.parse('2026-01-28T15:00:00Z'));
});

test('both times given are taken as they are', () => {
  const given = { startTime: now - 2 * dayMs, endTime: now - dayMs };
  assert.deepEqual(listRange(given, now, 'MKT_ONE'), given);
});

test('a range of one instant is accepted', () => {
  assert.deepEqual(listRange({ startTime: now, endTime: now }, now, 'MKT_ONE'), {
    startTime: now,
    endTime: now,
  });
});

test('a start alone ends one month later', () => {
  // February is short: a month after 30 January 12:00 has passed on 1 March.
  const march = Date.parse('2026-03-01T12:00:00Z');
  const startTime = Date.parse('2026-01-30T12:00:00Z');
  const endTime = Date.parse('2026-02-28T12:00:00Z');
  assert.deepEqual(listRange({ startTime }, march, 'MKT_GLB'), { startTime, endTime });
});

test('a start alone whose month ends in the future ends now', () => {
  const startTime = now - 5 * dayMs;
  assert.deepEqual(listRange({ startTime }, now, 'MKT_ONE'), { startTime, endTime: now });
});

test('an end alone at now starts one month before', () => {
  const startTime = addMonths(now, -1, 'MKT_ONE');
  assert.deepEqual(listRange({ endTime: now }, now, 'MKT_ONE'), { startTime, endTime: now });
});

test('an end alone whose month starts too early starts at the earliest start', () => {
  const endTime = now - 5 * dayMs;
  assert.deepEqual(listRange({ endTime }, now, 'MKT_ONE'), { startTime: earliest, endTime });
});

test('an end alone at the earliest start is a range of one instant', () => {
  assert.deepEqual(listRange({ endTime: earliest }, now, 'MKT_ONE'), {
    startTime: earliest,
    endTime: earliest,
  });
});

test('an end alone before the earliest start is an empty range and not refused', () => {
  assert.deepEqual(listRange({ endTime: earliest - 1 }, now, 'MKT_ONE'), {
    startTime: earliest,
    endTime: earliest - 1,
  });
  assert.deepEqual(listRange({ endTime: 0 }, now, 'MKT_ONE'), { startTime: earliest, endTime: 0 });
});

test('a start exactly 31 days back is accepted', () => {
  assert.equal(listRange({ startTime: earliest }, now, 'MKT_ONE').startTime, earliest);
  assert.equal(listRange({ startTime: earliest, endTime: now }, now, 'MKT_ONE').startTime, earliest);
});

test('a start more than 31 days back is refused with its name', () => {
  assertRefused({ startTime: earliest - 1 }, ['startTime']);
  assertRefused({ startTime: earliest - 1, endTime: now }, ['startTime']);
});

test('a start 31 days back is accepted even after a month of 28 days', () => {
  const march = Date.parse('2026-03-15T00:00:00Z');
  const startTime = march - 31 * dayMs;
  const endTime = addMonths(startTime, 1, 'MKT_GLB');
  assert.deepEqual(listRange({ startTime }, march, 'MKT_GLB'), { startTime, endTime });
});

test('a reach of 30 days refuses a start of the 31st day and clamps a derived one', () => {
  const reach = now - 30 * dayMs;
  assert.equal(listRange({ startTime: reach }, now, 'MKT_ONE', 30).startTime, reach);
  assertRefused({ startTime: reach - 1 }, ['startTime'], 30);
  const august = Date.parse('2026-08-15T00:00:00Z');
  assert.equal(listRange({}, august, 'MKT_ONE', 30).startTime, august - 30 * dayMs);
});

test('a time after now is refused with its name', () => {
  assertRefused({ startTime: now + 1 }, ['startTime']);
  assertRefused({ endTime: now + 1 }, ['endTime']);
  assertRefused({ startTime: now, endTime: now + 1 }, ['endTime']);
});

test('a start after the end is refused with both names', () => {
  assertRefused({ startTime: now - 1, endTime: now - 2 }, ['startTime', 'endTime']);
});

test('all names are told at once, each once, the start first', () => {
  assertRefused({ startTime: earliest - 1, endTime: now + 1 }, ['startTime', 'endTime']);
  assertRefused({ startTime: now + 1, endTime: now + 1 }, ['startTime', 'endTime']);
  assertRefused({ startTime: now + 2, endTime: now + 1 }, ['startTime', 'endTime']);
  assertRefused({ startTime: now + 1, endTime: now }, ['startTime', 'endTime']);
  assertRefused({ startTime: earliest - 1, endTime: earliest - 2 }, ['startTime', 'endTime']);
});

test('a start before the earliest does not make the end wrong', () => {
  assertRefused({ startTime: earliest - 2, endTime: earliest - 1 }, ['startTime']);
});

test('a world in its first month starts its ranges at 0', () => {
  assert.deepEqual(listRange({}, 1_000, 'MKT_GLB'), { startTime: 0, endTime: 1_000 });
});

test('every range that is given lies within the reach and never after now', () => {
  const times = fc.option(fc.integer({ min: now - 40 * dayMs, max: now + 2 * dayMs }), { nil: undefined });
  const markets = fc.constantFrom<Market>('MKT_ONE', 'MKT_GLB');
  fc.assert(
    fc.property(times, times, markets, (startTime, endTime, market) => {
      try {
        const range = listRange({ startTime, endTime }, now, market);
        assert.ok(range.startTime >= earliest && range.endTime <= now);
        assert.equal(range.startTime, startTime ?? range.startTime);
        assert.equal(range.endTime, endTime ?? range.endTime);
        assert.ok(range.startTime <= range.endTime || (startTime === undefined && range.endTime < earliest));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        assert.ok(startTime !== undefined || (endTime !== undefined && endTime > now));
      }
    }),
  );
});
