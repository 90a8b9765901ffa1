// How a write is carried out: with its row in the audit, and once for each Idempotency-Key.
import type { Market } from '@till/protocol/codes';
import * as field from '@till/protocol/fields';
import {
  idempotencyKeyHeader,
  idempotentReplayHeader,
  isControlWrite,
  takesIdempotencyKey,
} from '@till/protocol/idempotency';
import type { Operation } from '@till/protocol/shape';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Answer, type Asked, answerOnce, type Given } from '../actions/answer-once.ts';
import { type AuditedWrite, audited, keyMarkOf } from '../actions/control/audited.ts';
import type { Host } from '../host/host.ts';
import { auditSubjects, type ControlWrite } from './audit-subjects.ts';
import * as controlViews from './control-views.ts';
import { jsonType } from './errors.ts';
import * as views from './views.ts';

/** A row with what writes its reply, and the control key where its calls show one. */
export interface WritingRow {
  name: string;
  row: Operation;
  toText: (reply: unknown) => string;
  controlKey: string | undefined;
}

export interface WriteCall {
  request: FastifyRequest;
  input: Record<string, unknown>;
  /** Carries the call out on a host and answers its reply. */
  act: (host: Host) => Promise<unknown>;
}

/** Undefined where the call is answered like any other: a read, or a call of the server API without a key. */
export type CarryOut = (call: WriteCall) => Promise<Given> | undefined;

const keyName = idempotencyKeyHeader.toLowerCase();

/** Without the header a request means Korea (section 1.4); the check has judged what it holds. */
export function marketOf(request: FastifyRequest): Market {
  return (request.headers[field.marketHeader] as Market | undefined) ?? 'MKT_ONE';
}

/** The header as it was sent; the check judges it. */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  return request.headers[keyName] as string | undefined;
}

export function carrierOf(host: Host, writing: WritingRow): CarryOut {
  const { row } = writing;
  if (!takesIdempotencyKey(row)) return () => undefined;
  const act = isControlWrite(row) ? auditedAct(host, writing) : (by: Host, call: WriteCall) => call.act(by);
  const answerOf = (reply: unknown) => toAnswer(writing, reply);
  return (call) => {
    const key = idempotencyKeyOf(call.request);
    const run = async (by: Host) => answerOf(await act(by, call));
    if (key !== undefined) return answerOnce(host, askedOf(writing, call, key), run);
    return isControlWrite(row) ? run(host).then((answer) => ({ ...answer, replayed: false })) : undefined;
  };
}

function auditedAct(host: Host, { name, controlKey = '' }: WritingRow) {
  const about = auditSubjects[name as ControlWrite];
  const keyMark = keyMarkOf(host, controlKey);
  const view: AuditedWrite['view'] = (thing) => controlViews.auditedThing(thing, host);
  return (by: Host, { request, input, act }: WriteCall) =>
    audited(by, { operation: name, about, input, keyMark, requestId: request.id, view }, act);
}

function toAnswer({ row, toText }: WritingRow, reply: unknown): Answer {
  return { status: row.status ?? 200, text: row.reply === undefined ? undefined : toText(reply) };
}

/** Keys of the server API belong to the app of the call; the control API's belong together. */
function askedOf(writing: WritingRow, { request, input }: WriteCall, key: string): Asked {
  const { row, controlKey = '' } = writing;
  const market = isControlWrite(row) ? null : marketOf(request);
  return {
    appId: request.call?.app.appId ?? '',
    key,
    presented: controlKey,
    request: { call: `${row.method} ${row.path}`, market, input },
    otherRequest: isControlWrite(row) ? 'InvalidState' : 'InvalidPurchaseState',
    // success says the same whatever was acknowledged or consumed, so it can be stored with the change
    constant: row.reply === field.result ? toAnswer(writing, views.success()) : undefined,
  };
}

export function sendGiven(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, text, replayed }: Given,
): FastifyReply {
  request.written = text;
  reply.code(status);
  if (replayed) reply.header(idempotentReplayHeader, 'true');
  if (text === undefined) return reply.send();
  return reply.header('content-type', jsonType).send(text);
}
