// Figures over what is due and what nobody has acknowledged: counted to a bound, read from indexes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Database } from '../../src/store/database.ts';
import {
  countDue,
  countUnconfirmed,
  earliestDue,
  earliestUnconfirmed,
} from '../../src/store/purchase-figures.ts';
import { insertPurchase } from '../../src/store/purchases.ts';
import { insertSubscription } from '../../src/store/subscriptions.ts';
import { databases } from '../databases.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { aPurchase, aSubscription, noon } from './things.ts';

for (const kind of databases) {
  describe(`figures in the store on ${kind.name}`, () => {
    let database: Database;
    let close: OpenStore['close'];

    before(async () => {
      ({ database, close } = await openStore(kind));
      const purchase = (number: number, given: Parameters<typeof aPurchase>[0]) =>
        insertPurchase(database, aPurchase({ worldId: 'both', number, ...given }));
      const subscription = (number: number, given: Parameters<typeof aSubscription>[0]) =>
        insertSubscription(database, aSubscription({ worldId: 'both', number, ...given }));
      await purchase(1, { purchaseTime: noon + 1, dueAt: noon + 11 });
      await purchase(2, { purchaseTime: noon + 2, dueAt: noon + 12 });
      await purchase(3, { acknowledgedAt: noon, dueAt: null });
      // waits for its payment, which has nothing to do with the three days
      await subscription(4, { acknowledgeBy: null, dueAt: noon + 10 });
      await subscription(5, { startTime: noon, acknowledgeBy: noon + 12, dueAt: noon + 11 });
      await subscription(6, { acknowledgeBy: null, dueAt: null });
      const alone = { worldId: 'subscriptions', acknowledgeBy: noon + 9, dueAt: noon + 8 };
      await subscription(7, { ...alone, startTime: noon - 5 });
    });
    after(() => close());

    test('what is due counts purchases and subscriptions, after an instant and up to another', async () => {
      const count = (from: number, until: number, most = 99) =>
        countDue(database, 'both', { from: noon + from, until: noon + until }, most);
      assert.deepEqual([await count(0, 20), await count(10, 11), await count(12, 20)], [4, 2, 0]);
      assert.deepEqual([await count(0, 20, 3), await count(0, 20, 2), await count(0, 20, 1)], [3, 2, 1]);
    });

    test('what nobody has acknowledged counts by its three days, whatever else is due before', async () => {
      const count = (from: number, until: number, most = 99) =>
        countUnconfirmed(database, 'both', { from: noon + from, until: noon + until }, most);
      assert.deepEqual([await count(0, 20), await count(0, 11), await count(11, 12)], [3, 1, 2]);
      assert.deepEqual([await count(0, 20, 2), await count(0, 20, 1)], [2, 1]);
    });

    test('the earliest of both is told, of a world that has any', async () => {
      assert.equal(await earliestDue(database, 'both'), noon + 10);
      assert.equal(await earliestUnconfirmed(database, 'both'), noon);
      assert.equal(await earliestDue(database, 'subscriptions'), noon + 8);
      assert.equal(await earliestUnconfirmed(database, 'subscriptions'), noon - 5);
      assert.equal(await earliestDue(database, 'none'), undefined);
      assert.equal(await earliestUnconfirmed(database, 'none'), undefined);
    });

    // only SQLite tells its plan in words
    if (kind.name === 'postgres') return;
    test('each figure is read from an index, and nothing is sorted', async () => {
      const plans: string[] = [];
      const explained = {
        run: database.run,
        all: async (sql: string, values?: readonly (string | number | null)[]) => {
          const rows = await database.all(`explain query plan ${sql}`, values);
          plans.push(rows.map(({ detail }) => String(detail)).join('; '));
          return [];
        },
      };
      const range = { from: noon, until: noon };
      await countDue(explained, 'w', range, 1);
      await countUnconfirmed(explained, 'w', range, 1);
      await earliestDue(explained, 'w');
      await earliestUnconfirmed(explained, 'w');
      const indexes = ['purchase_due', 'subscription_due', 'purchase_due', 'subscription_unacknowledged'];
      assert.equal(plans.length, 2 * indexes.length);
      for (const [number, plan] of plans.entries()) {
        const index = indexes[number % indexes.length];
        assert.match(plan, new RegExp(`SEARCH .*USING (COVERING )?INDEX ${index} `));
        assert.doesNotMatch(plan, /TEMP B-TREE|SCAN (purchase|subscription)/);
      }
    });
  });
}
