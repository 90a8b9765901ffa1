// Figures over the purchases and subscriptions of a world, each read from an index and bounded.
import type { Query } from './database.ts';

/** After `from` and up to `until`, epoch ms of the world. */
export interface FigureRange {
  from: number;
  until: number;
}

/** How many of them time alone, or a charge, changes within the range; no more than `most` are counted. */
export async function countDue(
  query: Query,
  worldId: string,
  range: FigureRange,
  most: number,
): Promise<number> {
  const purchases = await countDuePurchases(query, worldId, range, most);
  const [row] = await query.all(
    `select count(*) as number from
       (select due_at from subscription where world_id = $1 and due_at > $2 and due_at <= $3 limit $4) counted`,
    [worldId, range.from, range.until, most - purchases],
  );
  return purchases + Number(row?.number ?? 0);
}

/** How many are voided within the range unless somebody acknowledges them; no more than `most` are counted. */
export async function countUnconfirmed(
  query: Query,
  worldId: string,
  range: FigureRange,
  most: number,
): Promise<number> {
  const purchases = await countDuePurchases(query, worldId, range, most);
  const [row] = await query.all(
    `select count(*) as number from
       (select acknowledge_by from subscription
        where world_id = $1 and acknowledge_by > $2 and acknowledge_by <= $3 limit $4) counted`,
    [worldId, range.from, range.until, most - purchases],
  );
  return purchases + Number(row?.number ?? 0);
}

/** Only the three days make a purchase due: what is due there is what nobody has acknowledged. */
async function countDuePurchases(
  query: Query,
  worldId: string,
  range: FigureRange,
  most: number,
): Promise<number> {
  const [row] = await query.all(
    `select count(*) as number from
       (select due_at from purchase where world_id = $1 and due_at > $2 and due_at <= $3 limit $4) counted`,
    [worldId, range.from, range.until, most],
  );
  return Number(row?.number ?? 0);
}

/** When the first of them is due; undefined where nothing is. */
export async function earliestDue(query: Query, worldId: string): Promise<number | undefined> {
  const [purchase] = await query.all(
    'select due_at from purchase where world_id = $1 and due_at > 0 order by due_at limit 1',
    [worldId],
  );
  const [subscription] = await query.all(
    'select due_at from subscription where world_id = $1 and due_at > 0 order by due_at limit 1',
    [worldId],
  );
  return earlier(purchase?.due_at, subscription?.due_at);
}

/** When that was bought which has been unacknowledged for longest; undefined where all is acknowledged. */
export async function earliestUnconfirmed(query: Query, worldId: string): Promise<number | undefined> {
  const [purchase] = await query.all(
    `select purchase_time from purchase
     where world_id = $1 and due_at > 0 and acknowledged_at is null order by due_at limit 1`,
    [worldId],
  );
  const [subscription] = await query.all(
    `select start_time from subscription
     where world_id = $1 and acknowledge_by > 0 order by acknowledge_by limit 1`,
    [worldId],
  );
  return earlier(purchase?.purchase_time, subscription?.start_time);
}

function earlier(...instants: unknown[]): number | undefined {
  const known = instants.filter((instant) => instant !== undefined).map(Number);
  return known.length === 0 ? undefined : Math.min(...known);
}
