// Maintenance, health and readiness.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { databases, httpDatabases, type TestDatabase } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';

for (const database of httpDatabases) {
  describe(`operations on ${database.name}`, () => {
    let server: TestServer;

    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const set = async (body: unknown) => expectStatus(await server.control('PUT', '/maintenance', body), 200);
    const get = async (query = '') => expectStatus(await server.control('GET', `/maintenance${query}`), 200);
    const call = ({ clientId }: TestApp, token: string) =>
      server.call('GET', `/v7/apps/${clientId}/voided-purchases`, { token });
    const inMaintenance = [503, 'ServiceMaintenance'];

    test('maintenance for all hides the server API whole, and leaves control and health alone', async () => {
      const app = await server.app({ worldId: await server.world() });
      const token = await server.token(app);
      assert.deepEqual(await get(), { on: false });
      assert.deepEqual(await set({ on: true }), { on: true });
      try {
        assert.deepEqual(await get(), { on: true });
        assert.deepEqual(refusal(await call(app, token)), inMaintenance);
        assert.deepEqual(refusal(await call(app, 'no token')), inMaintenance);
        assert.deepEqual(refusal(await server.call('POST', '/v7/oauth/token')), inMaintenance);
        assert.deepEqual(refusal(await server.call('GET', '/v7/nothing')), inMaintenance);
        expectStatus(await server.control('GET', `/apps/${app.clientId}`), 200);
        assert.equal((await server.call('GET', '/healthz')).status, 200);
        assert.equal((await server.call('GET', '/readyz')).status, 200);
      } finally {
        assert.deepEqual(await set({ on: false }), { on: false });
      }
      expectStatus(await call(app, token), 200);
    });

    test('maintenance of a world is answered to its own apps only, before their tokens are judged', async () => {
      const here = await server.app({ worldId: await server.world() });
      const there = await server.app({ worldId: await server.world() });
      const [token, other] = [await server.token(here), await server.token(there)];
      expectStatus(await server.control('POST', `/apps/${here.clientId}/access-tokens/expire`), 204);
      const { worldId } = here;
      assert.deepEqual(await set({ on: true, worldId }), { on: true, worldId });
      assert.deepEqual(await get(`?worldId=${worldId}`), { on: true, worldId });
      assert.deepEqual(await get(`?worldId=${there.worldId}`), { on: false, worldId: there.worldId });
      assert.deepEqual(await get(), { on: false });
      assert.deepEqual(refusal(await call(here, token)), inMaintenance);
      await assert.rejects(() => server.token(here), /503.*ServiceMaintenance/);
      expectStatus(await call(there, other), 200);
      await set({ on: false, worldId });
      assert.deepEqual(refusal(await call(here, token)), [401, 'AccessTokenExpired']);
    });

    test('maintenance of a world that is not there is NoSuchData', async () => {
      const answers = [
        await server.control('GET', '/maintenance?worldId=nowhere'),
        await server.control('PUT', '/maintenance', { on: true, worldId: 'nowhere' }),
      ];
      for (const answer of answers) assert.deepEqual(refusal(answer), [404, 'NoSuchData']);
    });

    for (const [body, code, field] of [
      [{}, 'RequiredValueNotExist', 'on'],
      [{ on: null }, 'RequiredValueNotExist', 'on'],
      [{ on: 'yes' }, 'InvalidRequest', 'on'],
      [{ on: true, until: 5 }, 'InvalidRequest', 'until'],
    ] as const) {
      test(`maintenance is not set by ${JSON.stringify(body)}: ${field} is named`, async () => {
        const answer = await server.control('PUT', '/maintenance', body);
        assert.deepEqual(refusal(answer), [400, code, field]);
        assert.deepEqual(await get(), { on: false });
      });
    }

    test('health and readiness need no key and tell nothing of apps', async () => {
      await server.app({ worldId: await server.world() });
      const health = await server.call('GET', '/healthz');
      assert.deepEqual([health.status, health.body], [200, { status: 'ok' }]);
      const ready = await server.call('GET', '/readyz');
      assert.deepEqual([ready.status, ready.body], [200, { status: 'ready' }]);
    });
  });
}

for (const database of httpDatabases) {
  test(`readiness is red while a server on ${database.name} stops, and the process still lives`, async () => {
    // on a machine so slow that the port is closed before the calls come, there is more time
    for (const drainMs of [300, 3_000, 20_000]) if (await isRedWhileStopping(database, drainMs)) return;
    assert.fail('it was never seen to stop');
  });
}

/** False where it had stopped before the calls came. */
async function isRedWhileStopping(database: TestDatabase, drainMs: number): Promise<boolean> {
  const server = await startServer(database, {}, { drainMs });
  const stopping = server.till.stop();
  await wait(20);
  try {
    const answers = [await server.call('GET', '/readyz'), await server.call('GET', '/healthz')] as const;
    assert.deepEqual(refusal(answers[0]), [503, 'ServiceMaintenance']);
    assert.equal(answers[1].status, 200);
    return true;
  } catch (error) {
    // what `fetch` throws where nobody listens
    if (error instanceof TypeError) return false;
    throw error;
  } finally {
    await stopping;
    await server.stop();
  }
}

for (const database of databases.filter(({ name }) => name !== 'sqlite memory')) {
  test(`a restart on ${database.name} remembers the maintenance`, async () => {
    const opened = await database.open();
    const first = await startServer({ url: opened.url });
    expectStatus(await first.control('PUT', '/maintenance', { on: true }), 200);
    await first.stop();
    const second = await startServer({ url: opened.url });
    try {
      assert.deepEqual(refusal(await second.call('GET', '/v7/apps')), [503, 'ServiceMaintenance']);
    } finally {
      await second.stop();
      await opened.drop();
    }
  });
}
