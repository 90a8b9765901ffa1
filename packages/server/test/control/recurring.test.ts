// The payments of monthly products and subscriptions in the list of purchases, the events and the figures for charts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { controlKey, expectStatus, startServer, type TestServer } from '../server.ts';
import { aPass, dayMs, korea, minuteMs, noon, openSubscribers, type Subscribers } from './subscribers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

for (const database of httpDatabases) {
  describe(`recurring payments on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const list = async ({ app }: Subscribers, query: Record<string, string> = {}): Promise<Json> =>
      expectStatus(
        await server.control('GET', `/apps/${app.clientId}/purchases?${new URLSearchParams(query)}`),
        200,
      );

    test('each payment is a purchase of its own in the list, under one token, the latest first', async () => {
      const shop = await openSubscribers(server);
      const { purchaseToken } = await shop.subscribe({ buyerId: 'alice', developerPayload: 'order' });
      await shop.buy({ productId: 'product01', buyerId: 'bob' });
      await shop.advanceTo(korea(3, 16, 0));
      const { items } = await list(shop, { type: 'subscription' });
      const payments = (await shop.read(purchaseToken)).history.filter(
        ({ amount }: Json) => amount === '9900',
      );
      assert.deepEqual(
        items.map(({ purchaseId, purchaseTime }: Json) => [purchaseId, purchaseTime]),
        payments.map(({ purchaseId, at }: Json) => [purchaseId, at]).reverse(),
      );
      assert.equal(new Set(items.map(({ orderId }: Json) => orderId)).size, 3);
      for (const item of items) {
        assert.deepEqual(
          [item.purchaseToken, item.state, item.price, item.developerPayload, item.subscription.paymentCount],
          [purchaseToken, 'acknowledged', '9900', 'order', 3],
        );
      }
      const { purchaseData: _, signature: __, history: ___, ...shown } = await shop.read(purchaseToken);
      assert.deepEqual(items[0], shown);
      const [, renewal] = items;
      assert.deepEqual((await list(shop, { q: renewal.purchaseId })).items, [renewal]);
      assert.equal((await list(shop, { q: purchaseToken })).items.length, 3);
      assert.equal((await list(shop, { buyerId: 'alice' })).items.length, 3);
      assert.equal((await list(shop, { productId: 'pass', state: 'acknowledged' })).items.length, 3);
      assert.equal((await list(shop, { type: 'auto' })).items.length, 0);
      assert.equal((await list(shop)).items.length, 4);
      const ids: string[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const page: Json = await list(shop, { limit: '1', ...(cursor === '' ? {} : { cursor }) });
        ids.push(...page.items.map(({ purchaseId }: Json) => purchaseId));
        cursor = page.nextCursor;
      }
      assert.equal(new Set(ids).size, 4);
    });

    test('the list shows what is due as done, though nobody has carried it out', async () => {
      const shop = await openSubscribers(server);
      await shop.subscribe();
      const set = 'update world set clock_at = $1 where world_id = $2';
      await server.till.host.database.run(set, [korea(4, 15, 10), shop.app.worldId]);
      assert.equal((await list(shop)).items.length, 4);
    });

    for (const what of ['read', 'cancel', 'void', 'list'] as const) {
      test(`hundreds of payments that nobody has carried out are made before a ${what}`, async () => {
        const shop = await openSubscribers(server, { calendar: 'sandbox' });
        const { purchaseToken } = await shop.subscribe();
        const count = 180;
        // as in the moment in which an advance has moved the clock and nothing else yet
        const set = 'update world set clock_at = $1, clock_jumped_to = $1 where world_id = $2';
        await server.till.host.database.run(set, [noon + count * 5 * minuteMs, shop.app.worldId]);
        if (what === 'list') assert.equal((await list(shop, { limit: '1000' })).items.length, count + 1);
        else if (what !== 'read') expectStatus(await shop.step(purchaseToken, what), 200);
        const { history, subscription } = await shop.read(purchaseToken);
        assert.equal(subscription.paymentCount, count + 1);
        const renewals = history.filter((entry: Json) => entry.what === 'renewed');
        assert.deepEqual(
          renewals.map(({ at }: Json) => at),
          Array.from({ length: count }, (_, index) => noon + (index + 1) * 5 * minuteMs),
        );
        const last = { read: 'renewed', list: 'renewed', cancel: 'cancelled', void: 'voided' }[what];
        assert.equal(history.at(-1).what, last);
      });
    }

    test('the events of a subscription’s life are told in their order', async () => {
      const shop = await openSubscribers(server);
      const told: Json[] = [];
      const abort = new AbortController();
      const stream = await fetch(`${server.url}/control/v1/events`, {
        headers: { authorization: `Bearer ${controlKey}` },
        signal: abort.signal,
      });
      const reading = readEvents(stream, told);
      const { purchaseToken } = await shop.subscribe();
      await shop.advanceTo(korea(2, 15, 10));
      expectStatus(await shop.step(purchaseToken, 'defer', { deferPeriod: 1 }), 200);
      expectStatus(await shop.step(purchaseToken, 'cancel'), 200);
      expectStatus(await shop.step(purchaseToken, 'reactivate'), 200);
      expectStatus(await shop.pay(purchaseToken, { outcome: 'decline' }), 200);
      await shop.advanceTo(korea(3, 20, 0));
      expectStatus(await shop.pay(purchaseToken, { outcome: 'approve' }), 200);
      expectStatus(await shop.step(purchaseToken, 'void'), 200);
      const own = () =>
        told.filter((event) => event.purchaseToken === purchaseToken && event.what !== 'control');
      for (let round = 0; round < 3_000 && own().at(-1)?.what !== 'voided'; round++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      abort.abort();
      await reading;
      const { history } = await shop.read(purchaseToken);
      assert.deepEqual(
        own().map(({ at, what }) => [at, what]),
        history.map(({ at, what }: Json) => [at, what]),
      );
      const happened = new Set(own().map(({ what }) => what));
      for (const what of ['renewed', 'deferred', 'graceStarted', 'held', 'declined', 'recovered']) {
        assert.ok(happened.has(what), what);
      }
      const { clientId, worldId } = shop.app;
      for (const event of own()) {
        assert.deepEqual([event.clientId, event.worldId, event.productId], [clientId, worldId, 'pass']);
      }
    });

    test('each payment of a subscription counts as a purchase in the charts, and as revenue', async () => {
      const shop = await openSubscribers(server);
      expectStatus(await shop.put('pass', aPass({ gracePeriod: 'P0D' })), 200);
      const { purchaseToken } = await shop.subscribe();
      await shop.advanceTo(korea(3, 15, 10));
      expectStatus(await shop.pay(purchaseToken, { outcome: 'decline' }), 200);
      await shop.advanceTo(korea(4, 20, 12)); // on hold
      expectStatus(await shop.pay(purchaseToken, { outcome: 'approve' }), 200);
      expectStatus(await shop.step(purchaseToken, 'void'), 200);
      const { clientId } = shop.app;
      const query = { clientId, from: String(noon), to: String(noon + 100 * dayMs), step: 'P10D' };
      const { points } = expectStatus(
        await server.control('GET', `/stats?${new URLSearchParams(query)}`),
        200,
      );
      const sum = (count: (point: Json) => number) =>
        points.reduce((all: number, point: Json) => all + count(point), 0);
      assert.equal(
        sum(({ purchases }) => purchases),
        4,
      );
      assert.equal(
        sum(({ voids }) => voids),
        1,
      );
      assert.equal(
        sum(({ revenue }) => Number(revenue[0]?.amount ?? 0)),
        3 * 9900,
      );
      const counts = points.map(({ purchases }: Json) => purchases);
      assert.deepEqual(counts, [1, 0, 0, 1, 0, 1, 0, 0, 0, 1]);
    });

    test('a free trial is a purchase without revenue', async () => {
      const shop = await openSubscribers(server, { calendar: 'sandbox' });
      expectStatus(await shop.put('pass', aPass({ freeTrial: 'P7D' })), 200);
      await shop.buy();
      await shop.advance('PT4M');
      const query = {
        clientId: shop.app.clientId,
        from: String(noon),
        to: String(noon + 4 * minuteMs),
        step: 'PT1M',
      };
      const { points } = expectStatus(
        await server.control('GET', `/stats?${new URLSearchParams(query)}`),
        200,
      );
      assert.deepEqual(
        points.map(({ purchases, revenue }: Json) => [purchases, revenue]),
        [
          [1, []],
          [0, []],
          [0, []],
          [1, [{ currency: 'KRW', amount: '9900' }]],
        ],
      );
    });
  });
}

/** Puts the events of a stream into a list until it is broken off. */
async function readEvents({ body }: Response, told: unknown[]): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const [, data] = /^data: (.*)$/m.exec(part) ?? [];
        if (data !== undefined) told.push(JSON.parse(data));
      }
    }
  } catch {
    // broken off by the test
  }
}
