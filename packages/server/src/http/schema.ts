// JSON Schema made from the rows of the tables: for checks, for writing replies, for documents.
import type { Field, Fields } from '@till/protocol/shape';

export interface JsonSchema {
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: JsonSchema;
  enum?: readonly unknown[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  /** What the pattern means, for people. */
  description?: string;
  nullable?: boolean;
  /** No NUL and no lone surrogate: a text that every database and every JSON reader keeps as it is. */
  plainText?: boolean;
  /** Bytes of UTF-8 at most. */
  maxBytes?: number;
  /** A number in a query: 1 to `size` digits. */
  digits?: { size: number; min: number; max: number };
}

/** An object with these members; `closed` refuses others. */
export function objectSchema(fields: Fields, closed: boolean): JsonSchema {
  const entries = Object.entries(fields);
  const required = entries.filter(([, field]) => field.optional !== true).map(([name]) => name);
  const properties = Object.fromEntries(
    entries.map(([name, field]) => [name, fieldSchema(field, closed)] as const),
  );
  return { type: 'object', properties, required, ...(closed ? { additionalProperties: false } : {}) };
}

export function fieldSchema(field: Field, closed: boolean): JsonSchema {
  const schema = bareSchema(field, closed);
  if (field.nullable !== true) return schema;
  return { ...schema, nullable: true, ...(schema.enum ? { enum: [...schema.enum, null] } : {}) };
}

function bareSchema(field: Field, closed: boolean): JsonSchema {
  switch (field.is) {
    case 'text':
      return {
        type: 'string',
        plainText: true,
        ...(field.min === undefined ? {} : { minLength: field.min }),
        ...(field.max === undefined ? {} : { maxLength: field.max }),
        ...(field.maxBytes === undefined ? {} : { maxBytes: field.maxBytes }),
        ...(field.pattern === undefined ? {} : { pattern: field.pattern }),
        ...(field.pattern === undefined || field.about === undefined ? {} : { description: field.about }),
      };
    case 'integer':
      return {
        type: 'integer',
        minimum: field.min ?? 0,
        maximum: field.max ?? Number.MAX_SAFE_INTEGER,
      };
    case 'digits':
      return {
        type: 'string',
        digits: { size: field.size, min: field.min ?? 0, max: field.max ?? 10 ** field.size - 1 },
      };
    case 'boolean':
      return { type: 'boolean' };
    case 'code':
      return { type: 'string', enum: field.of };
    case 'object':
      return objectSchema(field.of, closed);
    case 'list':
      return { type: 'array', items: fieldSchema(field.of, closed) };
  }
}
