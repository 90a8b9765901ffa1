// From a row and its input to a request: each value is checked against its field and put where the row says.
import type { Field, Fields, Operation, TextField } from '@till/protocol/shape';
import { OneStoreInputError } from './errors.ts';

export interface WrittenRequest {
  method: Operation['method'];
  /** Path and query. */
  target: string;
  body: string | undefined;
}

export type AnyInput = Readonly<Record<string, unknown>>;

/** A row as it is looked at with every call: its members, and its path cut at their places. */
interface Plan {
  members: readonly { name: string; field: Field; inPath: boolean }[];
  names: ReadonlySet<string>;
  /** Text, name, text, name, … text. */
  path: readonly string[];
}

const longestKey = 2_048;
const plans = new WeakMap<Operation, Plan>();

function planOf(row: Operation): Plan {
  const known = plans.get(row);
  if (known !== undefined) return known;
  const { params = {}, query = {}, body = {} } = row;
  const members = Object.entries({ ...params, ...query, ...body }).map(([name, field]) => {
    return { name, field: checkedField(name, field), inPath: name in params };
  });
  const names = new Set(members.map(({ name }) => name));
  const plan = { members, names, path: row.path.split(/\{(\w+)\}/) };
  plans.set(row, plan);
  return plan;
}

/** A key is the server's own word and goes back as it came: one that is longer than documented ends no list in its middle. */
function checkedField(name: string, field: Field): Field {
  return name === 'continuationKey' && field.is === 'text' ? { ...field, max: longestKey } : field;
}

/** Throws a `OneStoreInputError` that names every member which is missing, does not fit, or is unknown to the row. */
export function writeRequest(operation: string, row: Operation, input: AnyInput): WrittenRequest {
  const { members, names, path } = planOf(row);
  const problems: Problem[] = [];
  for (const { name, field, inPath } of members) {
    const problem = problemOf(field, input[name], inPath);
    if (problem !== undefined) problems.push([name, problem]);
  }
  for (const name of Object.keys(input)) {
    if (input[name] !== undefined && !names.has(name)) problems.push([name, 'is no member of this call']);
  }
  if (problems.length > 0) throw inputError(operation, problems);
  let target = path[0] ?? '';
  for (let at = 1; at < path.length; at += 2) {
    target += encodeURIComponent(String(input[path[at] ?? ''])) + path[at + 1];
  }
  const search = row.query === undefined ? '' : parameters(row.query, input);
  return {
    method: row.method,
    target: search === '' ? target : `${target}?${search}`,
    body: row.form === true ? parameters(row.body ?? {}, input) : json(row, input),
  };
}

export type Problem = [name: string, problem: string];

export function inputError(operation: string, problems: readonly Problem[]): OneStoreInputError {
  const message = problems.map(([name, problem]) => `\`${name}\` ${problem}`).join('; ');
  return new OneStoreInputError(
    operation,
    message,
    problems.map(([name]) => name),
  );
}

function problemOf(field: Field, value: unknown, inPath: boolean): string | undefined {
  if (value === undefined) return field.optional === true ? undefined : 'is missing';
  if (value === null) return field.nullable === true ? undefined : 'may not be null';
  // an address is resolved before it is sent: an empty segment or one of dots would lead to another place
  if (inPath && (value === '' || value === '.' || value === '..')) return 'cannot stand in a path';
  return misfit(field, value);
}

/** What is wrong with the value, never the value itself. */
function misfit(field: Field, value: unknown): string | undefined {
  switch (field.is) {
    case 'text':
      return textMisfit(field, value);
    case 'integer':
    case 'digits': {
      const { min = field.is === 'digits' ? 0 : undefined, max } = field;
      if (!Number.isSafeInteger(value)) return 'is not an integer';
      if (min !== undefined && Number(value) < min) return `is less than ${min}`;
      if (max !== undefined && Number(value) > max) return `is more than ${max}`;
      const { size } = field;
      return size !== undefined && String(value).length > size ? `has more than ${size} digits` : undefined;
    }
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'is not a boolean';
    case 'code':
      return field.of.includes(value as string) ? undefined : `is none of ${field.of.join(', ')}`;
    default:
      return typeof value === 'object' ? undefined : `is not a ${field.is}`;
  }
}

function textMisfit({ min = 0, max, maxBytes, pattern }: TextField, value: unknown): string | undefined {
  if (typeof value !== 'string') return 'is not a text';
  if (value.includes('\0') || !value.isWellFormed()) return 'is not a well-formed text';
  if (min > 0 && value.length < min) return `is shorter than ${min} characters`;
  if (max !== undefined && value.length > max && [...value].length > max)
    return `is longer than ${max} characters`;
  if (maxBytes !== undefined && value.length * 3 > maxBytes && bytesOf(value) > maxBytes) {
    return `is longer than ${maxBytes} bytes of UTF-8`;
  }
  return pattern === undefined || new RegExp(pattern).test(value) ? undefined : 'does not fit its pattern';
}

function bytesOf(value: string): number {
  return new TextEncoder().encode(value).length;
}

function parameters(fields: Fields, input: AnyInput): string {
  return Object.keys(fields)
    .filter((name) => input[name] !== undefined)
    .map((name) => `${name}=${encodeURIComponent(String(input[name]))}`)
    .join('&');
}

/** Without a member there is no body, unless the row demands one. */
function json({ body, bodyRequired }: Operation, input: AnyInput): string | undefined {
  if (body === undefined) return undefined;
  const given = Object.keys(body).filter((name) => input[name] !== undefined);
  if (given.length === 0 && bodyRequired !== true) return undefined;
  return JSON.stringify(Object.fromEntries(given.map((name) => [name, input[name]])));
}
