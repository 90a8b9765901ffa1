// The commercial environment: a port of its own for the control API, one world on the real clock, no test controls.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { controlOperations } from '@till/protocol/control';
import type { Operation } from '@till/protocol/shape';
import { httpDatabases } from '../databases.ts';
import { controlKey, expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';

const rows: [name: string, row: Operation][] = Object.entries(controlOperations);
const headers = { authorization: `Bearer ${controlKey}` };

for (const database of httpDatabases) {
  describe(`commercial on ${database.name}`, () => {
    const machine = { now: Date.UTC(2026, 6, 1, 20, 30, 15, 250) };
    let server: TestServer;
    let app: TestApp;

    before(async () => {
      server = await startServer(
        database,
        { environment: 'commercial', masterKey: Buffer.alloc(32, 1) },
        { clock: () => machine.now },
      );
      app = await server.app();
    });
    after(() => server.stop());

    const create = (body: unknown) => server.control('POST', `/apps/${app.clientId}/purchases`, body);

    test('the control API is to be found on its own port only', async () => {
      assert.notEqual(server.till.controlUrl, server.till.url);
      for (const [name, { method, path, access }] of rows) {
        if (access === 'open') continue;
        const answer = await server.call(method, path.replaceAll(/\{\w+\}/g, 'x'), { headers });
        assert.deepEqual(refusal(answer), [404, 'ResourceNotFound'], name);
      }
    });

    test('a wrong verb on the server’s port does not tell that there is a control API', async () => {
      const answer = await server.call('DELETE', '/control/v1/maintenance', { headers });
      assert.deepEqual(refusal(answer), [404, 'ResourceNotFound']);
    });

    test('the server API is not to be found on the control port, health is on both', async () => {
      for (const base of [server.till.url, server.till.controlUrl]) {
        assert.equal((await fetch(`${base}/healthz`)).status, 200);
        assert.equal((await fetch(`${base}/readyz`)).status, 200);
      }
      const answer = await fetch(`${server.till.controlUrl}/v7/oauth/token`, { method: 'POST' });
      assert.equal(answer.status, 404);
    });

    for (const [name, { method, path, sandboxOnly }] of rows) {
      if (sandboxOnly !== true) continue;
      test(`${name} is NotInCommercial`, async () => {
        const url = path.replace('/control/v1', '').replaceAll(/\{\w+\}/g, 'default');
        assert.deepEqual(refusal(await server.control(method, url, method === 'GET' ? undefined : {})), [
          403,
          'NotInCommercial',
        ]);
      });
    }

    test('the one world is default, on the real clock', async () => {
      const { items } = expectStatus(await server.control('GET', '/worlds'), 200);
      assert.deepEqual(items, [
        {
          worldId: 'default',
          clock: { now: machine.now, frozen: false, rate: 1 },
          calendar: 'commercial',
          createdAt: machine.now,
        },
      ]);
      machine.now += 60_000;
      const { clock } = expectStatus(await server.control('GET', '/worlds/default'), 200);
      assert.equal(clock.now, machine.now);
    });

    test('how a charge goes cannot be chosen, whichever way', async () => {
      for (const outcome of ['approve', 'decline', 'timeout']) {
        const answer = await create({ productId: 'product01', payment: { outcome } });
        assert.deepEqual(refusal(answer), [403, 'NotInCommercial', 'payment.outcome']);
      }
      const { items } = expectStatus(await server.control('GET', `/apps/${app.clientId}/purchases`), 200);
      assert.deepEqual(items, []);
    });

    test('nor of a payment to come, whose method may change', async () => {
      const pass = { type: 'auto', title: 'A pass', price: '4400', currency: 'KRW' };
      expectStatus(await server.control('PUT', `/apps/${app.clientId}/products/pass`, pass), 200);
      const { purchaseToken } = expectStatus(await create({ productId: 'pass' }), 201);
      const path = `/apps/${app.clientId}/purchases/${purchaseToken}`;
      for (const outcome of ['approve', 'decline', 'timeout']) {
        const answer = await server.control('PUT', `${path}/payment`, { outcome });
        assert.deepEqual(refusal(answer), [403, 'NotInCommercial', 'outcome']);
      }
      const changed = await server.control('PUT', `${path}/payment`, { method: 'DCB' });
      const { paymentMethod, subscription } = expectStatus(changed, 200);
      // the payment that is shown was made as it was; the next one goes as it is told now
      assert.deepEqual([paymentMethod, subscription.calendar], ['ONEPAY', 'commercial']);
      expectStatus(await server.control('POST', `${path}/void`), 200);
    });

    test('a purchase has identifiers of commercial shape, in Korean time, and no payload is null', async () => {
      const bought = expectStatus(await create({ productId: 'product01', payment: { method: 'DCB' } }), 201);
      // 20:31:15 in UTC is 05:31:15 of the next day in Korea
      assert.match(bought.purchaseId, /^260702053115\d{8}$/);
      assert.equal(bought.purchaseToken, bought.purchaseId);
      assert.match(bought.orderId, /^ONESTORE7_\d{30}$/);
      assert.equal(bought.developerPayload, null);
      assert.equal(JSON.parse(bought.purchaseData).developerPayload, null);
      const path = `/v7/apps/${app.clientId}/purchases/inapp/products/product01/${bought.purchaseToken}`;
      const details = await server.call('GET', path, { token: await server.token(app) });
      assert.equal(expectStatus(details, 200).developerPayload, null);
    });

    test('every app has a key of its own, sealed', async () => {
      const other = await server.app();
      assert.notEqual(other.licenseKey, app.licenseKey);
      const stored = await server.till.host.database.all('select signing_key from app');
      assert.equal(stored.filter((row) => String(row.signing_key).startsWith('sealed:')).length, 2);
    });

    test('secrets, tokens, products, voids and maintenance work as everywhere', async () => {
      const { clientId } = app;
      expectStatus(await server.control('POST', `/apps/${clientId}/client-secrets`), 201);
      expectStatus(await server.control('POST', `/apps/${clientId}/access-tokens`), 201);
      const bought = expectStatus(await create({ productId: 'product01' }), 201);
      const path = `/apps/${clientId}/purchases/${bought.purchaseToken}`;
      expectStatus(await server.control('POST', `${path}/void`, { reason: 'asked for' }), 200);
      expectStatus(await server.control('PUT', '/maintenance', { on: true, worldId: 'default' }), 200);
      await assert.rejects(() => server.token(app), /ServiceMaintenance/);
      expectStatus(await server.control('PUT', '/maintenance', { on: false, worldId: 'default' }), 200);
    });
  });
}
