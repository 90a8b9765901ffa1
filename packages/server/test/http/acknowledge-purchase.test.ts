// acknowledgePurchase over HTTP (section 4.2).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertRefused, assertSucceeded, inMarket, openShop } from './shop.ts';

for (const database of httpDatabases) {
  describe(`acknowledgePurchase on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('acknowledges a purchase and does not consume it', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      assertSucceeded(await shop.acknowledge(purchase));
      const { consumptionState, acknowledgeState } = (await shop.details(purchase)).body;
      assert.deepEqual({ consumptionState, acknowledgeState }, { consumptionState: 0, acknowledgeState: 1 });
    });

    it('succeeds again on what is acknowledged or consumed already', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      assertSucceeded(await shop.acknowledge(purchase));
      assertSucceeded(await shop.acknowledge(purchase));
      assertSucceeded(await shop.consume(purchase));
      assertSucceeded(await shop.acknowledge(purchase));
      const { body } = await shop.control('GET', `/purchases/${purchase.purchaseToken}`);
      const steps = body.history.map((entry: { what: string }) => entry.what);
      assert.deepEqual(steps, ['purchased', 'acknowledged', 'consumed']);
    });

    it('keeps an acknowledged purchase from being cancelled after three days', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      assertSucceeded(await shop.acknowledge(purchase));
      await shop.advance('P4D');
      assert.equal((await shop.details(purchase)).body.purchaseState, 0);
    });

    it('is in time until the last millisecond of the three days, and not after it', async () => {
      const shop = await openShop(server);
      const [intime, late] = [await shop.buy(), await shop.buy()];
      const to = (now: number) =>
        server.control('POST', `/worlds/${shop.app.worldId}/clock/advance`, { to: now });
      await to(intime.purchaseTime + 72 * 3_600_000 - 1);
      assertSucceeded(await shop.acknowledge(intime));
      await to(intime.purchaseTime + 72 * 3_600_000);
      assertRefused(await shop.acknowledge(late), 'InvalidPurchaseState');
      assert.equal((await shop.details(late)).body.purchaseState, 1);
      assert.equal((await shop.details(intime)).body.purchaseState, 0);
    });

    it('refuses a cancelled purchase with InvalidPurchaseState, acknowledged before or not', async () => {
      const shop = await openShop(server);
      const [untouched, acknowledged] = [await shop.buy(), await shop.buy()];
      assertSucceeded(await shop.acknowledge(acknowledged));
      for (const purchase of [untouched, acknowledged]) {
        await shop.void(purchase);
        assertRefused(await shop.acknowledge(purchase), 'InvalidPurchaseState');
      }
    });

    it('refuses what it cannot find with InvalidPurchaseState', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await shop.putProduct('product02');
      assertRefused(
        await shop.acknowledge({ ...purchase, purchaseToken: 'SANDBOXT999999999999' }),
        'InvalidPurchaseState',
      );
      assertRefused(await shop.acknowledge({ ...purchase, productId: 'product02' }), 'InvalidPurchaseState');
      assertRefused(await shop.acknowledge(purchase, inMarket('MKT_GLB')), 'InvalidPurchaseState');
      assert.equal((await shop.details(purchase)).body.acknowledgeState, 0);
    });

    it('accepts monthly products and subscriptions too', async () => {
      for (const type of ['auto', 'subscription'] as const) {
        const shop = await openShop(server);
        const purchase = await shop.buy();
        await shop.turnInto(type, purchase);
        assertSucceeded(await shop.acknowledge(purchase));
      }
    });

    it('compares a developerPayload that is given, also on what is acknowledged already', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy({ developerPayload: '주문 1 😀' });
      const other = { body: { developerPayload: '주문 1' } };
      assertRefused(await shop.acknowledge(purchase, other), 'DeveloperPayloadNotMatch');
      assert.equal((await shop.details(purchase)).body.acknowledgeState, 0);
      assertSucceeded(await shop.acknowledge(purchase, { body: { developerPayload: '주문 1 😀' } }));
      assertRefused(await shop.acknowledge(purchase, other), 'DeveloperPayloadNotMatch');
    });

    it('judges the state before the developerPayload', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy({ developerPayload: 'order 1' });
      await shop.void(purchase);
      const answer = await shop.acknowledge(purchase, { body: { developerPayload: 'order 2' } });
      assertRefused(answer, 'InvalidPurchaseState');
    });

    it('takes an absent, a null and an empty developerPayload for not given', async () => {
      const shop = await openShop(server);
      for (const body of [
        undefined,
        {},
        { developerPayload: null },
        { developerPayload: '' },
        { other: 1 },
      ]) {
        const purchase = await shop.buy({ developerPayload: 'order 1' });
        assertSucceeded(await shop.acknowledge(purchase, { body }));
        assert.equal((await shop.details(purchase)).body.acknowledgeState, 1);
      }
    });
  });
}
