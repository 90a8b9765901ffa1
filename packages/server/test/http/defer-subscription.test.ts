// deferSubscription over HTTP (section 6.4).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertFindsNothingElse, korea, openCommercialShop } from './recurring.ts';
import {
  assertRefused,
  assertSucceeded,
  type Bought,
  dayMs,
  hourMs,
  minuteMs,
  noon,
  openShop,
  type Shop,
} from './shop.ts';

const json = { 'content-type': 'application/json' };

for (const database of httpDatabases) {
  describe(`deferSubscription on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const timesOf = async (shop: Shop, purchase: Bought) => {
      const { body } = await shop.subscription.detail(purchase);
      return [body.nextPaymentTimeMillis, body.expiryTimeMillis];
    };
    /** A body as it is written, byte for byte. */
    const send = (shop: Shop, purchase: Bought, body: string) =>
      shop.defer(purchase, 0, { body, headers: json });

    it('puts the next payment off by days on real periods, and the use goes on', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      const before = (await shop.subscription.detail(purchase)).body;
      assertSucceeded(await shop.defer(purchase, 3));
      const times = { nextPaymentTimeMillis: korea(4, 10, 10), expiryTimeMillis: korea(4, 10, 23, 59, 59) };
      assert.deepEqual((await shop.subscription.detail(purchase)).body, { ...before, ...times });
      await shop.advanceTo(korea(4, 10, 10) - 1);
      assert.deepEqual(await shop.history(purchase), ['purchased', 'acknowledged', 'deferred']);
      await shop.advanceTo(korea(4, 10, 10));
      assert.equal((await shop.history(purchase)).at(-1), 'renewed');
      assert.deepEqual(await timesOf(shop, purchase), [korea(4, 17, 10), korea(4, 17, 23, 59, 59)]);
    });

    it('puts it off by minutes on the sandbox’s calendar', async () => {
      const shop = await openShop(server);
      const purchase = await shop.subscribe();
      assertSucceeded(await shop.defer(purchase, 3));
      const due = noon + 8 * minuteMs;
      assert.deepEqual(await timesOf(shop, purchase), [due, due]);
      await shop.advanceTo(due - 1);
      assert.deepEqual(await shop.history(purchase), ['purchased', 'deferred']);
      await shop.advanceTo(due);
      assert.deepEqual(await shop.history(purchase), ['purchased', 'deferred', 'renewed']);
    });

    it('may be called again, and each call adds to the one before', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      let days = 7;
      for (const deferPeriod of [1, 365, 365, 30]) {
        assertSucceeded(await shop.defer(purchase, deferPeriod));
        days += deferPeriod;
        const next = korea(3, 31, 10) + days * dayMs;
        assert.deepEqual(await timesOf(shop, purchase), [next, next + 14 * hourMs - 1_000]);
      }
    });

    it('counts many calls at the same time, each once', async () => {
      const shop = await openShop(server);
      const purchase = await shop.subscribe();
      const answers = await Promise.all(Array.from({ length: 8 }, () => shop.defer(purchase, 2)));
      for (const answer of answers) assertSucceeded(answer);
      assert.equal((await timesOf(shop, purchase))[0], noon + (5 + 16) * minuteMs);
    });

    it('puts the first payment after a free trial off, which stays free until then', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ freeTrial: 'P7D' });
      assertSucceeded(await shop.defer(purchase, 10));
      const { body } = await shop.subscription.detail(purchase);
      assert.equal(body.nextPaymentTimeMillis, korea(4, 17, 10));
      assert.deepEqual([body.paymentState, body.priceAmount], [2, '0']);
    });

    it('takes every spelling of JSON that is an integer from 1 to 365', async () => {
      const shop = await openShop(server);
      for (const [written, minutes] of [
        ['1', 1],
        ['365', 365],
        ['1e2', 100],
        ['3.0', 3],
        ['36.5e1', 365],
        ['1000e-1', 100],
      ] as const) {
        const purchase = await shop.subscribe();
        assertSucceeded(await send(shop, purchase, ` {"x": 1, "deferPeriod" : ${written}} `));
        assert.equal((await timesOf(shop, purchase))[0], noon + (5 + minutes) * minuteMs);
      }
    });

    it('takes the last of two members of one name', async () => {
      const shop = await openShop(server);
      const purchase = await shop.subscribe();
      assertRefused(await send(shop, purchase, '{"deferPeriod":3,"deferPeriod":0}'), 'InvalidRequest', [
        'deferPeriod',
      ]);
      assertSucceeded(await send(shop, purchase, '{"deferPeriod":0,"deferPeriod":3}'));
    });

    it('demands deferPeriod: a missing one, null and no body at all are RequiredValueNotExist', async () => {
      const shop = await openShop(server);
      const purchase = await shop.subscribe();
      const answers = [
        await shop.defer(purchase, 0, { body: undefined }),
        await shop.defer(purchase, 0, { body: undefined, headers: json }),
        await send(shop, purchase, '{}'),
        await send(shop, purchase, '{"deferPeriod":null}'),
        await send(shop, purchase, '{"DeferPeriod":3,"defer_period":3}'),
        await shop.defer(purchase, 0, { body: undefined, query: { deferPeriod: 3 } }),
      ];
      for (const answer of answers) assertRefused(answer, 'RequiredValueNotExist', ['deferPeriod']);
      assert.deepEqual(await shop.history(purchase), ['purchased']);
    });

    it('refuses a deferPeriod that is no integer from 1 to 365 with InvalidRequest', async () => {
      const shop = await openShop(server);
      const purchase = await shop.subscribe();
      const wrong = ['0', '-0', '-1', '366', '1.5', '1e3', '1e-1', '365.0000001', '1e400', '-1e400'];
      const others = ['"3"', '""', 'true', 'false', '[]', '[3]', '{}', '9007199254740993', '1'.repeat(300)];
      for (const written of [...wrong, ...others]) {
        const answer = await send(shop, purchase, `{"deferPeriod":${written}}`);
        assertRefused(answer, 'InvalidRequest', ['deferPeriod']);
      }
      assert.deepEqual(await shop.history(purchase), ['purchased']);
    });

    it('refuses what is not JSON, or no object, with BadRequest', async () => {
      const shop = await openShop(server);
      const purchase = await shop.subscribe();
      const numbers = ['03', '+3', '.5', '0x3', 'NaN', 'Infinity', '3,', "'3'"];
      const bodies = [...numbers.map((written) => `{"deferPeriod":${written}}`), '3', '[3]', 'null', '"3"'];
      for (const body of bodies) assertRefused(await send(shop, purchase, body), 'BadRequest');
      assert.deepEqual(await shop.history(purchase), ['purchased']);
    });

    it('judges the body before it looks for the subscription', async () => {
      const shop = await openShop(server);
      const nothing = { productId: 'subscription01', purchaseToken: 'nothing' };
      assertRefused(await shop.defer(nothing, undefined), 'RequiredValueNotExist', ['deferPeriod']);
      assertRefused(await shop.defer(nothing, 0), 'InvalidRequest', ['deferPeriod']);
      assertRefused(await shop.defer(nothing, 3), 'NoSuchData');
    });

    it('refuses what is cancelled, unpaid, in grace, on hold, expired or revoked with InvalidPurchaseState', async () => {
      const shop = await openCommercialShop(server);
      const states = {
        cancelScheduled: await shop.subscribe(),
        unpaid: await shop.subscribe(),
        grace: await shop.subscribe({ gracePeriod: 'P3D' }),
        revoked: await shop.subscribe(),
      };
      const { cancelScheduled, unpaid, grace, revoked } = states;
      for (const purchase of Object.values(states)) await shop.acknowledge(purchase);
      for (const purchase of [unpaid, grace]) await shop.pay(purchase, 'decline');
      assertSucceeded(await shop.subscription.cancel(cancelScheduled));
      await shop.void(revoked);
      const refused = async (purchases: Bought[]) => {
        for (const purchase of purchases) {
          const { text } = await shop.subscription.detail(purchase);
          assertRefused(await shop.defer(purchase, 3), 'InvalidPurchaseState');
          assert.equal((await shop.subscription.detail(purchase)).text, text);
        }
      };
      await refused([cancelScheduled, revoked]);
      await shop.moveClock(korea(4, 7, 10) - 1);
      await refused([cancelScheduled]);
      await shop.advanceTo(korea(4, 7, 12));
      await refused([cancelScheduled, unpaid, grace]);
      await shop.advanceTo(korea(4, 8, 0));
      await refused([cancelScheduled, unpaid, grace]);
      await shop.advance('P60D');
      await refused([cancelScheduled, unpaid, grace, revoked]);
    });

    it('works again on what was reactivated or paid after all', async () => {
      const shop = await openCommercialShop(server);
      const [cancelled, unpaid] = [await shop.subscribe(), await shop.subscribe()];
      for (const purchase of [cancelled, unpaid]) await shop.acknowledge(purchase);
      assertSucceeded(await shop.subscription.cancel(cancelled));
      assertSucceeded(await shop.subscription.reactivate(cancelled));
      assertSucceeded(await shop.defer(cancelled, 3));
      await shop.pay(unpaid, 'decline');
      await shop.advanceTo(korea(4, 7, 12));
      await shop.pay(unpaid, 'approve');
      assertSucceeded(await shop.defer(unpaid, 3));
      assert.deepEqual(await timesOf(shop, unpaid), [korea(4, 17, 10), korea(4, 17, 23, 59, 59)]);
    });

    it('is in time until the payment, which is made before what comes at its instant', async () => {
      const shop = await openCommercialShop(server);
      const [intime, late] = [await shop.subscribe(), await shop.subscribe()];
      for (const purchase of [intime, late]) await shop.acknowledge(purchase);
      await shop.moveClock(korea(4, 7, 10) - 1);
      assertSucceeded(await shop.defer(intime, 1));
      await shop.moveClock(korea(4, 7, 10));
      assertSucceeded(await shop.defer(late, 1));
      assert.equal((await timesOf(shop, intime))[0], korea(4, 8, 10));
      assert.equal((await timesOf(shop, late))[0], korea(4, 15, 10));
    });

    it('refuses what is paused with InvalidPurchaseState, from its first millisecond to its last', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ pausable: true });
      await shop.acknowledge(purchase);
      await shop.pause(purchase, 'P2W');
      for (const now of [korea(4, 7, 23, 59, 59) + 1, korea(4, 21, 10) - 1]) {
        await shop.moveClock(now);
        const { text } = await shop.subscription.detail(purchase);
        assertRefused(await shop.defer(purchase, 3), 'InvalidPurchaseState');
        assert.equal((await shop.subscription.detail(purchase)).text, text);
      }
      await shop.moveClock(korea(4, 21, 10));
      assertSucceeded(await shop.defer(purchase, 3));
      assert.deepEqual(await timesOf(shop, purchase), [korea(5, 1, 10), korea(5, 1, 23, 59, 59)]);
    });

    it('moves a pause that is scheduled with the period before it, up to its last instant', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ pausable: true });
      await shop.acknowledge(purchase);
      await shop.pause(purchase, 'P1W');
      for (const [now, deferPeriod, day] of [
        [noon, 3, 10],
        [korea(4, 10, 23, 59, 59), 2, 12],
      ] as const) {
        await shop.moveClock(now);
        assertSucceeded(await shop.defer(purchase, deferPeriod));
        const { body } = await shop.subscription.detail(purchase);
        assert.deepEqual(
          [body.nextPaymentTimeMillis, body.expiryTimeMillis, body.pauseStartTimeMillis],
          [korea(4, day, 10), korea(4, day, 23, 59, 59), korea(4, day + 1, 0)],
        );
        assert.equal(body.pauseEndTimeMillis, korea(4, day + 7, 23, 59, 59));
        assert.equal(body.autoResumeTimeMillis, korea(4, day + 7, 10));
      }
    });

    it('puts a change of product that waits off with the payment', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      await shop.switchLater(purchase);
      assertSucceeded(await shop.defer(purchase, 3));
      assert.deepEqual(await timesOf(shop, purchase), [korea(4, 10, 10), korea(4, 10, 23, 59, 59)]);
      await shop.advanceTo(korea(4, 10, 10) - 1);
      assert.equal((await shop.subscription.detail(purchase)).body.paymentState, 3);
      await shop.advanceTo(korea(4, 10, 10));
      assert.equal((await shop.history(purchase)).at(-1), 'replaced');
    });

    it('refuses a managed product, a monthly product and what it cannot find with NoSuchData', async () => {
      await assertFindsNothingElse(server, 'subscription', (shop, purchase, options) =>
        shop.defer(purchase, 3, options),
      );
    });
  });
}
