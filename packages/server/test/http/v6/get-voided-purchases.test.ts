// getVoidedPurchases of V6: by the time of the void, as in V7, without subscriptions (section 7; 13, rows 13, 14).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { idsOf, type List, lists, walk } from '../lists.ts';
import { type OlderShop, openOlderShop } from '../older.ts';
import { assertRefused, dayMs, hourMs, inMarket, noon } from '../shop.ts';

const [v7List] = lists as readonly [List];
const list: List = {
  ...v7List,
  ask: (shop, query, options) => (shop as OlderShop).v6.voided(query, options),
};

for (const database of httpDatabases) {
  describe(`V6 getVoidedPurchases on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers the five members of V7 in their order', async () => {
      const shop = await openOlderShop(server);
      assert.equal((await shop.v6.voided()).text, '{"voidedPurchaseList":[]}');
      const { purchaseId, purchaseToken } = await shop.buy();
      await shop.advance('PT1H');
      await shop.void({ productId: 'product01', purchaseToken });
      assert.equal(
        (await shop.v6.voided()).text,
        `{"voidedPurchaseList":[{"purchaseId":"${purchaseId}","purchaseTime":${noon},"voidedTime":${noon + hourMs},` +
          `"purchaseToken":"${purchaseToken}","marketCode":"MKT_ONE"}]}`,
      );
    });

    it('lists managed and monthly products, and leaves subscriptions to V7', async () => {
      const shop = await openOlderShop(server);
      const [managed, month, pass] = [await shop.buy(), await shop.buyMonthly(), await shop.subscribe()];
      for (const purchase of [managed, month, pass]) await shop.void(purchase);
      const ids = [managed, month].map(({ purchaseId }) => purchaseId).sort();
      assert.deepEqual(idsOf(list, await shop.v6.voided()), ids);
      assert.equal(idsOf(list, await shop.voided()).length, 3);
    });

    it('pages over subscriptions as if they were not there', async () => {
      const shop = await openOlderShop(server);
      const managed: string[] = [];
      for (const buy of [shop.buy, shop.subscribe, shop.subscribe, shop.buy, shop.subscribe, shop.buy]) {
        const purchase = await buy();
        if (buy === shop.buy) managed.push(purchase.purchaseId);
        await shop.void(purchase);
        await shop.advance('PT1S');
      }
      assert.deepEqual(await walk(list, shop, [1]), managed);
      const first = await shop.v6.voided({ maxResults: 2 });
      assert.match(first.text, /^\{"continuationKey":"[!-~]{1,41}","/);
      const rest = await shop.v6.voided({ continuationKey: first.body.continuationKey });
      assert.deepEqual([...idsOf(list, first), ...idsOf(list, rest)], managed);
      assert.ok(!('continuationKey' in (await shop.v6.voided({ maxResults: 3 })).body));
    });

    it('takes its range over the time of the void, up to 31 days back', async () => {
      const shop = await openOlderShop(server);
      const purchase = await shop.buy();
      await shop.v6.acknowledge(purchase);
      await shop.advance('P2D');
      await shop.void(purchase);
      const voidedTime = noon + 2 * dayMs;
      const found = async (startTime: number, endTime: number) =>
        idsOf(list, await shop.v6.voided({ startTime, endTime })).length;
      assert.equal(await found(voidedTime, voidedTime), 1);
      assert.equal(await found(noon, noon + hourMs), 0);
      const earliest = voidedTime - 31 * dayMs;
      assert.equal(await found(earliest, voidedTime), 1);
      const older = await shop.v6.voided({ startTime: earliest - 1 });
      assertRefused(older, 'InvalidRequest', ['startTime']);
      const late = await shop.v6.voided({ endTime: voidedTime + 1 });
      assertRefused(late, 'InvalidRequest', ['endTime']);
    });

    it('lists a purchase that nobody acknowledged after three days, and only its own market and app', async () => {
      const [shop, stranger] = [await openOlderShop(server), await openOlderShop(server)];
      const [one, global] = [await shop.buy(), await shop.buy({ market: 'MKT_GLB' })];
      await shop.advance('P3D');
      assert.deepEqual(idsOf(list, await shop.v6.voided()), [one.purchaseId]);
      assert.deepEqual(idsOf(list, await shop.v6.voided({}, inMarket('MKT_GLB'))), [global.purchaseId]);
      assert.deepEqual(idsOf(list, await stranger.v6.voided()), []);
    });

    it('refuses a key of another app, market or list with InvalidRequest', async () => {
      const [shop, stranger] = [await openOlderShop(server), await openOlderShop(server)];
      await list.fill(shop, 2);
      const { continuationKey } = (await shop.v6.voided({ maxResults: 1 })).body;
      const query = { continuationKey };
      for (const answer of [
        await stranger.v6.voided(query),
        await shop.v6.voided(query, inMarket('MKT_GLB')),
        await shop.unconfirmed(query),
        await shop.v5.voided(query),
      ]) {
        assertRefused(answer, 'InvalidRequest', ['continuationKey']);
      }
    });
  });
}
