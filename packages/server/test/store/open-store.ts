// An empty database with every table, for the tests of one `describe`.
import type { Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrations.ts';
import { openDatabase } from '../../src/store/open.ts';
import type { databases } from '../databases.ts';
import { noon } from './things.ts';

export interface OpenStore {
  database: Database;
  /** Closes and removes it. */
  close(): Promise<void>;
}

export async function openStore(kind: (typeof databases)[number]): Promise<OpenStore> {
  const { url, drop } = await kind.open();
  const database = await openDatabase(url);
  await migrate(database, noon);
  return { database, close: () => database.close().then(drop) };
}
