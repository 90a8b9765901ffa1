// readReplies and scheduledCancelTime: what the server API answers about a purchase now, byte for byte.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { operations } from '@till/protocol/operations';
import type { Operation } from '@till/protocol/shape';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { endOf, hourMs, korea, noon, openSubscribers, type Subscribers } from './subscribers.ts';

interface Reply {
  generation: string;
  operation: string;
  path: string;
  status: number;
  body: string;
}

const namesPurchase = (name: string) => name === 'purchaseToken' || name === 'purchaseId';
const reading = Object.entries(operations).flatMap(([generation, rows]) =>
  Object.entries(rows as Record<string, Operation>)
    .filter(([, { method, params = {} }]) => method === 'GET' && Object.keys(params).some(namesPurchase))
    .map(([name]) => [generation, name]),
);

const managedReplies = [
  ...['v7 getPurchaseDetails', 'v6 getPurchaseDetails'],
  ...['v5 getPurchaseDetails', 'v5 getPurchaseDetailsByProductId'],
];
const monthlyReplies = [
  ...['v7 getRecurringPurchaseDetails', 'v6 getRecurringPurchaseDetails'],
  ...['v5 getRecurringPurchaseDetails', 'v5 getLastRecurringPurchaseDetails'],
];

for (const database of httpDatabases) {
  describe(`replies on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const repliesOf = async (shop: Subscribers, purchaseToken: string): Promise<Reply[]> =>
      expectStatus(await shop.call('GET', `/purchases/${purchaseToken}/replies`), 200).items;

    /** The replies are those that the calls themselves get at the same instant; those that are answered are returned. */
    const compare = async (shop: Subscribers, purchaseToken: string, market = 'MKT_ONE') => {
      const token = await server.token(shop.app);
      const replies = await repliesOf(shop, purchaseToken);
      for (const { path, status, body } of replies) {
        const answer = await server.call('GET', path, { token, headers: { 'x-market-code': market } });
        assert.deepEqual([answer.status, answer.text], [status, body], path);
      }
      const answered = replies.filter(({ status }) => status === 200);
      return answered.map(({ generation, operation }) => `${generation} ${operation}`);
    };

    test('every reading operation of every generation is answered, in the order of the table', async () => {
      const shop = await openSubscribers(server);
      const { purchaseToken } = await shop.buy();
      const replies = await repliesOf(shop, purchaseToken);
      assert.deepEqual(
        replies.map(({ generation, operation }) => [generation, operation]),
        reading,
      );
    });

    for (const [productId, ...operations] of [
      ['product01', ...managedReplies],
      ['monthly', ...monthlyReplies],
      ['pass', 'v7 getSubscriptionDetail'],
    ] as const) {
      test(`of ${productId} only ${operations.join(', ')} tell, whatever happens to it`, async () => {
        const shop = await openSubscribers(server);
        const given = { productId, developerPayload: '{"주문":"1"}' };
        const { purchaseToken } = await shop.buy(given);
        assert.deepEqual(await compare(shop, purchaseToken), operations);
        expectStatus(await shop.step(purchaseToken, 'acknowledge'), 200);
        if (productId !== 'product01') {
          expectStatus(await shop.pay(purchaseToken, { outcome: 'decline' }), 200);
          await shop.advanceTo(korea(2, 15, 10));
          assert.deepEqual(await compare(shop, purchaseToken), operations);
          await shop.advanceTo(korea(2, 20, 12));
        }
        assert.deepEqual(await compare(shop, purchaseToken), operations);
        expectStatus(await shop.step(purchaseToken, 'void'), 200);
        assert.deepEqual(await compare(shop, purchaseToken), operations);
      });
    }

    test('a purchase of the other market is answered as in its own', async () => {
      const shop = await openSubscribers(server);
      const { purchaseToken } = await shop.buy({ market: 'MKT_GLB', country: 'TW' });
      assert.deepEqual(await compare(shop, purchaseToken, 'MKT_GLB'), ['v7 getSubscriptionDetail']);
    });

    test('a product whose ID must be escaped is answered under a path that can be called', async () => {
      const shop = await openSubscribers(server);
      const productId = '다이아 100%';
      const product = { type: 'auto', price: '100' };
      expectStatus(await shop.put(encodeURIComponent(productId), product), 200);
      const { purchaseToken } = await shop.buy({ productId });
      assert.deepEqual(await compare(shop, purchaseToken), monthlyReplies);
    });

    test('reading replies needs no token, and counts as no call of the app', async () => {
      const shop = await openSubscribers(server);
      const { purchaseToken } = await shop.buy();
      await repliesOf(shop, purchaseToken);
      const requests = expectStatus(await shop.call('GET', '/requests'), 200);
      assert.deepEqual(requests.items, []);
    });

    /** The time that both readings show for what was cancelled an hour after noon. */
    const shownTimes = async (shop: Subscribers) => {
      const times = [];
      for (const productId of ['pass', 'monthly']) {
        const { purchaseToken } = await shop.subscribe({ productId });
        await shop.advance('PT1H');
        expectStatus(await shop.step(purchaseToken, 'cancel'), 200);
        const found = (await repliesOf(shop, purchaseToken)).find(({ status }) => status === 200);
        const body = JSON.parse(found?.body ?? '{}');
        times.push(body.cancelledTimeMillis ?? body.cancelledTime);
      }
      return times;
    };
    const asked = [noon + hourMs, noon + 2 * hourMs];
    const expiry = [endOf(2, 15), endOf(2, 15)];

    test('a scheduled cancellation shows the expiry, or the request where the app has chosen so', async () => {
      assert.deepEqual(await shownTimes(await openSubscribers(server)), expiry);
      const shop = await openSubscribers(server);
      const choose = async (scheduledCancelTime: string | null) => {
        const app = expectStatus(await shop.call('PATCH', '', { switches: { scheduledCancelTime } }), 200);
        assert.equal(app.switches.scheduledCancelTime, scheduledCancelTime);
      };
      await choose('request');
      assert.deepEqual(await shownTimes(shop), asked);
      await choose(null);
      const { purchaseToken } = await shop.subscribe();
      expectStatus(await shop.step(purchaseToken, 'cancel'), 200);
      const found = (await repliesOf(shop, purchaseToken)).find(({ status }) => status === 200);
      assert.equal(JSON.parse(found?.body ?? '{}').cancelledTimeMillis, endOf(2, 15));
    });

    test('where the server is set to the request, an app may still choose the expiry', async () => {
      const other = await startServer(database, { scheduledCancelTime: 'request' });
      try {
        assert.deepEqual(await shownTimes(await openSubscribers(other)), asked);
        const shop = await openSubscribers(other);
        expectStatus(await shop.call('PATCH', '', { switches: { scheduledCancelTime: 'expiry' } }), 200);
        assert.deepEqual(await shownTimes(shop), expiry);
      } finally {
        await other.stop();
      }
    });

    test('what has ended at once shows when that was, whatever is chosen', async () => {
      for (const scheduledCancelTime of ['expiry', 'request']) {
        const shop = await openSubscribers(server);
        expectStatus(await shop.call('PATCH', '', { switches: { scheduledCancelTime } }), 200);
        const { purchaseToken } = await shop.subscribe();
        await shop.advance('PT1H');
        expectStatus(await shop.step(purchaseToken, 'void'), 200);
        const found = (await repliesOf(shop, purchaseToken)).find(({ status }) => status === 200);
        const { cancelledTimeMillis, expiryTimeMillis } = JSON.parse(found?.body ?? '{}');
        assert.deepEqual([cancelledTimeMillis, expiryTimeMillis], [noon + hourMs, noon + hourMs]);
      }
    });
  });
}
