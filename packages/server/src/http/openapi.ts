// The OpenAPI 3.1 document of both faces, made from the tables when somebody asks for it.
import { marketCodes } from '@till/protocol/codes';
import { type ErrorCode, errorMessage, errors } from '@till/protocol/errors';
import { marketHeader } from '@till/protocol/fields';
import { idempotencyKey, idempotencyKeyHeader, takesIdempotencyKey } from '@till/protocol/idempotency';
import { refusalsOf } from '@till/protocol/refusals';
import type { Field, Operation } from '@till/protocol/shape';
import { exampleBody, exampleOf, exampleReply } from './examples.ts';
import { type DocumentSchema, objectOf, schemaOf } from './openapi-schema.ts';
import { controlRows, serverRows } from './routing.ts';

/** A row with its name; the generation of the API where it belongs to the server API. */
export interface NamedRow {
  readonly name: string;
  readonly generation?: string;
  readonly row: Operation;
}

/** Both faces whole: what `docs/openapi.json` holds, and a sandbox answers. */
export const allRows: readonly NamedRow[] = [...serverRows, ...controlRows];

const json = 'application/json';
const form = 'application/x-www-form-urlencoded';

/** The document of these rows; the same rows and version give the same document, member for member. */
export function openApi(rows: readonly NamedRow[], version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Till',
      version,
      description: about,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'the server that this document came from' }],
    tags: [...new Set(rows.map(groupOf))].map((name) => ({ name })),
    paths: pathsOf(rows),
    components: {
      securitySchemes: securitySchemesOf(rows),
      headers: { requestId: requestIdHeader },
      parameters: { marketCode: marketParameter, idempotencyKey: idempotencyParameter },
      schemas: { error: errorSchema(false), controlError: errorSchema(true) },
      responses: responsesOf(rows),
      examples: Object.fromEntries(codesOf(rows).map((code) => [code, { value: exampleError(code) }])),
    },
  };
}

const about =
  'The server API is ONE store’s, the control API Till’s own. ' +
  'Any other method on one of these paths answers 405 `MethodNotAllowed` with an `Allow` header. ' +
  'Where two refusals apply, the one that stands first in the operation’s list is answered.';

const requestIdHeader = {
  description: 'the ID of the request, as the log has it',
  schema: { type: 'string' },
} as const;

const marketParameter = {
  name: marketHeader,
  in: 'header',
  required: false,
  description: 'market of the request',
  schema: { type: 'string', enum: marketCodes, default: 'MKT_ONE' },
} as const;

const idempotencyParameter = {
  name: idempotencyKeyHeader,
  in: 'header',
  required: false,
  description: 'Till’s own: the same key and request give the first answer again, for 24 h',
  schema: schemaOf(idempotencyKey),
} as const;

/** What readers find operations under: the generation of the API, or the section of the control API. */
export function groupOf({ generation, row }: NamedRow): string {
  return generation === undefined ? row.section : `API ${generation.toUpperCase()}`;
}

function pathsOf(rows: readonly NamedRow[]): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const named of rows) {
    const { path, method } = named.row;
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(named) };
  }
  return paths;
}

function operationOf(named: NamedRow) {
  const { name, generation, row } = named;
  return {
    operationId: generation === undefined ? name : `${generation}_${name}`,
    tags: [groupOf(named)],
    summary: row.about,
    description: descriptionOf(row),
    security: securityOf(row),
    ...given('parameters', parametersOf(row)),
    ...(row.body === undefined ? {} : { requestBody: requestBodyOf(name, row) }),
    responses: { ...successOf(row), ...refusedOf(row) },
  };
}

function given(name: string, values: readonly unknown[]): Record<string, unknown> {
  return values.length === 0 ? {} : { [name]: values };
}

function descriptionOf(row: Operation): string {
  const lines = [`Refusals, in order of precedence: ${refusalsOf(row).join(', ')}.`];
  if (row.absent !== undefined) lines.push(`A purchase that cannot be found answers ${row.absent}.`);
  if (row.sandboxOnly === true) lines.push('A test control: sandbox only.');
  if (row.form === true) lines.push('The members of the form may come in the query where the body is empty.');
  return lines.join('\n');
}

// --- who calls ----------------------------------------------------------------------------------------------

const securitySchemes = {
  accessToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'An access token of the app, from the token call. `Bearer` has a capital B.',
  },
  clientCredentials: {
    type: 'oauth2',
    description: 'Client ID and client secret in the form of the token call, which answers an access token.',
    flows: { clientCredentials: { tokenUrl: '/v7/oauth/token', scopes: { DEFAULT: 'the server API' } } },
  },
  controlKey: { type: 'http', scheme: 'bearer', description: 'The control key of this server.' },
} as const;

function securitySchemesOf(rows: readonly NamedRow[]): Partial<typeof securitySchemes> {
  const has = (access: Operation['access']) => rows.some(({ row }) => row.access === access);
  const { accessToken, clientCredentials, controlKey } = securitySchemes;
  return {
    ...(has('accessToken') ? { accessToken, clientCredentials } : {}),
    ...(has('controlKey') ? { controlKey } : {}),
  };
}

