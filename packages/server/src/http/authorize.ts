// Who calls: an access token on the server API, the control key on the control API.
import { Refusal } from '@till/protocol/errors';
import type { Operation } from '@till/protocol/shape';
import type { FastifyRequest } from 'fastify';
import { after, type OrPromise } from '../actions/after.ts';
import { authorize } from '../actions/authorize.ts';
import { callOf, choice, type ServerCall } from '../actions/call.ts';
import type { Host } from '../host/host.ts';
import { countHeaders } from './connection.ts';

// scheme and token are case-sensitive (section 2.3); a UUID in capitals is a token nobody was given
const bearer = /^Bearer ([\dA-Fa-f]{8}-[\dA-Fa-f]{4}-[\dA-Fa-f]{4}-[\dA-Fa-f]{4}-[\dA-Fa-f]{12})$/;
const controlBearer = /^Bearer (\S+)$/;
const loopback = /^(localhost|127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * The app of the request's token, if the path speaks of that app. Refusals, in this order:
 * `InvalidAuthorizationHeader`, `InvalidAccessToken`, `AccessTokenExpired`, `AccessBlocked`, `UnauthorizedAccess`.
 */
export function authorizeServerCall(
  host: Host,
  request: FastifyRequest,
  row: Operation,
): OrPromise<Omit<ServerCall, 'market' | 'generation'>> {
  return after(authorize(host, bearerToken(request)), (found) => {
    const key = row.key ?? 'clientId';
    const named = (request.params as Record<string, string>)[key];
    if (named !== found.app[key]) throw new Refusal('UnauthorizedAccess');
    return { ...callOf(host, found), absent: row.absent ?? 'NoSuchData' };
  });
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
  // a page's plain GET has no Origin, but a browser tells whence it comes
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin === undefined ? site === 'cross-site' : !isLoopback(originHost(origin))) {
    throw new Refusal('UnauthorizedAccess', {
      detail: 'with the default control key Origin must be loopback',
    });
  }
}

function originHost(origin: string): string {
  return /^https?:\/\/(.*)$/i.exec(origin)?.[1] ?? '';
}

function isLoopback(hostAndPort: string): boolean {
  return loopback.test(hostAndPort);
}

/** Of two Authorization headers nobody can say which one is meant. */
function bearerToken(request: FastifyRequest): string {
  const [, token] = bearer.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined || countHeaders(request.raw, 'authorization') !== 1) {
    throw new Refusal('InvalidAuthorizationHeader');
  }
  return token;
}
