// The key a listing goes on with: it carries the first call's range and the last row, so nothing is stored.

import type { Market } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import type { GivenRange, ListRange } from './list-range.ts';

/** What a key is bound to: elsewhere it is refused. */
export type ContinuationScope = { call: string; appId: string; market: Market };

/** What a key carries: the range of the first call (its "now" included) and the last row handed out. */
export type ContinuationPosition = ListRange & { lastTime: number; lastPurchaseId: string };

/** A keyed code over the text, of at least 7 bytes, that none but the server can make. */
export type Mac = (text: Uint8Array) => Uint8Array;

// The layout: 30 bytes, so exactly 40 characters without padding, where the documents allow 41.
const startBytes = 6;
const lengthBytes = 4;
const purchaseIdBytes = 9;
const contentBytes = startBytes + 2 * lengthBytes + purchaseIdBytes;
const macBytes = 7;
const keyPattern = /^[A-Za-z0-9_-]{40}$/;

const sandboxPrefix = 'SANDBOX3';
const commercialShape = /^\d{20}$/;
const sandboxShape = /^SANDBOX3\d{12}$/;
// Twenty digits fit in 67 bits; the highest of the 72 tells the two shapes apart.
const sandboxBit = 1n << 71n;

/**
 * The key to go on after the row `(lastTime, lastPurchaseId)`: 40 characters of base64url (protocol 4.4; 13
 * row 33). It is a broken invariant, not a refusal, when the row lies outside the range, the range is longer
 * than 2^32 ms (49 days), or the purchaseId has none of the shapes of protocol 12.1.
 */
export function makeContinuationKey(key: ContinuationScope & ContinuationPosition, mac: Mac): string {
  const lengthMs = key.endTime - key.startTime;
  const lastAfterMs = key.lastTime - key.startTime;
  if (lastAfterMs > lengthMs) throw new RangeError('the last row lies after the end of its range');
  const content = Buffer.concat([
    toBytes(BigInt(key.startTime), startBytes),
    toBytes(BigInt(lengthMs), lengthBytes),
    toBytes(BigInt(lastAfterMs), lengthBytes),
    toBytes(packPurchaseId(key.lastPurchaseId), purchaseIdBytes),
  ]);
  return Buffer.concat([content, signContent(content, key, mac)]).toString('base64url');
}

/**
 * What a key carries. Refuses `InvalidRequest` [continuationKey] for one that was altered in any way, or that
 * another app, call or market was given (protocol 13 row 33).
 */
export function readContinuationKey(text: string, scope: ContinuationScope, mac: Mac): ContinuationPosition {
  // Forty characters are thirty bytes with no bit left over: each key has this one spelling.
  if (!keyPattern.test(text)) throw refusedKey();
  const bytes = Buffer.from(text, 'base64url');
  const content = bytes.subarray(0, contentBytes);
  if (!sameBytes(bytes.subarray(contentBytes), signContent(content, scope, mac))) throw refusedKey();
  const lengthAt = startBytes;
  const lastAt = lengthAt + lengthBytes;
  const purchaseIdAt = lastAt + lengthBytes;
  const startTime = Number(fromBytes(content.subarray(0, lengthAt)));
  return {
    startTime,
    endTime: startTime + Number(fromBytes(content.subarray(lengthAt, lastAt))),
    lastTime: startTime + Number(fromBytes(content.subarray(lastAt, purchaseIdAt))),
    lastPurchaseId: unpackPurchaseId(fromBytes(content.subarray(purchaseIdAt))),
  };
}

/**
 * The range to go on in: the key's. Refuses `InvalidRequest` [continuationKey] when a time sent along with
 * the key is another than the key's (protocol 13 row 33).
 */
export function continueRange(given: GivenRange, key: ListRange): ListRange {
  const { startTime, endTime } = key;
  if ((given.startTime ?? startTime) !== startTime) throw refusedKey();
  if ((given.endTime ?? endTime) !== endTime) throw refusedKey();
  return { startTime, endTime };
}

function refusedKey(): Refusal {
  return new Refusal('InvalidRequest', { fields: ['continuationKey'] });
}

/** JSON keeps call, app and market apart whatever they hold; the content has a fixed length. */
function signContent(content: Uint8Array, scope: ContinuationScope, mac: Mac): Uint8Array {
  const label = JSON.stringify(['continuationKey', scope.call, scope.appId, scope.market]);
  const code = mac(Buffer.concat([Buffer.from(label), content]));
  if (code.length < macBytes) throw new RangeError(`a code of ${code.length} bytes is too short`);
  return code.subarray(0, macBytes);
}

/** Looks at every byte, so that the time taken does not tell how many were right. */
function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  left.forEach((byte, index) => {
    difference |= byte ^ (right[index] ?? 0);
  });
  return difference === 0;
}

function packPurchaseId(purchaseId: string): bigint {
  if (commercialShape.test(purchaseId)) return BigInt(purchaseId);
  if (sandboxShape.test(purchaseId)) return sandboxBit | BigInt(purchaseId.slice(sandboxPrefix.length));
  throw new RangeError('a purchaseId that does not fit into a continuation key');
}

function unpackPurchaseId(packed: bigint): string {
  if ((packed & sandboxBit) === 0n) return String(packed).padStart(20, '0');
  return sandboxPrefix + String(packed ^ sandboxBit).padStart(12, '0');
}

function toBytes(value: bigint, length: number): Uint8Array {
  if (BigInt.asUintN(length * 8, value) !== value) {
    throw new RangeError(`${value} does not fit into ${length} bytes of a continuation key`);
  }
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
}

function fromBytes(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
