// Random walks over the rules of a purchase: what must hold whatever happens in whatever order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, Refusal } from '@till/protocol/errors';
import fc from 'fast-check';
import type { WorldClock } from '../../src/domain/clock.ts';
import type { Entry } from '../../src/domain/ledger.ts';
import {
  acknowledge,
  buy,
  type Change,
  consume,
  entitled,
  paidMicros,
  purchaseState,
  settle,
  voidPurchase,
} from '../../src/domain/purchase.ts';
import { anOrder, noon } from '../store/things.ts';
import { holds } from './subscription-lives.ts';

const hourMs = 3_600_000;
const dueMs = 72 * hourMs;

interface Step {
  what: 'acknowledge' | 'consume' | 'void' | 'settle';
  afterMs: number;
  payload: string | null;
  /** Whether the clock is moved by hand or runs. */
  jumps: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('acknowledge', 'consume', 'void', 'settle', 'settle', 'settle'),
  afterMs: fc.oneof(fc.nat(20 * hourMs), fc.constantFrom(0, 1, dueMs - 1, dueMs, dueMs + 1)),
  payload: fc.constantFrom(null, '', 'order', 'another order'),
  jumps: fc.boolean(),
});
const walk = fc.record({
  quantity: fc.integer({ min: 1, max: 99 }),
  priceMicros: fc.nat(10 ** 12),
  mustAcknowledge: fc.boolean(),
  steps: fc.array(step, { maxLength: 12 }),
});

test('no walk makes money, loses an entry, changes what it was given or leaves anything overdue', () =>
  holds(
    'no walk makes money',
    fc.property(walk, ({ steps, mustAcknowledge, ...order }) => {
      const bought = frozen(
        buy(Object.freeze(anOrder({ ...order, developerPayload: 'order' })), mustAcknowledge),
      );
      let { purchase } = bought;
      const ledger: Entry[] = [...bought.entries];
      let now = noon;
      let jumpedTo = 0;
      const apply = (rule: () => Change) => {
        const before = JSON.stringify(purchase);
        const change = frozen(rule());
        assert.equal(JSON.stringify(purchase), before);
        assert.equal(change.entries.length, JSON.stringify(change.purchase) === before ? 0 : 1);
        purchase = change.purchase;
        ledger.push(...change.entries);
      };
      for (const { what, afterMs, payload, jumps } of steps) {
        now += afterMs;
        if (jumps) jumpedTo = now;
        const clock: WorldClock = { at: now, base: 0, rate: 1, frozen: true, jumpedTo };
        apply(() => settle(purchase, clock, now));
        assert.ok(purchase.dueAt === null || purchase.dueAt > now);
        const expected = allowed(what, ledger, payload);
        const refused = refusedBy(() => apply(() => carryOut(what, purchase, payload, now, clock)));
        assert.equal(refused, expected);
        assert.ok(purchase.dueAt === null || purchase.dueAt > now);
        checkLedger(ledger, purchase, now, mustAcknowledge);
      }
    }),
    2_000,
  ));

test('whoever asks at any instant between sees what whoever asked at every instant sees', () =>
  holds(
    'whoever asks at any instant',
    fc.property(fc.array(fc.nat(120 * hourMs), { minLength: 1, maxLength: 8 }), (instants) => {
      const { purchase } = buy(anOrder(), true);
      const clockAt = (now: number): WorldClock => ({
        at: now,
        base: 0,
        rate: 1,
        frozen: true,
        jumpedTo: now,
      });
      let walked = purchase;
      for (const after of instants.sort((a, b) => a - b)) {
        walked = settle(walked, clockAt(noon + after), noon + after).purchase;
        const asked = settle(purchase, clockAt(noon + after), noon + after).purchase;
        assert.deepEqual(walked, asked);
        assert.equal(entitled(asked), after < dueMs);
      }
    }),
    100,
  ));

function carryOut(
  what: Step['what'],
  purchase: Change['purchase'],
  developerPayload: string | null,
  now: number,
  clock: WorldClock,
): Change {
  const cause = 'operator';
  switch (what) {
    case 'acknowledge':
      return acknowledge(purchase, { developerPayload, cause }, now);
    case 'consume':
      return consume(purchase, { developerPayload, cause }, now);
    case 'void':
      return voidPurchase(purchase, { reason: null, cause }, now);
    case 'settle':
      return settle(purchase, clock, now);
  }
}

/** Told from the ledger alone: the code of the refusal, if there must be one. */
function allowed(what: Step['what'], ledger: Entry[], payload: string | null): ErrorCode | undefined {
  const happened = new Set(ledger.map((entry) => entry.what));
  const mismatch = payload === 'another order' ? 'DeveloperPayloadNotMatch' : undefined;
  switch (what) {
    case 'acknowledge':
      return happened.has('voided') ? 'InvalidPurchaseState' : mismatch;
    case 'consume':
      if (happened.has('voided')) return 'InvalidPurchaseState';
      return happened.has('consumed') ? 'InvalidConsumeState' : mismatch;
    case 'void':
      return happened.has('voided') ? 'InvalidState' : undefined;
    case 'settle':
      return undefined;
  }
}

function checkLedger(
  ledger: Entry[],
  purchase: Change['purchase'],
  now: number,
  mustAcknowledge: boolean,
): void {
  let balance = 0;
  let last = noon;
  for (const { amountMicros, at } of ledger) {
    balance += amountMicros;
    assert.ok(balance >= 0);
    assert.ok(at >= last && at <= now);
    last = at;
  }
  const whats = ledger.map(({ what }) => what);
  assert.equal(new Set(whats).size, whats.length);
  assert.equal(balance, whats.includes('voided') ? 0 : paidMicros(purchase));
  assert.equal(entitled(purchase), !whats.includes('voided') && !whats.includes('consumed'));
  assert.equal(purchaseState(purchase), whats.includes('voided') ? 'voided' : whats.at(-1));
  const confirmed = whats.includes('acknowledged') || whats.includes('consumed');
  const due = mustAcknowledge && !confirmed && !whats.includes('voided');
  assert.equal(purchase.dueAt, due ? noon + dueMs : null);
}

function frozen(change: Change): Change {
  Object.freeze(change.purchase);
  for (const entry of change.entries) Object.freeze(entry);
  return change;
}

function refusedBy(rule: () => void): ErrorCode | undefined {
  try {
    rule();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
