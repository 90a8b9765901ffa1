// getPurchaseDetailsByProductId of V5: only if the purchase is of that product (section 8).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop } from '../older.ts';
import { assertRefused, inMarket, noon } from '../shop.ts';

for (const database of httpDatabases) {
  describe(`V5 getPurchaseDetailsByProductId on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers the same four members as getPurchaseDetails', async () => {
      const shop = await openOlderShop(server, { generation: 'v5' });
      const purchase = await shop.buy({ developerPayload: 'order 1' });
      const { text } = await shop.v5.detailsByProductId(purchase);
      assert.equal(
        text,
        `{"consumptionState":0,"developerPayload":"order 1","purchaseState":0,"purchaseTime":${noon}}`,
      );
      for (const step of [shop.v5.consume, shop.void]) {
        await step(purchase);
        assert.equal(
          (await shop.v5.detailsByProductId(purchase)).text,
          (await shop.v5.details(purchase)).text,
        );
      }
    });

    it('knows a product by any name that it may have', async () => {
      const shop = await openOlderShop(server, { generation: 'v5' });
      for (const productId of ['다이아100_20170818000000', 'a b+c&d=e?f#g', '😀'.repeat(150)]) {
        await shop.putProduct(productId);
        const purchase = await shop.buy({ productId });
        assert.equal((await shop.v5.detailsByProductId(purchase)).status, 200, productId);
      }
    });

    it('refuses another product, ID, type, market or app with NoSuchData', async () => {
      const [shop, stranger] = [await openOlderShop(server), await openOlderShop(server)];
      const purchase = await shop.buy();
      await shop.putProduct('product02');
      for (const changed of [
        { productId: 'product02' },
        { productId: 'PRODUCT01' },
        { productId: 'product01 ' },
        { productId: '' },
        { purchaseId: 'SANDBOX3999999999999' },
        { purchaseId: purchase.purchaseToken },
      ]) {
        assertRefused(await shop.v5.detailsByProductId({ ...purchase, ...changed }), 'NoSuchData');
      }
      assertRefused(await shop.v5.detailsByProductId(purchase, inMarket('MKT_GLB')), 'NoSuchData');
      for (const other of [await shop.buyMonthly(), await shop.subscribe()]) {
        assertRefused(await shop.v5.detailsByProductId(other), 'NoSuchData');
        assertRefused(await shop.v5.detailsByProductId({ ...other, productId: 'product01' }), 'NoSuchData');
      }
      assertRefused(await stranger.v5.detailsByProductId(purchase), 'NoSuchData');
    });
  });
}
