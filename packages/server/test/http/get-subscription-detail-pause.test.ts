// getSubscriptionDetail over HTTP: a pause that is scheduled, runs and ends (sections 11.2, 11.3, 11.4).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { korea, openCommercialShop } from './recurring.ts';
import { dayMs, inMarket, minuteMs, noon, openShop, type Shop } from './shop.ts';
import {
  acknowledged,
  assertDetail,
  assertRenewed,
  type Day,
  type Detail,
  fresh,
  lastIdOf,
  paidUntil,
} from './subscription-detail.ts';

/** A pause from the eighth of April to the end of a later day. */
const until = (month: number, day: number): Partial<Detail> => ({
  pauseStartTimeMillis: korea(4, 8, 0),
  pauseEndTimeMillis: korea(month, day, 23, 59, 59),
  autoResumeTimeMillis: korea(month, day, 10),
});
const scheduled = { ...acknowledged, ...until(4, 21) };
const paused = { ...scheduled, paymentState: 0, nextPaymentTimeMillis: korea(4, 21, 10) };
/** The first millisecond that is no longer paid for. */
const over = fresh.expiryTimeMillis + 1;

/** What is paused, for how long, the payment day before it, the one that ends it and the one after. */
const lengths: readonly [period: string, span: string, paid: Day, resumed: Day, next: Day][] = [
  ['P1W', 'P1W', [4, 7], [4, 14], [4, 21]],
  ['P1W', 'P3W', [4, 7], [4, 28], [5, 5]],
  ['P1M', 'P1M', [4, 30], [5, 30], [6, 30]],
  ['P1M', 'P3M', [4, 30], [7, 29], [8, 29]],
  ['P3M', 'P2M', [6, 30], [8, 29], [11, 29]],
  ['P6M', 'P1M', [9, 30], [10, 30], [16, 30]],
];

