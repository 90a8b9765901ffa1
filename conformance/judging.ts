// The one way to judge an answer: against the code table, a refusal, a success, or the fields of a row.
import { errorMessage, type ServerErrorCode, serverErrors } from '@till/protocol/errors';
import { result } from '@till/protocol/fields';
import type { Field, Fields } from '@till/protocol/shape';
import type { Answer } from './caller.ts';
import {
  type Difference,
  differencesOfKind,
  differencesOfValue,
  inside,
  kindOf,
  memberAt,
  shown,
} from './comparing.ts';
import { documentedIntegers } from './documented-integers.ts';

export const jsonType = 'application/json;charset=UTF-8';

export function statusDifference(answer: Answer, status: number): Difference[] {
  if (answer.status === status) return [];
  return [{ at: 'status', says: `the status is ${answer.status}, not ${status}` }];
}

/** What holds of every answer: its content type, and of a refusal its wrapper and its line of the code table. */
export function generalDifferences(answer: Answer): Difference[] {
  const type = answer.headers.get('content-type');
  const differences: Difference[] = [];
  if (type !== jsonType) {
    differences.push({
      at: 'header content-type',
      says: `the header is ${type ?? 'absent'}, not ${jsonType}`,
    });
  }
  return answer.status < 400 ? differences : [...differences, ...tableDifferences(answer)];
}

function tableDifferences(answer: Answer): Difference[] {
  const wrapper = differencesOfKind(answer.body, { error: { code: '', message: '' } });
  if (wrapper.length > 0) return wrapper;
  const { code, message } = errorOf(answer);
  const row = (serverErrors as Record<string, { status: number; message: string }>)[code];
  if (row === undefined) {
    return [{ at: 'member error.code', says: `${shown(code)} is not in the code table` }];
  }
  const bare = message.replace(/ \[ .+ \]$/, '');
  return [
    ...statusDifference(answer, row.status),
    ...(bare === row.message
      ? []
      : [{ at: 'member error.message', says: `${shown(bare)}, not ${shown(row.message)}` }]),
  ];
}

/** Code and message of a refusal; empty texts where there are none. */
export function errorOf({ body }: Answer): { code: string; message: string } {
  const { code, message } =
    (body as { error?: { code?: unknown; message?: unknown } } | undefined)?.error ?? {};
  return { code: plain(code), message: plain(message) };
}

/** V5 may have numbers for codes; what is no plain value is none. */
function plain(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Against a refusal that must be given; `fields` are the names of its bracket list. */
export function differencesOfRefusal(
  answer: Answer,
  code: ServerErrorCode,
  fields: readonly string[] = [],
): Difference[] {
  const found = errorOf(answer);
  const wanted = errorMessage(code, fields);
  const differences = statusDifference(answer, serverErrors[code].status);
  if (found.code !== code) {
    const given = found.code === '' ? 'there is no code' : `the code is ${shown(found.code)}`;
    differences.push({ at: 'member error.code', says: `${given}, not ${code}` });
  } else if (found.message !== wanted) {
    differences.push({ at: 'member error.message', says: `${shown(found.message)}, not ${shown(wanted)}` });
  }
  return differences;
}

/** Against the members of a row's answer: which there are, their types, their sizes, the integers that are documented. */
export function differencesOfFields(actual: unknown, fields: Fields, path = ''): Difference[] {
  if (kindOf(actual) !== 'object') {
    return [{ at: memberAt(path), says: `it is ${kindOf(actual)}, not object` }];
  }
  const members = actual as Record<string, unknown>;
  const unknown = Object.keys(members).filter((name) => !Object.hasOwn(fields, name));
  return [
    ...unknown.map((name) => ({ at: memberAt(inside(path, name)), says: 'it is not documented' })),
    ...Object.entries(fields).flatMap(([name, field]) =>
      members[name] === undefined
        ? missing(field, inside(path, name))
        : differencesOfField(members[name], field, inside(path, name)),
    ),
  ];
}

function missing(field: Field, path: string): Difference[] {
  return field.optional === true ? [] : [{ at: memberAt(path), says: 'it is missing' }];
}

const kinds: Record<Field['is'], string> = {
  text: 'text',
  code: 'text',
  integer: 'integer',
  digits: 'integer',
  boolean: 'boolean',
  object: 'object',
  list: 'list',
};

function differencesOfField(value: unknown, field: Field, path: string): Difference[] {
  if (value === null && field.nullable === true) return [];
  const wanted = kinds[field.is];
  if (kindOf(value) !== wanted) {
    return [{ at: memberAt(path), says: `it is ${kindOf(value)}, not ${wanted}` }];
  }
  if (field.is === 'object') return differencesOfFields(value, field.of, path);
  if (field.is === 'list') {
    return (value as unknown[]).flatMap((row, index) =>
      differencesOfField(row, field.of, `${path}[${index}]`),
    );
  }
  return outOfSize(value, field, path).map((says) => ({ at: memberAt(path), says }));
}

/** No other integer of the tables has this size; a time in seconds has fewer digits until the year 33658. */
const sizeOfTimes = 13;
const leastTime = 1e12;

function outOfSize(value: unknown, field: Field, path: string): string[] {
  const text = String(value);
  const rules: [boolean, string][] = [];
  if (field.is === 'text') {
    const { max = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = field;
    const bytes = new TextEncoder().encode(text).length;
    rules.push([text.length > max, `it has ${text.length} characters, documented are ${max}`]);
    rules.push([bytes > maxBytes, `it has ${bytes} bytes, documented are ${maxBytes}`]);
  }
  if (field.is === 'code') {
    rules.push([!field.of.includes(text), `${shown(text)} is none of ${field.of.join(', ')}`]);
  }
  if (field.is === 'integer') {
    const { size = 16 } = field;
    const isNoTime = size === sizeOfTimes && Number(value) < leastTime;
    rules.push([isNoTime, `it has ${text.length} digits, which is no time in milliseconds`]);
    rules.push([text.replace('-', '').length > size, `it has more digits than ${size}`]);
    const known = documentedIntegers[path.replace(/^.*\.|\[\d+\]/g, '')];
    rules.push([known?.includes(Number(value)) === false, `${text} is none of ${known?.join(', ')}`]);
  }
  return rules.filter(([broken]) => broken).map(([, says]) => says);
}

/** Against the success of an action: its wrapper, its code and its text. */
export function differencesOfSuccess(answer: Answer): Difference[] {
  const shape = [...statusDifference(answer, 200), ...differencesOfFields(answer.body, result)];
  if (shape.length > 0) return shape;
  return differencesOfValue(answer.body, {
    result: { code: 'Success', message: 'Request has been completed successfully.' },
  });
}
