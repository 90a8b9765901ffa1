// What the fuzzer sends: any operation of the tables, each of its values fitting, nearly fitting or hostile.
import type { Field, Fields, Operation } from '@till/protocol/shape';
import fc from 'fast-check';
import { controlRows, serverRows } from '../../src/http/routing.ts';

export interface FuzzRow {
  name: string;
  row: Operation;
}

/** All but the stream of events, whose answer does not end. */
export const fuzzedRows: readonly FuzzRow[] = [...serverRows, ...controlRows].filter(
  ({ row }) => row.replyAs !== 'events',
);

/** A value that is only known when the request is sent: something of the server's own that exists. */
export const existing = [
  ...['clientId', 'packageName', 'productId', 'purchaseToken', 'purchaseId'],
  ...['worldId', 'secret', 'cursor'],
] as const;
export interface Existing {
  existing: (typeof existing)[number];
}

export interface FuzzRequest {
  name: string;
  row: Operation;
  params: Record<string, unknown>;
  query: [name: string, value: unknown][];
  body: unknown;
  /** Sent in the place of the body, byte for byte. */
  rawBody: string | undefined;
  isChunked: boolean;
  caller: 'right' | 'wrong' | 'none' | 'broken' | 'twice';
  contentType: 'right' | 'none' | 'other';
  headers: string[];
}

const hostileTexts = fc.constantFrom(
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfffy',
  '😀',
  '다이아',
  'e\u0301',
  '..',
  '.',
  '__proto__',
  'constructor',
  'null',
  "'; drop table purchase; --",
  '%00',
  '%ED%A0%80',
  '%zz',
  '%25',
  '{"$ne":null}',
  '1e3',
  '-1',
  '0',
  '10000000000000000000000',
  'NaN',
  '\r\nX: y',
  '\u2028',
  'P9999999999Y',
  'P1D',
  'PT0S',
  'x'.repeat(5_000),
  '다'.repeat(300),
  '😀'.repeat(150),
);
const hostileNumbers = fc.constantFrom(
  -1,
  -0,
  0,
  0.5,
  1e3,
  1e20,
  1e308,
  2 ** 31,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  253_402_300_799_999,
  253_402_300_800_000,
);
const hostile = fc.oneof(
  { weight: 4, arbitrary: hostileTexts },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  { weight: 3, arbitrary: hostileNumbers },
  { weight: 2, arbitrary: fc.constantFrom(null, true, false, [], {}, ['a'], [[]], { a: { b: {} } }, [null]) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

function fitting(name: string, field: Field): fc.Arbitrary<unknown> {
  const known = existing.find((one) => one === name);
  if (known !== undefined) return fc.constant({ existing: known } satisfies Existing);
  if (name === 'client_id') return fc.constant({ existing: 'clientId' });
  if (name === 'client_secret') return fc.constant({ existing: 'secret' });
  switch (field.is) {
    case 'text':
      return fittingText(field);
    case 'integer':
      return fc.integer({ min: field.min ?? 0, max: Math.min(field.max ?? 10 ** 13, 10 ** 13) });
    case 'digits':
      return fc.integer({ min: field.min ?? 0, max: field.max ?? 10 ** Math.min(field.size, 13) - 1 });
    case 'boolean':
      return fc.boolean();
    case 'code':
      return fc.constantFrom(...field.of);
    case 'object':
      return members(field.of);
    case 'list':
      return fc.array(fitting('', field.of), { maxLength: 3 });
  }
}

/** Texts with a pattern are spans, amounts, currencies, countries, names and addresses. */
function fittingText({ pattern, max = 200 }: Field & { is: 'text' }): fc.Arbitrary<string> {
  const samples = [
    'P1D',
    'PT5M',
    'P3D',
    '1100',
    '4.99',
    '0.000001',
    'KRW',
    'KR',
    'name-1',
    'http://127.0.0.1:9/x',
  ];
  const fit = samples.filter((sample) => pattern !== undefined && new RegExp(pattern).test(sample));
  if (fit.length > 0) return fc.constantFrom(...fit);
  return fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: Math.min(max, 40) });
}

/** Mostly what fits, now and then what does not, or nothing, or a member more. */
function members(fields: Fields): fc.Arbitrary<Record<string, unknown>> {
  const each = Object.entries(fields).map(([name, field]) => {
    const missing = fc.constant(undefined);
    const value = fc.oneof(
      { weight: 12, arbitrary: fitting(name, field) },
      { weight: field.optional === true ? 12 : 1, arbitrary: missing },
      { weight: 2, arbitrary: hostile },
    );
    return value.map((given) => [name, given] as const);
  });
  const extra = fc.oneof(
    { weight: 15, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.tuple(fc.tuple(hostileTexts, hostile)) },
  );
  return fc.tuple(fc.tuple(...each), extra).map(([given, more]) => {
    const present = [...given, ...more].filter(([, value]) => value !== undefined);
    return Object.fromEntries(present as [string, unknown][]);
  });
}

const headerLines = fc.constantFrom<string[]>(
  'x-market-code: MKT_GLB',
  'x-market-code: MKT_ONE',
  'x-market-code: mkt_one',
  'x-market-code:',
  'x-market-code: \xff\xfe',
  'Expect: nothing',
  'Accept: text/html',
  'Accept-Encoding: gzip, br',
  'Range: bytes=0-1',
  'If-None-Match: *',
  'Cookie: a=b',
  'X-HTTP-Method-Override: DELETE',
  'X-Forwarded-Host: example.com',
  'Upgrade: websocket',
  'Idempotency-Key: key-1',
  'Idempotency-Key:',
  `Idempotency-Key: ${'k'.repeat(2_000)}`,
  'Origin: null',
  'constructor: x',
  '__proto__: x',
  `X-Long: ${'x'.repeat(4_000)}`,
  'X-Bytes: \x80\xff\t\x7e',
);

function requestOf({ name, row }: FuzzRow): fc.Arbitrary<FuzzRequest> {
  const body = row.body === undefined ? fc.constant(undefined) : members(row.body);
  return fc.record({
    name: fc.constant(name),
    row: fc.constant(row),
    params: members(row.params ?? {}),
    query: fc.tuple(members(row.query ?? {}), fc.nat({ max: 12 })).map(([given, twice]) => {
      const pairs = Object.entries(given);
      return twice === 0 ? [...pairs, ...pairs] : pairs;
    }),
    body: fc.oneof({ weight: 12, arbitrary: body }, { weight: 1, arbitrary: hostile }),
    rawBody: fc.oneof(
      { weight: 20, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('{', '{}{}', '\ufeff{}', '[', '"', '{"a":1,}', 'a=b&a=c&%FF=%'),
      },
    ),
    isChunked: fc.nat({ max: 5 }).map((chance) => chance === 0),
    caller: fc.oneof(
      { weight: 30, arbitrary: fc.constant('right' as const) },
      {
        weight: 2,
        arbitrary: fc.constantFrom('wrong' as const, 'none' as const, 'broken' as const, 'twice' as const),
      },
    ),
    contentType: fc.oneof(
      { weight: 20, arbitrary: fc.constant('right' as const) },
      { weight: 1, arbitrary: fc.constantFrom('none' as const, 'other' as const) },
    ),
    headers: fc.oneof(
      { weight: 3, arbitrary: fc.constant<string[]>([]) },
      { weight: 1, arbitrary: fc.array(headerLines, { maxLength: 2 }) },
    ),
  });
}

/** Every operation of both tables is as likely as any other. */
export const requests: fc.Arbitrary<FuzzRequest> = fc.oneof(...fuzzedRows.map(requestOf));
