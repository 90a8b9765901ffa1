// Client secrets and access tokens through the control API, and that none is ever stored.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';

const start = Date.UTC(2026, 0, 15, 12);
const dayMs = 86_400_000;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

for (const database of httpDatabases) {
  describe(`credentials on ${database.name}`, () => {
    const machine = { now: start };
    let server: TestServer;

    before(async () => {
      server = await startServer(database, {}, { clock: () => machine.now });
    });
    after(() => server.stop());

    const newApp = async () => server.app({ worldId: await server.world() });
    const newSecret = (app: TestApp, body?: unknown) =>
      server.control('POST', `/apps/${app.clientId}/client-secrets`, body);
    const works = async ({ clientId }: TestApp, clientSecret: string) => {
      try {
        return (await server.token({ clientId, clientSecret })) !== undefined;
      } catch {
        return false;
      }
    };
    const call = (app: TestApp, token: string) =>
      server.call('GET', `/v7/apps/${app.clientId}/voided-purchases`, { token });
    const tables = async () => {
      const { database } = server.till.host;
      const rows =
        database.kind === 'sqlite'
          ? await database.all(`select name from sqlite_master where type = 'table'`)
          : await database.all(`select tablename as name from pg_tables where schemaname = 'public'`);
      return rows.map(({ name }) => String(name));
    };

    test('a former secret works for a day beside the new one, and not a moment longer', async () => {
      const app = await newApp();
      const answer = expectStatus(await newSecret(app), 201);
      assert.deepEqual(Object.keys(answer).sort(), ['clientSecret', 'previousExpiresAt']);
      assert.match(answer.clientSecret, /^[A-Za-z0-9/]{43}=$/);
      assert.equal(answer.previousExpiresAt, machine.now + dayMs);
      machine.now += dayMs - 1;
      assert.deepEqual(
        [await works(app, app.clientSecret), await works(app, answer.clientSecret)],
        [true, true],
      );
      machine.now += 1;
      assert.deepEqual(
        [await works(app, app.clientSecret), await works(app, answer.clientSecret)],
        [false, true],
      );
    });

    test('an overlap is as long as it was asked for, and may be nothing at all', async () => {
      const app = await newApp();
      const second = expectStatus(await newSecret(app, { overlap: 'PT1H' }), 201);
      assert.equal(second.previousExpiresAt, machine.now + 3_600_000);
      const third = expectStatus(await newSecret(app, { overlap: 'P0D' }), 201);
      assert.equal(third.previousExpiresAt, machine.now);
      for (const ended of [app.clientSecret, second.clientSecret]) assert.ok(!(await works(app, ended)));
      assert.ok(await works(app, third.clientSecret));
    });

    test('a later and longer overlap does not bring a secret back that ends earlier', async () => {
      const app = await newApp();
      const second = expectStatus(await newSecret(app, { overlap: 'PT1H' }), 201);
      expectStatus(await newSecret(app, { overlap: 'P7D' }), 201);
      machine.now += 3_600_000;
      assert.ok(!(await works(app, app.clientSecret)));
      assert.ok(await works(app, second.clientSecret));
    });

    for (const overlap of ['P1M', 'P1Y', '1 day', 'P200Y', '']) {
      test(`an overlap of ${JSON.stringify(overlap)} is refused and named`, async () => {
        const app = await newApp();
        assert.deepEqual(refusal(await newSecret(app, { overlap })), [400, 'InvalidRequest', 'overlap']);
        assert.ok(await works(app, app.clientSecret));
      });
    }

    test('a token of a former secret lives on to its own end', async () => {
      const app = await newApp();
      const token = await server.token(app);
      expectStatus(await newSecret(app, { overlap: 'P0D' }), 201);
      expectStatus(await call(app, token), 200);
    });

    test('an access token is to be had without the secret', async () => {
      const app = await newApp();
      const issued = expectStatus(await server.control('POST', `/apps/${app.clientId}/access-tokens`), 201);
      const { access_token, ...rest } = issued;
      assert.match(access_token, uuid);
      assert.deepEqual(rest, {
        client_id: app.clientId,
        token_type: 'bearer',
        expires_in: 3600,
        scope: 'DEFAULT',
      });
      expectStatus(await call(app, access_token), 200);
      assert.notEqual(await server.token(app), access_token);
    });

    test('expire ends every live token of the app at once, and of no other app', async () => {
      const [app, other] = [await newApp(), await newApp()];
      const { access_token } = expectStatus(
        await server.control('POST', `/apps/${app.clientId}/access-tokens`),
        201,
      );
      const token = await server.token(app);
      const others = await server.token(other);
      const answer = await server.control('POST', `/apps/${app.clientId}/access-tokens/expire`);
      assert.deepEqual([answer.status, answer.text], [204, '']);
      for (const ended of [token, access_token]) {
        assert.deepEqual(refusal(await call(app, ended)), [401, 'AccessTokenExpired']);
      }
      expectStatus(await call(other, others), 200);
      const fresh = await server.token(app);
      assert.notEqual(fresh, token);
      expectStatus(await call(app, fresh), 200);
    });

    test('a token is AccessTokenExpired for a day after its end, then unknown', async () => {
      const app = await newApp();
      const token = await server.token(app);
      machine.now += 3_600_000 - 1;
      expectStatus(await call(app, token), 200);
      machine.now += 1;
      assert.deepEqual(refusal(await call(app, token)), [401, 'AccessTokenExpired']);
      machine.now += dayMs - 1;
      assert.deepEqual(refusal(await call(app, token)), [401, 'AccessTokenExpired']);
      machine.now += 1;
      assert.deepEqual(refusal(await call(app, token)), [401, 'InvalidAccessToken']);
    });

    test('no row of any table and no line of the log holds a secret or an access token', async () => {
      const app = await newApp();
      const { clientSecret } = expectStatus(await newSecret(app), 201);
      const issued = expectStatus(await server.control('POST', `/apps/${app.clientId}/access-tokens`), 201);
      const secrets = [
        app.clientSecret,
        clientSecret,
        await server.token(app),
        await server.token({ ...app, clientSecret }),
        issued.access_token,
      ];
      const names = await tables();
      assert.ok(names.includes('credential') && names.includes('access_token'), names.join());
      const rows = await Promise.all(
        names.map((name) => server.till.host.database.all(`select * from ${name}`)),
      );
      const stored = JSON.stringify(rows);
      for (const secret of secrets) {
        for (const form of [secret, Buffer.from(secret).toString('base64'), secret.replaceAll('-', '')]) {
          assert.ok(!stored.includes(form));
          assert.ok(!server.logged.some((line) => line.includes(form)));
        }
      }
    });
  });
}
