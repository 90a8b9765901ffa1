// A change of price reaches every running subscriber once, however many there are and whichever node stops meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { finishPriceChanges } from '../../src/actions/control/change-price.ts';
import type { Database } from '../../src/store/database.ts';
import { insertSubscription, loadSubscription } from '../../src/store/subscriptions.ts';
import { databases, httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { noon, openSubscribers, type Subscribers } from './subscribers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

interface Lists {
  left: number;
  /** The scheduler's own turn, which may come at any moment, finds nothing to finish. */
  unseen?: boolean;
}

/** A database whose lists of subscribers to be told come so many times, and then no more. */
function stoppingAfter(lists: Lists) {
  return (real: Database): Database => ({
    ...real,
    all: async (sql, values) => {
      if (lists.unseen && sql.includes('price_change is not null order by')) return [];
      if (sql.includes('price_seq <') && lists.left-- <= 0) throw new Error('the node has stopped');
      return real.all(sql, values);
    },
  });
}

/** One subscriber and `count` more like it, in the store alone; returns the token of the first. */
async function fill(server: TestServer, shop: Subscribers, count: number): Promise<string> {
  const { database } = server.till.host;
  const { purchaseToken } = await shop.subscribe({ buyerId: 'first' });
  const [row] = await database.all('select app_id from subscription where purchase_token = $1', [
    purchaseToken,
  ]);
  const first = (await loadSubscription(database, String(row?.app_id), purchaseToken)) ?? assert.fail();
  await database.transaction(async (query) => {
    for (let number = 1; number <= count; number++) {
      const name = String(number).padStart(12, '0');
      await insertSubscription(query, { ...first, purchaseToken: `SANDBOXU${name}`, buyerId: name });
    }
  });
  return purchaseToken;
}

/** How many subscriptions are at each number of the product's changes, and have so many changes waiting. */
async function reached(server: TestServer, shop: Subscribers): Promise<Record<string, number>> {
  const rows = await server.till.host.database.all(
    'select price_seq, price_changes from subscription where world_id = $1',
    [shop.app.worldId],
  );
  const counts: Record<string, number> = {};
  for (const { price_seq, price_changes } of rows) {
    const name = `${price_seq}: ${JSON.parse(String(price_changes)).length}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const unfinished = async (server: TestServer) =>
  (await server.till.host.database.all('select product_id from product where price_change is not null'))
    .length;
const change = (shop: Subscribers, price: string) => shop.call('POST', '/products/pass/price', { price });

for (const database of httpDatabases) {
  describe(`the reach of a change of price on ${database.name}`, () => {
    const lists: Lists = { left: Number.POSITIVE_INFINITY };
    let server: TestServer;
    before(async () => {
      server = await startServer(database, {}, { wrapDatabase: stoppingAfter(lists) });
    });
    after(() => server.stop());

    for (const count of [0, 199, 200, 400, 449]) {
      test(`${count + 1} subscribers are all told, each once`, async () => {
        const shop = await openSubscribers(server);
        const purchaseToken = await fill(server, shop, count);
        expectStatus(await change(shop, '12900'), 200);
        assert.deepEqual(await reached(server, shop), { '1: 1': count + 1 });
        assert.equal(await unfinished(server), 0);
        const { happened } = await shop.advance('P7D');
        assert.equal(happened.length, count + 1);
        const tokens = new Set(happened.map((one: Json) => one.purchaseToken));
        assert.equal(tokens.size, count + 1);
        for (const { what, at } of happened)
          assert.deepEqual([what, at], ['priceTold', noon + 7 * 86_400_000]);
        assert.deepEqual((await shop.happened(purchaseToken)).slice(2), ['priceTold']);
        expectStatus(await server.control('DELETE', `/worlds/${shop.app.worldId}`), 204);
      });
    }

    test('of other products and other apps nobody is told', async () => {
      const shop = await openSubscribers(server);
      const other = await openSubscribers(server);
      const elsewhere = await other.subscribe();
      const monthly = await shop.subscribe({ productId: 'monthly' });
      expectStatus(await change(shop, '12900'), 200);
      assert.equal((await other.read(elsewhere.purchaseToken)).subscription.newPrice, null);
      assert.equal((await shop.read(monthly.purchaseToken)).subscription.newPrice, null);
    });

    test('what a node that stopped has left is finished by any other, and each takes the change once', async () => {
      const shop = await openSubscribers(server);
      await fill(server, shop, 449);
      Object.assign(lists, { left: 1, unseen: true });
      try {
        assert.equal((await change(shop, '12900')).status, 500);
        // the change stands, for new buyers and for those who have heard of it
        assert.equal(expectStatus(await shop.call('GET', '/products/pass'), 200).price, '12900');
        assert.deepEqual(await reached(server, shop), { '1: 1': 200, '0: 0': 250 });
        assert.equal(await unfinished(server), 1);
        lists.unseen = false;
        await finishPriceChanges(server.till.host);
        assert.equal(await unfinished(server), 1, 'what fails is left for another turn');
      } finally {
        Object.assign(lists, { left: Number.POSITIVE_INFINITY, unseen: false });
      }
      await Promise.all([1, 2, 3].map(() => finishPriceChanges(server.till.host)));
      assert.deepEqual(await reached(server, shop), { '1: 1': 450 });
      assert.equal(await unfinished(server), 0);
      await finishPriceChanges(server.till.host);
      assert.equal((await shop.advance('P7D')).happened.length, 450);
    });

    /** Changes the price and tells nobody of it; the scheduler's own turn does not either until `seen`. */
    const leaveUnfinished = async (shop: Subscribers) => {
      Object.assign(lists, { left: 0, unseen: true });
      assert.equal((await change(shop, '12900')).status, 500);
      lists.left = Number.POSITIVE_INFINITY;
    };
    const seen = () => {
      lists.unseen = false;
    };

    test('finished late, it counts from when the price was changed', async () => {
      const shop = await openSubscribers(server);
      const purchaseToken = await fill(server, shop, 0);
      await leaveUnfinished(shop);
      await shop.advance('P3D');
      seen();
      await finishPriceChanges(server.till.host);
      const { newPrice } = (await shop.read(purchaseToken)).subscription;
      assert.equal(newPrice.toldAt, noon + 7 * 86_400_000);
    });

    test('a second change takes the place of one that was left unfinished', async () => {
      const shop = await openSubscribers(server);
      const purchaseToken = await fill(server, shop, 0);
      await leaveUnfinished(shop);
      expectStatus(await change(shop, '13900'), 200);
      seen();
      assert.deepEqual(await reached(server, shop), { '2: 1': 1 });
      assert.equal((await shop.read(purchaseToken)).subscription.newPrice.price, '13900');
      assert.equal(await unfinished(server), 0);
    });

    test('an app that is deleted with its change unfinished leaves nothing to finish', async () => {
      const shop = await openSubscribers(server);
      await fill(server, shop, 0);
      await leaveUnfinished(shop);
      expectStatus(await shop.call('DELETE', ''), 204);
      seen();
      await finishPriceChanges(server.till.host);
      assert.equal(await unfinished(server), 0);
    });

    test('whoever buys while the price changes pays either, and hears of it where it was the old one', async () => {
      const shop = await openSubscribers(server);
      const buying = Array.from({ length: 12 }, (_, index) => shop.subscribe({ buyerId: `b${index}` }));
      const [, ...bought] = await Promise.all([change(shop, '12900'), ...buying]);
      for (const { purchaseToken, price } of bought) {
        const { newPrice, nextPrice } = (await shop.read(purchaseToken)).subscription;
        if (price === '12900') assert.deepEqual([newPrice, nextPrice], [null, '12900']);
        else assert.equal(newPrice?.price, '12900');
      }
    });
  });
}

for (const database of databases.filter(({ name }) => name !== 'sqlite memory')) {
  test(`on ${database.name} the scheduler of the next start finishes a change by itself`, async () => {
    const opened = await database.open();
    const wrapDatabase = stoppingAfter({ left: 1, unseen: true });
    const first = await startServer({ url: opened.url }, {}, { wrapDatabase });
    const shop = await openSubscribers(first);
    await fill(first, shop, 249);
    assert.equal((await change(shop, '12900')).status, 500);
    assert.equal(await unfinished(first), 1);
    await first.stop();
    const second = await startServer({ url: opened.url });
    try {
      for (const end = Date.now() + 90_000; (await unfinished(second)) > 0; await wait(100)) {
        assert.ok(Date.now() < end, 'nobody finishes it');
      }
      assert.deepEqual(await reached(second, shop), { '1: 1': 250 });
    } finally {
      await second.stop();
      await opened.drop();
    }
  });
}
