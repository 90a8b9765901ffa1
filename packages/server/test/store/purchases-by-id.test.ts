// What V5 asks of the store: a purchase by its ID, and the voided ones by the time of the purchase.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Database } from '../../src/store/database.ts';
import { findPurchaseById, insertPurchase, listVoidedByPurchaseTime } from '../../src/store/purchases.ts';
import { databases } from '../databases.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { aPurchase, noon } from './things.ts';

const market = 'MKT_ONE';
const idOf = (number: number) => `SANDBOX3${String(number).padStart(12, '0')}`;

for (const kind of databases) {
  describe(`purchases by ID and time in the store on ${kind.name}`, () => {
    let database: Database;
    let close: OpenStore['close'];

    before(async () => {
      ({ database, close } = await openStore(kind));
    });
    after(() => close());

    const insertAll = async (purchases: ReturnType<typeof aPurchase>[]) => {
      for (const purchase of purchases) await insertPurchase(database, purchase);
    };

    test('a purchase is found by its ID within its app, each payment under a token too', async () => {
      const [appId, purchaseToken] = ['by id', 'SANDBOXT000000000001'];
      const payments = [1, 2].map((number) => aPurchase({ appId, number, purchaseToken }));
      const foreign = aPurchase({ appId: 'another', number: 1, purchaseToken: 'SANDBOXT000000000009' });
      await insertAll([...payments, foreign]);
      for (const payment of payments) {
        assert.deepEqual(await findPurchaseById(database, appId, payment.purchaseId), payment);
      }
      assert.deepEqual(await findPurchaseById(database, 'another', foreign.purchaseId), foreign);
      for (const id of [purchaseToken, idOf(3), idOf(1).toLowerCase(), '', `${idOf(1)} `]) {
        assert.equal(await findPurchaseById(database, appId, id), undefined);
      }
      assert.equal(await findPurchaseById(database, 'another', idOf(2)), undefined);
    });

    test('an ID is unique in its app', async () => {
      const appId = 'unique';
      await insertAll([aPurchase({ appId, number: 1 })]);
      const twin = aPurchase({ appId, number: 1, purchaseToken: 'SANDBOXT000000000002' });
      await assert.rejects(insertAll([twin]));
    });

    test('voided purchases come by the time of the purchase, then by ID, subscriptions where they are wanted', async () => {
      const appId = 'voided by purchase';
      const voided = (number: number, bought: number, given: object = {}) =>
        aPurchase({ appId, number, purchaseTime: noon + bought, voidedAt: noon + 99 - bought, ...given });
      await insertAll([
        voided(4, 1),
        voided(2, 1),
        voided(3, 2, { type: 'auto' }),
        voided(1, 0),
        voided(5, 2, { type: 'subscription' }),
        aPurchase({ appId, number: 6, purchaseTime: noon + 1 }),
        voided(7, 1, { market: 'MKT_GLB' }),
        voided(8, 1, { appId: 'another voided' }),
      ]);
      const list = async (time: number, after: string, until: number, limit = 9, subscriptions = false) => {
        const scope = { appId, market, subscriptions } as const;
        const place = { time: noon + time, purchaseId: after };
        const rows = await listVoidedByPurchaseTime(database, scope, place, noon + until, limit);
        return rows.map(({ purchaseId }) => Number(purchaseId.slice(-3)));
      };
      assert.deepEqual(await list(0, '', 9), [1, 2, 4, 3]);
      assert.deepEqual(await list(0, '', 9, 9, true), [1, 2, 4, 3, 5]);
      assert.deepEqual(await list(0, '', 1), [1, 2, 4]);
      assert.deepEqual(await list(1, '', 2), [2, 4, 3]);
      assert.deepEqual(await list(1, idOf(2), 2), [4, 3]);
      assert.deepEqual(await list(1, idOf(4), 2), [3]);
      assert.deepEqual(await list(1, idOf(2), 2, 1), [4]);
      assert.deepEqual(await list(2, idOf(3), 2, 9, true), [5]);
      assert.deepEqual(await list(3, '', 9), []);
      assert.deepEqual(await list(2, '', 1), []);
    });

    // only SQLite tells its plan in words
    if (kind.name === 'postgres') return;
    test('both read an index of their own, in order, and sort nothing', async () => {
      const plans: string[] = [];
      const explained = {
        run: database.run,
        all: async (sql: string, values?: readonly (string | number | null)[]) => {
          const rows = await database.all(`explain query plan ${sql}`, values);
          plans.push(rows.map(({ detail }) => String(detail)).join('; '));
          return [];
        },
      };
      const place = { time: noon, purchaseId: '' };
      for (const subscriptions of [true, false]) {
        const scope = { appId: 'a', market, subscriptions } as const;
        await listVoidedByPurchaseTime(explained, scope, place, noon, 1);
      }
      await findPurchaseById(explained, 'a', 'b');
      const [all, without, byId] = plans;
      for (const plan of [all, without]) {
        assert.match(plan ?? '', /SEARCH .*USING INDEX purchase_voided_bought/);
      }
      assert.match(byId ?? '', /SEARCH purchase USING INDEX \w+ \(app_id=\? AND purchase_id=\?\)/);
      for (const plan of plans) assert.doesNotMatch(plan, /TEMP B-TREE|SCAN (p|purchase)\b/);
    });
  });
}
