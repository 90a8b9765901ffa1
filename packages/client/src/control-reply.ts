// What the control API answered: its JSON, or the error that it is.
import type { ErrorBody } from '@till/protocol/errors';
import { apiErrorOf, OneStoreError, OneStoreNetworkError, OneStoreReplyError } from './errors.ts';
import type { CallSignal, FetchResponse } from './settings.ts';

export function isSuccess({ status }: FetchResponse): boolean {
  return status >= 200 && status <= 299;
}

/** The error that a refusal is thrown as. */
export function refusal(name: string, response: FetchResponse, text: string): OneStoreError {
  const error = (parsed(name, response, text) as Partial<ErrorBody>).error;
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') return noReply(name, response);
  const { code, message, fields = [] } = error;
  const { status } = response;
  return apiErrorOf(name, {
    code,
    message,
    fields,
    status,
    requestId: requestIdOf(response),
    retryAfterMs: undefined,
  });
}

/** An object of the answer's JSON. */
export function parsed(name: string, response: FetchResponse, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // told below, without the text: nobody knows what it holds
  }
  throw noReply(name, response);
}

/** Something else answers there: another server, or a proxy before it. */
function noReply(name: string, response: FetchResponse): OneStoreReplyError {
  const { status } = response;
  const problem = 'is not one of the control API';
  return new OneStoreReplyError(name, { member: '', problem, status, requestId: requestIdOf(response) });
}

function requestIdOf({ headers }: FetchResponse): string | undefined {
  return headers.get('x-request-id') ?? undefined;
}

/** What a call that got no answer throws: the caller's own reason, or an error that names what failed. */
export function failure(name: string, error: unknown, signal: CallSignal | undefined): unknown {
  if (error instanceof OneStoreError) return error;
  if (signal?.aborted) return signal.reason;
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  const reason = cause?.code ?? code; // `fetch` hides the system's name of it one deeper
  return new OneStoreNetworkError(name, typeof reason === 'string' ? reason : undefined);
}
