// getUnconfirmedPurchases over HTTP (section 4.5).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertRefused, dayMs, hourMs, inMarket, noon, openShop, type Shop } from './shop.ts';

async function listed(shop: Shop, query: Record<string, string | number> = {}): Promise<string[]> {
  const answer = await shop.unconfirmed(query);
  assert.equal(answer.status, 200, answer.text);
  return answer.body.unconfirmedPurchaseList.map((row: { purchaseId: string }) => row.purchaseId);
}

for (const database of httpDatabases) {
  describe(`getUnconfirmedPurchases on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers an empty list, without a key, where nothing waits', async () => {
      const shop = await openShop(server);
      assert.equal((await shop.unconfirmed()).text, '{"unconfirmedPurchaseList":[]}');
    });

    it('answers the members of the documents in their order, without blanks in their names', async () => {
      const shop = await openShop(server);
      const productId = '다이아100_20170818000000';
      await shop.putProduct(productId);
      const { orderId, purchaseToken, purchaseId } = await shop.buy({
        productId,
        quantity: 2,
        developerPayload: 'order 1',
      });
      assert.equal(
        (await shop.unconfirmed()).text,
        `{"unconfirmedPurchaseList":[{"type":"inapp","orderId":"${orderId}","productId":"${productId}",` +
          `"purchaseToken":"${purchaseToken}","purchaseId":"${purchaseId}","purchaseTime":${noon},` +
          `"purchaseState":0,"developerPayload":"order 1","quantity":2,"marketCode":"MKT_ONE"}]}`,
      );
    });

    it('answers an empty developerPayload in the sandbox where the purchase had none', async () => {
      const shop = await openShop(server);
      await shop.buy();
      assert.equal((await shop.unconfirmed()).body.unconfirmedPurchaseList[0].developerPayload, '');
    });

    it('drops a purchase that is acknowledged, consumed or voided', async () => {
      const shop = await openShop(server);
      const [kept, acknowledged, consumed, voided] = [
        await shop.buy(),
        await shop.buy(),
        await shop.buy(),
        await shop.buy(),
      ];
      assert.equal((await listed(shop)).length, 4);
      await shop.acknowledge(acknowledged);
      await shop.consume(consumed);
      await shop.void(voided);
      assert.deepEqual(await listed(shop), [kept.purchaseId]);
    });

    it('drops a purchase at the end of its three days', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await shop.advance('PT71H59M59S');
      assert.deepEqual(await listed(shop), [purchase.purchaseId]);
      await shop.advance('PT1S');
      assert.deepEqual(await listed(shop), []);
    });

    it('drops what is overdue, although nobody has carried out its void', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await server.till.host.database.run('update purchase set due_at = $1 where purchase_token = $2', [
        noon,
        purchase.purchaseToken,
      ]);
      assert.deepEqual(await listed(shop), []);
    });

    it('lists every product type, with the members of the documents', async () => {
      const shop = await openShop(server);
      for (const type of ['inapp', 'auto', 'subscription'] as const) {
        const { orderId, productId, purchaseToken, purchaseId } = await shop.buyA(type, {
          developerPayload: 'order 1',
        });
        const row =
          `{"type":"${type}","orderId":"${orderId}","productId":"${productId}",` +
          `"purchaseToken":"${purchaseToken}","purchaseId":"${purchaseId}","purchaseTime":${noon},` +
          `"purchaseState":0,"developerPayload":"order 1","quantity":1,"marketCode":"MKT_ONE"}`;
        const { text } = await shop.unconfirmed();
        assert.ok(text.includes(row), text);
      }
      assert.equal((await listed(shop)).length, 3);
    });

    it('never lists a renewal, which needs no acknowledging, and keeps the first payment in the list', async () => {
      const shop = await openShop(server);
      const bought = [await shop.buyMonthly(), await shop.subscribe()];
      const firstIds = bought.map(({ purchaseId }) => purchaseId).sort();
      assert.deepEqual(await listed(shop), firstIds);
      await shop.advance('PT1H');
      for (const purchase of bought) {
        assert.equal((await shop.history(purchase)).filter((what) => what === 'renewed').length, 12);
      }
      assert.deepEqual(await listed(shop), firstIds);
      for (const purchase of bought) await shop.acknowledge(purchase);
      assert.deepEqual(await listed(shop), []);
      await shop.advance('PT1H');
      assert.deepEqual(await listed(shop), []);
    });

    it('drops what is voided after a renewal, whose first payment nobody can acknowledge any more', async () => {
      const shop = await openShop(server);
      for (const type of ['auto', 'subscription'] as const) {
        const purchase = await shop.buyA(type);
        await shop.advance('PT6M');
        assert.deepEqual(await listed(shop), [purchase.purchaseId]);
        await shop.void(purchase);
        assertRefused(await shop.acknowledge(purchase), 'InvalidPurchaseState');
        assert.deepEqual(await listed(shop), []);
      }
    });

    it('drops a subscription at the end of its three days, whatever was paid since', async () => {
      const shop = await openShop(server);
      const purchase = await shop.subscribe({ period: 'P1Y' });
      await shop.advance('PT71H59M59S');
      assert.deepEqual(await listed(shop), [purchase.purchaseId]);
      await shop.advance('PT1S');
      assert.deepEqual(await listed(shop), []);
    });

    it('drops a subscription whose three days are over, although nobody has carried out its void', async () => {
      const shop = await openShop(server, {}, { calendar: 'commercial' });
      const bought = [await shop.subscribe(), await shop.buyMonthly()];
      await shop.moveClock(noon + 3 * dayMs - 1);
      assert.deepEqual(await listed(shop), bought.map(({ purchaseId }) => purchaseId).sort());
      await shop.moveClock(noon + 3 * dayMs);
      assert.deepEqual(await listed(shop), []);
    });

    it('sorts by the time of the purchase, and takes the range over it, both ends included', async () => {
      const shop = await openShop(server);
      const first = await shop.buy();
      await shop.advance('P1D');
      const second = await shop.buy();
      await shop.advance('P1D');
      assert.deepEqual(await listed(shop), [first.purchaseId, second.purchaseId]);
      const { purchaseTime } = second;
      assert.equal(purchaseTime, noon + dayMs);
      assert.deepEqual(await listed(shop, { startTime: noon, endTime: noon }), [first.purchaseId]);
      assert.deepEqual(await listed(shop, { startTime: purchaseTime }), [second.purchaseId]);
      assert.deepEqual(await listed(shop, { startTime: noon + 1, endTime: purchaseTime - 1 }), []);
      assert.deepEqual(await listed(shop, { endTime: purchaseTime - 1 }), [first.purchaseId]);
    });

    it('lists only the market of the header, and nothing of MKT_GLB by default', async () => {
      const shop = await openShop(server);
      const [one] = [await shop.buy(), await shop.buy({ market: 'MKT_GLB' })];
      assert.deepEqual(await listed(shop), [one.purchaseId]);
      const global = await shop.unconfirmed({}, inMarket('MKT_GLB'));
      assert.equal(global.text, '{"unconfirmedPurchaseList":[]}');
    });

    it('serves MKT_GLB to an app that has chosen it', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy({ market: 'MKT_GLB' });
      await shop.change({ switches: { unconfirmedGlobal: true } });
      const { body } = await shop.unconfirmed({}, inMarket('MKT_GLB'));
      assert.equal(body.unconfirmedPurchaseList[0].purchaseId, purchase.purchaseId);
      assert.deepEqual(await listed(shop), []);
    });

    it('lists only the purchases of the app that asks', async () => {
      const [shop, other] = [await openShop(server), await openShop(server)];
      await shop.buy();
      assert.deepEqual(await listed(other), []);
    });

    it('lists the purchases of the old generation, which nobody must acknowledge, for a month', async () => {
      const shop = await openShop(server, { generation: 'v5' });
      const purchase = await shop.buy();
      await shop.advance('P30D');
      assert.deepEqual(await listed(shop, { startTime: noon - hourMs }), [purchase.purchaseId]);
      assert.equal((await shop.details(purchase)).body.purchaseState, 0);
    });
  });

  describe(`getUnconfirmedPurchases with unconfirmedGlobal on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database, { unconfirmedGlobal: true });
    });
    after(() => server.stop());

    it('serves MKT_GLB, except to an app that has turned it off', async () => {
      const shop = await openShop(server, { market: 'MKT_GLB' });
      const purchase = await shop.buy();
      const global = async () =>
        (await shop.unconfirmed({}, inMarket('MKT_GLB'))).body.unconfirmedPurchaseList;
      assert.equal((await global())[0].purchaseId, purchase.purchaseId);
      await shop.change({ switches: { unconfirmedGlobal: false } });
      assert.deepEqual(await global(), []);
    });
  });
}
