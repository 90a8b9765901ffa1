// A database to look at: nothing is made, nothing is written, and no other Till stands in the way.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Database, Unavailable } from './database.ts';
import { openDatabase, sqliteFileOf } from './open.ts';
import { Connection } from './sqlite-connection.ts';

/** Opens what is there, also while a server runs on it. Throws `Unavailable` where there is no such file. */
export async function openToRead(url: string): Promise<Database> {
  const file = sqliteFileOf(url);
  if (file === undefined) return openDatabase(url);
  if (!existsSync(file)) throw new Unavailable(`there is no database ${resolve(file)}`);
  const connection = new Connection(file, { readOnly: true });
  const refuse = () => Promise.reject(new Error('this database was opened to be read'));
  return {
    kind: 'sqlite',
    connections: () => undefined,
    all: async (sql, values) => connection.all(sql, values),
    run: refuse,
    transaction: refuse,
    close: async () => connection.close(),
  };
}
