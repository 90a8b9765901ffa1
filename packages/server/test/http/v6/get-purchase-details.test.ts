// getPurchaseDetails of V6: V7's answer, under the package name (section 7).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop, v6Of } from '../older.ts';
import { assertRefused, assertStatus, inMarket, noon, shopOf } from '../shop.ts';

for (const database of httpDatabases) {
  describe(`V6 getPurchaseDetails on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers the seven members of V7 in their order, byte for byte what V7 answers', async () => {
      const shop = await openOlderShop(server);
      const purchase = await shop.buy({ quantity: 3, developerPayload: '주문 1' });
      const answer = await shop.v6.details(purchase);
      assertStatus(answer, 200);
      assert.equal(
        answer.text,
        `{"consumptionState":0,"developerPayload":"주문 1","purchaseState":0,"purchaseTime":${noon},` +
          `"purchaseId":"${purchase.purchaseId}","acknowledgeState":0,"quantity":3}`,
      );
      for (const step of [shop.v6.acknowledge, shop.v6.consume, shop.void]) {
        await step(purchase);
        assert.equal((await shop.v6.details(purchase)).text, (await shop.details(purchase)).text);
      }
      const { acknowledgeState, consumptionState, purchaseState } = (await shop.v6.details(purchase)).body;
      assert.deepEqual([acknowledgeState, consumptionState, purchaseState], [1, 1, 1]);
    });

    it('shows a purchase that nobody acknowledged as cancelled after three days', async () => {
      const shop = await openOlderShop(server);
      const purchase = await shop.buy();
      await shop.advance('PT71H59M59S');
      assert.equal((await shop.v6.details(purchase)).body.purchaseState, 0);
      await shop.advance('PT1S');
      assert.equal((await shop.v6.details(purchase)).body.purchaseState, 1);
    });

    it('refuses another token, product, market, type or app with NoSuchData', async () => {
      const shop = await openOlderShop(server);
      const purchase = await shop.buy();
      await shop.putProduct('product02');
      for (const changed of [
        { purchaseToken: 'SANDBOXT999999999999' },
        { purchaseToken: purchase.purchaseId },
        { purchaseToken: purchase.purchaseToken.toLowerCase() },
        { productId: 'product02' },
        { productId: 'PRODUCT01' },
      ]) {
        assertRefused(await shop.v6.details({ ...purchase, ...changed }), 'NoSuchData');
      }
      assertRefused(await shop.v6.details(purchase, inMarket('MKT_GLB')), 'NoSuchData');
      for (const other of [await shop.buyMonthly(), await shop.subscribe()]) {
        assertRefused(await shop.v6.details(other), 'NoSuchData');
        assertRefused(await shop.v6.details({ ...other, productId: 'product01' }), 'NoSuchData');
      }
      const stranger = await openOlderShop(server);
      assertRefused(await stranger.v6.details(purchase), 'NoSuchData');
      assertRefused(await v6Of(stranger, shop.packageName).details(purchase), 'UnauthorizedAccess');
    });
  });

  describe(`V6 getPurchaseDetails in commercial on ${database.name}`, () => {
    it('answers null for the developerPayload of a purchase that has none', async () => {
      const server = await startServer(database, { environment: 'commercial', masterKey: randomBytes(32) });
      try {
        const shop = await shopOf(server, await server.app());
        const { details } = v6Of(shop, shop.app.packageName);
        assert.equal((await details(await shop.buy())).body.developerPayload, null);
      } finally {
        await server.stop();
      }
    });
  });
}
