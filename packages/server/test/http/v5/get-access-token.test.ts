// getAccessToken of V5: with the status and the scope that a real answer had (sections 2.1, 8).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { exchange } from '../../raw-http.ts';
import { startServer, type TestServer } from '../../server.ts';
import { openOlderShop } from '../older.ts';
import { assertRefused, assertStatus } from '../shop.ts';

const path = '/v2/oauth/token';
const headers = { 'content-type': 'application/x-www-form-urlencoded' };

for (const database of httpDatabases) {
  describe(`V5 getAccessToken on ${database.name}`, () => {
    let server: TestServer;
    let now = Date.UTC(2026, 5, 1);
    before(async () => {
      server = await startServer(database, {}, { clock: () => now });
    });
    after(() => server.stop());

    const openV5 = async () => {
      const shop = await openOlderShop(server, { generation: 'v5' });
      const { clientSecret: client_secret } = shop.app;
      const form = { grant_type: 'client_credentials', client_id: shop.packageName, client_secret };
      return { shop, form };
    };
    const ask = (form: Record<string, string>) =>
      server.call('POST', path, { headers, body: new URLSearchParams(form).toString() });

    it('answers the six members of the real answer in their order, its status first', async () => {
      const { shop, form } = await openV5();
      const answer = await ask(form);
      assertStatus(answer, 200);
      assert.equal(
        answer.text,
        `{"status":"SUCCESS","client_id":"${shop.packageName}","access_token":"${answer.body.access_token}",` +
          '"token_type":"bearer","expires_in":3600,' +
          '"scope":"/v2/purchase/*,/api/recurringpurchase/*,/api/purchase/*"}',
      );
    });

    it('hands a running token out again with the seconds it has left', async () => {
      const { form } = await openV5();
      const first = (await ask(form)).body;
      now += 491_000;
      assert.deepEqual((await ask(form)).body, { ...first, expires_in: 3109 });
    });

    it('takes the secret raw, and the parameters in the query of a POST without a body', async () => {
      const { form } = await openV5();
      const { client_id, client_secret } = form;
      const raw = `grant_type=client_credentials&client_id=${client_id}&client_secret=${client_secret}`;
      assertStatus(await server.call('POST', path, { headers, body: raw }), 200);
      assertStatus(await server.call('POST', `${path}?${raw}`), 200);
    });

    it('refuses what lacks, what is wrong and who is blocked with the codes of V7', async () => {
      const { shop, form } = await openV5();
      for (const name of ['grant_type', 'client_id', 'client_secret']) {
        const rest = Object.fromEntries(Object.entries(form).filter(([one]) => one !== name));
        assertRefused(await ask(rest), 'RequiredValueNotExist', [name]);
      }
      assertRefused(await ask({ ...form, grant_type: 'password' }), 'InvalidRequest', ['grant_type']);
      assertRefused(await ask({ ...form, client_id: 'com.example.nobody' }), 'UnauthorizedAccess');
      assertRefused(await ask({ ...form, client_secret: 'wrong' }), 'UnauthorizedAccess');
      const json = { 'content-type': 'application/json' };
      assertRefused(await server.call('POST', path, { headers: json, body: '{}' }), 'InvalidContentType');
      await shop.change({ blocked: true });
      assertRefused(await ask(form), 'AccessBlocked');
    });

    it('refuses every verb but POST with MethodNotAllowed', async () => {
      for (const verb of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        const answer = await exchange(server.url, `${verb} ${path}`);
        assertRefused(answer, 'MethodNotAllowed');
        assert.equal(answer.headers.allow, 'POST');
      }
    });
  });
}
