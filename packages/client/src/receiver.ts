// What every receiver of notifications does, whatever the framework: from a request to the status that the store acts upon.
import type { LicenseKeys } from './license-keys.ts';
import { OneStoreMessageError } from './message-errors.ts';
import type { PaymentNotification, SubscriptionNotification } from './notification.ts';
import { verifyNotification } from './payment-notification.ts';
import { objectOf, type RawBody, textOf } from './signed-text.ts';
import { parseSubscriptionNotification } from './subscription-notification.ts';

/** Messages that have been handled. A `Set` is one; with several processes, keep them in your database for four days. */
export interface HandledMessages {
  has(key: string): boolean | Promise<boolean>;
  add(key: string): unknown;
}

/** What came with a message besides its body. */
export interface Delivery {
  /** The header `webhook-id`, which stays the same over all attempts. Till sends it; ONE store is not known to. */
  webhookId: string | undefined;
}

/** `invalid` 400, `method` 405, `tooLarge` 413, `failed` 500: the handler, the memory of handled messages, or a body that cannot be read. */
export type ReceiverProblem = 'invalid' | 'method' | 'tooLarge' | 'failed';

export interface ReceiverSettings {
  /** Of the app; several while keys change. */
  licenseKey: LicenseKeys;
  /** Called for each payment notification whose signature fits. */
  onPayment?: ((message: PaymentNotification, delivery: Delivery) => unknown) | undefined;
  /** Called for each subscription notification. They are not signed: ask `getSubscriptionDetail` what is true. */
  onSubscription?: ((message: SubscriptionNotification, delivery: Delivery) => unknown) | undefined;
  /** Leaves out what was handled before, by `webhook-id` and body. It saves work and decides nothing: handlers must bear a message twice. */
  handled?: HandledMessages | undefined;
  /** The largest body that is read, bytes; default 65,536. */
  maxBytes?: number | undefined;
  /** Is told what was not answered by 200, and why. Without it, what a handler throws goes to `console.error`. */
  onError?: ((error: unknown, problem: ReceiverProblem) => unknown) | undefined;
}

/** A request as the frameworks' adapters give it. */
export interface Arrived {
  method: string | undefined;
  webhookId: string | undefined;
  /** The body, as it was received where that can be had; `undefined` where it is larger than `maxBytes`. */
  body(maxBytes: number): RawBody | undefined | Promise<RawBody | undefined>;
}

export interface Answer {
  status: 200 | 400 | 405 | 413 | 500;
  headers: Record<string, string>;
  text: string;
}

const standardMaxBytes = 65_536;
const longestWebhookId = 256;

/**
 * 200 once the handler is done; everything else makes the store send the message again, up to 30 times in three days (section 9.1). Never
 * throws.
 */
export async function receive(settings: ReceiverSettings, arrived: Arrived): Promise<Answer> {
  if (arrived.method !== 'POST') return refused(settings, 'method', new Error('the method is not POST'));
  let body: RawBody | undefined;
  try {
    body = await arrived.body(settings.maxBytes ?? standardMaxBytes);
  } catch (error) {
    return refused(settings, 'failed', error);
  }
  if (body === undefined) return refused(settings, 'tooLarge', new Error('the body is too large'));
  let handle: () => unknown;
  try {
    handle = await handlerOf(settings, body, { webhookId: arrived.webhookId });
  } catch (error) {
    return refused(settings, 'invalid', error);
  }
  try {
    await once(settings.handled, await keyOf(arrived.webhookId, body), handle);
  } catch (error) {
    return refused(settings, 'failed', error);
  }
  return answer(200, 'received');
}

/** The body, unless it is too large. */
export function within(maxBytes: number, body: RawBody): RawBody | undefined {
  const size = typeof body === 'string' ? new TextEncoder().encode(body).length : body.length;
  return size > maxBytes ? undefined : body;
}

/** A body that nobody can have any more; waiting for it would last for ever. */
export function readBefore(): Error {
  return new Error('the body was read before: let the receiver come before what parses bodies');
}

/** The pieces of a body, `size` bytes together. */
export function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** What is to be done about a message that is what it claims to be. */
async function handlerOf(
  { licenseKey, onPayment, onSubscription }: ReceiverSettings,
  body: RawBody,
  delivery: Delivery,
): Promise<() => unknown> {
  if (objectOf(textOf(body))?.subscriptionNotification === undefined) {
    const message = await verifyNotification(body, licenseKey);
    if (onPayment === undefined) throw unexpected('payment');
    return () => onPayment(message, delivery);
  }
  const message = parseSubscriptionNotification(body);
  if (onSubscription === undefined) throw unexpected('subscription');
  return () => onSubscription(message, delivery);
}

function unexpected(kind: string): OneStoreMessageError {
  return new OneStoreMessageError('the notification', { member: '', problem: `is of a ${kind}: no handler` });
}

/** Noted after it was handled: a process that dies in between is sent the message again. */
async function once(
  handled: HandledMessages | undefined,
  key: string | undefined,
  handle: () => unknown,
): Promise<void> {
  if (handled === undefined || key === undefined) {
    await handle();
    return;
  }
  if (await handled.has(key)) return;
  await handle();
  await handled.add(key);
}

/** The header is not signed: with the body's hash beside it, nobody can use up the ID of a message to come. */
async function keyOf(webhookId: string | undefined, body: RawBody): Promise<string | undefined> {
  if (!webhookId || webhookId.length > longestWebhookId) return undefined;
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `${webhookId} ${Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

const statuses = { invalid: 400, method: 405, tooLarge: 413, failed: 500 } as const;
const words = {
  invalid: 'no message of the store',
  method: 'only POST',
  tooLarge: 'too large',
  failed: 'not handled, send it again',
} as const;

function refused({ onError }: ReceiverSettings, problem: ReceiverProblem, error: unknown): Answer {
  if (onError !== undefined) tell(onError, error, problem);
  else if (problem === 'failed') console.error('a notification was not handled:', error);
  const refusal = answer(statuses[problem], words[problem]);
  return problem === 'method' ? { ...refusal, headers: { ...refusal.headers, allow: 'POST' } } : refusal;
}

/** One that fails itself is told to the console, and changes no answer. */
function tell(
  onError: (error: unknown, problem: ReceiverProblem) => unknown,
  error: unknown,
  problem: ReceiverProblem,
): void {
  const failed = (another: unknown) => console.error('`onError` of a receiver failed:', another);
  try {
    Promise.resolve(onError(error, problem)).catch(failed);
  } catch (another) {
    failed(another);
  }
}

function answer(status: Answer['status'], text: string): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, text };
}
