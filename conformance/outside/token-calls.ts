// The token call, in every shape that the documents print and that real clients send, and in those that must fail.
import { randomUUID } from 'node:crypto';
import { marketHeader } from '@till/protocol/fields';
import type { Answer, Request } from '../caller.ts';
import type { Difference } from '../comparing.ts';
import { memberOf } from '../finding.ts';
import { differencesOfFields, differencesOfRefusal, statusDifference } from '../judging.ts';
import type { NamedRow } from '../rows.ts';
import type { OpenPlaces, Session } from '../session.ts';
import type { Account } from './account.ts';

const formType = { 'content-type': 'application/x-www-form-urlencoded' };
/** Nothing is documented about refusals of this call; a code of the table is what other calls would answer. */
const open = { '*': 4 };
const longestLifeSeconds = 3600;

type Form = Record<string, string>;

/** The access token that the call gave; undefined where it gave none. */
export async function checkTokenCall(
  session: Session,
  named: NamedRow,
  account: Account,
): Promise<string | undefined> {
  const form = formOf(account);
  const send = (given: Partial<Request>): Request => ({
    method: named.row.method,
    path: named.row.path,
    headers: { ...formType, ...(account.market === undefined ? {} : { [marketHeader]: account.market }) },
    ...given,
  });
  const about = session.about(named, 'reply', 'issues a token for a form with the secret as it is', {
    'member scope': 0,
    ...openClient(named),
  });
  const judge = (answer: Answer) => differencesOfToken(answer, named, account);
  const answer = await session.check(about, send({ body: rawForm(form) }), (found) => [
    ...judge(found),
    ...differencesOfScope(found, named),
  ]);
  if (answer === undefined) return undefined;
  const escaped = await checkEscaped(session, named, send({ body: escapedForm(form) }), judge);
  const given = tokenIn(answer);
  const token = given ?? tokenIn(escaped);
  if (token === undefined) return undefined;
  session.tellForm(about, answer);
  const body = given === undefined ? escapedForm(form) : rawForm(form);
  await checkAgain(session, named, send({ body }), token);
  await checkShapes(session, named, form, send, judge);
  await checkRefusals(session, named, form, send);
  return token;
}

const escapedForm = (form: Form) => new URLSearchParams(form).toString();

function tokenIn(answer: Answer | undefined): string | undefined {
  const token = memberOf(answer?.body, 'access_token');
  return typeof token === 'string' ? token : undefined;
}

/** A server that does not take the secret as it is printed may take this, and can be asked on. */
function checkEscaped(
  session: Session,
  named: NamedRow,
  request: Request,
  judge: (answer: Answer) => Difference[],
): Promise<Answer | undefined> {
  const about = 'issues a token for a form with an escaped secret';
  return session.check(session.about(named, 'escaped', about, openClient(named)), request, judge);
}

/** Which ID of the app the answer names is documented for V7 alone. */
function openClient({ generation }: NamedRow): OpenPlaces {
  return generation === 'v7' ? {} : { 'member client_id': 82 };
}

async function checkAgain(session: Session, named: NamedRow, request: Request, token: string): Promise<void> {
  const about = session.about(named, 'again', 'the same call while the token still lives long');
  const answer = await session.ask(about, request);
  if (answer === undefined) return;
  const isSame = memberOf(answer.body, 'access_token') === token;
  const found = isSame ? 'the same token' : `${answer.status}, another token`;
  session.leftOpen(about, 1, { found, differences: isSame ? [] : ['it is another token'] });
}

function formOf({ clientId, clientSecret }: Account): Form {
  return { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
}

/** As the documents print it: nothing is escaped. */
function rawForm(form: Form): string {
  return Object.entries(form)
    .map((pair) => pair.join('='))
    .join('&');
}

/** What a token may be used for is printed in examples alone, of V5 in a real answer. */
function differencesOfScope({ body }: Answer, { generation }: NamedRow): Difference[] {
  const printed = generation === 'v5' ? '/v2/purchase/*,/api/recurringpurchase/*,/api/purchase/*' : 'DEFAULT';
  if (memberOf(body, 'scope') === printed) return [];
  return [{ at: 'member scope', says: `it is not ${printed}` }];
}

function differencesOfToken(answer: Answer, named: NamedRow, { clientId }: Account): Difference[] {
  const status = statusDifference(answer, 200);
  if (status.length > 0) return status;
  const [client, type, seconds] = ['client_id', 'token_type', 'expires_in'].map((name) =>
    memberOf(answer.body, name),
  );
  const rules: [boolean, string, string][] = [
    [client !== clientId, 'client_id', 'it is not the client ID that was sent'],
    [type !== 'bearer', 'token_type', 'it is not bearer'],
    [Number(seconds) > longestLifeSeconds, 'expires_in', `it is more than ${longestLifeSeconds} s`],
  ];
  return [
    ...differencesOfFields(answer.body, named.row.reply ?? {}),
    ...rules.filter(([broken]) => broken).map(([, name, says]) => ({ at: `member ${name}`, says })),
  ];
}

type Send = (given: Partial<Request>) => Request;

async function checkShapes(
  session: Session,
  named: NamedRow,
  form: Form,
  send: Send,
  judge: (answer: Answer) => Difference[],
): Promise<void> {
  const escaped = escapedForm(form);
  const charset = { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };
  const withCharset = session.about(
    named,
    'charset',
    'takes a charset behind the content type',
    openClient(named),
  );
  await session.check(withCharset, send({ body: escaped, headers: charset }), judge);
  const query = session.about(named, 'query', 'the form in the query, with no body', { '*': 6 });
  await session.check(query, send({ query: `?${escaped}`, headers: {} }), judge);
}

async function checkRefusals(session: Session, named: NamedRow, form: Form, send: Send): Promise<void> {
  const { grant_type: _, ...withoutGrant } = form;
  const refused: [what: string, about: string, request: Request, ...Parameters<typeof wants>][] = [
    [
      ...(['wrong_secret', 'a wrong secret'] as const),
      send({ body: rawForm({ ...form, client_secret: 'wrong' }) }),
      'UnauthorizedAccess',
    ],
    [
      ...(['unknown_client', 'an unknown client'] as const),
      send({ body: rawForm({ ...form, client_id: `no.such.${randomUUID()}` }) }),
      'UnauthorizedAccess',
    ],
    [
      ...(['wrong_content_type', 'a form that is called JSON'] as const),
      send({ body: rawForm(form), headers: { 'content-type': 'application/json' } }),
      'InvalidContentType',
    ],
    [
      ...(['missing_value', 'a form without grant_type'] as const),
      send({ body: rawForm(withoutGrant) }),
      ...(['RequiredValueNotExist', ['grant_type']] as const),
    ],
    [
      ...(['wrong_grant', 'another grant_type'] as const),
      send({ body: rawForm({ ...form, grant_type: 'password' }) }),
      ...(['InvalidRequest', ['grant_type']] as const),
    ],
    [
      ...(['wrong_method', 'the call by another method'] as const),
      // without the form: the secret has nothing to do in one address more
      send({ method: 'GET', headers: {} }),
      'MethodNotAllowed',
    ],
  ];
  for (const [what, about, request, code, fields] of refused) {
    const note = what === 'wrong_method' ? { '*': 5 } : open;
    await session.check(session.about(named, what, about, note), request, wants(code, fields));
  }
}

function wants(
  code: Parameters<typeof differencesOfRefusal>[1],
  fields: readonly string[] = [],
): (answer: Answer) => Difference[] {
  return (answer) => differencesOfRefusal(answer, code, fields);
}
