// getPurchaseDetails of V5: four members, by the purchase's ID (section 8).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop, v5Of } from '../older.ts';
import { assertRefused, assertStatus, assertSucceeded, inMarket, noon, shopOf } from '../shop.ts';

const v5 = { generation: 'v5' };

for (const database of httpDatabases) {
  describe(`V5 getPurchaseDetails on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers its four members in their order', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buy({ quantity: 2, developerPayload: '주문 "1" 😀' });
      const answer = await shop.v5.details(purchase);
      assertStatus(answer, 200);
      assert.equal(
        answer.text,
        `{"consumptionState":0,"developerPayload":"주문 \\"1\\" 😀","purchaseState":0,"purchaseTime":${noon}}`,
      );
      assert.equal(answer.headers.get('content-type'), 'application/json;charset=UTF-8');
    });

    it('shows each state that a purchase goes through', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buy();
      const states = async () => {
        const { consumptionState, purchaseState, developerPayload } = (await shop.v5.details(purchase)).body;
        return [consumptionState, purchaseState, developerPayload];
      };
      assert.deepEqual(await states(), [0, 0, '']);
      await shop.v5.consume(purchase);
      assert.deepEqual(await states(), [1, 0, '']);
      await shop.void(purchase);
      assert.deepEqual(await states(), [1, 1, '']);
    });

    it('knows no three days: what nobody acknowledged stays, and V7 can still acknowledge it', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buy();
      await shop.advance('P60D');
      assert.equal((await shop.v5.details(purchase)).body.purchaseState, 0);
      assert.deepEqual(await shop.history(purchase), ['purchased']);
      assertSucceeded(await shop.acknowledge(purchase));
      assert.equal((await shop.details(purchase)).body.acknowledgeState, 1);
      assertSucceeded(await shop.v5.consume(purchase));
    });

    it('shows what a later app’s three days have cancelled, before anybody has carried it out', async () => {
      const shop = await openOlderShop(server, { generation: 'v6' });
      const purchase = await shop.buy();
      await shop.moveClock(noon + 3 * 86_400_000 - 1);
      assert.equal((await shop.v5.details(purchase)).body.purchaseState, 0);
      await shop.moveClock(noon + 3 * 86_400_000);
      assert.equal((await shop.v5.details(purchase)).body.purchaseState, 1);
    });

    it('refuses another ID, type, market or app with NoSuchData', async () => {
      const [shop, stranger] = [await openOlderShop(server, v5), await openOlderShop(server, v5)];
      const purchase = await shop.buy();
      await stranger.buy();
      for (const purchaseId of [
        'SANDBOX3999999999999',
        purchase.purchaseToken,
        purchase.orderId,
        purchase.purchaseId.toLowerCase(),
        `${purchase.purchaseId.slice(0, -1)} `,
      ].map((id) => id.slice(0, 20))) {
        assertRefused(await shop.v5.details({ purchaseId }), 'NoSuchData');
      }
      assertRefused(await shop.v5.details(purchase, inMarket('MKT_GLB')), 'NoSuchData');
      for (const other of [await shop.buyMonthly(), await shop.subscribe()]) {
        assertRefused(await shop.v5.details(other), 'NoSuchData');
      }
      assertRefused(await stranger.v5.details(purchase), 'NoSuchData');
      assertRefused(await v5Of(stranger, shop.packageName).details(purchase), 'UnauthorizedAccess');
    });
  });

  describe(`V5 getPurchaseDetails in commercial on ${database.name}`, () => {
    it('answers null for the developerPayload of a purchase that has none', async () => {
      const server = await startServer(database, { environment: 'commercial', masterKey: randomBytes(32) });
      try {
        const shop = await shopOf(server, await server.app({ generation: 'v5' }));
        const { details } = v5Of(shop, shop.app.packageName);
        const { purchaseId } = await shop.buy();
        assert.match(purchaseId, /^\d{20}$/);
        assert.match(
          (await details({ purchaseId })).text,
          /^\{"consumptionState":0,"developerPayload":null,/,
        );
      } finally {
        await server.stop();
      }
    });
  });
}
