// A history never goes back: what is carried out late, or by a node whose clock lags, is not dated before what was.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import type { Happening } from '../../src/domain/ledger.ts';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestApp, type TestServer } from '../server.ts';
import { checkRows } from './subscription-laws.ts';
import { dayMs, holds, lives, minuteMs, stepsBetween } from './subscription-lives.ts';
import { goTo, live, type Walk } from './subscription-walker.ts';
import { whatIsLeft } from './subscription-world.ts';

const noon = Date.UTC(2026, 0, 15, 3);
const runs = Number(process.env.TILL_TEST_RUNS ?? 2_000);
/** What time and the gateway do. */
const byTime: Happening[] = [
  ...([
    'renewed',
    'declined',
    'graceStarted',
    'held',
    'recovered',
    'expired',
    'cancelled',
    'voided',
  ] as const),
  ...(['paused', 'resumed', 'priceTold', 'priceConfirmed', 'priceRefused', 'replaced', 'switched'] as const),
];

function checkOrder({ tokens }: Walk): void {
  for (const { entries, subscription } of tokens) {
    const times = entries.map(({ at }) => at);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.ok(subscription.changedAt >= (times.at(-1) ?? 0));
  }
}

test('a jump of the clock that meets an unfinished catch-up takes no history back', () =>
  holds(
    'a jump of the clock',
    fc.property(lives, fc.tuple(fc.integer({ min: 4, max: 30 }), fc.nat(2)), (life, [count, most]) => {
      const pauses = stepsBetween(life.startAt, life.until, count);
      const late = { pauses: new Set(pauses.filter((_, index) => index % 2 === 0)), most };
      checkOrder(live(life, pauses, checkOrder, { late }));
    }),
    Math.ceil(runs / 2),
  ));

test('every kind of step that was due before the latest entry is dated not before it', async () => {
  const kinds = new Set<Happening>();
  const look = ({ tokens, ...walk }: Walk) => {
    for (const [index, { subscription }] of tokens.entries()) {
      if (subscription.dueAt === null) continue;
      const changedAt = subscription.dueAt + minuteMs;
      // few buyers pay of themselves when it is on hold
      const paymentOutcome = subscription.status === 'hold' ? 'approve' : subscription.paymentOutcome;
      const copy = structuredClone({ ...walk, tokens });
      const [one = assert.fail()] = copy.tokens.splice(index, 1);
      const known = one.entries.length;
      const alone = {
        ...copy,
        tokens: [{ ...one, subscription: { ...subscription, changedAt, paymentOutcome } }],
      };
      goTo(alone, changedAt);
      for (const { at, what } of alone.tokens.flatMap(({ entries }, token) =>
        entries.slice(token ? 0 : known),
      )) {
        assert.ok(at >= changedAt, what);
        kinds.add(what);
      }
    }
  };
  await holds(
    'every kind of step',
    fc.property(lives, (life) => void live(life, stepsBetween(life.startAt, life.until, 20), look)),
    Math.ceil(runs / 4),
  );
  assert.deepEqual(
    byTime.filter((what) => !kinds.has(what)),
    [],
  );
});

