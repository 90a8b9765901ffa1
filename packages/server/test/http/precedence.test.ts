// Which code is answered when two apply: the upper one of the table, on every pair that one request can show.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { ProductType } from '@till/protocol/codes';
import { type ServerErrorCode, serverErrors } from '@till/protocol/errors';
import { serverRows } from '../../src/http/routing.ts';
import { httpDatabases } from '../databases.ts';
import { exchange } from '../raw-http.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertRefused, type Bought, openShop, type Shop } from './shop.ts';

/** A request that would succeed, until faults are put into it. */
interface Draft {
  shop: Shop;
  other: Shop;
  purchase: Bought;
  method: string;
  clientId: string;
  /** The path up to the suffix. */
  pathOf: (draft: Draft) => string;
  productId: string;
  suffix: string;
  /** The lines of the Authorization header, as often as they are sent. */
  tokens: string[];
  contentType: string;
  market: string;
  body: string;
}

type Fault = (draft: Draft) => unknown;

type Faults = { [code in ServerErrorCode]?: Fault | undefined };

/** How each code is brought about on any call. */
const faultsOfAll: Faults = {
  ServiceMaintenance: ({ shop }) => shop.server.control('PUT', '/maintenance', { on: true }),
  ResourceNotFound: (draft) => {
    draft.suffix = '/nowhere';
  },
  MethodNotAllowed: (draft) => {
    draft.method = 'PUT';
  },
  InvalidAuthorizationHeader: (draft) => {
    draft.tokens = [...draft.tokens, ...draft.tokens];
  },
  InvalidAccessToken: (draft) => {
    draft.tokens = draft.tokens.map(() => randomUUID());
  },
  AccessTokenExpired: ({ shop }) => shop.control('POST', '/access-tokens/expire'),
  AccessBlocked: ({ shop }) => shop.change({ blocked: true }),
  UnauthorizedAccess: (draft) => {
    draft.clientId = draft.other.app.clientId;
  },
  InvalidContentType: (draft) => {
    draft.contentType = 'text/plain';
  },
  BadRequest: (draft) => {
    draft.body = draft.body.slice(0, -1);
  },
  InvalidRequest: (draft) => {
    draft.market = 'MKT_XXX';
  },
  InvalidPurchaseState: ({ shop, purchase }) => shop.void(purchase),
};

const noSuchData: Fault = (draft) => {
  draft.productId = 'product02';
};

/** Of V7 and V6, with the type in the path. */
const productPath =
  (base: string, type: string): Draft['pathOf'] =>
  ({ clientId, productId, purchase }) =>
    `${base}/apps/${clientId}/purchases/${type}/products/${productId}/${purchase.purchaseToken}`;

interface Calls {
  name: string;
  type: ProductType;
  /** Where it is not V7's by the type of the product. */
  pathOf?: Draft['pathOf'];
  suffix: string;
  body: string;
  faults: Faults;
}

/** A call for each kind of refusal: of a managed product, with a body that must be there, with one that nobody asks for. */
const calls: readonly Calls[] = [
  {
    ...{ name: 'consumePurchase', type: 'inapp', suffix: '/consume', body: '{"developerPayload":"order 1"}' },
    faults: {
      ...faultsOfAll,
      InvalidConsumeState: ({ shop, purchase }) => shop.consume(purchase),
      DeveloperPayloadNotMatch: (draft) => {
        draft.body = draft.body.replace('order 1', 'order 2');
      },
    },
  },
  {
    ...{ name: 'deferSubscription', type: 'subscription', suffix: '/defer', body: '{"deferPeriod":3}' },
    faults: {
      ...faultsOfAll,
      RequiredValueNotExist: (draft) => {
        draft.body = draft.body.replace('3', 'null');
      },
      NoSuchData: noSuchData,
    },
  },
  {
    ...{ name: 'reactivateRecurringPurchase', type: 'auto', suffix: '/reactivate', body: '{}' },
    // nobody parses what nobody asks for
    faults: { ...faultsOfAll, BadRequest: undefined, NoSuchData: noSuchData },
  },
  {
    ...{
      name: 'v6 consumePurchase',
      type: 'inapp',
      suffix: '/consume',
      body: '{"developerPayload":"order 1"}',
    },
    pathOf: productPath('/v6', 'all'),
    faults: {
      ...faultsOfAll,
      InvalidConsumeState: ({ shop, purchase }) => shop.consume(purchase),
      DeveloperPayloadNotMatch: (draft) => {
        draft.body = draft.body.replace('order 1', 'order 2');
      },
    },
  },
  {
    ...{ name: 'v6 cancelRecurringPurchase', type: 'auto', suffix: '/cancel', body: '{}' },
    pathOf: productPath('/v6', 'auto'),
    faults: { ...faultsOfAll, BadRequest: undefined, NoSuchData: noSuchData },
  },
  {
    ...{ name: 'v5 consumePurchase', type: 'inapp', suffix: '', body: '{}' },
    pathOf: ({ purchase, clientId }) => `/v2/purchase/consume/${purchase.purchaseId}/${clientId}`,
    faults: {
      ...{ ...faultsOfAll, BadRequest: undefined },
      InvalidConsumeState: ({ shop, purchase }) => shop.consume(purchase),
    },
  },
  {
    ...{ name: 'v5 manageRecurringPaymentStatus', type: 'auto', suffix: '', body: '{}' },
    pathOf: ({ purchase, clientId }) =>
      `/v2/purchase/manage-payment-status/${purchase.purchaseId}/${clientId}/cancel`,
    faults: {
      ...{ ...faultsOfAll, BadRequest: undefined },
      NoSuchData: (draft) => {
        draft.purchase = { ...draft.purchase, purchaseId: 'SANDBOX3999999999999' };
      },
    },
  },
];