/** The token call takes the credentials as members of its form, so it shows nothing in a header. */
function securityOf(row: Operation): Record<string, string[]>[] {
  if (row.access === 'accessToken') return [{ accessToken: [] }, { clientCredentials: ['DEFAULT'] }];
  return row.access === 'controlKey' ? [{ controlKey: [] }] : [];
}

// --- what is sent -------------------------------------------------------------------------------------------

function parametersOf(row: Operation): unknown[] {
  const isServerCall = row.access === 'accessToken' || row.access === 'credentials';
  return [
    ...Object.entries(row.params ?? {}).map(([name, field]) => parameter('path', name, field)),
    ...Object.entries(row.query ?? {}).map(([name, field]) => parameter('query', name, field)),
    ...(isServerCall ? [{ $ref: '#/components/parameters/marketCode' }] : []),
    ...(takesIdempotencyKey(row) ? [{ $ref: '#/components/parameters/idempotencyKey' }] : []),
  ];
}

function parameter(place: 'path' | 'query', name: string, field: Field) {
  const { description, ...schema } = schemaOf(field);
  return {
    name,
    in: place,
    required: place === 'path' || field.optional !== true,
    ...(description === undefined ? {} : { description }),
    schema,
    example: exampleOf(name, field),
  };
}

function requestBodyOf(name: string, row: Operation) {
  const schema = objectOf(row.body ?? {}, row.access === 'controlKey');
  return {
    required: row.bodyRequired === true,
    content: { [row.form === true ? form : json]: { schema, example: exampleBody(name, row) } },
  };
}

// --- what is answered ---------------------------------------------------------------------------------------

const requestId = { 'x-request-id': { $ref: '#/components/headers/requestId' } } as const;

function successOf(row: Operation) {
  const content = contentOf(row);
  const answer = { description: 'done', headers: requestId };
  return { [row.status ?? 200]: content === undefined ? answer : { ...answer, content } };
}

function contentOf(row: Operation): Record<string, unknown> | undefined {
  if (row.replyAs === 'text') return { 'text/plain': { schema: { type: 'string' } } };
  if (row.reply === undefined) return undefined;
  const [schema, example] = [objectOf(row.reply), exampleReply(row)];
  if (row.replyAs !== 'events') return { [json]: { schema, example } };
  // OpenAPI 3.1 has no word for a stream of objects, so each event's members stand beside the text
  const lines = `id: ${String(example.id)}\ndata: ${JSON.stringify(example)}\n\n`;
  return { 'text/event-stream': { schema: { type: 'string' }, example: lines, 'x-event': schema } };
}

/** The refusals of one status that an operation may give; many operations share them. */
interface Refused {
  base: 'error' | 'controlError';
  status: number;
  codes: readonly ErrorCode[];
}

function refusedOf(row: Operation): Record<string, unknown> {
  const links = refusalsByStatus(row).map((refused) => [
    refused.status,
    { $ref: `#/components/responses/${responseName(refused)}` },
  ]);
  return Object.fromEntries(links);
}

function refusalsByStatus(row: Operation): Refused[] {
  const base = row.access === 'controlKey' ? 'controlError' : 'error';
  const byStatus = Map.groupBy(refusalsOf(row), (code) => errors[code].status);
  return [...byStatus].map(([status, codes]) => ({ base, status, codes }));
}

function responseName({ base, status, codes }: Refused): string {
  return [base, status, ...codes].join('.');
}

function responsesOf(rows: readonly NamedRow[]): Record<string, unknown> {
  const refused = rows.flatMap(({ row }) => refusalsByStatus(row));
  return Object.fromEntries(refused.map((one) => [responseName(one), refusedResponse(one)]));
}

function refusedResponse({ base, codes }: Refused) {
  return {
    description: codes.map((code) => `${code}: ${errors[code].message}`).join('\n'),
    headers: requestId,
    content: { [json]: { schema: withCodes(base, codes), examples: examplesOf(codes) } },
  };
}

function withCodes(base: string, codes: readonly ErrorCode[]) {
  const code: DocumentSchema = { enum: codes };
  return {
    $ref: `#/components/schemas/${base}`,
    properties: { error: { properties: { code } } },
  };
}

function examplesOf(codes: readonly ErrorCode[]) {
  return Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
}

function errorSchema(isControl: boolean): DocumentSchema {
  const properties: Record<string, DocumentSchema> = {
    code: { type: 'string', description: 'what is refused; compare this' },
    message: { type: 'string', description: 'for people; it may end in the names that are meant' },
  };
  if (isControl) {
    const description = 'the names that are meant';
    properties.fields = { type: 'array', items: { type: 'string' }, description };
  }
  return {
    type: 'object',
    properties: { error: { type: 'object', properties, required: ['code', 'message'] } },
    required: ['error'],
  };
}

function codesOf(rows: readonly NamedRow[]): ErrorCode[] {
  const may = new Set(rows.flatMap(({ row }) => refusalsOf(row)));
  return (Object.keys(errors) as ErrorCode[]).filter((code) => may.has(code));
}

const namingCodes: readonly ErrorCode[] = ['RequiredValueNotExist', 'InvalidRequest'];

function exampleError(code: ErrorCode) {
  const message = errorMessage(code, namingCodes.includes(code) ? ['quantity'] : []);
  return { error: { code, message } };
}
