// getSubscriptionDetail over HTTP (section 6.1): every state of section 11.1, on real periods.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertFindsNothingElse, korea, openCommercialShop } from './recurring.ts';
import {
  assertRefused,
  assertStatus,
  type Bought,
  dayMs,
  hourMs,
  inMarket,
  minuteMs,
  noon,
  openShop,
  type Shop,
  shopOf,
} from './shop.ts';
import { acknowledged, assertDetail, fresh, lastIdOf } from './subscription-detail.ts';

for (const database of httpDatabases) {
  describe(`getSubscriptionDetail on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    /** Bought, acknowledged, and with every payment to come declined. */
    const failing = async (shop: Shop, terms: Record<string, string>) => {
      const purchase = await shop.subscribe(terms);
      await shop.acknowledge(purchase);
      await shop.pay(purchase, 'decline');
      return purchase;
    };

    it('answers the members of the published snapshots in their order, each unset one as null', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      const { text } = await shop.subscription.detail(purchase);
      assert.equal(
        text,
        `{"acknowledgementState":0,"autoRenewing":true,"paymentState":1,"lastPurchaseId":"${purchase.purchaseId}",` +
          `"linkedPurchaseToken":null,"priceAmount":"610","priceAmountMicros":610000000,"nextPriceAmount":"610",` +
          `"nextPriceAmountMicros":610000000,"nextPaymentTimeMillis":${korea(4, 7, 10)},` +
          `"pauseStartTimeMillis":null,"pauseEndTimeMillis":null,"priceCurrencyCode":"KRW","countryCode":"KR",` +
          `"startTimeMillis":${noon},"expiryTimeMillis":${korea(4, 7, 23, 59, 59)},"autoResumeTimeMillis":null,` +
          `"cancelledTimeMillis":null,"cancelReason":null,"promotionPrice":null,"priceChange":null}`,
      );
    });

    it('has a developerPayload only where the purchase has one', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({}, { developerPayload: '주문 "1" 😀' });
      const { text } = await shop.subscription.detail(purchase);
      const start = '{"acknowledgementState":0,"developerPayload":"주문 \\"1\\" 😀","autoRenewing":true,';
      assert.ok(text.startsWith(start), text);
      for (const developerPayload of [null, '']) {
        await assertDetail(shop, await shop.subscribe({}, { developerPayload }), {});
      }
    });

    it('shows that it is acknowledged', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      await assertDetail(shop, purchase, acknowledged);
    });

    it('shows a renewal: another purchase ID, a week more, and nothing else', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      await shop.advanceTo(korea(4, 7, 10) - 1);
      await assertDetail(shop, purchase, acknowledged);
      await shop.advanceTo(korea(4, 7, 10));
      const lastPurchaseId = await lastIdOf(shop, purchase);
      assert.notEqual(lastPurchaseId, purchase.purchaseId);
      await assertDetail(shop, purchase, {
        ...{ ...acknowledged, lastPurchaseId, nextPaymentTimeMillis: korea(4, 14, 10) },
        expiryTimeMillis: korea(4, 14, 23, 59, 59),
      });
    });

    it('shows a scheduled cancellation with the end of use as its time, then the end', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.acknowledge(purchase);
      await shop.advance('PT1H');
      assertStatus(await shop.subscription.cancel(purchase), 200);
      const cancelled = {
        ...{ ...acknowledged, autoRenewing: false, cancelReason: 0 },
        cancelledTimeMillis: fresh.expiryTimeMillis,
      };
      await assertDetail(shop, purchase, cancelled);
      await shop.advanceTo(fresh.expiryTimeMillis);
      await assertDetail(shop, purchase, cancelled);
      for (const later of [1, 90 * dayMs]) {
        await shop.advanceTo(fresh.expiryTimeMillis + later);
        await assertDetail(shop, purchase, { ...cancelled, paymentState: null });
      }
    });

    it('shows the time of the request to an app that has chosen it', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      await shop.advance('PT1H');
      await shop.subscription.cancel(purchase);
      await shop.change({ switches: { scheduledCancelTime: 'request' } });
      await assertDetail(shop, purchase, {
        ...{ autoRenewing: false, cancelReason: 0 },
        cancelledTimeMillis: noon + hourMs,
      });
    });

    it('shows grace from the failed payment on, first with the end of what was paid, then with its own', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await failing(shop, { gracePeriod: 'P3D' });
      await shop.advanceTo(korea(4, 7, 10) - 1);
      await assertDetail(shop, purchase, acknowledged);
      const grace = { ...acknowledged, paymentState: 0 };
      for (const now of [korea(4, 7, 10), fresh.expiryTimeMillis]) {
        await shop.advanceTo(now);
        await assertDetail(shop, purchase, grace);
      }
      for (const now of [fresh.expiryTimeMillis + 1, fresh.expiryTimeMillis + 3 * dayMs]) {
        await shop.advanceTo(now);
        const expiryTimeMillis = korea(4, 10, 23, 59, 59);
        await assertDetail(shop, purchase, { ...grace, expiryTimeMillis });
      }
    });

    it('shows hold after grace, still renewing, with the next attempt, and the cancellation at its end', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await failing(shop, { gracePeriod: 'P3D' });
      const hold = { ...acknowledged, paymentState: 0, expiryTimeMillis: korea(4, 10, 23, 59, 59) };
      await shop.advanceTo(hold.expiryTimeMillis + 1);
      await assertDetail(shop, purchase, { ...hold, nextPaymentTimeMillis: korea(4, 11, 10) });
      await shop.advanceTo(korea(4, 20, 12));
      await assertDetail(shop, purchase, { ...hold, nextPaymentTimeMillis: korea(4, 21, 10) });
      const endsAt = hold.expiryTimeMillis + 30 * dayMs;
      const last = { ...hold, nextPaymentTimeMillis: korea(5, 11, 10) };
      await shop.advanceTo(endsAt);
      await assertDetail(shop, purchase, last);
      await shop.advanceTo(endsAt + 1);
      await assertDetail(shop, purchase, {
        ...{ ...last, autoRenewing: false, paymentState: null, cancelReason: 1 },
        cancelledTimeMillis: endsAt + 1,
      });
    });

    it('shows a failed payment without grace at once, and hold when the paid period is over', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await failing(shop, {});
      for (const now of [korea(4, 7, 10), fresh.expiryTimeMillis]) {
        await shop.advanceTo(now);
        await assertDetail(shop, purchase, { ...acknowledged, paymentState: 0 });
      }
      await shop.advanceTo(fresh.expiryTimeMillis + 1);
      const nextPaymentTimeMillis = korea(4, 8, 10);
      await assertDetail(shop, purchase, { ...acknowledged, paymentState: 0, nextPaymentTimeMillis });
    });

    it('shows expiry where a failed payment is followed by neither grace nor hold', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await failing(shop, { accountHold: 'P0D' });
      await shop.advanceTo(fresh.expiryTimeMillis);
      await assertDetail(shop, purchase, { ...acknowledged, paymentState: 0 });
      await shop.advanceTo(fresh.expiryTimeMillis + 1);
      await assertDetail(shop, purchase, { ...acknowledged, autoRenewing: false, paymentState: null });
    });

    it('keeps the payment day where grace is paid, and moves it to the day on which hold is', async () => {
      const shop = await openCommercialShop(server);
      const inGrace = await failing(shop, { gracePeriod: 'P3D' });
      const onHold = await failing(shop, {});
      await shop.advanceTo(korea(4, 9, 15));
      await shop.pay(inGrace, 'approve');
      await shop.pay(onHold, 'approve');
      for (const [purchase, day] of [
        [inGrace, 14],
        [onHold, 16],
      ] as const) {
        const lastPurchaseId = await lastIdOf(shop, purchase);
        assert.notEqual(lastPurchaseId, purchase.purchaseId);
        await assertDetail(shop, purchase, {
          ...{ ...acknowledged, lastPurchaseId, nextPaymentTimeMillis: korea(4, day, 10) },
          expiryTimeMillis: korea(4, day, 23, 59, 59),
        });
      }
    });

    it('shows revocation from its moment on, by the operator or after three days', async () => {
      const shop = await openCommercialShop(server);
      const [voided, forgotten] = [await shop.subscribe(), await shop.subscribe()];
      await shop.acknowledge(voided);
      const revokedAt = (now: number) => ({
        ...{ autoRenewing: false, paymentState: null, cancelReason: 1 },
        ...{ expiryTimeMillis: now, cancelledTimeMillis: now },
      });
      await shop.advance('PT1M');
      await shop.void(voided);
      await shop.advanceTo(noon + 72 * hourMs - 1);
      await assertDetail(shop, voided, { ...acknowledged, ...revokedAt(noon + minuteMs) });
      await assertDetail(shop, forgotten, {});
      await shop.advanceTo(noon + 72 * hourMs);
      await assertDetail(shop, forgotten, revokedAt(noon + 72 * hourMs));
    });

    it('shows a free trial, which costs nothing, and the first payment after it', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ period: 'P1M', freeTrial: 'P7D' });
      await shop.acknowledge(purchase);
      const trial = { ...acknowledged, paymentState: 2, priceAmount: '0', priceAmountMicros: 0 };
      await assertDetail(shop, purchase, trial);
      await shop.advanceTo(korea(4, 7, 10) - 1);
      await assertDetail(shop, purchase, trial);
      await shop.advanceTo(korea(4, 7, 10));
      const lastPurchaseId = await lastIdOf(shop, purchase);
      assert.notEqual(lastPurchaseId, purchase.purchaseId);
      await assertDetail(shop, purchase, {
        ...{ ...acknowledged, lastPurchaseId, nextPaymentTimeMillis: korea(5, 7, 10) },
        expiryTimeMillis: korea(5, 7, 23, 59, 59),
      });
    });

    it('shows a cancelled trial, and its end', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe({ freeTrial: 'P7D' });
      await shop.subscription.cancel(purchase);
      const cancelled = {
        ...{ priceAmount: '0', priceAmountMicros: 0, autoRenewing: false, cancelReason: 0 },
        cancelledTimeMillis: fresh.expiryTimeMillis,
      };
      await assertDetail(shop, purchase, { ...cancelled, paymentState: 2 });
      await shop.acknowledge(purchase);
      await shop.advanceTo(fresh.expiryTimeMillis + 1);
      await assertDetail(shop, purchase, { ...cancelled, ...acknowledged, paymentState: null });
    });

    it('gives a buyer one free trial of a product, until the buyer’s trials are reset', async () => {
      const shop = await openCommercialShop(server);
      const paid = async (buyerId: string) => {
        const purchase = await shop.subscribe({ freeTrial: 'P7D' }, { buyerId });
        const { paymentState } = (await shop.subscription.detail(purchase)).body;
        await shop.void(purchase);
        return paymentState;
      };
      assert.deepEqual([await paid('ada'), await paid('ada'), await paid('bob')], [2, 1, 2]);
      assertStatus(await shop.control('DELETE', '/buyers/ada/trials'), 204);
      assert.deepEqual([await paid('ada'), await paid('bob')], [2, 1]);
    });

    for (const [period, day] of [
      ['P1W', korea(4, 7, 10)],
      ['P1M', korea(4, 30, 10)],
      ['P3M', korea(6, 30, 10)],
      ['P6M', korea(9, 30, 10)],
      ['P1Y', Date.UTC(2027, 2, 31, 1)],
    ] as const) {
      it(`is paid again after ${period}, at ten, and runs to the end of that day`, async () => {
        const shop = await openCommercialShop(server);
        const { body } = await shop.subscription.detail(await shop.subscribe({ period }));
        assert.equal(body.nextPaymentTimeMillis, day);
        assert.equal(body.expiryTimeMillis, day + 14 * hourMs - 1_000);
      });
    }

    for (const [period, minutes] of Object.entries({ P1W: 5, P1M: 5, P3M: 10, P6M: 15, P1Y: 30 })) {
      it(`shortens ${period} to ${minutes} minutes on the sandbox’s calendar`, async () => {
        const shop = await openShop(server);
        const purchase = await shop.subscribe({ period });
        const due = noon + minutes * minuteMs;
        await assertDetail(shop, purchase, { nextPaymentTimeMillis: due, expiryTimeMillis: due });
        await shop.advanceTo(due);
        const then = due + minutes * minuteMs;
        const lastPurchaseId = await lastIdOf(shop, purchase);
        assert.notEqual(lastPurchaseId, purchase.purchaseId);
        await assertDetail(shop, purchase, {
          ...{ lastPurchaseId, nextPaymentTimeMillis: then, expiryTimeMillis: then },
        });
      });
    }

    it('shortens trial, grace and hold too', async () => {
      const shop = await openShop(server);
      const trial = await shop.subscribe({ freeTrial: 'P30D' });
      const minutes = async (purchase: Bought) => {
        const { body } = await shop.subscription.detail(purchase);
        const [next, expiry] = [body.nextPaymentTimeMillis, body.expiryTimeMillis];
        return [(next - noon) / minuteMs, (expiry - noon) / minuteMs, body.paymentState, body.autoRenewing];
      };
      assert.deepEqual(await minutes(trial), [3, 3, 2, true]);
      const purchase = await failing(shop, { gracePeriod: 'P3D' });
      await shop.advanceTo(noon + 5 * minuteMs);
      assert.deepEqual(await minutes(purchase), [5, 5, 0, true]);
      await shop.advanceTo(noon + 5 * minuteMs + 1);
      assert.deepEqual(await minutes(purchase), [5, 10, 0, true]);
      await shop.advanceTo(noon + 10 * minuteMs);
      assert.deepEqual(await minutes(purchase), [5, 10, 0, true]);
      await shop.advanceTo(noon + 15 * minuteMs + 1);
      assert.deepEqual((await minutes(purchase)).slice(1), [10, 0, true]);
      await shop.advanceTo(noon + 20 * minuteMs);
      assert.deepEqual((await minutes(purchase)).slice(1), [10, 0, true]);
      await shop.advanceTo(noon + 20 * minuteMs + 1);
      assert.deepEqual((await minutes(purchase)).slice(1), [10, null, false]);
    });

    it('counts days in UTC for MKT_GLB, and names its currency and the country of its store', async () => {
      const shop = await openCommercialShop(server, { market: 'MKT_GLB' });
      const given = { type: 'subscription', price: '4.99', currency: 'USD', subscription: { period: 'P1W' } };
      await shop.putProduct('global', given);
      const purchase = await shop.buy({ productId: 'global', country: 'TW' });
      const { body } = await shop.subscription.detail(purchase, inMarket('MKT_GLB'));
      assert.deepEqual([body.priceAmount, body.priceAmountMicros], ['4.99', 4_990_000]);
      assert.deepEqual([body.priceCurrencyCode, body.countryCode], ['USD', 'TW']);
      assert.equal(body.nextPaymentTimeMillis, Date.UTC(2026, 3, 7, 10));
      assert.equal(body.expiryTimeMillis, Date.UTC(2026, 3, 7, 23, 59, 59));
    });

    it('leaves those who bought before a product was changed their price and their terms', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await shop.subscribe();
      const changed = { type: 'subscription', price: '900', subscription: { period: 'P1Y' } };
      await shop.putProduct('subscription01', changed);
      await assertDetail(shop, purchase, {});
      const { body } = await shop.subscription.detail(await shop.buy({ productId: 'subscription01' }));
      assert.deepEqual([body.priceAmount, body.nextPriceAmount], ['900', '900']);
    });

    it('refuses a managed product, a monthly product and what it cannot find with NoSuchData', async () => {
      await assertFindsNothingElse(server, 'subscription', (shop, purchase, options) =>
        shop.subscription.detail(purchase, options),
      );
    });
  });

  describe(`getSubscriptionDetail in commercial on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database, { environment: 'commercial', masterKey: randomBytes(32) });
    });
    after(() => server.stop());

    it('finds a subscription by its token, which is the purchase ID with an S in its middle', async () => {
      const shop = await shopOf(server, await server.app());
      const { purchaseToken, purchaseId, productId } = await shop.subscribe();
      assert.match(purchaseId, /^\d{20}$/);
      assert.equal(purchaseToken, `${purchaseId.slice(0, 12)}S${purchaseId.slice(13)}`);
      const { text, body } = await shop.subscription.detail({ productId, purchaseToken });
      assert.deepEqual(Object.keys(body), Object.keys(fresh));
      assert.deepEqual(
        [body.lastPurchaseId, body.autoRenewing, body.paymentState],
        [purchaseId, true, 1],
        text,
      );
      assertRefused(await shop.subscription.detail({ productId, purchaseToken: purchaseId }), 'NoSuchData');
    });

    it('runs on real periods and defers by days', async () => {
      const shop = await shopOf(server, await server.app());
      const purchase = await shop.subscribe();
      const times = async () => {
        const { body } = await shop.subscription.detail(purchase);
        return [body.nextPaymentTimeMillis, body.expiryTimeMillis];
      };
      const [next, expiry] = await times();
      const day = Math.floor((purchase.purchaseTime + 9 * hourMs) / dayMs) + 7;
      assert.equal(next, day * dayMs + hourMs);
      assert.equal(expiry, next + 14 * hourMs - 1_000);
      assertStatus(await shop.defer(purchase, 3), 200);
      assert.deepEqual(await times(), [next + 3 * dayMs, expiry + 3 * dayMs]);
    });
  });
}
