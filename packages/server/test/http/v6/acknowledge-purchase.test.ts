// acknowledgePurchase of V6: of managed and monthly products; it knows no subscriptions (section 7).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop } from '../older.ts';
import { assertRefused, assertSucceeded, inMarket } from '../shop.ts';

for (const database of httpDatabases) {
  describe(`V6 acknowledgePurchase on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    for (const type of ['inapp', 'auto'] as const) {
      it(`acknowledges a purchase of type ${type}, again too, and V7 sees it`, async () => {
        const shop = await openOlderShop(server);
        const purchase = await shop.buyA(type);
        assertSucceeded(await shop.v6.acknowledge(purchase));
        assertSucceeded(await shop.v6.acknowledge(purchase));
        assertSucceeded(await shop.acknowledge(purchase));
        const seen = type === 'inapp' ? shop.details(purchase) : shop.monthly.detail(purchase);
        assert.equal((await seen).body.acknowledgeState, 1);
        assert.deepEqual(await shop.history(purchase), ['purchased', 'acknowledged']);
      });

      it(`refuses a cancelled purchase of type ${type} with InvalidPurchaseState`, async () => {
        const shop = await openOlderShop(server);
        const purchase = await shop.buyA(type, { developerPayload: 'order 1' });
        await shop.void(purchase);
        assertRefused(await shop.v6.acknowledge(purchase), 'InvalidPurchaseState');
        const body = { developerPayload: 'order 2' };
        assertRefused(await shop.v6.acknowledge(purchase, { body }), 'InvalidPurchaseState');
      });

      it(`compares a developerPayload that is given for a purchase of type ${type}`, async () => {
        const shop = await openOlderShop(server);
        const purchase = await shop.buyA(type, { developerPayload: 'order 1' });
        const given = (developerPayload: unknown) =>
          shop.v6.acknowledge(purchase, { body: { developerPayload } });
        assertRefused(await given('order 2'), 'DeveloperPayloadNotMatch');
        assertRefused(await given('x'.repeat(201)), 'InvalidRequest', ['developerPayload']);
        for (const fitting of ['order 1', '', null]) assertSucceeded(await given(fitting));
      });

      it(`keeps a purchase of type ${type} from being cancelled after three days`, async () => {
        const shop = await openOlderShop(server, {}, { calendar: 'commercial' });
        const [kept, lost] = [await shop.buyA(type), await shop.buyA(type)];
        assertSucceeded(await shop.v6.acknowledge(kept));
        await shop.advance('P3D');
        assertSucceeded(await shop.v6.acknowledge(kept));
        assertRefused(await shop.v6.acknowledge(lost), 'InvalidPurchaseState');
      });
    }

    it('refuses a subscription with InvalidPurchaseState, whichever product is named, and leaves it alone', async () => {
      const shop = await openOlderShop(server);
      const purchase = await shop.subscribe();
      assertRefused(await shop.v6.acknowledge(purchase), 'InvalidPurchaseState');
      assertRefused(
        await shop.v6.acknowledge({ ...purchase, productId: 'product01' }),
        'InvalidPurchaseState',
      );
      assert.deepEqual(await shop.history(purchase), ['purchased']);
      assertSucceeded(await shop.acknowledge(purchase));
    });

    it('refuses another token, product, market or app with InvalidPurchaseState', async () => {
      const [shop, stranger] = [await openOlderShop(server), await openOlderShop(server)];
      const purchase = await shop.buy();
      await shop.putProduct('product02');
      for (const changed of [{ purchaseToken: purchase.purchaseId }, { productId: 'product02' }]) {
        assertRefused(await shop.v6.acknowledge({ ...purchase, ...changed }), 'InvalidPurchaseState');
      }
      assertRefused(await shop.v6.acknowledge(purchase, inMarket('MKT_GLB')), 'InvalidPurchaseState');
      assertRefused(await stranger.v6.acknowledge(purchase), 'InvalidPurchaseState');
      assertSucceeded(await shop.v6.acknowledge(purchase));
    });
  });
}
