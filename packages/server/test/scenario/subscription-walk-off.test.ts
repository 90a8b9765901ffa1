// A sandbox whose clock ran on while nobody was there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { databases } from '../databases.ts';
import { expectStatus, startServer } from '../server.ts';
import { checkRows } from './subscription-laws.ts';
import { dayMs } from './subscription-lives.ts';
import { whatIsLeft } from './subscription-world.ts';

const noon = Date.UTC(2026, 0, 15, 3);

test('a sandbox that was off for a week listens at once, catches up in bounded passes and answers meanwhile', async () => {
  const file = databases.find(({ name }) => name === 'sqlite file');
  assert.ok(file);
  const opened = await file.open();
  const machine = { now: noon };
  const parts = { clock: () => machine.now };
  let server = await startServer(opened, {}, parts);
  const worldId = await server.world({ frozen: false });
  const app = await server.app({ worldId });
  const products = ['P3M', 'P6M', 'P1Y'];
  for (const period of products) {
    const terms = { type: 'subscription', title: period, price: '3000', currency: 'KRW' };
    const body = { ...terms, subscription: { period, gracePeriod: 'P5D' } };
    expectStatus(await server.control('PUT', `/apps/${app.clientId}/products/${period}`, body), 200);
  }
  // most of them end on the way, as the test subscriptions of a sandbox do
  const buy = async (index: number): Promise<string> => {
    const productId = products[index % 3] ?? 'P3M';
    const { purchaseToken } = await server.buy(app, { productId });
    const path = `/apps/${app.clientId}/purchases/${purchaseToken}`;
    if (index % 100 !== 2) expectStatus(await server.control('POST', `${path}/acknowledge`, {}), 200);
    if (index % 100 > 2 && index % 2 === 0)
      expectStatus(await server.control('POST', `${path}/cancel`, {}), 200);
    if (index % 100 > 2 && index % 2 === 1) {
      expectStatus(await server.control('PUT', `${path}/payment`, { outcome: 'decline' }), 200);
    }
    return purchaseToken;
  };
  await Promise.all(Array.from({ length: 300 }, (_, index) => buy(index)));
  await server.till.stop();

  machine.now += 7 * dayMs;
  let mostPayments = 0;
  // nothing is caught up with before the test has looked: who waited for that would not listen
  const { promise: looked, resolve: goOn } = Promise.withResolvers<void>();
  const before = performance.now();
  const wrapDatabase: NonNullable<Parameters<typeof startServer>[2]>['wrapDatabase'] = (database) => ({
    ...database,
    transaction: (work) =>
      database.transaction(async (query) => {
        let payments = 0;
        const run: typeof query.run = async (sql, values) => {
          if (/(insert into|update) (purchase|subscription)/.test(sql)) await looked;
          if (sql.includes('insert into purchase')) mostPayments = Math.max(mostPayments, ++payments);
          return query.run(sql, values);
        };
        return work({ ...query, all: query.all.bind(query), run });
      }),
  });
  server = await startServer({ url: opened.url }, {}, { ...parts, wrapDatabase });
  try {
    assert.equal((await server.call('GET', '/healthz')).status, 200);
    const overdue = async () => {
      const [row] = await server.till.host.database.all(
        'select count(*) as due from subscription where due_at <= $1',
        [machine.now],
      );
      return Number(row?.due);
    };
    const atFirst = await overdue();
    goOn();
    let passes = 0;
    for (; (await overdue()) > 0; passes++) {
      expectStatus(await server.control('GET', `/worlds/${worldId}`), 200);
      assert.ok(performance.now() - before < 240_000, 'it never catches up');
      await wait(20);
    }
    assert.equal(atFirst, 300, 'it listened before it caught up');
    assert.ok(passes > 1, 'it answered while it caught up');
    assert.ok(mostPayments > 1 && mostPayments <= 50, `${mostPayments} payments in one transaction`);
    const left = await whatIsLeft(server.till.host, { worldId, clientId: app.clientId });
    checkRows(left, { startAt: noon, until: machine.now });
    const running = left.rows.subscription.filter(({ status }) => status === 'active');
    assert.ok(running.length >= 6);
  } finally {
    await server.stop();
    await opened.drop();
  }
});
