// getLastRecurringPurchaseDetails of V5: the latest payment, whichever is named (section 8).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop } from '../older.ts';
import { korea } from '../recurring.ts';
import { assertRefused, hourMs, inMarket, noon } from '../shop.ts';

const v5 = { generation: 'v5' };
const commercial = { calendar: 'commercial' };

for (const database of httpDatabases) {
  describe(`V5 getLastRecurringPurchaseDetails on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers its ten members in their order, the ID of the latest payment first', async () => {
      const shop = await openOlderShop(server, v5, commercial);
      const purchase = await shop.buyMonthly({ developerPayload: 'order 1' });
      assert.equal(
        (await shop.v5.lastRecurringDetails(purchase)).text,
        `{"purchaseId":"${purchase.purchaseId}",` +
          `"startTime":${noon},"expiryTime":${korea(4, 30, 23, 59, 59)},"nextPaymentTime":${korea(4, 30, 10)},` +
          '"autoRenewing":true,"cancelReason":null,"cancelledTime":null,' +
          '"price":"1100","developerPayload":"order 1","purchaseState":0}',
      );
    });

    it('answers the latest payment by every ID, each month', async () => {
      const shop = await openOlderShop(server, v5, commercial);
      const purchase = await shop.buyMonthly();
      const ids = [purchase.purchaseId];
      for (const month of [4, 5, 6]) {
        await shop.advanceTo(korea(month, 30, 10));
        const latest: string = (await shop.v5.lastRecurringDetails(purchase)).body.purchaseId;
        assert.equal(latest, (await shop.monthly.detail(purchase)).body.lastPurchaseId);
        assert.ok(!ids.includes(latest));
        ids.push(latest);
        const told = await Promise.all(
          ids.map(async (purchaseId) => (await shop.v5.lastRecurringDetails({ purchaseId })).text),
        );
        assert.equal(new Set(told).size, 1);
      }
    });

    it('shows a payment that is due before anybody has carried it out', async () => {
      const shop = await openOlderShop(server, v5, commercial);
      const purchase = await shop.buyMonthly();
      await shop.moveClock(korea(4, 30, 10));
      const { purchaseId, nextPaymentTime, purchaseState } = (await shop.v5.lastRecurringDetails(purchase))
        .body;
      assert.notEqual(purchaseId, purchase.purchaseId);
      assert.deepEqual([nextPaymentTime, purchaseState], [korea(5, 30, 10), 0]);
      const again = (await shop.v5.lastRecurringDetails({ purchaseId })).body;
      assert.equal(again.purchaseId, purchaseId);
    });

    it('shows the void of the latest payment, by the first one too', async () => {
      const shop = await openOlderShop(server, v5, commercial);
      const purchase = await shop.buyMonthly();
      await shop.advanceTo(korea(4, 30, 10));
      await shop.void(purchase);
      const { purchaseState, cancelReason } = (await shop.v5.lastRecurringDetails(purchase)).body;
      assert.deepEqual([purchaseState, cancelReason], [1, 1]);
    });

    it('shows as cancelled what a later app’s three days have voided, before anybody has carried it out', async () => {
      const shop = await openOlderShop(server, { generation: 'v7' }, commercial);
      const purchase = await shop.buyMonthly();
      await shop.moveClock(noon + 72 * hourMs);
      assert.equal((await shop.v5.lastRecurringDetails(purchase)).body.purchaseState, 1);
    });

    it('refuses another ID, type, market or app with NoSuchData', async () => {
      const [shop, stranger] = [await openOlderShop(server, v5), await openOlderShop(server, v5)];
      const purchase = await shop.buyMonthly();
      const nobody = { purchaseId: 'SANDBOX3999999999999' };
      const misses = [
        nobody,
        { purchaseId: purchase.purchaseToken },
        await shop.buy(),
        await shop.subscribe(),
      ];
      for (const { purchaseId } of misses) {
        assertRefused(await shop.v5.lastRecurringDetails({ purchaseId }), 'NoSuchData');
      }
      assertRefused(await shop.v5.lastRecurringDetails(purchase, inMarket('MKT_GLB')), 'NoSuchData');
      assertRefused(await stranger.v5.lastRecurringDetails(purchase), 'NoSuchData');
    });
  });
}
