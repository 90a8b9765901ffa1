// consumePurchase over HTTP (section 4.3).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertRefused, assertSucceeded, inMarket, openShop } from './shop.ts';

for (const database of httpDatabases) {
  describe(`consumePurchase on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('consumes a purchase and acknowledges it with that', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      assertSucceeded(await shop.consume(purchase));
      const { consumptionState, acknowledgeState } = (await shop.details(purchase)).body;
      assert.deepEqual({ consumptionState, acknowledgeState }, { consumptionState: 1, acknowledgeState: 1 });
    });

    it('consumes what was acknowledged before', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      assertSucceeded(await shop.acknowledge(purchase));
      assertSucceeded(await shop.consume(purchase));
    });

    it('makes the product purchasable again', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy({ buyerId: 'alice' });
      await assert.rejects(shop.buy({ buyerId: 'alice' }), /409/);
      assertSucceeded(await shop.consume(purchase));
      const again = await shop.buy({ buyerId: 'alice' });
      assert.notEqual(again.purchaseToken, purchase.purchaseToken);
    });

    it('refuses a second consume with InvalidConsumeState', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      assertSucceeded(await shop.consume(purchase));
      assertRefused(await shop.consume(purchase), 'InvalidConsumeState');
    });

    it('lets one of many consumes at the same time succeed', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      const answers = await Promise.all(Array.from({ length: 8 }, () => shop.consume(purchase)));
      const [won, ...lost] = answers.sort((a, b) => a.status - b.status);
      assert.ok(won);
      assertSucceeded(won);
      for (const answer of lost) assertRefused(answer, 'InvalidConsumeState');
    });

    it('refuses a cancelled purchase with InvalidPurchaseState', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await shop.void(purchase);
      assertRefused(await shop.consume(purchase), 'InvalidPurchaseState');
    });

    it('answers InvalidPurchaseState where a purchase is consumed and cancelled', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      assertSucceeded(await shop.consume(purchase));
      await shop.void(purchase);
      assertRefused(await shop.consume(purchase), 'InvalidPurchaseState');
    });

    it('refuses a purchase past its three days, although nobody has carried out its void', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await server.till.host.database.run('update purchase set due_at = $1 where purchase_token = $2', [
        purchase.purchaseTime,
        purchase.purchaseToken,
      ]);
      assertRefused(await shop.consume(purchase), 'InvalidPurchaseState');
    });

    it('does not cancel a consumed purchase after three days', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      assertSucceeded(await shop.consume(purchase));
      await shop.advance('P4D');
      assert.equal((await shop.details(purchase)).body.purchaseState, 0);
    });

    it('refuses what it cannot find with InvalidPurchaseState', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await shop.putProduct('product02');
      assertRefused(
        await shop.consume({ ...purchase, purchaseToken: 'SANDBOXT999999999999' }),
        'InvalidPurchaseState',
      );
      assertRefused(await shop.consume({ ...purchase, productId: 'product02' }), 'InvalidPurchaseState');
      assertRefused(await shop.consume(purchase, inMarket('MKT_GLB')), 'InvalidPurchaseState');
      const other = await openShop(server);
      assertRefused(await other.consume(purchase), 'InvalidPurchaseState');
      assertSucceeded(await shop.consume(purchase));
    });

    it('refuses a monthly product or a subscription with InvalidConsumeState while its purchase is completed', async () => {
      for (const type of ['auto', 'subscription'] as const) {
        const shop = await openShop(server);
        const purchase = await shop.buyA(type, { developerPayload: 'order 1' });
        const body = { developerPayload: 'order 2' };
        assertRefused(await shop.consume(purchase), 'InvalidConsumeState');
        assertRefused(await shop.consume(purchase, { body }), 'InvalidConsumeState');
        assertSucceeded(await shop.acknowledge(purchase));
        assertRefused(await shop.consume(purchase), 'InvalidConsumeState');
        assert.deepEqual(await shop.history(purchase), ['purchased', 'acknowledged']);
        await shop.void(purchase);
        assertRefused(await shop.consume(purchase), 'InvalidPurchaseState');
        assertRefused(await shop.consume(purchase, { body }), 'InvalidPurchaseState');
      }
    });

    it('refuses a monthly product or a subscription that has ended unvoided with InvalidConsumeState', async () => {
      for (const type of ['auto', 'subscription'] as const) {
        const shop = await openShop(server);
        const purchase = await shop.buyA(type);
        const calls = type === 'auto' ? shop.monthly : shop.subscription;
        assertSucceeded(await calls.cancel(purchase));
        await shop.advance('PT1H');
        assert.equal(
          (await shop.control('GET', `/purchases/${purchase.purchaseToken}`)).body.entitled,
          false,
        );
        assertRefused(await shop.consume(purchase), 'InvalidConsumeState');
        assertRefused(await shop.consume({ ...purchase, productId: 'product01' }), 'InvalidPurchaseState');
        assertRefused(await shop.consume(purchase, inMarket('MKT_GLB')), 'InvalidPurchaseState');
      }
    });

    it('compares a developerPayload that is given', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy({ developerPayload: 'order 1' });
      for (const developerPayload of ['order 2', 'Order 1', 'order 1 ', ' ']) {
        const answer = await shop.consume(purchase, { body: { developerPayload } });
        assertRefused(answer, 'DeveloperPayloadNotMatch');
      }
      assert.equal((await shop.details(purchase)).body.consumptionState, 0);
      assertSucceeded(await shop.consume(purchase, { body: { developerPayload: 'order 1' } }));
    });

    it('does not match a developerPayload with a purchase that has none', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      const answer = await shop.consume(purchase, { body: { developerPayload: 'order 1' } });
      assertRefused(answer, 'DeveloperPayloadNotMatch');
    });

    it('takes an absent, a null and an empty developerPayload for not given', async () => {
      const bodies = [undefined, {}, { developerPayload: null }, { developerPayload: '' }, { other: [1] }];
      for (const body of bodies) {
        const shop = await openShop(server);
        const purchase = await shop.buy({ developerPayload: 'order 1' });
        assertSucceeded(await shop.consume(purchase, { body }));
      }
    });

    it('judges the state before the developerPayload', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy({ developerPayload: 'order 1' });
      const body = { developerPayload: 'order 2' };
      assertSucceeded(await shop.consume(purchase));
      assertRefused(await shop.consume(purchase, { body }), 'InvalidConsumeState');
      await shop.void(purchase);
      assertRefused(await shop.consume(purchase, { body }), 'InvalidPurchaseState');
    });

    it('takes path values from the path alone, whatever the body and the query hold', async () => {
      const shop = await openShop(server);
      const named = await shop.buy();
      const smuggled = await shop.buy();
      const { clientId } = shop.app;
      const { productId, purchaseToken } = smuggled;
      const answer = await shop.consume(named, {
        body: { clientId, productId, purchaseToken },
        query: { clientId, productId, purchaseToken },
      });
      assertSucceeded(answer);
      assert.equal((await shop.details(named)).body.consumptionState, 1);
      assert.equal((await shop.details(smuggled)).body.consumptionState, 0);
    });
  });
}
