// getAccessToken of V6: by POST and by PUT, its app named by the package name (sections 2.1, 7; 13, row 5).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { exchange } from '../../raw-http.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop } from '../older.ts';
import { assertRefused, assertStatus } from '../shop.ts';

const path = '/v6/oauth/token';
const headers = { 'content-type': 'application/x-www-form-urlencoded' };

for (const database of httpDatabases) {
  describe(`V6 getAccessToken on ${database.name}`, () => {
    let server: TestServer;
    let now = Date.UTC(2026, 5, 1);
    before(async () => {
      server = await startServer(database, {}, { clock: () => now });
    });
    after(() => server.stop());

    const credentialsOf = async (given: Record<string, string | undefined> = {}) => {
      const { app, packageName } = await openOlderShop(server);
      const form = {
        ...{ grant_type: 'client_credentials', client_id: packageName, client_secret: app.clientSecret },
        ...given,
      };
      const members = Object.entries(form).filter(([, value]) => value !== undefined) as [string, string][];
      return { app, packageName, form: new URLSearchParams(members).toString() };
    };

    for (const method of ['POST', 'PUT']) {
      it(`answers ${method} with the five members of the documents in their order`, async () => {
        const { packageName, form } = await credentialsOf();
        const answer = await server.call(method, path, { headers, body: form });
        assertStatus(answer, 200);
        const { access_token: token } = answer.body;
        assert.match(token, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
        assert.equal(
          answer.text,
          `{"client_id":"${packageName}","access_token":"${token}","token_type":"bearer","expires_in":3600,"scope":"DEFAULT"}`,
        );
      });

      it(`takes the parameters of a ${method} without a body from its query`, async () => {
        const { form } = await credentialsOf();
        assertStatus(await server.call(method, `${path}?${form}`), 200);
      });

      it(`refuses a ${method} that lacks a parameter, or has a wrong one`, async () => {
        const refused = async (given: Record<string, string | undefined>) => {
          const { form } = await credentialsOf(given);
          return server.call(method, path, { headers, body: form });
        };
        for (const name of ['grant_type', 'client_id', 'client_secret']) {
          assertRefused(await refused({ [name]: undefined }), 'RequiredValueNotExist', [name]);
        }
        assertRefused(await refused({ grant_type: 'password' }), 'InvalidRequest', ['grant_type']);
        assertRefused(await refused({ client_id: 'com.example.nobody' }), 'UnauthorizedAccess');
        assertRefused(await refused({ client_secret: 'wrong' }), 'UnauthorizedAccess');
        const { form } = await credentialsOf();
        const json = { 'content-type': 'application/json' };
        assertRefused(await server.call(method, path, { headers: json, body: form }), 'InvalidContentType');
      });
    }

    it('hands a running token out again by either verb, with the seconds it has left', async () => {
      const { form } = await credentialsOf();
      const first = (await server.call('POST', path, { headers, body: form })).body;
      now += 590_000;
      const later = (await server.call('PUT', path, { headers, body: form })).body;
      assert.deepEqual(later, { ...first, expires_in: 3010 });
    });

    it('refuses a blocked app with AccessBlocked', async () => {
      const shop = await openOlderShop(server);
      await shop.change({ blocked: true });
      const form = {
        ...{ grant_type: 'client_credentials', client_id: shop.packageName },
        client_secret: shop.app.clientSecret,
      };
      const body = new URLSearchParams(form).toString();
      for (const method of ['POST', 'PUT']) {
        assertRefused(await server.call(method, path, { headers, body }), 'AccessBlocked');
      }
    });

    it('refuses every other verb with MethodNotAllowed, and names both', async () => {
      for (const verb of ['GET', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        const answer = await exchange(server.url, `${verb} ${path}`);
        assertRefused(answer, 'MethodNotAllowed');
        assert.equal(answer.headers.allow, 'POST, PUT');
      }
      const head = await exchange(server.url, `HEAD ${path}`);
      assert.deepEqual([head.status, head.text], [405, '']);
    });
  });
}
