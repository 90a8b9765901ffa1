// reactivateRecurringPurchase over HTTP (section 5.3).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertFindsNothingElse, korea, openCommercialShop } from './recurring.ts';
import { assertRefused, assertSucceeded, openShop } from './shop.ts';

for (const database of httpDatabases) {
  describe(`reactivateRecurringPurchase on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('takes a cancellation back, so that the next payment is made', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.acknowledge(purchase);
      const { text, body } = await shop.monthly.detail(purchase);
      assertSucceeded(await shop.monthly.cancel(purchase));
      await shop.advance('P7D');
      assertSucceeded(await shop.monthly.reactivate(purchase));
      assert.equal((await shop.monthly.detail(purchase)).text, text);
      await shop.advanceTo(body.nextPaymentTime);
      const steps = ['purchased', 'acknowledged', 'cancelled', 'reactivated', 'renewed'];
      assert.deepEqual(await shop.history(purchase), steps);
    });

    it('changes nothing where nothing was cancelled', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buyMonthly();
      const { text } = await shop.monthly.detail(purchase);
      assertSucceeded(await shop.monthly.reactivate(purchase));
      assert.equal((await shop.monthly.detail(purchase)).text, text);
      assert.deepEqual(await shop.history(purchase), ['purchased']);
    });

    it('makes the payment at once where its time has passed meanwhile', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.acknowledge(purchase);
      assertSucceeded(await shop.monthly.cancel(purchase));
      await shop.advanceTo(korea(4, 30, 18));
      assertSucceeded(await shop.monthly.reactivate(purchase));
      const { body } = await shop.monthly.detail(purchase);
      assert.equal(body.nextPaymentTime, korea(5, 30, 10));
      assert.equal(body.expiryTime, korea(5, 30, 23, 59, 59));
      assert.notEqual(body.lastPurchaseId, purchase.purchaseId);
      assert.deepEqual([body.autoRenewing, body.cancelReason, body.cancelledTime], [true, null, null]);
      assert.deepEqual((await shop.history(purchase)).slice(-2), ['reactivated', 'renewed']);
    });

    it('tries a declined payment again at once, and is undone where that is declined too', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.acknowledge(purchase);
      await shop.pay(purchase, 'decline');
      await shop.advanceTo(korea(4, 30, 11));
      assertSucceeded(await shop.monthly.reactivate(purchase));
      const declined = (await shop.monthly.detail(purchase)).body;
      assert.deepEqual([declined.autoRenewing, declined.cancelReason], [false, 1]);
      await shop.pay(purchase, 'approve');
      assertSucceeded(await shop.monthly.reactivate(purchase));
      const paid = (await shop.monthly.detail(purchase)).body;
      assert.deepEqual([paid.autoRenewing, paid.cancelReason, paid.cancelledTime], [true, null, null]);
      assert.equal(paid.nextPaymentTime, korea(5, 30, 10));
    });

    it('ignores the members of a body that it does not ask for', async () => {
      const shop = await openShop(server);
      for (const body of [undefined, {}, { developerPayload: 'x' }, { productId: 1, purchaseToken: [] }]) {
        assertSucceeded(await shop.monthly.reactivate(await shop.buyMonthly(), { body }));
      }
    });

    it('is still in time at the last instant of the period, and refused with InvalidPurchaseState after it', async () => {
      const shop = await openCommercialShop(server);
      const [intime, late] = [await shop.buyMonthly(), await shop.buyMonthly()];
      for (const purchase of [intime, late]) {
        await shop.acknowledge(purchase);
        assertSucceeded(await shop.monthly.cancel(purchase));
      }
      await shop.moveClock(korea(4, 30, 23, 59, 59));
      assertSucceeded(await shop.monthly.reactivate(intime));
      await shop.moveClock(korea(4, 30, 23, 59, 59) + 1);
      assertRefused(await shop.monthly.reactivate(late), 'InvalidPurchaseState');
      assert.equal((await shop.monthly.detail(intime)).body.autoRenewing, true);
    });

    it('refuses what is voided with InvalidPurchaseState', async () => {
      const shop = await openShop(server);
      for (const cancelledBefore of [false, true]) {
        const purchase = await shop.buyMonthly();
        if (cancelledBefore) assertSucceeded(await shop.monthly.cancel(purchase));
        await shop.void(purchase);
        assertRefused(await shop.monthly.reactivate(purchase), 'InvalidPurchaseState');
      }
    });

    it('refuses a managed product, a subscription and what it cannot find with NoSuchData', async () => {
      await assertFindsNothingElse(server, 'auto', (shop, purchase, options) =>
        shop.monthly.reactivate(purchase, options),
      );
    });
  });
}
