// Lists that come page by page, as one loop over their rows.
import { OneStoreReplyError } from './errors.ts';

/** One page: its rows, and the key of the next one where there is one. */
export interface Page<Row> {
  rows: Row[];
  /** Opaque, 41 characters at most. Given to a later call it goes on after this page. */
  continuationKey?: string;
}

/** `for await (const row of list)` asks for each page when its first row is wanted. Each loop begins anew. */
export interface List<Row> extends AsyncIterable<Row> {
  /** The same page by page. */
  pages(): AsyncGenerator<Page<Row>, void, undefined>;
}

/**
 * A list over an operation's replies. The given range goes along with each key: the documents leave open whether it has to, and it
 * does no harm. Keys that lead round in a circle would go on for ever; a key that was there before is a `OneStoreReplyError` instead.
 */
export function listOf<Row>(
  operation: string,
  member: string,
  firstKey: string | undefined,
  read: (continuationKey: string | undefined) => Promise<object>,
): List<Row> {
  async function* pages(): AsyncGenerator<Page<Row>, void, undefined> {
    const seen = new Set<string>();
    let key = firstKey;
    do {
      if (key !== undefined) seen.add(key);
      const reply = (await read(key)) as Record<string, unknown>;
      // an empty key names no page
      const next = (reply.continuationKey as string | undefined) || undefined;
      if (next !== undefined && seen.has(next)) throw sameKey(operation);
      const rows = reply[member] as Row[];
      yield next === undefined ? { rows } : { rows, continuationKey: next };
      key = next;
    } while (key !== undefined);
  }
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const { rows } of pages()) yield* rows;
    },
  };
}

function sameKey(operation: string): OneStoreReplyError {
  const problem = 'is the key of a page that was there before';
  const fault = { member: 'continuationKey', problem, status: 200, requestId: undefined };
  return new OneStoreReplyError(operation, fault);
}
