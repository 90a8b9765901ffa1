// Writes what the tables say into docs: the reference, the OpenAPI document, the guide's settings; --check only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { environments, generations, marketCodes, paymentMethods, productTypes } from '@till/protocol/codes';
import { controlOperations } from '@till/protocol/control';
import { controlErrors, type ErrorCode, errors, serverErrors } from '@till/protocol/errors';
import { marketHeader } from '@till/protocol/fields';
import { idempotencyKeyHeader } from '@till/protocol/idempotency';
import { operations } from '@till/protocol/operations';
import { commonRefusals } from '@till/protocol/refusals';
import type { Fields, Operation } from '@till/protocol/shape';
import { allRows, openApi } from '../packages/server/src/http/openapi.ts';
import { accessWords, bodyWords, codeWords, fieldLines } from '../packages/server/src/http/words.ts';
import { ownVersion } from '../packages/server/src/own-files.ts';
import { settingRows } from '../packages/server/src/settings.ts';

const docs = new URL('.', import.meta.url);

/** The whole text of docs/reference.md; the same tables give the same text. */
export function reference(): string {
  const parts = [
    '# Reference',
    'Made from the tables in `packages/protocol` by `npm run generate`; do not edit it by hand.',
    'Sizes of texts are maxima in characters unless bytes are named. *Optional* members may be left out, *nullable* ones may be `null`. ' +
      'What the documents leave open is in [spec-notes.md](spec-notes.md).',
    contents(),
    ...serverApi(),
    ...controlApi(),
    ...errorTables(),
    ...codeLists(),
  ];
  return `${parts.join('\n\n')}\n`;
}

function contents(): string {
  const server = Object.entries(operations).flatMap(([generation, rows]) =>
    Object.keys(rows).map((name) => heading(generation, name)),
  );
  const links = (names: readonly string[]) => names.map((name) => `[${name}](#${anchor(name)})`).join(', ');
  return [
    `- [Server API](#server-api): ${links(server)}`,
    `- [Control API](#control-api): ${links(Object.keys(controlOperations))}`,
    '- [Errors](#errors)',
    '- [Codes](#codes)',
  ].join('\n');
}

function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll(' ', '-');
}

/** An operation of an older generation has its generation in front: most of their names are V7's. */
function heading(generation: string, name: string): string {
  return generation === 'v7' ? name : `${generation.toUpperCase()} ${name}`;
}

function serverApi(): string[] {
  const generationParts = Object.entries(operations).flatMap(([generation, rows]) => [
    `### API ${generation.toUpperCase()}`,
    ...Object.entries(rows).map(([name, row]) => operation(heading(generation, name), row)),
  ]);
  return [
    '## Server API',
    'What a developer’s server calls. Every call but the token calls shows an access token: `Authorization: Bearer <token>`.',
    `Every call may carry the header \`${marketHeader}\`: ${codeWords(marketCodes)}; without it \`MKT_ONE\` is meant.`,
    `Every call may answer: ${codeWords(everyCallOf('accessToken'))}. A token call reads no \`Authorization\` header, so it never answers ${codeWords(tokenCodes)}.`,
    `${codeWords([...new Set(Object.values(operations).flatMap(idempotentNames))])} may carry the header \`${idempotencyKeyHeader}\`, Till’s own: the same key and request give the first answer again, for 24 h (spec-notes 58).`,
    ...generationParts,
  ];
}

function idempotentNames(rows: Record<string, Operation>): string[] {
  return Object.keys(rows).filter((name) => rows[name]?.idempotent === true);
}

/** Every face refuses the wrong verb; it belongs to a path and not to an operation of it. */
function everyCallOf(access: Operation['access']): string[] {
  const may: ErrorCode[] = ['MethodNotAllowed', ...commonRefusals[access]];
  return Object.keys(errors).filter((code) => may.includes(code as ErrorCode));
}

/** What only a call with an access token can run into. */
const tokenCodes = everyCallOf('accessToken').filter((code) => !everyCallOf('credentials').includes(code));

function controlApi(): string[] {
  const rows = Object.entries(controlOperations) as [string, Operation][];
  const sections = [...new Set(rows.map(([, row]) => row.section))];
  return [
    '## Control API',
    'Till’s own face. Every call but those of health shows the control key: `Authorization: Bearer <control key>`.',
    'Members that a call does not name are refused. Calls marked *sandbox* answer `NotInCommercial` in the commercial environment.',
    'A call that names an app may carry `worldId` in the query; it must where the client ID lives in several worlds.',
    `Every write may carry the header \`${idempotencyKeyHeader}\`: the same key and request give the first answer again, for 24 h; the same key with another request is \`InvalidState\`.`,
    `Every call may answer: ${codeWords(everyCallOf('controlKey'))}.`,
    ...sections.flatMap((section) => [
      `### ${section}`,
      ...rows.filter(([, row]) => row.section === section).map(([name, row]) => operation(name, row)),
    ]),
  ];
}

