// Secrets stay where they belong: the check at the end of every test server finds planted leaks, and failures print no values.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { Leak, SeenSecrets } from '../secrets.ts';
import { controlKey, startServer, type TestServer } from '../server.ts';
import { assertRefused, openShop, type Shop } from './shop.ts';

const payload = 'payload "of" the\nbuyer 4711';

async function endOf(server: TestServer, leak: string | undefined): Promise<void> {
  if (leak !== undefined) server.till.host.log.info({ something: `before ${leak} behind` }, 'a planted leak');
  if (leak === undefined) await server.stop();
  else await assert.rejects(server.stop(), Leak);
}

for (const database of httpDatabases) {
  test(`a leak of anything that went through a test server is caught at its end on ${database.name}`, async () => {
    const plants: ((shop: Shop, purchaseToken: string) => string | undefined)[] = [
      () => undefined,
      ({ token }) => token,
      ({ app }) => app.clientSecret,
      ({ app }) => encodeURIComponent(app.clientSecret),
      () => controlKey,
      () => payload,
      (_, purchaseToken) => purchaseToken,
    ];
    for (const plant of plants) {
      const server = await startServer(database);
      const shop = await openShop(server);
      const { purchaseToken } = await shop.buy({ developerPayload: payload });
      await shop.call('GET', '/v7/nowhere');
      await endOf(server, plant(shop, purchaseToken));
    }
  });

  test(`a statement that fails tells neither the log nor the caller its values on ${database.name}`, async () => {
    const hush = 'hush-hush-a-secret-value-7391';
    const statements = [
      'update app set created_at = cast($1 as bigint) + nothing where client_id = $1',
      'insert into setting (name, value) values ($1, null)',
      'insert into setting (name, value, none) values ($1, $1, $1)',
      // these two only fail on PostgreSQL, whose messages quote the value
      'update world set created_at = cast($1 as bigint)',
      'update world set drawn_count = cast($1 as integer)',
    ];
    let armed: string | undefined;
    const server = await startServer(
      database,
      {},
      {
        wrapDatabase: (real) => ({
          ...real,
          all: async (sql, values) => {
            if (armed !== undefined) await real.run(armed, [hush]);
            return real.all(sql, values);
          },
        }),
      },
    );
    try {
      const shop = await openShop(server);
      const purchase = await shop.buy();
      for (const sql of database.name === 'postgres' ? statements : statements.slice(0, 3)) {
        armed = sql;
        const answer = await shop.details(purchase);
        armed = undefined;
        assertRefused(answer, 'InternalError');
        const line = server.logged.find(
          (one) => one.includes(answer.headers.get('x-request-id') ?? '?') && one.includes('"err"'),
        );
        assert.ok(line !== undefined && JSON.parse(line).err.stack.length > 20, sql);
      }
      assert.ok(
        !server.logged.join('').includes('hush'),
        server.logged.find((line) => line.includes('hush')),
      );
    } finally {
      await server.stop();
    }
  });
}

test('an error’s body and a history that hold a secret are caught at once', () => {
  const seen = new SeenSecrets();
  seen.addSecret('a-secret-of-twelve');
  const headers = new Headers();
  const error = { status: 400, headers, body: { error: {} }, text: 'tells a-secret-of-twelve' };
  assert.throws(() => seen.see('/x', {}, error), Leak);
  const body = { history: [{ text: 'a-secret-of-twelve' }] };
  assert.throws(() => seen.see('/x', {}, { status: 200, headers, body, text: JSON.stringify(body) }), Leak);
  seen.see('/x', {}, { status: 200, headers, body: {}, text: 'a-secret-of-twelve' });
  assert.throws(() => seen.check('the log', 'a-secret-of-twelve'), /the log holds/);
  seen.check('the log', 'a-secret-of-twelv');
});
