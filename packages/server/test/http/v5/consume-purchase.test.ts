// consumePurchase of V5: by the purchase's ID, without a body (section 8; 13, rows 22, 30, 34).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop } from '../older.ts';
import { assertRefused, assertSucceeded, inMarket, noon } from '../shop.ts';

const v5 = { generation: 'v5' };

for (const database of httpDatabases) {
  describe(`V5 consumePurchase on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('consumes a purchase, which can be bought again then', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buy({ buyerId: 'alice' });
      await assert.rejects(shop.buy({ buyerId: 'alice' }), /409/);
      assertSucceeded(await shop.v5.consume(purchase));
      const { consumptionState, acknowledgeState } = (await shop.details(purchase)).body;
      assert.deepEqual([consumptionState, acknowledgeState], [1, 1]);
      await shop.buy({ buyerId: 'alice' });
    });

    it('refuses a second consume with InvalidConsumeState', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buy();
      assertSucceeded(await shop.v5.consume(purchase));
      assertRefused(await shop.v5.consume(purchase), 'InvalidConsumeState');
    });

    it('refuses a cancelled purchase with InvalidPurchaseState, what the three days cancelled included', async () => {
      const shop = await openOlderShop(server, { generation: 'v6' });
      const [voided, overdue] = [await shop.buy(), await shop.buy()];
      await shop.void(voided);
      await shop.moveClock(noon + 3 * 86_400_000);
      for (const purchase of [voided, overdue]) {
        assertRefused(await shop.v5.consume(purchase), 'InvalidPurchaseState');
      }
    });

    it('consumes a V5 app’s purchase long after three days', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buy();
      await shop.advance('P60D');
      assertSucceeded(await shop.v5.consume(purchase));
    });

    it('does not look into a body, of which the page has none', async () => {
      const shop = await openOlderShop(server, v5);
      for (const body of [{ developerPayload: 'order 2' }, { developerPayload: 1 }, '{']) {
        const purchase = await shop.buy({ developerPayload: 'order 1' });
        const headers = { 'content-type': 'application/json' };
        assertSucceeded(await shop.v5.consume(purchase, { body, headers }));
      }
    });

    it('refuses a monthly product by any of its payments with InvalidConsumeState, once voided InvalidPurchaseState', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buyMonthly();
      await shop.advance('PT12M');
      const last: { purchaseId: string } = (await shop.v5.lastRecurringDetails(purchase)).body;
      for (const named of [purchase, last])
        assertRefused(await shop.v5.consume(named), 'InvalidConsumeState');
      await shop.void(purchase);
      for (const named of [purchase, last])
        assertRefused(await shop.v5.consume(named), 'InvalidPurchaseState');
    });

    it('refuses another ID, market or app, and a subscription, with InvalidPurchaseState', async () => {
      const [shop, stranger] = [await openOlderShop(server, v5), await openOlderShop(server, v5)];
      const purchase = await shop.buy();
      const pass = await shop.subscribe();
      const nobody = { purchaseId: 'SANDBOX3999999999999' };
      for (const named of [nobody, { purchaseId: purchase.purchaseToken }, pass]) {
        assertRefused(await shop.v5.consume(named), 'InvalidPurchaseState');
      }
      assertRefused(await shop.v5.consume(purchase, inMarket('MKT_GLB')), 'InvalidPurchaseState');
      assertRefused(await stranger.v5.consume(purchase), 'InvalidPurchaseState');
      assertSucceeded(await shop.v5.consume(purchase));
    });

    it('carries a key of the caller out once', async () => {
      const shop = await openOlderShop(server, v5);
      const [purchase, other] = [await shop.buy(), await shop.buy()];
      const keyed = { headers: { 'idempotency-key': 'once' } };
      const answers = await Promise.all(Array.from({ length: 5 }, () => shop.v5.consume(purchase, keyed)));
      for (const answer of answers) assertSucceeded(answer);
      assertRefused(await shop.v5.consume(other, keyed), 'InvalidPurchaseState');
      assert.deepEqual(await shop.history(purchase), ['purchased', 'consumed']);
    });
  });
}
