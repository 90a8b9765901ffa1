// The shapes of everything the server names.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  type Draw,
  drawClientId,
  drawClientSecret,
  drawOrderId,
  drawPurchaseId,
  drawWorldId,
  firstPurchaseToken,
  purchaseIdentifiers,
  uuidText,
} from '../../src/domain/identifiers.ts';

/** Bytes that look random and are the same in every run. */
function seededDraw(seed: string): Draw {
  let count = 0;
  return (byteCount) =>
    createHash('shake256', { outputLength: byteCount }).update(`${seed} ${count++}`).digest();
}

/** Hands out the given bytes in turn, and then zeros. */
function scriptedDraw(bytes: number[]): Draw {
  return (byteCount) => Uint8Array.from({ length: byteCount }, () => bytes.shift() ?? 0);
}

const at = Date.parse('2022-07-12T13:19:14+09:00');

test('a sandbox purchase is SANDBOX3 and 12 digits, its token SANDBOXT and the same digits', () => {
  for (const type of ['inapp', 'auto', 'subscription'] as const) {
    const names = purchaseIdentifiers({ environment: 'sandbox', at, type }, seededDraw(type));
    assert.match(names.purchaseId, /^SANDBOX3\d{12}$/);
    assert.equal(names.purchaseToken, `SANDBOXT${names.purchaseId.slice(8)}`);
    assert.match(names.orderId, /^ONESTORE7_\d{30}$/);
  }
});

test('a commercial purchase is its second in Korea and 8 digits', () => {
  const names = purchaseIdentifiers({ environment: 'commercial', at, type: 'inapp' }, seededDraw('one'));
  assert.match(names.purchaseId, /^220712131914\d{8}$/);
  assert.match(names.orderId, /^ONESTORE7_\d{30}$/);
});

test('the second of a purchase changes its day at 15:00 UTC and drops milliseconds', () => {
  const second = (text: string) =>
    drawPurchaseId({ environment: 'commercial', at: Date.parse(text) }, seededDraw('a')).slice(0, 12);
  assert.equal(second('2025-12-31T14:59:59.999Z'), '251231235959');
  assert.equal(second('2025-12-31T15:00:00.000Z'), '260101000000');
  assert.equal(second('2009-02-03T01:02:03.004Z'), '090203100203');
});

test('a managed or monthly token equals the first purchaseId', () => {
  assert.equal(firstPurchaseToken('19062709124410111299', 'inapp'), '19062709124410111299');
  assert.equal(firstPurchaseToken('19062709124410111299', 'auto'), '19062709124410111299');
});

test('a subscription token has an S as its 13th character', () => {
  assert.equal(firstPurchaseToken('22071213191410115875', 'subscription'), '220712131914S0115875');
});

test('the printed sandbox purchase has the printed token', () => {
  assert.equal(firstPurchaseToken('SANDBOX3000120004476', 'inapp'), 'SANDBOXT000120004476');
  assert.equal(firstPurchaseToken('SANDBOX3000120004476', 'subscription'), 'SANDBOXT000120004476');
});

test('purchaseId, token and orderId fit the sizes 20, 20 and 40', () => {
  for (const environment of ['sandbox', 'commercial'] as const) {
    const names = purchaseIdentifiers({ environment, at, type: 'subscription' }, seededDraw(environment));
    assert.deepEqual(
      [names.purchaseId.length, names.purchaseToken.length, names.orderId.length],
      [20, 20, 40],
    );
  }
});

test('the same randomness repeats the same names', () => {
  const names = () => purchaseIdentifiers({ environment: 'sandbox', at, type: 'inapp' }, seededDraw('same'));
  assert.deepEqual(names(), names());
});

test('every digit is drawn about as often as the others', () => {
  const draw = seededDraw('digits');
  const counts = new Map<string, number>();
  for (let order = 0; order < 2_000; order++) {
    for (const digit of drawOrderId(draw).slice(10)) counts.set(digit, (counts.get(digit) ?? 0) + 1);
  }
  // 60,000 digits: 6,000 of each, with a standard deviation of 73.
  assert.equal(counts.size, 10);
  for (const [digit, count] of counts) assert.ok(Math.abs(count - 6_000) < 370, `${digit}: ${count}`);
});

test('bytes that would favour the low digits are thrown away', () => {
  // All 256 bytes in turn: 250 make a digit, 25 of each, and the last six make none.
  const everyByte = Array.from({ length: 256 }, (_, byte) => 255 - byte);
  const draw = scriptedDraw(everyByte);
  let text = '';
  for (let id = 0; id < 25; id++) text += drawClientId(draw);
  for (const digit of '0123456789') assert.equal(text.split(digit).length - 1, 25, digit);
});

test('a clientId is ten digits', () => {
  assert.match(drawClientId(seededDraw('client')), /^\d{10}$/);
});

test('a client secret is base64 of 32 bytes in 44 characters and never holds a plus', () => {
  const draw = seededDraw('secret');
  for (let count = 0; count < 500; count++) {
    const secret = drawClientSecret(draw);
    assert.match(secret, /^[A-Za-z0-9/]{43}=$/);
    assert.equal(Buffer.from(secret, 'base64').length, 32);
  }
});

test('a secret with a plus is drawn again as a whole', () => {
  const withPlus = Array.from(Buffer.from('+'.padEnd(43, 'A'), 'base64'));
  assert.equal(drawClientSecret(scriptedDraw([...withPlus, 1])), `AQ${'A'.repeat(41)}=`);
});

test('a world id is w and 12 small letters or digits', () => {
  const draw = seededDraw('world');
  const seen = new Set<string>();
  for (let count = 0; count < 500; count++) {
    const worldId = drawWorldId(draw);
    assert.match(worldId, /^w[a-z0-9]{12}$/);
    for (const character of worldId.slice(1)) seen.add(character);
  }
  assert.equal(seen.size, 36);
});

test('a UUID is 36 small characters with the marks of version 4', () => {
  assert.equal(uuidText(new Uint8Array(16)), '00000000-0000-4000-8000-000000000000');
  assert.equal(uuidText(new Uint8Array(16).fill(255)), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
  const counted = Uint8Array.from({ length: 16 }, (_, index) => index * 17);
  assert.equal(uuidText(counted), '00112233-4455-4677-8899-aabbccddeeff');
});

test('a UUID leaves the bytes it was made from alone', () => {
  const bytes = new Uint8Array(16).fill(255);
  uuidText(bytes);
  assert.deepEqual(bytes, new Uint8Array(16).fill(255));
});

test('a UUID is made from 16 bytes only', () => {
  for (const length of [0, 15, 17]) assert.throws(() => uuidText(new Uint8Array(length)), RangeError);
});

test('a source of randomness that repeats itself is an error, not an endless loop', () => {
  const stuck: Draw = (byteCount) => new Uint8Array(byteCount).fill(255);
  assert.throws(() => drawOrderId(stuck), /repeats itself/);
  const plus: Draw = () => Buffer.from('+'.padEnd(43, 'A'), 'base64');
  assert.throws(() => drawClientSecret(plus), /repeats itself/);
});
