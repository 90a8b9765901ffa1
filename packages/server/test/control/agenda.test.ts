// What time does next to monthly products and subscriptions, and an advance that brings it about.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { aPass, dayMs, endOf, korea, noon, openSubscribers, type Subscribers } from './subscribers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

for (const database of httpDatabases) {
  describe(`the agenda on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const agenda = async ({ app }: Subscribers): Promise<Json[]> =>
      expectStatus(await server.control('GET', `/worlds/${app.worldId}/agenda`), 200).items;
    const next = async (shop: Subscribers) => (await agenda(shop)).map(({ at, what }) => [at, what]);

    test('the agenda tells what is next for each, purchases and subscriptions in time order', async () => {
      const shop = await openSubscribers(server);
      const early = await shop.subscribe({ productId: 'monthly' });
      await shop.advance('PT1H');
      const managed = await shop.buy({ productId: 'product01' });
      await shop.advance('PT1H');
      const pass = await shop.buy();
      const line = { clientId: shop.app.clientId };
      assert.deepEqual(await agenda(shop), [
        {
          ...line,
          at: noon + 3_600_000 + 3 * dayMs,
          what: 'voided',
          purchaseToken: managed.purchaseToken,
          productId: 'product01',
        },
        {
          ...line,
          at: noon + 7_200_000 + 3 * dayMs,
          what: 'voided',
          purchaseToken: pass.purchaseToken,
          productId: 'pass',
        },
        {
          ...line,
          at: korea(2, 15, 10),
          what: 'charge',
          purchaseToken: early.purchaseToken,
          productId: 'monthly',
        },
      ]);
      const first = await server.control('GET', `/worlds/${shop.app.worldId}/agenda?limit=1`);
      assert.deepEqual(expectStatus(first, 200).items, (await agenda(shop)).slice(0, 1));
    });

    test('the agenda follows a subscription through charge, grace, hold and end', async () => {
      const shop = await openSubscribers(server);
      expectStatus(await shop.put('pass', aPass({ gracePeriod: 'P2D', accountHold: 'P2D' })), 200);
      const { purchaseToken } = await shop.subscribe();
      expectStatus(await shop.pay(purchaseToken, { outcome: 'decline' }), 200);
      // a charge each day at 10:00, and the end of each state where none is left before it
      const seen: unknown[] = [];
      for (let step = 0; step < 9; step++) {
        const [due] = await next(shop);
        if (due === undefined) break;
        seen.push(due);
        await shop.advanceTo(Number(due[0]));
      }
      assert.deepEqual(seen, [
        [korea(2, 15, 10), 'charge'],
        [korea(2, 16, 10), 'charge'],
        [korea(2, 17, 10), 'charge'],
        [endOf(2, 17) + 1, 'held'],
        [korea(2, 18, 10), 'charge'],
        [korea(2, 19, 10), 'charge'],
        [endOf(2, 19) + 1, 'cancelled'],
      ]);
    });

    test('the agenda tells the end of what is cancelled, and nothing of what has ended', async () => {
      const shop = await openSubscribers(server);
      for (const productId of ['pass', 'monthly']) {
        const { purchaseToken } = await shop.subscribe({ productId });
        expectStatus(await shop.step(purchaseToken, 'cancel'), 200);
      }
      const end = [endOf(2, 15) + 1, 'expired'];
      assert.deepEqual(await next(shop), [end, end]);
      await shop.advanceTo(endOf(2, 15) + 1);
      assert.deepEqual(await next(shop), []);
    });

    test('an advance tells each payment at its own instant, in time order', async () => {
      const shop = await openSubscribers(server);
      const pass = await shop.subscribe();
      const monthly = await shop.subscribe({ productId: 'monthly' });
      const { happened, now } = await shop.advance('P70D');
      assert.equal(now, noon + 70 * dayMs);
      assert.deepEqual(
        happened.map(({ at, what }: Json) => [at, what]),
        [korea(2, 15, 10), korea(2, 15, 10), korea(3, 15, 10), korea(3, 15, 10)].map((at) => [at, 'renewed']),
      );
      for (const { purchaseToken } of [pass, monthly]) {
        assert.equal(happened.filter((one: Json) => one.purchaseToken === purchaseToken).length, 2);
      }
    });

    test('a year in one step is a year in twelve', async () => {
      const histories = [];
      for (const steps of [['P1Y'], Array(12).fill('P1M')]) {
        const shop = await openSubscribers(server);
        const { purchaseToken } = await shop.subscribe();
        for (const by of steps) await shop.advance(by);
        const { history, subscription } = await shop.read(purchaseToken);
        histories.push([history.map(({ at, what, amount }: Json) => [at, what, amount]), subscription]);
      }
      assert.deepEqual(histories[0], histories[1]);
    });
  });
}
