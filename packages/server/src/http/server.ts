// The listening server: one loop over the tables, and the limits of every request.
import { randomUUID } from 'node:crypto';
import type { Market } from '@till/protocol/codes';
import { type ErrorCode, Refusal } from '@till/protocol/errors';
import { marketHeader } from '@till/protocol/fields';
import type { Fields, Operation } from '@till/protocol/shape';
import fastJsonStringify from 'fast-json-stringify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { ServerCall } from '../actions/call.ts';
import type { Host } from '../host/host.ts';
import {
  authorizeControlCall,
  authorizeServerCall,
  refuseStrangeHost,
  strictContentType,
} from './authorize.ts';
import { checkContentType, formInput, readBody } from './body.ts';
import { checkOf } from './check.ts';
import { controlHandlers } from './control-handlers.ts';
import { jsonType, rawAnswer, sendError } from './errors.ts';
import { handlers } from './handlers.ts';
import {
  controlRows,
  groupByPath,
  refuseInMaintenance,
  refuseUnroutable,
  routePath,
  serverRows,
} from './routing.ts';
import { type JsonSchema, objectSchema } from './schema.ts';

declare module 'fastify' {
  interface FastifyRequest {
    call: Omit<ServerCall, 'market'> | undefined;
    operation: string | undefined;
    row: Operation | undefined;
    /** As it was sent; the server itself reads every body as bytes. */
    contentType: string | undefined;
    isControl: boolean;
    code: ErrorCode | undefined;
    detail: string | undefined;
  }
}

/** Which tables a server answers: both in sandbox; in commercial the control API has a port of its own. */
export interface Faces {
  serverApi: boolean;
  /** The control key, where the control API is answered; `known` when everybody knows it. */
  control?: { key: string; known: boolean };
}

/** The largest body, in bytes; the table has no 413, so a larger one is `BadRequest` (section 10). */
export const bodyLimit = 64 * 1024;
const headerLimit = 16 * 1024;
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;

type Run = (request: FastifyRequest, input: Record<string, unknown>) => Promise<unknown>;

export function createServer(host: Host, faces: Faces): FastifyInstance {
  const server = fastify({
    genReqId: createRequestIds(),
    bodyLimit,
    routerOptions: { maxParamLength: headerLimit },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    http: {
      // the table has a code for everything; Node's own 400 has no body
      requireHostHeader: false,
      maxHeaderSize: headerLimit,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
    },
    clientErrorHandler: (error, socket) => {
      if (socket.writable) socket.write(rawAnswer(error));
      socket.destroy();
    },
    frameworkErrors: (_error, request, reply) => refuseUndecodable(host, request, reply),
  });
  // an expectation that nobody knows is no reason to refuse a call, as an unknown header is none
  server.server.on('checkExpectation', (request, response) =>
    server.server.emit('request', request, response),
  );
  const verbs = groupByPath(answeredRows(faces));
  decorate(server);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setErrorHandler((error, request, reply) => sendError(host, error, request, reply));
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    request.isControl = request.url.startsWith('/control/');
    takeContentType(request);
    refuseInMaintenance(host, request.url);
    refuseUnroutable(request, reply, verbs);
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    logAnswer(host, request, reply);
    done();
  });
  if (faces.serverApi) addServerApi(server, host);
  addControlApi(server, host, faces.control);
  return server;
}

/** Fastify would judge the header before it is known whether there is a body at all; we judge it after. */
function takeContentType(request: FastifyRequest): void {
  const { headers } = request.raw;
  request.contentType = headers['content-type'];
  if (request.contentType !== undefined) headers['content-type'] = 'application/octet-stream';
}

function answeredRows({ serverApi, control }: Faces): Operation[] {
  const ofControl = controlRows.filter(({ row }) => row.access !== 'controlKey' || control !== undefined);
  return [...(serverApi ? serverRows : []), ...ofControl].map(({ row }) => row);
}

function decorate(server: FastifyInstance): void {
  server.decorateRequest('call', undefined);
  server.decorateRequest('operation', undefined);
  server.decorateRequest('row', undefined);
  server.decorateRequest('contentType', undefined);
  server.decorateRequest('isControl', false);
  server.decorateRequest('code', undefined);
  server.decorateRequest('detail', undefined);
}

