// The ledger: what happened to a purchase and the money that moved. Rows are only ever added.
import type { Entry } from '../domain/ledger.ts';
import type { Query, Row } from './database.ts';

/** Adds the entries behind the first `count` of the token; a gap or a double is impossible by the primary key. */
export async function appendEntries(
  query: Query,
  purchase: { appId: string; purchaseToken: string },
  count: number,
  entries: readonly Entry[],
): Promise<void> {
  for (const [index, entry] of entries.entries()) {
    await query.run(
      `insert into ledger (app_id, purchase_token, seq, at, what, purchase_id, amount_micros, currency, cause, detail)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        purchase.appId,
        purchase.purchaseToken,
        count + index,
        entry.at,
        entry.what,
        entry.purchaseId,
        entry.amountMicros,
        entry.currency,
        entry.cause,
        entry.detail,
      ],
    );
  }
}

/** Everything that happened under a token, oldest first. */
export async function listEntries(query: Query, appId: string, purchaseToken: string): Promise<Entry[]> {
  const rows = await query.all(
    `select at, what, purchase_id, amount_micros, currency, cause, detail from ledger
     where app_id = $1 and purchase_token = $2 order by seq`,
    [appId, purchaseToken],
  );
  return rows.map(toEntry);
}

/** When something last happened in an app, epoch ms of its world; undefined where nothing has. */
export async function latestEntryAt(query: Query, appId: string): Promise<number | undefined> {
  const [row] = await query.all('select at from ledger where app_id = $1 order by at desc limit 1', [appId]);
  return row && Number(row.at);
}

/** Deletes some entries of an app that is deleted, and tells how many; 0 when there are none left. */
export async function deleteEntries(query: Query, appId: string, limit: number): Promise<number> {
  return query.run(
    `delete from ledger where app_id = $1 and purchase_token in
       (select purchase_token from ledger where app_id = $1 limit $2)`,
    [appId, limit],
  );
}

function toEntry(row: Row): Entry {
  return {
    at: Number(row.at),
    what: row.what as Entry['what'],
    purchaseId: String(row.purchase_id),
    amountMicros: Number(row.amount_micros),
    currency: String(row.currency),
    cause: row.cause as Entry['cause'],
    detail: row.detail as string | null,
  };
}
