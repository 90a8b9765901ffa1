// The key with which a listing goes on.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import {
  type ContinuationPosition,
  type ContinuationScope,
  continueRange,
  makeContinuationKey,
  readContinuationKey,
} from '../../src/domain/continuation-key.ts';
import { fc } from '../properties.ts';

const mac = (text: Uint8Array) => createHmac('sha256', 'a secret of the tests').update(text).digest();

const scope: ContinuationScope = { call: 'getVoidedPurchases', appId: 'app-1', market: 'MKT_ONE' };
const position: ContinuationPosition = {
  startTime: 1_784_000_000_123,
  endTime: 1_786_678_400_123,
  lastTime: 1_785_000_000_456,
  lastPurchaseId: '22071114040010115614',
};
const key = makeContinuationKey({ ...scope, ...position }, mac);

function assertRefused(text: string, within: ContinuationScope = scope): void {
  assert.throws(() => readContinuationKey(text, within, mac), {
    code: 'InvalidRequest',
    fields: ['continuationKey'],
  });
}

test('a key has 40 characters of base64url, within the 41 of the documents', () => {
  assert.match(key, /^[A-Za-z0-9_-]{40}$/);
});

test('a key gives back the range of the first call and the last row', () => {
  assert.deepEqual(readContinuationKey(key, scope, mac), position);
});

test('a key is the same whenever it is made for the same place', () => {
  assert.equal(makeContinuationKey({ ...scope, ...position }, mac), key);
});

test('every position of every shape of purchaseId survives the way there and back', () => {
  const digits = (length: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length });
  const purchaseIds = fc.oneof(
    digits(20),
    digits(12).map((number) => `SANDBOX3${number}`),
    fc.constantFrom('0'.repeat(20), '9'.repeat(20), 'SANDBOX3000000000000', 'SANDBOX3999999999999'),
  );
  const lengths = fc.integer({ min: 0, max: 31 * 86_400_000 });
  const scopes = fc.record({
    call: fc.string(),
    appId: fc.string({ unit: 'binary' }),
    market: fc.constantFrom('MKT_ONE' as const, 'MKT_GLB' as const),
  });
  const starts = fc.integer({ min: 0, max: 9_999_999_999_999 });
  fc.assert(
    fc.property(
      scopes,
      starts,
      lengths,
      lengths,
      purchaseIds,
      (within, startTime, one, other, lastPurchaseId) => {
        const endTime = startTime + Math.max(one, other);
        const lastTime = startTime + Math.min(one, other);
        const made = makeContinuationKey({ ...within, startTime, endTime, lastTime, lastPurchaseId }, mac);
        assert.equal(made.length, 40);
        assert.deepEqual(readContinuationKey(made, within, mac), {
          startTime,
          endTime,
          lastTime,
          lastPurchaseId,
        });
      },
    ),
  );
});

test('a key with any one character changed is refused', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= %.é\n\0';
  for (let index = 0; index < key.length; index++) {
    for (const character of alphabet) {
      if (character === key[index]) continue;
      assertRefused(key.slice(0, index) + character + key.slice(index + 1));
    }
  }
});

test('a key of any other length is refused', () => {
  for (let length = 0; length < key.length; length++) assertRefused(key.slice(0, length));
  for (const added of ['A', '=', ' ', '\n', '\0', 'AAAA', key]) {
    assertRefused(key + added);
    assertRefused(added + key);
  }
});

test('a key is refused in any spelling but its own', () => {
  // Bytes whose base64 holds both characters in which the two alphabets differ.
  const special = Array.from({ length: 500 }, (_, extra) =>
    makeContinuationKey({ ...scope, ...position, lastTime: position.lastTime + extra }, mac),
  ).find((text) => text.includes('-') && text.includes('_'));
  assert.ok(special);
  assert.ok(readContinuationKey(special, scope, mac));
  assertRefused(special.replaceAll('-', '+').replaceAll('_', '/'));
  assertRefused(`${special.slice(0, 20)} ${special.slice(20)}`);
});

test('a key is refused for another app, call or market', () => {
  assertRefused(key, { ...scope, appId: 'app-2' });
  assertRefused(key, { ...scope, call: 'getUnconfirmedPurchases' });
  assertRefused(key, { ...scope, market: 'MKT_GLB' });
});

test('the end of the call and the start of the app are not confused', () => {
  const made = makeContinuationKey({ ...position, ...scope, call: 'list', appId: '1app' }, mac);
  assertRefused(made, { ...scope, call: 'list1', appId: 'app' });
  assertRefused(made, { ...scope, call: 'list","1app', appId: '' });
});

test('a key made with another secret is refused', () => {
  const other = (text: Uint8Array) => createHmac('sha256', 'another secret').update(text).digest();
  assertRefused(makeContinuationKey({ ...scope, ...position }, other));
});

test('a key is never made for what does not fit into it', () => {
  const wrong: Partial<ContinuationPosition>[] = [
    { lastTime: position.startTime - 1 },
    { lastTime: position.endTime + 1 },
    { endTime: position.startTime - 1 },
    { endTime: position.startTime + 2 ** 32 },
    { startTime: -1, endTime: 1, lastTime: 0 },
    { startTime: 0.5, endTime: 1, lastTime: 1 },
    { startTime: 2 ** 48, endTime: 2 ** 48, lastTime: 2 ** 48 },
    { lastPurchaseId: '' },
    { lastPurchaseId: '2207111404001011561' },
    { lastPurchaseId: 'SANDBOXT000120004476' },
    { lastPurchaseId: '220712131914S0115875' },
  ];
  for (const part of wrong) {
    assert.throws(() => makeContinuationKey({ ...scope, ...position, ...part }, mac), RangeError);
  }
});

test('a code too short to protect a key is a broken invariant', () => {
  assert.throws(() => makeContinuationKey({ ...scope, ...position }, () => new Uint8Array(6)), RangeError);
});

const range = { startTime: position.startTime, endTime: position.endTime };

test('a key alone goes on in its own range', () => {
  assert.deepEqual(continueRange({}, position), range);
});

test('times sent along that equal those of the key are accepted', () => {
  assert.deepEqual(continueRange({ startTime: range.startTime }, position), range);
  assert.deepEqual(continueRange({ endTime: range.endTime }, position), range);
  assert.deepEqual(continueRange(range, position), range);
});

test('a time sent along that is not that of the key is refused', () => {
  const wrong = [
    { startTime: range.startTime - 1 },
    { startTime: 0 },
    { endTime: range.endTime + 1 },
    { startTime: range.startTime, endTime: range.startTime },
  ];
  for (const given of wrong) {
    assert.throws(() => continueRange(given, position), {
      code: 'InvalidRequest',
      fields: ['continuationKey'],
    });
  }
});
