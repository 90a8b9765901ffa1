// The databases every store test runs on: a fresh, empty one for whoever asks.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

export interface TestDatabase {
  name: 'sqlite memory' | 'sqlite file' | 'postgres';
  open(): Promise<{ url: string; drop(): Promise<void> }>;
}

const serverUrl = process.env.TILL_TEST_DATABASE_URL ?? '';
if (serverUrl === '') {
  throw new Error('TILL_TEST_DATABASE_URL is not set: run this file through `npm test -- <file>`');
}

export const databases: readonly TestDatabase[] = [
  { name: 'sqlite memory', open: async () => ({ url: 'sqlite::memory:', drop: async () => {} }) },
  { name: 'sqlite file', open: openSqliteFile },
  { name: 'postgres', open: () => openPostgresDatabase(`encoding 'UTF8' locale 'C'`) },
];

/** The databases every HTTP test runs on: a file adds nothing that the store tests have not seen. */
export const httpDatabases: readonly TestDatabase[] = databases.filter(({ name }) => name !== 'sqlite file');

async function openSqliteFile() {
  const folder = mkdtempSync(join(tmpdir(), 'till-sqlite-'));
  return {
    url: `sqlite:${join(folder, 'till.db')}`,
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A new database of the tests' server, made with these options. */
export async function openPostgresDatabase(options: string) {
  const name = `till_${randomBytes(8).toString('hex')}`;
  await onServer(`create database "${name}" template template0 ${options}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(`drop database if exists "${name}" with (force)`) };
}

/** Ends all other connections to this client's database, and waits until they are gone and their owners know of it. */
export async function endOthers(client: pg.Client): Promise<void> {
  await client.query(
    `select pg_terminate_backend(pid, 60000) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
  );
  // what the system has closed is read from its socket in the next turns of the loop
  await wait(50);
}

/** Runs one statement on the tests' PostgreSQL, outside of every test's database. */
async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  // Whoever drops a database ends its connections, and theirs are not ours to tell about.
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
