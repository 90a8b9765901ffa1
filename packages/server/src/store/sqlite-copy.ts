// Copies a SQLite file, live or not, as it is at one instant, and tells whether a file is a sound Till database.
import { closeSync, fsyncSync, openSync, readSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { newestMigration } from './migrations.ts';
import { Connection } from './sqlite-connection.ts';

/** Pages a step; between two of them the process does what else there is. */
const pagesPerStep = 1_000;
const header = 'SQLite format 3\0';
/** A damaged file may have as many faults as pages; the first tells enough. */
const mostFaults = 1;

export interface Contents {
  /** The number of the last migration. */
  schema: number;
  apps: number;
  purchases: number;
}

/** Told now and then how many of all pages are done. */
export type OnPages = (done: number, all: number) => void;

/**
 * Copies `from` to `to` without stopping anybody who writes to `from`: an open read keeps the instant, else every
 * foreign commit would make the copy begin anew. The copy is one file without a log, and it is on the disk.
 */
export async function copySqlite(from: string, to: string, onPages: OnPages): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 2_000 });
  try {
    source.exec('begin');
    source.prepare('select count(*) from sqlite_schema').get();
    const progress = ({ totalPages, remainingPages }: { totalPages: number; remainingPages: number }) =>
      onPages(totalPages - remainingPages, totalPages);
    await backup(source, to, { rate: pagesPerStep, progress });
  } finally {
    source.close();
  }
  closeLog(to);
  syncFile(to);
}

/** Takes the write-ahead log into the file and does without one from now on. Nobody else may have it open. */
function closeLog(file: string): void {
  const connection = new Connection(file);
  try {
    connection.all('pragma journal_mode = delete');
  } finally {
    connection.close();
  }
}

/** Not for a file that this process has open by SQLite: closing the handle would drop its locks. */
export function syncFile(file: string): void {
  const handle = openSync(file, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Whether the file begins as SQLite files do; the same care as for `syncFile`. */
export function looksLikeSqlite(file: string): boolean {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(header.length);
    return readSync(handle, bytes) === header.length && bytes.toString('latin1') === header;
  } finally {
    closeSync(handle);
  }
}

/**
 * Reads the whole file and tells what is in it. Throws one line where the file is damaged, is no Till database, or
 * has a schema that this Till does not know yet.
 */
export function checkSqlite(file: string): Contents {
  const connection = new Connection(file, { readOnly: true });
  try {
    refuseDamaged(connection);
    const schema = schemaNumber(connection);
    return { schema, apps: countOf(connection, countApps), purchases: countOf(connection, countPurchases) };
  } finally {
    connection.close();
  }
}

function refuseDamaged(connection: Connection): void {
  let verdict: string;
  try {
    const [fault] = connection.all(`pragma integrity_check(${mostFaults})`);
    verdict = String(fault?.integrity_check);
  } catch (error) {
    verdict = error instanceof Error ? error.message : String(error);
  }
  if (verdict !== 'ok') throw new Error(`damaged: ${firstFault(verdict)}`);
}

/** Lines in asterisks only name the database. */
function firstFault(verdict: string): string {
  return verdict.split('\n').find((line) => !line.startsWith('***')) ?? verdict;
}

const countApps = 'select count(*) as count from app';
const countPurchases = 'select count(*) as count from purchase';

function countOf(connection: Connection, sql: string): number {
  return Number(connection.all(sql)[0]?.count);
}

function schemaNumber(connection: Connection): number {
  const [table] = connection.all(
    "select count(*) as found from sqlite_schema where type = 'table' and name in ('migration', 'app', 'purchase')",
  );
  if (table?.found !== 3) throw new Error('not a Till database');
  const [row] = connection.all('select max(number) as number from migration');
  const number = Number(row?.number ?? 0);
  const known = newestMigration();
  if (number > known) throw new Error(`of schema ${number}, and this Till knows up to ${known}`);
  return number;
}
