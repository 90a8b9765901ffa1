// The rows in words, in Markdown: what the reference and the page of documentation tell of a field.
import type { Field, Fields, Operation } from '@till/protocol/shape';

/** What a caller shows. */
export const accessWords: Record<Operation['access'], string> = {
  accessToken: 'access token',
  credentials: 'client credentials in the request',
  controlKey: 'control key',
  open: 'none',
};

export function bodyWords(row: Operation): string {
  if (row.form === true) return 'a form; its members may come in the query instead';
  return row.bodyRequired === true ? 'JSON' : 'JSON, may be left out';
}

/**
 * Name, type, limits and meaning: one line for each field, and for those inside an object or a list below it, by
 * their dotted names.
 */
export function fieldLines(fields: Fields, prefix = ''): [string, string, string, string][] {
  return Object.entries(fields).flatMap(([name, field]) => [
    [`\`${prefix}${name}\``, typeWords(field), limitWords(field), field.about ?? ''],
    ...inside(`${prefix}${name}`, field),
  ]);
}

export function codeWords(values: readonly string[]): string {
  return values.map((value) => `\`${value}\``).join(', ');
}

function inside(name: string, field: Field): [string, string, string, string][] {
  if (field.is === 'object') return fieldLines(field.of, `${name}.`);
  if (field.is === 'list' && field.of.is === 'object') return fieldLines(field.of.of, `${name}[].`);
  return [];
}

function typeWords(field: Field): string {
  const of = field.is === 'list' && field.of.is !== 'object' ? ` of ${field.of.is}` : '';
  return [
    field.is + of,
    ...(field.optional ? ['*optional*'] : []),
    ...(field.nullable ? ['*nullable*'] : []),
  ].join(', ');
}

function limitWords(field: Field): string {
  switch (field.is) {
    case 'text':
      return joined(
        range(field.min, field.max),
        field.maxBytes && `${field.maxBytes} bytes`,
        field.pattern && `\`${field.pattern}\``,
      );
    case 'integer':
      return joined(
        field.size && `${field.size} digit${field.size === 1 ? '' : 's'}`,
        range(field.min, field.max),
      );
    case 'digits':
      return joined(`1..${field.size} digits`, range(field.min, field.max));
    case 'code':
      return codeWords(field.of);
    case 'boolean':
    case 'object':
    case 'list':
      return '';
  }
}

function joined(...parts: (string | number | undefined)[]): string {
  return parts.filter((part) => part).join(', ');
}

function range(min: number | undefined, max: number | undefined): string {
  if (min === undefined && max === undefined) return '';
  if (min === undefined) return `${max}`;
  return max === undefined ? `${min} or more` : `${min}..${max}`;
}
