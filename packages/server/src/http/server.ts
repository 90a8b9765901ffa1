// The listening server: one loop over the tables, and the limits of every request.
import { randomUUID } from 'node:crypto';
import { type ErrorCode, Refusal } from '@till/protocol/errors';
import { marketHeader } from '@till/protocol/fields';
import type { Operation } from '@till/protocol/shape';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { after, type OrPromise } from '../actions/after.ts';
import type { ServerCall } from '../actions/call.ts';
import type { Listen } from '../actions/control/listen-to-events.ts';
import type { Host } from '../host/host.ts';
import {
  authorizeControlCall,
  authorizeServerCall,
  refuseStrangeHost,
  strictContentType,
} from './authorize.ts';
import { checkContentType, formInput, readBody } from './body.ts';
import { checkOf } from './check.ts';
import {
  askForBody,
  bodyLimit,
  cutOffUnread,
  holdBack,
  type Limits,
  originForm,
  refuseAmbiguous,
  refuseUnreadable,
  standardLimits,
  takeOddRequests,
} from './connection.ts';
import { controlHandlers } from './control-handlers.ts';
import { addDocuments, documentRows } from './documents.ts';
import { jsonType, sendError } from './errors.ts';
import { resumed, sendEvents } from './event-stream.ts';
import { formMembers } from './form.ts';
import { handlers } from './handlers.ts';
import type { NamedRow } from './openapi.ts';
import { recordAnswer } from './record.ts';
import { writerOf } from './reply-writer.ts';
import {
  controlRows,
  groupByPath,
  operationName,
  readablePath,
  refuseInMaintenance,
  refuseUnroutable,
  routePath,
  serverRows,
} from './routing.ts';
import { carrierOf, idempotencyKeyOf, marketOf, sendGiven } from './writes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    call: Omit<ServerCall, 'market' | 'generation'> | undefined;
    /** When it came, on the clock of `performance`. */
    arrivedAt: number;
    operation: string | undefined;
    row: Operation | undefined;
    /** As it was sent; the server itself reads every body as bytes. */
    contentType: string | undefined;
    isControl: boolean;
    code: ErrorCode | undefined;
    detail: string | undefined;
    /** The members of a token call's form, and the answer's text: what is remembered of the call. */
    form: Record<string, unknown> | undefined;
    written: string | undefined;
  }
}

/** Which tables a server answers: both in sandbox; in commercial the control API has a port of its own. */
export interface Faces {
  serverApi: boolean;
  /** The control key, where the control API is answered; `known` when everybody knows it. */
  control?: { key: string; known: boolean };
}

const headerLimit = 16 * 1024;
/** As Prometheus asks for it. */
const textType = 'text/plain; version=0.0.4; charset=utf-8';

/** Answers at once where nothing has to be waited for. */
type Run = (host: Host, request: FastifyRequest, input: Record<string, unknown>) => unknown;

/** Lets a call in, or refuses it. */
type Enter = (request: FastifyRequest) => OrPromise<void>;

export function createServer(host: Host, faces: Faces, limits: Limits = standardLimits): FastifyInstance {
  const createRequestId = createRequestIds();
  const refuseBroken = refuseUnreadable.bind(undefined, { host, createRequestId });
  const server = fastify({
    genReqId: createRequestId,
    bodyLimit,
    // Fastify sets it once more over what `http` says
    requestTimeout: limits.requestMs,
    rewriteUrl: originForm,
    routerOptions: { maxParamLength: headerLimit, querystringParser: formMembers },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    http: {
      // the table has a code for everything; Node's own 400 has no body
      requireHostHeader: false,
      maxHeaderSize: headerLimit,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkEveryMs,
    },
    clientErrorHandler: refuseBroken,
    frameworkErrors: (_error, request, reply) => refuseUndecodable(host, request, reply),
  });
  takeOddRequests(server.server, refuseBroken);
  const rows = answeredRows(faces);
  const verbs = groupByPath([...rows.map(({ row }) => row), ...documentRows]);
  decorate(server);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setErrorHandler((error, request, reply) => sendError(host, error, request, reply));
  server.addHook('onRequest', (request, reply, done) => {
    request.arrivedAt = performance.now();
    reply.header('x-request-id', request.id);
    const path = readablePath(request.url);
    request.isControl = path.startsWith('/control/');
    takeContentType(request);
    holdBack(request, reply);
    refuseInMaintenance(host, path);
    refuseUnroutable(request, reply, verbs);
    refuseAmbiguous(request, reply);
    done();
  });
  // with its answer a request is over for us; to wait until the socket has taken it would cost each a pair of listeners
  server.addHook('onSend', (request, reply, _payload, done) => {
    cutOffUnread(request, limits);
    noteAnswer(host, request, reply);
    done();
  });
  if (faces.serverApi) addServerApi(server, host);
  addControlApi(server, host, faces.control);
  addDocuments(server, rows);
  return server;
}

/** Fastify would judge the header before it is known whether there is a body at all; we judge it after. */
function takeContentType(request: FastifyRequest): void {
  const { headers } = request.raw;
  request.contentType = headers['content-type'];
  if (request.contentType !== undefined) headers['content-type'] = 'application/octet-stream';
}

function answeredRows({ serverApi, control }: Faces): NamedRow[] {
  const ofControl = controlRows.filter(({ row }) => control !== undefined || isOpen(row));
  return [...(serverApi ? serverRows : []), ...ofControl];
}

/** Answered where the control API is not, too. */
function isOpen(row: Operation): boolean {
  return row.access !== 'controlKey' && row.besideControl !== true;
}

