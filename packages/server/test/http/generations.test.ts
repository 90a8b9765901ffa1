// What holds between the generations: by which key each names an app, and that their tokens are the same (sections 1.1, 2.2).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { serverRows } from '../../src/http/routing.ts';
import { httpDatabases } from '../databases.ts';
import { type Answer, startServer, type TestServer } from '../server.ts';
import { type OlderShop, openOlderShop } from './older.ts';
import { assertAnsweredWithoutBody, requestOf, type ServerRow, soldAs, tokenRows } from './requests.ts';
import { assertRefused, assertStatus, assertSucceeded } from './shop.ts';

const tokenCalls = serverRows.filter(({ row }) => row.access === 'credentials');
const otherKey = { clientId: 'packageName', packageName: 'clientId' } as const;
const formType = 'application/x-www-form-urlencoded';

const nameOf = ({ generation, name }: ServerRow) => `${generation} ${name}`;

for (const database of httpDatabases) {
  describe(`The generations on ${database.name}`, () => {
    let server: TestServer;
    let shop: OlderShop;
    before(async () => {
      server = await startServer(database);
      shop = await openOlderShop(server, { clientId: 'game01' });
    });
    after(() => server.stop());

    const issue = ({ row }: ServerRow, clientId: string): Promise<Answer> => {
      const { clientSecret } = shop.app;
      const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
      const headers = { 'content-type': formType };
      return server.call(row.method, row.path, { headers, body: new URLSearchParams(form).toString() });
    };

    it('name an app by its client ID in V7, by its package name in V6 and V5', () => {
      const keys = tokenRows.map(({ generation, row }) => `${generation} ${row.key}`);
      assert.deepEqual([...new Set(keys)].sort(), ['v5 packageName', 'v6 packageName', 'v7 clientId']);
    });

    for (const call of tokenRows) {
      const { row } = call;
      const key = row.key as keyof typeof otherKey;

      it(`${nameOf(call)} knows its app by its ${key} alone`, async () => {
        const ask = (name: string) => {
          const { method, path } = requestOf(call, shop.app, { params: { [key]: name } });
          return shop.call(method, path);
        };
        assertAnsweredWithoutBody(call, await ask(shop.app[key]));
        assertRefused(await ask(shop.app[otherKey[key]]), 'UnauthorizedAccess');
        assertRefused(await ask(shop.app[key].toUpperCase()), 'UnauthorizedAccess');
        assertRefused(await ask(`${shop.app[key]}x`), 'UnauthorizedAccess');
      });

      it(`${nameOf(call)} refuses the path of another app with UnauthorizedAccess`, async () => {
        const other = await openOlderShop(server);
        const purchase = await other.buyA(soldAs(row));
        const { method, path } = requestOf(call, other.app, { params: { ...purchase } });
        assertRefused(await shop.call(method, path), 'UnauthorizedAccess');
        assert.deepEqual(await other.history(purchase), ['purchased']);
      });
    }

    for (const call of tokenRows.filter(({ row }) => row.idempotent === true)) {
      it(`${nameOf(call)} answers a repeated key with its first answer, byte for byte`, async () => {
        const own = await openOlderShop(server);
        const purchase = await own.buyA(soldAs(call.row));
        const { method, path, headers, body } = requestOf(call, own.app, {
          params: { ...purchase },
          ...(call.row.bodyRequired === true ? {} : { body: { developerPayload: undefined } }),
        });
        const keyed = { ...headers, 'idempotency-key': 'again' };
        const send = () =>
          own.call(method, path, { headers: keyed, ...(body === undefined ? {} : { body }) });
        const first = await send();
        assertSucceeded(first);
        const told = await own.history(purchase);
        const again = await send();
        assert.deepEqual([again.status, again.text], [first.status, first.text]);
        assert.equal(again.headers.get('idempotent-replay'), 'true');
        assert.deepEqual(await own.history(purchase), told);
      });
    }

    for (const issuing of tokenCalls) {
      const by = `${nameOf(issuing)} by ${issuing.row.method}`;

      it(`${by} issues a token that is good for every call of every generation`, async () => {
        const answer = await issue(issuing, shop.app.clientId);
        assertStatus(answer, 200);
        const token = answer.body.access_token;
        for (const call of tokenRows) {
          const { method, path } = requestOf(call, shop.app);
          assertAnsweredWithoutBody(call, await server.call(method, path, { token }));
        }
      });

      it(`${by} takes the client ID or the package name for client_id, and hands out one token for both`, async () => {
        const [byClientId, byPackageName] = [
          await issue(issuing, shop.app.clientId),
          await issue(issuing, shop.packageName),
        ];
        for (const answer of [byClientId, byPackageName]) assertStatus(answer, 200);
        assert.equal(byPackageName.body.access_token, byClientId.body.access_token);
        const named = issuing.generation === 'v7' ? shop.app.clientId : shop.packageName;
        assert.deepEqual([byClientId.body.client_id, byPackageName.body.client_id], [named, named]);
        for (const wrong of [`${shop.packageName}x`, shop.packageName.toUpperCase()]) {
          assertRefused(await issue(issuing, wrong), 'UnauthorizedAccess');
        }
      });
    }

    it('hand out the running token of one another', async () => {
      const tokens = [];
      for (const issuing of tokenCalls) {
        tokens.push((await issue(issuing, shop.app.clientId)).body.access_token);
      }
      assert.equal(new Set(tokens).size, 1);
    });

    it('tell by the secret which app is meant where a client ID is another’s package name', async () => {
      const clientId = shop.packageName;
      const other = await openOlderShop(server, { clientId });
      const tokens = [await server.token({ ...shop.app, clientId }), await server.token(other.app)];
      const [mine, theirs] = tokens;
      assert.notEqual(mine, theirs);
      assertStatus(await shop.v6.voided({}, { token: mine }), 200);
      assertStatus(await other.voided({}, { token: theirs }), 200);
      assertRefused(await other.voided({}, { token: mine }), 'UnauthorizedAccess');
      assertRefused(await shop.v6.voided({}, { token: theirs }), 'UnauthorizedAccess');
      // what V7 calls it, V6 calls another
      assertRefused(await other.v6.voided({}, { token: mine }), 'UnauthorizedAccess');
    });

    it('follow an app to its new package name, and know the former one no more', async () => {
      const moved = await openOlderShop(server);
      const purchase = await moved.buy();
      await moved.change({ packageName: `${moved.packageName}.moved` });
      assertRefused(await moved.v6.details(purchase), 'UnauthorizedAccess');
      assertRefused(await moved.v5.details(purchase), 'UnauthorizedAccess');
      assertStatus(await moved.details(purchase), 200);
      const path = `/v2/purchase/details/${purchase.purchaseId}/${moved.packageName}.moved`;
      assertStatus(await moved.call('GET', path), 200);
    });

    for (const generation of ['v5', 'v6', 'v7'] as const) {
      it(`answer an app of ${generation} alike, whichever is called`, async () => {
        const own = await openOlderShop(server, { generation });
        const purchase = await own.buy();
        for (const ask of [own.details, own.v6.details, own.v5.details]) {
          assertStatus(await ask(purchase), 200);
        }
      });
    }

    for (const [way, consume] of [
      ['V7', (own: OlderShop) => own.consume],
      ['V6', (own: OlderShop) => own.v6.consume],
      ['V5', (own: OlderShop) => own.v5.consume],
    ] as const) {
      it(`all see what was consumed through ${way}`, async () => {
        const own = await openOlderShop(server);
        const purchase = await own.buy();
        assertSucceeded(await consume(own)(purchase));
        for (const ask of [own.details, own.v6.details, own.v5.details, own.v5.detailsByProductId]) {
          assert.equal((await ask(purchase)).body.consumptionState, 1);
        }
        for (const again of [own.consume, own.v6.consume, own.v6.consumeUnderInapp, own.v5.consume]) {
          assertRefused(await again(purchase), 'InvalidConsumeState');
        }
        assert.deepEqual(await own.history(purchase), ['purchased', 'consumed']);
      });
    }

    it('let one of many consumes through all of them succeed', async () => {
      const own = await openOlderShop(server);
      const purchase = await own.buy();
      const ways = [own.consume, own.v6.consume, own.v6.consumeUnderInapp, own.v5.consume];
      const answers = await Promise.all([...ways, ...ways].map((way) => way(purchase)));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(409)]);
      assert.deepEqual(await own.history(purchase), ['purchased', 'consumed']);
    });

    it('refuse the idempotency key of one call for the same deed by another path', async () => {
      const own = await openOlderShop(server);
      const purchase = await own.buy();
      const keyed = { headers: { 'idempotency-key': 'one-deed' } };
      assertSucceeded(await own.v5.consume(purchase, keyed));
      const again = await own.v5.consume(purchase, keyed);
      assertSucceeded(again);
      assert.equal(again.headers.get('idempotent-replay'), 'true');
      for (const other of [own.v6.consume, own.v6.consumeUnderInapp, own.consume]) {
        assertRefused(await other(purchase, keyed), 'InvalidPurchaseState');
      }
    });

    it('keep the calls that V6 and V5 do not have from them, whoever asks', async () => {
      const { packageName, app } = shop;
      const { purchaseToken } = await shop.subscribe();
      const pass = `purchases/subscription/products/subscription01/${purchaseToken}`;
      const base = `/v6/apps/${packageName}`;
      for (const [method, path] of [
        ['GET', `${base}/unconfirmed-purchases`],
        ['GET', `${base}/${pass}`],
        ['POST', `${base}/${pass}/cancel`],
        ['POST', `${base}/${pass}/reactivate`],
        ['POST', `${base}/${pass}/defer`],
        ['GET', `/v2/purchase/unconfirmed-purchases/${packageName}`],
        ['POST', `/v2/purchase/acknowledge/SANDBOX3000120004476/${packageName}`],
        // the even older prefix of the page's call sample
        ['GET', `/api/purchase/details/SANDBOX3000120004476/${packageName}`],
        ['GET', `/v5/apps/${app.clientId}/voided-purchases`],
      ] as const) {
        assertRefused(await shop.call(method, path), 'ResourceNotFound');
        assertRefused(await server.call(method, path), 'ResourceNotFound');
      }
    });
  });
}
