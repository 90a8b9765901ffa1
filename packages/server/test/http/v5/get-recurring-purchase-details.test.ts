// getRecurringPurchaseDetails of V5: the monthly product as it is, with the payment that is named (section 8).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop } from '../older.ts';
import { korea } from '../recurring.ts';
import { assertRefused, hourMs, inMarket, noon } from '../shop.ts';

const v5 = { generation: 'v5' };
const commercial = { calendar: 'commercial' };
const nobody = { purchaseId: 'SANDBOX3999999999999' };

for (const database of httpDatabases) {
  describe(`V5 getRecurringPurchaseDetails on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers its nine members in their order', async () => {
      const shop = await openOlderShop(server, v5, commercial);
      const purchase = await shop.buyMonthly({ developerPayload: 'order 1' });
      assert.equal(
        (await shop.v5.recurringDetails(purchase)).text,
        `{"startTime":${noon},"expiryTime":${korea(4, 30, 23, 59, 59)},"nextPaymentTime":${korea(4, 30, 10)},` +
          '"autoRenewing":true,"cancelReason":null,"cancelledTime":null,' +
          '"price":"1100","developerPayload":"order 1","purchaseState":0}',
      );
    });

    it('shows the state of the monthly product by each of its payments, and renews what nobody acknowledged', async () => {
      const shop = await openOlderShop(server, v5, commercial);
      const purchase = await shop.buyMonthly();
      const ids = [purchase.purchaseId];
      for (const month of [4, 5]) {
        await shop.advanceTo(korea(month, 30, 10));
        ids.push((await shop.monthly.detail(purchase)).body.lastPurchaseId);
      }
      assert.equal(new Set(ids).size, 3);
      const told = await Promise.all(ids.map((purchaseId) => shop.v5.recurringDetails({ purchaseId })));
      for (const { text } of told) {
        assert.equal(
          text,
          `{"startTime":${noon},"expiryTime":${korea(6, 30, 23, 59, 59)},"nextPaymentTime":${korea(6, 30, 10)},` +
            '"autoRenewing":true,"cancelReason":null,"cancelledTime":null,' +
            '"price":"1100","developerPayload":"","purchaseState":0}',
        );
      }
    });

    it('shows the price as a decimal string', async () => {
      const shop = await openOlderShop(server, { ...v5, market: 'MKT_GLB' }, commercial);
      await shop.putProduct('monthly02', { type: 'auto', price: '4.99', currency: 'USD' });
      const purchase = await shop.buy({ productId: 'monthly02' });
      const { body } = await shop.v5.recurringDetails(purchase, inMarket('MKT_GLB'));
      assert.equal(body.price, '4.99');
    });

    it('shows the price and the state of the payment that is named: after a void only the voided one is cancelled', async () => {
      const shop = await openOlderShop(server, v5, commercial);
      const purchase = await shop.buyMonthly();
      await shop.advanceTo(korea(4, 30, 10));
      const { lastPurchaseId } = (await shop.monthly.detail(purchase)).body;
      await shop.advance('PT1H');
      await shop.void(purchase);
      const now = korea(4, 30, 11);
      const stateOf = async (purchaseId: string) => (await shop.v5.recurringDetails({ purchaseId })).body;
      const [first, last] = [await stateOf(purchase.purchaseId), await stateOf(lastPurchaseId)];
      assert.deepEqual([first.purchaseState, last.purchaseState], [0, 1]);
      for (const { autoRenewing, cancelReason, cancelledTime, expiryTime } of [first, last]) {
        assert.deepEqual([autoRenewing, cancelReason, cancelledTime, expiryTime], [false, 1, now, now]);
      }
    });

    it('shows a renewal that is due before anybody has carried it out', async () => {
      const shop = await openOlderShop(server, v5, commercial);
      const purchase = await shop.buyMonthly();
      await shop.moveClock(korea(4, 30, 10));
      const { nextPaymentTime } = (await shop.v5.recurringDetails(purchase)).body;
      assert.equal(nextPaymentTime, korea(5, 30, 10));
    });

    it('shows as cancelled what a later app’s three days have voided, before anybody has carried it out', async () => {
      const shop = await openOlderShop(server, { generation: 'v7' }, commercial);
      const purchase = await shop.buyMonthly();
      await shop.moveClock(noon + 72 * hourMs);
      const { purchaseState, autoRenewing } = (await shop.v5.recurringDetails(purchase)).body;
      const { lastPurchaseState } = (await shop.monthly.detail(purchase)).body;
      assert.deepEqual([purchaseState, autoRenewing, lastPurchaseState], [1, false, 1]);
    });

    it('refuses another ID, type, market or app with NoSuchData', async () => {
      const [shop, stranger] = [await openOlderShop(server, v5), await openOlderShop(server, v5)];
      const purchase = await shop.buyMonthly();
      const misses = [
        nobody,
        { purchaseId: purchase.purchaseToken },
        await shop.buy(),
        await shop.subscribe(),
      ];
      for (const { purchaseId } of misses) {
        assertRefused(await shop.v5.recurringDetails({ purchaseId }), 'NoSuchData');
      }
      assertRefused(await shop.v5.recurringDetails(purchase, inMarket('MKT_GLB')), 'NoSuchData');
      assertRefused(await stranger.v5.recurringDetails(purchase), 'NoSuchData');
    });
  });
}
