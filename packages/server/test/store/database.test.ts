// What every driver promises, held on every database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  Conflict,
  type Database,
  Stale,
  transactionAttempts,
  Unavailable,
} from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/open.ts';
import { databases } from '../databases.ts';
import { fc } from '../properties.ts';

const insertThing = 'insert into thing (id, name, amount, rev) values ($1, $2, $3, $4)';
const readThing = 'select id, name, amount, rev from thing where id = $1';
const countThings = 'select count(*) as things from thing';

for (const kind of databases) {
  describe(`the store on ${kind.name}`, () => {
    let database: Database;
    let drop: () => Promise<void>;

    before(async () => {
      const opened = await kind.open();
      drop = opened.drop;
      database = await openDatabase(opened.url);
      await database.run('create table thing (id text primary key, name text, amount bigint, rev integer)');
    });

    after(async () => {
      await database.close();
      await drop();
    });

    const insert = (id: string, amount = 0) => database.run(insertThing, [id, 'a thing', amount, 0]);
    const has = async (id: string) => (await database.all(readThing, [id])).length === 1;

    /** Adds 1 where the row is as read; to be run again by the store when it is not. */
    const increment = (id: string) =>
      database.transaction(async (query) => {
        const [row] = await query.all(readThing, [id]);
        assert.ok(row);
        const next = Number(row.amount) + 1;
        const update = 'update thing set amount = $1, rev = rev + 1 where id = $2 and rev = $3';
        if ((await query.run(update, [next, id, row.rev ?? null])) === 0) throw new Stale('thing');
        return next;
      });

    describe('values', () => {
      test('come back as they went in, as plain objects', async () => {
        await database.run(insertThing, ['plain', 'text', 12, null]);
        assert.deepEqual(await database.all(readThing, ['plain']), [
          { id: 'plain', name: 'text', amount: 12, rev: null },
        ]);
      });

      test('hold Korean, emoji, quotes and line ends', async () => {
        const name = `한국어 상품 🎁 "'\\ $1 ?1\r\n\t`;
        await database.run(insertThing, ['한글🔑', name, 0, 0]);
        assert.equal((await database.all(readThing, ['한글🔑']))[0]?.name, name);
      });

      test('hold any text and any safe integer', async () => {
        const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
        const row = fc.tuple(text, fc.maxSafeInteger());
        await fc.assert(
          fc.asyncProperty(row, async ([name, amount]) => {
            const [found] = await database.all(
              'select cast($1 as text) as name, cast($2 as bigint) as amount, $1 as again',
              [name, amount],
            );
            assert.deepEqual(found, { name, amount: amount + 0, again: name });
          }),
          { numRuns: 50 },
        );
      });

      test('may be used more than once and in any order', async () => {
        const sql = `select cast($2 as text) as b, cast($1 as text) as a, cast($1 as text) as c, '$3' as d`;
        assert.deepEqual(await database.all(sql, ['one', 'two']), [
          { b: 'two', a: 'one', c: 'one', d: '$3' },
        ]);
      });

      test('are integers and not floats to the database', async () => {
        const sql = 'select cast(cast($1 as bigint) as text) as text, 7 / cast($1 as bigint) as half';
        assert.deepEqual(await database.all(sql, [2]), [{ text: '2', half: 3 }]);
        await database.run(insertThing, ['number as text', null, 0, 0]);
        await database.run('update thing set name = cast($1 as text) where id = $2', [5, 'number as text']);
        assert.equal((await database.all(readThing, ['number as text']))[0]?.name, '5');
      });

      test('are the largest and smallest safe integers without loss', async () => {
        await insert('largest', Number.MAX_SAFE_INTEGER);
        await insert('smallest', Number.MIN_SAFE_INTEGER);
        const sql = 'select amount from thing where id in ($1, $2) order by amount';
        assert.deepEqual(await database.all(sql, ['largest', 'smallest']), [
          { amount: Number.MIN_SAFE_INTEGER },
          { amount: Number.MAX_SAFE_INTEGER },
        ]);
        await database.run('delete from thing where id in ($1, $2)', ['largest', 'smallest']);
      });

      test('are refused on the way out when JavaScript cannot hold them', async () => {
        await insert('too large', Number.MAX_SAFE_INTEGER);
        await database.run('update thing set amount = amount + 1 where id = $1', ['too large']);
        await assert.rejects(database.all(readThing, ['too large']), RangeError);
        const inside = database.transaction((query) => query.all(readThing, ['too large']));
        await assert.rejects(inside, RangeError);
        await database.run('delete from thing where id = $1', ['too large']);
      });

      test('are refused on the way in when they are not text, a safe integer or null', async () => {
        for (const value of [1.5, Number.NaN, Infinity, 2 ** 53]) {
          await assert.rejects(database.run(insertThing, ['refused', 'a', value, 0]), RangeError);
        }
        for (const value of [true, 1n, undefined, new Date(0), {}]) {
          const wrong = value as unknown as string;
          await assert.rejects(database.run(insertThing, ['refused', 'a', wrong, 0]), TypeError);
        }
        assert.equal(await has('refused'), false);
      });

      test('that are too few or too many are refused', async () => {
        await assert.rejects(database.all(readThing, []));
        await assert.rejects(database.all(readThing, ['a', 'b']));
        await assert.rejects(database.run(insertThing, ['too few']));
      });

      test('of sums, counts and comparisons are integers', async () => {
        const sql = `select count(*) as things, sum(amount) as total, 1 = 1 as yes, 1 = 2 as no
          from (select cast(40 as bigint) as amount union all select 2) as amounts`;
        assert.deepEqual(await database.all(sql), [{ things: 2, total: 42, yes: 1, no: 0 }]);
      });

      test('sort bytewise', async () => {
        const names = ['b', 'B', 'a b', 'aB', '_', 'é', '가', '\uFF5E', '😀', 'a'];
        for (const name of names) await database.run(insertThing, [`sort ${name}`, name, 0, 77]);
        const rows = await database.all('select name from thing where rev = 77 order by name');
        const bytewise = names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        assert.deepEqual(
          rows.map((row) => row.name),
          bytewise,
        );
      });
    });

    describe('a statement', () => {
      test('tells how many rows it changed', async () => {
        await insert('changed 1', 901);
        await insert('changed 2', 901);
        const update = 'update thing set name = $1 where amount = $2';
        assert.equal(await database.run(update, ['new', 901]), 2);
        assert.equal(await database.run(update, ['new', 902]), 0);
      });

      test('gives the rows of a returning clause inside a transaction', async () => {
        const rows = await database.transaction((query) =>
          query.all(`${insertThing} returning id, amount`, ['returned', null, 5, 0]),
        );
        assert.deepEqual(rows, [{ id: 'returned', amount: 5 }]);
        assert.equal(await has('returned'), true);
      });

      test('with on conflict do nothing changes no row and is no Conflict', async () => {
        await insert('taken quietly');
        const again = `${insertThing} on conflict (id) do nothing`;
        assert.equal(await database.run(again, ['taken quietly', 'other', 1, 1]), 0);
      });

      test('must be one statement, so that nothing after a semicolon is lost', async () => {
        await assert.rejects(
          database.run(`delete from thing where id = 'a'; delete from thing where id = 'b'`),
        );
      });

      test('with a mistake is an ordinary error', async () => {
        await assert.rejects(
          database.all('select nonsense from nowhere'),
          (error: Error) => !(error instanceof Unavailable) && !(error instanceof Conflict),
        );
      });
    });

    describe('a transaction', () => {
      test('commits everything it wrote and answers what its closure answered', async () => {
        const answer = await database.transaction(async (query) => {
          await query.run(insertThing, ['both 1', null, 0, 0]);
          await query.run(insertThing, ['both 2', null, 0, 0]);
          return 'done';
        });
        assert.equal(answer, 'done');
        assert.deepEqual([await has('both 1'), await has('both 2')], [true, true]);
      });

      test('rolls everything back when its closure throws, and throws the same on', async () => {
        const refusal = new Error('no');
        const work = database.transaction(async (query) => {
          await query.run(insertThing, ['rolled back', null, 0, 0]);
          throw refusal;
        });
        await assert.rejects(work, (error) => error === refusal);
        assert.equal(await has('rolled back'), false);
      });

      test('rejects when its closure throws before its first await', async () => {
        const refusal = new Error('at once');
        const work = database.transaction(() => {
          throw refusal;
        });
        await assert.rejects(work, (error) => error === refusal);
      });

      test('reads what it wrote itself', async () => {
        const rows = await database.transaction(async (query) => {
          await query.run(insertThing, ['own write', null, 3, 0]);
          return query.all(readThing, ['own write']);
        });
        assert.equal(rows[0]?.amount, 3);
      });

      test('is seen by a read that starts after its answer', async () => {
        for (let round = 0; round < 30; round++) {
          await insert(`seen ${round}`);
          assert.equal(await has(`seen ${round}`), true);
        }
      });

      test('refuses statements that come after its end', async () => {
        const leaked = await database.transaction(async (query) => ({ query }));
        await assert.rejects(leaked.query.run(insertThing, ['leaked', null, 0, 0]), /after the end/);
        assert.equal(await has('leaked'), false);
      });
    });

    describe('a Conflict', () => {
      test('is what a second row with the same key gets, outside and inside a transaction', async () => {
        await insert('taken');
        await assert.rejects(insert('taken'), Conflict);
        const inside = database.transaction((query) => query.run(insertThing, ['taken', null, 0, 0]));
        await assert.rejects(inside, Conflict);
      });

      test('can be turned into another error by the closure', async () => {
        await insert('taken too');
        const refusal = new Error('already there');
        const work = database.transaction(async (query) => {
          await query.run(insertThing, ['taken too', null, 0, 0]).catch((error) => {
            assert.ok(error instanceof Conflict);
            throw refusal;
          });
        });
        await assert.rejects(work, (error) => error === refusal);
      });

      test('that the closure swallows still rolls back and rejects', async () => {
        await insert('taken again');
        const work = database.transaction(async (query) => {
          await query.run(insertThing, ['before the conflict', null, 0, 0]);
          await query.run(insertThing, ['taken again', null, 0, 0]).catch(() => {});
        });
        await assert.rejects(work, Conflict);
        assert.equal(await has('before the conflict'), false);
      });

      test('makes every later statement of its closure fail the same way', async () => {
        await insert('taken last');
        const work = database.transaction(async (query) => {
          await query.run(insertThing, ['taken last', null, 0, 0]).catch(() => {});
          await assert.rejects(query.run(insertThing, ['after the conflict', null, 0, 0]), Conflict);
        });
        await assert.rejects(work, Conflict);
        assert.equal(await has('after the conflict'), false);
      });

      test('meets exactly all but one of many that want the same key at once', async () => {
        const attempts = Array.from({ length: 20 }, () =>
          database.transaction((query) => query.run(insertThing, ['wanted', null, 0, 0])),
        );
        const outcomes = await Promise.allSettled(attempts);
        const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
        assert.equal(refused.length, 19);
        for (const { reason } of refused) assert.ok(reason instanceof Conflict);
      });
    });

    describe('Stale', () => {
      test('runs the closure again from its start, with nothing left of the first time', async () => {
        let runs = 0;
        await database.transaction(async (query) => {
          runs++;
          await query.run(insertThing, [`stale ${runs}`, null, 0, 0]);
          if (runs < 3) throw new Stale('not yet');
        });
        assert.equal(runs, 3);
        assert.deepEqual(
          [await has('stale 1'), await has('stale 2'), await has('stale 3')],
          [false, false, true],
        );
      });

      test('is thrown on after the last of the allowed attempts', async () => {
        let runs = 0;
        const work = database.transaction(async () => {
          runs++;
          throw new Stale('never');
        });
        await assert.rejects(work, Stale);
        assert.equal(runs, transactionAttempts);
      });

      test('lets a closure succeed in the very last of the allowed attempts', async () => {
        let runs = 0;
        const answer = await database.transaction(async () => {
          runs++;
          if (runs < transactionAttempts) throw new Stale('not yet');
          return runs;
        });
        assert.equal(answer, transactionAttempts);
      });
    });

    describe('many at once', () => {
      test('read, compute and write guarded by rev without losing one', async () => {
        await insert('counter');
        const worker = async (): Promise<void> => {
          for (let done = 0; done < 10; ) {
            const [turn] = await Promise.allSettled([increment('counter')]);
            if (turn.status === 'fulfilled') done += 1;
            // who lost all his attempts by bad luck is told so, and has changed nothing
            else assert.ok(turn.reason instanceof Stale, String(turn.reason));
          }
        };
        await Promise.all(Array.from({ length: 5 }, worker));
        const [row] = await database.all(readThing, ['counter']);
        assert.deepEqual([row?.amount, row?.rev], [50, 50]);
      });

      test('that touch different rows all come through', async () => {
        const ids = Array.from({ length: 200 }, (_, index) => `apart ${index}`);
        await Promise.all(ids.map((id) => insert(id)));
        assert.deepEqual(
          await Promise.all(ids.map(increment)),
          ids.map(() => 1),
        );
      });

      test('are not taken along by one that fails', async () => {
        const ids = Array.from({ length: 60 }, (_, index) => `group ${index}`);
        const outcomes = await Promise.allSettled(
          ids.map((id, index) =>
            database.transaction(async (query) => {
              await query.run(insertThing, [id, null, 0, 0]);
              if (index % 3 === 0) throw new Error('this one only');
              if (index % 3 === 1) await query.run('select nonsense from nowhere').catch(() => {});
            }),
          ),
        );
        for (const [index, id] of ids.entries()) {
          assert.equal(outcomes[index]?.status, index % 3 === 2 ? 'fulfilled' : 'rejected', id);
          assert.equal(await has(id), index % 3 === 2, id);
        }
      });

      test('never show a read outside what is not committed', async () => {
        const reads: Promise<unknown[]>[] = [];
        const refused = database.transaction(async (query) => {
          await query.run(insertThing, ['never seen', null, 0, 0]);
          // Not awaited: on one connection the read has to wait until this transaction is over.
          reads.push(database.all(readThing, ['never seen']));
          await query.all(countThings);
          reads.push(database.all(readThing, ['never seen']));
          throw new Error('no');
        });
        await assert.rejects(refused);
        assert.deepEqual(await Promise.all(reads), [[], []]);
      });

      test('of which readers see all or nothing of each transaction', async () => {
        let running = true;
        const writer = async () => {
          for (let turn = 0; turn < 30; turn++) {
            await database.transaction(async (query) => {
              await query.run(insertThing, [`pair ${turn} a`, null, 0, 55]);
              await query.run(insertThing, [`pair ${turn} b`, null, 0, 55]);
            });
          }
          running = false;
        };
        const reader = async () => {
          while (running) {
            const [row] = await database.all('select count(*) as things from thing where rev = 55');
            assert.equal(Number(row?.things) % 2, 0);
            await new Promise((resolve) => setImmediate(resolve));
          }
        };
        await Promise.all([writer(), reader(), reader()]);
      });
    });
  });

  describe(`closing the store on ${kind.name}`, () => {
    test('finishes what waits, refuses what comes later and may be done twice', async () => {
      const { url, drop } = await kind.open();
      try {
        const database = await openDatabase(url);
        await database.run('create table thing (id text primary key)');
        const waiting = database.transaction((query) => query.run(`insert into thing values ('waiting')`));
        const closing = database.close();
        assert.equal(await waiting, 1);
        await Promise.all([closing, database.close()]);
        await assert.rejects(
          database.transaction(async () => 1),
          Unavailable,
        );
        await assert.rejects(database.run('delete from thing'), Unavailable);
        await assert.rejects(database.all('select id from thing'), Unavailable);
      } finally {
        await drop();
      }
    });
  });
}

describe('a database URL', () => {
  test('of no known form is refused by its setting and rule, without its password', async () => {
    for (const url of ['mysql://till:hunter2@localhost/till', 'hunter2', 'sqlite:', '', 'Postgres:hunter2']) {
      await assert.rejects(openDatabase(url), (error: Error) => {
        assert.match(error.message, /^TILL_DATABASE_URL must be sqlite:<path>, .*postgres:\/\//);
        assert.doesNotMatch(error.message, /hunter2/);
        return true;
      });
    }
  });
});
