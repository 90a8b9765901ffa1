// A disk that takes no writes: they answer ServiceMaintenance, nothing is half done, reads go on, and it passes.
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { SqliteOptions } from '../../src/store/sqlite.ts';
import { databases } from '../databases.ts';
import { type Answer, startServer, type TestServer } from '../server.ts';
import { assertRefused, assertStatus, assertSucceeded, type Bought, openShop, type Shop } from './shop.ts';

interface Disk {
  name: string;
  database: 'sqlite memory' | 'sqlite file';
  sqlite?: SqliteOptions;
  fail(server: TestServer): Promise<unknown>;
  recover(server: TestServer): Promise<unknown>;
}

/** What a commit throws instead of happening, as `node:sqlite` would throw it. */
let fault: { errcode: number; message: string } | undefined;
const sqlite: SqliteOptions = {
  fault: () => {
    if (fault !== undefined) throw Object.assign(new Error(fault.message), { errcode: fault.errcode });
  },
};
const faulty = (name: string, errcode: number): Disk => ({
  name,
  database: 'sqlite file',
  sqlite,
  fail: async () => {
    fault = { errcode, message: 'disk I/O error' };
  },
  recover: async () => {
    fault = undefined;
  },
});

const onWriter = (server: TestServer, pragma: string) =>
  server.till.host.database.transaction((query) => query.all(pragma));

const disks: Disk[] = [
  {
    name: 'a full disk (the limit of pages)',
    database: 'sqlite file',
    fail: async (server) => {
      const [row] = await onWriter(server, 'pragma page_count');
      await onWriter(server, `pragma max_page_count = ${row?.page_count}`);
    },
    recover: (server) => onWriter(server, 'pragma max_page_count = 1000000'),
  },
  {
    name: 'a database that may only be read',
    database: 'sqlite memory',
    fail: (server) => server.till.host.database.all('pragma query_only = on'),
    recover: (server) => server.till.host.database.all('pragma query_only = off'),
  },
  faulty('a failing write of the log (SQLITE_IOERR_WRITE)', 778),
  faulty('a failing fsync of the log (SQLITE_IOERR_FSYNC)', 1034),
];

const recoverWithinMs = 60_000;

async function untilReady(server: TestServer): Promise<void> {
  const limit = performance.now() + recoverWithinMs;
  while ((await server.call('GET', '/readyz')).status !== 200) {
    if (performance.now() > limit) throw new Error('readiness did not turn green again');
    await wait(50);
  }
}

/** All that the buyers and the seller have, row by row. */
async function rowsOf({ server }: Shop): Promise<unknown> {
  const { database } = server.till.host;
  return {
    purchases: await database.all('select * from purchase order by app_id, purchase_token'),
    receipts: await database.all('select * from receipt order by app_id, purchase_id'),
    ledger: await database.all('select * from ledger order by app_id, purchase_token, seq'),
  };
}

async function assertReadable(shop: Shop, purchase: Bought): Promise<void> {
  assertStatus(await shop.details(purchase), 200);
  assertStatus(await shop.voided(), 200);
  assertStatus(await shop.unconfirmed(), 200);
  assertStatus(await shop.control('GET', `/purchases/${purchase.purchaseToken}`), 200);
  assertStatus(await shop.server.call('GET', '/healthz'), 200);
}

