// Brings a database's schema up to the numbered files of a folder, each applied once and in order.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownFiles } from '../own-files.ts';
import { Conflict, type Database, type Query } from './database.ts';

interface Migration {
  number: number;
  name: string;
  statements: string[];
}

const ownFolder = fileURLToPath(new URL('../sql/', ownFiles));
const fileForm = /^(\d{3})-([a-z0-9-]+)\.sql$/;

/** `now` is the machine's time in milliseconds. Safe when several processes start at once. */
export async function migrate(database: Database, now: number, folder: string = ownFolder): Promise<void> {
  const migrations = readMigrations(folder);
  await createTable(database);
  await refuseNewer(database, migrations);
  for (const migration of migrations) {
    await database.transaction((query) => apply(query, migration, now));
  }
}

/** The number of the newest schema that this Till knows. */
export function newestMigration(): number {
  return readMigrations(ownFolder).at(-1)?.number ?? 0;
}

/**
 * Makes the tables of schema `last` in an empty database, within the caller's transaction. The rows that tell what
 * was applied are for the caller to bring along.
 */
export async function createSchema(query: Query, last: number): Promise<void> {
  await query.run(createMigration);
  const wanted = readMigrations(ownFolder).filter(({ number }) => number <= last);
  for (const { statements } of wanted) {
    for (const statement of statements) await query.run(statement);
  }
}

/** PostgreSQL refuses the later of two `if not exists` that run at once; by then the table is there. */
async function createTable(database: Database): Promise<void> {
  try {
    await database.run(createMigration);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    await database.run(createMigration);
  }
}

const createMigration = `create table if not exists migration (
  number integer primary key,
  name text not null,
  applied_at bigint not null
)`;

async function refuseNewer(database: Database, migrations: readonly Migration[]): Promise<void> {
  const known = migrations.at(-1)?.number ?? 0;
  const [row] = await database.all('select max(number) as number from migration');
  const found = Number(row?.number ?? 0);
  if (found <= known) return;
  throw new Error(`the database has schema ${found} and this Till knows up to ${known}: start a newer Till`);
}

/** The row goes in first: another process that does the same waits at it, then finds the work done. */
async function apply(query: Query, migration: Migration, now: number): Promise<void> {
  const { number, name } = migration;
  const inserted = await query.run(
    'insert into migration (number, name, applied_at) values ($1, $2, $3) on conflict (number) do nothing',
    [number, name, now],
  );
  if (inserted === 0) return;
  for (const statement of migration.statements) await query.run(statement);
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  const migrations = names.sort().map((name) => readMigration(folder, name));
  for (const [index, { number, name }] of migrations.entries()) {
    if (number !== index + 1) throw new Error(`migration ${name} has number ${number}, not ${index + 1}`);
  }
  return migrations;
}

function readMigration(folder: string, fileName: string): Migration {
  const [, number, name] = fileForm.exec(fileName) ?? [];
  if (number === undefined || name === undefined) {
    throw new Error(`${fileName} is not named like a migration: 001-name.sql`);
  }
  return {
    number: Number(number),
    name,
    statements: statementsOf(readFileSync(join(folder, fileName), 'utf8')),
  };
}

/** Statements end with `;` at the end of a line. No text in quotes may hold `--` or such a `;`. */
function statementsOf(text: string): string[] {
  const withoutComments = text.replace(/--.*$/gm, '');
  return withoutComments
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
