// cancelRecurringPurchase of V6 (section 7).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop } from '../older.ts';
import { assertRefused, assertSucceeded, inMarket } from '../shop.ts';

for (const database of httpDatabases) {
  describe(`V6 cancelRecurringPurchase on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('ends the automatic payment, a second time without a change, and V7 sees it', async () => {
      const shop = await openOlderShop(server);
      const purchase = await shop.buyMonthly();
      assertSucceeded(await shop.v6.cancel(purchase));
      assertSucceeded(await shop.v6.cancel(purchase));
      const { autoRenewing, cancelReason } = (await shop.monthly.detail(purchase)).body;
      assert.deepEqual([autoRenewing, cancelReason], [false, 0]);
      assert.deepEqual(await shop.history(purchase), ['purchased', 'cancelled']);
    });

    it('refuses another token, product, type, market or app with NoSuchData', async () => {
      const [shop, stranger] = [await openOlderShop(server), await openOlderShop(server)];
      const purchase = await shop.buyMonthly();
      await stranger.buyMonthly();
      const pass = await shop.subscribe();
      for (const named of [
        { ...purchase, purchaseToken: 'SANDBOXT999999999999' },
        { ...purchase, purchaseToken: purchase.purchaseId },
        { ...purchase, productId: 'product01' },
        await shop.buy(),
        pass,
      ]) {
        assertRefused(await shop.v6.cancel(named), 'NoSuchData');
      }
      assertRefused(await shop.v6.cancel(purchase, inMarket('MKT_GLB')), 'NoSuchData');
      assertRefused(await stranger.v6.cancel(purchase), 'NoSuchData');
      for (const one of [purchase, pass]) assert.deepEqual(await shop.history(one), ['purchased']);
    });

    it('refuses what has ended or was voided with InvalidPurchaseState', async () => {
      const shop = await openOlderShop(server);
      const [ended, voided] = [await shop.buyMonthly(), await shop.buyMonthly()];
      assertSucceeded(await shop.v6.cancel(ended));
      await shop.void(voided);
      await shop.advance('PT1H');
      for (const purchase of [ended, voided]) {
        assertRefused(await shop.v6.cancel(purchase), 'InvalidPurchaseState');
      }
    });

    it('carries a key of the caller out once', async () => {
      const shop = await openOlderShop(server);
      const purchase = await shop.buyMonthly();
      const keyed = { headers: { 'idempotency-key': 'once' } };
      assertSucceeded(await shop.v6.cancel(purchase, keyed));
      const again = await shop.v6.cancel(purchase, keyed);
      assertSucceeded(again);
      assert.equal(again.headers.get('idempotent-replay'), 'true');
      assertRefused(await shop.monthly.cancel(purchase, keyed), 'InvalidPurchaseState');
    });
  });
}
