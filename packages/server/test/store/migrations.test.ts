// Migrations: each once, in order, whoever starts at the same time; never backwards.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrations.ts';
import { openDatabase } from '../../src/store/open.ts';
import { databases } from '../databases.ts';

const now = Date.UTC(2026, 0, 2);
const first = `-- The first table; a semicolon in a comment ends nothing;
create table thing (
  id text primary key, -- its key;
  name text not null check (name <> 'a;b')
);

create index thing_by_name on thing (name);
insert into thing (id, name) values ('1', 'one;two');
`;
const second = `alter table thing add column amount bigint not null default 7;\n`;
const broken = `create table other (id text);\ninsert into nowhere values (1);\n`;

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'till-sql-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const one = { '001-first.sql': first };
const two = { ...one, '002-second.sql': second };
const applied = 'select number, name, applied_at from migration order by number';

for (const kind of databases) {
  describe(`migrations on ${kind.name}`, () => {
    const withDatabase = async (work: (database: Database, url: string) => Promise<void>) => {
      const { url, drop } = await kind.open();
      const database = await openDatabase(url);
      try {
        await work(database, url);
      } finally {
        await database.close();
        await drop();
      }
    };

    test('are applied in order, each statement of each file', async () => {
      await withDatabase(async (database) => {
        await migrate(database, now, folderOf(two));
        assert.deepEqual(await database.all('select id, name, amount from thing'), [
          { id: '1', name: 'one;two', amount: 7 },
        ]);
        assert.deepEqual(await database.all(applied), [
          { number: 1, name: 'first', applied_at: now },
          { number: 2, name: 'second', applied_at: now },
        ]);
      });
    });

    test('are applied once, and a later start adds what is new', async () => {
      await withDatabase(async (database) => {
        await migrate(database, now, folderOf(one));
        await migrate(database, now + 1, folderOf(one));
        await migrate(database, now + 2, folderOf(two));
        await migrate(database, now + 3, folderOf(two));
        assert.deepEqual(await database.all(applied), [
          { number: 1, name: 'first', applied_at: now },
          { number: 2, name: 'second', applied_at: now + 2 },
        ]);
      });
    });

    test('leave nothing of one that fails, and can be repaired', async () => {
      await withDatabase(async (database) => {
        await assert.rejects(migrate(database, now, folderOf({ ...one, '002-second.sql': broken })));
        assert.equal((await database.all(applied)).length, 1);
        await assert.rejects(database.all('select id from other'));
        await migrate(database, now, folderOf(two));
        assert.equal((await database.all(applied)).length, 2);
      });
    });

    test('refuse a schema that is newer than the program', async () => {
      await withDatabase(async (database) => {
        await migrate(database, now, folderOf(two));
        await assert.rejects(migrate(database, now, folderOf(one)), {
          message: 'the database has schema 2 and this Till knows up to 1: start a newer Till',
        });
      });
    });

    test('may be started by many at once', async () => {
      await withDatabase(async (database) => {
        const folder = folderOf(two);
        await Promise.all(Array.from({ length: 6 }, () => migrate(database, now, folder)));
        assert.equal((await database.all(applied)).length, 2);
      });
    });

    if (kind.name === 'postgres') {
      test('may be started by several programs at once', async () => {
        await withDatabase(async (database, url) => {
          const folder = folderOf(two);
          const programs = await Promise.all([1, 2, 3, 4].map(() => openDatabase(url)));
          await Promise.all(programs.map((program, index) => migrate(program, now + index, folder)));
          await Promise.all(programs.map((program) => program.close()));
          assert.equal((await database.all(applied)).length, 2);
          assert.deepEqual(await database.all('select id, amount from thing'), [{ id: '1', amount: 7 }]);
        });
      });
    }
  });
}

describe('a folder of migrations', () => {
  let database: Database;
  before(async () => {
    database = await openDatabase('sqlite::memory:');
  });
  after(() => database.close());

  test('must name each file with its number', async () => {
    await assert.rejects(migrate(database, now, folderOf({ 'first.sql': first })), /first\.sql is not named/);
  });

  test('must count from 1 without a gap or a doublet', async () => {
    const gap = { ...one, '003-third.sql': second };
    const doublet = { ...one, '001-other.sql': second };
    await assert.rejects(migrate(database, now, folderOf(gap)), /has number 3, not 2/);
    await assert.rejects(migrate(database, now, folderOf(doublet)), /has number 1, not 2/);
  });
});
