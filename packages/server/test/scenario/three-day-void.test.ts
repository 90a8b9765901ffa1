// A purchase that nobody acknowledges or consumes is voided three days after it was made, however time passes.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { databases, httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';
import { holds } from './subscription-lives.ts';

const noon = Date.UTC(2026, 0, 15, 12);
const minuteMs = 60_000;
const dayMs = 86_400_000;
const dueMs = 3 * dayMs;

interface Step {
  atMinute: number;
  what: 'buy' | 'acknowledge' | 'consume' | 'void';
  buyer: number;
  which: number;
}

const stepsOfAMonth: fc.Arbitrary<Step[]> = fc
  .array(
    fc.record({
      atMinute: fc.nat(29 * 1440),
      what: fc.constantFrom<Step['what'][]>('buy', 'buy', 'buy', 'acknowledge', 'consume', 'void'),
      buyer: fc.nat(2),
      which: fc.nat(9),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((steps) => steps.sort((a, b) => a.atMinute - b.atMinute));

for (const database of httpDatabases) {
  describe(`the three-day void on ${database.name}`, () => {
    const machine = { now: noon };
    let server: TestServer;

    before(async () => {
      server = await startServer(database, {}, { clock: () => machine.now });
    });
    after(() => server.stop());

    const newApp = async (world: Record<string, unknown> = {}) =>
      server.app({ worldId: await server.world({ now: noon, ...world }) });
    const setClock = async (app: TestApp, now: number) =>
      expectStatus(await server.control('PUT', `/worlds/${app.worldId}/clock`, { now }), 200);
    /** Moves a frozen clock behind the server's back, as it stands when nothing has been carried out yet. */
    const moveClock = (app: TestApp, now: number) =>
      server.till.host.database.run(
        'update world set clock_at = $1, clock_jumped_to = $1 where world_id = $2',
        [now, app.worldId],
      );
    const storedVoid = async (purchaseToken: string) => {
      const [row] = await server.till.host.database.all(
        'select voided_at from purchase where purchase_token = $1',
        [purchaseToken],
      );
      return row?.voided_at;
    };
    const act = async (app: TestApp, purchaseToken: string, action: 'acknowledge' | 'consume') => {
      const scope = action === 'consume' ? 'inapp' : 'all';
      const path = `/v7/apps/${app.clientId}/purchases/${scope}/products/product01/${purchaseToken}/${action}`;
      return server.call('POST', path, { token: await server.token(app) });
    };
    const details = async (app: TestApp, purchaseToken: string) => {
      const path = `/v7/apps/${app.clientId}/purchases/inapp/products/product01/${purchaseToken}`;
      return expectStatus(await server.call('GET', path, { token: await server.token(app) }), 200);
    };
    const list = async (app: TestApp, name: 'voided' | 'unconfirmed') => {
      const path = `/v7/apps/${app.clientId}/${name}-purchases`;
      const answer = await server.call('GET', path, { token: await server.token(app) });
      return expectStatus(answer, 200)[`${name}PurchaseList`];
    };
    const read = async (app: TestApp, purchaseToken: string) => {
      const path = `/apps/${app.clientId}/purchases/${purchaseToken}?worldId=${app.worldId}`;
      return expectStatus(await server.control('GET', path), 200);
    };

    for (const action of ['acknowledge', 'consume'] as const) {
      test(`one millisecond before the end ${action} still works, at the end no more`, async () => {
        const app = await newApp();
        const [early, late] = [await server.buy(app), await server.buy(app)];
        await setClock(app, noon + dueMs - 1);
        assert.equal((await list(app, 'unconfirmed')).length, 2);
        assert.deepEqual(await list(app, 'voided'), []);
        expectStatus(await act(app, early.purchaseToken, action), 200);
        await setClock(app, noon + dueMs);
        assert.deepEqual(refusal(await act(app, late.purchaseToken, action)), [409, 'InvalidPurchaseState']);
        assert.equal((await details(app, early.purchaseToken)).purchaseState, 0);
        assert.equal((await details(app, late.purchaseToken)).purchaseState, 1);
        assert.deepEqual(await list(app, 'unconfirmed'), []);
        const { purchaseId, purchaseToken } = late;
        assert.deepEqual(await list(app, 'voided'), [
          { purchaseId, purchaseTime: noon, voidedTime: noon + dueMs, purchaseToken, marketCode: 'MKT_ONE' },
        ]);
      });
    }

    test('every request sees the void although nothing has carried it out yet', async () => {
      const app = await newApp();
      const { purchaseToken } = await server.buy(app);
      await moveClock(app, noon + dueMs - 1);
      assert.equal((await details(app, purchaseToken)).purchaseState, 0);
      assert.equal((await list(app, 'unconfirmed')).length, 1);
      await moveClock(app, noon + dueMs);
      assert.equal((await details(app, purchaseToken)).purchaseState, 1);
      assert.deepEqual(await list(app, 'unconfirmed'), []);
      const shown = await read(app, purchaseToken);
      assert.deepEqual([shown.state, shown.entitled, shown.dueAt], ['voided', false, null]);
      assert.deepEqual(
        shown.history.map(({ at, what }: { at: number; what: string }) => [at, what]),
        [
          [noon, 'purchased'],
          [noon + dueMs, 'voided'],
        ],
      );
      for (const action of ['acknowledge', 'consume'] as const) {
        assert.deepEqual(refusal(await act(app, purchaseToken, action)), [409, 'InvalidPurchaseState']);
      }
      assert.equal(await storedVoid(purchaseToken), null);
      assert.equal((await list(app, 'voided'))[0].voidedTime, noon + dueMs);
      assert.equal(await storedVoid(purchaseToken), noon + dueMs);
      assert.deepEqual(await read(app, purchaseToken), shown);
    });

    test('the list of the control API shows the void although nothing has carried it out yet', async () => {
      const app = await newApp();
      await server.buy(app);
      await moveClock(app, noon + dueMs);
      const path = `/apps/${app.clientId}/purchases`;
      const states = async (query: string) =>
        expectStatus(await server.control('GET', path + query), 200).items.map(
          ({ state }: { state: string }) => state,
        );
      assert.deepEqual(await states('?state=purchased'), []);
      assert.deepEqual(await states(''), ['voided']);
    });

    for (const calendar of ['sandbox', 'commercial']) {
      test(`the ${calendar} calendar neither shortens nor lengthens the three days`, async () => {
        const app = await newApp({ calendar });
        const { purchaseToken, dueAt } = await server.buy(app);
        assert.equal(dueAt, noon + dueMs);
        await setClock(app, dueAt - 1);
        assert.equal((await read(app, purchaseToken)).state, 'purchased');
        await setClock(app, dueAt);
        assert.equal((await read(app, purchaseToken)).voidedTime, dueAt);
      });
    }

    test('in a world that runs the scheduler carries the void out, nobody has to ask', async () => {
      const app = await server.app();
      const kept = await server.buy(app);
      expectStatus(await act(app, kept.purchaseToken, 'acknowledge'), 200);
      const { purchaseToken, dueAt } = await server.buy(app);
      machine.now = dueAt - 1;
      await wait(400);
      assert.equal(await storedVoid(purchaseToken), null);
      machine.now = dueAt + 5;
      await eventually(async () => (await storedVoid(purchaseToken)) === dueAt + 5);
      assert.equal(await storedVoid(kept.purchaseToken), null);
      const { history } = await read(app, purchaseToken);
      assert.deepEqual(
        history.map(({ what }: { what: string }) => what),
        ['purchased', 'voided'],
      );
    });

    test('in a world that runs a thousand times faster three days are over in minutes', async () => {
      const app = await newApp({ frozen: false, rate: 1_000 });
      const { purchaseToken, dueAt } = await server.buy(app);
      machine.now += dueMs / 1_000 + 10;
      await eventually(async () => (await storedVoid(purchaseToken)) !== null);
      assert.ok((await read(app, purchaseToken)).voidedTime >= dueAt);
    });

    test('a month in one jump leaves what thirty days one by one leave', async () => {
      let run = 0;
      const property = fc.asyncProperty(stepsOfAMonth, async (steps) => {
        const seed = `month ${run++}`;
        const jumped = await live(seed, steps, async (worldId, to) => {
          const answer = await server.control('POST', `/worlds/${worldId}/clock/advance`, { to });
          return expectStatus(answer, 200).happened;
        });
        const walked = await live(seed, steps, async (worldId, to, from) => {
          const happened = [];
          for (let now = from; now < to; ) {
            now = Math.min(to, noon + (Math.floor((now - noon) / dayMs) + 1) * dayMs);
            const answer = await server.control('POST', `/worlds/${worldId}/clock/advance`, { to: now });
            happened.push(...expectStatus(answer, 200).happened);
          }
          return happened;
        });
        assert.deepEqual(walked, jumped);
      });
      await holds('a month in one jump', property, database.name === 'postgres' ? 6 : 12);
    });

    /** Lives a month in a new world: everything that was answered, and everything that is told at its end. */
    const live = async (
      seed: string,
      steps: readonly Step[],
      pass: (worldId: string, to: number, from: number) => Promise<unknown[]>,
    ) => {
      const app = await newApp({ seed });
      const purchases: { purchaseToken: string }[] = [];
      const told: unknown[] = [];
      let now = noon;
      for (const { atMinute, what, buyer, which } of steps) {
        told.push(...(await pass(app.worldId, noon + atMinute * minuteMs, now)));
        now = noon + atMinute * minuteMs;
        const path = `/apps/${app.clientId}/purchases`;
        const token = purchases[which % Math.max(1, purchases.length)]?.purchaseToken;
        const answer =
          what === 'buy'
            ? await server.control('POST', `${path}?worldId=${app.worldId}`, {
                productId: 'product01',
                buyerId: `buyer ${buyer}`,
              })
            : await server.control('POST', `${path}/${token}/${what}?worldId=${app.worldId}`);
        told.push([answer.status, answer.body]);
        if (what === 'buy' && answer.status === 201) purchases.push(answer.body);
      }
      told.push(...(await pass(app.worldId, noon + 30 * dayMs, now)));
      const listed = await server.control('GET', `/apps/${app.clientId}/purchases?worldId=${app.worldId}`);
      const agenda = await server.control('GET', `/worlds/${app.worldId}/agenda`);
      const reads = await Promise.all(purchases.map(({ purchaseToken }) => read(app, purchaseToken)));
      const path = `/apps/${app.clientId}/access-tokens?worldId=${app.worldId}`;
      const { access_token: token } = expectStatus(await server.control('POST', path), 201);
      const lists = await Promise.all(
        ['voided', 'unconfirmed'].map((name) =>
          server.call('GET', `/v7/apps/${app.clientId}/${name}-purchases`, { token }),
        ),
      );
      return { told, listed: listed.body, agenda: agenda.body, reads, lists: lists.map(({ body }) => body) };
    };
  });
}

for (const database of databases) {
  if (database.name === 'sqlite memory') continue;
  test(`a void that fell due while the server on ${database.name} was down is met by whoever polls`, async () => {
    const machine = { now: noon };
    const parts = { clock: () => machine.now };
    const opened = await database.open();
    const servers: TestServer[] = [];
    const start = async () => {
      const server = await startServer({ url: opened.url }, {}, parts);
      servers.push(server);
      return server;
    };
    try {
      const first = await start();
      const app = await first.app();
      const { purchaseToken } = await first.buy(app);
      machine.now += dayMs;
      await first.stop();
      const stoppedAt = machine.now;
      machine.now += 4 * dayMs;
      const second = await start();
      const path = `/v7/apps/${app.clientId}/voided-purchases`;
      const poll = async (startTime: number) => {
        const token = await second.token(app);
        const answer = await second.call('GET', path, { token, query: { startTime } });
        return expectStatus(answer, 200).voidedPurchaseList;
      };
      // the void fell due between the two, and a poller has seen everything up to this moment
      const [row, ...more] = await poll(machine.now);
      assert.deepEqual([row.purchaseToken, row.voidedTime, more], [purchaseToken, machine.now, []]);
      assert.ok(row.voidedTime > stoppedAt);
      machine.now += 1_000;
      await wait(600);
      assert.deepEqual(await poll(row.voidedTime + 1), []);
      const told = await second.control('GET', `/apps/${app.clientId}/purchases/${purchaseToken}`);
      const { history } = expectStatus(told, 200);
      assert.deepEqual(
        history.map(({ at, what }: { at: number; what: string }) => [at, what]),
        [
          [noon, 'purchased'],
          [row.voidedTime, 'voided'],
        ],
      );
    } finally {
      for (const server of servers) await server.stop();
      await opened.drop();
    }
  });
}

test('two servers on one PostgreSQL void each purchase once', async () => {
  const postgres = databases.find(({ name }) => name === 'postgres') ?? assert.fail();
  const machine = { now: noon };
  const opened = await postgres.open();
  const servers: TestServer[] = [];
  try {
    for (let count = 0; count < 2; count++) {
      servers.push(await startServer({ url: opened.url }, {}, { clock: () => machine.now }));
    }
    const [one] = servers;
    assert.ok(one);
    const app = await one.app();
    await Promise.all(Array.from({ length: 100 }, () => one.buy(app)));
    machine.now += dueMs;
    const count = async (what: string) => {
      const [row] = await one.till.host.database.all('select count(*) as found from ledger where what = $1', [
        what,
      ]);
      return Number(row?.found);
    };
    await eventually(async () => (await count('voided')) >= 100);
    await wait(600);
    assert.deepEqual([await count('purchased'), await count('voided')], [100, 100]);
    for (const { logged } of servers)
      assert.ok(!logged.some((line) => line.includes('a scheduled job failed')));
  } finally {
    for (const server of servers) await server.stop();
    await opened.drop();
  }
});

/** Waits until it is so, a minute at most. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 1_200; turn++) {
    if (await isSo()) return;
    await wait(50);
  }
  assert.fail('it did not come to be in time');
}
