// `till backup FILE`: a copy of a live database, as it is at one instant.
import { existsSync, realpathSync, renameSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { sqliteFileOf } from '../store/open.ts';
import { copyFromPostgres } from '../store/postgres-copy.ts';
import { syncFolder } from '../store/sqlite.ts';
import { type Contents, checkSqlite, copySqlite } from '../store/sqlite-copy.ts';
import { type Command, wordOf } from './command.ts';
import { counted, grouped, sizeText } from './figures.ts';
import { progress } from './progress.ts';
import { withUnfinished } from './unfinished.ts';

export const backup: Command = {
  takes: 'FILE [--force]',
  about: 'copies the database, live or not, to FILE',
  help: [
    'FILE is a SQLite file with everything in it as it was at one instant, whichever database it comes from. A running',
    'Till goes on meanwhile. The copy is read through and on the disk before it gets its name; until then FILE is as',
    'it was. It holds no secret and no token, and signing keys as the database has them: under TILL_MASTER_KEY, which',
    'is not in it. Keep that key elsewhere.',
    '',
    '  --force                      replace FILE where it exists',
  ],
  own: { flags: { force: 'switch' }, wordCount: 1 },
  run: async (read, say) => {
    const given = read();
    const target = resolve(wordOf(given, 'FILE'));
    const replace = given.flags.force === true;
    refuseTarget(given.settings.databaseUrl, target, replace);
    const startedAt = performance.now();
    await withUnfinished(target, async (part) => {
      await copy(given.settings.databaseUrl, part);
      const { schema, apps, purchases } = checked(part);
      refuseExisting(target, replace);
      renameSync(part, target);
      syncFolder(dirname(target));
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      const size = sizeText(statSync(target).size);
      say(`${target}: ${size}, schema ${schema}, ${counted(apps, 'app')}, ${counted(purchases, 'purchase')}`);
      say(`Copied and checked in ${seconds} s.`);
    });
    return 0;
  },
};

function refuseTarget(databaseUrl: string, target: string, replace: boolean): void {
  const folder = dirname(target);
  if (!existsSync(folder)) throw new Error(`the folder ${folder} does not exist`);
  if (existsSync(target) && !statSync(target).isFile()) throw new Error(`${target} is not a file`);
  const source = sqliteFileOf(databaseUrl);
  if (source === ':memory:') throw new Error('a database in memory ends with its Till and cannot be copied');
  if (source !== undefined && !existsSync(source)) throw new Error(`there is no database ${resolve(source)}`);
  if (source !== undefined && existsSync(target) && realpathSync(source) === realpathSync(target)) {
    throw new Error('FILE is the database itself');
  }
  refuseExisting(target, replace);
}

function refuseExisting(target: string, replace: boolean): void {
  if (!replace && existsSync(target)) throw new Error(`${target} exists; --force replaces it`);
}

async function copy(databaseUrl: string, part: string): Promise<void> {
  const tell = progress();
  const source = sqliteFileOf(databaseUrl);
  if (source === undefined) {
    return copyFromPostgres(databaseUrl, part, (rows) => tell(() => `${counted(rows, 'row')} copied`));
  }
  await copySqlite(source, part, (done, all) =>
    tell(() => `${grouped(done)} of ${grouped(all)} pages copied`),
  );
}

function checked(part: string): Contents {
  try {
    return checkSqlite(part);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the copy is ${reason}; FILE was not written`, { cause: error });
  }
}
