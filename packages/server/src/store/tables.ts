// Whole tables on their way between databases, row by row; both ends have the same schema.
import type { Query, Row, Value } from './database.ts';
import type { Connection } from './sqlite-connection.ts';

export interface Table {
  name: string;
  columns: readonly string[];
}

/** Told how many rows are over so far. */
export type OnRows = (rows: number) => void;

const rowsAPage = 1_000;

/** All tables of a SQLite file with their columns; names come from our own migrations. */
export function tablesOf(connection: Connection): Table[] {
  const tables = connection.all(
    "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' order by name",
  );
  return tables.map(({ name }) => {
    const columns = connection.all('select name from pragma_table_info($1) order by cid', [name as string]);
    return { name: String(name), columns: columns.map((column) => String(column.name)) };
  });
}

/** A connection as what store functions take; its caller sees to transactions. */
export function queryOf(connection: Connection): Query {
  return {
    all: async (sql, values) => connection.all(sql, values),
    run: async (sql, values) => connection.run(sql, values),
  };
}

/** The rows of a table of a SQLite file, page by page. */
export function* pagesOf(connection: Connection, { name, columns }: Table): Generator<Row[]> {
  const page = `select rowid as row_number, ${columns.join(', ')} from ${name} where rowid > $1 order by rowid limit $2`;
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const rows = connection.all(page, [after, rowsAPage]);
    if (rows.length === 0) return;
    after = Number(rows.at(-1)?.row_number);
    yield rows;
  }
}

/** Adds rows with one statement, which names as many values as `rows` has. */
export async function insertRows(
  query: Query,
  { name, columns }: Table,
  rows: readonly Row[],
): Promise<void> {
  const values = rows.flatMap((row) => columns.map((column) => row[column] as Value));
  const lists = rows.map((_, row) => {
    const numbers = columns.map((_, column) => `$${row * columns.length + column + 1}`);
    return `(${numbers.join(', ')})`;
  });
  await query.run(`insert into ${name} (${columns.join(', ')}) values ${lists.join(', ')}`, values);
}
