// Who calls: an access token on the server API, the control key on the control API.
import { Refusal } from '@till/protocol/errors';
import type { Operation } from '@till/protocol/shape';
import type { FastifyRequest } from 'fastify';
import { authorize } from '../actions/authorize.ts';
import { callOf, choice, type ServerCall } from '../actions/call.ts';
import type { Host } from '../host/host.ts';

// scheme and token are case-sensitive (section 2.3); a UUID in capitals is a token nobody was given
const bearer = /^Bearer ([\dA-Fa-f]{8}-[\dA-Fa-f]{4}-[\dA-Fa-f]{4}-[\dA-Fa-f]{4}-[\dA-Fa-f]{12})$/;
const controlBearer = /^Bearer (\S+)$/;

/**
 * The app of the request's token, if the path speaks of that app. Refusals, in this order:
 * `InvalidAuthorizationHeader`, `InvalidAccessToken`, `AccessTokenExpired`, `AccessBlocked`, `UnauthorizedAccess`.
 */
export async function authorizeServerCall(
  host: Host,
  request: FastifyRequest,
  row: Operation,
): Promise<Omit<ServerCall, 'market'>> {
  const found = await authorize(host, bearerToken(request));
  const named = (request.params as Record<string, string>)[row.key ?? 'clientId'];
  if (named !== found.app[row.key ?? 'clientId']) throw new Refusal('UnauthorizedAccess');
  return { ...callOf(host, found), absent: row.absent ?? 'NoSuchData' };
}

/** Whether this app's calls must have a content type even where there is no body. */
export function strictContentType(host: Host, call: Pick<ServerCall, 'app'> | undefined): boolean {
  return choice(host, call?.app.switches ?? {}, 'strictContentType');
}

/** Refuses a control call without the control key with `InvalidAccessToken` (401). */
export function authorizeControlCall(host: Host, request: FastifyRequest, controlKey: string): void {
  const [, given] = controlBearer.exec(request.headers.authorization ?? '') ?? [];
  if (given === undefined || !host.secrets.equal(given, controlKey)) {
    throw new Refusal('InvalidAccessToken', { detail: 'the control key is missing or wrong' });
  }
}

/**
 * With the key that everybody knows, only a page of this machine may call: a `Host` that is no loopback name
 * is a page of the internet whose name was rebound to this machine.
 */
export function refuseStrangeHost(request: FastifyRequest): void {
  if (!isLoopback(request.headers.host ?? '')) {
    throw new Refusal('UnauthorizedAccess', { detail: 'with the default control key Host must be loopback' });
  }
  const { origin } = request.headers;
  if (origin !== undefined && !isLoopback(origin.replace(/^https?:\/\//, ''))) {
    throw new Refusal('UnauthorizedAccess', {
      detail: 'with the default control key Origin must be loopback',
    });
  }
}

function isLoopback(hostAndPort: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(hostAndPort);
}

/** Node keeps the first of two Authorization headers in silence, so the raw ones are counted. */
function bearerToken(request: FastifyRequest): string {
  const [, token] = bearer.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined || countHeaders(request, 'authorization') !== 1) {
    throw new Refusal('InvalidAuthorizationHeader');
  }
  return token;
}

function countHeaders(request: FastifyRequest, name: string): number {
  const { rawHeaders } = request.raw;
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.length === name.length && rawHeaders[index]?.toLowerCase() === name) count += 1;
  }
  return count;
}
