// The calls of the rows as lines for a shell.
import type { Operation } from '@till/protocol/shape';
import { exampleBody, exampleOf } from './examples.ts';
import type { NamedRow } from './openapi.ts';

/** Where a server listens that nobody has told otherwise; the page puts its own address here. */
const usualUrl = 'http://127.0.0.1:7575';

/** The names that the calls use: the server's address, an access token, the control key. */
export function settingUp(rows: readonly NamedRow[]): string {
  const tokenCall = rows.find(({ row }) => row.access === 'credentials');
  const hasControl = rows.some(({ row }) => row.access === 'controlKey');
  return [
    `TILL=${usualUrl}`,
    ...(hasControl ? ['CONTROL_KEY=till'] : []),
    ...(tokenCall === undefined ? [] : [tokenLine(tokenCall)]),
  ].join('\n');
}

function tokenLine(tokenCall: NamedRow): string {
  const take = `sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;
  return `TOKEN=$(${curlOf(tokenCall)} \\\n  | ${take})`;
}

/** One call with example values; `$TILL`, `$TOKEN` and `$CONTROL_KEY` are the shell's. */
export function curlOf({ name, row }: NamedRow): string {
  const url = `"$TILL${pathOf(row)}"`;
  // curl reads without a body and posts with one
  const usual = row.body === undefined ? 'GET' : 'POST';
  const first = `curl -s ${row.method === usual ? '' : `-X ${row.method} `}${url}`;
  return [first, ...accessLines(row), ...bodyLines(name, row)].join(' \\\n  ');
}

function pathOf(row: Operation): string {
  return row.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const field = row.params?.[name];
    return field === undefined ? name : encodeURIComponent(String(exampleOf(name, field)));
  });
}

function accessLines({ access }: Operation): string[] {
  if (access === 'accessToken') return ['-H "Authorization: Bearer $TOKEN"'];
  return access === 'controlKey' ? ['-H "Authorization: Bearer $CONTROL_KEY"'] : [];
}

function bodyLines(name: string, row: Operation): string[] {
  if (row.body === undefined) return [];
  const body = exampleBody(name, row);
  if (row.form === true) return Object.entries(body).map(([key, value]) => `-d '${key}=${value}'`);
  return [`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body)}'`];
}
