// Sums over the ledger of one app, by steps of time.
import type { Query } from './database.ts';

/** From `from` up to but not including `to`, epoch ms of the app's world. */
export interface LedgerRange {
  appId: string;
  from: number;
  to: number;
}

/** Entries of one step that are alike; money in whole units and the micros beyond them, both negative when it went back. */
export interface StepSum {
  step: number;
  what: string;
  currency: string;
  count: number;
  units: number;
  restMicros: number;
}

/** How many entries lie in the range; no more than `most` are counted. */
export async function countEntries(
  query: Query,
  { appId, from, to }: LedgerRange,
  most: number,
): Promise<number> {
  const [row] = await query.all(
    `select count(*) as number from
       (select at from ledger where app_id = $1 and at >= $2 and at < $3 limit $4) counted`,
    [appId, from, to, most],
  );
  return Number(row?.number ?? 0);
}

/** Sums by steps counted from `origin`. Units apart from micros: a sum of micros alone could grow out of the safe integers. */
export async function sumEntries(
  query: Query,
  { appId, from, to }: LedgerRange,
  steps: { origin: number; stepMs: number },
): Promise<StepSum[]> {
  const rows = await query.all(
    `select (at - $4) / $5 as step, what, currency, count(*) as number,
       sum(amount_micros / 1000000) as units, sum(amount_micros % 1000000) as rest
     from ledger where app_id = $1 and at >= $2 and at < $3 group by 1, 2, 3`,
    [appId, from, to, steps.origin, steps.stepMs],
  );
  return rows.map((row) => ({
    step: Number(row.step),
    what: String(row.what),
    currency: String(row.currency),
    count: Number(row.number),
    units: Number(row.units),
    restMicros: Number(row.rest),
  }));
}
