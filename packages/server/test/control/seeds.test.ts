// Seeded worlds repeat what they draw; other worlds never do, and thousands live side by side.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';

const noon = Date.UTC(2026, 0, 15, 12);
const worldCount = 2_000;
/** Requests that are under way together: one socket each. */
const atOnce = 50;

for (const database of httpDatabases) {
  describe(`seeds on ${database.name}`, () => {
    let server: TestServer;

    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    /** Two apps and three purchases of each: everything that was drawn for them. */
    const drawn = async (worldId: string) => {
      const names: unknown[] = [];
      for (let count = 0; count < 2; count++) {
        const app = await server.app({ worldId });
        names.push(app.clientId);
        for (let bought = 0; bought < 3; bought++) {
          const { purchaseId, purchaseToken, orderId, purchaseData, signature } = await server.buy(app);
          names.push(purchaseId, purchaseToken, orderId, purchaseData, signature);
        }
      }
      return names;
    };

    test('a seeded world repeats client IDs, purchase IDs, tokens and order IDs', async () => {
      const first = await drawn(await server.world({ now: noon, seed: 'same' }));
      const second = await drawn(await server.world({ now: noon, seed: 'same' }));
      assert.deepEqual(second, first);
      assert.equal(new Set(first).size, first.length);
    });

    test('a seed draws no secrets: of two worlds with one seed each app has its own token', async () => {
      const worlds = [await server.world({ seed: 'twins' }), await server.world({ seed: 'twins' })] as const;
      const apps = [
        await server.app({ worldId: worlds[0] }),
        await server.app({ worldId: worlds[1] }),
      ] as const;
      assert.equal(apps[0].clientId, apps[1].clientId);
      assert.notEqual(apps[0].clientSecret, apps[1].clientSecret);
      const { purchaseToken } = await server.buy(apps[1]);
      const path = `/v7/apps/${apps[0].clientId}/purchases/inapp/products/product01/${purchaseToken}`;
      const statuses = [];
      for (const app of apps) {
        statuses.push((await server.call('GET', path, { token: await server.token(app) })).status);
      }
      assert.deepEqual(statuses, [404, 200]);
    });

    test('a seeded world begins again after a reset and after it was made anew', async () => {
      const world = { worldId: 'again', now: noon, seed: 'again' };
      await server.world(world);
      const first = await drawn('again');
      expectStatus(await server.control('POST', '/worlds/again/reset'), 200);
      assert.deepEqual(await drawn('again'), first);
      assert.equal((await server.control('DELETE', '/worlds/again')).status, 204);
      await server.world(world);
      assert.deepEqual(await drawn('again'), first);
    });

    test('another seed draws other names', async () => {
      const first = await drawn(await server.world({ now: noon, seed: 'seed 1' }));
      const second = await drawn(await server.world({ now: noon, seed: 'seed 2' }));
      assert.deepEqual(
        first.filter((name) => second.includes(name)),
        [],
      );
    });

    test('worlds without a seed never repeat a name', async () => {
      const first = await drawn(await server.world({ now: noon }));
      const second = await drawn(await server.world({ now: noon }));
      assert.deepEqual(
        first.filter((name) => second.includes(name)),
        [],
      );
    });

    test('purchases made at the same time in a seeded world all succeed, under names of their own', async () => {
      const app = await server.app({ worldId: await server.world({ now: noon, seed: 'busy' }) });
      const bought = await Promise.all(Array.from({ length: atOnce }, () => server.buy(app)));
      assert.equal(new Set(bought.map(({ purchaseToken }) => purchaseToken)).size, atOnce);
    });

    test('apps made at the same time in a seeded world all succeed, under names of their own', async () => {
      const worldId = await server.world({ seed: 'busy' });
      const apps = await Promise.all(Array.from({ length: 30 }, () => server.app({ worldId })));
      assert.equal(new Set(apps.map(({ clientId }) => clientId)).size, apps.length);
    });

    test(`${worldCount} worlds live side by side and never see each other`, async () => {
      const worldIds: string[] = [];
      await together(worldCount, async (index) => {
        worldIds[index] = await server.world({ now: noon + index, worldId: `side-${index}` });
      });
      const some = [0, 1, 999, worldCount - 1];
      const clientId = 'com.example.everywhere';
      const bought = new Map<number, { purchaseToken: string; token: string }>();
      for (const index of some) {
        const app = await server.app({ worldId: `side-${index}`, clientId });
        const { purchaseToken } = await server.buy(app, { buyerId: 'the same' });
        bought.set(index, { purchaseToken, token: await server.token(app) });
      }
      for (const index of some) {
        const { now } = expectStatus(await server.control('GET', `/worlds/side-${index}`), 200).clock;
        assert.equal(now, noon + index);
        const list = `/apps/${clientId}/purchases?worldId=side-${index}`;
        const { items } = expectStatus(await server.control('GET', list), 200);
        assert.deepEqual(
          items.map((item: { purchaseToken: string }) => item.purchaseToken),
          [bought.get(index)?.purchaseToken],
        );
        for (const other of some) {
          const { purchaseToken } = bought.get(other) ?? {};
          const path = `/v7/apps/${clientId}/purchases/inapp/products/product01/${purchaseToken}`;
          const answer = await server.call('GET', path, { token: bought.get(index)?.token });
          assert.equal(answer.status, other === index ? 200 : 404);
        }
      }
      expectStatus(await server.advance('side-0', 'P9D'), 200);
      const { clock } = expectStatus(await server.control('GET', '/worlds/side-1'), 200);
      assert.equal(clock.now, noon + 1);
    });
  });
}

/** Runs a job for each index, a few at a time. */
async function together(count: number, job: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await job(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
