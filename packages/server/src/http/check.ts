// Checks a request against its row and turns it into the action's input.
import { marketCodes } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { marketHeader } from '@till/protocol/fields';
import { idempotencyKey, idempotencyKeyHeader, takesIdempotencyKey } from '@till/protocol/idempotency';
import type { Operation } from '@till/protocol/shape';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { fieldSchema, type JsonSchema, objectSchema } from './schema.ts';

/** What came in: path values, query, body and the market header, all still unchecked. */
export interface Incoming {
  params: unknown;
  query: unknown;
  body: unknown;
  market: string | undefined;
  idempotencyKey: string | undefined;
}

export type Check = (incoming: Incoming) => Record<string, unknown>;

// removeAdditional and coerceTypes would let unknown members vanish and turn null into ""
const ajv = new Ajv({ allErrors: true, coerceTypes: false, removeAdditional: false, verbose: true });
ajv.addKeyword({
  keyword: 'plainText',
  type: 'string',
  validate: (_: unknown, text: string) => !text.includes('\0') && text.isWellFormed(),
});
ajv.addKeyword({
  keyword: 'maxBytes',
  type: 'string',
  validate: (most: number, text: string) => text.length * 3 <= most || Buffer.byteLength(text) <= most,
});
ajv.addKeyword({
  keyword: 'digits',
  type: 'string',
  modifying: true,
  validate: readDigits,
});

/**
 * The check of one operation, compiled on its first use. It names all fields at once: those that are missing
 * (`RequiredValueNotExist`) before those that do not fit (`InvalidRequest`).
 */
export function checkOf(row: Operation): Check {
  let validate: ValidateFunction | undefined;
  // path values last: where a name stood in two places, the path's would win
  const parts = (['body', 'query', 'params'] as const).map((part) => ({
    part,
    names: Object.keys(row[part] ?? {}),
  }));
  return (incoming) => {
    validate ??= ajv.compile(requestSchema(row));
    const whole = { ...incoming, body: incoming.body ?? {} };
    if (!validate(whole)) throw refusalOf(validate.errors ?? []);
    refuseMissingBody(row, incoming.body);
    const input: Record<string, unknown> = {};
    for (const { part, names } of parts) takeMembers(input, names, whole[part] as Record<string, unknown>);
    return input;
  };
}

/** Only what the row names: an unknown member of a body must not pass for a path value. */
function takeMembers(
  input: Record<string, unknown>,
  names: readonly string[],
  given: Record<string, unknown>,
): void {
  for (const name of names) {
    if (given[name] !== undefined) input[name] = given[name];
  }
}

/** Members that are missing are told by their names first; a form may stand in the query instead. */
function refuseMissingBody(row: Operation, body: unknown): void {
  if (row.bodyRequired === true && row.form !== true && body === undefined) {
    throw new Refusal('BadRequest', { detail: 'this call needs a body' });
  }
}

/** Control calls refuse unknown members: a typo in a test must not pass in silence. */
function requestSchema(row: Operation): JsonSchema {
  const closed = row.access === 'controlKey';
  const properties: Record<string, JsonSchema> = {};
  if (row.access === 'accessToken' || row.access === 'credentials') properties.market = { enum: marketCodes };
  if (takesIdempotencyKey(row)) properties.idempotencyKey = fieldSchema(idempotencyKey, false);
  if (row.params !== undefined) properties.params = objectSchema(row.params, false);
  properties.query = objectSchema(row.query ?? {}, closed);
  properties.body = objectSchema(row.body ?? {}, closed);
  return { type: 'object', properties };
}

/** One to `size` digits within the bounds become a number in the place of the text. */
function readDigits(
  bounds: { size: number; min: number; max: number },
  text: string,
  _: unknown,
  place?: { parentData: Record<string, unknown>; parentDataProperty: string | number },
): boolean {
  if (text.length > bounds.size || !/^[0-9]+$/.test(text)) return false;
  const value = Number(text);
  if (value < bounds.min || value > bounds.max) return false;
  if (place !== undefined) place.parentData[place.parentDataProperty] = value;
  return true;
}

/** An error names so many members; who sends thousands of unknown ones learns of the first. */
const namedCount = 20;
const shownNameLength = 100;

function refusalOf(errors: readonly ErrorObject[]): Refusal {
  const missing = errors.filter(isMissing).map(nameOf);
  if (missing.length > 0) return new Refusal('RequiredValueNotExist', { fields: unique(missing) });
  return new Refusal('InvalidRequest', {
    fields: unique(errors.map(nameOf)),
    detail: unique(errors.map(reasonOf)).join('; '),
  });
}

/** `null` where a value is required is a missing one (section 6.4). */
function isMissing(error: ErrorObject): boolean {
  return error.keyword === 'required' || (error.keyword === 'type' && error.data === null);
}

/** The name as the caller wrote it: `developerPayload`, `payment.method`, `x-market-code`. */
function nameOf(error: ErrorObject): string {
  const path = error.instancePath.split('/').slice(1).map(unescaped);
  if (path[0] === 'market') return marketHeader;
  if (path[0] === 'idempotencyKey') return idempotencyKeyHeader;
  const names = path.slice(1);
  if (error.keyword === 'required') names.push(String(error.params.missingProperty));
  if (error.keyword === 'additionalProperties') names.push(String(error.params.additionalProperty));
  const name = names.join('.');
  return name.length > shownNameLength ? `${name.slice(0, shownNameLength)}…` : name;
}

/** The rule that was broken; never the value. */
function reasonOf(error: ErrorObject): string {
  if (error.keyword === 'additionalProperties') return `${nameOf(error)} is not a member of this call`;
  if (error.keyword === 'plainText') return `${nameOf(error)} holds a NUL or a lone surrogate`;
  if (error.keyword === 'enum')
    return `${nameOf(error)} must be one of ${error.params.allowedValues.join(', ')}`;
  if (error.keyword === 'maxBytes') return `${nameOf(error)} must not have more than ${error.schema} bytes`;
  if (error.keyword === 'digits') {
    const { size, min, max } = error.schema as { size: number; min: number; max: number };
    return `${nameOf(error)} must be a number of at most ${size} digits from ${min} to ${max}`;
  }
  const meant = error.keyword === 'pattern' && error.parentSchema?.description;
  return `${nameOf(error)} ${error.message}${meant ? ` (${meant})` : ''}`;
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].slice(0, namedCount);
}
