// Every operation of every generation, called through the client on a running Till.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { operations } from '@till/protocol/operations';
import type { Operations } from '@till/protocol/shape';
import { OneStoreClient } from '../src/client.ts';
import { OneStoreInputError } from '../src/errors.ts';
import type { RefusalCode } from '../src/generations.ts';
import { openShop, type Shop } from './shop-on-a-line.ts';

let shop: Shop;
before(async () => {
  shop = await openShop();
  for (const [name, type] of [
    ['monthly', 'auto'],
    ['weekly', 'subscription'],
  ]) {
    const terms = type === 'auto' ? {} : { subscription: { period: 'P1W' } };
    const product = { type, title: 'A product', price: '1100', currency: 'KRW', ...terms };
    await shop.server.control('PUT', `/apps/${shop.app.clientId}/products/${name}`, product);
  }
});
after(() => shop.stop());

/** Buys and names what was bought as V6 and V7 do, with its ID. */
async function bought(productId = 'product01', order = {}) {
  const { purchaseToken, purchaseId } = await shop.server.buy(shop.app, { productId, ...order });
  return { purchaseId: String(purchaseId), purchase: { productId, purchaseToken: String(purchaseToken) } };
}

const said = async (action: Promise<{ result: { code: string } }>) => (await action).result.code;

test('V7: every operation answers what its row says', async () => {
  const client = shop.client();
  const { purchase, purchaseId } = await bought('product01', { developerPayload: 'order 1' });
  const listed = await client.getUnconfirmedPurchases({ maxResults: 100 });
  assert.equal(listed.unconfirmedPurchaseList.at(-1)?.purchaseId, purchaseId);
  const details = await client.getPurchaseDetails(purchase);
  assert.deepEqual(
    [details.purchaseId, details.developerPayload, details.acknowledgeState, details.quantity],
    [purchaseId, 'order 1', 0, 1],
  );
  assert.equal(await said(client.acknowledgePurchase(purchase)), 'Success');
  assert.equal(await said(client.consumePurchase({ ...purchase, developerPayload: 'order 1' })), 'Success');
  assert.equal((await client.getPurchaseDetails(purchase)).consumptionState, 1);

  const { purchase: monthly } = await bought('monthly');
  assert.equal(await said(client.cancelRecurringPurchase(monthly)), 'Success');
  assert.equal(await said(client.reactivateRecurringPurchase(monthly)), 'Success');
  assert.equal((await client.getRecurringPurchaseDetails(monthly)).autoRenewing, true);

  const { purchase: weekly } = await bought('weekly');
  assert.equal(await said(client.deferSubscription({ ...weekly, deferPeriod: 1 })), 'Success');
  assert.equal(await said(client.cancelSubscription(weekly)), 'Success');
  assert.equal(await said(client.reactivateSubscription(weekly)), 'Success');
  assert.equal((await client.getSubscriptionDetail(weekly)).priceAmount, '1100');

  await shop.server.control(
    'POST',
    `/apps/${shop.app.clientId}/purchases/${purchase.purchaseToken}/void`,
    {},
  );
  assert.equal(
    (await client.getVoidedPurchases()).voidedPurchaseList[0]?.purchaseToken,
    purchase.purchaseToken,
  );
  assert.match((await client.getAccessToken()).access_token, /^[0-9a-f-]{36}$/);
});

test('V6: every operation answers what its row says, by the package name', async () => {
  const client = shop.client({ generation: 'v6' });
  const { purchase } = await bought();
  assert.equal((await client.getPurchaseDetails(purchase)).purchaseState, 0);
  assert.equal(await said(client.acknowledgePurchase(purchase)), 'Success');
  assert.equal(await said(client.consumePurchase(purchase)), 'Success');
  const { purchase: other } = await bought();
  assert.equal(await said(client.consumePurchaseUnderInapp(other)), 'Success');
  const { purchase: monthly } = await bought('monthly');
  assert.equal(await said(client.cancelRecurringPurchase(monthly)), 'Success');
  assert.equal(await said(client.reactivateRecurringPurchase(monthly)), 'Success');
  assert.equal((await client.getRecurringPurchaseDetails(monthly)).lastPurchaseState, 0);
  assert.ok(Array.isArray((await client.getVoidedPurchases()).voidedPurchaseList));
  assert.equal((await client.getAccessToken()).token_type, 'bearer');
  assert.equal((await client.getAccessTokenByPut()).token_type, 'bearer');
  assert.ok(shop.line.seen.some(({ method, path }) => method === 'PUT' && path === '/v6/oauth/token'));
});

