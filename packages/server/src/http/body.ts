// The body of a request: its content type, and its bytes turned into members.
import { Refusal } from '@till/protocol/errors';
import type { Operation } from '@till/protocol/shape';
import type { FastifyRequest } from 'fastify';
import { formMembers } from './form.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Judges the content type before the body is read, where it is sure that there is one. */
export function checkContentType(request: FastifyRequest, row: Operation, strict: boolean): void {
  const announced = Number(request.headers['content-length'] ?? 0) > 0;
  if ((announced && row.method !== 'GET') || strict) demandContentType(request, row);
}

/** Whether the header names the type that the operation takes; parameters such as a charset do not count. */
export function hasContentType(contentType: string | undefined, row: Operation): boolean {
  const wanted = row.form === true ? 'application/x-www-form-urlencoded' : 'application/json';
  const [given = ''] = (contentType ?? '').split(';', 1);
  return given.trim().toLowerCase() === wanted;
}

function demandContentType(request: FastifyRequest, row: Operation): void {
  if (!hasContentType(request.contentType, row)) throw new Refusal('InvalidContentType');
}

/**
 * The members of the body; none where it is empty, which is a documented form (section 1.3). Refusals:
 * `InvalidContentType`, and `BadRequest` for what is not UTF-8, not JSON or not an object.
 */
export function readBody(request: FastifyRequest, row: Operation): Record<string, unknown> | undefined {
  const bytes = request.body as Buffer | undefined;
  if (bytes === undefined || bytes === null || bytes.length === 0) return undefined;
  demandContentType(request, row);
  const text = decode(bytes);
  return row.form === true ? formMembers(text) : parseObject(text);
}

/**
 * The parameters of a form, which may stand in the query instead (section 2.1). An empty one counts as missing,
 * a doubled one is kept as a list, so that it does not fit.
 */
export function formInput(
  body: Record<string, unknown> | undefined,
  query: unknown,
): Record<string, unknown> {
  const members = body ?? { ...(query as Record<string, unknown>) };
  for (const name in members) if (members[name] === '') delete members[name];
  return members;
}

function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal('BadRequest', { detail: 'the body is not UTF-8' });
  }
}

function parseObject(text: string): Record<string, unknown> {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('BadRequest', { detail: 'the body is not a JSON object' });
  }
  return value as Record<string, unknown>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // the parser's own message quotes the body
    throw new Refusal('BadRequest', { detail: 'the body is not JSON' });
  }
}
