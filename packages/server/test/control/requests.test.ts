// The last calls of an app: what is told of them, what is hidden, and how many are kept.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Call } from '../../src/host/call-slots.ts';
import { LastCalls } from '../../src/host/last-calls.ts';
import { httpDatabases } from '../databases.ts';
import { openShop } from '../http/shop.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';

interface Told {
  operation: string;
  code: string;
  status: number;
  requestId: string;
  at: number;
  durationMs: number;
  headers: { name: string; value: string }[];
  requestBody: string | null;
  replyBody: string | null;
}

for (const database of httpDatabases) {
  describe(`requests of an app on ${database.name}`, () => {
    let server: TestServer;

    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const list = async (clientId: string, query = ''): Promise<Told[]> =>
      expectStatus(await server.control('GET', `/apps/${clientId}/requests${query}`), 200).items;

    test('each call is told with its time, operation, status and code, the latest first', async () => {
      const startedAt = Date.now();
      const shop = await openShop(server);
      const bought = await shop.buy();
      const details = await shop.details(bought);
      await shop.consume(bought);
      await shop.consume(bought);
      await shop.details({ ...bought, purchaseToken: 'none' });
      const calls = await list(shop.app.clientId);
      assert.deepEqual(
        calls.map(({ operation, status, code }) => [operation, status, code]),
        [
          ['getPurchaseDetails', 404, 'NoSuchData'],
          ['consumePurchase', 409, 'InvalidConsumeState'],
          ['consumePurchase', 200, 'Success'],
          ['getPurchaseDetails', 200, 'Success'],
          ['getAccessToken', 200, 'Success'],
        ],
      );
      assert.equal(calls[3]?.requestId, details.headers.get('x-request-id'));
      for (const { at, durationMs } of calls) {
        assert.ok(at >= startedAt && at <= Date.now());
        assert.ok(durationMs >= 0);
      }
    });

    test('secrets, tokens and payloads are hidden; what helps to find a mistake is shown', async () => {
      const shop = await openShop(server);
      const payload = 'payload-of-a-buyer';
      const bought = await shop.buy({ developerPayload: payload });
      const headers = { 'x-market-code': 'MKT_ONE', 'x-own-header': 'own-value', cookie: 'cookie-value' };
      await shop.details(bought, { headers });
      await shop.consume(bought, { body: { developerPayload: payload, another: 'another-value' } });
      await shop.voided({ continuationKey: 'key-of-a-page' });
      const answer = await server.control('GET', `/apps/${shop.app.clientId}/requests`);
      const secrets = [shop.token, shop.app.clientSecret, payload, bought.purchaseToken, bought.purchaseId];
      for (const secret of [...secrets, 'own-value', 'cookie-value', 'another-value', 'key-of-a-page']) {
        assert.ok(!answer.text.includes(secret), secret);
        assert.ok(!answer.text.includes(encodeURIComponent(secret)), secret);
      }
      const [voided, consumed, details, token] = answer.body.items as Told[];
      const header = (told: Told | undefined, name: string) =>
        told?.headers.find((one) => one.name.toLowerCase() === name)?.value;
      assert.equal(header(details, 'authorization'), 'Bearer [redacted]');
      assert.equal(header(details, 'x-market-code'), 'MKT_ONE');
      assert.equal(header(details, 'x-own-header'), '[redacted]');
      assert.equal(header(consumed, 'content-type'), 'application/json');
      assert.deepEqual(JSON.parse(consumed?.requestBody ?? ''), {
        developerPayload: '[redacted]',
        another: '[redacted]',
      });
      assert.deepEqual(JSON.parse(token?.requestBody ?? ''), {
        grant_type: 'client_credentials',
        client_id: shop.app.clientId,
        client_secret: '[redacted]',
      });
      const reply = JSON.parse(token?.replyBody ?? '');
      assert.deepEqual([reply.access_token, reply.token_type], ['[redacted]', 'bearer']);
      const shown = JSON.parse(details?.replyBody ?? '');
      assert.equal(shown.developerPayload, '[redacted]');
      assert.equal(shown.purchaseTime, bought.purchaseTime);
      assert.equal(details?.requestBody, null);
      assert.match(voided?.replyBody ?? '', /"code":"InvalidRequest".*continuationKey/);
    });

    test('what comes as a body and cannot be read is hidden whole; a large one is told by its size', async () => {
      const shop = await openShop(server);
      const bought = await shop.buy();
      const headers = { 'content-type': 'application/json' };
      await shop.consume(bought, { headers, body: '{"broken": "secret-in-pieces' });
      await shop.consume(bought, { headers, body: JSON.stringify({ long: 'x'.repeat(5_000) }) });
      const [large, broken] = await list(shop.app.clientId);
      assert.equal(broken?.requestBody, '[redacted]');
      assert.equal(large?.requestBody, '[5011 bytes]');
    });

    test('a wrong secret is told to the app it named, and to nobody if no app is known by that name', async () => {
      const shop = await openShop(server);
      await assert.rejects(server.token({ ...shop.app, clientSecret: 'not the secret' }), /403/);
      const [latest] = await list(shop.app.clientId);
      assert.deepEqual(
        [latest?.operation, latest?.status, latest?.code],
        ['getAccessToken', 403, 'UnauthorizedAccess'],
      );
      assert.ok(!JSON.stringify(latest).includes('not the secret'));
      const strange = { clientId: 'com.example.stranger', clientSecret: 'secret' };
      await assert.rejects(server.token(strange), /403/);
      assert.deepEqual(server.till.host.watch.calls.list(strange.clientId, ''), []);
    });

    test('each app sees its own, the same client ID in another world included', async () => {
      const here = await openShop(server, { clientId: 'com.example.twice' });
      const there = await openShop(server, { clientId: 'com.example.twice' });
      const bought = await here.buy();
      await here.details(bought);
      await there.voided();
      const path = '/apps/com.example.twice/requests';
      assert.deepEqual(refusal(await server.control('GET', path)), [409, 'InvalidState']);
      const of = async (worldId: string) =>
        (await list('com.example.twice', `?worldId=${worldId}`)).map(({ operation }) => operation);
      assert.deepEqual(
        (await of(here.app.worldId)).filter((name) => name !== 'getAccessToken'),
        ['getPurchaseDetails'],
      );
      assert.deepEqual(
        (await of(there.app.worldId)).filter((name) => name !== 'getAccessToken'),
        ['getVoidedPurchases'],
      );
      assert.deepEqual(refusal(await server.control('GET', '/apps/nobody/requests')), [404, 'NoSuchData']);
    });

    test('limit bounds the list, and control calls are none of it', async () => {
      const shop = await openShop(server);
      for (let count = 0; count < 5; count++) await shop.voided();
      await shop.control('GET', '');
      assert.equal((await list(shop.app.clientId, '?limit=3')).length, 3);
      assert.equal((await list(shop.app.clientId)).length, 6);
    });
  });
}

