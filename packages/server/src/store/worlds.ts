// Worlds and their clocks.
import type { WorldClock } from '../domain/clock.ts';
import type { World } from '../domain/world.ts';
import { type Query, type Row, Stale } from './database.ts';

const columns = `world_id, clock_at, clock_base, clock_rate, clock_frozen, clock_jumped_to, calendar, seed,
  drawn_count, maintenance, created_at, rev`;

export async function insertWorld(query: Query, world: World): Promise<boolean> {
  const { clock } = world;
  const inserted = await query.run(
    `insert into world (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (world_id) do nothing`,
    [
      world.worldId,
      clock.at,
      clock.base,
      clock.rate,
      Number(clock.frozen),
      clock.jumpedTo,
      world.calendar,
      world.seed,
      world.drawnCount,
      Number(world.maintenance),
      world.createdAt,
      world.rev,
    ],
  );
  return inserted === 1;
}

export async function loadWorld(query: Query, worldId: string): Promise<World | undefined> {
  const [row] = await query.all(`select ${columns} from world where world_id = $1`, [worldId]);
  return row && toWorld(row);
}

/** Saves what may change of a world, if nobody has changed it since it was read. */
export async function saveWorld(query: Query, world: World): Promise<void> {
  const { clock } = world;
  const saved = await query.run(
    `update world set clock_at = $1, clock_base = $2, clock_rate = $3, clock_frozen = $4, clock_jumped_to = $5,
       drawn_count = $6, maintenance = $7, rev = rev + 1
     where world_id = $8 and rev = $9`,
    [
      clock.at,
      clock.base,
      clock.rate,
      Number(clock.frozen),
      clock.jumpedTo,
      world.drawnCount,
      Number(world.maintenance),
      world.worldId,
      world.rev,
    ],
  );
  if (saved === 0) throw new Stale('world');
}

/** Counts one more draw of a seeded world and tells how many came before; undefined where the world is gone. */
export async function countAppDraw(query: Query, worldId: string): Promise<number | undefined> {
  const [row] = await query.all(
    'update world set drawn_count = drawn_count + 1, rev = rev + 1 where world_id = $1 returning drawn_count',
    [worldId],
  );
  return row && Number(row.drawn_count) - 1;
}

export async function listWorlds(query: Query, after: string, limit: number): Promise<World[]> {
  const rows = await query.all(
    `select ${columns} from world where world_id > $1 order by world_id limit $2`,
    [after, limit],
  );
  return rows.map(toWorld);
}

/** The worlds whose clock runs. */
export async function listRunningWorlds(query: Query, after: string, limit: number): Promise<World[]> {
  const rows = await query.all(
    `select ${columns} from world where clock_frozen = 0 and world_id > $1 order by world_id limit $2`,
    [after, limit],
  );
  return rows.map(toWorld);
}

export async function deleteWorldRow(query: Query, worldId: string): Promise<void> {
  await query.run('delete from world where world_id = $1', [worldId]);
}

export function toWorld(row: Row): World {
  return {
    worldId: String(row.world_id),
    clock: toClock(row),
    calendar: row.calendar === 'commercial' ? 'commercial' : 'sandbox',
    seed: row.seed as string | null,
    drawnCount: Number(row.drawn_count),
    maintenance: row.maintenance === 1,
    createdAt: Number(row.created_at),
    rev: Number(row.rev),
  };
}

export function toClock(row: Row): WorldClock {
  return {
    at: Number(row.clock_at),
    base: Number(row.clock_base),
    rate: Number(row.clock_rate),
    frozen: row.clock_frozen === 1,
    jumpedTo: Number(row.clock_jumped_to),
  };
}
