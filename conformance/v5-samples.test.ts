// Real answers of V5 that no request can be judged by alone: the token answer, and the purchase data of a device.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { insertCredential } from '../packages/server/src/store/credentials.ts';
import { httpDatabases } from '../packages/server/test/databases.ts';
import { expectStatus, startServer, type TestServer } from '../packages/server/test/server.ts';
import signatureFile from './vectors/v5-signatures.json' with { type: 'json' };
import { vectors } from './vectors.ts';

/** One for each app: two examples print the same form. */
const tokenCalls = [
  ...new Map(
    vectors.filter(({ id }) => id.includes('.oauth.issue.')).map((vector) => [vector.request.text, vector]),
  ).values(),
];

/** The members of a purchase that a V5 device gets, in the order of the real samples; of each form one. */
const [resultSample, querySample] = ['purchase_result', 'purchase_query'].map((form) =>
  signatureFile.signatures.find(({ id, expected }) => id.endsWith(form) && expected === 'valid'),
);

for (const database of httpDatabases) {
  describe(`The real samples on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    /** Makes the app of a printed form, and gives it the printed secret. */
    async function withPrintedSecret(form: string): Promise<void> {
      const { database: stored, secrets } = server.till.host;
      const printed = new URLSearchParams(form);
      const worldId = await server.world();
      await server.app({ worldId, clientId: printed.get('client_id') });
      const sql = 'select app_id from app where client_id = $1 and world_id = $2';
      const [row] = await stored.all(sql, [String(printed.get('client_id')), worldId]);
      const hash = secrets.hash(String(printed.get('client_secret')));
      await insertCredential(stored, String(row?.app_id), hash, 0);
    }

    for (const { id, request, response } of tokenCalls) {
      it(`${id}: the very form that is printed gets an answer with the printed members in their order`, async () => {
        const { text = '', method, path } = request;
        await withPrintedSecret(text);
        const headers = { 'content-type': 'application/x-www-form-urlencoded' };
        const body = expectStatus(await server.call(method, path, { headers, body: text }), 200);
        const { access_token: _, expires_in: __, ...printed } = response.json as Record<string, unknown>;
        assert.deepEqual(Object.keys(body), Object.keys(response.json as object));
        assert.deepEqual({ ...body, ...printed }, body);
      });
    }

    it('the purchase data of a V5 app have the members and the order of the real samples', async () => {
      const worldId = await server.world();
      const app = await server.app({ worldId, generation: 'v5' });
      const { purchaseData, purchaseToken } = await server.buy(app, {
        developerPayload: 'developer payload',
      });
      const path = `/apps/${app.clientId}/purchases/${purchaseToken}?worldId=${worldId}`;
      const read = expectStatus(await server.control('GET', path), 200);
      for (const [data, sample] of [
        [purchaseData, resultSample],
        [read.purchaseData, querySample],
      ] as const) {
        assert.ok(sample);
        const [is, should] = [JSON.parse(data), JSON.parse(sample.text)];
        assert.deepEqual(Object.keys(is), Object.keys(should));
        for (const [name, value] of Object.entries(should)) assert.equal(typeof is[name], typeof value, name);
        assert.equal(JSON.stringify(is), data);
      }
    });
  });
}
