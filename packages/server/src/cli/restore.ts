// `till restore FILE`: checks a backup and puts it in the database's place.
import { existsSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { migrate } from '../store/migrations.ts';
import { openDatabase, sqliteFileOf } from '../store/open.ts';
import { copyToPostgres } from '../store/postgres-copy.ts';
import { type Contents, checkSqlite, copySqlite, looksLikeSqlite, syncFile } from '../store/sqlite-copy.ts';
import { placeOf, replaceSqlite } from '../store/sqlite-replace.ts';
import { type Command, wordOf } from './command.ts';
import { counted, grouped } from './figures.ts';
import { progress } from './progress.ts';
import { withUnfinished } from './unfinished.ts';

export const restore: Command = {
  takes: 'FILE',
  about: 'checks the backup FILE and puts it in the place of the database',
  help: [
    'Refuses a file that is damaged, is no backup of Till, or comes from a newer Till; and while a Till runs on the',
    'database. The former SQLite database is kept beside the new one, under a name that is printed. A PostgreSQL',
    'database must be empty: create a new one, restore into it, and let TILL_DATABASE_URL point there.',
    'What was bought after the backup is not in it.',
  ],
  own: { flags: {}, wordCount: 1 },
  run: async (read, say) => {
    const given = read();
    const file = resolve(wordOf(given, 'FILE'));
    refuseFile(file);
    const { databaseUrl } = given.settings;
    const place = sqliteFileOf(databaseUrl);
    if (place === ':memory:') throw new Error('a database in memory begins empty and cannot be restored');
    const contents =
      place === undefined
        ? await restoreToPostgres(file, databaseUrl)
        : await restoreToSqlite(file, place, say);
    const { apps, purchases } = contents;
    say(
      `Back again: ${counted(apps, 'app')}, ${counted(purchases, 'purchase')}. \`till doctor\` looks it over.`,
    );
    return 0;
  },
};

function refuseFile(file: string): void {
  if (!existsSync(file)) throw new Error(`there is no file ${file}`);
  if (!statSync(file).isFile() || !looksLikeSqlite(file)) throw new Error(`${file} is not a backup of Till`);
}

async function restoreToPostgres(file: string, databaseUrl: string): Promise<Contents> {
  const contents = checked(file, () => checkSqlite(file));
  const tell = progress();
  await copyToPostgres(file, contents.schema, databaseUrl, (rows) =>
    tell(() => `${counted(rows, 'row')} restored`),
  );
  await bringUpToDate(databaseUrl);
  return contents;
}

/** All is done on a copy; the database's own file is touched last, by one renaming. */
async function restoreToSqlite(file: string, path: string, say: (line: string) => void): Promise<Contents> {
  const place = placeOf(path);
  if (realpathSync(file) === place) throw new Error('FILE is the database itself');
  const aside = `${place}.before-restore-${new Date().toISOString().replace(/[-:]/g, '')}`;
  let contents: Contents | undefined;
  await withUnfinished(place, async (part) => {
    const kept = await replaceSqlite(place, aside, async () => {
      contents = await copied(file, part);
      return part;
    });
    if (kept) say(`The former database is ${aside}`);
  });
  if (contents === undefined) throw new Error('nothing was copied');
  return contents;
}

async function copied(file: string, part: string): Promise<Contents> {
  const tell = progress();
  const onPages = (done: number, all: number) =>
    tell(() => `${grouped(done)} of ${grouped(all)} pages restored`);
  try {
    await copySqlite(file, part, onPages);
  } catch (error) {
    throw refusal(file, `damaged or cannot be copied: ${(error as Error).message}`);
  }
  const contents = checked(file, () => checkSqlite(part));
  await bringUpToDate(`sqlite:${part}`);
  syncFile(part);
  return contents;
}

/** Opens it once as a start would. */
async function bringUpToDate(databaseUrl: string): Promise<void> {
  const database = await openDatabase(databaseUrl);
  try {
    await migrate(database, Date.now());
  } finally {
    await database.close();
  }
}

function checked<T>(file: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw refusal(file, (error as Error).message);
  }
}

function refusal(file: string, reason: string): Error {
  return new Error(`${file} is not restored, it is ${reason}`);
}
