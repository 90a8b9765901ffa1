// Monthly products and subscriptions are bought: what the answer shows, what is owned, free trials, buying again.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import {
  aPass,
  dayMs,
  endOf,
  korea,
  minuteMs,
  noon,
  openSubscribers,
  type Subscribers,
} from './subscribers.ts';

for (const database of httpDatabases) {
  describe(`subscribing on ${database.name}`, () => {
    let server: TestServer;
    let shop: Subscribers;

    before(async () => {
      server = await startServer(database);
      shop = await openSubscribers(server);
    });
    after(() => server.stop());

    test('a subscription is paid for up to the end of the day of its next payment', async () => {
      const bought = await shop.buy({
        buyerId: 'alice',
        developerPayload: 'order 1',
        payment: { method: 'DCB' },
      });
      const { purchaseToken, purchaseId, orderId, purchaseData, signature: _, ...rest } = bought;
      assert.match(purchaseId, /^SANDBOX3\d{12}$/);
      assert.equal(purchaseToken, purchaseId.replace('SANDBOX3', 'SANDBOXT'));
      assert.deepEqual(rest, {
        productId: 'pass',
        type: 'subscription',
        state: 'purchased',
        buyerId: 'alice',
        quantity: 1,
        developerPayload: 'order 1',
        productName: null,
        purchaseTime: noon,
        market: 'MKT_ONE',
        country: 'KR',
        price: '9900',
        currency: 'KRW',
        paymentMethod: 'DCB',
        acknowledged: false,
        consumed: false,
        entitled: true,
        why: 'It is paid for until 2026-02-15T14:59:59.000Z.',
        voidedTime: null,
        dueAt: noon + 3 * dayMs,
        subscription: {
          state: 'active',
          autoRenewing: true,
          period: 'P1M',
          calendar: 'commercial',
          startTime: noon,
          expiryTime: endOf(2, 15),
          nextPaymentTime: korea(2, 15, 10),
          nextPrice: '9900',
          paymentCount: 1,
          freeTrial: false,
          paymentFailed: false,
          nextCharge: korea(2, 15, 10),
          nextOutcome: 'approve',
          cancelledTime: null,
          cancelReason: null,
          linkedPurchaseToken: null,
          promotionPaymentsLeft: 0,
          credit: '0',
          resumeTime: null,
          switchTo: null,
          newPrice: null,
        },
      });
      const data = JSON.parse(purchaseData);
      assert.deepEqual(
        [data.orderId, data.purchaseToken, data.purchaseState, data.recurringState, data.acknowledgeState],
        [orderId, purchaseToken, 0, 0, 0],
      );
      const { history, ...same } = await shop.read(purchaseToken);
      assert.deepEqual(same, bought);
      assert.deepEqual(
        history.map(({ text }: { text: string }) => text),
        ['The buyer paid 9900 KRW.'],
      );
    });

    test('a monthly product has a subscription beside it, of a month', async () => {
      const { type, price, subscription } = await shop.buy({ productId: 'monthly' });
      assert.deepEqual([type, price], ['auto', '4400']);
      assert.deepEqual(
        [subscription.state, subscription.period, subscription.expiryTime, subscription.nextCharge],
        ['active', 'P1M', endOf(2, 15), korea(2, 15, 10)],
      );
    });

    test('in a world of shortened periods what is paid for ends with the next payment', async () => {
      const sandbox = await openSubscribers(server, { calendar: 'sandbox' });
      const { subscription } = await sandbox.buy();
      assert.equal(subscription.calendar, 'sandbox');
      const at = noon + 5 * minuteMs;
      assert.deepEqual([subscription.expiryTime, subscription.nextCharge], [at, at]);
    });

    for (const productId of ['pass', 'monthly']) {
      test(`${productId} is bought once at a time`, async () => {
        for (const quantity of [2, 99]) {
          const answer = await shop.create({ productId, quantity });
          assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'quantity']);
        }
        assert.equal((await shop.buy({ productId, quantity: 1 })).quantity, 1);
      });

      test(`${productId} that a buyer has is not sold again until it has ended`, async () => {
        const own = await openSubscribers(server);
        const given = { productId, buyerId: 'bob' };
        const first = await own.subscribe(given);
        const refused = async () => assert.deepEqual(refusal(await own.create(given)), [409, 'InvalidState']);
        await refused();
        await own.buy({ productId, buyerId: 'another' });
        expectStatus(await own.step(first.purchaseToken, 'cancel'), 200);
        await refused();
        await own.advanceTo(endOf(2, 15));
        await refused();
        await own.advanceTo(endOf(2, 15) + 1);
        const second = await own.buy(given);
        assert.notEqual(second.purchaseToken, first.purchaseToken);
        assert.equal(second.subscription.linkedPurchaseToken, null);
        assert.equal((await own.read(first.purchaseToken)).subscription.state, 'expired');
        await refused();
        expectStatus(await own.step(second.purchaseToken, 'void'), 200);
        const third = await own.buy(given);
        assert.equal(new Set([first, second, third].map(({ purchaseToken }) => purchaseToken)).size, 3);
      });

      test(`a first payment of ${productId} that is declined or times out sells nothing`, async () => {
        for (const outcome of ['decline', 'timeout']) {
          const buyerId = `unlucky ${outcome} ${productId}`;
          const answer = await shop.create({ productId, buyerId, payment: { outcome } });
          assert.deepEqual(refusal(answer), [402, 'PaymentDeclined']);
          const list = `/apps/${shop.app.clientId}/purchases?buyerId=${encodeURIComponent(buyerId)}`;
          assert.deepEqual(expectStatus(await server.control('GET', list), 200).items, []);
          const later = await shop.buy({ productId, buyerId });
          assert.equal(later.subscription.nextOutcome, 'approve');
        }
      });
    }

    test('a buyer may have several products at once, and one that should have ended does not stand in the way', async () => {
      const own = await openSubscribers(server);
      const first = await own.subscribe({ buyerId: 'carol' });
      await own.subscribe({ productId: 'monthly', buyerId: 'carol' });
      expectStatus(await own.step(first.purchaseToken, 'cancel'), 200);
      // time passes and nobody looks
      const { database } = server.till.host;
      const set = 'update world set clock_at = $1 where world_id = $2';
      await database.run(set, [endOf(2, 16), own.app.worldId]);
      const second = await own.buy({ buyerId: 'carol' });
      assert.deepEqual(await own.happened(first.purchaseToken), [
        'purchased',
        'acknowledged',
        'cancelled',
        'expired',
      ]);
      assert.equal(second.purchaseTime, endOf(2, 16));
    });

    test('of buyers who subscribe twice at the same time one does', async () => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => shop.create({ productId: 'pass', buyerId: 'hasty' })),
      );
      const statuses = answers.map(({ status }) => status).sort();
      assert.deepEqual(statuses, [201, 409, 409, 409, 409, 409]);
    });

    test('a free trial costs nothing, is told as one, and is once for each buyer and product', async () => {
      const own = await openSubscribers(server);
      const trial = aPass({ freeTrial: 'P7D' });
      for (const productId of ['trial', 'other']) expectStatus(await own.put(productId, trial), 200);
      const given = { productId: 'trial', buyerId: 'dora' };
      const first = await own.buy(given);
      assert.deepEqual([first.price, first.subscription.nextPrice], ['0', '9900']);
      assert.deepEqual(
        [first.subscription.freeTrial, first.subscription.nextCharge, first.subscription.expiryTime],
        [true, korea(1, 22, 10), endOf(1, 22)],
      );
      assert.equal(first.why, 'The free trial lasts until 2026-01-22T14:59:59.000Z.');
      const [{ text, amount }] = (await own.read(first.purchaseToken)).history;
      assert.deepEqual([text, amount], ['The buyer paid 0 KRW: a free trial of 7 days.', '0']);
      expectStatus(await own.step(first.purchaseToken, 'void'), 200);

      const second = await own.buy(given);
      assert.deepEqual([second.price, second.subscription.freeTrial], ['9900', false]);
      assert.equal(second.subscription.expiryTime, endOf(2, 15));
      assert.equal((await own.buy({ ...given, productId: 'other' })).subscription.freeTrial, true);
      assert.equal((await own.buy({ ...given, buyerId: 'erik' })).subscription.freeTrial, true);

      expectStatus(await own.step(second.purchaseToken, 'void'), 200);
      assert.equal((await own.call('DELETE', '/buyers/dora/trials')).status, 204);
      assert.equal((await own.buy(given)).subscription.freeTrial, true);
      assert.equal((await own.call('DELETE', '/buyers/nobody/trials')).status, 204);
    });

    test('a trial ends with the first payment, from whose day the periods count', async () => {
      const own = await openSubscribers(server);
      expectStatus(await own.put('trial', aPass({ freeTrial: 'P7D' })), 200);
      const { purchaseToken } = await own.subscribe({ productId: 'trial' });
      await own.advanceTo(korea(1, 22, 10));
      const { price, subscription } = await own.read(purchaseToken);
      assert.deepEqual([price, subscription.freeTrial, subscription.paymentCount], ['9900', false, 2]);
      assert.equal(subscription.nextPaymentTime, korea(2, 22, 10));
    });

    test('a trial of a single day is told as one', async () => {
      const own = await openSubscribers(server);
      expectStatus(await own.put('trial', aPass({ freeTrial: 'P1D' })), 200);
      const { purchaseToken, subscription } = await own.buy({ productId: 'trial' });
      assert.equal(subscription.nextCharge, korea(1, 16, 10));
      const [{ text }] = (await own.read(purchaseToken)).history;
      assert.equal(text, 'The buyer paid 0 KRW: a free trial of 1 day.');
    });

    test('a payment that is declined needs no trial: the buyer still has it', async () => {
      const own = await openSubscribers(server);
      expectStatus(await own.put('trial', aPass({ freeTrial: 'P7D' })), 200);
      const given = { productId: 'trial', buyerId: 'finn' };
      // nothing is charged for a trial, so nothing is declined either
      const first = expectStatus(await own.create({ ...given, payment: { outcome: 'decline' } }), 201);
      assert.equal(first.subscription.freeTrial, true);
    });

    test('trials of a buyer whose name is written in any letters are reset', async () => {
      const own = await openSubscribers(server);
      expectStatus(await own.put('trial', aPass({ freeTrial: 'P1W' })), 200);
      const given = { productId: 'trial', buyerId: '구매자 1?' };
      const first = await own.buy(given);
      expectStatus(await own.step(first.purchaseToken, 'void'), 200);
      const path = `/buyers/${encodeURIComponent(given.buyerId)}/trials`;
      assert.equal((await own.call('DELETE', path)).status, 204);
      assert.equal((await own.buy(given)).subscription.freeTrial, true);
    });

    test('an older app’s subscription needs no acknowledgement', async () => {
      const old = await openSubscribers(server, { generation: 'v5' });
      const { purchaseToken, dueAt } = await old.buy();
      assert.equal(dueAt, korea(2, 15, 10));
      await old.advance('P1Y');
      assert.equal((await old.read(purchaseToken)).subscription.paymentCount, 13);
    });

    test('a seeded world repeats the names of subscriptions and of their renewals', async () => {
      const names = async () => {
        const worldId = await server.world({ now: noon, seed: 'subscribers', calendar: 'commercial' });
        const clientId = 'com.example.seeded';
        expectStatus(await server.control('POST', '/apps', { worldId, clientId, generation: 'v5' }), 201);
        const of = (path: string) => `/apps/${clientId}${path}?worldId=${worldId}`;
        const pass = { title: 'A pass', currency: 'KRW', ...aPass() };
        expectStatus(await server.control('PUT', of('/products/pass'), pass), 200);
        const bought = await server.buy({ clientId, worldId }, { productId: 'pass' });
        expectStatus(await server.advance(worldId, 'P70D'), 200);
        const { history } = expectStatus(
          await server.control('GET', of(`/purchases/${bought.purchaseToken}`)),
          200,
        );
        assert.equal(history.length, 3);
        expectStatus(await server.control('DELETE', `/worlds/${worldId}`), 204);
        return [bought.purchaseToken, ...history.map(({ purchaseId }: { purchaseId: string }) => purchaseId)];
      };
      const first = await names();
      assert.equal(new Set(first).size, 4);
      assert.deepEqual(await names(), first);
    });
  });
}
