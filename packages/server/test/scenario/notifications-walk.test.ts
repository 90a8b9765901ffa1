// Walks that are told of: the same messages come of a life however time is cut up, each entry has its own and no other.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Happening } from '../../src/domain/ledger.ts';
import { paymentToldAs, toldAs } from '../../src/domain/notification.ts';
import type { Poster } from '../../src/host/host.ts';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { holds, stepsBetween } from './subscription-lives.ts';
import {
  type Left,
  letHappen,
  pausesByChance,
  pausesOf,
  whatIsLeft,
  worldPlans,
} from './subscription-world.ts';

const more = Number(process.env.TILL_TEST_RUNS ?? 0);
/** Signatures cost more than all the rest. */
const runs = { 'sqlite memory': more || 12, 'sqlite file': 0, postgres: Math.ceil(more / 10) || 2 };

/** A network on which everything arrives at once, each request once. */
function createNetwork(): Poster & { arrived: string[] } {
  const arrived: string[] = [];
  return {
    arrived,
    refusalOf: () => undefined,
    post: async ({ id }) => {
      arrived.push(id);
      return { result: 'delivered', httpStatus: 200, durationMs: 0 };
    },
    close: () => {},
  };
}

for (const database of httpDatabases) {
  describe(`walks that are told of on ${database.name}`, () => {
    const network = createNetwork();
    let server: TestServer;
    before(async () => {
      server = await startServer(database, {}, { clock: () => Date.UTC(2026, 0, 1), poster: network });
    });
    after(() => server.stop());

    test('a year in one jump tells what 365 days and steps by chance tell, and what the ledger says', () =>
      holds(
        'a year in one jump tells',
        fc.asyncProperty(worldPlans(5), pausesByChance, async (drawn, shares) => {
          const plan = { ...drawn, told: 'http://127.0.0.1:1/' };
          const { host } = server.till;
          const walk = async (pauses: readonly number[]) => {
            network.arrived.length = 0;
            const { place } = await letHappen(() => host, plan, pauses);
            const { rows } = await whatIsLeft(host, place);
            checkMessages(rows);
            checkArrived(rows, network.arrived);
            return rows.notification;
          };
          const jumped = await walk([]);
          assert.ok(jumped.length >= plan.products.length);
          assert.deepEqual(await walk(stepsBetween(plan.startAt, plan.until, 365)), jumped);
          assert.deepEqual(await walk(pausesOf(plan, shares)), jumped);
        }),
        runs[database.name],
      ));
  });
}

/** Every entry of the ledger has exactly its messages, and no message lacks its entry. */
function checkMessages({ ledger, notification, subscription }: Left['rows']): void {
  const ofMonthly = new Set(
    subscription.filter(({ type }) => type === 'auto').map((row) => row.purchase_token),
  );
  const expected = ledger.flatMap(({ purchase_token: token, seq, what, at }) => {
    const name = `${token}-${String(seq).padStart(6, '0')}`;
    const state = paymentToldAs[what as Happening];
    const type = ofMonthly.has(token ?? '') ? undefined : toldAs[what as Happening];
    return [
      ...(state === undefined ? [] : [`${name}-payment ${at} ${state}`]),
      ...(type === undefined ? [] : [`${name}-subscription ${at} ${type}`]),
    ];
  });
  const told = notification.map(({ notification_id, created_at, body }) => {
    const { purchaseState, subscriptionNotification } = JSON.parse(String(body));
    return `${notification_id} ${created_at} ${purchaseState ?? subscriptionNotification.notificationType}`;
  });
  assert.deepEqual(told.sort(), expected.sort());
}

/** Each was sent once, those of a purchase in the order of their causes. */
function checkArrived({ notification }: Left['rows'], arrived: readonly string[]): void {
  assert.deepEqual(
    notification.map(({ status, try_count }) => [status, try_count]),
    notification.map(() => ['delivered', 1]),
  );
  assert.deepEqual(arrived.toSorted(), notification.map(({ notification_id }) => notification_id).sort());
  const tokens = Map.groupBy(arrived, (id) => id.replace(/-\d{6}-\w+$/, ''));
  for (const ids of tokens.values()) assert.deepEqual(ids, ids.toSorted());
}
