// JSON Schema of OpenAPI 3.1 made from the rows' fields: what a reader is told, with every size.
import type { Field, Fields } from '@till/protocol/shape';

export interface DocumentSchema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, DocumentSchema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: DocumentSchema;
  enum?: readonly unknown[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  /** Bytes of UTF-8 at most, beside the characters that follow from them. */
  'x-max-bytes'?: number;
}

/** An object with these members; `closed` refuses others. */
export function objectOf(fields: Fields, closed = false): DocumentSchema {
  const entries = Object.entries(fields);
  const required = entries.filter(([, field]) => field.optional !== true).map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, field]) => [name, schemaOf(field, closed)])),
    ...(required.length === 0 ? {} : { required }),
    ...(closed ? { additionalProperties: false } : {}),
  };
}

/** One field with what it means; `null` is one of its types where it may be that. */
export function schemaOf(field: Field, closed = false): DocumentSchema {
  const bare = bareSchema(field, closed);
  const described = field.about === undefined ? bare : { ...bare, description: field.about };
  if (field.nullable !== true) return described;
  return {
    ...described,
    type: [String(bare.type), 'null'],
    ...(bare.enum === undefined ? {} : { enum: [...bare.enum, null] }),
  };
}

function bareSchema(field: Field, closed: boolean): DocumentSchema {
  switch (field.is) {
    case 'text':
      return {
        type: 'string',
        ...(field.min === undefined ? {} : { minLength: field.min }),
        // a text of so many bytes has no more characters than that
        ...longest(field.max ?? field.maxBytes),
        ...(field.maxBytes === undefined ? {} : { 'x-max-bytes': field.maxBytes }),
        ...(field.pattern === undefined ? {} : { pattern: field.pattern }),
      };
    case 'integer':
      return { type: 'integer', minimum: field.min ?? 0, maximum: largest(field) };
    case 'digits':
      return { type: 'integer', minimum: field.min ?? 0, maximum: largest(field) };
    case 'boolean':
      return { type: 'boolean' };
    case 'code':
      return { type: 'string', enum: field.of };
    case 'object':
      return objectOf(field.of, closed);
    case 'list':
      return { type: 'array', items: schemaOf(field.of, closed) };
  }
}

function longest(max: number | undefined): DocumentSchema {
  return max === undefined ? {} : { maxLength: max };
}

function largest({ max, size }: { max?: number; size?: number }): number {
  if (max !== undefined) return max;
  return size === undefined ? Number.MAX_SAFE_INTEGER : 10 ** size - 1;
}
