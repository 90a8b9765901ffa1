// The rules of a managed product's purchase, each with its refusals and their order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '@till/protocol/errors';
import type { WorldClock } from '../../src/domain/clock.ts';
import {
  acknowledge,
  buy,
  consume,
  entitled,
  paidMicros,
  purchaseState,
  settle,
  voidPurchase,
} from '../../src/domain/purchase.ts';
import { anOrder, aPurchase, noon } from '../store/things.ts';

const dueMs = 259_200_000;
const cause = 'developer';
const later = noon + 1_000;
const bought = aPurchase({ developerPayload: 'order' });
const acknowledged = acknowledge(bought, { cause }, later).purchase;
const consumed = consume(bought, { cause }, later).purchase;
const voided = voidPurchase(bought, { reason: null, cause }, later).purchase;
const refusedWith = (code: ErrorCode) => ({ name: 'Refusal', code });

function clockJumpedTo(jumpedTo: number): WorldClock {
  return { at: 0, base: 0, rate: 1, frozen: false, jumpedTo };
}

test('a purchase begins unconfirmed, due after 72 hours, with the money in its first entry', () => {
  const { purchase, entries } = buy(anOrder({ quantity: 3 }), true);
  const { acknowledgedAt, consumedAt, voidedAt, voidReason, dueAt, entryCount, rev } = purchase;
  assert.deepEqual(
    { acknowledgedAt, consumedAt, voidedAt, voidReason, dueAt, entryCount, rev },
    {
      acknowledgedAt: null,
      consumedAt: null,
      voidedAt: null,
      voidReason: null,
      dueAt: noon + dueMs,
      entryCount: 0,
      rev: 1,
    },
  );
  assert.deepEqual(entries, [
    {
      at: noon,
      what: 'purchased',
      purchaseId: purchase.purchaseId,
      amountMicros: 3_300_000_000,
      currency: 'KRW',
      cause: 'buyer',
      detail: null,
    },
  ]);
});

test('a purchase that need not be acknowledged is never due', () => {
  assert.equal(buy(anOrder(), false).purchase.dueAt, null);
});

test('the state is the latest step, and only a running purchase entitles', () => {
  for (const [purchase, state, entitles] of [
    [bought, 'purchased', true],
    [acknowledged, 'acknowledged', true],
    [consumed, 'consumed', false],
    [voided, 'voided', false],
    [voidPurchase(consumed, { reason: null, cause }, later).purchase, 'voided', false],
  ] as const) {
    assert.deepEqual([purchaseState(purchase), entitled(purchase)], [state, entitles]);
  }
});

test('what was paid is the price of all pieces', () => {
  assert.equal(paidMicros({ priceMicros: 4_990_000, quantity: 3 }), 14_970_000);
});

test('acknowledging notes when and by whom, and nothing is due any more', () => {
  const { purchase, entries } = acknowledge(bought, { developerPayload: 'order', cause }, later);
  assert.deepEqual(purchase, { ...bought, acknowledgedAt: later, dueAt: null });
  assert.deepEqual(
    entries.map(({ at, what, amountMicros, cause }) => ({ at, what, amountMicros, cause })),
    [{ at: later, what: 'acknowledged', amountMicros: 0, cause: 'developer' }],
  );
});

test('acknowledging again, or after consuming, changes nothing', () => {
  for (const purchase of [acknowledged, consumed]) {
    assert.deepEqual(acknowledge(purchase, { cause }, later + 1), { purchase, entries: [] });
  }
});

test('acknowledging refuses a voided purchase first, then another payload, even when it changes nothing', () => {
  const other = { developerPayload: 'another', cause } as const;
  assert.throws(() => acknowledge(voided, other, later), refusedWith('InvalidPurchaseState'));
  assert.throws(() => acknowledge(bought, other, later), refusedWith('DeveloperPayloadNotMatch'));
  assert.throws(() => acknowledge(acknowledged, other, later), refusedWith('DeveloperPayloadNotMatch'));
});

