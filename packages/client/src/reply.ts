// Whether a reply has the documented shape, member by member, and its small repairs on the way.
import type { Field, Fields } from '@till/protocol/shape';

/** The member that does not fit, as a path from the body, and why; it never holds a value. */
export interface Misfit {
  member: string;
  problem: string;
}

type Body = Record<string, unknown>;

/**
 * Checks a parsed body and repairs it in place: names lose the blanks that some printed examples end in, and a `null` in the place of
 * a member that may be absent goes. Members beyond the documented ones, longer texts and codes that are not listed yet pass: the
 * store may add them any day, and nobody's sale should stop for that.
 */
export function checkReply(fields: Fields, body: unknown): Misfit | undefined {
  if (!isObject(body)) return { member: '', problem: 'is not an object' };
  for (const name of Object.keys(body)) {
    const trimmed = name.trim();
    if (trimmed === name) continue;
    if (!Object.hasOwn(body, trimmed)) body[trimmed] = body[name];
    delete body[name];
  }
  return membersMisfit(fields, body, '');
}

function membersMisfit(fields: Fields, body: Body, inside: string): Misfit | undefined {
  for (const name in fields) {
    const field = fields[name] as Field;
    const value = body[name];
    const member = inside === '' ? name : `${inside}.${name}`;
    if (value === undefined || value === null) {
      if (value === null && field.nullable === true) continue;
      if (field.optional !== true) return { member, problem: value === null ? 'is null' : 'is missing' };
      delete body[name];
      continue;
    }
    const misfit = valueMisfit(field, value, member);
    if (misfit !== undefined) return misfit;
  }
  return undefined;
}

function valueMisfit(field: Field, value: unknown, member: string): Misfit | undefined {
  switch (field.is) {
    case 'text':
    case 'code':
      return typeof value === 'string' ? undefined : { member, problem: 'is not a text' };
    case 'integer':
    case 'digits':
      return Number.isSafeInteger(value) ? undefined : { member, problem: 'is not an integer' };
    case 'boolean':
      return typeof value === 'boolean' ? undefined : { member, problem: 'is not a boolean' };
    case 'object':
      return isObject(value)
        ? membersMisfit(field.of, value, member)
        : { member, problem: 'is not an object' };
    case 'list':
      return Array.isArray(value)
        ? listMisfit(field.of, value, member)
        : { member, problem: 'is not a list' };
  }
}

function listMisfit(field: Field, list: unknown[], member: string): Misfit | undefined {
  for (let index = 0; index < list.length; index++) {
    const misfit = valueMisfit(field, list[index], `${member}[${index}]`);
    if (misfit !== undefined) return misfit;
  }
  return undefined;
}

export function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
