// advanceClock and readAgenda: a world's clock moves forward, and what falls due happens.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { acknowledgeWithinMs } from '../../src/domain/policy.ts';
import { buy } from '../../src/domain/purchase.ts';
import { appendEntries } from '../../src/store/ledger.ts';
import { insertPurchase } from '../../src/store/purchases.ts';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';
import { anOrder } from '../store/things.ts';

const noon = Date.UTC(2026, 0, 15, 12);
const dayMs = 86_400_000;
const latest = 253_402_300_799_999;

for (const database of httpDatabases) {
  describe(`advance on ${database.name}`, () => {
    const machine = { now: noon };
    let server: TestServer;

    before(async () => {
      server = await startServer(database, {}, { clock: () => machine.now });
    });
    after(() => server.stop());

    const advance = (worldId: string, body: unknown) =>
      server.control('POST', `/worlds/${worldId}/clock/advance`, body);
    const agenda = async (worldId: string, query = '') =>
      expectStatus(await server.control('GET', `/worlds/${worldId}/agenda${query}`), 200).items;

    /** Puts purchases into the store that were made one millisecond after the other from `from` on. */
    const fill = async (app: TestApp, count: number, from: number, appIdOf?: string) => {
      const { database } = server.till.host;
      const [row] = await database.all('select app_id from app where client_id = $1 and world_id = $2', [
        app.clientId,
        app.worldId,
      ]);
      const appId = appIdOf ?? String(row?.app_id);
      await database.transaction(async (query) => {
        for (let index = 0; index < count; index++) {
          const { purchase, entries } = buy(
            anOrder({ appId, worldId: app.worldId, number: index, purchaseTime: from + index }),
            true,
          );
          await insertPurchase(query, { ...purchase, entryCount: 1 });
          await appendEntries(query, purchase, 0, entries);
        }
      });
    };

    test('a span moves a frozen clock by its length, an instant to itself', async () => {
      const worldId = await server.world({ now: noon });
      const nothing = { happened: [], truncated: false };
      assert.deepEqual(expectStatus(await advance(worldId, { by: 'P1DT1H' }), 200), {
        now: noon + dayMs + 3_600_000,
        ...nothing,
      });
      const to = noon + 10 * dayMs;
      assert.deepEqual(expectStatus(await advance(worldId, { to }), 200), { now: to, ...nothing });
      const { clock } = expectStatus(await server.control('GET', `/worlds/${worldId}`), 200);
      assert.deepEqual(clock, { now: to, frozen: true, rate: 1 });
    });

    test('a span of no length and the present instant are no step', async () => {
      const worldId = await server.world({ now: noon });
      assert.equal(expectStatus(await advance(worldId, { by: 'P0D' }), 200).now, noon);
      assert.equal(expectStatus(await advance(worldId, { to: noon }), 200).now, noon);
    });

    test('a month is one of the Korean calendar and is clipped to a shorter one', async () => {
      // 2026-01-31 00:00 in Korea
      const worldId = await server.world({ now: Date.UTC(2026, 0, 30, 15) });
      assert.equal(expectStatus(await advance(worldId, { by: 'P1M' }), 200).now, Date.UTC(2026, 1, 27, 15));
    });

    test('a running clock runs on from where it was advanced to', async () => {
      const worldId = await server.world({ now: noon, frozen: false, rate: 3 });
      machine.now += 10;
      const { now } = expectStatus(await advance(worldId, { by: 'P1D' }), 200);
      assert.equal(now, noon + dayMs + 30);
      machine.now += 10;
      const { clock } = expectStatus(await server.control('GET', `/worlds/${worldId}`), 200);
      assert.equal(clock.now, now + 30);
    });

    test('neither a span nor an instant is RequiredValueNotExist, both are InvalidRequest', async () => {
      const worldId = await server.world({ now: noon });
      assert.deepEqual(refusal(await advance(worldId, {})), [400, 'RequiredValueNotExist', 'by']);
      const both = await advance(worldId, { by: 'P1D', to: noon + dayMs });
      assert.deepEqual(refusal(both), [400, 'InvalidRequest', 'by', 'to']);
      assert.equal((await advance(worldId, undefined)).status, 400);
    });

    test('a text that is no span is answered with what a span looks like', async () => {
      const worldId = await server.world({ now: noon });
      const { body } = await advance(worldId, { by: '3 days' });
      assert.match(JSON.stringify(body), /span of time, ISO 8601 \(`P30D`, `PT5M`\)/);
    });

    for (const [body, field] of [
      [{ to: noon - 1 }, 'to'],
      [{ to: latest + 1 }, 'to'],
      [{ to: 'tomorrow' }, 'to'],
      [{ by: '' }, 'by'],
      [{ by: 'P' }, 'by'],
      [{ by: 'PT' }, 'by'],
      [{ by: '-P1D' }, 'by'],
      [{ by: 'P1.5D' }, 'by'],
      [{ by: 'P1D ' }, 'by'],
      [{ by: 'p1d' }, 'by'],
      [{ by: '1 day' }, 'by'],
      [{ by: 'P101Y' }, 'by'],
      [{ by: 86_400_000 }, 'by'],
      [{ days: 1 }, 'days'],
    ] as const) {
      test(`a clock does not advance by ${JSON.stringify(body)}: ${field} is named`, async () => {
        const worldId = await server.world({ now: noon });
        assert.deepEqual(refusal(await advance(worldId, body)), [400, 'InvalidRequest', field]);
        const { clock } = expectStatus(await server.control('GET', `/worlds/${worldId}`), 200);
        assert.equal(clock.now, noon);
      });
    }

    test('the last instant of the year 9999 can be reached and not passed', async () => {
      const worldId = await server.world({ now: noon });
      assert.equal(expectStatus(await advance(worldId, { to: latest }), 200).now, latest);
      assert.deepEqual(refusal(await advance(worldId, { by: 'PT1S' })), [400, 'InvalidRequest', 'by']);
    });

    test('what fell due has happened in time order, each void at its own due instant', async () => {
      const worldId = await server.world({ now: noon });
      const apps = [await server.app({ worldId }), await server.app({ worldId })];
      const bought = [];
      for (let hour = 0; hour < 6; hour++) {
        const app = apps[hour % 2];
        assert.ok(app);
        bought.push({ app, ...(await server.buy(app)) });
        expectStatus(await advance(worldId, { by: 'PT1H' }), 200);
      }
      const [kept] = bought.splice(2, 1);
      const path = `/apps/${kept.app.clientId}/purchases/${kept.purchaseToken}`;
      expectStatus(await server.control('POST', `${path}/acknowledge`), 200);
      const { happened, truncated } = expectStatus(await advance(worldId, { by: 'P30D' }), 200);
      assert.equal(truncated, false);
      const expected = bought.map(({ app, purchaseToken, purchaseTime }) => ({
        at: purchaseTime + 3 * dayMs,
        what: 'voided',
        clientId: app.clientId,
        purchaseToken,
        productId: 'product01',
      }));
      assert.deepEqual(happened, expected);
      for (const { app, purchaseToken, purchaseTime } of bought) {
        const read = await server.control('GET', `/apps/${app.clientId}/purchases/${purchaseToken}`);
        assert.equal(expectStatus(read, 200).voidedTime, purchaseTime + 3 * dayMs);
      }
      assert.deepEqual(expectStatus(await advance(worldId, { by: 'P30D' }), 200).happened, []);
    });

    test('an advance settles its own world only', async () => {
      const here = await server.app({ worldId: await server.world({ now: noon }) });
      const there = await server.app({ worldId: await server.world({ now: noon }) });
      await server.buy(here);
      const { purchaseToken } = await server.buy(there);
      assert.equal(expectStatus(await advance(here.worldId, { by: 'P9D' }), 200).happened.length, 1);
      const read = await server.control('GET', `/apps/${there.clientId}/purchases/${purchaseToken}`);
      assert.equal(expectStatus(read, 200).state, 'purchased');
    });

    test('an answer lists the first thousand that happened and tells that there were more', async () => {
      const app = await server.app({ worldId: await server.world({ now: noon }) });
      await fill(app, 1_001, noon - 2_000);
      const answer = expectStatus(await advance(app.worldId, { by: 'P4D' }), 200);
      assert.equal(answer.truncated, true);
      const at = answer.happened.map((happening: { at: number }) => happening.at);
      assert.deepEqual(
        at,
        Array.from({ length: 1_000 }, (_, index) => noon - 2_000 + index + acknowledgeWithinMs),
      );
      const [row] = await server.till.host.database.all(
        'select count(*) as left_over from purchase where world_id = $1 and voided_at is null',
        [app.worldId],
      );
      assert.equal(row?.left_over, 0);
    });

    test('exactly a thousand are all that happened', async () => {
      const app = await server.app({ worldId: await server.world({ now: noon }) });
      await fill(app, 1_000, noon - 2_000);
      const answer = expectStatus(await advance(app.worldId, { by: 'P4D' }), 200);
      assert.deepEqual([answer.happened.length, answer.truncated], [1_000, false]);
    });

    test('an advance answers although a purchase has lost its app', async () => {
      const app = await server.app({ worldId: await server.world({ now: noon }) });
      await fill(app, 1, noon - 1, 'an app that is gone');
      const { purchaseToken } = await server.buy(app);
      const { happened } = expectStatus(await advance(app.worldId, { by: 'P4D' }), 200);
      assert.deepEqual(
        happened.map((happening: { purchaseToken: string }) => happening.purchaseToken),
        [purchaseToken],
      );
      expectStatus(
        await server.control('PUT', `/worlds/${app.worldId}/clock`, { now: noon + 9 * dayMs }),
        200,
      );
    });

    test('the agenda tells what time alone will do next, the earliest first', async () => {
      const worldId = await server.world({ now: noon });
      assert.deepEqual(await agenda(worldId), []);
      const apps = [await server.app({ worldId }), await server.app({ worldId })];
      const expected = [];
      for (const app of apps) {
        const { purchaseToken, dueAt } = await server.buy(app);
        expected.push({
          at: dueAt,
          what: 'voided',
          clientId: app.clientId,
          purchaseToken,
          productId: 'product01',
        });
        expectStatus(await advance(worldId, { by: 'PT1S' }), 200);
      }
      assert.deepEqual(await agenda(worldId), expected);
      assert.deepEqual(await agenda(worldId, '?limit=1'), expected.slice(0, 1));
      const refused = await server.control('GET', `/worlds/${worldId}/agenda?limit=0`);
      assert.deepEqual(refusal(refused), [400, 'InvalidRequest', 'limit']);
      const [first] = expected;
      const path = `/apps/${first?.clientId}/purchases/${first?.purchaseToken}/consume`;
      expectStatus(await server.control('POST', path), 200);
      assert.deepEqual(await agenda(worldId), expected.slice(1));
      expectStatus(await advance(worldId, { by: 'P9D' }), 200);
      assert.deepEqual(await agenda(worldId), []);
    });
  });
}
