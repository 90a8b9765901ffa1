// What a payment gateway outside of Till is asked by the control API, and what it is never asked.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Question } from '../../src/domain/charge.ts';
import { httpDatabases } from '../databases.ts';
import { controlKey, expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';

for (const database of httpDatabases) {
  describe(`payments at a gateway outside on ${database.name}`, () => {
    const asked: Question[] = [];
    let server: TestServer;
    let app: TestApp;

    before(async () => {
      const gateway = {
        takesMoney: true,
        ask: async (question: Question) => {
          asked.push(question);
          return 'approved' as const;
        },
      };
      const settings = { environment: 'commercial', masterKey: Buffer.alloc(32, 1) } as const;
      server = await startServer(database, settings, { gateway });
      app = await server.app();
      const pass = { type: 'auto', title: 'A pass', price: '4400', currency: 'KRW' };
      const put = (productId: string, given: Record<string, unknown>) =>
        server.control('PUT', `/apps/${app.clientId}/products/${productId}`, { ...pass, ...given });
      expectStatus(await put('pass', {}), 200);
      expectStatus(await put('free', { price: '0' }), 200);
      const subscription = { period: 'P1Y', freeTrial: 'P3D' };
      expectStatus(await put('trial', { type: 'subscription', subscription }), 200);
    });
    after(() => server.stop());
    beforeEach(() => void asked.splice(0));

    const create = (productId: string, given: Record<string, unknown> = {}) =>
      server.control('POST', `/apps/${app.clientId}/purchases`, { productId, ...given });

    test('each sale is asked for once, with its whole amount and its method', async () => {
      const given = { quantity: 3, payment: { method: 'DCB' } };
      const { purchaseToken } = expectStatus(await create('product01', given), 201);
      expectStatus(await create('pass'), 201);
      assert.deepEqual(
        asked.map(({ kind, amount, currency, paymentMethod }) => [kind, amount, currency, paymentMethod]),
        [
          ['charge', '3300', 'KRW', 'DCB'],
          ['charge', '4400', 'KRW', 'ONEPAY'],
        ],
      );
      assert.equal(asked[0]?.purchaseToken, purchaseToken);
    });

    test('what costs nothing now is sold without asking', async () => {
      for (const productId of ['free', 'trial']) {
        assert.equal(expectStatus(await create(productId), 201).price, '0');
      }
      assert.deepEqual(asked, []);
    });

    test('what is refused for another reason is never asked for', async () => {
      expectStatus(await create('pass', { buyerId: 'alice' }), 201);
      asked.splice(0);
      assert.deepEqual(refusal(await create('pass', { buyerId: 'alice' })), [409, 'InvalidState']);
      assert.deepEqual(refusal(await create('pass', { quantity: 2 })), [400, 'InvalidRequest', 'quantity']);
      assert.deepEqual(refusal(await create('nothing')), [404, 'NoSuchData']);
      assert.deepEqual(asked, []);
    });

    test('a sale that is asked for again by its Idempotency-Key is paid once', async () => {
      const path = `/control/v1/apps/${app.clientId}/purchases`;
      const headers = {
        authorization: `Bearer ${controlKey}`,
        'idempotency-key': 'paid-once',
      };
      const call = async () => {
        const answer = await fetch(`${server.till.controlUrl}${path}`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify({ productId: 'pass' }),
        });
        return [answer.status, await answer.text()];
      };
      const first = await call();
      assert.equal(first[0], 201);
      assert.deepEqual(await call(), first);
      assert.equal(asked.length, 1);
    });
  });
}
