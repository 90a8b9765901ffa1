// From a database's URL to its driver.
import type { Database } from './database.ts';
import { openSqlite, type SqliteOptions } from './sqlite.ts';

const sqlitePrefix = 'sqlite:';
const postgresForm = /^postgres(ql)?:\/\//;

/** The path of `sqlite:<path>`, `:memory:` too; undefined where the URL is another database's. */
export function sqliteFileOf(url: string): string | undefined {
  if (!url.startsWith(sqlitePrefix) || url.length === sqlitePrefix.length) return undefined;
  return url.slice(sqlitePrefix.length);
}

/** Opens `sqlite:<path>`, `sqlite::memory:` or `postgres://…`. The schema is `migrate`'s business. */
export async function openDatabase(url: string, options: SqliteOptions = {}): Promise<Database> {
  const file = sqliteFileOf(url);
  if (file !== undefined) return openSqlite(file, options);
  if (postgresForm.test(url)) {
    // Loaded only where it is used: most installations start without it, and faster.
    const { openPostgres } = await import('./postgres.ts');
    return openPostgres(url);
  }
  // The value is not repeated: it may hold a password.
  throw new Error(
    'TILL_DATABASE_URL must be sqlite:<path>, sqlite::memory: or postgres://user:password@host/database',
  );
}
