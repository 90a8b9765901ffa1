// cancelRecurringPurchase over HTTP (section 5.2).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertFindsNothingElse, korea, openCommercialShop } from './recurring.ts';
import { assertRefused, assertSucceeded, noon, openShop } from './shop.ts';

for (const database of httpDatabases) {
  describe(`cancelRecurringPurchase on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('ends the automatic payment, not the use', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.acknowledge(purchase);
      const before = (await shop.monthly.detail(purchase)).body;
      assertSucceeded(await shop.monthly.cancel(purchase));
      const expected = { autoRenewing: false, cancelReason: 0, cancelledTime: before.expiryTime };
      assert.deepEqual((await shop.monthly.detail(purchase)).body, { ...before, ...expected });
      await shop.advanceTo(before.expiryTime);
      const read = async () => (await shop.control('GET', `/purchases/${purchase.purchaseToken}`)).body;
      assert.equal((await read()).entitled, true);
      await shop.advanceTo(before.expiryTime + 1);
      assert.equal((await read()).entitled, false);
      assert.deepEqual((await shop.monthly.detail(purchase)).body, { ...before, ...expected });
      const steps = ['purchased', 'acknowledged', 'cancelled', 'expired'];
      assert.deepEqual(await shop.history(purchase), steps);
    });

    it('changes nothing where it is cancelled already, by whomever', async () => {
      const shop = await openCommercialShop(server);
      const [mine, buyers] = [await shop.buyMonthly(), await shop.buyMonthly()];
      assertSucceeded(await shop.monthly.cancel(mine));
      assert.equal((await shop.control('POST', `/purchases/${buyers.purchaseToken}/cancel`)).status, 200);
      await shop.advance('PT1H');
      for (const purchase of [mine, buyers]) {
        const { text } = await shop.monthly.detail(purchase);
        assertSucceeded(await shop.monthly.cancel(purchase));
        assert.equal((await shop.monthly.detail(purchase)).text, text);
        assert.deepEqual(await shop.history(purchase), ['purchased', 'cancelled']);
      }
    });

    it('changes nothing where a declined payment has cancelled it, the reason included', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.acknowledge(purchase);
      await shop.pay(purchase, 'decline');
      await shop.advanceTo(korea(4, 30, 12));
      assertSucceeded(await shop.monthly.cancel(purchase));
      assert.equal((await shop.monthly.detail(purchase)).body.cancelReason, 1);
    });

    it('ignores the members of a body that it does not ask for', async () => {
      const shop = await openShop(server);
      for (const body of [undefined, {}, { developerPayload: 'x' }, { productId: 1, purchaseToken: [] }]) {
        assertSucceeded(await shop.monthly.cancel(await shop.buyMonthly(), { body }));
      }
    });

    it('lets many cancellations at the same time count as one', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buyMonthly();
      const answers = await Promise.all(Array.from({ length: 8 }, () => shop.monthly.cancel(purchase)));
      for (const answer of answers) assertSucceeded(answer);
      assert.deepEqual(await shop.history(purchase), ['purchased', 'cancelled']);
    });

    it('is still in time at the last instant of the period, and refused with InvalidPurchaseState after it', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buyMonthly();
      const { expiryTime } = (await shop.monthly.detail(purchase)).body;
      assertSucceeded(await shop.monthly.cancel(purchase));
      await shop.moveClock(expiryTime);
      assertSucceeded(await shop.monthly.cancel(purchase));
      await shop.moveClock(expiryTime + 1);
      assertRefused(await shop.monthly.cancel(purchase), 'InvalidPurchaseState');
    });

    it('makes the payment that is due before it cancels', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buyMonthly();
      const { nextPaymentTime } = (await shop.monthly.detail(purchase)).body;
      await shop.moveClock(nextPaymentTime);
      assertSucceeded(await shop.monthly.cancel(purchase));
      assert.deepEqual(await shop.history(purchase), ['purchased', 'renewed', 'cancelled']);
    });

    it('refuses what is voided with InvalidPurchaseState, by hand or after three days', async () => {
      const shop = await openCommercialShop(server);
      const [byHand, byTime] = [await shop.buyMonthly(), await shop.buyMonthly()];
      await shop.void(byHand);
      assertRefused(await shop.monthly.cancel(byHand), 'InvalidPurchaseState');
      await shop.moveClock(noon + 72 * 3_600_000 - 1);
      assertSucceeded(await shop.monthly.cancel(byTime));
      assertSucceeded(await shop.monthly.reactivate(byTime));
      await shop.moveClock(noon + 72 * 3_600_000);
      assertRefused(await shop.monthly.cancel(byTime), 'InvalidPurchaseState');
    });

    it('refuses a managed product, a subscription and what it cannot find with NoSuchData', async () => {
      await assertFindsNothingElse(server, 'auto', (shop, purchase, options) =>
        shop.monthly.cancel(purchase, options),
      );
    });
  });
}
