// What a world's clock shows and how it is changed by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  carriedOutAt,
  changeClock,
  jumpTo,
  realClock,
  type WorldClock,
  worldNow,
} from '../../src/domain/clock.ts';
import { fc } from '../properties.ts';

const machineNow = 1_784_000_000_000;

const instants = fc.integer({ min: 0, max: 9_999_999_999_999 });
const clocks: fc.Arbitrary<WorldClock> = fc.record({
  at: instants,
  base: fc.integer({ min: 0, max: machineNow }),
  rate: fc.integer({ min: 1, max: 1_000 }),
  frozen: fc.boolean(),
  jumpedTo: instants,
});

test("the real clock shows the machine's time", () => {
  assert.equal(worldNow(realClock, machineNow), machineNow);
});

test('a frozen clock stands still', () => {
  const clock = { at: 500, base: 100, rate: 60, frozen: true, jumpedTo: 0 };
  assert.equal(worldNow(clock, 100), 500);
  assert.equal(worldNow(clock, 1_000_000), 500);
});

test('a clock with a rate runs that many times as fast', () => {
  const clock = { at: 500, base: 100, rate: 60, frozen: false, jumpedTo: 0 };
  assert.equal(worldNow(clock, 100), 500);
  assert.equal(worldNow(clock, 110), 1_100);
});

test('a clock never shows less than it was set to, on a machine that lags behind', () => {
  const clock = { at: 500, base: 100, rate: 60, frozen: false, jumpedTo: 500 };
  assert.equal(worldNow(clock, 99), 500);
});

test('a frozen clock that is advanced stands at the new instant', () => {
  const clock = { at: 500, base: 100, rate: 1, frozen: true, jumpedTo: 0 };
  const advanced = jumpTo(clock, 9_000, 200);
  assert.deepEqual(advanced, { at: 9_000, base: 200, rate: 1, frozen: true, jumpedTo: 9_000 });
  assert.equal(worldNow(advanced, 300), 9_000);
});

test('the real clock that is advanced runs on from there', () => {
  const advanced = jumpTo(realClock, machineNow + 1_000, machineNow);
  assert.equal(worldNow(advanced, machineNow), machineNow + 1_000);
  assert.equal(worldNow(advanced, machineNow + 7), machineNow + 1_007);
});

test('stopping a running clock keeps what it shows', () => {
  const stopped = changeClock(realClock, { frozen: true }, machineNow);
  assert.equal(worldNow(stopped, machineNow + 5_000), machineNow);
});

test('starting a stopped clock runs on from where it stood', () => {
  const stopped = { at: 500, base: 100, rate: 1, frozen: true, jumpedTo: 0 };
  const started = changeClock(stopped, { frozen: false }, 4_000);
  assert.equal(worldNow(started, 4_000), 500);
  assert.equal(worldNow(started, 4_001), 501);
});

test('a new rate counts from the change on', () => {
  const faster = changeClock(realClock, { rate: 10 }, machineNow);
  assert.equal(worldNow(faster, machineNow), machineNow);
  assert.equal(worldNow(faster, machineNow + 3), machineNow + 30);
});

test('setting now, stopping and a rate may come in one change', () => {
  const clock = changeClock(realClock, { now: 77, frozen: true, rate: 5 }, machineNow);
  assert.deepEqual(clock, { at: 77, base: machineNow, rate: 5, frozen: true, jumpedTo: 77 });
});

test('stopping, starting and changing the rate is no jump', () => {
  fc.assert(
    fc.property(clocks, fc.boolean(), fc.integer({ min: 1, max: 9 }), (clock, frozen, rate) => {
      const changed = changeClock(clock, { frozen, rate }, machineNow);
      assert.equal(changed.jumpedTo, clock.jumpedTo);
      assert.equal(worldNow(changed, machineNow), worldNow(clock, machineNow));
    }),
  );
});

test('a clock set or advanced shows that instant, and remembers the latest of them', () => {
  fc.assert(
    fc.property(clocks, instants, (clock, to) => {
      for (const moved of [jumpTo(clock, to, machineNow), changeClock(clock, { now: to }, machineNow)]) {
        assert.equal(worldNow(moved, machineNow), to);
        assert.deepEqual(moved, { ...clock, at: to, base: machineNow, jumpedTo: to });
      }
    }),
  );
});

test('a clock shows a whole number and never goes back while the machine goes on', () => {
  fc.assert(
    fc.property(clocks, fc.nat(), fc.nat(), (clock, one, other) => {
      const earlier = worldNow(clock, machineNow + one);
      const later = worldNow(clock, machineNow + one + other);
      assert.ok(Number.isInteger(earlier) && earlier <= later);
    }),
  );
});

test('changing a clock leaves the old one alone', () => {
  const clock = Object.freeze({ at: 1, base: 1, rate: 1, frozen: false, jumpedTo: 0 });
  jumpTo(clock, 5, 2);
  changeClock(clock, { now: 5, rate: 2 }, 2);
  assert.deepEqual(clock, { at: 1, base: 1, rate: 1, frozen: false, jumpedTo: 0 });
});

test('what fell due up to the latest jump happens at its own due instant', () => {
  const clock = jumpTo({ ...realClock, frozen: true }, 9_000, machineNow);
  assert.equal(carriedOutAt(clock, 8_999, 9_000), 8_999);
  assert.equal(carriedOutAt(clock, 9_000, 9_500), 9_000);
});

test('what fell due on a running clock after the latest jump happens when it is carried out', () => {
  const clock = jumpTo(realClock, 9_000, 0);
  assert.equal(carriedOutAt(clock, 9_001, 12_000), 12_000);
  assert.equal(carriedOutAt(realClock, machineNow - 5, machineNow), machineNow);
});
