// changeClock: a world's clock is set, frozen, unfrozen and sped up.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';

const noon = Date.UTC(2026, 0, 15, 12);
const dayMs = 86_400_000;

for (const database of httpDatabases) {
  describe(`clocks on ${database.name}`, () => {
    const machine = { now: noon };
    let server: TestServer;

    before(async () => {
      server = await startServer(database, {}, { clock: () => machine.now });
    });
    after(() => server.stop());

    const clockOf = async (worldId: string) =>
      expectStatus(await server.control('GET', `/worlds/${worldId}`), 200).clock;
    const change = (worldId: string, body: unknown) =>
      server.control('PUT', `/worlds/${worldId}/clock`, body);
    const read = async (app: { clientId: string; worldId: string }, purchaseToken: string) => {
      const path = `/apps/${app.clientId}/purchases/${purchaseToken}?worldId=${app.worldId}`;
      return expectStatus(await server.control('GET', path), 200);
    };

    test('a frozen clock stands still while the machine’s runs', async () => {
      const worldId = await server.world({ now: 1_000 });
      machine.now += dayMs;
      assert.deepEqual(await clockOf(worldId), { now: 1_000, frozen: true, rate: 1 });
    });

    test('a clock runs as many times faster than the machine’s as its rate says', async () => {
      const worldId = await server.world({ now: 1_000, frozen: false, rate: 1 });
      expectStatus(await change(worldId, { rate: 60 }), 200);
      machine.now += 250;
      assert.deepEqual(await clockOf(worldId), { now: 16_000, frozen: false, rate: 60 });
    });

    test('freezing, unfreezing and another rate do not move a clock', async () => {
      const worldId = await server.world({ now: 0, frozen: false });
      machine.now += 100;
      assert.equal(expectStatus(await change(worldId, { rate: 10 }), 200).clock.now, 100);
      machine.now += 10;
      assert.equal(expectStatus(await change(worldId, { frozen: true }), 200).clock.now, 200);
      machine.now += 1_000;
      assert.equal(expectStatus(await change(worldId, { frozen: false }), 200).clock.now, 200);
      machine.now += 1;
      assert.deepEqual(await clockOf(worldId), { now: 210, frozen: false, rate: 10 });
    });

    test('an empty change changes nothing', async () => {
      const worldId = await server.world({ now: 40_000 });
      const answer = expectStatus(await change(worldId, {}), 200);
      assert.deepEqual(answer.clock, { now: 40_000, frozen: true, rate: 1 });
    });

    test('a change without a body is BadRequest', async () => {
      const worldId = await server.world();
      assert.deepEqual(refusal(await change(worldId, undefined)), [400, 'BadRequest']);
    });

    test('a clock set forward has carried out what fell due when it answers', async () => {
      const app = await server.app({ worldId: await server.world({ now: noon }) });
      const { purchaseToken } = await server.buy(app);
      expectStatus(await change(app.worldId, { now: noon + 4 * dayMs }), 200);
      const [row] = await server.till.host.database.all(
        'select voided_at, due_at from purchase where purchase_token = $1',
        [purchaseToken],
      );
      assert.deepEqual(row, { voided_at: noon + 3 * dayMs, due_at: null });
      assert.equal((await read(app, purchaseToken)).state, 'voided');
    });

    test('a clock goes back where nothing has happened later, and time can pass again', async () => {
      const app = await server.app({ worldId: await server.world({ now: noon }) });
      expectStatus(await change(app.worldId, { now: noon - dayMs }), 200);
      const { purchaseToken, purchaseTime } = await server.buy(app);
      assert.equal(purchaseTime, noon - dayMs);
      expectStatus(await change(app.worldId, { now: noon }), 200);
      expectStatus(await change(app.worldId, { now: noon - dayMs }), 200);
      expectStatus(await server.advance(app.worldId, 'P3D'), 200);
      assert.equal((await read(app, purchaseToken)).voidedTime, noon + 2 * dayMs);
    });

    test('a clock does not go back behind what has happened, in whichever app of the world', async () => {
      const worldId = await server.world({ now: noon });
      const apps = [await server.app({ worldId }), await server.app({ worldId })];
      const [first, second] = apps;
      assert.ok(first && second);
      await server.buy(first);
      expectStatus(await server.advance(worldId, 'PT1H'), 200);
      await server.buy(second);
      for (const now of [noon, noon + 3_599_999]) {
        const answer = await change(worldId, { now, frozen: false });
        assert.deepEqual(refusal(answer), [409, 'InvalidState']);
      }
      assert.deepEqual(await clockOf(worldId), { now: noon + 3_600_000, frozen: true, rate: 1 });
      expectStatus(await change(worldId, { now: noon + 3_600_000 }), 200);
    });

    test('what happened in one world keeps no other from going back', async () => {
      const app = await server.app({ worldId: await server.world({ now: noon }) });
      await server.buy(app);
      const other = await server.world({ now: noon });
      expectStatus(await change(other, { now: 0 }), 200);
    });

    for (const [body, ...fields] of [
      [{ now: -1 }, 'now'],
      [{ now: 1.5 }, 'now'],
      [{ now: '5' }, 'now'],
      [{ now: 253_402_300_800_000 }, 'now'],
      [{ rate: 0 }, 'rate'],
      [{ rate: 1_000_001, frozen: 1 }, 'frozen', 'rate'],
      [{ speed: 2 }, 'speed'],
    ] as [body: unknown, ...fields: string[]][]) {
      test(`a clock is not changed by ${JSON.stringify(body)}: ${fields.join(' and ')} named`, async () => {
        const worldId = await server.world();
        const [status, code, ...named] = refusal(await change(worldId, body));
        assert.deepEqual([status, code, named.sort()], [400, 'InvalidRequest', fields]);
      });
    }

    test('the default world of a sandbox can be frozen and moved, and runs on from there', async () => {
      expectStatus(await change('default', { frozen: true }), 200);
      const { now } = await clockOf('default');
      machine.now += 5_000;
      assert.equal((await clockOf('default')).now, now);
      expectStatus(await server.advance('default', 'P1D'), 200);
      expectStatus(await change('default', { frozen: false }), 200);
      machine.now += 5;
      assert.equal((await clockOf('default')).now, now + dayMs + 5);
      expectStatus(await server.control('POST', '/worlds/default/reset'), 200);
    });

    test('access tokens live on the machine’s clock, whatever the world’s shows', async () => {
      const app = await server.app({ worldId: await server.world({ now: noon }) });
      const token = await server.token(app);
      const { purchaseToken } = await server.buy(app);
      const path = `/v7/apps/${app.clientId}/purchases/inapp/products/product01/${purchaseToken}`;
      expectStatus(await server.advance(app.worldId, 'P1Y'), 200);
      expectStatus(await server.call('GET', path, { token }), 200);
      machine.now += 3_600_000;
      const answer = await server.call('GET', path, { token });
      assert.deepEqual(refusal(answer), [401, 'AccessTokenExpired']);
    });
  });
}
