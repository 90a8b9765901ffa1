// Writes docs/reference.md from the tables of packages/protocol; with --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { environments, generations, marketCodes, paymentMethods, productTypes } from '@till/protocol/codes';
import { controlOperations } from '@till/protocol/control';
import { controlErrors, serverErrors } from '@till/protocol/errors';
import { marketHeader } from '@till/protocol/fields';
import { operations } from '@till/protocol/operations';
import type { Field, Fields, Operation } from '@till/protocol/shape';

const target = new URL('reference.md', import.meta.url);

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
  const server = Object.entries(operations).flatMap(([, rows]) => Object.keys(rows));
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

function serverApi(): string[] {
  const generationParts = Object.entries(operations).flatMap(([generation, rows]) => [
    `### API ${generation.toUpperCase()}`,
    ...Object.entries(rows).map(([name, row]) => operation(name, row)),
  ]);
  return [
    '## Server API',
    'What a developer’s server calls. Every call but `getAccessToken` shows an access token: `Authorization: Bearer <token>`.',
    `Every call may carry the header \`${marketHeader}\`: ${codes(marketCodes)}; without it \`MKT_ONE\` is meant.`,
    `Every call may answer: ${codes(commonServerCodes)}. \`getAccessToken\` reads no \`Authorization\` header, so it never answers ${codes(tokenCodes)}.`,
    ...generationParts,
  ];
}

/** What no row has to name, because every call of the server API may give it. */
const commonServerCodes = without(Object.keys(serverErrors), namedRefusals());
/** What only a call with an access token can run into. */
const tokenCodes = ['InvalidAuthorizationHeader', 'InvalidAccessToken', 'AccessTokenExpired'];

function namedRefusals(): string[] {
  const rows = Object.values(operations).flatMap((generation) => Object.values(generation) as Operation[]);
  return rows.flatMap((row) => [...(row.refusals ?? [])]);
}

function without(values: readonly string[], unwanted: readonly string[]): string[] {
  return values.filter((value) => !unwanted.includes(value));
}

/** The same for the control API: the key instead of the token, and nothing of apps. */
const commonControlCodes = [
  'ServiceMaintenance',
  'ResourceNotFound',
  'MethodNotAllowed',
  'InvalidAccessToken',
  'UnauthorizedAccess',
  'InvalidContentType',
  'BadRequest',
  'RequiredValueNotExist',
  'InvalidRequest',
  'InternalError',
];

function controlApi(): string[] {
  const rows = Object.entries(controlOperations) as [string, Operation][];
  const sections = [...new Set(rows.map(([, row]) => row.section))];
  return [
    '## Control API',
    'Till’s own face. Every call but those of health shows the control key: `Authorization: Bearer <control key>`.',
    'Members that a call does not name are refused. Calls marked *sandbox* answer `NotInCommercial` in the commercial environment.',
    'A call that names an app may carry `worldId` in the query; it must where the client ID lives in several worlds.',
    `Every call may answer: ${codes(commonControlCodes)}.`,
    ...sections.flatMap((section) => [
      `### ${section}`,
      ...rows.filter(([, row]) => row.section === section).map(([name, row]) => operation(name, row)),
    ]),
  ];
}

const accessWords: Record<Operation['access'], string> = {
  accessToken: 'access token',
  credentials: 'client credentials in the request',
  controlKey: 'control key',
  open: 'none',
};

function operation(name: string, row: Operation): string {
  const refusals = [...(row.refusals ?? []), ...(row.sandboxOnly ? ['NotInCommercial'] : [])];
  const facts = [
    `- Access: ${accessWords[row.access]}${row.sandboxOnly ? ' (*sandbox*)' : ''}`,
    `- Success: ${row.status ?? 200}${row.reply === undefined ? ', no body' : ''}`,
    ...(row.body === undefined ? [] : [`- Body: ${bodyWords(row)}`]),
    ...(refusals.length === 0 ? [] : [`- May also answer: ${codes(refusals)}`]),
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
    ...table('Reply', row.reply),
  ].join('\n\n');
}

function bodyWords(row: Operation): string {
  if (row.form === true) return 'a form; its members may come in the query instead';
  return row.bodyRequired === true ? 'JSON' : 'JSON, may be left out';
}

function table(title: string, fields: Fields | undefined): string[] {
  if (fields === undefined || Object.keys(fields).length === 0) return [];
  const rows = lines('', fields).map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  return [`**${title}**`, ['| Name | Type | Limits | Meaning |', '|---|---|---|---|', ...rows].join('\n')];
}

/** One line for each field, and for those inside an object or a list below it, by their dotted names. */
function lines(prefix: string, fields: Fields): string[][] {
  return Object.entries(fields).flatMap(([name, field]) => [
    [`\`${prefix}${name}\``, typeOf(field), limitsOf(field), field.about ?? ''],
    ...inside(`${prefix}${name}`, field),
  ]);
}

function inside(name: string, field: Field): string[][] {
  if (field.is === 'object') return lines(`${name}.`, field.of);
  if (field.is === 'list' && field.of.is === 'object') return lines(`${name}[].`, field.of.of);
  return [];
}

function typeOf(field: Field): string {
  const words: Record<Field['is'], string> = {
    text: 'text',
    integer: 'integer',
    digits: 'digits',
    boolean: 'boolean',
    code: 'code',
    object: 'object',
    list: 'list',
  };
  const of = field.is === 'list' && field.of.is !== 'object' ? ` of ${words[field.of.is]}` : '';
  return [
    words[field.is] + of,
    ...(field.optional ? ['*optional*'] : []),
    ...(field.nullable ? ['*nullable*'] : []),
  ].join(', ');
}

function limitsOf(field: Field): string {
  switch (field.is) {
    case 'text':
      return [
        range(field.min, field.max),
        field.maxBytes && `${field.maxBytes} bytes`,
        patternOf(field.pattern),
      ]
        .filter((part) => part)
        .join(', ');
    case 'integer':
      return [field.size && `${field.size} digits`, range(field.min, field.max)]
        .filter((part) => part)
        .join(', ');
    case 'digits':
      return [`1..${field.size} digits`, range(field.min, field.max)].filter((part) => part).join(', ');
    case 'code':
      return codes(field.of);
    case 'boolean':
    case 'object':
    case 'list':
      return '';
  }
}

function range(min: number | undefined, max: number | undefined): string {
  if (min === undefined && max === undefined) return '';
  if (min === undefined) return `${max}`;
  return max === undefined ? `${min} or more` : `${min}..${max}`;
}

function patternOf(pattern: string | undefined): string {
  return pattern === undefined ? '' : `\`${pattern}\``;
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
      ...rows.map(([name, values]) => `| ${name} | ${codes(values)} |`),
    ].join('\n'),
  ];
}

function codes(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ');
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (import.meta.main) main(process.argv.slice(2));

function main(args: readonly string[]): void {
  if (!args.includes('--check')) {
    writeFileSync(target, reference());
  } else if (readFileSync(target, 'utf8') !== reference()) {
    console.error('docs/reference.md is not what the tables say: run npm run generate');
    process.exitCode = 1;
  }
}