function addServerApi(server: FastifyInstance, host: Host): void {
  for (const { name, generation, row } of serverRows) {
    const handler = (handlers as unknown as Record<string, Record<string, (...given: unknown[]) => never>>)[
      generation
    ]?.[name];
    if (handler === undefined) throw new Error(`no handler for ${generation} ${name}`);
    const byToken = row.access === 'accessToken';
    const enter = async (request: FastifyRequest) => {
      if (byToken) request.call = await authorizeServerCall(host, request, row);
      checkContentType(request, row, strictContentType(host, request.call));
    };
    const run: Run = (request, input) =>
      byToken ? handler(host, { ...request.call, market: marketOf(request) }, input) : handler(host, input);
    addRoute(server, name, row, enter, run);
  }
}

function addControlApi(server: FastifyInstance, host: Host, control: Faces['control']): void {
  for (const { name, row } of controlRows) {
    if (row.access === 'controlKey' && control === undefined) continue;
    const enter = async (request: FastifyRequest) => {
      if (row.access !== 'controlKey' || control === undefined) return;
      if (control.known) refuseStrangeHost(request);
      authorizeControlCall(host, request, control.key);
      if (row.sandboxOnly === true && host.environment === 'commercial') throw new Refusal('NotInCommercial');
      checkContentType(request, row, false);
    };
    const handler = controlHandlers[name] as (host: Host, input: unknown) => Promise<unknown>;
    addRoute(server, name, row, enter, (_request, input) => handler(host, input));
  }
}

function addRoute(
  server: FastifyInstance,
  name: string,
  row: Operation,
  enter: (request: FastifyRequest) => Promise<void>,
  run: Run,
): void {
  const check = checkOf(row);
  const write = writerOf(row);
  server.route({
    method: row.method,
    url: routePath(row.path),
    onRequest: async (request) => {
      request.operation = name;
      request.row = row;
      await enter(request);
    },
    handler: async (request, reply) => {
      const answer = await run(request, check(incoming(request, row)));
      reply.code(row.status ?? 200);
      if (row.reply === undefined) return reply.send();
      return reply.header('content-type', jsonType).serializer(write).send(answer);
    },
  });
}

function incoming(request: FastifyRequest, row: Operation) {
  const body = row.body === undefined ? undefined : readBody(request, row);
  const { query, params } = request;
  return {
    params,
    query: row.form === true ? {} : query,
    body: row.form === true ? formInput(body, query) : body,
    market: request.headers[marketHeader] as string | undefined,
  };
}

/** Without the header a request means Korea (section 1.4); the check has judged what it holds. */
function marketOf(request: FastifyRequest): Market {
  return (request.headers[marketHeader] as Market | undefined) ?? 'MKT_ONE';
}

/** Writes the reply by the row's own schema, compiled on its first use: a member that the row does not name is not sent. */
function writerOf(row: Operation): (answer: unknown) => string {
  let write: ((answer: unknown) => string) | undefined;
  return (answer) => {
    write ??= fastJsonStringify(writtenSchema(row.reply ?? {}) as never);
    return write(answer);
  };
}

/** Required members would be written first; the row's order is the documents', `continuationKey` in front. */
function writtenSchema(fields: Fields): JsonSchema {
  const schema = objectSchema(fields, false);
  const hasOptional = Object.values(fields).some((field) => field.optional === true);
  return hasOptional ? { ...schema, required: [] } : schema;
}

/** A path that cannot be decoded is refused with the route (section 1.5). */
function refuseUndecodable(host: Host, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id);
  const refusal = new Refusal(host.node.maintenance ? 'ServiceMaintenance' : 'BadRequest');
  sendError(host, refusal, request, reply);
  logAnswer(host, request, reply); // no hook runs for it
}

/** Unique across nodes and restarts, and cheap: a random start and a count. */
function createRequestIds(): () => string {
  const start = randomUUID().slice(0, 13);
  let count = 0;
  return () => `${start}-${(count++).toString(36)}`;
}

/** Neither path nor query is logged: they hold tokens, and now and then a secret. */
function logAnswer(host: Host, request: FastifyRequest, reply: FastifyReply): void {
  host.log.info(
    {
      requestId: request.id,
      method: request.method,
      operation: request.operation,
      clientId: request.call?.app.clientId,
      status: reply.statusCode,
      code: request.code,
      detail: request.detail,
      ms: Math.round(reply.elapsedTime * 100) / 100,
    },
    'answered',
  );
}
