// getPurchaseDetails over HTTP (section 4.1).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertRefused, assertStatus, inMarket, noon, openShop, shopOf } from './shop.ts';

for (const database of httpDatabases) {
  describe(`getPurchaseDetails on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers the seven members of the documents in their order', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy({ quantity: 2, developerPayload: '주문 "1" 😀' });
      const answer = await shop.details(purchase);
      assertStatus(answer, 200);
      assert.equal(
        answer.text,
        `{"consumptionState":0,"developerPayload":"주문 \\"1\\" 😀","purchaseState":0,"purchaseTime":${noon},` +
          `"purchaseId":"${purchase.purchaseId}","acknowledgeState":0,"quantity":2}`,
      );
    });

    it('shows each state that a purchase goes through', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      const states = async () => {
        const { acknowledgeState, consumptionState, purchaseState } = (await shop.details(purchase)).body;
        return [acknowledgeState, consumptionState, purchaseState];
      };
      assert.deepEqual(await states(), [0, 0, 0]);
      await shop.acknowledge(purchase);
      assert.deepEqual(await states(), [1, 0, 0]);
      await shop.consume(purchase);
      assert.deepEqual(await states(), [1, 1, 0]);
      await shop.void(purchase);
      assert.deepEqual(await states(), [1, 1, 1]);
    });

    it('answers an empty developerPayload in the sandbox where the purchase had none', async () => {
      const shop = await openShop(server);
      for (const given of [{}, { developerPayload: null }, { developerPayload: '' }]) {
        assert.equal((await shop.details(await shop.buy(given))).body.developerPayload, '');
      }
    });

    it('shows a purchase that nobody acknowledged as cancelled after three days', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await shop.advance('P3D');
      assert.equal((await shop.details(purchase)).body.purchaseState, 1);
    });

    it('shows an overdue purchase as cancelled before anybody has carried its void out, and stores nothing', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      const { database: stored } = server.till.host;
      await stored.run('update purchase set due_at = $1 where purchase_token = $2', [
        noon,
        purchase.purchaseToken,
      ]);
      assert.equal((await shop.details(purchase)).body.purchaseState, 1);
      const rows = await stored.all('select voided_at from purchase where purchase_token = $1', [
        purchase.purchaseToken,
      ]);
      assert.deepEqual(
        rows.map((row) => row.voided_at),
        [null],
      );
    });

    it('refuses what it cannot find with NoSuchData', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await shop.putProduct('product02');
      const { purchaseToken } = purchase;
      assertRefused(await shop.details({ ...purchase, purchaseToken: 'SANDBOXT999999999999' }), 'NoSuchData');
      assertRefused(await shop.details({ ...purchase, productId: 'product02' }), 'NoSuchData');
      assertRefused(await shop.details({ ...purchase, productId: 'PRODUCT01' }), 'NoSuchData');
      assertRefused(
        await shop.details({ ...purchase, purchaseToken: purchaseToken.toLowerCase() }),
        'NoSuchData',
      );
      assertRefused(await shop.details({ ...purchase, purchaseToken: purchase.purchaseId }), 'NoSuchData');
      assertRefused(await shop.details(purchase, inMarket('MKT_GLB')), 'NoSuchData');
      const other = await openShop(server);
      assertRefused(await other.details(purchase), 'NoSuchData');
    });

    it('refuses the token of a monthly product or a subscription with NoSuchData', async () => {
      const shop = await openShop(server);
      for (const type of ['auto', 'subscription'] as const) {
        const purchase = await shop.buyA(type);
        assertRefused(await shop.details(purchase), 'NoSuchData');
        assertRefused(await shop.details({ ...purchase, productId: 'product01' }), 'NoSuchData');
      }
    });

    it('takes path values from the path alone, whatever the query holds', async () => {
      const shop = await openShop(server);
      const [named, smuggled] = [await shop.buy(), await shop.buy()];
      const query = { purchaseToken: smuggled.purchaseToken, productId: 'nothing', market: 'MKT_GLB' };
      assert.equal((await shop.details(named, { query })).body.purchaseId, named.purchaseId);
    });
  });

  describe(`getPurchaseDetails in commercial on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database, { environment: 'commercial', masterKey: randomBytes(32) });
    });
    after(() => server.stop());

    it('answers a null developerPayload where the purchase had none', async () => {
      const shop = await shopOf(server, await server.app());
      const purchase = await shop.buy();
      const answer = await shop.details(purchase);
      assertStatus(answer, 200);
      assert.ok(answer.text.includes('"developerPayload":null,'), answer.text);
      const [row] = (await shop.unconfirmed()).body.unconfirmedPurchaseList;
      assert.equal(row.developerPayload, null);
    });

    it('answers a developerPayload that was given', async () => {
      const shop = await shopOf(server, await server.app());
      const purchase = await shop.buy({ developerPayload: 'order 1' });
      assert.equal((await shop.details(purchase)).body.developerPayload, 'order 1');
    });

    it('names purchases as the commercial documents do', async () => {
      const shop = await shopOf(server, await server.app());
      const { purchaseId, purchaseToken, orderId } = await shop.buy();
      assert.match(purchaseId, /^\d{20}$/);
      assert.equal(purchaseToken, purchaseId);
      assert.ok(orderId.length <= 40);
      assert.equal(
        (await shop.details({ purchaseToken, productId: 'product01' })).body.purchaseId,
        purchaseId,
      );
    });
  });
}
