// Well-formed requests about nothing, made from the rows of the table, for tests that go over all of them.
import assert from 'node:assert/strict';
import type { ProductType } from '@till/protocol/codes';
import { errors, type ServerErrorCode } from '@till/protocol/errors';
import type { Field, Fields, Operation } from '@till/protocol/shape';
import { serverRows } from '../../src/http/routing.ts';
import type { TestApp } from '../server.ts';
import { assertRefused, noon } from './shop.ts';

export type ServerRow = (typeof serverRows)[number];
export const tokenRows = serverRows.filter(({ row }) => row.access === 'accessToken');
export const bodyRows = tokenRows.filter(({ row }) => row.method !== 'GET');

type Place = 'params' | 'query' | 'body';

/** Values to put in the place of the well-formed ones; `undefined` leaves one out. */
export type Given = { [P in Place]?: Record<string, unknown> };

export interface Request {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/** A value that fits; for a path value one that names nothing. */
function sample(name: string, field: Field, row: Operation, app: TestApp): unknown {
  if (name === row.key) return app[name as 'clientId'];
  if (name === 'client_id' || name === 'client_secret') return 'nobody';
  switch (field.is) {
    case 'text':
      return 'nothing';
    case 'code':
      return field.of[0];
    case 'integer':
      return field.min ?? 0;
    case 'digits':
      return field.size === 13 ? noon : (field.min ?? 0);
    default:
      throw new Error(`no sample for a ${field.is}`);
  }
}

function values(
  fields: Fields | undefined,
  given: Record<string, unknown>,
  row: Operation,
  app: TestApp,
): Record<string, unknown> {
  const needed = Object.entries(fields ?? {}).filter(([, field]) => field.optional !== true);
  return {
    ...Object.fromEntries(needed.map(([name, field]) => [name, sample(name, field, row, app)])),
    ...given,
  };
}

export function requestOf({ row }: ServerRow, app: TestApp, given: Given = {}): Request {
  const params = values(row.params, given.params ?? {}, row, app);
  const path = row.path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(params[name])));
  const query = new URLSearchParams(textMembers(values(row.query, given.query ?? {}, row, app)));
  const body = values(row.body, given.body ?? {}, row, app);
  return {
    method: row.method,
    path: query.size === 0 ? path : `${path}?${query}`,
    headers: row.body === undefined ? {} : { 'content-type': contentType(row) },
    body: row.body === undefined ? undefined : bodyText(row, body),
  };
}

function contentType(row: Operation): string {
  return row.form === true ? 'application/x-www-form-urlencoded' : 'application/json';
}

function bodyText(row: Operation, body: Record<string, unknown>): string {
  return row.form === true ? new URLSearchParams(textMembers(body)).toString() : JSON.stringify(body);
}

function textMembers(members: Record<string, unknown>): Record<string, string> {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

/** The type of product that the operation's path names; a managed one where it names none. */
export function soldAs(row: Operation): ProductType {
  if (/\/purchase\/(last-)?(recurring-|manage-payment)/.test(row.path)) return 'auto';
  const [, type] = /\/purchases\/(auto|subscription)\//.exec(row.path) ?? [];
  return (type as ProductType | undefined) ?? 'inapp';
}

/** What a call without a body is answered with: it was looked up, or it lacks what it must have. */
export function assertAnsweredWithoutBody(
  { row }: ServerRow,
  answer: { status: number; text: string },
): void {
  if (row.bodyRequired === true) {
    assertRefused(answer, 'RequiredValueNotExist', Object.keys(row.body ?? {}));
  } else {
    assert.equal(answer.status, lookedUp(row), answer.text);
  }
}

/** What a well-formed request about nothing is answered with: it was looked up. */
export function lookedUp(row: Operation): number {
  if (row.access === 'credentials') return errors.UnauthorizedAccess.status;
  return row.absent === undefined ? 200 : errors[row.absent satisfies ServerErrorCode].status;
}
