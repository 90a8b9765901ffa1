// What is remembered of an answered request: its count, the call where it was the server API's, the write where it was control's.
import type { FastifyRequest } from 'fastify';
import type { Host } from '../host/host.ts';
import { redactMembers } from './redact.ts';

/** Bodies larger than this are not kept, only how long they were. */
const longestKept = 4 * 1024;

/** `ms` is how long the answer took. */
export function recordAnswer(host: Host, request: FastifyRequest, status: number, ms: number): void {
  const { row, operation = 'none', code } = request;
  const isStream = row?.replyAs === 'events' && code === undefined;
  host.watch.tally.answered(operation, code ?? 'Success', isStream ? undefined : ms);
  if (row === undefined) return;
  if (row.access === 'accessToken' || row.access === 'credentials') recordCall(host, request, status, ms);
  else if (row.access === 'controlKey' && row.method !== 'GET') tellWrite(host, request);
}

function recordCall(host: Host, request: FastifyRequest, status: number, durationMs: number): void {
  const { call, code } = request;
  const at = host.clock();
  host.watch.counts.add(call?.app, code !== undefined, at);
  const clientId = call?.app.clientId ?? request.form?.client_id;
  if (typeof clientId !== 'string') return;
  const kept = {
    appId: call?.app.appId,
    clientId,
    at,
    requestId: request.id,
    operation: request.operation ?? '',
    status,
    code: code ?? 'Success',
    durationMs,
    headers: request.raw.rawHeaders,
    requestBody: requestBodyOf(request),
    replyBody: keptText(request.written),
  };
  host.watch.calls.add(kept, call !== undefined || code === undefined);
}

/** A form holds a secret: it is redacted before it is kept; JSON when somebody asks for it. */
function requestBodyOf({ row, body, form }: FastifyRequest): string | number | undefined {
  if (row?.form === true) return form && JSON.stringify(redactMembers(form, row.body ?? {}));
  const bytes = body as Buffer | null | undefined;
  if (bytes == null || bytes.length === 0) return undefined;
  return bytes.length <= longestKept ? bytes.toString() : bytes.length;
}

function keptText(text: string | undefined): string | number | undefined {
  return text === undefined || text.length <= longestKept ? text : Buffer.byteLength(text);
}

function tellWrite(host: Host, request: FastifyRequest): void {
  const { events } = host.watch;
  if (!events.wanted || request.code !== undefined) return;
  const { clientId, worldId, productId, purchaseToken } = request.params as Record<
    string,
    string | undefined
  >;
  const { id: requestId, operation } = request;
  const named = { clientId, worldId, productId, purchaseToken, operation, requestId };
  events.tell({ at: host.clock(), what: 'control', ...named });
}
