// From a row and one input object to a request: path values, query and body are taken from it by name.
import { idempotencyKey as idempotencyKeyField, idempotencyKeyHeader } from '@till/protocol/idempotency';
import type { Operation } from '@till/protocol/shape';
import { OneStoreInputError } from './errors.ts';

export interface ControlRequest {
  /** Path and query. */
  target: string;
  method: string;
  headers: Record<string, string>;
  body?: string;
}

const sendable = new RegExp(idempotencyKeyField.pattern);

type Input = Readonly<Record<string, unknown>>;

/**
 * What belongs to neither path nor query goes into the body, or into the query where the operation has none:
 * a name that the server does not know is refused by the server, and does not get lost on the way.
 */
export function requestOf(
  operation: string,
  row: Operation,
  input: Input,
  given: { controlKey: string; idempotencyKey?: string | undefined },
): ControlRequest {
  const left = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
  const path = fillPath(operation, row, left);
  const inQuery = [...left.keys()].filter((name) => row.body === undefined || name in (row.query ?? {}));
  const query = new URLSearchParams();
  for (const name of inQuery) {
    query.append(name, String(left.get(name)));
    left.delete(name);
  }
  const headers: Record<string, string> = { accept: row.replyAs === 'events' ? 'text/event-stream' : '*/*' };
  if (row.access === 'controlKey') headers.authorization = `Bearer ${given.controlKey}`;
  if (given.idempotencyKey !== undefined) {
    if (!sendable.test(given.idempotencyKey)) throw unsendable(operation, ['idempotencyKey']);
    headers[idempotencyKeyHeader.toLowerCase()] = given.idempotencyKey;
  }
  const request = { target: query.size === 0 ? path : `${path}?${query}`, method: row.method, headers };
  if (left.size === 0 && row.bodyRequired !== true) return request;
  headers['content-type'] = 'application/json';
  return { ...request, body: JSON.stringify(Object.fromEntries(left)) };
}

/** Takes the path's values out of `left`; without one of them there is no address to ask. */
function fillPath(operation: string, row: Operation, left: Map<string, unknown>): string {
  const names = Object.keys(row.params ?? {});
  // an address is resolved before it is sent: an empty segment or one of dots would lead to another place
  const absent = names.filter((name) => ['', '.', '..'].includes(String(left.get(name) ?? '')));
  if (absent.length > 0) throw unsendable(operation, absent);
  return names.reduce((path, name) => {
    const value = encodeURIComponent(String(left.get(name)));
    left.delete(name);
    return path.replace(`{${name}}`, () => value);
  }, row.path);
}

function unsendable(operation: string, fields: readonly string[]): OneStoreInputError {
  return new OneStoreInputError(operation, `missing, or cannot be sent: ${fields.join(', ')}`, fields);
}