for (const database of httpDatabases) {
  describe(`getSubscriptionDetail of a pause on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    /** Bought, acknowledged, and to be paused for two weeks. */
    const pausing = async (shop: Shop, terms: Record<string, string> = {}, span = 'P2W') => {
      const purchase = await shop.subscribe({ ...terms, pausable: true });
      await shop.acknowledge(purchase);
      await shop.pause(purchase, span);
      return purchase;
    };

    it('shows it from the day after the paid period to the end of its last day, whose payment ends it', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop);
      for (const now of [noon, korea(4, 7, 10) - 1, korea(4, 7, 10), over - 1]) {
        await shop.advanceTo(now);
        await assertDetail(shop, purchase, scheduled);
      }
      for (const now of [over, korea(4, 8, 0), korea(4, 21, 10) - 1]) {
        await shop.advanceTo(now);
        await assertDetail(shop, purchase, paused);
      }
      await shop.advanceTo(korea(4, 21, 10));
      await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(4, 28) });
      assert.deepEqual((await shop.history(purchase)).slice(-3), ['pauseScheduled', 'paused', 'resumed']);
    });

    for (const [period, span, paid, resumed, next] of lengths) {
      it(`counts ${span} from the payment day of ${period}, a month of it as thirty days`, async () => {
        const shop = await openCommercialShop(server);
        const purchase = await pausing(shop, { period }, span);
        const pause = {
          ...{ ...acknowledged, ...paidUntil(...paid) },
          pauseStartTimeMillis: korea(...paid, 24),
          pauseEndTimeMillis: korea(...resumed, 23, 59, 59),
          autoResumeTimeMillis: korea(...resumed, 10),
        };
        await assertDetail(shop, purchase, pause);
        await shop.advanceTo(korea(...paid, 24));
        const nextPaymentTimeMillis = korea(...resumed, 10);
        await assertDetail(shop, purchase, { ...pause, paymentState: 0, nextPaymentTimeMillis });
        await shop.advanceTo(nextPaymentTimeMillis);
        await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(...next) });
      });
    }

    it('shows nothing of a pause that was withdrawn, and the payment is made on its day', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop);
      await shop.resume(purchase);
      await assertDetail(shop, purchase, acknowledged);
      await shop.advanceTo(korea(4, 7, 10));
      await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(4, 14) });
    });

    it('makes the payment at once where its hour has passed when the pause is withdrawn', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop);
      await shop.advanceTo(over - 1);
      await shop.resume(purchase);
      await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(4, 14) });
    });

    it('shows another length once it has been given one', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop);
      await shop.pause(purchase, 'P3W');
      await assertDetail(shop, purchase, { ...acknowledged, ...until(4, 28) });
      await shop.pause(purchase, 'P1W');
      await assertDetail(shop, purchase, { ...acknowledged, ...until(4, 14) });
    });

    it('makes the day of an early resume the payment day', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop);
      await shop.advanceTo(korea(4, 15, 18));
      await assertDetail(shop, purchase, paused);
      await shop.resume(purchase);
      await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(4, 22) });
      await shop.advanceTo(korea(4, 22, 10));
      await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(4, 29) });
    });

    it('goes on hold where the payment of its last day fails, and lapses thirty days later', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop);
      await shop.pay(purchase, 'decline');
      await shop.advanceTo(korea(4, 21, 10));
      const hold = { ...acknowledged, paymentState: 0 };
      await assertDetail(shop, purchase, { ...hold, nextPaymentTimeMillis: korea(4, 22, 10) });
      const endsAt = korea(5, 21, 23, 59, 59);
      await shop.advanceTo(endsAt);
      await assertDetail(shop, purchase, { ...hold, nextPaymentTimeMillis: korea(5, 22, 10) });
      await shop.advanceTo(endsAt + 1);
      await assertDetail(shop, purchase, {
        ...{ ...hold, nextPaymentTimeMillis: korea(5, 22, 10), autoRenewing: false, paymentState: null },
        ...{ cancelReason: 1, cancelledTimeMillis: endsAt + 1 },
      });
    });

    it('goes on hold where the payment of an early resume fails, and that of a later day recovers it', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop);
      await shop.pay(purchase, 'decline');
      await shop.advanceTo(korea(4, 15, 18));
      await shop.resume(purchase);
      const hold = { ...acknowledged, paymentState: 0, nextPaymentTimeMillis: korea(4, 16, 10) };
      await assertDetail(shop, purchase, hold);
      await shop.advanceTo(korea(4, 18, 12));
      await shop.pay(purchase, 'approve');
      await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(4, 25) });
    });

    it('expires where the payment of its last day fails and there is no account hold', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop, { accountHold: 'P0D' });
      await shop.pay(purchase, 'decline');
      await shop.advanceTo(korea(4, 21, 10));
      await assertDetail(shop, purchase, {
        ...{ ...acknowledged, autoRenewing: false, paymentState: null },
        nextPaymentTimeMillis: korea(4, 21, 10),
      });
    });

    it('stays paused while the payment of its last day has no answer', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop);
      await shop.pay(purchase, 'timeout');
      await shop.advanceTo(korea(4, 21, 10));
      await assertDetail(shop, purchase, paused);
      await shop.advance('PT1M');
      await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(4, 28) });
    });

    it('moves a pause that is scheduled with a deferral', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop);
      await shop.defer(purchase, 3);
      const moved = {
        ...{ ...acknowledged, ...paidUntil(4, 10), pauseStartTimeMillis: korea(4, 11, 0) },
        pauseEndTimeMillis: korea(4, 24, 23, 59, 59),
        autoResumeTimeMillis: korea(4, 24, 10),
      };
      await assertDetail(shop, purchase, moved);
      await shop.advanceTo(korea(4, 11, 0));
      await assertDetail(shop, purchase, {
        ...{ ...moved, paymentState: 0, nextPaymentTimeMillis: korea(4, 24, 10) },
      });
    });

    it('shows nothing of the pause once it is revoked by the operator', async () => {
      const shop = await openCommercialShop(server);
      const [before, during] = [await pausing(shop), await pausing(shop)];
      await shop.void(before);
      const revoked = { ...acknowledged, autoRenewing: false, paymentState: null, cancelReason: 1 };
      await assertDetail(shop, before, { ...revoked, expiryTimeMillis: noon, cancelledTimeMillis: noon });
      await shop.advanceTo(korea(4, 15, 18));
      await shop.void(during);
      await assertDetail(shop, during, {
        ...{ ...revoked, cancelledTimeMillis: korea(4, 15, 18) },
        nextPaymentTimeMillis: korea(4, 21, 10),
      });
    });

    for (const [period, span, paid, end] of [
      ['P1W', 'P2W', 5, 15],
      ['P1M', 'P3M', 5, 20],
      ['P3M', 'P1M', 10, 15],
    ] as const) {
      it(`counts five minutes for each part of ${span} after ${period} on the sandbox’s calendar`, async () => {
        const shop = await openShop(server);
        const purchase = await pausing(shop, { period }, span);
        const [paidAt, endAt] = [noon + paid * minuteMs, noon + end * minuteMs];
        const pause = {
          ...{ ...acknowledged, nextPaymentTimeMillis: paidAt, expiryTimeMillis: paidAt },
          ...{ pauseStartTimeMillis: paidAt, pauseEndTimeMillis: endAt, autoResumeTimeMillis: endAt },
        };
        await assertDetail(shop, purchase, pause);
        await shop.advanceTo(paidAt);
        await assertDetail(shop, purchase, pause);
        for (const now of [paidAt + 1, endAt - 1]) {
          await shop.advanceTo(now);
          await assertDetail(shop, purchase, { ...pause, paymentState: 0, nextPaymentTimeMillis: endAt });
        }
        await shop.advanceTo(endAt);
        const then = endAt + paid * minuteMs;
        const resumed = { ...acknowledged, nextPaymentTimeMillis: then, expiryTimeMillis: then };
        await assertRenewed(shop, purchase, resumed);
      });
    }

    it('counts its days in UTC for MKT_GLB', async () => {
      const shop = await openCommercialShop(server, { market: 'MKT_GLB' });
      const subscription = { period: 'P1W', pausable: true };
      await shop.putProduct('global', { type: 'subscription', price: '610', subscription });
      const purchase = await shop.buy({ productId: 'global' });
      await shop.pause(purchase, 'P1W');
      const changes = {
        nextPaymentTimeMillis: Date.UTC(2026, 3, 7, 10),
        expiryTimeMillis: Date.UTC(2026, 3, 7, 23, 59, 59),
        pauseStartTimeMillis: Date.UTC(2026, 3, 8),
        pauseEndTimeMillis: Date.UTC(2026, 3, 14, 23, 59, 59),
        autoResumeTimeMillis: Date.UTC(2026, 3, 14, 10),
      };
      await assertDetail(shop, purchase, changes, inMarket('MKT_GLB'));
    });

    it('pauses again after the payment that ended the first pause', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await pausing(shop);
      await shop.advanceTo(korea(4, 21, 10));
      await shop.pause(purchase, 'P1W');
      const lastPurchaseId = await lastIdOf(shop, purchase);
      await assertDetail(shop, purchase, {
        ...{ ...acknowledged, lastPurchaseId, ...paidUntil(4, 28) },
        pauseStartTimeMillis: korea(4, 28, 24),
        pauseEndTimeMillis: korea(4, 28, 23, 59, 59) + 7 * dayMs,
        autoResumeTimeMillis: korea(5, 5, 10),
      });
    });
  });
}
