// Walks through the real actions and database: the same rows, history and agenda come of it however time is cut up.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { checkRows } from './subscription-laws.ts';
import { holds, stepsBetween } from './subscription-lives.ts';
import { letHappen, pausesByChance, pausesOf, whatIsLeft, worldPlans } from './subscription-world.ts';

const more = Number(process.env.TILL_TEST_RUNS ?? 0);
/** A statement of PostgreSQL goes over a socket. */
const runs = { 'sqlite memory': more || 24, 'sqlite file': 0, postgres: Math.ceil(more / 10) || 2 };

for (const database of httpDatabases) {
  describe(`walks of subscriptions on ${database.name}`, () => {
    let server: TestServer;

    before(async () => {
      server = await startServer(database, {}, { clock: () => Date.UTC(2026, 0, 1) });
    });
    after(() => server.stop());

    test('a year in one jump leaves the rows, histories and agenda of 365 days and of steps by chance', () =>
      holds(
        'a year in one jump leaves the rows',
        fc.asyncProperty(worldPlans(10), pausesByChance, async (plan, shares) => {
          const { host } = server.till;
          const walk = async (pauses: readonly number[]) => {
            const { place, refused } = await letHappen(() => host, plan, pauses);
            const left = await whatIsLeft(host, place);
            checkRows(left, plan);
            return { left, refused, sold: left.rows.subscription.length };
          };
          const jumped = await walk([]);
          assert.ok(jumped.sold >= plan.products.length);
          assert.deepEqual(await walk(stepsBetween(plan.startAt, plan.until, 365)), jumped);
          assert.deepEqual(await walk(pausesOf(plan, shares)), jumped);
        }),
        runs[database.name],
      ));
  });
}
