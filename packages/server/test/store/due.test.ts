// What is due in the store: purchases and subscriptions together, in time order, within a bound.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Database } from '../../src/store/database.ts';
import { listChargesDue, listDue, listDueOfApp } from '../../src/store/due.ts';
import { insertPurchase } from '../../src/store/purchases.ts';
import { insertSubscription } from '../../src/store/subscriptions.ts';
import { databases } from '../databases.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { aPurchase, aSubscription, noon } from './things.ts';

const worldId = 'world of due';

for (const kind of databases) {
  describe(`what is due in the store on ${kind.name}`, () => {
    let database: Database;
    let close: OpenStore['close'];

    before(async () => {
      ({ database, close } = await openStore(kind));
      const purchases: [appId: string, number: number, dueAt: number | null][] = [
        ['one', 1, noon + 5],
        ['one', 2, noon + 1],
        ['two', 3, noon + 3],
        ['one', 4, null],
      ];
      const subscriptions: [appId: string, number: number, dueAt: number | null][] = [
        ['one', 11, noon + 4],
        ['two', 12, noon + 2],
        ['one', 13, noon + 6],
        ['one', 14, null],
      ];
      await database.transaction(async (query) => {
        for (const [appId, number, dueAt] of purchases) {
          await insertPurchase(query, aPurchase({ appId, worldId, number, dueAt }));
        }
        for (const [appId, number, dueAt] of subscriptions) {
          await insertSubscription(query, aSubscription({ appId, worldId, number, dueAt }));
        }
        await insertPurchase(query, aPurchase({ appId: 'one', worldId: 'another', number: 9, dueAt: noon }));
      });
    });
    after(() => close());

    const numbersOf = (due: { purchaseToken: string }[]) =>
      due.map(({ purchaseToken }) => Number(purchaseToken.slice(8)));
    const ofWorld = async (until: number, limit = 99) =>
      numbersOf(await listDue(database, worldId, until, limit));
    const ofApp = async (appId: string, until: number, limit = 99) =>
      numbersOf(await listDueOfApp(database, appId, until, limit));

    test('a world’s purchases and subscriptions come together, the earliest first', async () => {
      assert.deepEqual(await ofWorld(noon + 9), [2, 12, 3, 11, 1, 13]);
      assert.deepEqual(await ofWorld(noon + 3), [2, 12, 3]);
      assert.deepEqual(await ofWorld(noon), []);
    });

    test('a bound keeps the earliest of both', async () => {
      for (const limit of [1, 2, 3, 4, 5]) {
        assert.deepEqual(await ofWorld(noon + 9, limit), [2, 12, 3, 11, 1, 13].slice(0, limit));
      }
      assert.deepEqual(await ofApp('one', noon + 9, 3), [9, 2, 11]);
    });

    test('an app’s come from its own rows, whatever their world', async () => {
      assert.deepEqual(await ofApp('one', noon + 9), [9, 2, 11, 1, 13]);
      assert.deepEqual(await ofApp('two', noon + 2), [12]);
      assert.deepEqual(await ofApp('three', noon + 9), []);
    });

    test('each tells what it is, where it is found again, and when it is due', async () => {
      const [purchase, subscription] = await listDue(database, worldId, noon + 9, 2);
      const names = { appId: 'one', purchaseToken: 'SANDBOXT000000000002', productId: 'product01' };
      assert.deepEqual(purchase, { is: 'purchase', ...names, dueAt: noon + 1 });
      assert.deepEqual(subscription, {
        is: 'subscription',
        appId: 'two',
        purchaseToken: 'SANDBOXT000000000012',
        productId: 'pass',
        dueAt: noon + 2,
      });
    });

    test('what waits for a payment gateway stands apart, and not while a node asks for it', async () => {
      const given = { appId: 'paying', worldId: 'world of charges' };
      const subscriptions = [
        { number: 21, dueAt: noon + 1, attemptAt: noon + 1 },
        { number: 22, dueAt: noon + 2, attemptAt: noon + 9 },
        { number: 23, dueAt: noon + 3, attemptAt: null },
        { number: 24, dueAt: noon + 4, attemptAt: noon + 4, leaseUntil: 50 },
        { number: 25, dueAt: noon + 5, attemptAt: noon + 5 },
      ];
      await database.transaction(async (query) => {
        for (const one of subscriptions) await insertSubscription(query, aSubscription({ ...given, ...one }));
      });
      const byTime = [
        await listDue(database, given.worldId, noon + 9, 9, 'by time alone'),
        await listDueOfApp(database, given.appId, noon + 9, 9, 'by time alone'),
      ];
      assert.deepEqual(byTime.map(numbersOf), [
        [22, 23],
        [22, 23],
      ]);
      const charges = async (now: number, machineNow: number, limit = 9) =>
        numbersOf(await listChargesDue(database, given.worldId, { now, machineNow }, limit));
      assert.deepEqual(await charges(noon + 9, 49), [21, 25]);
      assert.deepEqual(await charges(noon + 9, 50), [21, 24, 25]);
      assert.deepEqual(await charges(noon + 9, 50, 2), [21, 24]);
      assert.deepEqual(await charges(noon, 50), []);
    });

    // only SQLite tells its plan in words
    if (kind.name === 'postgres') return;
    test('each list reads its own two indexes in order', async () => {
      const plans: string[] = [];
      const explained = {
        run: database.run,
        all: async (sql: string, values?: readonly (string | number | null)[]) => {
          const rows = await database.all(`explain query plan ${sql}`, values);
          plans.push(rows.map(({ detail }) => String(detail)).join('; '));
          return [];
        },
      };
      await listDue(explained, worldId, noon, 1);
      await listDueOfApp(explained, 'one', noon, 1);
      const indexes = ['purchase_due', 'subscription_due', 'purchase_due_of_app', 'subscription_due_of_app'];
      assert.equal(plans.length, indexes.length);
      for (const [number, index] of indexes.entries()) {
        assert.match(plans[number] ?? '', new RegExp(`SEARCH .*USING (COVERING )?INDEX ${index} `));
        assert.doesNotMatch(plans[number] ?? '', /SCAN/);
      }
      // within an app the index is the order; a world’s rows of one instant are put in order by their names
      for (const plan of plans.slice(2)) assert.doesNotMatch(plan, /TEMP B-TREE/);
      for (const plan of plans.slice(0, 2)) assert.match(plan, /TEMP B-TREE FOR LAST TERM OF ORDER BY/);
    });
  });
}
