// Who has had the free trial of a product: once for each buyer.
import type { Query } from './database.ts';

export interface Trial {
  appId: string;
  buyerId: string;
  productId: string;
}

export async function hasHadTrial(query: Query, { appId, buyerId, productId }: Trial): Promise<boolean> {
  const rows = await query.all(
    'select used_at from trial where app_id = $1 and buyer_id = $2 and product_id = $3',
    [appId, buyerId, productId],
  );
  return rows.length > 0;
}

/** Throws `Conflict` where the buyer has had it. */
export async function insertTrial(query: Query, trial: Trial, at: number): Promise<void> {
  await query.run('insert into trial (app_id, buyer_id, product_id, used_at) values ($1, $2, $3, $4)', [
    trial.appId,
    trial.buyerId,
    trial.productId,
    at,
  ]);
}

/** The buyer may have the free trials of the app again. */
export async function deleteTrialsOfBuyer(query: Query, appId: string, buyerId: string): Promise<void> {
  await query.run('delete from trial where app_id = $1 and buyer_id = $2', [appId, buyerId]);
}

/** Deletes some trials of an app that is deleted, and tells how many; 0 when there are none left. */
export async function deleteTrials(query: Query, appId: string, limit: number): Promise<number> {
  return query.run(
    `delete from trial where app_id = $1 and buyer_id in
       (select buyer_id from trial where app_id = $1 limit $2)`,
    [appId, limit],
  );
}
