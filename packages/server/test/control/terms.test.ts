// The terms of products that are paid again and again: what fits, what is shown, and what is refused.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { subscriptionPeriods } from '@till/protocol/codes';
import { noGateway } from '../../src/host/simulated-gateway.ts';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { aPass, openSubscribers, type Subscribers } from './subscribers.ts';

for (const database of httpDatabases) {
  describe(`terms on ${database.name}`, () => {
    let server: TestServer;
    let shop: Subscribers;

    before(async () => {
      server = await startServer(database);
      shop = await openSubscribers(server);
    });
    after(() => server.stop());

    const shown = async (productId: string) =>
      expectStatus(await shop.call('GET', `/products/${productId}`), 200).subscription;

    test('a subscription that names its period only has no trial, no grace, the longest hold and no pause', async () => {
      const made = expectStatus(
        await shop.put('plain', { type: 'subscription', price: '1', subscription: { period: 'P1W' } }),
        200,
      );
      const none = { freeTrial: 'P0D', gracePeriod: 'P0D', accountHold: 'P30D', pausable: false };
      const terms = { period: 'P1W', ...none };
      assert.equal(made.type, 'subscription');
      assert.deepEqual(made.subscription, terms);
      assert.deepEqual(await shown('plain'), terms);
      const { items } = expectStatus(await shop.call('GET', '/products'), 200);
      const listed = items.find(({ productId }: { productId: string }) => productId === 'plain');
      assert.deepEqual(listed, made);
    });

    for (const period of subscriptionPeriods) {
      test(`a period may be ${period}`, async () => {
        expectStatus(await shop.put(`every-${period}`, aPass({ period })), 200);
        assert.equal((await shown(`every-${period}`)).period, period);
      });
    }

    for (const period of ['P1D', 'P2W', 'P2M', 'P12M', 'P1Y1M', 'p1m', 'PT5M', '', 1]) {
      test(`a period of ${JSON.stringify(period)} is refused and named`, async () => {
        const answer = await shop.put('odd', aPass({ period }));
        assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'subscription.period']);
        assert.equal((await shop.call('GET', '/products/odd')).status, 404);
      });
    }

    test('terms without a period are told that it is missing', async () => {
      const answer = await shop.put('odd', { type: 'subscription', price: '1', subscription: {} });
      assert.deepEqual(refusal(answer), [400, 'RequiredValueNotExist', 'subscription.period']);
    });

    for (const [name, most] of [
      ['freeTrial', 366],
      ['gracePeriod', 30],
      ['accountHold', 30],
    ] as const) {
      test(`${name} is whole days from none to ${most}, weeks counted as seven`, async () => {
        for (const [given, days] of [
          ['P0D', 0],
          ['P1D', 1],
          ['P2W', 14],
          ['P1W1D', 8],
          ['PT48H', 2],
          ['P1DT24H', 2],
          [`P${most}D`, most],
        ] as const) {
          expectStatus(await shop.put('days', aPass({ [name]: given })), 200);
          assert.equal((await shown('days'))[name], `P${days}D`);
        }
      });

      test(`${name} beyond ${most} days, of months, of part of a day, or no span is refused and named`, async () => {
        for (const given of [
          `P${most + 1}D`,
          'P99999999D',
          'P1M',
          'P1Y',
          'PT1H',
          'P1DT1S',
          'P',
          '3',
          '',
          3,
        ]) {
          const answer = await shop.put('odd', aPass({ [name]: given }));
          assert.deepEqual(refusal(answer), [400, 'InvalidRequest', `subscription.${name}`], String(given));
        }
      });
    }

    test('a term that is not known is refused and named', async () => {
      const answer = await shop.put('odd', aPass({ grace: 'P3D' }));
      assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'subscription.grace']);
    });

    test('a subscription must have terms, no other product may', async () => {
      const none = await shop.put('odd', { type: 'subscription', price: '1' });
      assert.deepEqual(refusal(none), [400, 'RequiredValueNotExist', 'subscription']);
      for (const type of ['inapp', 'auto']) {
        const answer = await shop.put('odd', { ...aPass(), type });
        assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'subscription']);
      }
      assert.equal((await shop.call('GET', '/products/odd')).status, 404);
    });

    test('a monthly product has no terms to choose and shows none', async () => {
      const made = expectStatus(await shop.call('GET', '/products/monthly'), 200);
      assert.deepEqual([made.type, made.price, 'subscription' in made], ['auto', '4400', false]);
    });

    test('terms are changed as a whole, and no product changes its type', async () => {
      const days = { freeTrial: 'P7D', gracePeriod: 'P1D', accountHold: 'P2D' };
      const whole = { period: 'P1M', ...days, pausable: true, promotion: { price: '1', cycles: 2 } };
      expectStatus(await shop.put('changing', aPass(whole)), 200);
      assert.deepEqual(await shown('changing'), whole);
      expectStatus(await shop.put('changing', { ...aPass(), subscription: { period: 'P1Y' } }), 200);
      const none = { freeTrial: 'P0D', gracePeriod: 'P0D', accountHold: 'P30D', pausable: false };
      const left = { period: 'P1Y', ...none };
      assert.deepEqual(await shown('changing'), left);
      for (const type of ['inapp', 'auto']) {
        const answer = await shop.put('changing', { type, price: '9900' });
        assert.deepEqual(refusal(answer), [409, 'InvalidState', 'type']);
      }
      assert.deepEqual(await shown('changing'), left);
    });

    test('whoever has bought keeps the terms and the price of that day', async () => {
      expectStatus(await shop.put('kept', aPass()), 200);
      const former = await shop.buy({ productId: 'kept' });
      expectStatus(await shop.put('kept', { ...aPass({ period: 'P1Y' }), price: '19900' }), 200);
      const later = await shop.buy({ productId: 'kept' });
      const terms = async ({ purchaseToken }: { purchaseToken: string }) => {
        const { price, subscription } = await shop.read(purchaseToken);
        return [price, subscription.nextPrice, subscription.period];
      };
      assert.deepEqual(await terms(former), ['9900', '9900', 'P1M']);
      assert.deepEqual(await terms(later), ['19900', '19900', 'P1Y']);
    });

    test('a product that somebody has subscribed to stays', async () => {
      expectStatus(await shop.put('subscribed', aPass()), 200);
      await shop.buy({ productId: 'subscribed' });
      assert.deepEqual(refusal(await shop.call('DELETE', '/products/subscribed')), [409, 'InvalidState']);
    });
  });

  test(`in commercial on ${database.name} nothing that costs money is made without a gateway`, async () => {
    const settings = { environment: 'commercial', masterKey: Buffer.alloc(32, 1) } as const;
    const server = await startServer(database, settings, { gateway: noGateway });
    try {
      const { clientId } = expectStatus(await server.control('POST', '/apps', {}), 201);
      const put = (type: string, price: string, given = {}) => {
        const product = { type, title: 'A product', price, currency: 'KRW', ...given };
        return server.control('PUT', `/apps/${clientId}/products/${type}`, product);
      };
      const { subscription } = aPass();
      for (const [type, given] of [['inapp'], ['auto'], ['subscription', { subscription }]] as const) {
        const answer = await put(type, '0.000001', given);
        assert.deepEqual(refusal(answer), [409, 'InvalidState', 'price']);
        assert.match(answer.body.error.message, /TILL_GATEWAY_URL/);
        expectStatus(await put(type, '0', given), 200);
      }
      const bought = await server.control('POST', `/apps/${clientId}/purchases`, { productId: 'inapp' });
      assert.equal(expectStatus(bought, 201).price, '0');
    } finally {
      await server.stop();
    }
  });
}
