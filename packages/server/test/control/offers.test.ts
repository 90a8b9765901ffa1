// Free trials and promotions: which price the first payments have, and that a buyer has them once.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { aPass, korea, minuteMs, noon, openSubscribers, type Subscribers } from './subscribers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

const promotion = { price: '4900', cycles: 2 };

for (const database of httpDatabases) {
  describe(`offers on ${database.name}`, () => {
    let server: TestServer;
    let shop: Subscribers;

    before(async () => {
      server = await startServer(database);
      shop = await openSubscribers(server);
    });
    after(() => server.stop());

    const open = async (
      terms: Record<string, unknown>,
      calendar: 'commercial' | 'sandbox' = 'commercial',
    ) => {
      const own = await openSubscribers(server, { calendar });
      expectStatus(await own.put('pass', aPass(terms)), 200);
      return own;
    };
    const amounts = async (own: Subscribers, purchaseToken: string) =>
      (await own.read(purchaseToken)).history
        .filter(({ what }: Json) => ['purchased', 'renewed'].includes(what))
        .map(({ amount }: Json) => amount);
    /** What a buyer gets of both offers. */
    const given = ({ price, subscription }: Json) => [
      price,
      subscription.freeTrial,
      subscription.promotionPaymentsLeft,
    ];

    test('a product shows its promotion and whether it may be paused, and neither where it has none', async () => {
      const made = expectStatus(await shop.put('offered', aPass({ promotion, pausable: true })), 200);
      assert.deepEqual(made.subscription, {
        ...{ period: 'P1M', freeTrial: 'P0D', gracePeriod: 'P3D', accountHold: 'P30D' },
        ...{ pausable: true, promotion },
      });
      assert.deepEqual(expectStatus(await shop.call('GET', '/products/offered'), 200), made);
      const without = expectStatus(await shop.put('offered', aPass()), 200).subscription;
      assert.deepEqual([without.pausable, 'promotion' in without], [false, false]);
    });

    for (const price of ['0', '0.5', '9900', '20000']) {
      test(`a promotion may cost ${price}, for one payment and for 99`, async () => {
        for (const cycles of [1, 99]) {
          const made = expectStatus(await shop.put('any', aPass({ promotion: { price, cycles } })), 200);
          assert.deepEqual(made.subscription.promotion, { price, cycles });
        }
      });
    }

    for (const [name, wrong, code, ...fields] of [
      ['without a price', { cycles: 1 }, 'RequiredValueNotExist', 'price'],
      ['without payments', { price: '1' }, 'RequiredValueNotExist', 'cycles'],
      ['of no payment', { price: '1', cycles: 0 }, 'InvalidRequest', 'cycles'],
      ['of a hundred payments', { price: '1', cycles: 100 }, 'InvalidRequest', 'cycles'],
      ['of half a payment', { price: '1', cycles: 1.5 }, 'InvalidRequest', 'cycles'],
      ['of less than nothing', { price: '-1', cycles: 1 }, 'InvalidRequest', 'price'],
      ['of a price in words', { price: 'little', cycles: 1 }, 'InvalidRequest', 'price'],
      ['of a price that is a number', { price: 1, cycles: 1 }, 'InvalidRequest', 'price'],
      ['of a price beyond all money', { price: '9999999999', cycles: 1 }, 'InvalidRequest', 'price'],
      ['with another member', { price: '1', cycles: 1, days: 3 }, 'InvalidRequest', 'days'],
    ] as const) {
      test(`a promotion ${name} is refused and named`, async () => {
        const names = fields.map((field) => `subscription.promotion.${field}`);
        const answer = await shop.put('odd', aPass({ promotion: wrong }));
        assert.deepEqual(refusal(answer), [400, code, ...names]);
        assert.equal((await shop.call('GET', '/products/odd')).status, 404);
      });
    }

    test('each period but a year may be paused', async () => {
      for (const period of ['P1W', 'P1M', 'P3M', 'P6M']) {
        expectStatus(await shop.put('pausable', aPass({ period, pausable: true })), 200);
      }
      expectStatus(await shop.put('pausable', aPass({ period: 'P1Y', pausable: false })), 200);
      const answer = await shop.put('pausable', aPass({ period: 'P1Y', pausable: true }));
      assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'subscription.pausable']);
      assert.match(answer.body.error.message, /a yearly subscription cannot be paused/);
      const odd = await shop.put('pausable', aPass({ pausable: 'yes' }));
      assert.deepEqual(refusal(odd), [400, 'InvalidRequest', 'subscription.pausable']);
    });

    test('a promotion covers its payments, the first included, and then the normal price is paid', async () => {
      const own = await open({ promotion });
      const { purchaseToken, subscription, why } = await own.subscribe();
      assert.deepEqual([subscription.promotionPaymentsLeft, subscription.nextPrice], [1, '4900']);
      assert.equal(why, 'It is paid for until 2026-02-15T14:59:59.000Z.');
      await own.advanceTo(korea(2, 15, 10));
      const second = (await own.read(purchaseToken)).subscription;
      assert.deepEqual([second.promotionPaymentsLeft, second.nextPrice], [0, '9900']);
      await own.advanceTo(korea(4, 15, 10));
      assert.deepEqual(await amounts(own, purchaseToken), ['4900', '4900', '9900', '9900']);
    });

    test('after a free trial come the payments of the promotion, all of them', async () => {
      const own = await open({ promotion, freeTrial: 'P7D' });
      const bought = await own.subscribe();
      assert.deepEqual(given(bought), ['0', true, 2]);
      assert.equal(bought.subscription.nextPrice, '4900');
      await own.advanceTo(korea(4, 22, 10));
      assert.deepEqual(await amounts(own, bought.purchaseToken), ['0', '4900', '4900', '9900', '9900']);
    });

    test('on shortened periods the same payments come minutes apart', async () => {
      const own = await open({ promotion, freeTrial: 'P7D' }, 'sandbox');
      const { purchaseToken, subscription } = await own.subscribe();
      assert.equal(subscription.nextCharge, noon + 3 * minuteMs);
      await own.advance('PT13M');
      assert.deepEqual(await amounts(own, purchaseToken), ['0', '4900', '4900', '9900']);
    });

    test('a declined payment uses up none of the promotion', async () => {
      const own = await open({ promotion });
      const { purchaseToken } = await own.subscribe();
      expectStatus(await own.pay(purchaseToken, { outcome: 'decline' }), 200);
      await own.advanceTo(korea(2, 15, 10));
      assert.equal((await own.read(purchaseToken)).subscription.promotionPaymentsLeft, 1);
      const paid = expectStatus(await own.pay(purchaseToken, { outcome: 'approve' }), 200);
      assert.deepEqual(given(paid), ['4900', false, 0]);
    });

    test('trial and promotion are for each buyer and product once, until they are reset', async () => {
      const own = await open({ promotion, freeTrial: 'P7D' });
      expectStatus(await own.put('other', aPass({ promotion })), 200);
      const buyer = { buyerId: 'dora' };
      const again = async (of: Json = buyer) => {
        const bought = await own.buy(of);
        expectStatus(await own.step(bought.purchaseToken, 'void'), 200);
        return given(bought);
      };
      assert.deepEqual(await again(), ['0', true, 2]);
      assert.deepEqual(await again(), ['9900', false, 0]);
      assert.deepEqual(await again({ buyerId: 'erik' }), ['0', true, 2]);
      assert.deepEqual(await again({ ...buyer, productId: 'other' }), ['4900', false, 1]);
      assert.deepEqual(await again({ ...buyer, productId: 'other' }), ['9900', false, 0]);
      assert.equal((await own.call('DELETE', '/buyers/dora/trials')).status, 204);
      assert.deepEqual(await again(), ['0', true, 2]);
      assert.deepEqual(await again({ ...buyer, productId: 'other' }), ['4900', false, 1]);
      assert.deepEqual(await again({ buyerId: 'erik' }), ['9900', false, 0]);
    });

    test('whoever has had the trial of a product gets no promotion of it that comes later', async () => {
      const own = await open({ freeTrial: 'P7D' });
      const { purchaseToken } = await own.buy({ buyerId: 'dora' });
      expectStatus(await own.step(purchaseToken, 'void'), 200);
      expectStatus(await own.put('pass', aPass({ promotion })), 200);
      assert.deepEqual(given(await own.buy({ buyerId: 'dora' })), ['9900', false, 0]);
      assert.deepEqual(given(await own.buy({ buyerId: 'finn' })), ['4900', false, 1]);
    });

    test('a first payment of a promotion that is declined leaves it to the buyer', async () => {
      const own = await open({ promotion });
      const buyer = { productId: 'pass', buyerId: 'gina' };
      const answer = await own.create({ ...buyer, payment: { outcome: 'decline' } });
      assert.deepEqual(refusal(answer), [402, 'PaymentDeclined']);
      assert.deepEqual(given(await own.buy(buyer)), ['4900', false, 1]);
    });

    test('whoever has bought keeps the promotion of that day', async () => {
      const own = await open({ promotion });
      const { purchaseToken } = await own.subscribe();
      expectStatus(await own.put('pass', aPass()), 200);
      await own.advanceTo(korea(3, 15, 10));
      assert.deepEqual(await amounts(own, purchaseToken), ['4900', '4900', '9900']);
    });
  });
}
