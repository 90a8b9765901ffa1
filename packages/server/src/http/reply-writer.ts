// Writes a reply by its row's schema: what the row does not name is not sent.
import type { Fields, Operation } from '@till/protocol/shape';
import fastJsonStringify from 'fast-json-stringify';
import { type JsonSchema, objectSchema } from './schema.ts';

/** Writes the reply by the row's own schema, compiled on its first use: a member that the row does not name is not sent. */
export function writerOf(row: Operation): (answer: unknown) => string {
  let write: ((answer: unknown) => string) | undefined;
  return (answer) => {
    write ??= fastJsonStringify(writtenSchema(row.reply ?? {}) as never);
    return write(answer);
  };
}

/** Required members would be written first; the row's order is the documents', `continuationKey` in front. */
function writtenSchema(fields: Fields): JsonSchema {
  const schema = objectSchema(fields, false);
  const hasOptional = Object.values(fields).some((field) => field.optional === true);
  return hasOptional ? { ...schema, required: [] } : schema;
}
