// getRecurringPurchaseDetails over HTTP (section 5.1), on real periods and on the sandbox's.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertFindsNothingElse, korea, openCommercialShop } from './recurring.ts';
import { type Bought, inMarket, minuteMs, noon, openShop, type Shop } from './shop.ts';

/** A monthly product bought on the last of March at noon, as it is until something happens to it. */
const fresh = {
  startTime: noon,
  expiryTime: korea(4, 30, 23, 59, 59),
  nextPaymentTime: korea(4, 30, 10),
  autoRenewing: true,
  cancelReason: null as number | null,
  cancelledTime: null as number | null,
  acknowledgeState: 0,
  lastPurchaseId: '',
  lastPurchaseState: 0,
};

/** The whole answer, every byte of it. */
async function assertDetails(shop: Shop, purchase: Bought, changes: Partial<typeof fresh>): Promise<void> {
  const { text, status } = await shop.monthly.detail(purchase);
  const expected = JSON.stringify({ ...fresh, lastPurchaseId: purchase.purchaseId, ...changes });
  assert.deepEqual([status, text], [200, expected]);
}

async function lastIdOf(shop: Shop, purchase: Bought): Promise<string> {
  return (await shop.monthly.detail(purchase)).body.lastPurchaseId;
}

for (const database of httpDatabases) {
  describe(`getRecurringPurchaseDetails on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers the nine members of the documents in their order, null where nothing was cancelled', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly({ developerPayload: 'order 1' });
      const { text } = await shop.monthly.detail(purchase);
      assert.equal(
        text,
        `{"startTime":${noon},"expiryTime":${korea(4, 30, 23, 59, 59)},"nextPaymentTime":${korea(4, 30, 10)},` +
          `"autoRenewing":true,"cancelReason":null,"cancelledTime":null,"acknowledgeState":0,` +
          `"lastPurchaseId":"${purchase.purchaseId}","lastPurchaseState":0}`,
      );
    });

    it('shows that it is acknowledged', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.acknowledge(purchase);
      await assertDetails(shop, purchase, { acknowledgeState: 1 });
    });

    it('shows each payment from its second on: a new ID, the next day, the shortened day kept', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.acknowledge(purchase);
      await shop.advanceTo(korea(4, 30, 10) - 1);
      await assertDetails(shop, purchase, { acknowledgeState: 1 });
      let former = purchase.purchaseId;
      for (const month of [5, 6, 7]) {
        await shop.advanceTo(korea(month - 1, 30, 10));
        const lastPurchaseId = await lastIdOf(shop, purchase);
        assert.notEqual(lastPurchaseId, former);
        former = lastPurchaseId;
        await assertDetails(shop, purchase, {
          acknowledgeState: 1,
          lastPurchaseId,
          nextPaymentTime: korea(month, 30, 10),
          expiryTime: korea(month, 30, 23, 59, 59),
        });
      }
    });

    it('shows a cancellation with the end of use as its time, before that end and after it', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.acknowledge(purchase);
      await shop.monthly.cancel(purchase);
      const cancelled = {
        ...{ acknowledgeState: 1, autoRenewing: false, cancelReason: 0 },
        cancelledTime: fresh.expiryTime,
      };
      for (const now of [noon, fresh.expiryTime, fresh.expiryTime + 1, fresh.expiryTime + 90 * 86_400_000]) {
        await shop.advanceTo(now);
        await assertDetails(shop, purchase, cancelled);
      }
      assert.deepEqual(await shop.history(purchase), ['purchased', 'acknowledged', 'cancelled', 'expired']);
    });

    it('shows the time of the request to an app that has chosen it', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.advance('PT1H');
      await shop.monthly.cancel(purchase);
      await shop.change({ switches: { scheduledCancelTime: 'request' } });
      const cancelledTime = noon + 60 * minuteMs;
      await assertDetails(shop, purchase, { autoRenewing: false, cancelReason: 0, cancelledTime });
    });

    it('shows a declined payment as a cancellation by the system, to be used until it expires', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.acknowledge(purchase);
      await shop.pay(purchase, 'decline');
      await shop.advanceTo(korea(4, 30, 10) - 1);
      await assertDetails(shop, purchase, { acknowledgeState: 1 });
      const declined = {
        ...{ acknowledgeState: 1, autoRenewing: false, cancelReason: 1 },
        cancelledTime: fresh.expiryTime,
      };
      for (const now of [korea(4, 30, 10), fresh.expiryTime, fresh.expiryTime + 1]) {
        await shop.advanceTo(now);
        await assertDetails(shop, purchase, declined);
      }
      const steps = ['purchased', 'acknowledged', 'paymentChanged', 'declined', 'cancelled', 'expired'];
      assert.deepEqual(await shop.history(purchase), steps);
    });

    it('shows a void: its last payment cancelled, its use ended', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      await shop.advance('PT1H');
      await shop.void(purchase);
      const now = noon + 60 * minuteMs;
      await assertDetails(shop, purchase, {
        ...{ expiryTime: now, autoRenewing: false, cancelReason: 1, cancelledTime: now },
        lastPurchaseState: 1,
      });
    });

    it('shows as cancelled what nobody acknowledged within three days', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.buyMonthly();
      const now = noon + 72 * 60 * minuteMs;
      await shop.moveClock(now - 1);
      await assertDetails(shop, purchase, {});
      await shop.moveClock(now);
      await assertDetails(shop, purchase, {
        ...{ expiryTime: now, autoRenewing: false, cancelReason: 1, cancelledTime: now },
        lastPurchaseState: 1,
      });
    });

    it('counts days in UTC for MKT_GLB', async () => {
      const shop = await openCommercialShop(server, { market: 'MKT_GLB' });
      const purchase = await shop.buyMonthly();
      const { body } = await shop.monthly.detail(purchase, inMarket('MKT_GLB'));
      assert.equal(body.nextPaymentTime, Date.UTC(2026, 3, 30, 10));
      assert.equal(body.expiryTime, Date.UTC(2026, 3, 30, 23, 59, 59));
    });

    it('renews every five minutes on the sandbox’s calendar, where a period ends with the next payment', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buyMonthly();
      for (const paid of [0, 1, 2]) {
        const due = noon + (paid + 1) * 5 * minuteMs;
        const lastPurchaseId = await lastIdOf(shop, purchase);
        await assertDetails(shop, purchase, { nextPaymentTime: due, expiryTime: due, lastPurchaseId });
        await shop.advanceTo(due - 1);
        assert.equal(await lastIdOf(shop, purchase), lastPurchaseId);
        await shop.advanceTo(due);
        assert.notEqual(await lastIdOf(shop, purchase), lastPurchaseId);
      }
    });

    it('refuses a managed product, a subscription and what it cannot find with NoSuchData', async () => {
      await assertFindsNothingElse(server, 'auto', (shop, purchase, options) =>
        shop.monthly.detail(purchase, options),
      );
    });
  });
}