function codesOf({ faults }: Calls): ServerErrorCode[] {
  return Object.keys(serverErrors).filter(
    (code) => faults[code as ServerErrorCode] !== undefined,
  ) as ServerErrorCode[];
}

async function draftOf(server: TestServer, { type, pathOf, suffix, body }: Calls): Promise<Draft> {
  const [shop, other] = [await openShop(server), await openShop(server)];
  const purchase = await shop.buyA(type, { developerPayload: 'order 1' });
  return {
    shop,
    other,
    purchase,
    method: 'POST',
    clientId: shop.app.clientId,
    pathOf: pathOf ?? productPath('/v7', type),
    productId: purchase.productId,
    suffix,
    tokens: [shop.token],
    contentType: 'application/json',
    market: 'MKT_ONE',
    body,
  };
}

function send(draft: Draft) {
  const { shop, method, suffix, body } = draft;
  const path = `${draft.pathOf(draft)}${suffix}`;
  const lines = [
    ...draft.tokens.map((token) => `Authorization: Bearer ${token}`),
    `Content-Type: ${draft.contentType}`,
    `x-market-code: ${draft.market}`,
    `Content-Length: ${body.length}`,
  ];
  return exchange(shop.server.url, `${method} ${path}`, lines, body);
}

function fieldsOf(code: ServerErrorCode): string[] {
  if (code === 'RequiredValueNotExist') return ['deferPeriod'];
  return code === 'InvalidRequest' ? ['x-market-code'] : [];
}

/** The token call: its credentials are in the body, so they are judged after it (section 2.4). */
interface TokenDraft {
  shop: Shop;
  method: string;
  path: string;
  contentType: string;
  market: string;
  form: Record<string, string>;
  tail: string;
}

type TokenFault = [code: ServerErrorCode, put: (draft: TokenDraft) => unknown, fields?: string[]];

const tokenFaults: readonly TokenFault[] = [
  ['ServiceMaintenance', ({ shop }) => shop.server.control('PUT', '/maintenance', { on: true })],
  [
    'MethodNotAllowed',
    (draft) => {
      draft.method = 'PATCH';
    },
  ],
  [
    'InvalidContentType',
    (draft) => {
      draft.contentType = 'application/json';
    },
  ],
  [
    'BadRequest',
    (draft) => {
      draft.tail = '&x=\xff';
    },
  ],
  [
    'RequiredValueNotExist',
    (draft) => {
      delete draft.form.grant_type;
    },
    ['grant_type'],
  ],
  [
    'InvalidRequest',
    (draft) => {
      draft.market = 'MKT_XXX';
    },
    ['x-market-code'],
  ],
  [
    'UnauthorizedAccess',
    (draft) => {
      draft.form.client_secret = 'wrong';
    },
  ],
  ['AccessBlocked', ({ shop }) => shop.change({ blocked: true })],
];

const tokenCalls = serverRows.filter(({ row }) => row.access === 'credentials');

function sendToken(draft: TokenDraft) {
  const body = Buffer.concat([
    Buffer.from(new URLSearchParams(draft.form).toString()),
    Buffer.from(draft.tail, 'latin1'),
  ]);
  const lines = [
    `Content-Type: ${draft.contentType}`,
    `x-market-code: ${draft.market}`,
    `Content-Length: ${body.length}`,
  ];
  return exchange(draft.shop.server.url, `${draft.method} ${draft.path}`, lines, body);
}

