// getSubscriptionDetail over HTTP: a free trial, then the payments of a promotion, then the normal price (section 11.7).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { korea, openCommercialShop } from './recurring.ts';
import { type Bought, inMarket, minuteMs, noon, openShop, type Shop } from './shop.ts';
import {
  acknowledged,
  assertDetail,
  assertRenewed,
  type Day,
  type Detail,
  paidUntil,
  prices,
} from './subscription-detail.ts';

/** A promotion of 300 won as it is shown while it lasts. */
const shown = (promotionPeriod: number): Partial<Detail> => ({
  promotionPrice: { promotionPrice: '300', promotionPriceMicros: 300_000_000, promotionPeriod },
});

/** The payment days behind a purchase of the last of March. */
const paymentDays: readonly [period: string, days: readonly [Day, Day, Day]][] = [
  [
    'P1W',
    [
      [4, 7],
      [4, 14],
      [4, 21],
    ],
  ],
  [
    'P1M',
    [
      [4, 30],
      [5, 30],
      [6, 30],
    ],
  ],
  [
    'P3M',
    [
      [6, 30],
      [9, 30],
      [12, 30],
    ],
  ],
];

for (const database of httpDatabases) {
  describe(`getSubscriptionDetail of a promotion on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const subscribe = async (shop: Shop, terms: Record<string, unknown>, buyerId?: string) => {
      const purchase = await shop.subscribe(terms, buyerId === undefined ? {} : { buyerId });
      await shop.acknowledge(purchase);
      return purchase;
    };

    it('shows the free trial first, then each payment of the promotion, then the normal price', async () => {
      const shop = await openCommercialShop(server);
      const promotion = { price: '300', cycles: 2 };
      const purchase = await subscribe(shop, { freeTrial: 'P7D', promotion });
      const trial = { ...acknowledged, paymentState: 2, ...prices(0, 300), ...shown(2) };
      await assertDetail(shop, purchase, trial);
      await shop.advanceTo(korea(4, 7, 10) - 1);
      await assertDetail(shop, purchase, trial);
      for (const [day, next, change] of [
        [7, 14, { ...prices(300), ...shown(2) }],
        [14, 21, { ...prices(300, 610), ...shown(2) }],
        [21, 28, {}],
      ] as const) {
        await shop.advanceTo(korea(4, day, 10));
        await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(4, next), ...change });
      }
    });

    for (const [period, days] of paymentDays) {
      it(`counts the first payment of ${period} among those of the promotion`, async () => {
        const shop = await openCommercialShop(server);
        const purchase = await subscribe(shop, { period, promotion: { price: '300', cycles: 2 } });
        const [first, second, third] = days;
        const on = { ...acknowledged, ...shown(2) };
        await assertDetail(shop, purchase, { ...on, ...prices(300), ...paidUntil(...first) });
        await shop.advanceTo(korea(...first, 10));
        await assertRenewed(shop, purchase, { ...on, ...prices(300, 610), ...paidUntil(...second) });
        await shop.advanceTo(korea(...second, 10) - 1);
        await assertRenewed(shop, purchase, { ...on, ...prices(300, 610), ...paidUntil(...second) });
        await shop.advanceTo(korea(...second, 10));
        await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(...third) });
      });
    }

    it('shows a promotion to come while the free trial is cancelled, and none once it has ended', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await subscribe(shop, { freeTrial: 'P7D', promotion: { price: '300', cycles: 1 } });
      await shop.subscription.cancel(purchase);
      const { body } = await shop.subscription.detail(purchase);
      assert.deepEqual([body.paymentState, body.autoRenewing, body.priceAmount], [2, false, '0']);
      assert.deepEqual({ promotionPrice: body.promotionPrice }, shown(1));
    });

    it('keeps the promotion through a payment that fails and is made up for', async () => {
      const shop = await openCommercialShop(server);
      const promotion = { price: '300', cycles: 2 };
      const purchase = await subscribe(shop, { gracePeriod: 'P3D', promotion });
      await shop.pay(purchase, 'decline');
      await shop.advanceTo(korea(4, 7, 10));
      const unpaid = { ...acknowledged, paymentState: 0, ...prices(300), ...shown(2) };
      await assertDetail(shop, purchase, unpaid);
      await shop.pay(purchase, 'approve');
      const paid = { ...acknowledged, ...prices(300, 610), ...shown(2), ...paidUntil(4, 14) };
      await assertRenewed(shop, purchase, paid);
      await shop.advanceTo(korea(4, 14, 10));
      await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(4, 21) });
    });

    it('gives a buyer the trial and the promotion of a product once, both together', async () => {
      const shop = await openCommercialShop(server);
      const seen = async (buyerId: string) => {
        const terms = { freeTrial: 'P7D', promotion: { price: '300', cycles: 2 } };
        const purchase: Bought = await shop.subscribe(terms, { buyerId });
        const { paymentState, priceAmount, nextPriceAmount, promotionPrice } = (
          await shop.subscription.detail(purchase)
        ).body;
        await shop.void(purchase);
        return [paymentState, priceAmount, nextPriceAmount, promotionPrice?.promotionPrice];
      };
      const offered = [2, '0', '300', '300'];
      const without = [1, '610', '610', undefined];
      assert.deepEqual(
        [await seen('ada'), await seen('ada'), await seen('bob')],
        [offered, without, offered],
      );
    });

    it('counts payments, not days, on the sandbox’s calendar', async () => {
      const shop = await openShop(server);
      const purchase = await subscribe(shop, {
        ...{ period: 'P3M', freeTrial: 'P30D' },
        promotion: { price: '300', cycles: 1 },
      });
      const until = (minutes: number) => {
        const at = noon + minutes * minuteMs;
        return { nextPaymentTimeMillis: at, expiryTimeMillis: at };
      };
      const trial = { ...acknowledged, paymentState: 2, ...prices(0, 300), ...shown(1), ...until(3) };
      await assertDetail(shop, purchase, trial);
      await shop.advanceTo(noon + 3 * minuteMs);
      const reduced = { ...acknowledged, ...prices(300, 610), ...shown(1), ...until(13) };
      await assertRenewed(shop, purchase, reduced);
      await shop.advanceTo(noon + 13 * minuteMs);
      await assertRenewed(shop, purchase, { ...acknowledged, ...until(23) });
    });

    it('names its cents for MKT_GLB', async () => {
      const shop = await openCommercialShop(server, { market: 'MKT_GLB' });
      const promotion = { price: '0.99', cycles: 3 };
      const given = { type: 'subscription', price: '4.99', currency: 'USD' };
      await shop.putProduct('global', { ...given, subscription: { period: 'P1M', promotion } });
      const purchase = await shop.buy({ productId: 'global', country: 'US' });
      const changes = {
        ...{ ...prices(0.99), priceCurrencyCode: 'USD', countryCode: 'US' },
        nextPaymentTimeMillis: Date.UTC(2026, 3, 30, 10),
        expiryTimeMillis: Date.UTC(2026, 3, 30, 23, 59, 59),
        promotionPrice: { promotionPrice: '0.99', promotionPriceMicros: 990_000, promotionPeriod: 3 },
      };
      await assertDetail(shop, purchase, changes, inMarket('MKT_GLB'));
    });
  });
}