test('consuming counts as acknowledging, unless that was done before', () => {
  const { purchase, entries } = consume(bought, { cause }, later);
  assert.deepEqual(purchase, { ...bought, consumedAt: later, acknowledgedAt: later, dueAt: null });
  assert.deepEqual(
    entries.map(({ at, what }) => [at, what]),
    [[later, 'consumed']],
  );
  const after = consume(acknowledged, { cause }, later + 5).purchase;
  assert.deepEqual([after.acknowledgedAt, after.consumedAt], [later, later + 5]);
});

test('consuming refuses a voided purchase, then a consumed one, then another payload', () => {
  const other = { developerPayload: 'another', cause } as const;
  const both = voidPurchase(consumed, { reason: null, cause }, later).purchase;
  assert.throws(() => consume(both, other, later), refusedWith('InvalidPurchaseState'));
  assert.throws(() => consume(consumed, other, later), refusedWith('InvalidConsumeState'));
  assert.throws(() => consume(bought, other, later), refusedWith('DeveloperPayloadNotMatch'));
});

test('only a managed product is consumed', () => {
  for (const type of ['auto', 'subscription'] as const) {
    const running = aPurchase({ type });
    assert.throws(() => consume(running, { cause }, later), refusedWith('InvalidConsumeState'));
    const over = aPurchase({ type, voidedAt: later });
    assert.throws(() => consume(over, { cause }, later), refusedWith('InvalidPurchaseState'));
  }
});

test('no payload, null and an empty one are not compared', () => {
  for (const developerPayload of [undefined, null, '']) {
    assert.ok(acknowledge(bought, { developerPayload, cause }, later));
    assert.ok(consume(bought, { developerPayload, cause }, later));
  }
});

test('payloads are compared exactly', () => {
  for (const developerPayload of ['Order', 'order ', 'orde', 'órder']) {
    assert.throws(
      () => acknowledge(bought, { developerPayload, cause }, later),
      refusedWith('DeveloperPayloadNotMatch'),
    );
  }
  assert.throws(
    () => acknowledge(aPurchase(), { developerPayload: 'order', cause }, later),
    refusedWith('DeveloperPayloadNotMatch'),
  );
});

test('voiding gives all of the money back and tells why', () => {
  const many = aPurchase({ quantity: 2 });
  const { purchase, entries } = voidPurchase(many, { reason: 'a refund', cause: 'operator' }, later);
  assert.deepEqual(purchase, { ...many, voidedAt: later, voidReason: 'a refund', dueAt: null });
  const { purchaseId, currency } = many;
  assert.deepEqual(entries, [
    {
      at: later,
      what: 'voided',
      purchaseId,
      amountMicros: -2_200_000_000,
      currency,
      cause: 'operator',
      detail: 'a refund',
    },
  ]);
});

test('a second void is refused with InvalidState', () => {
  assert.throws(() => voidPurchase(voided, { reason: null, cause }, later), refusedWith('InvalidState'));
});

test('settling changes nothing up to the last millisecond before the end', () => {
  const change = settle(bought, clockJumpedTo(0), noon + dueMs - 1);
  assert.deepEqual(change, { purchase: bought, entries: [] });
  for (const purchase of [acknowledged, consumed, voided]) {
    assert.deepEqual(settle(purchase, clockJumpedTo(0), Number.MAX_SAFE_INTEGER), { purchase, entries: [] });
  }
});

test('settling voids at the end: at its own instant after a jump, at the present one when it is late', () => {
  const late = noon + dueMs + 7;
  for (const [jumpedTo, now, at] of [
    [0, noon + dueMs, noon + dueMs],
    [0, late, late],
    [noon + dueMs - 1, late, late],
    [noon + dueMs, late, noon + dueMs],
    [late, late, noon + dueMs],
  ] as const) {
    const { purchase, entries } = settle(bought, clockJumpedTo(jumpedTo), now);
    assert.equal(purchase.voidedAt, at);
    assert.deepEqual(
      entries.map((entry) => [entry.at, entry.what, entry.cause]),
      [[at, 'voided', 'time']],
    );
  }
});
