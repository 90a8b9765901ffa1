// Products of an app: made, changed, read, listed and deleted.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';

const noon = Date.UTC(2026, 0, 15, 12);
const gem = { type: 'inapp', title: '100 gems', price: '1100', currency: 'KRW' };

for (const database of httpDatabases) {
  describe(`products on ${database.name}`, () => {
    let server: TestServer;
    let app: TestApp;

    before(async () => {
      server = await startServer(database);
      app = await server.app({ worldId: await server.world({ now: noon }) });
    });
    after(() => server.stop());

    const path = (productId: string) => `/apps/${app.clientId}/products/${encodeURIComponent(productId)}`;
    const put = (productId: string, body: unknown) => server.control('PUT', path(productId), body);

    test('a product is made, read and changed under its ID, and keeps the time it was made at', async () => {
      const made = expectStatus(await put('gem_100', gem), 200);
      assert.deepEqual(made, { productId: 'gem_100', ...gem, createdAt: noon });
      assert.deepEqual(expectStatus(await server.control('GET', path('gem_100')), 200), made);
      expectStatus(await server.advance(app.worldId, 'PT1S'), 200);
      const other = { ...gem, title: '한 보석', price: '4.99', currency: 'USD' };
      const changed = expectStatus(await put('gem_100', other), 200);
      assert.deepEqual(changed, { ...made, ...other });
      assert.deepEqual(expectStatus(await server.control('GET', path('gem_100')), 200), changed);
    });

    test('a product ID may be Korean and may hold what a path must escape', async () => {
      for (const productId of ['다이아100_20170818000000', 'a b+c=d%e?f#g', 'p'.repeat(150)]) {
        expectStatus(await put(productId, gem), 200);
        assert.equal(expectStatus(await server.control('GET', path(productId)), 200).productId, productId);
      }
      const answer = await put('p'.repeat(151), gem);
      assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'productId']);
    });

    for (const [price, shown] of [
      ['0', '0'],
      ['1100', '1100'],
      ['1100.00', '1100'],
      ['4.990000', '4.99'],
      ['0.000001', '0.000001'],
      ['9007199254.740991', '9007199254.740991'],
    ] as const) {
      test(`a price of ${price} is shown as ${shown}`, async () => {
        assert.equal(expectStatus(await put('priced', { ...gem, price }), 200).price, shown);
      });
    }

    for (const price of [
      '',
      '-1',
      '+1',
      '1,000',
      '01',
      '.5',
      '5.',
      '1e3',
      '1.0000001',
      '9007199254.740992',
      1100,
    ]) {
      test(`a price of ${JSON.stringify(price)} is refused and named`, async () => {
        const answer = await put('unpriced', { ...gem, price });
        assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'price']);
        assert.equal((await server.control('GET', path('unpriced'))).status, 404);
      });
    }

    for (const [body, field] of [
      [{ ...gem, currency: 'krw' }, 'currency'],
      [{ ...gem, currency: 'KRWX' }, 'currency'],
      [{ ...gem, title: '' }, 'title'],
      [{ ...gem, title: 't'.repeat(201) }, 'title'],
      [{ ...gem, type: 'consumable' }, 'type'],
      [{ ...gem, productId: 'other' }, 'productId'],
      [{ ...gem, period: 'P1M' }, 'period'],
    ] as const) {
      test(`a product with ${field} as ${JSON.stringify(Object.entries(body).at(-1))} is refused`, async () => {
        assert.deepEqual(refusal(await put('wrong', body)), [400, 'InvalidRequest', field]);
      });
    }

    test('members that are missing are all named', async () => {
      const answer = await put('bare', { type: 'inapp' });
      const [status, code, ...fields] = refusal(answer);
      assert.deepEqual(
        [status, code, fields.sort()],
        [400, 'RequiredValueNotExist', ['currency', 'price', 'title']],
      );
    });

    test('a product keeps its type', async () => {
      expectStatus(await put('kept', gem), 200);
      assert.deepEqual(refusal(await put('kept', { ...gem, type: 'auto' })), [409, 'InvalidState', 'type']);
      const subscription = { ...gem, type: 'subscription', subscription: { period: 'P1M' } };
      assert.deepEqual(refusal(await put('kept', subscription)), [409, 'InvalidState', 'type']);
      assert.equal(expectStatus(await server.control('GET', path('kept')), 200).type, 'inapp');
    });

    test('the list holds every product of the app once by its ID, page by page', async () => {
      const other = await server.app({ worldId: await server.world() });
      for (const productId of ['c', 'a', 'B', '가']) {
        const made = await server.control(
          'PUT',
          `/apps/${other.clientId}/products/${encodeURIComponent(productId)}`,
          gem,
        );
        expectStatus(made, 200);
      }
      const met: string[] = [];
      let cursor = '';
      do {
        const list = `/apps/${other.clientId}/products?limit=2${cursor}`;
        const page = expectStatus(await server.control('GET', list), 200);
        assert.ok(page.items.length <= 2);
        met.push(...page.items.map((product: { productId: string }) => product.productId));
        cursor = page.nextCursor === undefined ? '' : `&cursor=${page.nextCursor}`;
      } while (cursor !== '');
      assert.deepEqual(met, ['B', 'a', 'c', 'product01', '가']);
    });

    test('a product goes until somebody has bought it, be the purchase used up or voided', async () => {
      expectStatus(await put('unbought', gem), 200);
      assert.equal((await server.control('DELETE', path('unbought'))).status, 204);
      assert.deepEqual(refusal(await server.control('DELETE', path('unbought'))), [404, 'NoSuchData']);
      assert.deepEqual(refusal(await server.control('GET', path('unbought'))), [404, 'NoSuchData']);
      for (const step of ['consume', 'void']) {
        expectStatus(await put(`bought-${step}`, gem), 200);
        const { purchaseToken } = await server.buy(app, { productId: `bought-${step}` });
        const change = `/apps/${app.clientId}/purchases/${purchaseToken}/${step}`;
        expectStatus(await server.control('POST', change), 200);
        const answer = await server.control('DELETE', path(`bought-${step}`));
        assert.deepEqual(refusal(answer), [409, 'InvalidState']);
        expectStatus(await server.control('GET', path(`bought-${step}`)), 200);
      }
    });

    test('a later price changes no purchase that was made before', async () => {
      expectStatus(await put('repriced', gem), 200);
      const bought = await server.buy(app, { productId: 'repriced' });
      expectStatus(await put('repriced', { ...gem, price: '2200' }), 200);
      const read = await server.control('GET', `/apps/${app.clientId}/purchases/${bought.purchaseToken}`);
      assert.equal(expectStatus(read, 200).price, '1100');
      assert.equal((await server.buy(app, { productId: 'repriced' })).price, '2200');
    });
  });
}