test('V5: every operation answers what its row says, by the purchase ID', async () => {
  const client = shop.client({ generation: 'v5' });
  const { purchaseId } = await bought();
  assert.equal((await client.getPurchaseDetails({ purchaseId })).consumptionState, 0);
  const productId = 'product01';
  assert.equal((await client.getPurchaseDetailsByProductId({ purchaseId, productId })).purchaseState, 0);
  assert.equal(await said(client.consumePurchase({ purchaseId })), 'Success');
  const monthly = await bought('monthly');
  const named = { purchaseId: monthly.purchaseId };
  assert.equal(await said(client.manageRecurringPaymentStatus({ ...named, action: 'cancel' })), 'Success');
  assert.equal((await client.getRecurringPurchaseDetails(named)).autoRenewing, false);
  assert.equal((await client.getLastRecurringPurchaseDetails(named)).purchaseId, monthly.purchaseId);
  assert.ok(Array.isArray((await client.getVoidedPurchases()).voidedPurchaseList));
  assert.equal((await client.getAccessToken()).status, 'SUCCESS');
});

test('each generation has a method for every row of its own and none of another', () => {
  const rows: Record<string, Operations> = operations;
  for (const generation of ['v5', 'v6', 'v7'] as const) {
    const client = shop.client({ generation });
    assert.ok(client instanceof OneStoreClient);
    const methods = client as unknown as Record<string, unknown>;
    for (const other of Object.values(rows)) {
      for (const name of Object.keys(other)) {
        const expected = name in (rows[generation] ?? {}) ? 'function' : 'undefined';
        assert.equal(typeof methods[name], expected, `${generation} ${name}`);
      }
    }
  }
});

test('the types know the generation, the members and the refusals', () => {
  // never called: it is the compiler that judges
  const typed = (v7: OneStoreClient, v6: OneStoreClient<'v6'>, v5: OneStoreClient<'v5'>) => {
    // @ts-expect-error V6 knows no subscriptions
    void v6.getSubscriptionDetail;
    // @ts-expect-error V5 has no acknowledgement
    void v5.acknowledgePurchase;
    // @ts-expect-error the token of the purchase is missing
    void v7.consumePurchase({ productId: 'a' });
    // @ts-expect-error the app's name is the client's to fill in
    void v7.consumePurchase({ productId: 'a', purchaseToken: 'b', clientId: 'c' });
    // @ts-expect-error there are two actions
    void v5.manageRecurringPaymentStatus({ purchaseId: 'a', action: 'stop' });
    void v7.consumePurchase({ productId: 'a', purchaseToken: 'b', developerPayload: undefined });
    const code: RefusalCode<'v7', 'consumePurchase'> = 'InvalidConsumeState';
    // @ts-expect-error a consume never answers this
    const never: RefusalCode<'v7', 'consumePurchase'> = 'NoSuchData';
    return [code, never];
  };
  assert.equal(typeof typed, 'function');
});

test('a value that does not fit is refused with its name, and nothing is sent', async () => {
  const client = shop.client();
  const before = shop.line.seen.length;
  const purchase = { productId: 'product01', purchaseToken: 'a' };
  const cases: [input: object, fields: string[]][] = [
    [{ productId: 'product01' }, ['purchaseToken']],
    [{ productId: 'x'.repeat(151), purchaseToken: 'x'.repeat(21) }, ['productId', 'purchaseToken']],
    [{ ...purchase, purchaseToken: '' }, ['purchaseToken']],
    [{ ...purchase, productId: '..' }, ['productId']],
    [{ ...purchase, productId: null }, ['productId']],
    [{ ...purchase, productId: '\ud800' }, ['productId']],
    [{ ...purchase, developerPayload: '아'.repeat(67) }, ['developerPayload']],
    [{ ...purchase, developerPaylod: 'a' }, ['developerPaylod']],
  ];
  for (const [input, fields] of cases) {
    await assert.rejects(client.consumePurchase(input as typeof purchase), (error) => {
      assert.ok(error instanceof OneStoreInputError);
      assert.deepEqual(error.fields, fields);
      assert.equal(error.operation, 'consumePurchase');
      return true;
    });
  }
  await assert.rejects(client.deferSubscription({ ...purchase, deferPeriod: 366 }), {
    fields: ['deferPeriod'],
  });
  await assert.rejects(client.getVoidedPurchases({ maxResults: 1000 }), { fields: ['maxResults'] });
  await assert.rejects(client.getPurchaseDetails(purchase, { timeoutMs: 0 }), { fields: ['timeoutMs'] });
  await assert.rejects(client.consumePurchase(purchase, { idempotencyKey: 'ü' }), {
    fields: ['idempotencyKey'],
  });
  assert.equal(shop.line.seen.length, before);
});

