// What happens to a subscription at the same time happens in some order, and its history tells which.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';
import { checkRows } from './subscription-laws.ts';
import { whatIsLeft } from './subscription-world.ts';

const noon = Date.UTC(2026, 0, 15, 3);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** The first payment and the end of the first month. */
const payday = Date.UTC(2026, 1, 15, 1);
const lastInstant = Date.UTC(2026, 1, 15, 14, 59, 59);
const count = 24;

interface Step {
  at: number;
  what: string;
}

for (const database of httpDatabases) {
  describe(`races of subscriptions on ${database.name}`, () => {
    let url: { url: string; drop(): Promise<void> };
    let server: TestServer;
    /** On PostgreSQL another server on the same database; on SQLite there can be no other. */
    let other: TestServer;
    /** How far the clock of both is ahead of the machine's. */
    let aheadMs = 0;
    const clock = () => Date.now() + aheadMs;

    before(async () => {
      url = await database.open();
      server = await startServer(url, {}, { clock });
      other = database.name === 'postgres' ? await startServer(url, {}, { clock }) : server;
    });
    after(async () => {
      if (other !== server) await other.stop();
      await server.stop();
      await url.drop();
    });

    const newApp = async (terms: Record<string, unknown> = {}, world: Record<string, unknown> = {}) => {
      const worldId = await server.world({ now: noon, calendar: 'commercial', ...world });
      const app = await server.app({ worldId });
      const subscription = { period: 'P1M', gracePeriod: 'P5D', ...terms };
      const product = {
        type: 'subscription',
        title: 'A month',
        price: '3000',
        currency: 'KRW',
        subscription,
      };
      expectStatus(await server.control('PUT', `/apps/${app.clientId}/products/month`, product), 200);
      return app;
    };
    const buySome = async (app: TestApp): Promise<string[]> => {
      const bought = Array.from({ length: count }, () => server.buy(app, { productId: 'month' }));
      return (await Promise.all(bought)).map(({ purchaseToken }) => purchaseToken);
    };
    const path = (app: TestApp, token: string, action = '') =>
      `/apps/${app.clientId}/purchases/${token}${action}`;
    const act = (on: TestServer, app: TestApp, token: string, action: string, body: unknown = {}) =>
      on.control(action === '/payment' ? 'PUT' : 'POST', path(app, token, action), body);
    const goTo = async (app: TestApp, to: number) =>
      expectStatus(await server.control('POST', `/worlds/${app.worldId}/clock/advance`, { to }), 200);
    const history = async (app: TestApp, token: string): Promise<Step[]> =>
      expectStatus(await server.control('GET', path(app, token)), 200).history;
    const whats = (steps: readonly Step[]) => steps.map(({ what }) => what);
    const lawful = async ({ worldId, clientId }: TestApp, startAt: number, until: number) =>
      checkRows(await whatIsLeft(server.till.host, { worldId, clientId }), { startAt, until });
    /** Half of the commands are sent before the clock moves, half behind; on two servers where there are two. */
    const race = async (app: TestApp, tokens: string[], to: number, action: string, body?: unknown) => {
      const send = (token: string, index: number) =>
        act(index % 2 === 0 ? server : other, app, token, action, body);
      const early = tokens.slice(0, count / 2).map(send);
      const time = goTo(app, to);
      const late = tokens.slice(count / 2).map(send);
      const answers = await Promise.all([...early, ...late]);
      await time;
      return answers;
    };

    for (const [action, done] of [
      ['cancel', 'cancelled'],
      ['defer', 'deferred'],
      ['void', 'voided'],
    ] as const) {
      test(`${action} against the renewal: either there was no renewal, or it came first`, async () => {
        const app = await newApp();
        const tokens = await buySome(app);
        await Promise.all(tokens.map((token) => act(server, app, token, '/acknowledge')));
        await goTo(app, payday - 1);
        const body = action === 'defer' ? { deferPeriod: 3 } : {};
        for (const answer of await race(app, tokens, payday, `/${action}`, body)) expectStatus(answer, 200);
        for (const token of tokens) {
          const steps = await history(app, token);
          const last = steps.at(-1);
          const renewed = last?.at === payday ? ['renewed'] : [];
          assert.deepEqual(whats(steps), ['purchased', 'acknowledged', ...renewed, done]);
        }
        await lawful(app, noon, payday);
      });
    }

    test('reactivate against the end: either it goes on and is paid, or it has ended and is refused', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      await Promise.all(tokens.map((token) => act(server, app, token, '/acknowledge')));
      await Promise.all(tokens.map((token) => act(server, app, token, '/cancel')));
      await goTo(app, lastInstant);
      const answers = await race(app, tokens, lastInstant + 1, '/reactivate');
      for (const [index, token] of tokens.entries()) {
        const answer = answers[index];
        assert.ok(answer);
        const won = answer.status === 200;
        if (!won) assert.deepEqual(refusal(answer), [409, 'InvalidPurchaseState']);
        const steps = await history(app, token);
        const expected = won ? ['reactivated', 'renewed'] : ['expired'];
        assert.deepEqual(whats(steps), ['purchased', 'acknowledged', 'cancelled', ...expected]);
        assert.ok(steps.slice(3).every(({ at }) => at === (won ? lastInstant : lastInstant + 1)));
      }
      await lawful(app, noon, lastInstant + 1);
    });

    test('acknowledge against the void of the three days has one winner', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      const due = noon + 72 * hourMs;
      await goTo(app, due - 1);
      const answers = await race(app, tokens, due, '/acknowledge');
      for (const [index, token] of tokens.entries()) {
        const answer = answers[index];
        assert.ok(answer);
        const won = answer.status === 200;
        if (!won) assert.deepEqual(refusal(answer), [409, 'InvalidPurchaseState']);
        const steps = await history(app, token);
        assert.deepEqual(whats(steps), ['purchased', won ? 'acknowledged' : 'voided']);
        assert.equal(steps[1]?.at, won ? due - 1 : due);
      }
      await lawful(app, noon, due);
    });

    test('another payment method against the next attempt: it is paid once, at whichever came first', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      await Promise.all(tokens.map((token) => act(server, app, token, '/acknowledge')));
      const declining = tokens.map((token) => act(server, app, token, '/payment', { outcome: 'decline' }));
      for (const answer of await Promise.all(declining)) expectStatus(answer, 200);
      const retry = payday + dayMs;
      await goTo(app, retry - 1);
      const answers = await race(app, tokens, retry, '/payment', { outcome: 'approve' });
      for (const answer of answers) expectStatus(answer, 200);
      for (const token of tokens) {
        const steps = (await history(app, token)).slice(3);
        const late = steps.at(-1)?.at === retry ? ['declined'] : [];
        const expected = ['declined', 'graceStarted', ...late, 'paymentChanged', 'renewed'];
        assert.deepEqual(whats(steps), expected);
      }
      await lawful(app, noon, retry);
    });

    test('two advances of one world at once move it twice, and pay each month once', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      await Promise.all(tokens.map((token) => act(server, app, token, '/acknowledge')));
      const advance = (on: TestServer) =>
        on.control('POST', `/worlds/${app.worldId}/clock/advance`, { by: 'P90D' });
      const both = (await Promise.all([advance(server), advance(other)])).map((one) =>
        expectStatus(one, 200),
      );
      const renewals = both.flatMap(({ happened }) => happened);
      assert.equal(renewals.length, count * 5);
      assert.ok(renewals.every(({ what }) => what === 'renewed'));
      await lawful(app, noon, noon + 180 * dayMs);
    });

    test('of 50 cancels at the same time all succeed and one happened', async () => {
      const app = await newApp();
      const { purchaseToken: token } = await server.buy(app, { productId: 'month' });
      const cancels = Array.from({ length: 50 }, (_, index) =>
        act(index % 2 === 0 ? server : other, app, token, '/cancel'),
      );
      for (const answer of await Promise.all(cancels)) expectStatus(answer, 200);
      assert.deepEqual(whats(await history(app, token)), ['purchased', 'cancelled']);
    });

    test('of 50 deferrals at the same time each that succeeded happened once', async () => {
      const app = await newApp();
      const { purchaseToken: token } = await server.buy(app, { productId: 'month' });
      const deferrals = Array.from({ length: 50 }, (_, index) =>
        act(index % 2 === 0 ? server : other, app, token, '/defer', { deferPeriod: 1 }),
      );
      const answers = await Promise.all(deferrals);
      const done = answers.filter(({ status }) => status === 200).length;
      // many writers of one row may be asked to come again, and then have changed nothing
      const refused = answers.filter(({ status }) => status !== 200);
      assert.ok(
        refused.every((answer) => refusal(answer)[1] === 'ServiceMaintenance'),
        refused[0]?.text,
      );
      assert.ok(done === 50 || database.name === 'postgres');
      const steps = await history(app, token);
      assert.deepEqual(whats(steps), ['purchased', ...Array(done).fill('deferred')]);
      const [row] = await server.till.host.database.all(
        'select next_payment_at from subscription where purchase_token = $1',
        [token],
      );
      assert.equal(row?.next_payment_at, payday + done * dayMs);
    });

    test('schedulers of a running world race for what is due, and for what is asked of it meanwhile', async () => {
      const app = await newApp({ period: 'P1W' }, { calendar: 'sandbox', frozen: false });
      const tokens = await buySome(app);
      const actions = ['/payment', '/acknowledge', '/reactivate', '/payment', '/defer', '/cancel', '/void'];
      // each turn is half a minute of the world, of which five are a week: a slow machine sees as many of them as a quick one
      for (let turn = 0; turn < 50; turn++) {
        aheadMs += 30_000;
        const sent = tokens.map((token, index) => {
          // some are left alone with their payments; deferred again and again nothing would ever fall due
          const kinds = [2, 4, turn % 20 === 0 ? 5 : 3, turn % 20 === 0 ? 7 : 6][index % 4] ?? 1;
          const action = actions[(turn + index) % kinds] ?? '';
          const outcome = ['decline', 'timeout', 'approve'][(turn + index) % 3];
          const body = { '/payment': { outcome }, '/defer': { deferPeriod: 1 } }[action] ?? {};
          return act((turn + index) % 2 === 0 ? server : other, app, token, action, body);
        });
        for (const answer of await Promise.all(sent))
          assert.ok([200, 409].includes(answer.status), answer.text);
        await wait(50);
      }
      expectStatus(await server.control('PUT', `/worlds/${app.worldId}/clock`, { frozen: true }), 200);
      const shown = expectStatus(await server.control('GET', `/worlds/${app.worldId}`), 200);
      await lawful(app, noon, shown.clock.now);
      const renewals = (await Promise.all(tokens.map((token) => history(app, token))))
        .flat()
        .filter(({ what }) => what === 'renewed' || what === 'recovered');
      assert.ok(renewals.length >= count, `only ${renewals.length} renewals`);
    });
  });
}
