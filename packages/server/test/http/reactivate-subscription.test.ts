// reactivateSubscription over HTTP (section 6.3).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertFindsNothingElse, korea, openCommercialShop } from './recurring.ts';
import { assertRefused, assertSucceeded, type Bought, openShop } from './shop.ts';

for (const database of httpDatabases) {
  describe(`reactivateSubscription on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('takes a scheduled cancellation back, so that the next payment is made', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      const { text, body } = await shop.subscription.detail(purchase);
      assertSucceeded(await shop.subscription.cancel(purchase));
      await shop.advance('P3D');
      assertSucceeded(await shop.subscription.reactivate(purchase));
      assert.equal((await shop.subscription.detail(purchase)).text, text);
      await shop.advanceTo(body.nextPaymentTimeMillis);
      const steps = ['purchased', 'acknowledged', 'cancelled', 'reactivated', 'renewed'];
      assert.deepEqual(await shop.history(purchase), steps);
    });

    it('takes back what the buyer cancelled too, and a cancelled trial goes on as one', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ freeTrial: 'P7D' });
      const { text } = await shop.subscription.detail(purchase);
      assert.equal((await shop.control('POST', `/purchases/${purchase.purchaseToken}/cancel`)).status, 200);
      assertSucceeded(await shop.subscription.reactivate(purchase));
      assert.equal((await shop.subscription.detail(purchase)).text, text);
    });

    it('changes nothing where nothing was cancelled: active, in grace or on hold', async () => {
      const shop = await openCommercialShop(server);
      const active = await shop.subscribe();
      const [grace, hold] = [await shop.subscribe({ gracePeriod: 'P3D' }), await shop.subscribe()];
      for (const purchase of [active, grace, hold]) await shop.acknowledge(purchase);
      for (const purchase of [grace, hold]) await shop.pay(purchase, 'decline');
      await shop.advanceTo(korea(4, 8, 12));
      for (const purchase of [active, grace, hold]) {
        const [{ text }, history] = [await shop.subscription.detail(purchase), await shop.history(purchase)];
        assertSucceeded(await shop.subscription.reactivate(purchase));
        assert.equal((await shop.subscription.detail(purchase)).text, text);
        assert.deepEqual(await shop.history(purchase), history);
      }
    });

    it('makes the payment at once where its time has passed meanwhile', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      assertSucceeded(await shop.subscription.cancel(purchase));
      await shop.advanceTo(korea(4, 7, 18));
      assertSucceeded(await shop.subscription.reactivate(purchase));
      const { body } = await shop.subscription.detail(purchase);
      assert.equal(body.nextPaymentTimeMillis, korea(4, 14, 10));
      assert.equal(body.expiryTimeMillis, korea(4, 14, 23, 59, 59));
      assert.notEqual(body.lastPurchaseId, purchase.purchaseId);
      assert.deepEqual([body.autoRenewing, body.paymentState, body.cancelReason], [true, 1, null]);
      assert.deepEqual((await shop.history(purchase)).slice(-2), ['reactivated', 'renewed']);
    });

    it('ignores the members of a body that it does not ask for', async () => {
      const shop = await openShop(server);
      for (const body of [undefined, {}, { deferPeriod: 3 }]) {
        assertSucceeded(await shop.subscription.reactivate(await shop.subscribe(), { body }));
      }
    });

    it('is impossible after a cancellation that ended it at once', async () => {
      const shop = await openCommercialShop(server);
      const [grace, hold] = [await shop.subscribe({ gracePeriod: 'P3D' }), await shop.subscribe()];
      for (const purchase of [grace, hold]) {
        await shop.acknowledge(purchase);
        await shop.pay(purchase, 'decline');
      }
      await shop.advanceTo(korea(4, 8, 12));
      for (const purchase of [grace, hold]) {
        assertSucceeded(await shop.subscription.cancel(purchase));
        assertRefused(await shop.subscription.reactivate(purchase), 'InvalidPurchaseState');
      }
    });

    it('is still in time at the last instant of the period, and refused with InvalidPurchaseState after it', async () => {
      const shop = await openCommercialShop(server);
      const [intime, late] = [await shop.subscribe(), await shop.subscribe()];
      for (const purchase of [intime, late]) {
        await shop.acknowledge(purchase);
        assertSucceeded(await shop.subscription.cancel(purchase));
      }
      await shop.moveClock(korea(4, 7, 23, 59, 59));
      assertSucceeded(await shop.subscription.reactivate(intime));
      await shop.moveClock(korea(4, 7, 23, 59, 59) + 1);
      assertRefused(await shop.subscription.reactivate(late), 'InvalidPurchaseState');
      assert.equal((await shop.subscription.detail(intime)).body.autoRenewing, true);
    });

    it('refuses what is voided, or has run out unpaid, with InvalidPurchaseState', async () => {
      const shop = await openCommercialShop(server);
      const [voided, expired, lapsed] = [
        await shop.subscribe(),
        await shop.subscribe({ accountHold: 'P0D' }),
        await shop.subscribe(),
      ];
      assertSucceeded(await shop.subscription.cancel(voided));
      await shop.void(voided);
      assertRefused(await shop.subscription.reactivate(voided), 'InvalidPurchaseState');
      for (const purchase of [expired, lapsed]) {
        await shop.acknowledge(purchase);
        await shop.pay(purchase, 'decline');
      }
      await shop.advance('P60D');
      for (const purchase of [expired, lapsed]) {
        assertRefused(await shop.subscription.reactivate(purchase), 'InvalidPurchaseState');
      }
    });

    it('changes nothing in a pause that is scheduled or runs, and while a change of product waits', async () => {
      const shop = await openCommercialShop(server);
      const [scheduled, waiting] = [await shop.subscribe({ pausable: true }), await shop.subscribe()];
      for (const purchase of [scheduled, waiting]) await shop.acknowledge(purchase);
      await shop.pause(scheduled, 'P2W');
      await shop.switchLater(waiting);
      const unchanged = async (purchase: Bought) => {
        const [{ text }, history] = [await shop.subscription.detail(purchase), await shop.history(purchase)];
        assertSucceeded(await shop.subscription.reactivate(purchase));
        assert.equal((await shop.subscription.detail(purchase)).text, text);
        assert.deepEqual(await shop.history(purchase), history);
      };
      for (const purchase of [scheduled, waiting]) await unchanged(purchase);
      await shop.advanceTo(korea(4, 8, 12));
      await unchanged(scheduled);
      assert.equal((await shop.history(scheduled)).at(-1), 'paused');
    });

    it('goes on without the pause or the change of product that the cancellation dropped', async () => {
      const shop = await openCommercialShop(server);
      const [pausing, waiting] = [await shop.subscribe({ pausable: true }), await shop.subscribe()];
      for (const purchase of [pausing, waiting]) await shop.acknowledge(purchase);
      const plain = (await shop.subscription.detail(pausing)).text;
      await shop.pause(pausing, 'P2W');
      await shop.switchLater(waiting);
      for (const purchase of [pausing, waiting]) {
        assertSucceeded(await shop.subscription.cancel(purchase));
        assertSucceeded(await shop.subscription.reactivate(purchase));
        const { text } = await shop.subscription.detail(purchase);
        assert.equal(text, plain.replace(pausing.purchaseId, purchase.purchaseId));
      }
      await shop.advanceTo(korea(4, 7, 10));
      for (const purchase of [pausing, waiting]) {
        assert.deepEqual((await shop.history(purchase)).slice(-2), ['reactivated', 'renewed']);
      }
    });

    it('is impossible after a cancellation in a pause', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ pausable: true });
      await shop.acknowledge(purchase);
      await shop.pause(purchase, 'P2W');
      await shop.advanceTo(korea(4, 8, 12));
      assertSucceeded(await shop.subscription.cancel(purchase));
      assertRefused(await shop.subscription.reactivate(purchase), 'InvalidPurchaseState');
    });

    it('refuses what ends because its new price was not agreed to with InvalidPurchaseState', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ period: 'P3M' });
      await shop.acknowledge(purchase);
      await shop.changePrice('subscription01', '900');
      await shop.advanceTo(korea(6, 30, 12));
      const { body } = await shop.subscription.detail(purchase);
      assert.deepEqual([body.autoRenewing, body.cancelReason], [false, 1]);
      assertRefused(await shop.subscription.reactivate(purchase), 'InvalidPurchaseState');
      assert.equal((await shop.history(purchase)).at(-1), 'priceRefused');
    });

    it('refuses a managed product, a monthly product and what it cannot find with NoSuchData', async () => {
      await assertFindsNothingElse(server, 'subscription', (shop, purchase, options) =>
        shop.subscription.reactivate(purchase, options),
      );
    });
  });
}
