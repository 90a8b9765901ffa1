// What outlives a stop: everything, and what fell due meanwhile is made up for (section 4.2; 13, row 31).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { databases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertRefused, assertStatus, dayMs, shopOf } from './shop.ts';

for (const database of databases.filter(({ name }) => name !== 'sqlite memory')) {
  describe(`A stop on ${database.name}`, () => {
    let opened: { url: string; drop(): Promise<void> };
    let server: TestServer;
    let now = Date.UTC(2026, 5, 1);
    const start = async () => {
      server = await startServer(opened, {}, { clock: () => now });
    };
    before(async () => {
      opened = await database.open();
      await start();
    });
    after(async () => {
      await server.stop();
      await opened.drop();
    });

    /** On the real clock, which goes on while the server stands. */
    const makeApp = () => server.app();
    const again = async () => {
      await server.stop();
      await start();
    };

    it('keeps tokens, credentials and purchases', async () => {
      const app = await makeApp();
      const { token, buy } = await shopOf(server, app);
      const purchase = await buy({ developerPayload: 'order 1' });
      await again();
      const shop = await shopOf(server, app);
      assert.equal(shop.token, token);
      const { body } = await shop.details(purchase);
      assert.deepEqual([body.purchaseId, body.developerPayload], [purchase.purchaseId, 'order 1']);
    });

    it('lets a list go on with the key of the page before', async () => {
      const app = await makeApp();
      let shop = await shopOf(server, app);
      const bought = [await shop.buy(), await shop.buy(), await shop.buy()];
      const first = (await shop.unconfirmed({ maxResults: 1 })).body;
      await again();
      shop = await shopOf(server, app);
      const rest = (await shop.unconfirmed({ continuationKey: first.continuationKey })).body;
      const met = [...first.unconfirmedPurchaseList, ...rest.unconfirmedPurchaseList];
      assert.deepEqual(
        met.map(({ purchaseId }) => purchaseId),
        bought.map(({ purchaseId }) => purchaseId).sort(),
      );
    });

    it('keeps maintenance', async () => {
      await server.control('PUT', '/maintenance', { on: true });
      await again();
      assertRefused(await server.call('GET', '/'), 'ServiceMaintenance');
      await server.control('PUT', '/maintenance', { on: false });
      assertRefused(await server.call('GET', '/'), 'ResourceNotFound');
    });

    it('voids what nobody acknowledged once, at the instant at which that is carried out', async () => {
      const app = await makeApp();
      let shop = await shopOf(server, app);
      const purchase = await shop.buy();
      await server.stop();
      now += 10 * dayMs;
      await start();
      shop = await shopOf(server, app);
      const before = now;
      assert.deepEqual((await shop.unconfirmed()).body.unconfirmedPurchaseList, []);
      assert.equal((await shop.details(purchase)).body.purchaseState, 1);
      const voided = await shop.voided({ startTime: before });
      assertStatus(voided, 200);
      const [row, another] = voided.body.voidedPurchaseList;
      assert.equal(row.purchaseToken, purchase.purchaseToken);
      assert.equal(row.voidedTime, before);
      assert.equal(another, undefined);
      now += dayMs;
      assert.equal((await shop.voided({}, { token: await server.token(app) })).text, voided.text);
    });
  });
}
