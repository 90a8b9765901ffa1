// One SQLite connection: statements by text, values in and out, failures by the store's names.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Conflict, checkValues, Damaged, type Row, Unavailable, type Value } from './database.ts';

interface Prepared {
  statement: StatementSync;
  valueCount: number;
  /** Makes the row of a list of values; made itself when the statement is first asked for rows. */
  toRow: ToRow | undefined;
}

type ToRow = (values: readonly unknown[]) => Row;

/** How long a statement waits for another program that holds the file, such as a backup. */
const busyTimeoutMs = 2000;
/** Pages that a connection keeps in memory, in KiB; the default of 2 MiB makes a read of a large table cost a copy of each page. */
const cacheKib = 16 * 1024;

/** SQLite result codes (low byte) that say: not now, and nothing was half done. */
const unavailableCodes = new Set([5, 6, 8, 10, 13, 14]); // busy locked readonly io full cantopen
const ioCode = 10;
const corruptCode = 11;
const uniqueCodes = new Set([1555, 2067, 2579]); // primary key, unique, rowid
const notADatabaseCode = 26;
/** Failures of I/O in which the file system itself tells that the file is damaged: a page's sum, its own structure. */
const damagedIoCodes = new Set([8202, 8458]);

export class Connection {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #prepared = new Map<string, Prepared>();

  constructor(path: string, options: { readOnly?: boolean; timeout?: number } = {}) {
    this.#path = path;
    this.#database = named(path, () => new DatabaseSync(path, { timeout: busyTimeoutMs, ...options }));
    this.all(`pragma cache_size = -${cacheKib}`);
  }

  /** False after SQLite gave a whole transaction up by itself, as it may on a full disk. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  all(sql: string, values: readonly Value[] = []): Row[] {
    const prepared = this.#statement(sql, values);
    prepared.toRow ??= rowMaker(prepared.statement.columns().map(({ name }) => name));
    const { statement, toRow } = prepared;
    return named(this.#path, () => {
      const rows = statement.all(...values.map(bound)) as unknown as unknown[][];
      return rows.map(toRow);
    });
  }

  run(sql: string, values: readonly Value[] = []): number {
    const { statement } = this.#statement(sql, values);
    return named(this.#path, () => Number(statement.run(...values.map(bound)).changes));
  }

  /** Runs what stands in the disk's place; what it throws is taken for SQLite's own failure. */
  failWith(fault: () => void): void {
    named(this.#path, fault);
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #statement(sql: string, values: readonly Value[]): Prepared {
    checkValues(values);
    const prepared = this.#prepared.get(sql) ?? this.#prepare(sql);
    if (prepared.valueCount !== values.length) {
      throw new TypeError(`the statement wants ${prepared.valueCount} values, not ${values.length}: ${sql}`);
    }
    return prepared;
  }

  #prepare(sql: string): Prepared {
    const { text, valueCount } = numbered(sql);
    const statement = named(this.#path, () => this.#database.prepare(text));
    // SQLite prepares the first of several statements and drops the others without a word.
    if (bare(statement.sourceSQL) !== bare(text)) throw new TypeError(`one statement at a time: ${sql}`);
    // lists cost less to make than objects, and a plain object has to be made of them anyway
    statement.setReturnArrays(true);
    const prepared: Prepared = { statement, valueCount, toRow: undefined };
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

/** Turns `$1` into `?1`, outside of text in quotes; SQLite takes `$1` for a name. */
function numbered(sql: string): { text: string; valueCount: number } {
  let valueCount = 0;
  const text = sql.replace(/'(?:[^']|'')*'|\$(\d+)/g, (found, digits?: string) => {
    if (digits === undefined) return found;
    valueCount = Math.max(valueCount, Number(digits));
    return `?${digits}`;
  });
  return { text, valueCount };
}

function bare(sql: string): string {
  return sql.replace(/[\s;]+$/, '').trimStart();
}

/** A number would be bound as a float, which `cast(… as text)` and division would show. */
function bound(value: Value): string | bigint | null {
  return typeof value === 'number' ? BigInt(value) : value;
}

/**
 * Makes plain objects as PostgreSQL's driver does, holding nothing that a `Value` is not. The members are written out
 * once for each statement: an object that gets two dozen of them one by one costs ten times as much.
 */
function rowMaker(columns: readonly string[]): ToRow {
  const members = columns.map((column, index) => `${JSON.stringify(column)}: values[${index}]`);
  const make = new Function('values', `return { ${members.join(', ')} };`) as ToRow;
  return (values) => {
    const wrong = values.findIndex((value) => !isValue(value));
    if (wrong === -1) return make(values);
    throw new RangeError(`column ${columns[wrong]} holds neither text nor a safe integer`);
  };
}

function isValue(value: unknown): value is Value {
  return typeof value === 'number'
    ? Number.isSafeInteger(value)
    : typeof value === 'string' || value === null;
}

/** Runs `work` and throws what it throws under the name the store has for it. */
function named<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translated(path, error);
  }
}

function translated(path: string, error: unknown): unknown {
  const code = resultCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  if ([corruptCode, notADatabaseCode].includes(code & 0xff) || damagedIoCodes.has(code)) {
    return new Damaged(`the SQLite file ${path} is damaged: ${error.message}`, { cause: error });
  }
  if (uniqueCodes.has(code)) return new Conflict(error.message, { cause: error });
  if (unavailableCodes.has(code & 0xff)) return new Unavailable(`SQLite: ${error.message}`, { cause: error });
  return error;
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** Whether the file holds something else than a SQLite database. */
export function isNotADatabase(error: unknown): boolean {
  return error instanceof Damaged && resultCode(error.cause) === notADatabaseCode;
}

/** Whether a read, a write or a sync of the file failed, which tells nothing of what the disk holds now. */
export function isIoFailure(error: unknown): boolean {
  const code = error instanceof Unavailable ? resultCode(error.cause) : undefined;
  return code !== undefined && (code & 0xff) === ioCode;
}
