// getRecurringPurchaseDetails of V6: V7's answer, under the package name (section 7).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { type OlderShop, openOlderShop } from '../older.ts';
import { korea } from '../recurring.ts';
import { assertRefused, inMarket, noon, type Shop } from '../shop.ts';

const commercial = { calendar: 'commercial' };

for (const database of httpDatabases) {
  describe(`V6 getRecurringPurchaseDetails on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers the nine members of V7 in their order', async () => {
      const shop = await openOlderShop(server, {}, commercial);
      const purchase = await shop.buyMonthly({ developerPayload: 'order 1' });
      assert.equal(
        (await shop.v6.recurringDetails(purchase)).text,
        `{"startTime":${noon},"expiryTime":${korea(4, 30, 23, 59, 59)},"nextPaymentTime":${korea(4, 30, 10)},` +
          `"autoRenewing":true,"cancelReason":null,"cancelledTime":null,"acknowledgeState":0,` +
          `"lastPurchaseId":"${purchase.purchaseId}","lastPurchaseState":0}`,
      );
    });

    it('answers what V7 answers, whatever happens to it', async () => {
      const shop = await openOlderShop(server, {}, commercial);
      const purchase = await shop.buyMonthly();
      const steps: [string, () => Promise<unknown>][] = [
        ['nothing', async () => {}],
        ['acknowledged', () => shop.v6.acknowledge(purchase)],
        ['renewed', () => shop.advanceTo(korea(4, 30, 10))],
        ['cancelled', () => shop.v6.cancel(purchase)],
        ['reactivated', () => shop.v6.reactivate(purchase)],
        ['declined', () => shop.pay(purchase, 'decline')],
        ['unpaid', () => shop.advanceTo(korea(5, 30, 10))],
        ['ended', () => shop.advanceTo(korea(6, 1, 0))],
        ['voided', () => shop.void(purchase)],
      ];
      const told = new Set<string>();
      for (const [step, take] of steps) {
        await take();
        const { text } = await shop.v6.recurringDetails(purchase);
        assert.equal(text, (await shop.monthly.detail(purchase)).text, step);
        told.add(text);
      }
      assert.ok(told.size >= 6);
    });

    it('refuses another token, product, type, market or app with NoSuchData', async () => {
      const [shop, stranger] = [await openOlderShop(server), await openOlderShop(server)];
      const purchase = await shop.buyMonthly();
      await stranger.buyMonthly();
      const ask = (own: Shop) => (own as OlderShop).v6.recurringDetails;
      const pass = await shop.subscribe();
      for (const named of [
        { ...purchase, purchaseToken: 'SANDBOXT999999999999' },
        { ...purchase, purchaseToken: purchase.purchaseId },
        { ...purchase, productId: 'product01' },
        { ...purchase, purchaseToken: pass.purchaseToken },
        await shop.buy(),
        pass,
      ]) {
        assertRefused(await ask(shop)(named), 'NoSuchData');
      }
      assertRefused(await ask(shop)(purchase, inMarket('MKT_GLB')), 'NoSuchData');
      assertRefused(await ask(stranger)(purchase), 'NoSuchData');
    });
  });
}