function call(clientId: string, number: number, replyBody = ''): Call {
  return {
    appId: clientId,
    clientId,
    at: number,
    requestId: `${number}`,
    operation: 'getPurchaseDetails',
    status: 200,
    code: 'Success',
    durationMs: 1,
    headers: [],
    requestBody: undefined,
    replyBody,
  };
}

test('an app keeps its last 1,000 calls', () => {
  const calls = new LastCalls();
  for (let number = 0; number < 3_500; number++) calls.add(call('one', number), true);
  const kept = calls.list('one', 'one').map(({ at }) => at);
  assert.deepEqual(
    kept,
    Array.from({ length: 1_000 }, (_, index) => 3_499 - index),
  );
});

test('all apps together keep 2,000 calls; the one that has been quiet longest loses its first', () => {
  const calls = new LastCalls();
  for (let number = 0; number < 600; number++) calls.add(call('quiet', number), true);
  for (let app = 0; app < 2; app++) {
    for (let number = 0; number < 1_000; number++) calls.add(call(`app ${app}`, number), true);
  }
  assert.deepEqual(calls.list('quiet', 'quiet'), []);
  assert.equal(calls.list('app 0', 'app 0').length, 1_000);
  calls.add(call('quiet', 0), true);
  assert.equal(calls.list('app 0', 'app 0').length, 999);
});

test('large answers are kept up to 4 MiB in all', () => {
  const calls = new LastCalls();
  const text = 'x'.repeat(4_000);
  for (let app = 0; app < 10; app++) {
    for (let number = 0; number < 1_000; number++) calls.add(call(`app ${app}`, number, text), true);
  }
  const kept = Array.from({ length: 10 }, (_, app) => calls.list(`app ${app}`, `app ${app}`).length);
  const count = kept.reduce((sum, one) => sum + one, 0);
  assert.ok(count > 800 && count * 4_000 < 4 * 1024 * 1024, `${count}`);
  assert.equal(kept[9], count);
});

test('who only claims to be an app is kept for one that is known, and makes no room of its own', () => {
  const calls = new LastCalls();
  calls.add({ ...call('one', 1), appId: undefined }, false);
  assert.deepEqual(calls.list('one', 'one'), []);
  calls.add(call('one', 2), true);
  calls.add({ ...call('one', 3), appId: undefined }, false);
  assert.deepEqual(
    calls.list('one', 'one').map(({ at }) => at),
    [3, 2],
  );
});