test('a value at its size, and one that a path has to escape, arrive as they are', async () => {
  const client = shop.client();
  const productId = `다이아100_${'a'.repeat(142)}`;
  await assert.rejects(client.getPurchaseDetails({ productId, purchaseToken: 'a+b?c#d%e&f=g;h' }), {
    code: 'NoSuchData',
  });
  const { path } = shop.line.seen.at(-1) ?? { path: '' };
  assert.deepEqual(path.split('/').slice(-2).map(decodeURIComponent), [productId, 'a+b?c#d%e&f=g;h']);
});

test('every call carries the headers of the documents, and the market that is meant', async () => {
  const { purchase } = await bought();
  const client = shop.client({ market: 'MKT_ONE' });
  await client.getPurchaseDetails(purchase);
  const headers = shop.line.seen.at(-1)?.headers;
  assert.equal(headers?.['content-type'], 'application/json');
  assert.equal(headers?.['x-market-code'], 'MKT_ONE');
  assert.match(headers?.authorization ?? '', /^Bearer [0-9a-f-]{36}$/);
  await assert.rejects(client.getPurchaseDetails(purchase, { market: 'MKT_GLB' }), { code: 'NoSuchData' });
  assert.equal(shop.line.seen.at(-1)?.headers['x-market-code'], 'MKT_GLB');
  await shop.client().getPurchaseDetails(purchase);
  assert.equal(shop.line.seen.at(-1)?.headers['x-market-code'], undefined);
});

test('a key of the caller makes a Till carry the same action out once', async () => {
  const { purchase } = await bought();
  const options = { idempotencyKey: 'order-1-consume' };
  assert.equal(await said(shop.client().consumePurchase(purchase, options)), 'Success');
  assert.equal(await said(shop.client().consumePurchase(purchase, options)), 'Success');
  await assert.rejects(shop.client().consumePurchase(purchase), { code: 'InvalidConsumeState' });
});

test('settings that do not fit are refused by name, and the store’s own hosts are known', async () => {
  const settings = { clientId: 'a', clientSecret: 'b', environment: 'sandbox' } as const;
  const wrong: [object, string[]][] = [
    [{ clientId: '' }, ['clientId', 'packageName']],
    [{ clientSecret: undefined }, ['clientSecret']],
    [{ environment: 'production' }, ['environment']],
    [{ environment: { baseUrl: 'ftp://a' } }, ['environment']],
    [{ environment: { baseUrl: 'https://a/?b' } }, ['environment']],
    [{ generation: 'v4' }, ['generation']],
    [{ market: 'MKT_GLC' }, ['market']],
    [{ timeoutMs: -1, maxRetries: 0.5 }, ['timeoutMs', 'maxRetries']],
  ];
  for (const [change, fields] of wrong) {
    const create = () => new OneStoreClient({ ...settings, ...change } as typeof settings);
    assert.throws(
      create,
      (error) => error instanceof OneStoreInputError && String(error.fields) === String(fields),
    );
  }
  const asked: string[] = [];
  const fetch = async (url: string) => {
    asked.push(url);
    throw new Error('not today');
  };
  for (const environment of ['sandbox', 'commercial'] as const) {
    for (const generation of ['v5', 'v7'] as const) {
      const client = new OneStoreClient({ ...settings, environment, generation, fetch, maxRetries: 0 });
      await assert.rejects(client.getAccessToken(), { name: 'OneStoreNetworkError' });
    }
  }
  assert.deepEqual(asked, [
    'https://sbpp.onestore.co.kr/v2/oauth/token',
    'https://sbpp.onestore.net/v7/oauth/token',
    'https://apis.onestore.co.kr/v2/oauth/token',
    'https://iap-apis.onestore.net/v7/oauth/token',
  ]);
});
