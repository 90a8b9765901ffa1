// Series for charts: what counts where, what is unknown, and what is refused because it would cost too much.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RequestCounts } from '../../src/host/request-counts.ts';
import { appendEntries } from '../../src/store/ledger.ts';
import { httpDatabases } from '../databases.ts';
import { hourMs, noon, openShop } from '../http/shop.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';

interface Point {
  at: number;
  purchases: number;
  voids: number;
  revenue: { currency: string; amount: string }[];
  requests: number | null;
  refusals: number | null;
}

for (const database of httpDatabases) {
  describe(`stats on ${database.name}`, () => {
    const machine = { now: Date.UTC(2026, 5, 1, 9, 30) };
    let server: TestServer;

    before(async () => {
      server = await startServer(database, {}, { clock: () => machine.now });
    });
    after(() => server.stop());

    const get = (query: Record<string, string | number>) =>
      server.call('GET', '/control/v1/stats', {
        query,
        headers: { authorization: `Bearer ${key}` },
      });
    const key = 'a-control-key-of-tests-0123456789abcdef';
    const points = async (query: Record<string, string | number>): Promise<Point[]> =>
      expectStatus(await get(query), 200).points;

    test('purchases, voids and revenue count in the step in which they happened', async () => {
      const shop = await openShop(server);
      const { clientId, worldId } = shop.app;
      const price = { type: 'inapp', title: 'In dollars', price: '4.99', currency: 'USD' };
      expectStatus(await shop.control('PUT', '/products/dollars', price), 200);
      const first = await shop.buy({ quantity: 2 });
      await shop.buy({ productId: 'dollars' });
      await shop.advance('PT1H');
      await shop.buy({ productId: 'dollars' });
      await shop.void(first);
      const answer = await get({ clientId, worldId, from: noon, to: noon + 3 * hourMs });
      const stats = expectStatus(answer, 200);
      assert.deepEqual([stats.from, stats.to, stats.stepMs], [noon, noon + 3 * hourMs, hourMs]);
      const [one, two, three] = stats.points as Point[];
      assert.deepEqual(
        [one?.at, one?.purchases, one?.voids, one?.revenue],
        [
          noon,
          2,
          0,
          [
            { currency: 'KRW', amount: '2200' },
            { currency: 'USD', amount: '4.99' },
          ],
        ],
      );
      assert.deepEqual(
        [two?.at, two?.purchases, two?.voids, two?.revenue],
        [
          noon + hourMs,
          1,
          1,
          [
            { currency: 'KRW', amount: '-2200' },
            { currency: 'USD', amount: '4.99' },
          ],
        ],
      );
      assert.deepEqual([three?.purchases, three?.voids, three?.revenue], [0, 0, []]);
      assert.equal(stats.points.length, 3);
    });

    test('the start of a range belongs to it and its end does not, and a last step may be short', async () => {
      const shop = await openShop(server);
      const { worldId } = shop.app;
      await shop.buy();
      await shop.advance('PT90M');
      await shop.buy();
      const counts = async (from: number, to: number) =>
        (await points({ worldId, from, to })).map(({ purchases }) => purchases);
      assert.deepEqual(await counts(noon, noon + 1.5 * hourMs), [1, 0]);
      assert.deepEqual(await counts(noon, noon + 1.5 * hourMs + 1), [1, 1]);
      assert.deepEqual(await counts(noon + 1, noon + 2 * hourMs), [0, 1]);
      assert.deepEqual(await counts(noon, noon), []);
    });

    test('sums beyond what a number holds exactly are exact', async () => {
      const shop = await openShop(server);
      const price = { type: 'inapp', title: 'Dear', price: '9007199254.740991', currency: 'KRW' };
      expectStatus(await shop.control('PUT', '/products/dear', price), 200);
      for (let count = 0; count < 3; count++) await shop.buy({ productId: 'dear' });
      const [point] = await points({ worldId: shop.app.worldId, from: noon, to: noon + hourMs });
      assert.deepEqual(point?.revenue, [{ currency: 'KRW', amount: '27021597764.222973' }]);
    });

    test('apps of a world count together, and those of others not', async () => {
      const shop = await openShop(server);
      const { worldId } = shop.app;
      const beside = await server.app({ worldId });
      await Promise.all([shop.buy(), shop.buy(), server.buy(beside), (await openShop(server)).buy()]);
      const range = { from: noon, to: noon + hourMs };
      assert.equal((await points({ worldId, ...range }))[0]?.purchases, 3);
      const own = { worldId, clientId: beside.clientId };
      assert.equal((await points({ ...own, ...range }))[0]?.purchases, 1);
    });

    test('without a range it is the day up to now, by hours', async () => {
      const shop = await openShop(server);
      await shop.buy();
      await shop.advance('PT10M');
      const stats = expectStatus(await get({ clientId: shop.app.clientId }), 200);
      assert.deepEqual([stats.to, stats.to - stats.from], [noon + 600_000, 24 * hourMs]);
      assert.equal(stats.points.length, 24);
      assert.equal(stats.points.at(-1).purchases, 1);
    });

    test('requests and refusals count by the machine’s minute, for an app, a world and in all', async () => {
      machine.now += 2 * hourMs - (machine.now % hourMs);
      const from = machine.now;
      const shop = await openShop(server);
      const { clientId, worldId } = shop.app;
      await shop.voided();
      machine.now += 5 * 60_000;
      await shop.voided();
      await shop.voided({ maxResults: 0 });
      machine.now += 5 * 60_000;
      const range = { from: from - hourMs, to: from + hourMs, step: 'PT5M' };
      const series = async (which: Record<string, string>) => {
        const all = await points({ ...which, ...range });
        return all.slice(12, 15).map(({ requests, refusals }) => [requests, refusals]);
      };
      const ofApp = [
        [1, 0],
        [2, 1],
        [0, 0],
      ];
      assert.deepEqual(await series({ clientId }), ofApp);
      assert.deepEqual(await series({ worldId }), ofApp);
      // the token call names no app until it is answered
      assert.deepEqual(await series({}), [
        [2, 0],
        [2, 1],
        [0, 0],
      ]);
      const future = await points({ clientId, ...range });
      assert.deepEqual(
        future.slice(15).map(({ requests }) => requests),
        Array(9).fill(null),
      );
      const longAgo = await points({ clientId, from: 0, to: hourMs });
      assert.deepEqual([longAgo[0]?.requests, longAgo[0]?.refusals], [null, null]);
    });

    test('a range or a step that does not fit is InvalidRequest with its name', async () => {
      for (const [query, ...fields] of [
        [{ from: 2, to: 1 }, 'from', 'to'],
        [{ step: 'PT59S' }, 'step'],
        [{ step: 'P1M' }, 'step'],
        [{ step: 'PT0S' }, 'step'],
        [{ step: 'an hour' }, 'step'],
        [{ from: 0, to: 1_001 * 60_000, step: 'PT1M' }, 'step'],
        [{ from: 'yesterday' }, 'from'],
        [{ to: 10 ** 15 }, 'to'],
        [{ form: 1 }, 'form'],
      ] as const) {
        assert.deepEqual(refusal(await get(query as Record<string, string | number>)), [
          400,
          'InvalidRequest',
          ...fields,
        ]);
      }
      assert.equal((await points({ from: 0, to: 1_000 * 60_000, step: 'PT1M' })).length, 1_000);
      assert.deepEqual(refusal(await get({ worldId: 'nowhere' })), [404, 'NoSuchData']);
      assert.deepEqual(refusal(await get({ clientId: 'nobody' })), [404, 'NoSuchData']);
    });

    test('more than 50,000 entries are refused, and less of them answered', async () => {
      // the bound is the action's, whatever the database; filling PostgreSQL would take a dozen seconds
      const count = database.name === 'postgres' ? 6_000 : 50_001;
      const shop = await openShop(server);
      const { appId } = (
        await server.till.host.database.all('select app_id as "appId" from app where client_id = $1', [
          shop.app.clientId,
        ])
      )[0] as { appId: string };
      const entry = { what: 'purchased', amountMicros: 1_000_000, currency: 'KRW', cause: 'buyer' } as const;
      for (let from = 0; from < count; from += 5_000) {
        const entries = Array.from({ length: Math.min(5_000, count - from) }, (_, index) => ({
          ...entry,
          at: noon + ((from + index) % 600) * 60_000,
          purchaseId: 'p',
          detail: null,
        }));
        await server.till.host.database.transaction((query) =>
          appendEntries(query, { appId, purchaseToken: 'many' }, from, entries),
        );
      }
      const { clientId } = shop.app;
      const tooMany = await get({ clientId, from: noon, to: noon + 10 * hourMs });
      if (count > 50_000) {
        assert.deepEqual(refusal(tooMany), [409, 'InvalidState']);
        assert.match(tooMany.body.error.message, /50000 entries.*shorter range/);
      } else expectStatus(tooMany, 200);
      const some = await points({ clientId, from: noon, to: noon + 9 * hourMs, step: 'PT1M' });
      assert.equal(
        some.reduce((sum, { purchases }) => sum + purchases, 0),
        database.name === 'postgres' ? 5_400 : 45_021,
      );
    });

    test('more than 100 apps are refused with the word to name one', async () => {
      const worldId = await server.world();
      for (let count = 0; count < 101; count++) {
        expectStatus(await server.control('POST', '/apps', { worldId }), 201);
      }
      const answer = await get({ worldId });
      assert.deepEqual(refusal(answer), [409, 'InvalidState']);
      assert.match(answer.body.error.message, /more than 100 apps/);
    });
  });
}

test('minutes are remembered up to a bound, and what is forgotten is unknown instead of none', () => {
  const minuteMs = 60_000;
  const counts = new RequestCounts(0);
  const app = (number: number) => ({ appId: `app ${number}`, worldId: 'world' });
  for (let minute = 0; minute < 200; minute++) {
    for (let number = 0; number < 1_000; number++) counts.add(app(number), false, minute * minuteMs);
  }
  assert.ok(counts.since > 99 * minuteMs && counts.since < 102 * minuteMs, `${counts.since}`);
  const kept = [...counts.minutesOf({ appId: 'app 5' })].filter(({ at }) => at >= counts.since);
  assert.equal(kept.length, 200 - counts.since / minuteMs);
  const all = [...counts.minutesOf({})].filter(({ at }) => at >= counts.since);
  assert.deepEqual(
    all.map(({ requests }) => requests),
    Array(all.length).fill(1_000),
  );
});
