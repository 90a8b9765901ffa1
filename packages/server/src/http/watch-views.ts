// What a node tells of itself, as the control API shows it: series for charts, the last calls of an app.
import type { controlOperations } from '@till/protocol/control';
import type { Fields, ReplyOf } from '@till/protocol/shape';
import type { Point, Stats } from '../actions/control/read-stats.ts';
import { formatMoney } from '../domain/money.ts';
import type { Call } from '../host/call-slots.ts';
import { redactBody, redactHeaders } from './redact.ts';
import { fieldsOf } from './routing.ts';

type Control = typeof controlOperations;

export function stats(found: Stats): ReplyOf<Control['readStats']> {
  return { ...found, points: found.points.map(point) };
}

function point(found: Point): ReplyOf<Control['readStats']>['points'][number] {
  const revenue = [...found.revenue].map(([currency, micros]) => ({ currency, amount: signedMoney(micros) }));
  return { ...found, revenue: revenue.sort((a, b) => (a.currency < b.currency ? -1 : 1)) };
}

const microsPerUnit = 1_000_000n;

/** A sum may be more than `formatMoney` takes: its whole units are written apart. */
function signedMoney(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  const decimals = formatMoney(Number(size % microsPerUnit)).slice(1);
  return `${micros < 0n ? '-' : ''}${size / microsPerUnit}${decimals}`;
}

export function requests(found: Call[]): ReplyOf<Control['listRequests']> {
  return { items: found.map(request) };
}

function request(call: Call): ReplyOf<Control['listRequests']>['items'][number] {
  const { body, reply } = fieldsOf(call.operation);
  const { at, requestId, operation, status, code } = call;
  return {
    at,
    requestId,
    operation,
    status,
    code,
    durationMs: Math.round(call.durationMs),
    headers: redactHeaders(call.headers),
    requestBody: shownBody(call.requestBody, body),
    replyBody: shownBody(call.replyBody, code === 'Success' ? reply : errorFields),
  };
}

const errorFields = {
  error: { is: 'object', of: { code: { is: 'text' }, message: { is: 'text' } } },
} as const;

/** What was too large to keep is told by its size. */
function shownBody(kept: Call['replyBody'], fields: Fields): string | null {
  if (kept === undefined) return null;
  return typeof kept === 'number' ? `[${kept} bytes]` : redactBody(kept, fields);
}
