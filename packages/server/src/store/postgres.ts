// PostgreSQL: a pool, statements prepared by name, transactions run again where the database asks for it.
import { hash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { ClosureQuery } from './closure.ts';
import {
  Conflict,
  Contention,
  checkValues,
  type Database,
  type Query,
  type Row,
  Stale,
  transactionAttempts,
  Unavailable,
  type Value,
} from './database.ts';
import { columnParser } from './postgres-columns.ts';
import { withoutValues } from './postgres-failure.ts';

const connectionCount = 10;
/** For a connection to be made, or for one of the pool to come free. */
const connectionWaitMs = 10_000;
const longestRetryWaitMs = 50;

/** SQLSTATE classes that say: not now, and nothing was half done. */
const unavailableStates = /^(08|28|3D|53|57|58)|^25006$/;
/** Somebody else's row is there; of two `create … if not exists` at once the later one is told so in three ways. */
const conflictStates = new Set(['23505', '42710', '42P07']); // unique violation, duplicate object, duplicate table
const repeatableStates = new Set(['40001', '40P01']); // serialization failure, deadlock

/** Opens a pool and refuses a database that would not sort or count text as SQLite does. */
export async function openPostgres(url: string): Promise<Database> {
  const target = targetOf(url);
  const pool = makePool(url);
  try {
    await refuseOtherText(pool, target);
  } catch (error) {
    await pool.end();
    throw error;
  }
  return assemble(pool);
}

function makePool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionCount,
    connectionTimeoutMillis: connectionWaitMs,
    keepAlive: true,
    types: { getTypeParser: columnParser },
  });
  // An idle connection that breaks is dropped by the pool. One in use tells it at its next statement; without
  // a listener of its own the same event would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Host, port and database, for messages. */
function targetOf(url: string): string {
  try {
    if (isMisread(url)) throw new Error('a character of the password is not escaped');
    const { host, port, database } = new pg.Client({ connectionString: url });
    return `PostgreSQL database ${database} at ${host}:${port}`;
  } catch {
    // The parser's own error carries the whole URL with its password, so it is not passed on.
    throw new Error(
      'TILL_DATABASE_URL cannot be read: postgres://user:password@host:port/database is the form, ' +
        'with / ? # in a password written %2F %3F %23',
    );
  }
}

/** An unescaped `/`, `?` or `#` ends the host too early, and part of the password is taken for a port. */
function isMisread(url: string): boolean {
  const [authority = '', rest = ''] = url.replace(/^[a-z]+:\/\//, '').split(/(?=[/?#])(.*)/s);
  return rest.includes('#') || (rest.includes('@') && !authority.includes('@'));
}

/** Constants are compared in the database's own collation and counted in its own encoding. */
const textTest = `select
  case when 'Z' < 'a' and 'a b' < 'aB' and 'a-b' < 'aa' and 'z' < 'é' and '\uFF5E' < '😀' then 1 else 0 end as bytewise,
  case when length('한😀') = 2 then 1 else 0 end as unicode`;

async function refuseOtherText(pool: pg.Pool, target: string): Promise<void> {
  let answer: Row | undefined;
  try {
    answer = (await pool.query(textTest)).rows[0];
  } catch (error) {
    const reason = error instanceof Error ? error.message || 'no answer' : String(error);
    throw new Unavailable(`${target} cannot be used: ${reason}`, { cause: error });
  }
  if (answer?.bytewise === 1 && answer.unicode === 1) return;
  const flaw = answer?.unicode === 1 ? 'does not sort text bytewise' : 'does not hold text as UTF-8';
  const remedy = `create one with: create database till encoding 'UTF8' locale 'C' template template0`;
  throw new Error(`${target} ${flaw}; ${remedy}`);
}

function assemble(pool: pg.Pool): Database {
  const running = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  /** The pool would end without those that still wait for a connection; so it ends after them. */
  const tracked = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closing !== undefined) throw new Unavailable('the database is closed');
    const answer = repeated(work);
    running.add(answer);
    return answer.finally(() => running.delete(answer));
  };
  return {
    kind: 'postgres',
    all: (sql, values) => tracked(async () => (await statement(pool, sql, values)).rows),
    run: (sql, values) => tracked(async () => (await statement(pool, sql, values)).rowCount ?? 0),
    transaction: (work) => tracked(() => transactionOnce(pool, work)),
    connections: () => ({
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
    }),
    close: () => {
      closing ??= Promise.allSettled(running).then(() => pool.end());
      return closing;
    },
  };
}

/** Runs `work` again, all of it, while the database or a `Stale` asks for that. */
async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isRepeatable(error)) throw error;
      if (attempt >= transactionAttempts) throw error instanceof Stale ? error : contention(error);
      // Two that collide must not collide again in step.
      await wait(Math.random() * Math.min(2 ** attempt, longestRetryWaitMs));
    }
  }
}

async function transactionOnce<T>(pool: pg.Pool, work: (query: Query) => Promise<T>): Promise<T> {
  const client = await connected(pool);
  const query = new ClosureQuery({
    all: async (sql, values) => (await statement(client, sql, values)).rows,
    run: async (sql, values) => (await statement(client, sql, values)).rowCount ?? 0,
  });
  try {
    await plain(client, 'begin isolation level read committed');
    const answer = await query.finish(work);
    await plain(client, 'commit');
    client.release();
    return answer;
  } catch (error) {
    await rollBack(client);
    // What the closure made of a failure the database wants repeated must not hide it.
    throw isRepeatable(query.failure) ? query.failure : error;
  }
}

/** A connection that cannot even roll back is thrown away, and PostgreSQL rolls back by itself. */
async function rollBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('rollback');
    client.release();
  } catch {
    client.release(true);
  }
}

async function connected(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw translated(error);
  }
}

async function plain(client: pg.PoolClient, sql: string): Promise<void> {
  try {
    await client.query(sql);
  } catch (error) {
    throw translated(error);
  }
}

async function statement(
  target: pg.Pool | pg.PoolClient,
  text: string,
  values: readonly Value[] = [],
): Promise<{ rows: Row[]; rowCount: number | null }> {
  checkValues(values);
  try {
    return await target.query<Row>({ name: statementName(text), text, values: [...values] });
  } catch (error) {
    throw translated(error);
  }
}

const statementNames = new Map<string, string>();

/** The same text has the same name in every process, so a pooler between us mixes nothing up. */
function statementName(text: string): string {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = `till_${hash('sha256', text).slice(0, 32)}`;
    statementNames.set(text, name);
  }
  return name;
}

function isRepeatable(error: unknown): boolean {
  if (error instanceof Stale) return true;
  return error instanceof pg.DatabaseError && error.code !== undefined && repeatableStates.has(error.code);
}

function contention(cause: unknown): Contention {
  return new Contention('PostgreSQL: too many others write the same rows', { cause });
}

/** What the driver throws, under the name the store has for it. */
function translated(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) {
    const state = withoutValues(error).code ?? '';
    if (conflictStates.has(state)) return new Conflict(error.message, { cause: error });
    if (unavailableStates.test(state))
      return new Unavailable(`PostgreSQL: ${error.message}`, { cause: error });
    return error;
  }
  // Our own checks of values, and mistakes in the program.
  if (!(error instanceof Error) || error instanceof RangeError || error instanceof TypeError) return error;
  return new Unavailable(`PostgreSQL: ${error.message || 'no connection'}`, { cause: error });
}
