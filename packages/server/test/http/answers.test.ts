// What every answer has in common: its codes, its headers, its request id, its line in the log (sections 1.3, 3.2, 10).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type ServerErrorCode, serverErrors } from '@till/protocol/errors';
import { httpDatabases } from '../databases.ts';
import { exchange } from '../raw-http.ts';
import { type Answer, startServer, type TestServer } from '../server.ts';
import { assertRefused, openShop, type Shop } from './shop.ts';

const nothing = { productId: 'product01', purchaseToken: 'nothing' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** One request for each code of the table; the type demands every one. */
const ways: Record<ServerErrorCode, (shop: Shop) => Promise<Answer>> = {
  ServiceMaintenance: async (shop) => {
    await shop.server.control('PUT', '/maintenance', { on: true });
    const answer = await shop.voided();
    await shop.server.control('PUT', '/maintenance', { on: false });
    return answer;
  },
  ResourceNotFound: ({ call }) => call('GET', '/v7/nowhere'),
  MethodNotAllowed: ({ call }) => call('GET', '/v7/oauth/token'),
  InvalidAuthorizationHeader: ({ voided, token }) =>
    voided({}, { headers: { authorization: token }, token: undefined }),
  InvalidAccessToken: ({ voided }) => voided({}, { token: randomUUID() }),
  AccessTokenExpired: async (shop) => {
    await shop.control('POST', '/access-tokens/expire');
    return shop.voided();
  },
  AccessBlocked: async (shop) => {
    await shop.change({ blocked: true });
    return shop.voided();
  },
  UnauthorizedAccess: ({ call }) => call('GET', '/v7/apps/another/voided-purchases'),
  InvalidContentType: ({ consume }) => consume(nothing, { body: '{}' }),
  BadRequest: ({ consume }) =>
    consume(nothing, { body: '{', headers: { 'content-type': 'application/json' } }),
  RequiredValueNotExist: ({ call }) =>
    call('POST', '/v7/oauth/token', { headers: form, body: 'client_id=x' }),
  InvalidRequest: ({ voided }) => voided({ maxResults: 0 }),
  NoSuchData: ({ details }) => details(nothing),
  InvalidPurchaseState: ({ acknowledge }) => acknowledge(nothing),
  InvalidConsumeState: async (shop) => {
    const purchase = await shop.buy();
    await shop.consume(purchase);
    return shop.consume(purchase);
  },
  DeveloperPayloadNotMatch: async (shop) =>
    shop.acknowledge(await shop.buy(), { body: { developerPayload: 'x' } }),
  InternalError: (shop) => failing(shop),
};

/** The token call fails while the machine’s randomness does. */
async function failing(shop: Shop): Promise<Answer> {
  await shop.change({ switches: { tokenReuse: false } });
  broken = true;
  try {
    const { clientId: client_id, clientSecret: client_secret } = shop.app;
    const query = { client_id, client_secret, grant_type: 'client_credentials' };
    return await shop.server.call('POST', '/v7/oauth/token', { query });
  } finally {
    broken = false;
  }
}

let broken = false;

function randomUnlessBroken(byteCount: number): Uint8Array {
  if (broken) throw new Error('the source of randomness is broken');
  return crypto.getRandomValues(new Uint8Array(byteCount));
}

/** The line that tells of this request; it is written when the answer has left. */
async function loggedLine(server: TestServer, requestId: string | null): Promise<Record<string, unknown>> {
  for (let tries = 0; tries < 3_000; tries++) {
    const lines = server.logged.map((line) => JSON.parse(line));
    const line = lines.find((one) => one.requestId === requestId && one.msg === 'answered');
    if (line !== undefined) return line;
    await wait(10);
  }
  throw new Error(`no line tells of ${requestId}`);
}

for (const database of httpDatabases) {
  describe(`Answers on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database, {}, { random: randomUnlessBroken });
    });
    after(() => server.stop());

    it('reaches every code of the table, each with its own status', async () => {
      const reached: Record<string, number> = {};
      for (const code of Object.keys(serverErrors) as ServerErrorCode[]) {
        const answer = await ways[code](await openShop(server));
        reached[answer.body.error.code] = answer.status;
        assert.equal(answer.body.error.code, code);
      }
      const table = Object.entries(serverErrors).map(([code, { status }]) => [code, status]);
      assert.deepEqual(reached, Object.fromEntries(table));
    });

    it('answers each with the content type of the documents and a request id that the log knows', async () => {
      const ids = new Set<string>();
      for (const code of Object.keys(serverErrors) as ServerErrorCode[]) {
        const { headers, status } = await ways[code](await openShop(server));
        assert.equal(headers.get('content-type'), 'application/json;charset=UTF-8', code);
        const requestId = headers.get('x-request-id');
        const line = await loggedLine(server, requestId);
        assert.deepEqual([line.status, line.code], [status, code]);
        ids.add(String(requestId));
      }
      assert.equal(ids.size, Object.keys(serverErrors).length);
    });

    it('answers success with the same headers', async () => {
      const shop = await openShop(server);
      const [purchase, month, subscription] = [
        await shop.buy(),
        await shop.buyMonthly(),
        await shop.subscribe(),
      ];
      const answers = [
        ['getPurchaseDetails', await shop.details(purchase)],
        ['acknowledgePurchase', await shop.acknowledge(purchase)],
        ['consumePurchase', await shop.consume(purchase)],
        ['getVoidedPurchases', await shop.voided()],
        ['getUnconfirmedPurchases', await shop.unconfirmed()],
        ['getRecurringPurchaseDetails', await shop.monthly.detail(month)],
        ['cancelRecurringPurchase', await shop.monthly.cancel(month)],
        ['reactivateRecurringPurchase', await shop.monthly.reactivate(month)],
        ['getSubscriptionDetail', await shop.subscription.detail(subscription)],
        ['cancelSubscription', await shop.subscription.cancel(subscription)],
        ['reactivateSubscription', await shop.subscription.reactivate(subscription)],
        ['deferSubscription', await shop.defer(subscription, 3)],
      ] as const;
      for (const [operation, { status, headers }] of answers) {
        assert.equal(status, 200);
        assert.equal(headers.get('content-type'), 'application/json;charset=UTF-8');
        const line = await loggedLine(server, headers.get('x-request-id'));
        assert.deepEqual([line.operation, line.clientId], [operation, shop.app.clientId]);
      }
    });

    it('tells of a failure in the log with its stack, and in the answer nothing', async () => {
      const answer = await failing(await openShop(server));
      assertRefused(answer, 'InternalError');
      const requestId = answer.headers.get('x-request-id');
      const lines = server.logged.map((line) => JSON.parse(line));
      const failure = lines.find((line) => line.requestId === requestId && line.err !== undefined);
      assert.match(failure.err.stack, /randomness is broken/);
    });

    it('answers what is no HTTP it knows in the same body', async () => {
      const head = `x: ${'x'.repeat(20_000)}`;
      assertRefused(await exchange(server.url, 'GET /', [head]), 'BadRequest');
      assertRefused(await exchange(server.url, 'BREW /'), 'MethodNotAllowed');
      assertRefused(await exchange(server.url, 'GET /', ['Content-Length: x']), 'BadRequest');
    });
  });
}