function decorate(server: FastifyInstance): void {
  server.decorateRequest('call', undefined);
  server.decorateRequest('arrivedAt', 0);
  server.decorateRequest('operation', undefined);
  server.decorateRequest('row', undefined);
  server.decorateRequest('contentType', undefined);
  server.decorateRequest('isControl', false);
  server.decorateRequest('code', undefined);
  server.decorateRequest('detail', undefined);
  server.decorateRequest('form', undefined);
  server.decorateRequest('written', undefined);
}

function addServerApi(server: FastifyInstance, host: Host): void {
  for (const { name, generation, row } of serverRows) {
    const handler = (handlers as unknown as Record<string, Record<string, (...given: unknown[]) => never>>)[
      generation
    ]?.[name];
    if (handler === undefined) throw new Error(`no handler for ${generation} ${name}`);
    const known = operationName(generation, name);
    const byToken = row.access === 'accessToken';
    const enter: Enter = (request) => {
      const call = byToken ? authorizeServerCall(host, request, row) : undefined;
      return after(call, (authorized) => {
        request.call = authorized;
        checkContentType(request, row, strictContentType(host, authorized));
      });
    };
    const run: Run = (by, request, input) =>
      handler(
        by,
        byToken
          ? { ...request.call, market: marketOf(request), generation }
          : (request.socket.remoteAddress ?? ''),
        input,
      );
    addRoute(server, host, { name: known, row, controlKey: undefined }, enter, run);
  }
}

function addControlApi(server: FastifyInstance, host: Host, control: Faces['control']): void {
  for (const { name, row } of controlRows) {
    if (control === undefined && !isOpen(row)) continue;
    const enter: Enter = (request) => {
      if (row.access !== 'controlKey' || control === undefined) return;
      if (control.known) refuseStrangeHost(request);
      authorizeControlCall(host, request, control.key);
      if (row.sandboxOnly === true && host.environment === 'commercial') throw new Refusal('NotInCommercial');
      checkContentType(request, row, false);
    };
    const handler = controlHandlers[name] as (host: Host, input: unknown) => Promise<unknown>;
    const run: Run = (by, _request, input) => handler(by, input);
    addRoute(server, host, { name, row, controlKey: control?.key }, enter, run);
  }
}

function addRoute(
  server: FastifyInstance,
  host: Host,
  { name, row, controlKey }: { name: string; row: Operation; controlKey: string | undefined },
  enter: Enter,
  run: Run,
): void {
  const check = checkOf(row);
  const write = writerOf(row);
  const carryOut = carrierOf(host, { name, row, toText: write, controlKey });
  server.route({
    method: row.method,
    url: routePath(row.path),
    onRequest: (request, reply, done) => {
      request.operation = name;
      request.row = row;
      const entered = after(enter(request), () => askForBody(request, reply));
      if (entered instanceof Promise) return entered;
      done();
    },
    handler: (request, reply) => {
      const input = check(incoming(request, row));
      const given = carryOut({ request, input, act: async (by) => run(by, request, input) });
      if (given !== undefined) return given.then((sent) => sendGiven(request, reply, sent));
      return after(run(host, request, input), (answer) => sendAnswer(request, reply, row, answer, write));
    },
  });
}

function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  row: Operation,
  answer: unknown,
  write: (answer: unknown) => string,
) {
  reply.code(row.status ?? 200);
  if (row.replyAs === 'text') return reply.header('content-type', textType).send(answer);
  if (row.replyAs === 'events') return sendEvents(reply, answer as Listen, write);
  if (row.reply === undefined) return reply.send();
  const text = write(answer);
  request.written = text;
  return reply.header('content-type', jsonType).send(text);
}

function incoming(request: FastifyRequest, row: Operation) {
  const body = row.body === undefined ? undefined : readBody(request, row);
  const { params } = request;
  const query = row.replyAs === 'events' ? resumed(request) : request.query;
  if (row.form === true) request.form = formInput(body, query);
  return {
    params,
    query: row.form === true ? {} : query,
    body: row.form === true ? request.form : body,
    market: request.headers[marketHeader] as string | undefined,
    idempotencyKey: idempotencyKeyOf(request),
  };
}

/** A path that cannot be decoded is refused with the route (section 1.5). */
function refuseUndecodable(host: Host, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id);
  request.isControl = request.url.startsWith('/control/');
  const hidden = host.node.maintenance && !request.isControl;
  sendError(host, new Refusal(hidden ? 'ServiceMaintenance' : 'BadRequest'), request, reply);
  noteAnswer(host, request, reply); // no hook runs for it
}

/** Unique across nodes and restarts, and cheap: a random start and a count. */
function createRequestIds(): () => string {
  const start = randomUUID().slice(0, 13);
  let count = 0;
  return () => `${start}-${(count++).toString(36)}`;
}

function noteAnswer(host: Host, request: FastifyRequest, reply: FastifyReply): void {
  const ms = request.arrivedAt === 0 ? 0 : performance.now() - request.arrivedAt;
  logAnswer(host, request, reply.statusCode, ms);
  recordAnswer(host, request, reply.statusCode, ms);
}

/** Neither path nor query is logged: they hold tokens, and now and then a secret. */
function logAnswer(host: Host, request: FastifyRequest, status: number, ms: number): void {
  host.log.info(
    {
      requestId: request.id,
      method: request.method,
      operation: request.operation,
      clientId: request.call?.app.clientId,
      status,
      code: request.code,
      detail: request.detail,
      ms: Math.round(ms * 100) / 100,
    },
    'answered',
  );
}
