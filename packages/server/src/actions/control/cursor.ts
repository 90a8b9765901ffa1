// Pages of the control API's lists: a cursor is where the page before ended.
import { Refusal } from '@till/protocol/errors';

/** Rows of a page where `limit` is not given. */
const defaultLimit = 100;

export interface Listed<T> {
  items: T[];
  nextCursor: string | undefined;
}

export interface ListedInput {
  limit?: number;
  cursor?: string;
}

/**
 * Reads one page: `read` gets the place behind which it begins (undefined on the first page) and how many rows
 * to read. A cursor that no page has given out is refused with `InvalidRequest [ cursor ]`.
 */
export async function readListed<T, P extends readonly (string | number)[]>(
  input: ListedInput,
  first: P,
  placeOf: (item: T) => P,
  read: (after: P, limit: number) => Promise<T[]>,
): Promise<Listed<T>> {
  const limit = input.limit ?? defaultLimit;
  const after = input.cursor === undefined ? first : decode(input.cursor, first);
  const rows = await read(after, limit + 1);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = last === undefined || rows.length <= limit ? undefined : encode(placeOf(last));
  return { items, nextCursor };
}

function encode(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function decode<P extends readonly (string | number)[]>(cursor: string, like: P): P {
  const place = parse(cursor);
  const fits =
    Array.isArray(place) &&
    place.length === like.length &&
    place.every((part, index) => typeof part === typeof like[index] && isPlain(part));
  if (!fits) throw new Refusal('InvalidRequest', { fields: ['cursor'] });
  return place as unknown as P;
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

function isPlain(part: unknown): boolean {
  return typeof part === 'string' ? !part.includes('\0') : Number.isSafeInteger(part);
}
