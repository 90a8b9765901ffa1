// Holds every answer of the suite against the OpenAPI document: its status, and whether its body fits.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { allRows, type NamedRow, openApi } from '../src/http/openapi.ts';
import { groupByPath } from '../src/http/routing.ts';

/** An answer that an operation gave and its document does not know. */
export class UndocumentedAnswer extends Error {
  override name = 'UndocumentedAnswer';
}

const json = 'application/json';
const document = openApi(allRows, '0.0.0');
// what OpenAPI adds to JSON Schema says nothing about a value
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema({ $id: 'till', ...closed(document) });

const places = allRows.map((named) => ({ named, pattern: patternOf(named) }));
const checks = new Map<string, ValidateFunction>();

function patternOf({ row }: NamedRow): RegExp {
  const [place] = groupByPath([row]);
  if (place === undefined) throw new Error(`${row.path} has no pattern`);
  return place.pattern;
}

/** Throws `UndocumentedAnswer` where an operation's document does not have this status or this body. */
export function checkDocumented(
  method: string,
  path: string,
  answer: { status: number; text: string; body: unknown },
): void {
  const [plain = path] = path.split(/[?#]/, 1);
  const found = places.find(({ named, pattern }) => named.row.method === method && pattern.test(plain));
  if (found === undefined) return;
  const at = pointerOf(found.named, answer.status);
  const where = `${method} ${found.named.row.path} ${answer.status}`;
  if (at === undefined) throw new UndocumentedAnswer(`${where} is not documented: ${answer.text}`);
  if (at === nothing) {
    if (answer.text !== '') throw new UndocumentedAnswer(`${where} is documented without a body`);
    return;
  }
  const check = checks.get(at) ?? compile(at);
  const isJson = at.includes(escaped(json));
  if (!check(isJson ? answer.body : answer.text)) {
    const reasons = check.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`);
    throw new UndocumentedAnswer(`${where} does not fit the document: ${reasons?.join('; ')}`);
  }
}

const nothing = Symbol('an answer without a body');

/** Where in the document the schema of this answer stands; undefined where the status is not documented. */
function pointerOf({ row }: NamedRow, status: number): string | typeof nothing | undefined {
  const operation = document.paths[row.path]?.[row.method.toLowerCase()] as Documented;
  const response = operation.responses[status];
  if (response === undefined) return undefined;
  if (response.$ref !== undefined) return `till${response.$ref}/content/${escaped(json)}/schema`;
  if (response.content === undefined) return nothing;
  const [type = ''] = Object.keys(response.content);
  const steps = ['paths', row.path, row.method.toLowerCase(), 'responses', String(status)];
  return `till#/${steps.map(escaped).join('/')}/content/${escaped(type)}/schema`;
}

interface Documented {
  responses: Record<string, { $ref?: string; content?: object } | undefined>;
}

/** A step of a JSON pointer within an address. */
function escaped(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function compile(at: string): ValidateFunction {
  const check = ajv.compile({ $ref: at });
  checks.set(at, check);
  return check;
}

/** The document lets answers grow; here a member that it does not name is a fault. */
function closed<T>(part: T): T {
  if (Array.isArray(part)) return part.map(closed) as T;
  if (typeof part !== 'object' || part === null) return part;
  const members = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, closed(value)]));
  const isObject = members.type === 'object' && members.properties !== undefined;
  return (isObject ? { ...members, additionalProperties: false } : members) as T;
}
