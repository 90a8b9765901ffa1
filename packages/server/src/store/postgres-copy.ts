// A PostgreSQL database into a SQLite file and back, whole and at one instant: what a backup of it is made of.
import pg from 'pg';
import type { Query, Row, Value } from './database.ts';
import { createSchema, newestMigration } from './migrations.ts';
import { openPostgres } from './postgres.ts';
import { columnParser } from './postgres-columns.ts';
import { Connection } from './sqlite-connection.ts';
import { syncFile } from './sqlite-copy.ts';
import { insertRows, type OnRows, pagesOf, queryOf, type Table, tablesOf } from './tables.ts';

const rowsAPage = 1_000;
/** PostgreSQL takes at most 65,535 values in a statement. */
const rowsAnInsert = 500;

/** Writes all tables into a new SQLite file. Throws where the database holds no Till, or one of a newer schema. */
export async function copyFromPostgres(url: string, file: string, onRows: OnRows): Promise<void> {
  const connection = new Connection(file);
  try {
    connection.run('begin immediate');
    await inTransaction(url, 'isolation level repeatable read read only', async (query) => {
      await createSchema(queryOf(connection), await schemaOf(query));
      await fill(query, connection, onRows);
    });
    connection.run('commit');
  } finally {
    connection.close();
  }
  syncFile(file);
}

async function fill(from: Query, to: Connection, onRows: OnRows): Promise<void> {
  const target = queryOf(to);
  let count = 0;
  for (const table of tablesOf(to)) {
    for await (const rows of readTable(from, table)) {
      for (const row of rows) await insertRows(target, table, [row]);
      count += rows.length;
      onRows(count);
    }
  }
}

/** A cursor: the rows of a table by the thousand, without an order that would cost a sort. */
async function* readTable(query: Query, { name, columns }: Table): AsyncGenerator<Row[]> {
  await query.run(`declare till_rows no scroll cursor for select ${columns.join(', ')} from ${name}`);
  for (;;) {
    const rows = await query.all(`fetch ${rowsAPage} from till_rows`);
    if (rows.length === 0) break;
    yield rows;
  }
  await query.run('close till_rows');
}

/**
 * Makes the file's tables in a PostgreSQL database without any, and fills them, in one transaction. Throws where the
 * database holds tables already: nothing of anybody's is ever replaced there.
 */
export async function copyToPostgres(
  file: string,
  schema: number,
  url: string,
  onRows: OnRows,
): Promise<void> {
  const connection = new Connection(file, { readOnly: true });
  try {
    await inTransaction(url, 'isolation level read committed', async (query) => {
      const [found] = await query.all(
        'select count(*) as tables from pg_catalog.pg_tables where schemaname = current_schema()',
      );
      if (found?.tables !== 0) {
        throw new Error('the PostgreSQL database is not empty: create a new one and restore into that');
      }
      await createSchema(query, schema);
      let count = 0;
      for (const table of tablesOf(connection)) {
        for (const rows of pagesOf(connection, table)) {
          for (let at = 0; at < rows.length; at += rowsAnInsert) {
            await insertRows(query, table, rows.slice(at, at + rowsAnInsert));
          }
          count += rows.length;
          onRows(count);
        }
      }
    });
  } finally {
    connection.close();
  }
}

async function schemaOf(query: Query): Promise<number> {
  const [table] = await query.all(
    "select count(*) as found from pg_catalog.pg_tables where schemaname = current_schema() and tablename = 'migration'",
  );
  if (table?.found !== 1) throw new Error('the PostgreSQL database holds no Till');
  const [row] = await query.all('select max(number) as number from migration');
  const schema = Number(row?.number ?? 0);
  const known = newestMigration();
  if (schema <= known) return schema;
  throw new Error(`the database has schema ${schema} and this Till knows up to ${known}: use a newer Till`);
}

/** One transaction on a connection of its own, as long as it takes. */
async function inTransaction(
  url: string,
  kind: string,
  work: (query: Query) => Promise<void>,
): Promise<void> {
  await (await openPostgres(url)).close(); // says in words what is wrong with it
  const client = new pg.Client({ connectionString: url, types: { getTypeParser: columnParser } });
  client.on('error', () => {}); // its next statement tells
  await client.connect();
  try {
    await client.query(`begin ${kind}`);
    await work({
      all: async (sql, values) => (await ask(client, sql, values)).rows,
      run: async (sql, values) => (await ask(client, sql, values)).rowCount ?? 0,
    });
    await client.query('commit');
  } finally {
    await client.end(); // an unfinished transaction is rolled back
  }
}

function ask(client: pg.Client, sql: string, values: readonly Value[] = []): Promise<pg.QueryResult<Row>> {
  return client.query<Row>(sql, [...values]);
}
