// consumePurchase of V6: under `/all/` by its table of changes, under `/inapp/` as in V7 (section 7; 13, row 17).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { type OlderShop, openOlderShop } from '../older.ts';
import { assertRefused, assertSucceeded, inMarket } from '../shop.ts';

const paths = {
  all: ({ v6 }: OlderShop) => v6.consume,
  inapp: ({ v6 }: OlderShop) => v6.consumeUnderInapp,
};

for (const database of httpDatabases) {
  for (const [path, consumeOf] of Object.entries(paths)) {
    describe(`V6 consumePurchase under /${path}/ on ${database.name}`, () => {
      let server: TestServer;
      before(async () => {
        server = await startServer(database);
      });
      after(() => server.stop());

      it('consumes a purchase and acknowledges it with that', async () => {
        const shop = await openOlderShop(server);
        const purchase = await shop.buy();
        assertSucceeded(await consumeOf(shop)(purchase));
        const { consumptionState, acknowledgeState } = (await shop.v6.details(purchase)).body;
        assert.deepEqual([consumptionState, acknowledgeState], [1, 1]);
        await shop.advance('P4D');
        assert.equal((await shop.v6.details(purchase)).body.purchaseState, 0);
      });

      it('refuses a second consume, by either path, with InvalidConsumeState', async () => {
        const shop = await openOlderShop(server);
        const purchase = await shop.buy();
        assertSucceeded(await consumeOf(shop)(purchase));
        for (const again of Object.values(paths)) {
          assertRefused(await again(shop)(purchase), 'InvalidConsumeState');
        }
      });

      it('refuses a cancelled purchase with InvalidPurchaseState', async () => {
        const shop = await openOlderShop(server);
        const purchase = await shop.buy();
        await shop.void(purchase);
        assertRefused(await consumeOf(shop)(purchase), 'InvalidPurchaseState');
      });

      it('compares a developerPayload that is given', async () => {
        const shop = await openOlderShop(server);
        const purchase = await shop.buy({ developerPayload: 'order 1' });
        const given = (developerPayload: unknown) =>
          consumeOf(shop)(purchase, { body: { developerPayload } });
        assertRefused(await given('order 2'), 'DeveloperPayloadNotMatch');
        assertRefused(await given('x'.repeat(201)), 'InvalidRequest', ['developerPayload']);
        assertSucceeded(await given('order 1'));
      });

      it('refuses a monthly product with InvalidConsumeState, or InvalidPurchaseState once it is cancelled', async () => {
        const shop = await openOlderShop(server);
        const purchase = await shop.buyMonthly();
        assertRefused(await consumeOf(shop)(purchase), 'InvalidConsumeState');
        await shop.void(purchase);
        assertRefused(await consumeOf(shop)(purchase), 'InvalidPurchaseState');
      });

      it('takes a subscription for absent', async () => {
        const shop = await openOlderShop(server);
        const purchase = await shop.subscribe();
        assertRefused(await consumeOf(shop)(purchase), 'InvalidPurchaseState');
        assertRefused(await shop.consume(purchase), 'InvalidConsumeState');
      });

      it('refuses another token, product, market or app with InvalidPurchaseState', async () => {
        const [shop, stranger] = [await openOlderShop(server), await openOlderShop(server)];
        const purchase = await shop.buy();
        await shop.putProduct('product02');
        for (const changed of [{ purchaseToken: purchase.purchaseId }, { productId: 'product02' }]) {
          assertRefused(await consumeOf(shop)({ ...purchase, ...changed }), 'InvalidPurchaseState');
        }
        assertRefused(await consumeOf(shop)(purchase, inMarket('MKT_GLB')), 'InvalidPurchaseState');
        assertRefused(await consumeOf(stranger)(purchase), 'InvalidPurchaseState');
        assertSucceeded(await consumeOf(shop)(purchase));
      });
    });
  }
}
