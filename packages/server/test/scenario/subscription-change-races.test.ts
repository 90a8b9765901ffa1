// Pauses, changes of price and of product at the same time as everything else: some serial order holds.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { finishPriceChanges } from '../../src/actions/control/change-price.ts';
import type { Gateway } from '../../src/host/host.ts';
import { httpDatabases } from '../databases.ts';
import { type Answer, expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';
import { checkRows } from './subscription-laws.ts';
import { whatIsLeft } from './subscription-world.ts';

const noon = Date.UTC(2026, 0, 15, 3);
const dayMs = 86_400_000;
/** The first payment, and the one that ends a pause of a month behind it. */
const payday = Date.UTC(2026, 1, 15, 1);
const resumeAt = payday + 30 * dayMs;
const count = 12;

const immediate = 'IMMEDIATE_WITHOUT_PRORATION';

for (const database of httpDatabases) {
  describe(`races of pauses and changes on ${database.name}`, () => {
    let url: { url: string; drop(): Promise<void> };
    let server: TestServer;
    /** On PostgreSQL another server on the same database; on SQLite there can be no other. */
    let other: TestServer;

    before(async () => {
      url = await database.open();
      server = await startServer(url);
      other = database.name === 'postgres' ? await startServer(url) : server;
    });
    after(async () => {
      if (other !== server) await other.stop();
      await server.stop();
      await url.drop();
    });

    const put = async (on: TestServer, app: TestApp, productId: string, price: string) => {
      const subscription = { period: 'P1M', gracePeriod: 'P5D', pausable: true };
      const product = { type: 'subscription', title: 'A month', price, currency: 'KRW', subscription };
      expectStatus(await on.control('PUT', `/apps/${app.clientId}/products/${productId}`, product), 200);
    };
    const newApp = async (on = server) => {
      const app = await on.app({ worldId: await on.world({ now: noon, calendar: 'commercial' }) });
      await put(on, app, 'month', '3000');
      await put(on, app, 'gold', '5000');
      await put(on, app, 'silver', '4000');
      return app;
    };
    const act = (on: TestServer, app: TestApp, token: string, action: string, body: unknown = {}) =>
      on.control(
        action === 'payment' ? 'PUT' : 'POST',
        `/apps/${app.clientId}/purchases/${token}/${action}`,
        body,
      );
    const all = async (app: TestApp, tokens: readonly string[], action: string, body?: unknown) => {
      for (const answer of await Promise.all(tokens.map((token) => act(server, app, token, action, body)))) {
        expectStatus(answer, 200);
      }
    };
    const buySome = async (app: TestApp, given: Record<string, unknown> = {}): Promise<string[]> => {
      const buying = Array.from({ length: count }, (_, index) =>
        server.buy(app, { productId: 'month', buyerId: `buyer ${index}`, ...given }),
      );
      const tokens = (await Promise.all(buying)).map(({ purchaseToken }) => purchaseToken);
      await all(app, tokens, 'acknowledge');
      return tokens;
    };
    const change = (on: TestServer, app: TestApp, token: string, mode: string, productId = 'gold') =>
      on.control('POST', `/apps/${app.clientId}/purchases?worldId=${app.worldId}`, {
        productId,
        replaces: { purchaseToken: token, mode },
      });
    const goTo = async (app: TestApp, to: number) =>
      expectStatus(await server.control('POST', `/worlds/${app.worldId}/clock/advance`, { to }), 200);
    const whats = async (app: TestApp, token: string): Promise<string[]> => {
      const shown = expectStatus(
        await server.control('GET', `/apps/${app.clientId}/purchases/${token}`),
        200,
      );
      return shown.history.map(({ what }: { what: string }) => what).slice(2);
    };
    const left = (app: TestApp) => whatIsLeft(server.till.host, app);
    const lawful = async (app: TestApp, until: number) => {
      const found = await left(app);
      checkRows(found, { startAt: noon, until });
      return found;
    };
    const turn = (index: number) => (index % 2 === 0 ? server : other);
    /** Half of the commands are sent before the clock moves, half behind. */
    const race = async (
      app: TestApp,
      tokens: readonly string[],
      to: number,
      send: (token: string, index: number) => Promise<Answer>,
    ) => {
      const early = tokens.slice(0, count / 2).map(send);
      const time = goTo(app, to);
      const late = tokens.slice(count / 2).map((token, index) => send(token, index + count / 2));
      const answers = await Promise.all([...early, ...late]);
      await time;
      return answers;
    };
    const oneOf = (found: readonly string[], ...expected: string[][]) =>
      assert.ok(
        expected.some((one) => one.join() === found.join()),
        `${found.join()} is none of ${expected.map((one) => one.join()).join(' | ')}`,
      );

    test('pause against the renewal: it is paid and paused after the next period, or paused before', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      await goTo(app, payday - 1);
      const answers = await race(app, tokens, payday, (token, index) =>
        act(turn(index), app, token, 'pause', { for: 'P1M' }),
      );
      for (const answer of answers) expectStatus(answer, 200);
      for (const token of tokens)
        oneOf(await whats(app, token), ['pauseScheduled'], ['renewed', 'pauseScheduled']);
      await lawful(app, payday);
    });

    test('resume against the end of the pause: it is paid once', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      await all(app, tokens, 'pause', { for: 'P1M' });
      await goTo(app, resumeAt - 1);
      const answers = await race(app, tokens, resumeAt, (token, index) =>
        act(turn(index), app, token, 'resume'),
      );
      for (const [index, token] of tokens.entries()) {
        const answer = answers[index] ?? assert.fail();
        if (answer.status !== 200) assert.deepEqual(refusal(answer), [409, 'InvalidState']);
        assert.deepEqual(await whats(app, token), ['pauseScheduled', 'paused', 'resumed']);
      }
      await lawful(app, resumeAt);
    });

    for (const mode of [immediate, 'IMMEDIATE_WITH_TIME_PRORATION', 'DEFERRED']) {
      test(`a change of product with ${mode} against the renewal: it comes before or behind it`, async () => {
        const app = await newApp();
        const tokens = await buySome(app);
        await goTo(app, payday - 1);
        const answers = await race(app, tokens, payday, (token, index) =>
          change(turn(index), app, token, mode),
        );
        for (const answer of answers) expectStatus(answer, 201);
        for (const token of tokens) {
          const found = await whats(app, token);
          if (mode === 'DEFERRED')
            oneOf(found, ['renewed', 'switchScheduled'], ['switchScheduled', 'replaced']);
          else oneOf(found, ['renewed', 'replaced'], ['replaced']);
        }
        const { rows } = await lawful(app, payday);
        const live = rows.subscription.filter(({ status }) => status === 'active');
        assert.equal(live.length, count, 'one for each buyer');
      });

      test(`a change of product with ${mode} against cancel leaves one that lives`, async () => {
        const app = await newApp();
        const tokens = await buySome(app);
        const pairs = await Promise.all(
          tokens.map((token, index) =>
            Promise.all([change(turn(index), app, token, mode), act(turn(index + 1), app, token, 'cancel')]),
          ),
        );
        for (const [index, [changed, cancelled]] of pairs.entries()) {
          const found = await whats(app, tokens[index] ?? '');
          if (mode === 'DEFERRED') {
            expectStatus(cancelled, 200);
            if (changed.status === 201) assert.deepEqual(found, ['switchScheduled', 'cancelled']);
            else {
              assert.deepEqual(refusal(changed), [409, 'InvalidState']);
              assert.deepEqual(found, ['cancelled']);
            }
          } else {
            expectStatus(changed, 201);
            if (cancelled.status === 200) assert.deepEqual(found, ['cancelled', 'replaced']);
            else {
              assert.deepEqual(refusal(cancelled), [409, 'InvalidPurchaseState']);
              assert.deepEqual(found, ['replaced']);
            }
          }
        }
        for (const [{ body, status }] of pairs) {
          if (status === 201 && mode !== 'DEFERRED') {
            expectStatus(await act(server, app, body.purchaseToken, 'acknowledge'), 200);
          }
        }
        await goTo(app, payday + dayMs);
        const { rows } = await lawful(app, payday + dayMs);
        const live = rows.subscription.filter(({ status }) => status === 'active');
        assert.equal(live.length, mode === 'DEFERRED' ? 0 : count);
      });
    }

    test('a switch that waited against cancel at its payment: it is switched and cannot be cancelled, or it ends', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      for (const answer of await Promise.all(tokens.map((token) => change(server, app, token, 'DEFERRED')))) {
        expectStatus(answer, 201);
      }
      await goTo(app, payday - 1);
      const answers = await race(app, tokens, payday, (token, index) =>
        act(turn(index), app, token, 'cancel'),
      );
      for (const [index, token] of tokens.entries()) {
        const answer = answers[index] ?? assert.fail();
        if (answer.status !== 200) assert.deepEqual(refusal(answer), [409, 'InvalidPurchaseState']);
        const what = answer.status === 200 ? 'cancelled' : 'replaced';
        assert.deepEqual(await whats(app, token), ['switchScheduled', what]);
      }
      await lawful(app, payday);
    });

    test('of several changes of product at once one wins, and one subscription comes of it', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      const groups = await Promise.all(
        tokens.map((token) =>
          Promise.all(
            ['gold', 'silver', 'gold', 'silver'].map((productId, index) =>
              change(
                turn(index),
                app,
                token,
                index === 2 ? 'IMMEDIATE_WITH_TIME_PRORATION' : immediate,
                productId,
              ),
            ),
          ),
        ),
      );
      for (const answers of groups) {
        assert.equal(answers.filter(({ status }) => status === 201).length, 1);
        for (const answer of answers.filter(({ status }) => status !== 201)) {
          assert.deepEqual(refusal(answer).slice(0, 2), [409, 'InvalidState']);
        }
      }
      const { rows } = await lawful(app, noon);
      assert.equal(rows.subscription.length, 2 * count);
      assert.equal(rows.subscription.filter(({ status }) => status === 'active').length, count);
    });

    test('a change of price against purchases: whoever bought at the old price is told of the new one', async () => {
      const app = await newApp();
      await buySome(app);
      const buying = Array.from({ length: 60 }, (_, index) =>
        turn(index).buy(app, { productId: 'month', buyerId: `new buyer ${index}` }),
      );
      const changing = server.control('POST', `/apps/${app.clientId}/products/month/price`, {
        price: '4000',
      });
      const more = Array.from({ length: 60 }, (_, index) =>
        turn(index).buy(app, { productId: 'month', buyerId: `late buyer ${index}` }),
      );
      expectStatus(await changing, 200);
      await Promise.all([...buying, ...more]);
      await finishPriceChanges(server.till.host);
      const { rows } = await lawful(app, noon);
      const months = rows.subscription.filter(({ product_id }) => product_id === 'month');
      assert.equal(months.length, count + 120);
      for (const { price_micros, price_changes, price_seq } of months) {
        assert.equal(price_seq, 1);
        const waiting = JSON.parse(String(price_changes));
        if (price_micros === 4_000_000_000) assert.deepEqual(waiting, []);
        else
          assert.deepEqual(
            waiting.map(({ newMicros }: { newMicros: number }) => newMicros),
            [4_000_000_000],
          );
      }
    });

    test('a purchase whose payment takes longer than a change of price is told of it', async () => {
      let meanwhile = async () => {};
      const gateway: Gateway = {
        takesMoney: true,
        ask: async () => {
          await meanwhile();
          return 'approved';
        },
      };
      const outside = await startServer(database, {}, { gateway });
      try {
        const app = await newApp(outside);
        const path = `/apps/${app.clientId}/products/month/price`;
        meanwhile = async () => {
          meanwhile = async () => {};
          expectStatus(await outside.control('POST', path, { price: '4000' }), 200);
        };
        await outside.buy(app, { productId: 'month' });
        await finishPriceChanges(outside.till.host);
        const { rows } = await whatIsLeft(outside.till.host, app);
        const [bought = assert.fail()] = rows.subscription;
        assert.deepEqual([bought.price_micros, bought.price_seq], [3_000_000_000, 1]);
        assert.equal(JSON.parse(String(bought.price_changes))[0]?.newMicros, 4_000_000_000);
      } finally {
        await outside.stop();
      }
    });

    test('two nodes that tell the same change, and another change meanwhile: each is taken once, in their order', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      const price = (on: TestServer, to: string) =>
        on.control('POST', `/apps/${app.clientId}/products/month/price`, { price: to });
      const finish = (on: TestServer) => finishPriceChanges(on.till.host);
      const first = price(server, '4000');
      const both = await Promise.all([first, finish(server), finish(other), finish(other), finish(server)]);
      expectStatus(both[0], 200);
      await goTo(app, noon + 7 * dayMs);
      for (const token of tokens) assert.deepEqual(await whats(app, token), ['priceTold']);
      const answers = await Promise.all([
        price(server, '5000'),
        price(other, '5000'),
        ...tokens.map((token, index) => act(turn(index), app, token, 'price-consent', { agreed: true })),
        finish(other),
      ]);
      for (const answer of answers) if (answer !== undefined) expectStatus(answer, 200);
      await Promise.all([finish(server), finish(other)]);
      const { rows } = await lawful(app, noon + 7 * dayMs);
      for (const { price_changes, price_seq, product_id } of rows.subscription) {
        const [told, next, ...more] = JSON.parse(String(price_changes));
        assert.deepEqual([product_id, price_seq, more.length], ['month', 3, 0]);
        assert.deepEqual([told.newMicros, told.told, told.agreed], [4_000_000_000, true, true]);
        assert.deepEqual([next.newMicros, next.told, next.agreed], [5_000_000_000, false, false]);
      }
      assert.equal(rows.product.find(({ product_id }) => product_id === 'month')?.price_change, null);
    });

    test('a change of price against the renewal is heard by all, and paid by none of them yet', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      await goTo(app, payday - 1);
      const time = goTo(app, payday);
      const changing = other.control('POST', `/apps/${app.clientId}/products/month/price`, { price: '4000' });
      expectStatus(await changing, 200);
      await time;
      await finishPriceChanges(server.till.host);
      for (const token of tokens) assert.deepEqual(await whats(app, token), ['renewed']);
      const { rows } = await lawful(app, payday);
      for (const { price_seq, last_paid_micros } of rows.subscription) {
        assert.deepEqual([price_seq, last_paid_micros], [1, 3_000_000_000]);
      }
    });

    test('consent against the payment that needs it: the new price is paid, or none and it ends', async () => {
      const app = await newApp();
      const tokens = await buySome(app);
      const path = `/apps/${app.clientId}/products/month/price`;
      expectStatus(await server.control('POST', path, { price: '4000' }), 200);
      const second = Date.UTC(2026, 2, 15, 1);
      await goTo(app, second - 1);
      const answers = await race(app, tokens, second, (token, index) =>
        act(turn(index), app, token, 'price-consent', { agreed: true }),
      );
      for (const [index, token] of tokens.entries()) {
        const answer = answers[index] ?? assert.fail();
        const won = answer.status === 200;
        if (!won) assert.deepEqual(refusal(answer), [409, 'InvalidState']);
        const expected = won ? ['priceConfirmed', 'renewed'] : ['priceRefused'];
        assert.deepEqual(await whats(app, token), ['priceTold', 'renewed', ...expected]);
      }
      const { rows } = await lawful(app, second);
      for (const { renewing, last_paid_micros } of rows.subscription) {
        assert.equal(last_paid_micros, renewing === 1 ? 4_000_000_000 : 3_000_000_000);
      }
    });
  });
}
