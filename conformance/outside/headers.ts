// The rules of headers, paths and methods, asked about a purchase that does not exist, so that no probe can change anything.
import { randomUUID } from 'node:crypto';
import type { ServerErrorCode } from '@till/protocol/errors';
import { marketHeader } from '@till/protocol/fields';
import type { Request } from '../caller.ts';
import { differencesOfRefusal } from '../judging.ts';
import { fillPath, type NamedRow } from '../rows.ts';
import type { OpenPlaces, Session } from '../session.ts';
import { type Account, absent, requestOf } from './account.ts';

interface Probe {
  what: string;
  about: string;
  request: Request;
  code: ServerErrorCode;
  fields?: readonly string[];
  open?: OpenPlaces;
}

/** `named` is the reading call of a managed product. */
export async function checkHeaders(
  session: Session,
  named: NamedRow,
  account: Account,
  token: string,
): Promise<void> {
  const probes = [
    ...authorizationProbes(named, account, token),
    ...otherHeaderProbes(named, account, token),
    ...pathProbes(named, account, token),
  ];
  for (const { what, about, request, code, fields, open } of probes) {
    await session.check(session.about(named, what, about, open), request, (answer) =>
      differencesOfRefusal(answer, code, fields),
    );
  }
}

function authorizationProbes(named: NamedRow, account: Account, token: string): Probe[] {
  const request = requestOf(named, account, token);
  const { authorization: _, ...others } = request.headers as Record<string, string>;
  const malformed: [string, string, string | undefined][] = [
    ['missing', 'no Authorization header', undefined],
    ['no_scheme', 'a token without a scheme', token],
    ['lower_case_scheme', 'a scheme in small letters', `bearer ${token}`],
    ['brackets', 'a token in brackets', `Bearer <${token}>`],
    ['no_space', 'no space behind the scheme', `Bearer${token}`],
  ];
  const wrong = malformed.map(([what, about, authorization]): Probe => {
    const headers = authorization === undefined ? others : { ...others, authorization };
    const open = { '*': 2 };
    return {
      ...{ what: `authorization.${what}`, about, open },
      ...{ request: { ...request, headers }, code: 'InvalidAuthorizationHeader' },
    };
  });
  const unknown = { ...others, authorization: `Bearer ${randomUUID()}` };
  return [
    ...wrong,
    {
      ...{ what: 'authorization.unknown', about: 'a token that nobody was given' },
      ...{ request: { ...request, headers: unknown }, code: 'InvalidAccessToken' },
    },
    {
      ...{ what: 'authorization.other_app', about: 'the path of another app', open: { '*': 2 } },
      request: requestOf(named, { ...account, clientId: 'no.such.app', packageName: 'no.such.app' }, token),
      code: 'UnauthorizedAccess',
    },
  ];
}

function otherHeaderProbes(named: NamedRow, account: Account, token: string): Probe[] {
  const request = requestOf(named, account, token);
  const headers = request.headers as Record<string, string>;
  const { 'content-type': _, ...untyped } = headers;
  const notFound = { code: 'NoSuchData' } as const;
  return [
    { what: 'absent', about: 'a purchase that does not exist', request, ...notFound },
    {
      ...{ what: 'content_type.missing', about: 'a GET without a content type', open: { '*': 15 } },
      ...{ request: { ...request, headers: untyped }, ...notFound },
    },
    {
      ...{ what: 'content_type.other', about: 'a GET with another content type', open: { '*': 15 } },
      ...{ request: { ...request, headers: { ...headers, 'content-type': 'text/plain' } }, ...notFound },
    },
    {
      ...{ what: 'content_type.charset', about: 'a charset behind the content type', open: { '*': 15 } },
      request: { ...request, headers: { ...headers, 'content-type': 'application/json;charset=UTF-8' } },
      ...notFound,
    },
    {
      ...{ what: 'market.unknown', about: 'a market code that nobody knows', open: { '*': 29 } },
      request: { ...request, headers: { ...headers, [marketHeader]: 'MKT_XXX' } },
      ...({ code: 'InvalidRequest', fields: [marketHeader] } as const),
    },
  ];
}

function pathProbes(named: NamedRow, account: Account, token: string): Probe[] {
  const request = requestOf(named, account, token);
  const at = (path: string) => ({ ...request, path });
  const { clientId, packageName } = account;
  const values = { clientId, packageName, ...absent };
  const key = named.generation === 'v5' ? 'purchaseId' : 'productId';
  const withPlace = (text: string) => {
    const template = named.row.path.replace(`{${key}}`, '*');
    return at(fillPath(template, values).replace('*', text));
  };
  const prefix = named.row.path.split('/', 2).join('/');
  const tooLong = 'x'.repeat(151);
  return [
    {
      ...{ what: 'path.unknown', about: 'a path that no call has', request: at(`${prefix}/nowhere`) },
      code: 'ResourceNotFound',
    },
    {
      ...{ what: 'path.method', about: 'a method that the call does not have' },
      ...{ request: { ...request, method: 'PATCH' }, code: 'MethodNotAllowed' },
    },
    {
      ...{ what: 'path.slash', about: 'an escaped slash in a path value', open: { '*': 54 } },
      ...{ request: withPlace('a%2Fb'), code: 'ResourceNotFound' },
    },
    {
      ...{ what: 'path.escape', about: 'a broken escape in a path value', open: { '*': 52 } },
      ...{ request: withPlace('%zz'), code: 'BadRequest' },
    },
    {
      ...{ what: 'path.escaped_signs', about: 'escaped signs in a path value', open: { '*': 54 } },
      ...{ request: withPlace('a%2Bb%3Dc%25d'), code: 'NoSuchData' },
    },
    {
      ...{ what: 'path.too_long', about: `a ${key} that is longer than documented`, open: { '*': 53 } },
      ...{ request: withPlace(tooLong), code: 'InvalidRequest', fields: [key] },
    },
  ];
}
