// What only PostgreSQL has: collations, retries it asks for itself, connections that break.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { type Database, type Query, Unavailable } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/open.ts';
import { closedPort } from '../closed-port.ts';
import { databases, endOthers, openPostgresDatabase } from '../databases.ts';

const postgres = databases.find((kind) => kind.name === 'postgres');
assert.ok(postgres);

describe('opening PostgreSQL', () => {
  const refusedFor = async (options: string, rule: RegExp) => {
    const { url, drop } = await openPostgresDatabase(options);
    try {
      await assert.rejects(openDatabase(url), (error: Error) => {
        assert.match(error.message, rule);
        assert.match(error.message, /create database .* locale 'C' template template0$/);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    } finally {
      await drop();
    }
  };

  test('refuses a database that sorts by a language and says how to make one that does not', async () => {
    const options = `encoding 'UTF8' locale_provider icu icu_locale 'en-US' locale 'C'`;
    await refusedFor(options, /does not sort text bytewise/);
  });

  test('refuses a database that does not hold text as UTF-8', async () => {
    await refusedFor(`encoding 'SQL_ASCII' locale 'C'`, /does not hold text as UTF-8/);
  });

  test('tells in one line that nobody answers, without the password', async (t) => {
    const url = `postgres://till:hunter2@127.0.0.1:${await closedPort(t)}/shop`;
    await assert.rejects(openDatabase(url), (error: Error) => {
      assert.ok(error instanceof Unavailable);
      assert.match(
        error.message,
        /PostgreSQL database shop at 127\.0\.0\.1:\d+ cannot be used: .*ECONNREFUSED/,
      );
      return holdsNo('hunter2', error);
    });
  });

  test('tells a wrong password or database without the password', async () => {
    const url = new URL(process.env.TILL_TEST_DATABASE_URL ?? '');
    url.pathname = '/till_no_such_database';
    await assert.rejects(openDatabase(url.href), (error: Error) => {
      assert.ok(error instanceof Unavailable);
      assert.match(error.message, /till_no_such_database/);
      return url.password === '' || holdsNo(url.password, error);
    });
    url.username = 'nobody_of_this_name';
    url.password = 'hunter2';
    await assert.rejects(openDatabase(url.href), (error: Error) => holdsNo('hunter2', error));
  });

  test('tells a URL that cannot be read without any part of it', async () => {
    const urls = [
      'postgres://till:hunter2@[bad/shop',
      'postgres://till:hunter2@host:port/shop',
      'postgres://till:12#hunter2@host/shop',
      'postgres://till:12/hunter2@host/shop',
      'postgres://till:12?hunter2@host/shop',
    ];
    for (const url of urls) {
      await assert.rejects(openDatabase(url), (error: Error) => {
        assert.match(error.message, /^TILL_DATABASE_URL cannot be read/);
        return holdsNo('hunter2', error);
      });
    }
  });
});

/** Looks at everything a log would print of the error, its causes included. */
function holdsNo(secret: string, error: Error): true {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    assert.ok(!`${at.message}${at.stack}${JSON.stringify(at)}`.includes(secret), at.message);
  }
  return true;
}

describe('PostgreSQL', () => {
  let database: Database;
  let outside: pg.Client;
  let drop: () => Promise<void>;

  before(async () => {
    const opened = await postgres.open();
    drop = opened.drop;
    database = await openDatabase(opened.url);
    outside = new pg.Client({ connectionString: opened.url });
    await outside.connect();
    await database.run('create table thing (id text primary key, amount bigint)');
    await database.run(`insert into thing values ('a', 0), ('b', 0)`);
  });

  after(async () => {
    await outside.end();
    await database.close();
    await drop();
  });

  test('runs a transaction again that lost a deadlock', async () => {
    let runs = 0;
    let lost = 0;
    const add = async (query: Query, id: string) => {
      try {
        await query.run('update thing set amount = amount + 1 where id = $1', [id]);
      } catch (error) {
        lost++;
        throw error;
      }
    };
    const bothHoldOne = Promise.withResolvers<void>();
    const bothIn = (first: string, second: string) =>
      database.transaction(async (query) => {
        const run = ++runs;
        await add(query, first);
        // the two meet however long a connection takes; whoever has to begin again waits for nobody
        if (run === 2) bothHoldOne.resolve();
        await bothHoldOne.promise;
        await add(query, second);
      });
    await Promise.all([bothIn('a', 'b'), bothIn('b', 'a')]);
    // a busy PostgreSQL may let the two meet once more; whatever is lost is run again, and nothing else is
    assert.ok(lost > 0);
    assert.equal(runs, 2 + lost);
    const rows = await database.all('select amount from thing order by id');
    assert.deepEqual(rows, [{ amount: 2 }, { amount: 2 }]);
  });

  test('runs a transaction again that the database could not serialize, whatever the closure made of it', async () => {
    let runs = 0;
    const answer = await database.transaction(async (query) => {
      runs++;
      if (runs > 2) return 'in the end';
      const failure = `do $$ begin raise exception 'collision' using errcode = '40001'; end $$`;
      await query.run(failure).catch(() => {
        throw new Error('swallowed');
      });
      return 'never';
    });
    assert.deepEqual([answer, runs], ['in the end', 3]);
  });

  test('gives up with Unavailable when every attempt collides', async () => {
    const failure = `do $$ begin raise exception 'collision' using errcode = '40001'; end $$`;
    await assert.rejects(
      database.transaction((query) => query.run(failure)),
      Unavailable,
    );
  });

  test('reads committed rows whatever the default of the database', async () => {
    const [row] = await database.transaction((query) => query.all('show transaction_isolation'));
    assert.equal(row?.transaction_isolation, 'read committed');
  });

  test('refuses a column type that no value holds', async () => {
    await assert.rejects(database.all('select now() as now'), TypeError);
    await assert.rejects(database.all('select 1.5 as half'), RangeError);
    await database.all('select 1 as still_working');
  });

  test('tells a connection that broke as Unavailable and goes on with a new one', async () => {
    const broken = database.transaction(async (query) => {
      await query.run(`insert into thing values ('cut', 0)`);
      await endOthers(outside);
      await query.run(`insert into thing values ('cut too', 0)`);
    });
    await assert.rejects(broken, Unavailable);
    assert.deepEqual(await database.all(`select id from thing where id like 'cut%'`), []);
    assert.equal(await database.run(`insert into thing values ('after', 0)`), 1);
  });

  test('serves more transactions at once than it has connections', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        database.transaction(
          async (query) => (await query.all('select cast($1 as bigint) as n', [index]))[0]?.n,
        ),
      ),
    );
    assert.deepEqual(
      answers,
      answers.map((_, index) => index),
    );
  });
});
