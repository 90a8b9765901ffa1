// Turns whatever was thrown into an answer: the code is looked up once, here, at the edge.
import { type ErrorBody, type ErrorCode, errorMessage, errors, Refusal } from '@till/protocol/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Host } from '../host/host.ts';
import { hasContentType } from './body.ts';

/** As the documents print it, without a blank (section 1.3). */
export const jsonType = 'application/json;charset=UTF-8';

/** Fastify's own refusals that have a code of the protocol; any other of its 4xx is a `BadRequest`. */
const byFastify: Record<string, ErrorCode> = {
  FST_ERR_NOT_FOUND: 'ResourceNotFound',
};

export function sendError(host: Host, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = refusalOf(isTooLarge(error) ? tooLarge(request) : error);
  if (refusal.code === 'InternalError') logFailure(host, error, request);
  request.code = refusal.code;
  request.detail = refusal.detail;
  reply.code(errors[refusal.code].status).header('content-type', jsonType);
  request.written = JSON.stringify(errorBody(refusal, request.isControl));
  reply.send(request.written);
}

function isTooLarge(error: unknown): boolean {
  return (error as { code?: string }).code === 'FST_ERR_CTP_BODY_TOO_LARGE';
}

/** A body that came without its length is only now known to be one: its type is judged before its size. */
function tooLarge({ contentType, row }: FastifyRequest): Refusal {
  if (row !== undefined && !hasContentType(contentType, row)) return new Refusal('InvalidContentType');
  return new Refusal('BadRequest', { detail: 'the body is too large' });
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { code = '', name, statusCode = 500, message } = error as { [key: string]: never } & Error;
  // `Stale`: so many others changed the same row that this change never got its turn, and nothing of it is there
  if (name === 'Unavailable' || name === 'Stale')
    return new Refusal('ServiceMaintenance', { detail: message });
  const known = byFastify[code];
  if (known !== undefined) return new Refusal(known);
  return new Refusal(statusCode >= 400 && statusCode < 500 ? 'BadRequest' : 'InternalError');
}

/** The control API, whose callers hold the house's key, also tells the names apart and the reason. */
export function errorBody(refusal: Refusal, isControl: boolean): ErrorBody {
  const { code, fields, detail } = refusal;
  const message = errorMessage(code, fields);
  if (!isControl) return { error: { code, message } };
  const explained = detail === undefined ? message : `${message} ${detail}`;
  return { error: { code, message: explained, ...(fields.length > 0 ? { fields: [...fields] } : {}) } };
}

function logFailure(host: Host, error: unknown, request: FastifyRequest): void {
  host.log.error({ requestId: request.id, err: error }, 'a request failed');
}

/** What Node's parser refuses before there is a request: written to the socket by hand. */
export function rawAnswer(
  error: { code?: string },
  requestId: string,
): { code: ErrorCode; status: number; text: string } {
  const code: ErrorCode = error.code === 'HPE_INVALID_METHOD' ? 'MethodNotAllowed' : 'BadRequest';
  const { status } = errors[code];
  const body = JSON.stringify(errorBody(new Refusal(code), false));
  const head = [
    `HTTP/1.1 ${status} ${status === 405 ? 'Method Not Allowed' : 'Bad Request'}`,
    `X-Request-Id: ${requestId}`,
    `Content-Type: ${jsonType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return { code, status, text: `${head.join('\r\n')}\r\n\r\n${body}` };
}
