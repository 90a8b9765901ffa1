// getAccessToken over HTTP, and how long a token lives (sections 2.1, 2.2, 2.4).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { insertCredential } from '../../src/store/credentials.ts';
import { httpDatabases } from '../databases.ts';
import { chunked, exchange } from '../raw-http.ts';
import { type Answer, startServer, type TestApp, type TestServer } from '../server.ts';
import { assertRefused, assertStatus, hourMs, openShop, shopOf } from './shop.ts';

const path = '/v7/oauth/token';
const formType = 'application/x-www-form-urlencoded';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function credentials(app: { clientId: string; clientSecret: string }): Record<string, string> {
  return { grant_type: 'client_credentials', client_id: app.clientId, client_secret: app.clientSecret };
}

function send(server: TestServer, body: string, type = formType): Promise<Answer> {
  return server.call('POST', path, { headers: { 'content-type': type }, body });
}

function ask(server: TestServer, given: Record<string, string>): Promise<Answer> {
  return send(server, new URLSearchParams(given).toString());
}

for (const database of httpDatabases) {
  describe(`getAccessToken on ${database.name}`, () => {
    let server: TestServer;
    let now = Date.UTC(2026, 5, 1);
    before(async () => {
      server = await startServer(database, {}, { clock: () => now });
    });
    after(() => server.stop());

    const makeApp = async () => server.app({ worldId: await server.world() });
    const status = async (app: TestApp, token: string) => {
      const answer = await server.call('GET', `/v7/apps/${app.clientId}/voided-purchases`, { token });
      return answer.status === 200 ? 'works' : answer.body.error.code;
    };

    it('answers the five members of the documents in their order', async () => {
      const app = await makeApp();
      const answer = await ask(server, credentials(app));
      assertStatus(answer, 200);
      const { access_token: token } = answer.body;
      assert.match(token, uuid);
      assert.equal(
        answer.text,
        `{"client_id":"${app.clientId}","access_token":"${token}","token_type":"bearer","expires_in":3600,"scope":"DEFAULT"}`,
      );
    });

    it('accepts the form with and without a charset, in any case of the type', async () => {
      const app = await makeApp();
      const form = new URLSearchParams(credentials(app)).toString();
      const types = [
        formType,
        `${formType};charset=UTF-8`,
        `${formType}; charset=utf-8`,
        `${formType} ; x=1`,
        formType.toUpperCase(),
      ];
      for (const type of types) assertStatus(await send(server, form, type), 200);
    });

    it('accepts a secret percent-encoded and raw', async () => {
      const app = await makeApp();
      const raw = `grant_type=client_credentials&client_id=${app.clientId}&client_secret=${app.clientSecret}`;
      assert.ok(app.clientSecret.endsWith('='));
      assertStatus(await send(server, raw), 200);
      assertStatus(await ask(server, credentials(app)), 200);
    });

    it('accepts the parameters in the query of a POST without a body', async () => {
      const app = await makeApp();
      const query = new URLSearchParams(credentials(app)).toString();
      const rawQuery = `grant_type=client_credentials&client_id=${app.clientId}&client_secret=${app.clientSecret}`;
      const empty = chunked();
      for (const answer of [
        await exchange(server.url, `POST ${path}?${query}`),
        await exchange(server.url, `POST ${path}?${rawQuery}`),
        await exchange(server.url, `POST ${path}?${query}`, ['Content-Length: 0']),
        await exchange(server.url, `POST ${path}?${query}`, [
          `Content-Type: ${formType}`,
          'Content-Length: 0',
        ]),
        await exchange(server.url, `POST ${path}?${query}`, ['Content-Type: application/json']),
        await exchange(server.url, `POST ${path}?${query}`, [empty.line], empty.body),
      ]) {
        assert.equal(answer.status, 200, answer.text);
        assert.match(JSON.parse(answer.text).access_token, uuid);
      }
    });

    it('accepts a `+` in a secret raw, percent-encoded and in the query', async () => {
      const app = await makeApp();
      const { host } = server.till;
      const secret = `${randomBytes(30).toString('base64').replaceAll('/', '+')}+ab=`.replace(/^./, '+');
      const [row] = await host.database.all('select app_id from app where client_id = $1', [app.clientId]);
      await insertCredential(host.database, String(row?.app_id), host.secrets.hash(secret), now);
      const raw = `grant_type=client_credentials&client_id=${app.clientId}&client_secret=${secret}`;
      const answers = [
        await send(server, raw),
        await ask(server, credentials({ ...app, clientSecret: secret })),
        await server.call('POST', `${path}?${raw}`),
        await server.call('POST', path, { query: credentials({ ...app, clientSecret: secret }) }),
      ];
      for (const answer of answers) assertStatus(answer, 200);
      assert.equal(new Set(answers.map((answer) => answer.body.access_token)).size, 1);
    });

    it('issues secrets that hold no `+`', async () => {
      const worldId = await server.world();
      const apps = await Promise.all(
        Array.from({ length: 20 }, () => server.control('POST', '/apps', { worldId })),
      );
      for (const { body } of apps) {
        assert.match(body.clientSecret, /^[A-Za-z0-9/]{43}=$/);
      }
    });

    it('hands a running token out again with the seconds it has left, while 600 or more remain', async () => {
      const app = await makeApp();
      const first = (await ask(server, credentials(app))).body;
      now += 590_000;
      const later = (await ask(server, credentials(app))).body;
      assert.deepEqual(later, { ...first, expires_in: 3010 });
      now += 2_409_500;
      const between = (await ask(server, credentials(app))).body;
      assert.deepEqual(between, { ...first, expires_in: 600 });
      now += 500;
      assert.deepEqual((await ask(server, credentials(app))).body, { ...first, expires_in: 600 });
    });

    it('issues a new token when less than 600 s remain, and lets both live until their own end', async () => {
      const app = await makeApp();
      const first = (await ask(server, credentials(app))).body;
      now += 3_000_001;
      const second = (await ask(server, credentials(app))).body;
      assert.equal(second.expires_in, 3600);
      assert.notEqual(second.access_token, first.access_token);
      assert.equal((await ask(server, credentials(app))).body.access_token, second.access_token);
      now += 599_998;
      assert.equal(await status(app, first.access_token), 'works');
      now += 1;
      assert.equal(await status(app, first.access_token), 'AccessTokenExpired');
      assert.equal(await status(app, second.access_token), 'works');
      now += 3_000_000;
      assert.equal(await status(app, second.access_token), 'works');
      now += 1;
      assert.equal(await status(app, second.access_token), 'AccessTokenExpired');
    });

    it('knows an ended token for 24 hours, and then no longer', async () => {
      const app = await makeApp();
      const token = await server.token(app);
      now += 25 * hourMs - 1;
      assert.equal(await status(app, token), 'AccessTokenExpired');
      now += 1;
      assert.equal(await status(app, token), 'InvalidAccessToken');
    });

    it('lets tokens live on the machine’s clock, not on the world’s', async () => {
      const shop = await openShop(server);
      await shop.advance('P1Y');
      assert.equal(await status(shop.app, shop.token), 'works');
    });

    it('issues a new token each time where an app has turned reuse off', async () => {
      const shop = await openShop(server);
      await shop.change({ switches: { tokenReuse: false } });
      const tokens = [shop.token, await server.token(shop.app), await server.token(shop.app)];
      assert.equal(new Set(tokens).size, 3);
      for (const token of tokens) assert.equal(await status(shop.app, token), 'works');
      await shop.change({ switches: { tokenReuse: null } });
      assert.ok(tokens.includes(await server.token(shop.app)));
    });

    it('hands out one token for one secret only, and lets two apps have their own', async () => {
      const [one, two] = [await makeApp(), await makeApp()];
      assert.notEqual(await server.token(one), await server.token(two));
    });

    it('lets many callers at the same time all have a token that works', async () => {
      const app = await makeApp();
      const tokens = await Promise.all(Array.from({ length: 8 }, () => server.token(app)));
      for (const token of new Set(tokens)) assert.equal(await status(app, token), 'works');
    });

    it('accepts the former secret until its overlap ends, and the new one at once', async () => {
      const shop = await openShop(server);
      const { app } = shop;
      const rotated = await shop.control('POST', '/client-secrets', { overlap: 'PT1H' });
      assertStatus(rotated, 201);
      assert.equal(rotated.body.previousExpiresAt, now + hourMs);
      const next = { ...app, clientSecret: rotated.body.clientSecret };
      const renewed = await server.token(next);
      assert.notEqual(renewed, shop.token);
      now += hourMs - 1;
      assert.equal(await server.token(app).then((token) => status(app, token)), 'works');
      now += 1;
      assertRefused(await ask(server, credentials(app)), 'UnauthorizedAccess');
      assertStatus(await ask(server, credentials(next)), 200);
    });

    it('ends all live tokens on demand and issues new ones afterwards', async () => {
      const shop = await openShop(server);
      const unbound = (await shop.control('POST', '/access-tokens')).body.access_token;
      assert.equal(await status(shop.app, unbound), 'works');
      assertStatus(await shop.control('POST', '/access-tokens/expire'), 204);
      assert.equal(await status(shop.app, shop.token), 'AccessTokenExpired');
      assert.equal(await status(shop.app, unbound), 'AccessTokenExpired');
      const next = await server.token(shop.app);
      assert.equal(await status(shop.app, next), 'works');
      assert.equal(await status(shop.app, shop.token), 'AccessTokenExpired');
    });

    it('refuses a wrong secret and an unknown client alike', async () => {
      const [app, other] = [await makeApp(), await makeApp()];
      const wrong = [
        { ...app, clientSecret: other.clientSecret },
        { ...app, clientSecret: `${app.clientSecret}x` },
        { ...app, clientSecret: app.clientSecret.toLowerCase() },
        { ...app, clientSecret: 'x' },
        { ...app, clientId: 'nobody' },
        { ...app, clientId: `${app.clientId} ` },
      ];
      for (const given of wrong) {
        const answer = await ask(server, credentials(given));
        assert.equal(answer.status, 403);
        assert.equal(
          answer.text,
          '{"error":{"code":"UnauthorizedAccess","message":"Not authorized to this API."}}',
        );
      }
    });

    it('names all parameters that are missing or empty', async () => {
      const app = await makeApp();
      const given = credentials(app);
      const names = ['client_id', 'client_secret', 'grant_type'];
      for (const name of names) {
        const { [name]: _, ...rest } = given;
        assertRefused(await ask(server, rest), 'RequiredValueNotExist', [name]);
        assertRefused(await ask(server, { ...rest, [name]: '' }), 'RequiredValueNotExist', [name]);
      }
      assertRefused(await server.call('POST', path), 'RequiredValueNotExist', names);
      assertRefused(await send(server, ''), 'RequiredValueNotExist', names);
    });

    it('refuses another grant_type with InvalidRequest [ grant_type ], whatever the credentials', async () => {
      const given = { client_id: 'nobody', client_secret: 'x' };
      for (const grant_type of ['password', 'CLIENT_CREDENTIALS', 'client_credentials ']) {
        assertRefused(await ask(server, { ...given, grant_type }), 'InvalidRequest', ['grant_type']);
      }
    });

    it('refuses a parameter that is given twice', async () => {
      const app = await makeApp();
      const form = new URLSearchParams(credentials(app));
      form.append('client_id', app.clientId);
      assertRefused(await send(server, form.toString()), 'InvalidRequest', ['client_id']);
      assertRefused(await server.call('POST', `${path}?${form}`), 'InvalidRequest', ['client_id']);
    });

    it('ignores parameters it does not know', async () => {
      const app = await makeApp();
      assertStatus(await ask(server, { ...credentials(app), scope: 'DEFAULT', ['__proto__']: 'x' }), 200);
    });

    it('refuses a body of another content type, and one without', async () => {
      const app = await makeApp();
      const form = new URLSearchParams(credentials(app)).toString();
      for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
        assertRefused(await send(server, form, type), 'InvalidContentType');
      }
      assertRefused(await server.call('POST', path, { body: form }), 'InvalidContentType');
      const json = await server.call('POST', path, { body: credentials(app) });
      assertRefused(json, 'InvalidContentType');
    });

    it('refuses every other verb', async () => {
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        assertRefused(await server.call(method, path), 'MethodNotAllowed');
      }
      assert.equal((await server.call('HEAD', path)).status, 405);
    });

    it('does not read an Authorization header', async () => {
      const app = await makeApp();
      const headers = { 'content-type': formType, authorization: 'nonsense' };
      const body = new URLSearchParams(credentials(app)).toString();
      assertStatus(await server.call('POST', path, { headers, body }), 200);
    });

    it('refuses a blocked app with AccessBlocked once its credentials are right', async () => {
      const shop = await openShop(server);
      await shop.change({ blocked: true });
      assertRefused(await ask(server, credentials(shop.app)), 'AccessBlocked');
      const wrong = { ...shop.app, clientSecret: 'x' };
      assertRefused(await ask(server, credentials(wrong)), 'UnauthorizedAccess');
      assert.equal(await status(shop.app, shop.token), 'AccessBlocked');
      await shop.change({ blocked: false });
      assert.equal(await status(shop.app, shop.token), 'works');
    });

    it('lets one client ID live in two worlds, each with its own secret', async () => {
      const clientId = `twin-${randomBytes(4).toString('hex')}`;
      const one = await server.app({ worldId: await server.world(), clientId });
      const two = await server.app({ worldId: await server.world(), clientId });
      const [shop, twin] = [await shopOf(server, one), await shopOf(server, two)];
      const purchase = await shop.buy();
      assert.equal((await shop.details(purchase)).status, 200);
      assertRefused(await twin.details(purchase), 'NoSuchData');
    });

    it('writes no secret and no token into any line of the log', async () => {
      const shop = await openShop(server);
      const purchase = await shop.buy({ developerPayload: 'private payload' });
      await server.call('POST', path, { query: credentials(shop.app) });
      await ask(server, { ...credentials(shop.app), client_id: 'nobody' });
      await ask(server, { ...credentials(shop.app), grant_type: shop.app.clientSecret });
      await shop.consume(purchase, { body: { developerPayload: 'another private payload' } });
      await shop.details(purchase, { query: { access_token: shop.token } });
      await shop.details({ productId: 'x', purchaseToken: `${purchase.purchaseToken}%zz` });
      await server.call('POST', path, { body: `{${shop.app.clientSecret}` });
      const log = server.logged.join('\n');
      assert.ok(log.includes('getAccessToken'));
      const secrets = [shop.app.clientSecret, encodeURIComponent(shop.app.clientSecret), shop.token];
      for (const hidden of [...secrets, purchase.purchaseToken, 'private payload']) {
        assert.ok(!log.includes(hidden), `the log holds ${hidden}`);
      }
    });
  });

  describe(`getAccessToken without reuse on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database, { tokenReuse: false });
    });
    after(() => server.stop());

    it('issues a new token each time, and all of them work', async () => {
      const shop = await openShop(server);
      const tokens = [shop.token, await server.token(shop.app), await server.token(shop.app)];
      assert.equal(new Set(tokens).size, 3);
      for (const token of tokens) assertStatus(await shop.voided({}, { token }), 200);
    });

    it('hands a running one out again to an app that asks for it', async () => {
      const shop = await openShop(server);
      await shop.change({ switches: { tokenReuse: true } });
      assert.equal(await server.token(shop.app), await server.token(shop.app));
    });
  });
}
