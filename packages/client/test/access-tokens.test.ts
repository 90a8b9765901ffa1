// The access token: asked for once, renewed in time, replaced once when it is refused, shared by a store.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AccessTokens } from '../src/access-tokens.ts';
import { OneStoreAuthenticationError, OneStoreTimeoutError } from '../src/errors.ts';
import type { StoredToken, TokenStore } from '../src/token-store.ts';
import { openShop, type Shop } from './shop-on-a-line.ts';
import { startLine } from './unreliable.ts';

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop.stop());

const tokenCall = 'POST /v7/oauth/token';
const list = { maxResults: 1 };

/** A store that several clients share, as processes share a cache. */
function sharedStore(): TokenStore & { kept: Map<string, StoredToken> } {
  const kept = new Map<string, StoredToken>();
  return { kept, get: async (key) => kept.get(key), set: async (key, token) => void kept.set(key, token) };
}

test('1,000 calls at once ask for one token', async () => {
  const client = shop.client();
  const before = shop.line.count(tokenCall);
  const replies = await Promise.all(Array.from({ length: 1000 }, () => client.getVoidedPurchases(list)));
  assert.equal(replies.length, 1000);
  assert.equal(shop.line.count(tokenCall) - before, 1);
});

test('a token is renewed when less than 600 s of its life remain', async () => {
  let now = 1_700_000_000_000;
  const asked: number[] = [];
  const tokens = new AccessTokens({
    key: 'a',
    store: undefined,
    ask: async () => ({ accessToken: `token ${asked.push(now)}`, expiresIn: 3600 }),
    bounded: (work) => work,
    warn: () => assert.fail('nothing goes wrong here'),
    now: () => now,
  });
  assert.equal(await tokens.take(), 'token 1');
  now += 2_999_999;
  assert.equal(await tokens.take(), 'token 1');
  now += 1;
  assert.equal(await tokens.take(), 'token 2');
});

test('a token that is short-lived from the start is not asked for with every call', async () => {
  const line = await startLine();
  const token = {
    client_id: 'a',
    access_token: 'short',
    token_type: 'bearer',
    expires_in: 300,
    scope: 'DEFAULT',
  };
  line.plan(tokenCall, { status: 200, body: token });
  const page = { status: 200, body: { voidedPurchaseList: [] } };
  line.plan('GET voided-purchases', page, page);
  const client = shop.client({ environment: { baseUrl: line.url } });
  await client.getVoidedPurchases();
  await client.getVoidedPurchases();
  assert.equal(line.count(tokenCall), 1);
  await line.close();
});

test('a token that is ended early is replaced, once for all calls that notice', async () => {
  const client = shop.client();
  await client.getVoidedPurchases(list);
  const before = shop.line.count(tokenCall);
  await shop.server.control('POST', `/apps/${shop.app.clientId}/access-tokens/expire`, {});
  await Promise.all(Array.from({ length: 20 }, () => client.getVoidedPurchases(list)));
  assert.equal(shop.line.count(tokenCall) - before, 1);
});

test('a token that is refused again is no loop: the second refusal is the answer', async () => {
  for (const code of ['AccessTokenExpired', 'InvalidAccessToken']) {
    const refused = { status: 401, body: { error: { code, message: 'Access token.' } } };
    const before = [shop.line.count(tokenCall), shop.line.count('GET voided-purchases')] as const;
    shop.line.plan('GET voided-purchases', refused, refused);
    await assert.rejects(shop.client().getVoidedPurchases(list), (error) => {
      assert.ok(error instanceof OneStoreAuthenticationError);
      assert.equal(error.code, code);
      return true;
    });
    assert.equal(shop.line.count(tokenCall) - before[0], 2);
    assert.equal(shop.line.count('GET voided-purchases') - before[1], 2);
  }
});

test('an action that met an expired token is carried out once with the next one', async () => {
  const { purchaseToken } = await shop.server.buy(shop.app);
  const client = shop.client();
  await client.getVoidedPurchases(list);
  await shop.server.control('POST', `/apps/${shop.app.clientId}/access-tokens/expire`, {});
  const reply = await client.consumePurchase({ productId: 'product01', purchaseToken });
  assert.deepEqual([reply.result.code, reply.readBack], ['Success', undefined]);
});

