// One exchange with the server: a request out, a checked reply or an error of its kind back.

import { marketHeader } from '@till/protocol/fields';
import { idempotencyKeyHeader } from '@till/protocol/idempotency';
import type { Operation } from '@till/protocol/shape';
import { reasonOf, withoutSecrets } from './disclosure.ts';
import { apiErrorOf, OneStoreError, OneStoreNetworkError, OneStoreReplyError } from './errors.ts';
import { type Limits, retryAfterMs } from './limits.ts';
import { checkReply, isObject } from './reply.ts';
import type { WrittenRequest } from './request.ts';
import type { Completed, FetchRequest, FetchResponse } from './settings.ts';

/** Larger replies are not read: the largest page of a list stays far below. */
const largestReply = 16 * 2 ** 20;

export interface Exchange {
  operation: string;
  row: Operation;
  request: WrittenRequest;
  limits: Limits;
  market: string | undefined;
  idempotencyKey: string | undefined;
  /** What no error may hold, should the server repeat it, besides the access token. */
  secrets: readonly string[];
}

type Sent = Exchange & { accessToken: string | undefined };

interface Answer {
  status: number;
  headers: FetchResponse['headers'];
  text: string;
}

/**
 * The reply's body. Without an access token it is the call that asks for one. Throws what `errors.ts` names, and the caller's own
 * reason when its signal ends the call.
 */
export async function exchange(
  settings: Completed,
  call: Exchange,
  accessToken?: string,
): Promise<Record<string, unknown>> {
  const given: Sent = { ...call, accessToken };
  const { operation, row, limits } = given;
  const began = performance.now();
  let failure: unknown;
  let answer: Answer | undefined;
  try {
    answer = await limits.within((signal) => send(settings, given, signal));
    const expected = row.status ?? 200;
    if (answer.status !== expected) throw refusalOf(given, answer);
    return replyOf(settings, given, answer);
  } catch (error) {
    if (error instanceof OneStoreError) failure = error;
    else if (limits.signal?.aborted) failure = limits.signal.reason;
    else failure = new OneStoreNetworkError(operation, reasonOf(error));
    throw failure;
  } finally {
    if (settings.logger.debug !== undefined) {
      tell(settings, 'debug', 'call of the server API', {
        operation,
        status: answer?.status,
        requestId: requestIdOf(given, answer),
        durationMs: Math.round(performance.now() - began),
        error: failure instanceof Error ? failure.name : undefined,
      });
    }
  }
}

async function send({ fetch, baseUrl }: Completed, given: Sent, signal: AbortSignal): Promise<Answer> {
  const { method, target, body } = given.request;
  const request: FetchRequest = { method, headers: headersOf(given), redirect: 'manual', signal };
  if (body !== undefined) request.body = body;
  const response = await fetch(baseUrl + target, request);
  const { status, headers } = response;
  return { status, headers, text: await textOf(response, given.operation) };
}

function requestIdOf(given: Sent, answer: Answer | undefined): string | undefined {
  const id = answer?.headers.get('x-request-id') ?? '';
  return id === '' ? undefined : without(given, id).slice(0, 128);
}

/** `Content-Type` belongs to every call, those without a body included (section 1.3). */
function headersOf({ row, market, accessToken, idempotencyKey }: Sent): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': row.form === true ? 'application/x-www-form-urlencoded' : 'application/json',
  };
  if (accessToken !== undefined) headers.authorization = `Bearer ${accessToken}`;
  if (market !== undefined) headers[marketHeader] = market;
  if (idempotencyKey !== undefined && row.method !== 'GET') headers[idempotencyKeyHeader] = idempotencyKey;
  return headers;
}

/** Read within a bound. Where the length was told and nothing is packed, the runtime itself reads no more than that. */
async function textOf(response: FetchResponse, operation: string): Promise<string> {
  const { status, headers, body } = response;
  const length = headers.get('content-encoding') === null ? headers.get('content-length') : null;
  if (length !== null && Number(length) > largestReply) throw tooLarge(operation, status);
  if (length !== null || !(body instanceof ReadableStream)) return response.text();
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > largestReply) throw tooLarge(operation, status);
  }
}

function tooLarge(operation: string, status: number): OneStoreReplyError {
  const fault = { member: '', problem: 'is larger than 16 MiB', status, requestId: undefined };
  return new OneStoreReplyError(operation, fault);
}

function replyOf(settings: Completed, given: Sent, answer: Answer): Record<string, unknown> {
  const { operation, row } = given;
  const body = parsed(answer.text);
  const fields = row.reply ?? {};
  const misfit = body === undefined ? { member: '', problem: 'is not JSON' } : checkReply(fields, body);
  if (misfit === undefined) return body as Record<string, unknown>;
  const { status } = answer;
  const requestId = requestIdOf(given, answer);
  const error = new OneStoreReplyError(operation, { ...misfit, status, requestId });
  if (settings.unfitReplies === 'throw' || !isObject(body)) throw error;
  tell(settings, 'warn', error.message, { operation, requestId });
  return body;
}

/** The wrapper of section 3.2; anything else is no refusal of the application, but of something before it. */
function refusalOf(given: Sent, answer: Answer): OneStoreError {
  const { operation } = given;
  const told = {
    status: answer.status,
    requestId: requestIdOf(given, answer),
    retryAfterMs: retryAfterMs(answer.headers.get('retry-after')),
  };
  const body = parsed(answer.text);
  const error = isObject(body) ? body.error : undefined;
  // of what was parsed: an escape of JSON may stand anywhere in a secret
  const words = (value: unknown) => (typeof value === 'string' ? without(given, value) : '');
  const [code, message] = isObject(error) ? [words(error.code), words(error.message)] : ['', ''];
  if (!/^[A-Za-z][\w.-]{0,63}$/.test(code)) {
    const member = isObject(error) ? 'error.code' : isObject(body) ? 'error' : '';
    const problem = member === '' ? 'is not JSON' : 'is missing';
    return new OneStoreReplyError(operation, { member, problem, ...told });
  }
  const text = message.slice(0, 500);
  const fields = isObject(error) && Array.isArray(error.fields) ? error.fields.map(words) : namesIn(text);
  return apiErrorOf(operation, { code, message: text, fields, ...told });
}

/** The names in the brackets that two of the messages end in (section 3.2). */
function namesIn(message: string): string[] {
  const [, names = ''] = /\[ *([^\]]*?) *\]\s*$/.exec(message) ?? [];
  return names === '' ? [] : names.split(/ *, */);
}

function without({ secrets, accessToken = '' }: Sent, text: string): string {
  return withoutSecrets(text, [accessToken, ...secrets]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A logger that throws loses its line and nothing else. */
export function tell(
  { logger }: Pick<Completed, 'logger'>,
  level: 'debug' | 'warn',
  message: string,
  details: Record<string, unknown>,
): void {
  try {
    logger[level]?.(message, details);
  } catch {}
}
