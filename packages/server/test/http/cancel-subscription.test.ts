// cancelSubscription over HTTP (section 6.2).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertFindsNothingElse, korea, openCommercialShop } from './recurring.ts';
import { assertRefused, assertSucceeded, hourMs, noon, openShop, type Shop } from './shop.ts';

/** The members of a pause where there is none. */
const noPause = { pauseStartTimeMillis: null, pauseEndTimeMillis: null, autoResumeTimeMillis: null };

for (const database of httpDatabases) {
  describe(`cancelSubscription on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    /** Its payment of the seventh of April was declined. */
    const unpaid = async (shop: Shop, terms: Record<string, string>) => {
      const purchase = await shop.subscribe(terms);
      await shop.acknowledge(purchase);
      await shop.pay(purchase, 'decline');
      return purchase;
    };

    it('schedules the end: no further payment, and use until it expires', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      const before = (await shop.subscription.detail(purchase)).body;
      assertSucceeded(await shop.subscription.cancel(purchase));
      const { expiryTimeMillis } = before;
      const expected = { autoRenewing: false, cancelReason: 0, cancelledTimeMillis: expiryTimeMillis };
      assert.deepEqual((await shop.subscription.detail(purchase)).body, { ...before, ...expected });
      const read = async () => (await shop.control('GET', `/purchases/${purchase.purchaseToken}`)).body;
      await shop.advanceTo(expiryTimeMillis);
      assert.deepEqual(
        [(await read()).entitled, (await read()).subscription.state],
        [true, 'cancelScheduled'],
      );
      await shop.advanceTo(expiryTimeMillis + 1);
      assert.deepEqual([(await read()).entitled, (await read()).subscription.state], [false, 'expired']);
      const steps = ['purchased', 'acknowledged', 'cancelled', 'expired'];
      assert.deepEqual(await shop.history(purchase), steps);
    });

    for (const [state, terms, now] of [
      ['in grace', { gracePeriod: 'P3D' }, korea(4, 7, 12)],
      ['in grace after the paid period', { gracePeriod: 'P3D' }, korea(4, 9, 12)],
      ['on account hold', {}, korea(4, 9, 12)],
      ['on account hold after grace', { gracePeriod: 'P3D' }, korea(4, 20, 12)],
    ] as const) {
      it(`ends at once what is ${state}, and gives nothing back`, async () => {
        const shop = await openCommercialShop(server);
        const purchase = await unpaid(shop, terms);
        await shop.advanceTo(now);
        const before = (await shop.subscription.detail(purchase)).body;
        assertSucceeded(await shop.subscription.cancel(purchase));
        const expected = {
          ...{ autoRenewing: false, paymentState: null, cancelReason: 0, cancelledTimeMillis: now },
          expiryTimeMillis: Math.min(before.expiryTimeMillis, now),
        };
        assert.deepEqual((await shop.subscription.detail(purchase)).body, { ...before, ...expected });
        const { body } = await shop.control('GET', `/purchases/${purchase.purchaseToken}`);
        assert.equal(body.subscription.state, 'revoked');
        assert.deepEqual([body.entitled, body.history.at(-1).what], [false, 'revoked']);
        const amounts = body.history.map(({ amount }: { amount: string }) => Number(amount));
        assert.ok(!amounts.some((amount: number) => amount < 0));
        assert.deepEqual((await shop.voided()).body.voidedPurchaseList, []);
        assertRefused(await shop.subscription.cancel(purchase), 'InvalidPurchaseState');
        await shop.advance('P60D');
        const later = (await shop.subscription.detail(purchase)).body;
        assert.deepEqual(later, { ...before, ...expected });
      });
    }

    it('schedules the end of what failed to be paid while its paid period runs', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await unpaid(shop, {});
      await shop.advanceTo(korea(4, 7, 12));
      const before = (await shop.subscription.detail(purchase)).body;
      assertSucceeded(await shop.subscription.cancel(purchase));
      const { expiryTimeMillis } = before;
      const expected = { autoRenewing: false, cancelReason: 0, cancelledTimeMillis: expiryTimeMillis };
      assert.deepEqual((await shop.subscription.detail(purchase)).body, { ...before, ...expected });
      await shop.advanceTo(expiryTimeMillis + 1);
      assert.equal((await shop.history(purchase)).at(-1), 'expired');
    });

    it('changes nothing where it is cancelled already, by whomever', async () => {
      const shop = await openCommercialShop(server);
      const [mine, buyers] = [await shop.subscribe(), await shop.subscribe()];
      assertSucceeded(await shop.subscription.cancel(mine));
      assert.equal((await shop.control('POST', `/purchases/${buyers.purchaseToken}/cancel`)).status, 200);
      await shop.advance('PT1H');
      for (const purchase of [mine, buyers]) {
        const { text } = await shop.subscription.detail(purchase);
        assertSucceeded(await shop.subscription.cancel(purchase));
        assert.equal((await shop.subscription.detail(purchase)).text, text);
        assert.deepEqual(await shop.history(purchase), ['purchased', 'cancelled']);
      }
    });

    it('cancels a free trial, which ends unpaid', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ freeTrial: 'P7D' });
      await shop.acknowledge(purchase);
      assertSucceeded(await shop.subscription.cancel(purchase));
      await shop.advance('P30D');
      const steps = ['purchased', 'acknowledged', 'cancelled', 'expired'];
      assert.deepEqual(await shop.history(purchase), steps);
    });

    it('ignores the members of a body that it does not ask for', async () => {
      const shop = await openShop(server);
      for (const body of [undefined, {}, { deferPeriod: 3 }, { purchaseToken: [] }]) {
        assertSucceeded(await shop.subscription.cancel(await shop.subscribe(), { body }));
      }
    });

    it('lets many cancellations at the same time count as one', async () => {
      const shop = await openShop(server);
      const purchase = await shop.subscribe();
      const answers = await Promise.all(Array.from({ length: 8 }, () => shop.subscription.cancel(purchase)));
      for (const answer of answers) assertSucceeded(answer);
      assert.deepEqual(await shop.history(purchase), ['purchased', 'cancelled']);
    });

    it('is still in time at the last instant of the period, and refused with InvalidPurchaseState after it', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      assertSucceeded(await shop.subscription.cancel(purchase));
      await shop.moveClock(korea(4, 7, 23, 59, 59));
      assertSucceeded(await shop.subscription.cancel(purchase));
      await shop.moveClock(korea(4, 7, 23, 59, 59) + 1);
      assertRefused(await shop.subscription.cancel(purchase), 'InvalidPurchaseState');
    });

    it('refuses what is voided, or has run out unpaid, with InvalidPurchaseState', async () => {
      const shop = await openCommercialShop(server);
      const [byHand, byTime] = [await shop.subscribe(), await shop.subscribe()];
      const [expired, lapsed] = [await unpaid(shop, { accountHold: 'P0D' }), await unpaid(shop, {})];
      await shop.void(byHand);
      assertRefused(await shop.subscription.cancel(byHand), 'InvalidPurchaseState');
      await shop.moveClock(noon + 72 * hourMs);
      assertRefused(await shop.subscription.cancel(byTime), 'InvalidPurchaseState');
      await shop.advance('P60D');
      for (const purchase of [expired, lapsed]) {
        assertRefused(await shop.subscription.cancel(purchase), 'InvalidPurchaseState');
      }
    });

    it('ends at once what is paused, and gives nothing back', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ pausable: true });
      await shop.acknowledge(purchase);
      await shop.pause(purchase, 'P2W');
      await shop.advanceTo(korea(4, 15, 18));
      const before = (await shop.subscription.detail(purchase)).body;
      assert.equal(before.paymentState, 0);
      assertSucceeded(await shop.subscription.cancel(purchase));
      const ended = {
        ...{ ...before, ...noPause, autoRenewing: false, paymentState: null, cancelReason: 0 },
        cancelledTimeMillis: korea(4, 15, 18),
      };
      assert.deepEqual((await shop.subscription.detail(purchase)).body, ended);
      assertRefused(await shop.subscription.cancel(purchase), 'InvalidPurchaseState');
      await shop.advance('P60D');
      assert.deepEqual((await shop.subscription.detail(purchase)).body, ended);
      const steps = ['purchased', 'acknowledged', 'pauseScheduled', 'paused', 'revoked'];
      assert.deepEqual(await shop.history(purchase), steps);
      assert.deepEqual((await shop.voided()).body.voidedPurchaseList, []);
    });

    it('is a scheduled end until the last instant before a pause, and ends it at once from then on', async () => {
      const shop = await openCommercialShop(server);
      const [before, after] = [
        await shop.subscribe({ pausable: true }),
        await shop.subscribe({ pausable: true }),
      ];
      for (const purchase of [before, after]) {
        await shop.acknowledge(purchase);
        await shop.pause(purchase, 'P1W');
      }
      await shop.moveClock(korea(4, 7, 23, 59, 59));
      assertSucceeded(await shop.subscription.cancel(before));
      assert.equal((await shop.history(before)).at(-1), 'cancelled');
      await shop.moveClock(korea(4, 7, 23, 59, 59) + 1);
      assertSucceeded(await shop.subscription.cancel(after));
      assert.deepEqual((await shop.history(after)).slice(-2), ['paused', 'revoked']);
    });

    it('drops a pause that is scheduled, and ends with what is paid for', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ pausable: true });
      await shop.acknowledge(purchase);
      await shop.pause(purchase, 'P2W');
      const before = (await shop.subscription.detail(purchase)).body;
      assertSucceeded(await shop.subscription.cancel(purchase));
      const { expiryTimeMillis } = before;
      const cancelled = {
        ...{ ...before, ...noPause, autoRenewing: false, cancelReason: 0 },
        cancelledTimeMillis: expiryTimeMillis,
      };
      assert.deepEqual((await shop.subscription.detail(purchase)).body, cancelled);
      await shop.advanceTo(expiryTimeMillis + 1);
      const expired = { ...cancelled, paymentState: null };
      assert.deepEqual((await shop.subscription.detail(purchase)).body, expired);
      assert.deepEqual((await shop.history(purchase)).slice(-2), ['cancelled', 'expired']);
    });

    it('drops a change of product that waits, which then never happens', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      const before = (await shop.subscription.detail(purchase)).body;
      await shop.switchLater(purchase);
      assert.equal((await shop.subscription.detail(purchase)).body.paymentState, 3);
      assertSucceeded(await shop.subscription.cancel(purchase));
      const { expiryTimeMillis } = before;
      const cancelled = { autoRenewing: false, cancelReason: 0, cancelledTimeMillis: expiryTimeMillis };
      assert.deepEqual((await shop.subscription.detail(purchase)).body, { ...before, ...cancelled });
      await shop.advanceTo(expiryTimeMillis + 1);
      assert.equal((await shop.history(purchase)).at(-1), 'expired');
      assert.deepEqual((await shop.voided()).body.voidedPurchaseList, []);
    });

    it('refuses what another product has taken the place of with InvalidPurchaseState', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      await shop.switchLater(purchase);
      await shop.moveClock(korea(4, 7, 10));
      assertRefused(await shop.subscription.cancel(purchase), 'InvalidPurchaseState');
      assertRefused(await shop.subscription.reactivate(purchase), 'InvalidPurchaseState');
      assertRefused(await shop.defer(purchase, 3), 'InvalidPurchaseState');
      assertRefused(await shop.acknowledge(purchase), 'InvalidPurchaseState');
    });

    it('cancels what waits for consent to a new price, and the answer is asked for no more', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      await shop.changePrice('subscription01', '900');
      await shop.advanceTo(korea(4, 8, 12));
      assertSucceeded(await shop.subscription.cancel(purchase));
      const { body } = await shop.subscription.detail(purchase);
      assert.deepEqual([body.autoRenewing, body.paymentState, body.cancelReason], [false, 1, 0]);
      await shop.advance('P60D');
      assert.deepEqual((await shop.history(purchase)).slice(-2), ['cancelled', 'expired']);
    });

    it('refuses a managed product, a monthly product and what it cannot find with NoSuchData', async () => {
      await assertFindsNothingElse(server, 'subscription', (shop, purchase, options) =>
        shop.subscription.cancel(purchase, options),
      );
    });
  });
}
