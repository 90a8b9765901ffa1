// An app and a world take everything of theirs along: subscriptions, charges and trials too.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { aPass, openSubscribers } from './subscribers.ts';

const tables = ['purchase', 'subscription', 'receipt', 'charge', 'trial', 'ledger', 'product'];

for (const database of httpDatabases) {
  describe(`deletion on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    /** How many rows each table has of an app. */
    const rowsOf = async (appId: string) => {
      const counts = tables.map(async (table) => {
        const sql = `select count(*) as count from ${table} where app_id = $1`;
        const [row] = await server.till.host.database.all(sql, [appId]);
        return Number(row?.count);
      });
      return Promise.all(counts);
    };
    const fill = async () => {
      const shop = await openSubscribers(server, { calendar: 'sandbox' });
      expectStatus(await shop.put('trial', aPass({ freeTrial: 'P7D' })), 200);
      for (const productId of ['trial', 'pass', 'monthly', 'product01']) await shop.buy({ productId });
      await shop.advance('PT12M');
      const [app] = await server.till.host.database.all('select app_id from app where client_id = $1', [
        shop.app.clientId,
      ]);
      const appId = String(app?.app_id);
      assert.ok((await rowsOf(appId)).every((count) => count > 0));
      return { ...shop.app, appId };
    };

    for (const [what, path] of [
      ['app', ({ clientId }: { clientId: string }) => `/apps/${clientId}`],
      ['world', ({ worldId }: { worldId: string }) => `/worlds/${worldId}`],
    ] as const) {
      test(`a deleted ${what} leaves no row of its own, and those of others alone`, async () => {
        const [deleted, left] = [await fill(), await fill()];
        const before = await rowsOf(left.appId);
        assert.equal((await server.control('DELETE', path(deleted))).status, 204);
        assert.deepEqual(
          await rowsOf(deleted.appId),
          tables.map(() => 0),
        );
        assert.deepEqual(await rowsOf(left.appId), before);
      });
    }

    test('a world that is reset is as empty', async () => {
      const emptied = await fill();
      expectStatus(await server.control('POST', `/worlds/${emptied.worldId}/reset`), 200);
      assert.deepEqual(
        await rowsOf(emptied.appId),
        tables.map(() => 0),
      );
    });
  });
}