test('processes that share a store share a token, and a refused one is not taken from it again', async () => {
  const tokenStore = sharedStore();
  const [one, two] = [shop.client({ tokenStore }), shop.client({ tokenStore })];
  const before = shop.line.count(tokenCall);
  await one.getVoidedPurchases(list);
  await two.getVoidedPurchases(list);
  assert.equal(shop.line.count(tokenCall) - before, 1);
  const [[key, first]] = [...tokenStore.kept] as [[string, StoredToken]];
  assert.equal(key, `onestore ${shop.line.url} ${shop.app.clientId}`);
  assert.ok(!key.includes(shop.app.clientSecret));

  await shop.server.control('POST', `/apps/${shop.app.clientId}/access-tokens/expire`, {});
  await one.getVoidedPurchases(list);
  await two.getVoidedPurchases(list);
  assert.equal(shop.line.count(tokenCall) - before, 2);
  assert.notEqual(tokenStore.kept.get(key)?.accessToken, first.accessToken);
});

test('a store that fails or hangs stops no call', async () => {
  const warned: string[] = [];
  const broken: TokenStore[] = [
    {
      get: () => {
        throw new Error('no connection');
      },
      set: async () => Promise.reject(new Error('no connection')),
    },
    { get: () => new Promise(() => {}), set: () => new Promise(() => {}) },
    { get: () => ({ accessToken: 3 }) as never, set: () => undefined },
  ];
  for (const tokenStore of broken) {
    const logger = { warn: (message: string) => void warned.push(message) };
    const client = shop.client({ tokenStore, logger, timeoutMs: 2_000 });
    assert.ok(await client.getVoidedPurchases(list));
  }
  assert.deepEqual(
    new Set(warned),
    new Set(['the token store could not be read', 'the token store could not be written']),
  );
});

test('where a renewal fails the former token goes on while it lives', async () => {
  let now = 1_700_000_000_000;
  let asked = 0;
  const warned: string[] = [];
  const tokens = new AccessTokens({
    key: 'a',
    store: undefined,
    ask: async () => {
      asked += 1;
      if (asked === 1) return { accessToken: 'token 1', expiresIn: 3600 };
      throw new Error('the token endpoint is away');
    },
    bounded: (work) => work,
    warn: (message) => void warned.push(message),
    now: () => now,
  });
  await tokens.take();
  now += 3_100_000;
  assert.equal(await tokens.take(), 'token 1');
  assert.equal(await tokens.take(), 'token 1');
  assert.equal(asked, 2, 'the next call leaves the endpoint alone for a while');
  now += 500_000;
  await assert.rejects(tokens.take(), /away/);
  assert.equal(warned.length, 1);
});

test('a caller that gives up leaves the question for the token to the others', async () => {
  const gate = Promise.withResolvers<void>();
  shop.line.plan(tokenCall, { passAfter: gate.promise });
  const client = shop.client();
  const patient = client.getVoidedPurchases(list);
  const hasty = client.getVoidedPurchases(list, { deadlineMs: 30 });
  await assert.rejects(hasty, (error) => {
    assert.ok(error instanceof OneStoreTimeoutError);
    assert.equal(error.outcome, undefined);
    return true;
  });
  gate.resolve();
  assert.ok(await patient);
});

test('wrong credentials are told as the token call’s own refusal, without a repetition', async () => {
  const client = shop.client({ clientSecret: 'another' });
  const before = shop.line.count(tokenCall);
  await assert.rejects(client.getVoidedPurchases(list), {
    name: 'OneStoreAccessError',
    code: 'UnauthorizedAccess',
    operation: 'getAccessToken',
  });
  assert.equal(shop.line.count(tokenCall) - before, 1);
});

test('a store that hangs leaves a call the time to ask the server, however short its deadline', async () => {
  const tokenStore: TokenStore = { get: () => new Promise(() => {}), set: () => new Promise(() => {}) };
  const client = shop.client({ tokenStore, deadlineMs: 6_000 });
  assert.ok(await client.getVoidedPurchases(list));
});