for (const database of httpDatabases) {
  describe(`Precedence on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const endMaintenance = () => server.control('PUT', '/maintenance', { on: false });

    for (const call of calls) {
      const { name, faults } = call;
      const codes = codesOf(call);

      it(`answers the request of ${name} itself with success`, async () => {
        assert.equal((await send(await draftOf(server, call))).status, 200);
      });

      for (const [index, upper] of codes.entries()) {
        it(`answers ${upper} alone on ${name}`, async () => {
          const draft = await draftOf(server, call);
          await faults[upper]?.(draft);
          const answer = await send(draft);
          await endMaintenance();
          assertRefused(answer, upper, fieldsOf(upper));
        });

        for (const lower of codes.slice(index + 1)) {
          it(`answers ${upper} before ${lower} on ${name}`, async () => {
            const draft = await draftOf(server, call);
            await faults[lower]?.(draft);
            await faults[upper]?.(draft);
            const answer = await send(draft);
            await endMaintenance();
            assertRefused(answer, upper, fieldsOf(upper));
          });
        }
      }
    }

    it('answers InvalidRequest before NoSuchData', async () => {
      const shop = await openShop(server);
      const nothing = { productId: 'product01', purchaseToken: 'nothing' };
      const answer = await shop.details(nothing, { headers: { 'x-market-code': 'MKT_XXX' } });
      assertRefused(answer, 'InvalidRequest', ['x-market-code']);
    });

    it('answers UnauthorizedAccess before a path value that does not fit', async () => {
      const [shop, other] = [await openShop(server), await openShop(server)];
      const path = `/v7/apps/${other.app.clientId}/purchases/inapp/products/${'x'.repeat(151)}/x`;
      assertRefused(await shop.call('GET', path), 'UnauthorizedAccess');
    });

    it('answers BadRequest for a path that cannot be decoded before the verb and the token', async () => {
      const answer = await exchange(server.url, 'PUT /v7/apps/x/purchases/inapp/products/%zz/x');
      assertRefused(answer, 'BadRequest');
    });

    for (const { row, generation } of tokenCalls) {
      for (const [index, [upper, putUpper, fields = []]] of tokenFaults.entries()) {
        for (const [lower, putLower] of tokenFaults.slice(index + 1)) {
          it(`answers ${upper} before ${lower} on the token call of ${generation} by ${row.method}`, async () => {
            const shop = await openShop(server);
            const { clientId: client_id, clientSecret: client_secret } = shop.app;
            const form = { client_id, client_secret, grant_type: 'client_credentials' };
            const contentType = 'application/x-www-form-urlencoded';
            const { method, path } = row;
            const draft = { shop, method, path, contentType, market: 'MKT_ONE', form, tail: '' };
            await putLower(draft);
            await putUpper(draft);
            const answer = await sendToken(draft);
            await endMaintenance();
            assertRefused(answer, upper, fields);
          });
        }
      }
    }

    it('answers RequiredValueNotExist before InvalidRequest of another parameter', async () => {
      const form = { client_id: 'x', grant_type: 'password' };
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const body = new URLSearchParams(form).toString();
      const answer = await server.call('POST', '/v7/oauth/token', { headers, body });
      assertRefused(answer, 'RequiredValueNotExist', ['client_secret']);
    });
  });

  describe(`Maintenance on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers everything of the server API with ServiceMaintenance, unknown paths included', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      await server.control('PUT', '/maintenance', { on: true });
      const base = `/v7/apps/${shop.app.clientId}`;
      const lines = [`Authorization: Bearer ${shop.token}`];
      for (const line of [
        'POST /v7/oauth/token',
        `GET ${base}/voided-purchases`,
        `GET ${base}/purchases/inapp/products/product01/${purchase.purchaseToken}`,
        'GET /',
        'GET /nowhere',
        'GET /healthzz',
        'GET /controls',
        'GET /v7/apps/a%2Fb/voided-purchases',
        'GET /v7/apps/%zz/voided-purchases',
        'PUT /v7/oauth/token',
        'PROPFIND /v7/oauth/token',
      ]) {
        const answer = await exchange(server.url, line, lines);
        assertRefused(answer, 'ServiceMaintenance');
        assert.ok(answer.headers['x-request-id']);
      }
      assert.equal((await server.call('GET', '/healthz')).status, 200);
      assert.equal((await shop.control('GET', '')).status, 200);
      await server.control('PUT', '/maintenance', { on: false });
      assert.equal((await shop.details(purchase)).status, 200);
    });

    it('of one world refuses its apps alone, once the app is known', async () => {
      const [shop, other] = [await openShop(server), await openShop(server)];
      const { worldId } = shop.app;
      await server.control('PUT', '/maintenance', { on: true, worldId });
      const ofOther = `/v7/apps/${other.app.clientId}/voided-purchases`;
      assertRefused(await shop.voided(), 'ServiceMaintenance');
      assertRefused(await shop.call('GET', ofOther), 'ServiceMaintenance');
      assertRefused(await shop.voided({}, { token: randomUUID() }), 'InvalidAccessToken');
      assert.equal((await other.voided()).status, 200);
      await shop.change({ blocked: true });
      assertRefused(await shop.voided(), 'ServiceMaintenance');
      await shop.control('POST', '/access-tokens/expire');
      assertRefused(await shop.voided(), 'ServiceMaintenance');
      const { clientId: client_id, clientSecret: client_secret } = shop.app;
      const query = { client_id, client_secret, grant_type: 'client_credentials' };
      assertRefused(await server.call('POST', '/v7/oauth/token', { query }), 'ServiceMaintenance');
      const wrong = { ...query, client_secret: 'x' };
      assertRefused(await server.call('POST', '/v7/oauth/token', { query: wrong }), 'UnauthorizedAccess');
      assertRefused(await server.call('GET', '/nowhere'), 'ResourceNotFound');
      await server.control('PUT', '/maintenance', { on: false, worldId });
      assertRefused(await shop.voided(), 'AccessTokenExpired');
    });
  });
}
