// What a look at a database tells of its state: its schema, and the latest instant in it.
import type { Query } from './database.ts';

/** The number of the last migration; undefined where the database holds no Till. */
export async function readSchemaNumber(query: Query): Promise<number | undefined> {
  if (!(await holdsTill(query))) return undefined;
  const [row] = await query.all('select max(number) as number from migration');
  return Number(row?.number ?? 0);
}

/** A table that is not there fails in each database's own words, so the question is asked of the migrations. */
async function holdsTill(query: Query): Promise<boolean> {
  try {
    await query.all('select number from migration limit 1');
    return true;
  } catch (error) {
    if (error instanceof Error && /no such table|does not exist/.test(error.message)) return false;
    throw error;
  }
}

/** The latest instant that the machine's clock has left in the database, epoch ms; worlds have clocks of their own. */
export async function readLatestInstant(query: Query): Promise<number> {
  const [row] = await query.all(latestInstant);
  return Number(row?.latest ?? 0);
}

const latestInstant = `select max(at) as latest from (
  select max(applied_at) as at from migration
  union all select max(created_at) as at from world
  union all select max(created_at) as at from app
  union all select max(created_at) as at from credential
  union all select max(issued_at) as at from access_token
) as instants`;
