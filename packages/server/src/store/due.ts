// What is due: purchases of managed products and subscriptions together, the earliest first.
import type { Query, Row } from './database.ts';

/** Where it is found again, and when it is due, epoch ms of its world. */
export interface Due {
  is: 'purchase' | 'subscription';
  appId: string;
  purchaseToken: string;
  productId: string;
  dueAt: number;
}

/** What waits for a payment gateway outside must not stand before what time alone decides. */
export type Which = 'all' | 'by time alone';

/** What is due in a world up to `now`, the earliest first. */
export async function listDue(
  query: Query,
  worldId: string,
  now: number,
  limit: number,
  which: Which = 'all',
): Promise<Due[]> {
  const purchases = await query.all(
    `select app_id, purchase_token, product_id, due_at from purchase where world_id = $1 and due_at <= $2
     order by due_at, purchase_id limit $3`,
    [worldId, now, limit],
  );
  const subscriptions = await query.all(
    `select app_id, purchase_token, product_id, due_at from subscription where world_id = $1 and due_at <= $2
       and ($4 = 1 or attempt_at is null or attempt_at > due_at)
     order by due_at, purchase_token limit $3`,
    [worldId, now, limit, Number(which === 'all')],
  );
  return earliest(purchases, subscriptions, limit);
}

/** What is due in an app up to `now`, the earliest first. */
export async function listDueOfApp(
  query: Query,
  appId: string,
  now: number,
  limit: number,
  which: Which = 'all',
): Promise<Due[]> {
  const purchases = await query.all(
    `select app_id, purchase_token, product_id, due_at from purchase where app_id = $1 and due_at <= $2
     order by due_at limit $3`,
    [appId, now, limit],
  );
  const subscriptions = await query.all(
    `select app_id, purchase_token, product_id, due_at from subscription where app_id = $1 and due_at <= $2
       and ($4 = 1 or attempt_at is null or attempt_at > due_at)
     order by due_at limit $3`,
    [appId, now, limit, Number(which === 'all')],
  );
  return earliest(purchases, subscriptions, limit);
}

/** Subscriptions of a world whose charge is due up to `now` and is not asked by any node, on the machine's clock. */
export async function listChargesDue(
  query: Query,
  worldId: string,
  { now, machineNow }: { now: number; machineNow: number },
  limit: number,
): Promise<Due[]> {
  const rows = await query.all(
    `select app_id, purchase_token, product_id, due_at from subscription where world_id = $1 and due_at <= $2
       and attempt_at = due_at and lease_until <= $3
     order by due_at, purchase_token limit $4`,
    [worldId, now, machineNow, limit],
  );
  return rows.map((row) => toDue('subscription', row));
}

function earliest(purchases: readonly Row[], subscriptions: readonly Row[], limit: number): Due[] {
  const due = [
    ...purchases.map((row) => toDue('purchase', row)),
    ...subscriptions.map((row) => toDue('subscription', row)),
  ];
  return due.sort((one, other) => one.dueAt - other.dueAt).slice(0, limit);
}

function toDue(is: Due['is'], row: Row): Due {
  return {
    is,
    appId: String(row.app_id),
    purchaseToken: String(row.purchase_token),
    productId: String(row.product_id),
    dueAt: Number(row.due_at),
  };
}
