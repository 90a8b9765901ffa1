// What a store function is given to run its SQL with, and what a driver must keep.

/** A value that goes into or comes out of a column: text, a safe integer, or null. */
export type Value = string | number | null;

/** One row, by column name. */
export type Row = Record<string, Value>;

/**
 * Runs statements written once for both databases: placeholders are `$1`, `$2` and so on.
 * Each text is prepared once per connection, so it must be a constant and never carry values.
 */
export interface Query {
  /** All rows of the statement. A 64-bit integer that is not safe in JavaScript is an error, never rounded. */
  all(sql: string, values?: readonly Value[]): Promise<Row[]>;
  /** Runs the statement and tells how many rows it changed. */
  run(sql: string, values?: readonly Value[]): Promise<number>;
}

/**
 * One database. Outside a transaction `all` only reads and sees nothing uncommitted; `run` is a
 * transaction of its own. Both drivers
 * keep the same promises, held by one suite of tests.
 */
export interface Database extends Query {
  /** `sqlite` or `postgres`. */
  readonly kind: 'sqlite' | 'postgres';
  /**
   * Runs `work` in one transaction and answers after its commit is on the disk. A throw rolls everything
   * `work` did back and is thrown on. `work` awaits nothing but its own statements, and it may be run
   * again from its start (`Stale`, serialization failure), at most `transactionAttempts` times in all.
   * After a statement failed, `Conflict` included, `work` may only end: every later statement fails the
   * same way, and a `work` that returns all the same is rolled back and rejected with that failure.
   * On SQLite closures that wait together share one commit; none is answered before that commit.
   */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** How the connections of the pool are doing now; undefined where there is no pool. */
  connections(): Connections | undefined;
  /** Finishes what was already asked for, refuses what comes later with `Unavailable`. */
  close(): Promise<void>;
}

export interface Connections {
  total: number;
  /** Nobody uses them now. */
  idle: number;
  /** Statements and transactions that wait for a connection. */
  waiting: number;
}

/** How often a transaction's closure is run before the last failure is thrown on. */
export const transactionAttempts = 10;

/** A unique index refused the row: somebody else's row is there. */
export class Conflict extends Error {
  override name = 'Conflict';
}

/** A save found its row at another `rev` than it had read: the closure is run again. */
export class Stale extends Error {
  override name = 'Stale';
}

/** The database cannot be used now (locked away, unreachable, disk full); nothing was half done. */
export class Unavailable extends Error {
  override name = 'Unavailable';
}

/** Too many others write the same rows just now; the database itself is well. */
export class Contention extends Unavailable {}

/** The file holds what cannot be: nothing that is read from it counts, and nothing may be added to it. */
export class Damaged extends Unavailable {}

/** Refuses what would change its value on the way into a column, alike in both drivers. */
export function checkValues(values: readonly Value[]): void {
  for (const value of values) {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new RangeError(`${value} is not an integer that JavaScript holds exactly`);
    }
    if (typeof value !== 'number' && typeof value !== 'string' && value !== null) {
      throw new TypeError(`a ${typeof value} cannot go into a column: text, a safe integer or null can`);
    }
  }
}
