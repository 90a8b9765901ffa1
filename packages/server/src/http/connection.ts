// What is settled on the connection, beside the table: unreadable messages, CONNECT, absolute targets, bodies that nobody reads.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Refusal } from '@till/protocol/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Host } from '../host/host.ts';
import { rawAnswer } from './errors.ts';

/** How long a client may take, in ms. Tests and embedders may choose others. */
export interface Limits {
  /** For all headers of a request. */
  headersMs: number;
  /** For a whole request, its body included. */
  requestMs: number;
  /** How often the two above are looked at. */
  checkEveryMs: number;
  /** For the rest of a body that was answered without being read. */
  unreadBodyMs: number;
}

export const standardLimits: Limits = {
  headersMs: 10_000,
  requestMs: 30_000,
  checkEveryMs: 1_000,
  unreadBodyMs: 1_000,
};

/** The largest body, in bytes; the table has no 413, so a larger one is `BadRequest` (section 10). */
export const bodyLimit = 64 * 1024;

interface Unreadable {
  host: Host;
  createRequestId: () => string;
}

/**
 * Answers what never becomes a request: broken messages and CONNECT, which has no path. Calls that came before it on
 * the same connection are answered first: what they did must not look refused.
 */
export function refuseUnreadable(given: Unreadable, error: { code?: string }, socket: Socket): void {
  const { _httpMessage: running } = socket as Socket & { _httpMessage?: ServerResponse | null };
  if (running?.req.complete === true && !running.destroyed) {
    running.once('close', () => refuseUnreadable(given, error, socket));
    return;
  }
  if (!socket.writable) return void socket.destroy();
  // refused while its headers were read, and the rest of it turned out to be broken: one answer is enough
  if (running?.headersSent === true) return void socket.destroySoon();
  const requestId = given.createRequestId();
  const { code, status, text } = rawAnswer(error, requestId);
  socket.write(text);
  socket.destroySoon();
  given.host.log.info({ requestId, status, code, detail: error.code }, 'answered');
}

/** Hands CONNECT to `refuse`, and leaves 100-continue and unknown expectations to the route. */
export function takeOddRequests(
  server: Server,
  refuse: (error: { code: string }, socket: Socket) => void,
): void {
  // an expectation that nobody knows is no reason to refuse a call, as an unknown header is none
  for (const event of ['checkExpectation', 'checkContinue']) {
    server.on(event, (request, response) => server.emit('request', request, response));
  }
  server.on('connect', (_request, socket) => refuse({ code: 'HPE_INVALID_METHOD' }, socket as Socket));
  // 16 KiB bound them all; beyond a count Node would drop the rest in silence
  server.maxHeadersCount = 0;
}

/** `GET http://host/path` is a call of the path, and its host stands for the header's (RFC 9112, 3.2.2). */
export function originForm({ url = '/', headers }: IncomingMessage): string {
  if (url.startsWith('/')) return url;
  const [, authority, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  if (authority === undefined) return url;
  headers.host = authority;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** What a proxy before us might read in another way: no Host or two (RFC 9112, 3.2), a coding besides `chunked`. */
export function refuseAmbiguous({ raw }: FastifyRequest, reply: FastifyReply): void {
  const coding = raw.headers['transfer-encoding'];
  const hosts = countHeaders(raw, 'host');
  const hostless = hosts === 0 && raw.httpVersion !== '1.0';
  if (!hostless && hosts < 2 && (coding === undefined || coding.toLowerCase() === 'chunked')) return;
  reply.header('connection', 'close');
  throw new Refusal('BadRequest', { detail: 'Host and Transfer-Encoding must be there once and plain' });
}

/** Node keeps the first of two headers in silence, so the raw ones are counted. */
export function countHeaders({ rawHeaders }: IncomingMessage, name: string): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === name.length && rawHeaders[index]?.toLowerCase() === name) count += 1;
  }
  return count;
}

/** Until the body is asked for, an answer ends the connection: nobody knows whether the client still sends it. */
export function holdBack(request: FastifyRequest, reply: FastifyReply): void {
  if (waitsForUs(request)) reply.header('connection', 'close');
}

/** Asks for the body that a client holds back, unless it is announced as too large. */
export function askForBody(request: FastifyRequest, reply: FastifyReply): void {
  if (!waitsForUs(request)) return;
  if (Number(request.headers['content-length'] ?? 0) > bodyLimit) {
    throw new Refusal('BadRequest', { detail: 'the body is too large' });
  }
  reply.removeHeader('connection');
  reply.raw.writeContinue();
}

function waitsForUs({ raw }: FastifyRequest): boolean {
  const { expect } = raw.headers;
  return expect !== undefined && raw.httpVersion !== '1.0' && /(^|\W)100-continue($|\W)/i.test(expect);
}

/** A body that was answered unread is thrown away as it comes; one that does not end closes the connection. */
export function cutOffUnread({ raw }: FastifyRequest, { unreadBodyMs }: Limits): void {
  if (raw.complete) return;
  const timer = setTimeout(() => {
    if (!raw.complete) raw.socket.destroy();
  }, unreadBodyMs);
  timer.unref();
}
