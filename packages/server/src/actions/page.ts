// A page of a list over a range of time: where it begins, and the key of the next one.
import { continueRange, makeContinuationKey, readContinuationKey } from '../domain/continuation-key.ts';
import { listRange } from '../domain/list-range.ts';
import { defaultMaxResults } from '../domain/policy.ts';
import type { Purchase } from '../domain/purchase.ts';
import type { Host } from '../host/host.ts';
import type { Place } from '../store/purchases.ts';
import type { ServerCall } from './call.ts';

export interface ListInput {
  continuationKey?: string;
  startTime?: number;
  endTime?: number;
  maxResults?: number;
}

export interface Page {
  purchases: Purchase[];
  continuationKey: string | undefined;
}

/** How a list reads its rows: after a place, up to a time, that many at most. */
type Read = (after: Place, until: number, limit: number) => Promise<Purchase[]>;

/** A list: what its keys are bound to, by which time it goes, and how far back it reaches. */
export interface List {
  name: string;
  timeOf: (purchase: Purchase) => number;
  read: Read;
  reachDays?: number;
}

/**
 * One page. The key carries the range of the first call, so that going on needs nothing else (section 13,
 * row 33); one row more than asked for is read to know whether there is a next page.
 */
export async function readPage(host: Host, call: ServerCall, list: List, input: ListInput): Promise<Page> {
  const mac = (text: Uint8Array) => host.secrets.hmac(host.listKey, text);
  const scope = { call: list.name, appId: call.app.appId, market: call.market };
  const limit = input.maxResults ?? defaultMaxResults;
  const { range, after } = begin(call, input, list, (key) => readContinuationKey(key, scope, mac));
  const rows = await list.read(after, range.endTime, limit + 1);
  const purchases = rows.slice(0, limit);
  const last = purchases.at(-1);
  if (last === undefined || rows.length <= limit) return { purchases, continuationKey: undefined };
  const position = { ...range, lastTime: list.timeOf(last), lastPurchaseId: last.purchaseId };
  return { purchases, continuationKey: makeContinuationKey({ ...scope, ...position }, mac) };
}

function begin(
  call: ServerCall,
  input: ListInput,
  { reachDays }: List,
  readKey: (key: string) => ReturnType<typeof readContinuationKey>,
): { range: { startTime: number; endTime: number }; after: Place } {
  if (input.continuationKey === undefined) {
    const range = listRange(input, call.now, call.market, reachDays);
    return { range, after: { time: range.startTime, purchaseId: '' } };
  }
  const key = readKey(input.continuationKey);
  const after = { time: key.lastTime, purchaseId: key.lastPurchaseId };
  return { range: continueRange(input, key), after };
}
