// Figures over the purchases of a world, each read from the index of what is due and bounded.
import type { Query } from './database.ts';

/** How many purchases of a world time alone changes after `from` and up to `until`; no more than `most` are counted. */
export async function countDue(
  query: Query,
  worldId: string,
  range: { from: number; until: number },
  most: number,
): Promise<number> {
  const [row] = await query.all(
    `select count(*) as number from
       (select due_at from purchase where world_id = $1 and due_at > $2 and due_at <= $3 limit $4) counted`,
    [worldId, range.from, range.until, most],
  );
  return Number(row?.number ?? 0);
}

/**
 * The purchase of a world that is due first, if nobody has acknowledged it. So far only the three days make a
 * purchase due, so it is the one that has been unacknowledged for longest.
 */
export async function earliestUnconfirmed(
  query: Query,
  worldId: string,
): Promise<{ dueAt: number; purchaseTime: number } | undefined> {
  const [row] = await query.all(
    `select due_at, purchase_time from purchase
     where world_id = $1 and due_at > 0 and acknowledged_at is null order by due_at limit 1`,
    [worldId],
  );
  return row && { dueAt: Number(row.due_at), purchaseTime: Number(row.purchase_time) };
}