for (const disk of disks) {
  describe(disk.name, () => {
    let shop: Shop;
    let server: TestServer;
    let bought: Bought[];

    before(async () => {
      fault = undefined;
      const database = databases.find(({ name }) => name === disk.database);
      assert.ok(database);
      server = await startServer(database, {}, disk.sqlite === undefined ? {} : { sqlite: disk.sqlite });
      shop = await openShop(server);
      bought = await Promise.all(Array.from({ length: 12 }, () => shop.buy()));
    });
    after(() => server.stop());

    test('refuses writes with the standard body, keeps nothing of them, goes on reading, and recovers', async () => {
      const [first, second, third] = bought;
      assert.ok(first && second && third);
      assertStatus(await server.call('GET', '/readyz'), 200);
      await disk.fail(server);
      const refused = await writeUntilRefused(shop);
      assert.equal(refused.body?.error?.code, 'ServiceMaintenance', refused.text);
      const before = await rowsOf(shop);

      const consumes = bought.slice(0, 6);
      const answers = await Promise.all(consumes.map((purchase) => shop.consume(purchase)));
      answers.push(...(await Promise.all(bought.slice(6).map((purchase) => shop.acknowledge(purchase)))));
      for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 'ServiceMaintenance');
      // a full disk may have room for the one or other small row: what was acknowledged is there, and only that
      await assertSteps(shop, bought, answers);
      if (answers.every(({ status }) => status === 503)) assert.deepEqual(await rowsOf(shop), before);
      assertRefused(await server.call('GET', '/readyz'), 'ServiceMaintenance');
      await assertReadable(shop, first);

      // the trial once a second must not turn it green while nothing has changed
      await wait(1_300);
      assertRefused(await server.call('GET', '/readyz'), 'ServiceMaintenance');
      assert.ok(server.logged.some((line) => line.includes('the database takes no writes')));

      await disk.recover(server);
      await untilReady(server);
      await shop.buy();
      for (const purchase of bought) {
        const consumed = await shop.consume(purchase);
        if (consumed.status !== 409) assertSucceeded(consumed);
      }
      assert.ok(server.logged.some((line) => line.includes('the database takes writes again')));
      const [check] = await server.till.host.database.all('pragma integrity_check');
      assert.equal(check?.integrity_check, 'ok');
    });
  });
}

/** Buys until the disk has no room for a purchase; with any other fault that is the first one. */
async function writeUntilRefused(shop: Shop): Promise<Answer> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await shop.control('POST', '/purchases', { productId: 'product01' });
    if (answer.status === 503) return answer;
    assertStatus(answer, 201);
  }
  throw new Error('two hundred purchases were taken');
}

/** The first six were consumed, the others acknowledged, each exactly where that was answered with success. */
async function assertSteps(shop: Shop, bought: readonly Bought[], answers: readonly Answer[]): Promise<void> {
  for (const [index, { purchaseToken }] of bought.entries()) {
    const { body } = await shop.control('GET', `/purchases/${purchaseToken}`);
    const step = index < 6 ? 'consumed' : 'acknowledged';
    const expected = answers[index]?.status === 200 ? ['purchased', step] : ['purchased'];
    assert.deepEqual(
      body.history.map(({ what }: { what: string }) => what),
      expected,
    );
    assert.equal(body.acknowledged, answers[index]?.status === 200);
  }
  const [row] = await shop.server.till.host.database.all(
    `select (select count(*) from ledger) as entries, (select sum(entry_count) from purchase) as counted,
       (select count(*) from purchase) as purchases, (select count(*) from receipt) as receipts`,
  );
  assert.deepEqual([row?.entries, row?.purchases], [row?.counted, row?.receipts]);
}

test('after a failed fsync the log is emptied into the file before anything is committed again', async () => {
  const database = databases.find(({ name }) => name === 'sqlite file');
  assert.ok(database);
  const opened = await database.open();
  const log = `${opened.url.slice('sqlite:'.length)}-wal`;
  let failing = false;
  let logSizes: number[] = [];
  const server = await startServer(
    { url: opened.url },
    {},
    {
      sqlite: {
        fault: () => {
          logSizes.push(statSync(log).size);
          if (failing) throw Object.assign(new Error('disk I/O error'), { errcode: 1034 });
        },
      },
    },
  );
  try {
    const shop = await openShop(server);
    const purchase = await shop.buy();
    failing = true;
    logSizes = [];
    assertRefused(await shop.consume(purchase), 'ServiceMaintenance');
    // the first: the trial write, once a second, may have followed
    assert.ok(Number(logSizes[0]) > 0, 'the acknowledged purchase was in the log');
    failing = false;
    logSizes = [];
    assertSucceeded(await shop.consume(purchase));
    assert.equal(logSizes[0], 0);
  } finally {
    await server.stop();
    await opened.drop();
  }
});
