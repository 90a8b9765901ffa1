// acknowledgePurchase over HTTP (section 4.2).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import {
  assertRefused,
  assertSucceeded,
  type Bought,
  dayMs,
  inMarket,
  type Named,
  openShop,
  type Shop,
} from './shop.ts';

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

    it('acknowledges a subscription that is to be paused, is paused, or waits for a change of product', async () => {
      const shop = await openShop(server);
      const [scheduled, paused] = [
        await shop.subscribe({ pausable: true }),
        await shop.subscribe({ pausable: true }),
      ];
      const waiting = await shop.subscribe();
      for (const purchase of [scheduled, paused]) await shop.pause(purchase, 'P3W');
      await shop.switchLater(waiting);
      const confirm = async (purchase: Bought, paymentState: number) => {
        const before = (await shop.subscription.detail(purchase)).body;
        assert.deepEqual([before.acknowledgementState, before.paymentState], [0, paymentState]);
        for (let time = 1; time <= 2; time++) assertSucceeded(await shop.acknowledge(purchase));
        const { body } = await shop.subscription.detail(purchase);
        assert.deepEqual(body, { ...before, acknowledgementState: 1 });
      };
      await confirm(scheduled, 1);
      await confirm(waiting, 3);
      await shop.advance('PT6M');
      await confirm(paused, 0);
    });

    for (const type of ['auto', 'subscription'] as const) {
      const what = type === 'auto' ? 'monthly product' : 'subscription';
      const flag = type === 'auto' ? 'acknowledgeState' : 'acknowledgementState';
      const stateOf = async (shop: Shop, purchase: Named) => {
        const calls = type === 'auto' ? shop.monthly : shop.subscription;
        return (await calls.detail(purchase)).body[flag];
      };

      it(`acknowledges a ${what}, once`, async () => {
        const shop = await openShop(server);
        const purchase = await shop.buyA(type);
        assert.equal(await stateOf(shop, purchase), 0);
        assertSucceeded(await shop.acknowledge(purchase));
        assert.equal(await stateOf(shop, purchase), 1);
        assertSucceeded(await shop.acknowledge(purchase));
        assert.deepEqual(await shop.history(purchase), ['purchased', 'acknowledged']);
      });

      it(`compares a developerPayload that is given with the one of the ${what}`, async () => {
        const shop = await openShop(server);
        const purchase = await shop.buyA(type, { developerPayload: '주문 1 😀' });
        const other = { body: { developerPayload: '주문 1' } };
        assertRefused(await shop.acknowledge(purchase, other), 'DeveloperPayloadNotMatch');
        assert.equal(await stateOf(shop, purchase), 0);
        assertSucceeded(await shop.acknowledge(purchase, { body: { developerPayload: '주문 1 😀' } }));
        assertRefused(await shop.acknowledge(purchase, other), 'DeveloperPayloadNotMatch');
        const none = await shop.buyA(type);
        assertRefused(await shop.acknowledge(none, other), 'DeveloperPayloadNotMatch');
        for (const developerPayload of [null, '']) {
          assertSucceeded(await shop.acknowledge(none, { body: { developerPayload } }));
        }
      });

      it(`is asked for the first payment of a ${what} alone, and still accepted after a renewal`, async () => {
        const shop = await openShop(server);
        const [first, late] = [await shop.buyA(type), await shop.buyA(type)];
        assertSucceeded(await shop.acknowledge(first));
        await shop.advance('PT11M');
        assert.equal(await stateOf(shop, first), 1);
        assert.equal(await stateOf(shop, late), 0);
        assertSucceeded(await shop.acknowledge(late));
        const { body } = await shop.control('GET', `/purchases/${late.purchaseToken}`);
        const { purchaseId } = body.history.find((entry: { what: string }) => entry.what === 'acknowledged');
        assert.equal(purchaseId, late.purchaseId);
        await shop.advance('P4D');
        for (const purchase of [first, late]) {
          assert.equal(await stateOf(shop, purchase), 1);
          assert.ok(!(await shop.history(purchase)).includes('voided'));
        }
      });

      it(`is in time for a ${what} until the last millisecond of the three days, and not after it`, async () => {
        const shop = await openShop(server, {}, { calendar: 'commercial' });
        const [intime, late] = [await shop.buyA(type), await shop.buyA(type)];
        await shop.advanceTo(intime.purchaseTime + 3 * dayMs - 1);
        assertSucceeded(await shop.acknowledge(intime));
        await shop.advanceTo(intime.purchaseTime + 3 * dayMs);
        assertRefused(await shop.acknowledge(late), 'InvalidPurchaseState');
        assert.deepEqual(await shop.history(late), ['purchased', 'voided']);
        assert.deepEqual([await stateOf(shop, late), await stateOf(shop, intime)], [0, 1]);
      });

      it(`refuses a ${what} that is voided, or cannot be found, with InvalidPurchaseState`, async () => {
        const shop = await openShop(server);
        const purchase = await shop.buyA(type, { developerPayload: 'order 1' });
        const unknown = { ...purchase, purchaseToken: 'SANDBOXT999999999999' };
        assertRefused(await shop.acknowledge(unknown), 'InvalidPurchaseState');
        const other = { ...purchase, productId: 'product01' };
        assertRefused(await shop.acknowledge(other), 'InvalidPurchaseState');
        assertRefused(await shop.acknowledge(purchase, inMarket('MKT_GLB')), 'InvalidPurchaseState');
        assertRefused(await (await openShop(server)).acknowledge(purchase), 'InvalidPurchaseState');
        assert.equal(await stateOf(shop, purchase), 0);
        await shop.void(purchase);
        assertRefused(await shop.acknowledge(purchase), 'InvalidPurchaseState');
        const wrong = { body: { developerPayload: 'order 2' } };
        assertRefused(await shop.acknowledge(purchase, wrong), 'InvalidPurchaseState');
      });

      it(`accepts a ${what} that is cancelled, or has ended by itself`, async () => {
        const shop = await openShop(server);
        const purchase = await shop.buyA(type);
        const calls = type === 'auto' ? shop.monthly : shop.subscription;
        assertSucceeded(await calls.cancel(purchase));
        await shop.advance('PT6M');
        assert.equal((await shop.history(purchase)).at(-1), 'expired');
        assertSucceeded(await shop.acknowledge(purchase));
        assert.equal(await stateOf(shop, purchase), 1);
        await shop.advance('P4D');
        assert.ok(!(await shop.history(purchase)).includes('voided'));
      });
    }

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
