// SQLite: one file (or memory), one writer with group commit, a second connection for reads.
import { closeSync, fsyncSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Database, Unavailable } from './database.ts';
import { Connection, isNotADatabase } from './sqlite-connection.ts';
import { Writer } from './sqlite-writer.ts';

/** Pages of the log before they are written into the file: more of them, and a page that many commits touch is written once. */
const pagesPerCheckpoint = 8_000;

export interface SqliteOptions {
  /** Told after each commit how many closures shared it. */
  onCommit?: (closures: number) => void;
  /** How many closures share a commit at most; 1 gives each its own. */
  groupSize?: number;
  /**
   * For tests of a failing disk: called before each commit in the disk's place. What it throws, with the
   * `errcode` that SQLite would give, is the outcome of the commit.
   */
  fault?: () => void;
}

/** Opens a file, made if it is missing, or `:memory:`. The file is ours alone until `close`. */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<Database> {
  return path === ':memory:' ? openMemory(options) : openFile(path, options);
}

function openMemory(options: SqliteOptions): Database {
  const connection = new Connection(':memory:');
  const writer = new Writer(connection, options);
  // A second connection would see another, empty memory: reads go between the groups of the only one.
  return assemble(
    writer,
    (sql, values) => writer.all(sql, values),
    () => connection.close(),
  );
}

function openFile(path: string, options: SqliteOptions): Database {
  const file = createdFile(path);
  const lock = takeLock(file);
  try {
    const connection = openWriting(file);
    const reader = new Connection(file, { readOnly: true });
    syncFolder(dirname(file));
    const writer = new Writer(connection, options);
    let open = true;
    const read: Database['all'] = async (sql, values) => {
      if (!open) throw new Unavailable('the database is closed');
      return reader.all(sql, values);
    };
    return assemble(writer, read, () => {
      open = false;
      closeFile(reader, connection, lock);
    });
  } catch (error) {
    lock.close();
    throw openingError(file, error);
  }
}

function assemble(writer: Writer, all: Database['all'], release: () => void): Database {
  let closing: Promise<void> | undefined;
  return {
    kind: 'sqlite',
    all,
    run: (sql, values) => writer.transaction((query) => query.run(sql, values)),
    transaction: (work) => writer.transaction(work),
    connections: () => undefined,
    close: () => {
      closing ??= writer.close().then(release);
      return closing;
    },
  };
}

function openWriting(file: string): Connection {
  const connection = new Connection(file);
  try {
    const [mode] = connection.all('pragma journal_mode = wal');
    if (mode?.journal_mode !== 'wal') throw new Error('its file system does not allow a write-ahead log');
    connection.all('pragma synchronous = full');
    connection.all(`pragma wal_autocheckpoint = ${pagesPerCheckpoint}`);
    // What a crash left in the log was perhaps never synced; nothing may be built on it before it is.
    connection.all('pragma wal_checkpoint(truncate)');
    // A file we may not write opens without complaint; the first write must not be the one to find out.
    connection.run('begin immediate');
    connection.run('rollback');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function closeFile(reader: Connection, connection: Connection, lock: Connection): void {
  try {
    reader.close();
    connection.all('pragma wal_checkpoint(truncate)');
  } finally {
    connection.close();
    lock.close();
  }
}

/** Makes folder and file where they are missing, readable by the owner only; answers the real path. */
function createdFile(path: string): string {
  const wanted = resolve(path);
  try {
    createdFolder(dirname(wanted));
    createMissing(wanted);
    if (!statSync(wanted).isFile()) throw new Error('there is something else of that name');
    return realpathSync(wanted);
  } catch (error) {
    throw new Error(`cannot create the SQLite file ${wanted}: ${message(error)}`, { cause: error });
  }
}

/** Makes a folder where it is missing, readable by the owner only, and puts its name on the disk. */
export function createdFolder(folder: string): void {
  const firstMade = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (firstMade !== undefined) syncFoldersUpTo(folder, dirname(firstMade));
}

/**
 * `wx` opens nothing that exists. That matters beyond races: when a process closes any handle of a file, the
 * system drops all locks the process holds on it, those of SQLite included.
 */
export function createMissing(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Holds `<file>.lock` for the life of the database; the system lets go of it however the process ends. */
export function takeLock(file: string): Connection {
  const lockFile = `${file}.lock`;
  let lock: Connection | undefined;
  try {
    createMissing(lockFile);
    lock = new Connection(lockFile, { timeout: 0 });
    lock.run('begin exclusive');
    return lock;
  } catch (error) {
    lock?.close();
    if (isLocked(error)) throw new Unavailable(`${file} is in use by another Till: stop that one first`);
    throw new Error(`cannot lock ${lockFile}: ${message(error)}`, { cause: error });
  }
}

function isLocked(error: unknown): boolean {
  const cause = error instanceof Unavailable ? error.cause : undefined;
  return cause instanceof Error && 'errcode' in cause && cause.errcode === 5;
}

function openingError(file: string, error: unknown): Error {
  if (isNotADatabase(error)) return new Error(`${file} is not a SQLite database`, { cause: error });
  return new Error(`cannot use the SQLite file ${file}: ${message(error)}`, { cause: error });
}

/** A new name is on the disk only when its folder is; Windows has no such call and no need. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function syncFoldersUpTo(folder: string, last: string): void {
  syncFolder(folder);
  if (folder !== last && folder !== dirname(folder)) syncFoldersUpTo(dirname(folder), last);
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
