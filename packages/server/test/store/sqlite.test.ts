// What only SQLite has: group commit, the file and its lock, the life of the process.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Database, Unavailable } from '../../src/store/database.ts';
import { openSqlite } from '../../src/store/sqlite.ts';

const driver = fileURLToPath(new URL('../../src/store/sqlite.ts', import.meta.url));

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-sqlite-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program text in a process of its own, with the driver imported. */
function child(program: string): ChildProcess {
  const text = `import { openSqlite } from ${JSON.stringify(driver)};\n${program}`;
  return spawn(process.execPath, ['--input-type=module', '--eval', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function* linesOf(program: ChildProcess): AsyncGenerator<string> {
  assert.ok(program.stdout);
  yield* createInterface({ input: program.stdout });
}

const oneLine = (path: string, rule: RegExp) => (error: Error) => {
  assert.ok(error.message.includes(path), error.message);
  assert.match(error.message, rule);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

describe('group commit', () => {
  for (const path of [':memory:', 'file']) {
    const open = async (name: string, onCommit: (closures: number) => void) => {
      const where = path === 'file' ? join(folder, name) : path;
      const database = await openSqlite(where, { onCommit });
      await database.run('create table thing (id text primary key, amount bigint)');
      return database;
    };

    test(`on ${path} takes 100 closures that wait together with one commit`, async () => {
      const groups: number[] = [];
      const database = await open('group.db', (closures) => groups.push(closures));
      groups.length = 0;
      await Promise.all(insertMany(database, 100));
      assert.deepEqual(groups, [100]);
      await database.close();
    });

    test(`on ${path} bounds a group`, async () => {
      const groups: number[] = [];
      const database = await open('bounded.db', (closures) => groups.push(closures));
      groups.length = 0;
      await Promise.all(insertMany(database, 600));
      assert.deepEqual(groups, [256, 256, 88]);
      await database.close();
    });

    test(`on ${path} answers and refuses only after the commit of the group`, async () => {
      const events: string[] = [];
      const database = await open('order.db', (closures) => events.push(`commit of ${closures}`));
      events.length = 0;
      const write = database.transaction(async (query) => {
        await query.run(`insert into thing values ('first', 1)`);
        events.push('wrote');
      });
      const refuse = database.transaction(async (query) => {
        // Rests on what the first wrote and nobody has committed yet.
        const rows = await query.all(`select id from thing where id = 'first'`);
        events.push(`found ${rows.length}`);
        throw new Error('already there');
      });
      await Promise.all([
        write.then(() => events.push('answered')),
        refuse.catch(() => events.push('refused')),
      ]);
      assert.deepEqual(events, ['wrote', 'found 1', 'commit of 2', 'answered', 'refused']);
      await database.close();
    });

    test(`on ${path} refuses a closure that awaits anything else, and goes on`, async () => {
      const database = await open('foreign.db', () => {});
      const sleeper = database.transaction(async (query) => {
        await query.run(`insert into thing values ('sleeper', 1)`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        await query.run(`insert into thing values ('too late', 1)`);
      });
      const nested = database.transaction(() => database.run(`insert into thing values ('nested', 1)`));
      const next = database.run(`insert into thing values ('next', 1)`);
      await assert.rejects(sleeper, /nothing but its own statements/);
      await assert.rejects(nested, /nothing but its own statements/);
      assert.equal(await next, 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const rows = await database.all('select id from thing order by id');
      // What the nested one asked for was an ordinary statement of its own and stands.
      assert.deepEqual(rows, [{ id: 'nested' }, { id: 'next' }]);
      await database.close();
    });
  }

  test('rejects the whole group as Unavailable, cause kept, when it cannot be stored', async () => {
    const file = join(folder, 'full.db');
    const database = await openSqlite(file);
    await database.run('create table thing (id text primary key, amount bigint)');
    const other = new DatabaseSync(file);
    // Another program holds the file for longer than we wait.
    other.exec('begin immediate');
    const outcomes = await Promise.allSettled(insertMany(database, 3));
    other.exec('rollback');
    other.close();
    for (const outcome of outcomes) {
      assert.equal(outcome.status, 'rejected');
      assert.ok(outcome.status === 'rejected' && outcome.reason instanceof Unavailable);
      assert.ok(outcome.reason.cause instanceof Error);
    }
    await Promise.all(insertMany(database, 3));
    assert.deepEqual(await database.all('select count(*) as things from thing'), [{ things: 3 }]);
    await database.close();
  });

  test('tells a full disk as Unavailable and stores nothing of that closure', async () => {
    const database = await openSqlite(join(folder, 'small.db'));
    await database.run('create table thing (id text primary key, amount bigint)');
    await database.transaction((query) => query.all('pragma max_page_count = 20'));
    const large = database.transaction(async (query) => {
      for (let index = 0; index < 100; index++) {
        await query.run('insert into thing values ($1, 1)', [`${index} ${'x'.repeat(4000)}`]);
      }
    });
    await assert.rejects(large, Unavailable);
    assert.deepEqual(await database.all('select count(*) as things from thing'), [{ things: 0 }]);
    await database.run(`insert into thing values ('small', 1)`);
    await database.close();
  });
});

function insertMany(database: Database, count: number): Promise<unknown>[] {
  return Array.from({ length: count }, (_, index) =>
    database.transaction((query) =>
      query.run('insert into thing values ($1, $2)', [`thing ${index}`, index]),
    ),
  );
}

describe('a SQLite file', () => {
  test('is made with its folders, readable by its owner only, synced at every commit', async () => {
    const file = join(folder, 'new', 'deep', 'till.db');
    const database = await openSqlite(file);
    await database.run('create table thing (id text)');
    for (const path of [file, `${file}-wal`, `${file}.lock`])
      assert.equal(statSync(path).mode & 0o777, 0o600, path);
    assert.equal(statSync(join(folder, 'new')).mode & 0o777, 0o700);
    const [mode] = await database.all('pragma journal_mode');
    assert.equal(mode?.journal_mode, 'wal');
    const [sync] = await database.transaction((query) => query.all('pragma synchronous'));
    assert.equal(sync?.synchronous, 2);
    await database.close();
  });

  test('keeps what it held when it is opened again, with no log left by the close', async () => {
    const file = join(folder, 'again.db');
    const first = await openSqlite(file);
    await first.run('create table thing (id text)');
    await first.run(`insert into thing values ('kept')`);
    await first.close();
    assert.equal(existsSync(`${file}-wal`), false);
    const second = await openSqlite(file);
    assert.deepEqual(await second.all('select id from thing'), [{ id: 'kept' }]);
    await second.close();
  });

  test('is not written by a read outside a transaction', async () => {
    const database = await openSqlite(join(folder, 'readonly.db'));
    await database.run('create table thing (id text)');
    await assert.rejects(database.all(`insert into thing values ('a') returning id`), /readonly/);
    await database.close();
  });

  test('that is none is refused in one line with its path', async () => {
    const file = join(folder, 'letter.txt');
    writeFileSync(file, 'Dear Sir or Madam, '.repeat(500));
    await assert.rejects(openSqlite(file), oneLine(file, /is not a SQLite database/));
    // And nothing of the attempt stays behind that would be in the way.
    await assert.rejects(openSqlite(file), oneLine(file, /is not a SQLite database/));
  });

  test('in a place where no folder can be made is refused in one line with its path', async () => {
    const blocker = join(folder, 'blocker');
    writeFileSync(blocker, '');
    const file = join(blocker, 'till.db');
    await assert.rejects(openSqlite(file), oneLine(file, /^cannot create the SQLite file/));
  });

  test('that is a folder is refused in one line with its path, and nothing is left beside it', async () => {
    await assert.rejects(
      openSqlite(folder),
      oneLine(folder, /^cannot create the SQLite file .* something else/),
    );
    assert.equal(existsSync(`${folder}.lock`), false);
  });

  test('that this user may not write is refused in one line with its path', async () => {
    const closed = join(folder, 'closed');
    const file = join(closed, 'till.db');
    mkdirSync(closed);
    new DatabaseSync(file).close();
    chmodSync(folder, 0o755);
    chmodSync(closed, 0o555);
    await asOrdinaryUser(async () => {
      await assert.rejects(openSqlite(join(closed, 'new.db')), oneLine(closed, /^cannot create/));
      await assert.rejects(openSqlite(file), oneLine(file, /^cannot lock/));
    });
    chmodSync(closed, 0o755); // or nobody but root could remove it
  });
});

/** Root may write everywhere, so that a test of permissions has to be somebody else. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}

describe('the lock of a SQLite file', () => {
  test('refuses a second open in the same process, by whatever name', async () => {
    const file = join(folder, 'mine.db');
    const link = join(folder, 'link.db');
    const database = await openSqlite(file);
    symlinkSync(file, link);
    await assert.rejects(openSqlite(file), oneLine(file, /in use/));
    await assert.rejects(openSqlite(link), oneLine(file, /in use/));
    await assert.rejects(openSqlite(relative(process.cwd(), file)), oneLine(file, /in use/));
    await database.close();
    await (await openSqlite(link)).close();
  });

  test('refuses a second process, also after a refused open in the first', async () => {
    const file = join(folder, 'ours.db');
    const database = await openSqlite(file);
    await assert.rejects(openSqlite(file), /in use/);
    assert.match(await openInChild(file), /^refused: .*ours\.db is in use/);
    await database.close();
    assert.equal(await openInChild(file), 'opened');
  });

  test('is let go of by the system when the process is killed, and nothing acknowledged is lost', async () => {
    const file = join(folder, 'killed.db');
    for (let round = 0; round < 3; round++) {
      const writer = child(`
        const database = await openSqlite(${JSON.stringify(file)});
        await database.run('create table if not exists thing (id text primary key)');
        for (let turn = 0; ; turn++) {
          const ids = Array.from({ length: 5 }, (_, index) => '${round}/' + turn + '/' + index);
          await Promise.all(ids.map((id) => database.run('insert into thing values ($1)', [id])));
          process.stdout.write(ids.map((id) => id + '\\n').join(''));
        }`);
      const acknowledged: string[] = [];
      for await (const id of linesOf(writer)) {
        acknowledged.push(id);
        if (acknowledged.length === 200) {
          await assert.rejects(openSqlite(file), /in use/);
          writer.kill('SIGKILL');
        }
      }
      const database = await openSqlite(file);
      const stored = new Set((await database.all('select id from thing')).map((row) => row.id));
      assert.ok(acknowledged.length >= 200);
      // The last line may have been cut by the kill.
      const lost = acknowledged.slice(0, -1).filter((id) => !stored.has(id));
      assert.deepEqual(lost, []);
      assert.deepEqual(await database.all('pragma integrity_check'), [{ integrity_check: 'ok' }]);
      await database.close();
    }
  });
});

async function openInChild(file: string): Promise<string> {
  const program = child(`
    const database = await openSqlite(${JSON.stringify(file)}).catch((error) => console.log('refused: ' + error.message));
    if (database) { console.log('opened'); await database.close(); }`);
  const ended = once(program, 'exit');
  let said = '';
  for await (const line of linesOf(program)) said += line;
  await ended;
  return said;
}
