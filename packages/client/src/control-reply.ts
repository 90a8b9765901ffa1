// What the control API answered: its JSON, or the error that it is.
import type { ErrorBody } from '@till/protocol/errors';
import { reasonOf, withoutSecrets } from './disclosure.ts';
import { apiErrorOf, OneStoreError, OneStoreNetworkError, OneStoreReplyError } from './errors.ts';
import type { CallSignal, FetchResponse } from './settings.ts';

export function isSuccess({ status }: FetchResponse): boolean {
  return status >= 200 && status <= 299;
}

/** A call's answer, and the key that nothing which is told of it may hold. */
export interface Answered {
  name: string;
  response: FetchResponse;
  controlKey: string;
}

/** The error that a refusal is thrown as. */
export function refusal(answered: Answered, text: string): OneStoreError {
  const { error } = parsed(answered, text) as Partial<ErrorBody>;
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') return noReply(answered);
  const words = (value: unknown) => withoutSecrets(String(value), [answered.controlKey]);
  return apiErrorOf(answered.name, {
    code: words(error.code),
    message: words(error.message),
    fields: Array.isArray(error.fields) ? error.fields.map(words) : [],
    status: answered.response.status,
    requestId: requestIdOf(answered),
    retryAfterMs: undefined,
  });
}

/** An object of the answer's JSON. */
export function parsed(answered: Answered, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // told below, without the text: nobody knows what it holds
  }
  throw noReply(answered);
}

/** Something else answers there: another server, or a proxy before it. */
function noReply(answered: Answered): OneStoreReplyError {
  const { status } = answered.response;
  const problem = 'is not one of the control API';
  return new OneStoreReplyError(answered.name, {
    member: '',
    problem,
    status,
    requestId: requestIdOf(answered),
  });
}

function requestIdOf({ response, controlKey }: Answered): string | undefined {
  const id = response.headers.get('x-request-id');
  return id === null ? undefined : withoutSecrets(id, [controlKey]);
}

/** What a call that got no answer throws: the caller's own reason, or an error that names what failed. */
export function failure(name: string, error: unknown, signal: CallSignal | undefined): unknown {
  if (error instanceof OneStoreError) return error;
  if (signal?.aborted) return signal.reason;
  return new OneStoreNetworkError(name, reasonOf(error));
}
