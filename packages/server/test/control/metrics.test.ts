// Metrics: what a scrape tells, where it is answered, and that it tells nothing of apps and buyers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { openShop } from '../http/shop.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { korea, noon, openSubscribers } from './subscribers.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Every sample of a scrape, `name{labels}` with its value. */
async function scrape(base: string): Promise<Map<string, number>> {
  const answer = await fetch(`${base}/metrics`);
  assert.equal(answer.status, 200);
  const text = await answer.text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

function sum(samples: Map<string, number>, begins: string): number {
  return [...samples].filter(([name]) => name.startsWith(begins)).reduce((all, [, value]) => all + value, 0);
}

for (const database of httpDatabases) {
  describe(`metrics on ${database.name}`, () => {
    const machine = { now: Date.now() };
    let server: TestServer;

    before(async () => {
      server = await startServer(database, {}, { clock: () => machine.now });
    });
    after(() => server.stop());

    /** A scrape behind the time for which figures are kept; the machine's clock is the test's. */
    const fresh = () => {
      machine.now += minuteMs;
      return scrape(server.url);
    };

    test('need no key, are text for Prometheus, and are all described in docs/metrics.md', async () => {
      const answer = await server.call('GET', '/metrics');
      assert.deepEqual(
        [answer.status, answer.headers.get('content-type')],
        [200, 'text/plain; version=0.0.4; charset=utf-8'],
      );
      const document = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
      const families = [...answer.text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
      const ours = families.filter(([, name = '']) => name.startsWith('till_'));
      assert.ok(ours.length >= 14);
      for (const [, name, type] of ours) assert.ok(document.includes(`| \`${name}\` | ${type} |`), name);
      for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes']) {
        assert.ok(
          families.some(([, found]) => found === name),
          name,
        );
        assert.ok(document.includes(name), name);
      }
    });

    test('requests count by operation and code, and their latency by operation', async () => {
      const shop = await openShop(server);
      const bought = await shop.buy();
      const before = await scrape(server.url);
      expectStatus(await shop.details(bought), 200);
      expectStatus(await shop.consume(bought), 200);
      assert.deepEqual(refusal(await shop.consume(bought)), [409, 'InvalidConsumeState']);
      assert.deepEqual(refusal(await server.call('GET', '/v7/nowhere')), [404, 'ResourceNotFound']);
      const after = await scrape(server.url);
      const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
      const requests = (operation: string, code: string) =>
        grown(`till_requests_total{operation="${operation}",code="${code}"}`);
      assert.equal(requests('getPurchaseDetails', 'Success'), 1);
      assert.equal(requests('consumePurchase', 'Success'), 1);
      assert.equal(requests('consumePurchase', 'InvalidConsumeState'), 1);
      assert.equal(requests('none', 'ResourceNotFound'), 1);
      const latency = 'till_request_duration_seconds';
      assert.equal(grown(`${latency}_count{operation="consumePurchase"}`), 2);
      assert.equal(grown(`${latency}_bucket{le="+Inf",operation="consumePurchase"}`), 2);
      assert.ok(grown(`${latency}_sum{operation="consumePurchase"}`) > 0);
    });

    test('commits of SQLite and the transactions they carried, or the connections of PostgreSQL', async () => {
      const shop = await openShop(server);
      const bought = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(() => shop.buy()));
      const before = await scrape(server.url);
      await Promise.all(bought.map((purchase) => shop.consume(purchase)));
      const after = await scrape(server.url);
      const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0);
      if (database.name === 'postgres') {
        assert.ok((after.get('till_database_connections{state="total"}') ?? 0) >= 1);
        assert.equal(after.get('till_database_connections{state="waiting"}'), 0);
        assert.equal(after.has('till_sqlite_commits_total'), false);
      } else {
        assert.ok(grown('till_sqlite_commits_total') >= 1);
        assert.equal(grown('till_sqlite_commit_transactions_sum'), 8);
        assert.equal(grown('till_sqlite_commit_transactions_count'), grown('till_sqlite_commits_total'));
        assert.equal(sum(after, 'till_database_connections'), 0);
      }
    });

    test('purchases nobody acknowledges: the age of the oldest, and how many are voided within a day', async () => {
      const app = await server.app();
      const other = await server.app({ worldId: await server.world() });
      await server.buy(other); // its clock stands still: time alone changes nothing there
      await server.buy(app);
      machine.now += 40 * hourMs;
      await server.buy(app);
      const early = await fresh();
      const age = 'till_oldest_unconfirmed_purchase_seconds';
      assert.equal(early.get('till_purchases_voided_within_a_day'), 0);
      assert.equal(early.get(age), (40 * hourMs + minuteMs) / 1000);
      machine.now += 10 * hourMs;
      const late = await fresh();
      assert.equal(late.get('till_purchases_voided_within_a_day'), 1);
      assert.equal(late.get('till_due_purchases'), 0);
      machine.now += 24 * hourMs;
      // the scheduler is about to void it: what is left is the other one
      const { database } = server.till.host;
      const isVoided = 'select purchase_id from purchase where voided_at is not null';
      for (let round = 0; round < 1_200 && (await database.all(isVoided)).length === 0; round++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const voided = await fresh();
      assert.ok((voided.get(age) ?? 0) < 40 * 3600);
      assert.equal(voided.get('till_purchases_voided_within_a_day'), 0);
      expectStatus(await server.control('DELETE', `/apps/${app.clientId}`), 204);
    });

    test('what is due and not done yet is told, and overdue once it is a minute late', async () => {
      const worldId = await server.world({ frozen: false, now: Date.now() });
      const app = await server.app({ worldId });
      await server.buy(app);
      server.till.host.node.advancing.add(worldId); // as while its clock is being advanced: the scheduler stays away
      try {
        machine.now += 72 * hourMs;
        const due = await fresh(); // a minute on
        assert.equal(due.get('till_due_purchases'), 1);
        assert.equal(due.get('till_oldest_overdue_seconds'), 60);
        const overdue = await fresh();
        assert.equal(overdue.get('till_overdue_purchases'), 1);
        assert.equal(overdue.get('till_oldest_overdue_seconds'), 120);
      } finally {
        server.till.host.node.advancing.delete(worldId);
      }
    });

    test('live tokens, wrong secrets, maintenance', async () => {
      machine.now += 2 * hourMs; // every token so far has ended
      const app = await server.app({ worldId: await server.world() });
      const before = await fresh();
      await server.token(app);
      await assert.rejects(server.token({ ...app, clientSecret: 'wrong' }), /403/);
      expectStatus(await server.control('PUT', '/maintenance', { on: true }), 200);
      try {
        const after = await fresh();
        const live = 'till_live_access_tokens';
        assert.deepEqual([before.get(live), after.get(live)], [0, 1]);
        assert.equal(after.get('till_maintenance'), 1);
        const wrong = 'till_wrong_secrets_total';
        assert.equal((after.get(wrong) ?? 0) - (before.get(wrong) ?? 0), 1);
      } finally {
        expectStatus(await server.control('PUT', '/maintenance', { on: false }), 200);
      }
    });

    test('nothing is told about apps or buyers', async () => {
      const app = await server.app({ clientId: 'com.example.unseen', worldId: await server.world() });
      const bought = await server.buy(app, { buyerId: 'buyer-unseen', developerPayload: 'payload-unseen' });
      await server.token(app);
      const { text } = await server.call('GET', '/metrics');
      for (const secret of ['unseen', app.worldId, app.clientSecret, bought.purchaseToken, 'product01']) {
        assert.ok(!text.includes(secret), secret);
      }
    });

    test('a scrape asks the database once in five seconds, however often it comes', async () => {
      await fresh();
      const { host } = server.till;
      const { all } = host.database;
      let reads = 0;
      (host.database as { all: typeof all }).all = (sql, values) => {
        // the scheduler reads as well, whenever it is its turn; nobody but a scrape counts what waits
        if (/^select count\(\*\) as number from\s+\(select app_id from notification/.test(sql)) reads += 1;
        return all(sql, values);
      };
      try {
        for (let scrapes = 0; scrapes < 20; scrapes++) await scrape(server.url);
        assert.equal(reads, 0);
        machine.now += 6_000;
        await scrape(server.url);
        assert.equal(reads, 1);
      } finally {
        (host.database as { all: typeof all }).all = all;
      }
    });

    test('a database that is gone leaves its figures out and is told as down', async () => {
      const lonely = await startServer(database, {}, { clock: () => machine.now });
      try {
        await lonely.till.host.database.close();
        const samples = await scrape(lonely.url);
        assert.equal(samples.get('till_database_up'), 0);
        assert.equal(samples.has('till_due_purchases'), false);
        assert.ok(samples.has('process_resident_memory_bytes'));
      } finally {
        await lonely.stop();
      }
    });
  });

  test(`subscriptions count with the purchases on ${database.name}, their payments only where they are late`, async () => {
    const machine = { now: noon };
    const server = await startServer(database, {}, { clock: () => machine.now });
    const fresh = () => {
      machine.now += minuteMs;
      return scrape(server.url);
    };
    const figures = async () => {
      const samples = await fresh();
      const of = (name: string) => samples.get(`till_${name}`);
      return {
        due: of('due_purchases'),
        overdue: of('overdue_purchases'),
        lateSeconds: of('oldest_overdue_seconds'),
        unconfirmedHours: Math.floor((of('oldest_unconfirmed_purchase_seconds') ?? 0) / 3600),
        voidsWithinADay: of('purchases_voided_within_a_day'),
      };
    };
    const nothing = { due: 0, overdue: 0, lateSeconds: 0, unconfirmedHours: 0, voidsWithinADay: 0 };
    try {
      const shop = await openSubscribers(server);
      const { worldId } = shop.app;
      const run = { frozen: false, now: noon };
      expectStatus(await server.control('PUT', `/worlds/${worldId}/clock`, run), 200);
      await shop.subscribe();
      await shop.subscribe({ productId: 'monthly' });
      machine.now = korea(2, 14, 12); // their payments are less than a day away, and nobody has to acknowledge them
      assert.deepEqual(await figures(), nothing);

      const boughtAt = machine.now;
      await shop.buy();
      server.till.host.node.advancing.add(worldId); // the scheduler stays away
      machine.now = korea(2, 15, 10) - minuteMs;
      const due = await figures();
      assert.deepEqual([due.due, due.overdue, due.lateSeconds], [2, 0, 0]);
      const late = await figures();
      assert.deepEqual([late.due, late.overdue, late.lateSeconds], [2, 2, 60]);
      assert.deepEqual([late.unconfirmedHours, late.voidsWithinADay], [22, 0]);
      machine.now = boughtAt + 49 * hourMs;
      const unconfirmed = await figures();
      assert.deepEqual([unconfirmed.unconfirmedHours, unconfirmed.voidsWithinADay], [49, 1]);
    } finally {
      await server.stop();
    }
  });

  test(`in commercial on ${database.name} the metrics are on the control port only`, async () => {
    const server = await startServer(database, {
      environment: 'commercial',
      masterKey: Buffer.alloc(32, 1),
    });
    try {
      assert.equal((await fetch(`${server.url}/metrics`)).status, 404);
      const samples = await scrape(server.till.controlUrl);
      assert.ok(
        [...samples.keys()].some((name) => /^till_build_info\{.*environment="commercial"/.test(name)),
      );
    } finally {
      await server.stop();
    }
  });
}
