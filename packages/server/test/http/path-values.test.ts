// Values in paths: decoded once, compared exactly, refused with the route where they cannot be (section 1.5).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { exchange } from '../raw-http.ts';
import { startServer, type TestServer } from '../server.ts';
import { tokenRows } from './requests.ts';
import { assertRefused, openShop, type Shop } from './shop.ts';

const productIds = [
  '다이아100_20170818000000',
  'a+b',
  'a=b',
  'a%b',
  'a%2Fb',
  'a%252Fb',
  'a b',
  'a;b',
  'a:b',
  'a,b',
  'a?b',
  'a#b',
  '..',
  '.',
  '*',
  '%',
  '%41',
  'ａ',
  '😀',
  'é',
  'e\u0301',
  'Ä',
  'constructor',
  '__proto__',
  "';--",
];

for (const database of httpDatabases) {
  describe(`Path values on ${database.name}`, () => {
    let server: TestServer;
    let shop: Shop;
    before(async () => {
      server = await startServer(database);
      shop = await openShop(server);
    });
    after(() => server.stop());

    const get = (productId: string, purchaseToken: string, authorized = true) => {
      const path = `/v7/apps/${shop.app.clientId}/purchases/inapp/products/${productId}/${purchaseToken}`;
      return exchange(server.url, `GET ${path}`, authorized ? [`Authorization: Bearer ${shop.token}`] : []);
    };
    /** A product is made past the control API, whose own path would be under test too. */
    const make = async (productId: string) => {
      const { database: stored } = server.till.host;
      await stored.run(
        `insert into product (app_id, product_id, type, title, price_micros, currency, created_at, rev)
         select app_id, $1, 'inapp', 'A product', 1, 'KRW', 0, 1 from app where client_id = $2`,
        [productId, shop.app.clientId],
      );
      return shop.buy({ productId });
    };
    const escaped = (text: string) =>
      [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

    it('decodes a value once and compares it exactly', async () => {
      const bought = await Promise.all(productIds.map(make));
      for (const [index, productId] of productIds.entries()) {
        const purchase = bought[index];
        assert.ok(purchase);
        const found = await get(encodeURIComponent(productId).replaceAll('.', '%2E'), purchase.purchaseToken);
        assert.equal(found.status, 200, `${productId}: ${found.text}`);
        assert.equal(JSON.parse(found.text).purchaseId, purchase.purchaseId);
        const next = bought[(index + 1) % bought.length];
        assert.ok(next);
        assertRefused(await get(encodeURIComponent(productId), next.purchaseToken), 'NoSuchData');
      }
    });

    it('decodes the values of a monthly product and a subscription the same way', async () => {
      const sold = ['다이아100_20170818000000', 'a+b', 'a%b', 'a b', 'é', '__proto__'];
      for (const [type, prefix] of [
        ['auto', 'm'],
        ['subscription', 's'],
      ] as const) {
        const calls = type === 'auto' ? shop.monthly : shop.subscription;
        const terms = type === 'auto' ? {} : { subscription: { period: 'P1M' } };
        for (const name of sold) {
          const productId = `${prefix}${name}`;
          await shop.putProduct(productId, { type, ...terms });
          const { purchaseToken, purchaseId } = await shop.buy({ productId });
          const found = await calls.detail({ productId, purchaseToken });
          assert.equal(found.body.lastPurchaseId, purchaseId, found.text);
          const twice = { productId: encodeURIComponent(`${productId}%`), purchaseToken };
          assertRefused(await calls.detail(twice), 'NoSuchData');
          assertRefused(await calls.cancel(twice), 'NoSuchData');
        }
      }
    });

    it('decodes escapes of any case, and characters that need none', async () => {
      const { purchaseToken } = await shop.buy();
      for (const spelling of [
        'product01',
        'product%30%31',
        escaped('product01'),
        escaped('product01').toUpperCase(),
      ]) {
        assert.equal((await get(spelling, purchaseToken)).status, 200);
        assert.equal((await get(spelling, escaped(purchaseToken))).status, 200);
      }
    });

    it('takes a raw `+` for itself, not for a blank', async () => {
      const { purchaseToken } = await make('x+y');
      assert.equal((await get('x+y', purchaseToken)).status, 200);
      assert.equal((await get('x%2By', purchaseToken)).status, 200);
      assertRefused(await get('x%20y', purchaseToken), 'NoSuchData');
      assertRefused(await get('x%252By', purchaseToken), 'NoSuchData');
    });

    it('takes the client ID of the path by its value too', async () => {
      const { clientId } = shop.app;
      const line = `GET /v7/apps/${escaped(clientId)}/voided-purchases`;
      const answer = await exchange(server.url, line, [`Authorization: Bearer ${shop.token}`]);
      assert.equal(answer.status, 200, answer.text);
    });

    it('answers %2B, %3D, %25 and %2E%2E with NoSuchData where nothing is there', async () => {
      for (const value of ['a%2Bb', 'a%3Db', 'a%25b', '%2E%2E']) {
        assertRefused(await get('product01', value), 'NoSuchData');
        assertRefused(await get(value, 'SANDBOXT000000000000'), 'NoSuchData');
      }
    });

    it('refuses NUL with the name of the value, and the names of both', async () => {
      assertRefused(await get('a%00b', 'x'), 'InvalidRequest', ['productId']);
      assertRefused(await get('product01', '%00'), 'InvalidRequest', ['purchaseToken']);
      assertRefused(await get('%00', '%00'), 'InvalidRequest', ['productId', 'purchaseToken']);
    });

    for (const { name, generation, row } of tokenRows) {
      const at = (value: string, place: number) => {
        let count = 0;
        const path = row.path.replaceAll(/\{(\w+)\}/g, () => (count++ === place ? value : 'x'));
        return `${row.method} ${path}`;
      };
      const places = [...row.path.matchAll(/\{\w+\}/g)].map((_, place) => place);

      it(`${generation} ${name} refuses an escaped slash with ResourceNotFound, without a token`, async () => {
        for (const place of places) {
          for (const value of ['a%2Fb', 'a%2fb', '%2F', '%2F%2F']) {
            assertRefused(await exchange(server.url, at(value, place)), 'ResourceNotFound');
          }
        }
      });

      it(`${generation} ${name} refuses a broken escape with BadRequest, without a token`, async () => {
        const broken = [
          '%',
          '%z',
          '%zz',
          '%2',
          'a%',
          '%FF',
          '%C0%80',
          '%ED%A0%80',
          '%F0%9F%98',
          '%E3%28%A1',
          '%80',
        ];
        for (const place of places) {
          for (const value of broken) {
            assertRefused(await exchange(server.url, at(value, place)), 'BadRequest');
          }
        }
      });
    }

    it('looks an empty value up like any other', async () => {
      assertRefused(await get('product01', ''), 'NoSuchData');
      assertRefused(await get('', 'x'), 'NoSuchData');
      const base = `/v7/apps/${shop.app.clientId}/purchases/inapp/products/product01`;
      assertRefused(await exchange(server.url, `POST ${base}/`), 'MethodNotAllowed');
      assertRefused(await exchange(server.url, `GET ${base}//consume`), 'MethodNotAllowed');
      const nobody = await shop.call('GET', '/v7/apps//voided-purchases');
      assertRefused(nobody, 'UnauthorizedAccess');
    });

    it('answers both of them as JSON with a request id', async () => {
      for (const value of ['a%2Fb', 'a%zz']) {
        const { headers } = await get(value, 'x', false);
        assert.equal(headers['content-type'], 'application/json;charset=UTF-8');
        assert.ok(headers['x-request-id']);
      }
    });

    it('knows no path but those of the table', async () => {
      const { clientId } = shop.app;
      const { purchaseToken } = await shop.buy();
      const base = `/v7/apps/${clientId}`;
      const product = `${base}/purchases/inapp/products/product01/${purchaseToken}`;
      for (const path of [
        '/',
        '/v7',
        '/v8/oauth/token',
        '/V7/oauth/token',
        '/v7/oauth/token/',
        '//v7/oauth/token',
        '/v7/oauth',
        base,
        `${base}/voided-purchases/`,
        `${base}/Voided-Purchases`,
        `${product}/`,
        `${product}/nothing`,
        product.replace('inapp', 'auto_'),
        product.replace('/v7', ''),
        '/control/v2/apps',
        '/favicon.ico',
      ]) {
        const answer = await exchange(server.url, `GET ${path}`, [`Authorization: Bearer ${shop.token}`]);
        assertRefused(answer, 'ResourceNotFound');
        assertRefused(await exchange(server.url, `POST ${path}`), 'ResourceNotFound');
      }
    });

    for (const { name, generation, row } of tokenRows) {
      it(`${generation} ${name} refuses every other verb with MethodNotAllowed, without a token`, async () => {
        const path = row.path.replaceAll(/\{\w+\}/g, 'x');
        const verbs = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'BREW'];
        for (const verb of verbs.filter((one) => one !== row.method)) {
          assertRefused(await exchange(server.url, `${verb} ${path}`), 'MethodNotAllowed');
        }
        const head = await exchange(server.url, `HEAD ${path}`);
        assert.deepEqual([head.status, head.text], [405, '']);
        const { headers } = await exchange(server.url, `PUT ${path}`);
        assert.equal(headers.allow, row.method);
      });
    }
  });
}
