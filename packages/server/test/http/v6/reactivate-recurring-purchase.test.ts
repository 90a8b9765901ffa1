// reactivateRecurringPurchase of V6 (section 7).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop } from '../older.ts';
import { assertRefused, assertSucceeded, inMarket } from '../shop.ts';

for (const database of httpDatabases) {
  describe(`V6 reactivateRecurringPurchase on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('takes a cancellation back, whichever generation made it, a second time without a change', async () => {
      const shop = await openOlderShop(server);
      for (const cancel of [shop.monthly.cancel, shop.v6.cancel]) {
        const purchase = await shop.buyMonthly();
        assertSucceeded(await cancel(purchase));
        assertSucceeded(await shop.v6.reactivate(purchase));
        assertSucceeded(await shop.v6.reactivate(purchase));
        const { autoRenewing, cancelReason, cancelledTime } = (await shop.monthly.detail(purchase)).body;
        assert.deepEqual([autoRenewing, cancelReason, cancelledTime], [true, null, null]);
        assert.deepEqual(await shop.history(purchase), ['purchased', 'cancelled', 'reactivated']);
      }
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
        assertRefused(await shop.v6.reactivate(named), 'NoSuchData');
      }
      assertRefused(await shop.v6.reactivate(purchase, inMarket('MKT_GLB')), 'NoSuchData');
      assertRefused(await stranger.v6.reactivate(purchase), 'NoSuchData');
      for (const one of [purchase, pass]) assert.deepEqual(await shop.history(one), ['purchased']);
    });

    it('refuses what has ended or was voided with InvalidPurchaseState', async () => {
      const shop = await openOlderShop(server);
      const [ended, voided] = [await shop.buyMonthly(), await shop.buyMonthly()];
      assertSucceeded(await shop.v6.cancel(ended));
      await shop.void(voided);
      await shop.advance('PT1H');
      for (const purchase of [ended, voided]) {
        assertRefused(await shop.v6.reactivate(purchase), 'InvalidPurchaseState');
      }
    });

    it('carries a key of the caller out once', async () => {
      const shop = await openOlderShop(server);
      const purchase = await shop.buyMonthly();
      const keyed = { headers: { 'idempotency-key': 'once' } };
      assertSucceeded(await shop.v6.reactivate(purchase, keyed));
      const again = await shop.v6.reactivate(purchase, keyed);
      assertSucceeded(again);
      assert.equal(again.headers.get('idempotent-replay'), 'true');
      assertRefused(await shop.monthly.reactivate(purchase, keyed), 'InvalidPurchaseState');
    });
  });
}
