// Worlds: made, read, listed, emptied and deleted.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';

const noon = Date.UTC(2026, 0, 15, 12);
const tablesOfApps = ['app', 'credential', 'product', 'purchase', 'ledger'];

for (const database of httpDatabases) {
  describe(`worlds on ${database.name}`, () => {
    const machine = { now: noon };
    let server: TestServer;

    before(async () => {
      server = await startServer(database, {}, { clock: () => machine.now });
    });
    after(() => server.stop());

    /** How many rows an app has in each table. */
    const rowsOf = async (appId: string) => {
      const counts = tablesOfApps.map(async (table) => {
        const [row] = await server.till.host.database.all(
          `select count(*) as found from ${table} where app_id = $1`,
          [appId],
        );
        return row?.found;
      });
      return Promise.all(counts);
    };
    const appIdOf = async (worldId: string) => {
      const [row] = await server.till.host.database.all('select app_id from app where world_id = $1', [
        worldId,
      ]);
      return String(row?.app_id);
    };

    test('a world made without a body has a name of its own and runs on the real clock', async () => {
      const world = expectStatus(await server.control('POST', '/worlds'), 201);
      assert.match(world.worldId, /^w[a-z0-9]{12}$/);
      const { worldId } = world;
      const clock = { now: machine.now, frozen: false, rate: 1 };
      assert.deepEqual(world, { worldId, clock, calendar: 'sandbox', createdAt: machine.now });
      machine.now += 1234;
      const later = expectStatus(await server.control('GET', `/worlds/${worldId}`), 200);
      assert.equal(later.clock.now, clock.now + 1234);
    });

    test('a world is as it was asked for and reads the same', async () => {
      const asked = {
        worldId: 'World_1.of-mine',
        clock: { now: 86_400_000, frozen: true, rate: 60 },
        calendar: 'commercial',
        seed: '씨앗 🌱',
      };
      const world = expectStatus(await server.control('POST', '/worlds', asked), 201);
      assert.deepEqual(world, { ...asked, createdAt: machine.now });
      assert.deepEqual(expectStatus(await server.control('GET', '/worlds/World_1.of-mine'), 200), world);
    });

    test('a second world of the same name is AlreadyExists, and so is a second default', async () => {
      expectStatus(await server.control('POST', '/worlds', { worldId: 'twice' }), 201);
      for (const worldId of ['twice', 'default']) {
        const answer = await server.control('POST', '/worlds', { worldId });
        assert.deepEqual(refusal(answer), [409, 'AlreadyExists', 'worldId']);
      }
    });

    const wrong: [body: unknown, field: string][] = [
      [{ worldId: '' }, 'worldId'],
      [{ worldId: 'a b' }, 'worldId'],
      [{ worldId: 'w'.repeat(65) }, 'worldId'],
      [{ worldId: 7 }, 'worldId'],
      [{ clock: { rate: 0 } }, 'clock.rate'],
      [{ clock: { rate: 1.5 } }, 'clock.rate'],
      [{ clock: { rate: 1_000_001 } }, 'clock.rate'],
      [{ clock: { now: -1 } }, 'clock.now'],
      [{ clock: { now: 253_402_300_800_000 } }, 'clock.now'],
      [{ clock: { frozen: 'yes' } }, 'clock.frozen'],
      [{ clock: { speed: 2 } }, 'clock.speed'],
      [{ clock: 5 }, 'clock'],
      [{ calendar: 'real' }, 'calendar'],
      [{ seed: '' }, 'seed'],
      [{ seed: 's'.repeat(201) }, 'seed'],
      [{ seed: 'nul\0' }, 'seed'],
      [{ colour: 'red' }, 'colour'],
    ];
    for (const [body, field] of wrong) {
      test(`a world is not made from ${JSON.stringify(body).slice(0, 40)}: ${field} is named`, async () => {
        const answer = await server.control('POST', '/worlds', body);
        assert.deepEqual(refusal(answer), [400, 'InvalidRequest', field]);
        assert.ok(answer.body.error.message.includes(`[ ${field} ]`), answer.body.error.message);
      });
    }

    test('the list holds every world once by name, page by page', async () => {
      for (const letter of ['e', 'a', 'd', 'b', 'c']) {
        expectStatus(await server.control('POST', '/worlds', { worldId: `list-${letter}` }), 201);
      }
      const met: string[] = [];
      let cursor = '';
      do {
        const page = expectStatus(await server.control('GET', `/worlds?limit=2${cursor}`), 200);
        assert.ok(page.items.length === 2 || page.nextCursor === undefined);
        met.push(...page.items.map((world: { worldId: string }) => world.worldId));
        cursor = page.nextCursor === undefined ? '' : `&cursor=${page.nextCursor}`;
      } while (cursor !== '');
      const all = expectStatus(await server.control('GET', '/worlds?limit=1000'), 200);
      assert.equal(all.nextCursor, undefined);
      assert.deepEqual(
        met,
        all.items.map((world: { worldId: string }) => world.worldId),
      );
      assert.deepEqual(met, [...met].sort());
      assert.deepEqual(
        met.filter((worldId) => /^list-|^default$/.test(worldId)),
        ['default', 'list-a', 'list-b', 'list-c', 'list-d', 'list-e'],
      );
    });

    for (const [query, field] of [
      ['limit=0', 'limit'],
      ['limit=1001', 'limit'],
      ['limit=-1', 'limit'],
      ['limit=1e2', 'limit'],
      ['limit=', 'limit'],
      ['limit=1&limit=2', 'limit'],
      ['cursor=made-up', 'cursor'],
      ['cursor=', 'cursor'],
      [`cursor=${Buffer.from('[7]').toString('base64url')}`, 'cursor'],
      [`cursor=${Buffer.from('["a","b"]').toString('base64url')}`, 'cursor'],
      [`cursor=${Buffer.from('["\\u0000"]').toString('base64url')}`, 'cursor'],
      ['page=2', 'page'],
    ] as const) {
      test(`the list refuses ?${query} and names ${field}`, async () => {
        const answer = await server.control('GET', `/worlds?${query}`);
        assert.deepEqual(refusal(answer), [400, 'InvalidRequest', field]);
      });
    }

    test('every call on a world that is not there is NoSuchData', async () => {
      for (const [method, path, body] of [
        ['GET', '', undefined],
        ['DELETE', '', undefined],
        ['POST', '/reset', undefined],
        ['PUT', '/clock', { frozen: true }],
        ['POST', '/clock/advance', { by: 'P1D' }],
        ['GET', '/agenda', undefined],
      ] as const) {
        const answer = await server.control(method, `/worlds/nowhere${path}`, body);
        assert.deepEqual(refusal(answer), [404, 'NoSuchData'], `${method} ${path}`);
      }
    });

    test('a deleted world takes all that lives in it along and leaves its neighbour alone', async () => {
      const [here, there] = [await server.world(), await server.world()];
      const apps = [];
      for (const worldId of [here, there]) {
        const app = await server.app({ worldId, clientId: 'com.example.neighbour' });
        const { purchaseToken } = await server.buy(app);
        await server.buy(app);
        const path = `/apps/${app.clientId}/purchases/${purchaseToken}/consume?worldId=${worldId}`;
        expectStatus(await server.control('POST', path), 200);
        apps.push({ ...app, token: await server.token(app), appId: await appIdOf(worldId), purchaseToken });
      }
      const [mine, other] = apps;
      assert.ok(mine && other);
      assert.deepEqual(await rowsOf(mine.appId), [1, 1, 1, 2, 3]);
      const deleted = await server.control('DELETE', `/worlds/${here}`);
      assert.equal(deleted.status, 204);
      assert.equal(deleted.text, '');
      assert.deepEqual(await rowsOf(mine.appId), [0, 0, 0, 0, 0]);
      assert.deepEqual(await rowsOf(other.appId), [1, 1, 1, 2, 3]);
      assert.equal((await server.control('GET', `/worlds/${here}`)).status, 404);
      assert.equal((await server.control('DELETE', `/worlds/${here}`)).status, 404);
      const path = (token: string) =>
        `/v7/apps/com.example.neighbour/purchases/inapp/products/product01/${token}`;
      const gone = await server.call('GET', path(mine.purchaseToken), { token: mine.token });
      assert.deepEqual(refusal(gone), [401, 'InvalidAccessToken']);
      expectStatus(await server.call('GET', path(other.purchaseToken), { token: other.token }), 200);
    });

    test('a name is free again after its world was deleted, and the new world is empty', async () => {
      const worldId = await server.world({ worldId: 'phoenix' });
      await server.app({ worldId, clientId: 'app-of-phoenix' });
      assert.equal((await server.control('DELETE', '/worlds/phoenix')).status, 204);
      await server.world({ worldId: 'phoenix' });
      const { items } = expectStatus(await server.control('GET', '/apps?worldId=phoenix'), 200);
      assert.deepEqual(items, []);
    });

    test('the default world cannot be deleted', async () => {
      assert.deepEqual(refusal(await server.control('DELETE', '/worlds/default')), [409, 'InvalidState']);
      assert.equal((await server.control('GET', '/worlds/default')).status, 200);
    });

    test('a reset empties the default world and brings the real clock back', async () => {
      const elsewhere = await server.app({ worldId: await server.world() });
      const app = await server.app({ clientId: 'app-of-default' });
      await server.buy(app);
      await server.control('PUT', '/worlds/default/clock', {
        frozen: true,
        rate: 9,
        now: machine.now + 5_000,
      });
      const before = expectStatus(await server.control('GET', '/worlds/default'), 200);
      assert.deepEqual(before.clock, { now: machine.now + 5_000, frozen: true, rate: 9 });
      const reset = expectStatus(await server.control('POST', '/worlds/default/reset'), 200);
      assert.deepEqual(reset.clock, { now: machine.now, frozen: false, rate: 1 });
      machine.now += 77;
      const after = expectStatus(await server.control('GET', '/worlds/default'), 200);
      assert.deepEqual(after.clock, { now: machine.now, frozen: false, rate: 1 });
      const { items } = expectStatus(await server.control('GET', '/apps?worldId=default'), 200);
      assert.deepEqual(items, []);
      assert.equal((await server.control('GET', `/apps/${elsewhere.clientId}`)).status, 200);
    });

    test('a reset empties another world, ends its maintenance and leaves its clock', async () => {
      const worldId = await server.world({ now: 5_000 });
      await server.buy(await server.app({ worldId }));
      const appId = await appIdOf(worldId);
      await server.control('PUT', '/maintenance', { on: true, worldId });
      const reset = expectStatus(await server.control('POST', `/worlds/${worldId}/reset`), 200);
      assert.deepEqual(reset.clock, { now: 5_000, frozen: true, rate: 1 });
      assert.deepEqual(await rowsOf(appId), [0, 0, 0, 0, 0]);
      const { on } = expectStatus(await server.control('GET', `/maintenance?worldId=${worldId}`), 200);
      assert.equal(on, false);
    });
  });
}