function operation(name: string, row: Operation): string {
  const refusals = [...(row.refusals ?? []), ...(row.sandboxOnly ? ['NotInCommercial'] : [])];
  const facts = [
    `- Access: ${accessWords[row.access]}${row.sandboxOnly ? ' (*sandbox*)' : ''}`,
    `- Success: ${row.status ?? 200}${successWords(row)}`,
    ...(row.besideControl === true
      ? ['- In the commercial environment on the port of the control API alone']
      : []),
    ...(row.body === undefined ? [] : [`- Body: ${bodyWords(row)}`]),
    ...(refusals.length === 0 ? [] : [`- May also answer: ${codeWords(refusals)}`]),
    ...(row.absent === undefined ? [] : [`- A purchase that cannot be found: \`${row.absent}\``]),
  ];
  return [
    `#### ${name}`,
    `\`${row.method} ${row.path}\``,
    row.about,
    facts.join('\n'),
    ...table('Path', row.params),
    ...table('Query', row.query),
    ...table(row.form === true ? 'Form' : 'Body', row.body),
    ...table(row.replyAs === 'events' ? 'Each event' : 'Reply', row.reply),
  ].join('\n\n');
}

function successWords(row: Operation): string {
  if (row.replyAs === 'text') return ', plain text';
  if (row.replyAs === 'events') return ', a stream of server-sent events';
  return row.reply === undefined ? ', no body' : '';
}

function table(title: string, fields: Fields | undefined): string[] {
  if (fields === undefined || Object.keys(fields).length === 0) return [];
  const rows = fieldLines(fields).map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  return [`**${title}**`, ['| Name | Type | Limits | Meaning |', '|---|---|---|---|', ...rows].join('\n')];
}

function errorTables(): string[] {
  const columns = (table: Record<string, { status: number; message: string }>) =>
    Object.entries(table).map(
      ([code, { status, message }]) => `\`${code}\` | ${status} | ${cell(message)} |`,
    );
  return [
    '## Errors',
    'The body of every error is `{"error":{"code":"…","message":"…"}}`; on the control API `fields` tells the names apart.',
    'The messages of `RequiredValueNotExist` and `InvalidRequest` end in the names that are meant: `Request parameters are invalid. [ startTime, endTime ]`.',
    'In order of precedence: where two apply, the upper one is answered. The token call judges its credentials after content type and values.',
    [
      '| # | Code | Status | Message |',
      '|---|---|---|---|',
      ...columns(serverErrors).map((row, index) => `| ${index + 1} | ${row}`),
    ].join('\n'),
    'Only on the control API:',
    ['| Code | Status | Message |', '|---|---|---|', ...columns(controlErrors).map((row) => `| ${row}`)].join(
      '\n',
    ),
  ];
}

function codeLists(): string[] {
  const rows: [string, readonly string[]][] = [
    ['Markets', marketCodes],
    ['Product types', productTypes],
    ['Payment methods', paymentMethods],
    ['API generations', generations],
    ['Environments', environments],
  ];
  return [
    '## Codes',
    [
      '| List | Values |',
      '|---|---|',
      ...rows.map(([name, values]) => `| ${name} | ${codeWords(values)} |`),
    ].join('\n'),
  ];
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** The text of docs/openapi.json: both faces whole. */
export function openApiText(): string {
  return `${JSON.stringify(openApi(allRows, ownVersion()), null, 2)}\n`;
}

/** The guide with its table of settings as they are; the rest of it is written by hand. */
export function guide(): string {
  const [before, , after] = readFileSync(new URL('guide.md', docs), 'utf8').split(settingsMark);
  return [before, `\n${settingsTable()}\n`, after].join(settingsMark);
}

const settingsMark = '<!-- settings -->';

function settingsTable(): string {
  const rows = settingRows.map(({ flag, env, value, byDefault, about }) => [
    flag === undefined ? 'none' : `\`--${flag}\``,
    `\`${env}\``,
    value.replaceAll('|', ' or '),
    byDefault === '' ? 'none' : `\`${byDefault}\``,
    about,
  ]);
  const lines = rows.map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  return ['| Flag | Variable | Value | Default | Meaning |', '|---|---|---|---|---|', ...lines].join('\n');
}

/** Every generated file with the text it must have. */
export const generated: Record<string, () => string> = {
  'reference.md': reference,
  'openapi.json': openApiText,
  'guide.md': guide,
};

if (import.meta.main) main(process.argv.slice(2));

function main(args: readonly string[]): void {
  for (const [name, text] of Object.entries(generated)) {
    const file = new URL(name, docs);
    if (!args.includes('--check')) writeFileSync(file, text());
    else if (readFileSync(file, 'utf8') !== text()) {
      console.error(`docs/${name} is not what the tables say: run npm run generate`);
      process.exitCode = 1;
    }
  }
}