for (const database of httpDatabases) {
  describe(`histories of running worlds on ${database.name}`, () => {
    const machine = { now: noon, lag: 0 };
    let url: { url: string; drop(): Promise<void> };
    let server: TestServer;
    /** Another node where there can be one, whose clock lags. */
    let slow: TestServer;

    before(async () => {
      url = await database.open();
      server = await startServer(url, {}, { clock: () => machine.now });
      const clock = () => machine.now - machine.lag;
      slow = database.name === 'postgres' ? await startServer(url, {}, { clock }) : server;
    });
    after(async () => {
      if (slow !== server) await slow.stop();
      await server.stop();
      await url.drop();
    });

    const open = async (): Promise<TestApp> => {
      const app = await server.app({ worldId: await server.world({ now: noon, frozen: false }) });
      for (const [productId, price] of Object.entries({ week: '3000', other: '5000' })) {
        const subscription = { period: 'P1W', gracePeriod: 'P5D', pausable: true };
        const product = { type: 'subscription', title: 'A week', price, currency: 'KRW', subscription };
        expectStatus(
          await server.control('PUT', `/apps/${app.clientId}/products/${productId}`, product),
          200,
        );
      }
      return app;
    };
    const path = (app: TestApp, token: string) => `/apps/${app.clientId}/purchases/${token}`;
    const buy = async (app: TestApp): Promise<string> => {
      const { purchaseToken } = await server.buy(app, { productId: 'week' });
      expectStatus(await server.control('POST', `${path(app, purchaseToken)}/acknowledge`, {}), 200);
      return purchaseToken;
    };
    const renewals = async (token: string): Promise<number> => {
      const sql = `select count(*) as made from ledger where purchase_token = $1 and what = 'renewed'`;
      const [row] = await server.till.host.database.all(sql, [token]);
      return Number(row?.made);
    };
    const lawful = async ({ worldId, clientId }: TestApp, startAt: number) => {
      const { now } = expectStatus(await server.control('GET', `/worlds/${worldId}`), 200).clock;
      const left = await whatIsLeft(server.till.host, { worldId, clientId });
      checkRows(left, { startAt, until: now });
    };

    for (const hand of ['advance', 'put'] as const) {
      test(`${hand === 'put' ? 'PUT clock' : 'an advance'} that meets an unfinished catch-up dates nothing before the latest entry`, async () => {
        const startAt = machine.now;
        const app = await open();
        const token = await buy(app);
        machine.now += dayMs;
        for (let trial = 0; (await renewals(token)) === 0; trial++) {
          assert.ok(trial < 10_000, 'no pass of the catch-up');
          await wait(5);
        }
        const first = await renewals(token);
        assert.ok(first < 200, `${first} of 288 renewals were made at once`);
        const answer =
          hand === 'advance'
            ? await server.control('POST', `/worlds/${app.worldId}/clock/advance`, { by: 'PT1M' })
            : await server.control('PUT', `/worlds/${app.worldId}/clock`, {
                now: noon + (machine.now - startAt) + minuteMs,
                frozen: true,
              });
        expectStatus(answer, 200);
        expectStatus(await server.control('PUT', `/worlds/${app.worldId}/clock`, { frozen: true }), 200);
        assert.ok((await renewals(token)) >= 288);
        await lawful(app, noon);
      });
    }

    const commands = [
      ...([
        ['cancel'],
        ['reactivate'],
        ['payment', { outcome: 'decline' }],
        ['pause', { for: 'P1W' }],
      ] as const),
      ...([['resume'], ['defer', { deferPeriod: 2 }], ['price'], ['change'], ['switch'], ['void']] as const),
      ...([['acknowledge']] as const),
    ];
    for (const [what, body = {}] of commands) {
      test(`${what} on a node whose clock lags happens no earlier than what has happened`, async () => {
        const app = await open();
        const token = what === 'acknowledge' ? '' : await buy(app);
        const { purchaseToken = token } =
          token === '' ? await server.buy(app, { productId: 'week' }) : { purchaseToken: token };
        const call = (on: TestServer, action: string, given: unknown) =>
          on.control(action === 'payment' ? 'PUT' : 'POST', `${path(app, purchaseToken)}/${action}`, given);
        machine.now += 30_000;
        if (what === 'reactivate') expectStatus(await call(server, 'cancel', {}), 200);
        if (what === 'resume') expectStatus(await call(server, 'pause', { for: 'P1W' }), 200);
        // the latest entry, by a node whose clock is right
        expectStatus(await call(server, 'payment', { outcome: 'approve' }), 200);
        if (slow === server) machine.now -= 20_000;
        else machine.lag = 20_000;
        try {
          if (what === 'price') {
            const products = `/apps/${app.clientId}/products/week/price`;
            expectStatus(await slow.control('POST', products, { price: '4000' }), 200);
          } else if (what === 'change' || what === 'switch') {
            const mode = what === 'switch' ? 'DEFERRED' : 'IMMEDIATE_WITHOUT_PRORATION';
            await slow.buy(app, { productId: 'other', replaces: { purchaseToken, mode } });
          } else expectStatus(await call(slow, what, body), 200);
        } finally {
          if (slow === server) machine.now += 20_000;
          machine.lag = 0;
        }
        expectStatus(await server.control('PUT', `/worlds/${app.worldId}/clock`, { frozen: true }), 200);
        await lawful(app, noon);
      });
    }
  });
}
