// The shapes of everything the server names: purchases, orders, apps, secrets, worlds (protocol 12.1).

import type { Environment, ProductType } from '@till/protocol/codes';
import { marketOffsetMs } from './calendar.ts';

/** Hands out that many random bytes. Given, so that a world with a seed repeats its identifiers. */
export type Draw = (byteCount: number) => Uint8Array;

/** What names a purchase. Uniqueness is the store's to keep: a taken one is drawn again. */
export type PurchaseIdentifiers = { purchaseId: string; purchaseToken: string; orderId: string };

const digits = '0123456789';
const lettersAndDigits = 'abcdefghijklmnopqrstuvwxyz0123456789';

// A fair source misses this often less than once in 2^90; a broken one must not hang the server.
const mostDraws = 100;

/** The three names of a first purchase made at `at` (epoch ms) (protocol 12.1). */
export function purchaseIdentifiers(
  purchase: { environment: Environment; at: number; type: ProductType },
  draw: Draw,
): PurchaseIdentifiers {
  const purchaseId = drawPurchaseId(purchase, draw);
  const purchaseToken = firstPurchaseToken(purchaseId, purchase.type);
  return { purchaseId, purchaseToken, orderId: drawOrderId(draw) };
}

/**
 * A purchaseId of 20 characters: `SANDBOX3` and 12 digits, or in commercial the second of the purchase
 * (`at`, epoch ms) as `yyMMddHHmmss`, in Korean time for every market, and 8 digits (protocol 12.1).
 */
export function drawPurchaseId(purchase: { environment: Environment; at: number }, draw: Draw): string {
  if (purchase.environment === 'sandbox') return `SANDBOX3${drawText(digits, 12, draw)}`;
  return koreanSecond(purchase.at) + drawText(digits, 8, draw);
}

/**
 * The token that goes with a first purchaseId (protocol 12.1): in sandbox the same digits after `SANDBOXT`;
 * in commercial the purchaseId itself, its 13th character replaced by `S` for a subscription. So ten
 * commercial purchaseIds share one subscription token: the token must be unique on its own.
 */
export function firstPurchaseToken(purchaseId: string, type: ProductType): string {
  if (purchaseId.startsWith('SANDBOX3')) return `SANDBOXT${purchaseId.slice(8)}`;
  if (type === 'subscription') return `${purchaseId.slice(0, 12)}S${purchaseId.slice(13)}`;
  return purchaseId;
}

/** An orderId of 40 characters, in both environments: `ONESTORE7_` and 30 digits (protocol 12.1). */
export function drawOrderId(draw: Draw): string {
  return `ONESTORE7_${drawText(digits, 30, draw)}`;
}

/** The clientId of an app that was given none: ten digits, as `0000042301` (protocol 2.1). */
export function drawClientId(draw: Draw): string {
  return drawText(digits, 10, draw);
}

/**
 * A client secret: base64 of 32 random bytes, 44 characters (protocol 2.1). One with a `+` is drawn again,
 * because a form that does not escape it turns it into a blank (protocol 13 row 6); that costs one bit.
 */
export function drawClientSecret(draw: Draw): string {
  for (let draws = 0; draws < mostDraws; draws++) {
    const secret = Buffer.from(draw(32)).toString('base64');
    if (!secret.includes('+')) return secret;
  }
  throw new Error('the source of randomness repeats itself');
}

/** The id of a world that was given none: `w` and 12 small letters or digits. */
export function drawWorldId(draw: Draw): string {
  return `w${drawText(lettersAndDigits, 12, draw)}`;
}

/** UUID text of 16 bytes: 36 characters in small letters, marked as version 4 (RFC 9562); keeps 122 bits. */
export function uuidText(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new RangeError(`a UUID has 16 bytes, not ${bytes.length}`);
  const marked = Buffer.from(bytes);
  marked.writeUInt8((marked.readUInt8(6) & 0x0f) | 0x40, 6);
  marked.writeUInt8((marked.readUInt8(8) & 0x3f) | 0x80, 8);
  return marked.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Bytes beyond the last full round of the alphabet are thrown away: its first characters gain nothing. */
function drawText(alphabet: string, length: number, draw: Draw): string {
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  for (let draws = 0; draws < mostDraws && text.length < length; draws++) {
    const fair = draw(length - text.length).filter((byte) => byte < limit);
    text += Array.from(fair, (byte) => alphabet.charAt(byte % alphabet.length)).join('');
  }
  if (text.length < length) throw new Error('the source of randomness repeats itself');
  return text;
}

/** `yyMMddHHmmss` of the instant in Korean time. */
function koreanSecond(at: number): string {
  const local = new Date(at + marketOffsetMs('MKT_ONE')).toISOString();
  return local.slice(2, 19).replaceAll(/\D/g, '');
}
