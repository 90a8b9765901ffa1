// getSubscriptionDetail over HTTP: a change of product, the new subscription and the old one (section 11.6).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { korea, openCommercialShop } from './recurring.ts';
import { assertStatus, type Bought, hourMs, inMarket, minuteMs, noon, openShop, type Shop } from './shop.ts';
import {
  acknowledged,
  assertDetail,
  assertRenewed,
  fresh,
  paidUntil,
  prices,
} from './subscription-detail.ts';

const hour = noon + hourMs;
/** The old one, a week at 700 won, after a change an hour later: six of its seven days are left, or 600 won. */
const replaced = {
  ...{ ...acknowledged, ...prices(700), autoRenewing: false, paymentState: null, cancelReason: 1 },
  ...{ expiryTimeMillis: hour, cancelledTimeMillis: hour },
};

for (const database of httpDatabases) {
  describe(`getSubscriptionDetail of a change of product on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const sell = (shop: Shop, productId: string, price: string, subscription: Record<string, unknown>) =>
      shop.putProduct(productId, {
        type: 'subscription',
        price,
        subscription: { period: 'P1W', ...subscription },
      });
    /** A week at 700 won, bought at noon and acknowledged; it is one o’clock. */
    const open = async (terms: Record<string, unknown> = {}) => {
      const shop = await openCommercialShop(server);
      await sell(shop, 'old', '700', terms);
      const old = await shop.buy({ productId: 'old' });
      await shop.acknowledge(old);
      await shop.advance('PT1H');
      return { shop, old };
    };
    const change = (shop: Shop, { purchaseToken }: Bought, productId: string, mode: string, given = {}) =>
      shop.control('POST', '/purchases', { productId, replaces: { purchaseToken, mode }, ...given });
    const changed = async (...given: Parameters<typeof change>): Promise<Bought> => {
      const answer = await change(...given);
      assertStatus(answer, 201);
      return answer.body;
    };
    /** The one that took its place, as the store app’s list has it. */
    const following = async (shop: Shop, { purchaseToken }: Bought): Promise<Bought> => {
      const { body } = await shop.control('GET', '/purchases');
      return body.items.find(
        (item: { subscription?: { linkedPurchaseToken: string } }) =>
          item.subscription?.linkedPurchaseToken === purchaseToken,
      );
    };
    const amounts = async (shop: Shop, { purchaseToken }: Bought): Promise<[string, string][]> => {
      const { body } = await shop.control('GET', `/purchases/${purchaseToken}`);
      return body.history.map(({ what, amount }: { what: string; amount: string }) => [what, amount]);
    };

    for (const [period, price, next] of [
      ['P1M', 600, [5, 1]],
      ['P3M', 1800, [5, 1]],
      ['P1W', 1400, [4, 4]],
      ['P1M', 36000, [4, 1]],
    ] as const) {
      it(`turns 600 won that are left into days of ${period} at ${price} won, the day after them is paid`, async () => {
        const { shop, old } = await open();
        await sell(shop, 'new', String(price), { period });
        const purchase = await changed(shop, old, 'new', 'IMMEDIATE_WITH_TIME_PRORATION');
        assert.notEqual(purchase.purchaseToken, old.purchaseToken);
        const linkedPurchaseToken = old.purchaseToken;
        const credit = price === 36000 ? 600 : 0;
        await assertDetail(shop, purchase, {
          ...{ startTimeMillis: hour, linkedPurchaseToken },
          ...{ ...prices(price, price - credit), ...paidUntil(next[0], next[1]) },
        });
        await assertDetail(shop, old, replaced);
        assert.deepEqual(await amounts(shop, purchase), [['purchased', '0']]);
        assert.deepEqual((await amounts(shop, old)).at(-1), ['replaced', '0']);
      });
    }

    it('takes what no whole day can be had for off the next payment', async () => {
      const { shop, old } = await open();
      await sell(shop, 'new', '1100', { period: 'P1M' });
      const purchase = await changed(shop, old, 'new', 'IMMEDIATE_WITH_TIME_PRORATION');
      await shop.acknowledge(purchase);
      const running = {
        ...{ ...acknowledged, startTimeMillis: hour, linkedPurchaseToken: old.purchaseToken },
      };
      await assertDetail(shop, purchase, { ...running, ...prices(1100, 1087), ...paidUntil(4, 17) });
      await shop.advanceTo(korea(4, 17, 10));
      await assertRenewed(shop, purchase, { ...running, ...prices(1100), ...paidUntil(5, 17) });
      assert.deepEqual((await amounts(shop, purchase)).at(-1), ['renewed', '1087']);
    });

    it('charges what the rest costs more, and keeps the payment day', async () => {
      const { shop, old } = await open();
      await sell(shop, 'new', '1400', {});
      const mode = 'IMMEDIATE_AND_CHARGE_PRORATED_PRICE';
      const { text } = await shop.subscription.detail(old);
      const refused = await change(shop, old, 'new', mode, { payment: { outcome: 'decline' } });
      assert.equal(refused.status, 402);
      assert.equal((await shop.subscription.detail(old)).text, text);
      const purchase = await changed(shop, old, 'new', mode);
      await assertDetail(shop, purchase, {
        ...{ ...prices(1400), startTimeMillis: hour, linkedPurchaseToken: old.purchaseToken },
      });
      await assertDetail(shop, old, replaced);
      assert.deepEqual(await amounts(shop, purchase), [['purchased', '600']]);
    });

    it('keeps the payment day and charges nothing without proration', async () => {
      const { shop, old } = await open();
      await sell(shop, 'new', '500', { period: 'P1M' });
      const purchase = await changed(shop, old, 'new', 'IMMEDIATE_WITHOUT_PRORATION');
      await shop.acknowledge(purchase);
      const running = {
        ...{ ...acknowledged, startTimeMillis: hour, linkedPurchaseToken: old.purchaseToken },
        ...prices(500),
      };
      await assertDetail(shop, purchase, running);
      await assertDetail(shop, old, replaced);
      assert.deepEqual((await amounts(shop, purchase))[0], ['purchased', '0']);
      await shop.advanceTo(korea(4, 7, 10));
      await assertRenewed(shop, purchase, { ...running, ...paidUntil(5, 7) });
    });

    it('shows the promotion of the new product only where the rest was turned into its days', async () => {
      const promotion = { price: '300', cycles: 2 };
      for (const mode of ['IMMEDIATE_WITH_TIME_PRORATION', 'IMMEDIATE_WITHOUT_PRORATION']) {
        const { shop, old } = await open();
        await sell(shop, 'new', '1400', { promotion });
        const purchase = await changed(shop, old, 'new', mode);
        const { nextPriceAmount, promotionPrice } = (await shop.subscription.detail(purchase)).body;
        const expected =
          mode === 'IMMEDIATE_WITHOUT_PRORATION'
            ? ['1400', null]
            : ['300', { promotionPrice: '300', promotionPriceMicros: 300_000_000, promotionPeriod: 2 }];
        assert.deepEqual([nextPriceAmount, promotionPrice], expected);
      }
    });

    it('shows a change that waits as paymentState 3, with the price of the new product to come', async () => {
      const { shop, old } = await open();
      await sell(shop, 'new', '900', { period: 'P1M' });
      const answer = await changed(shop, old, 'new', 'DEFERRED');
      assert.equal(answer.purchaseToken, old.purchaseToken);
      const waiting = { ...acknowledged, paymentState: 3, ...prices(700, 900) };
      await assertDetail(shop, old, waiting);
      await shop.advanceTo(korea(4, 7, 10) - 1);
      await assertDetail(shop, old, waiting);
      assert.equal(await following(shop, old), undefined);
      const at = korea(4, 7, 10);
      await shop.advanceTo(at);
      await assertDetail(shop, old, { ...replaced, expiryTimeMillis: at, cancelledTimeMillis: at });
      const begun = {
        ...{ startTimeMillis: at, linkedPurchaseToken: old.purchaseToken },
        ...{ ...prices(900), ...paidUntil(5, 7) },
      };
      const purchase = await following(shop, old);
      await assertDetail(shop, purchase, begun);
      await shop.acknowledge(purchase);
      await assertDetail(shop, purchase, { ...begun, ...acknowledged });
      assert.deepEqual(await amounts(shop, purchase), [
        ['switched', '900'],
        ['acknowledged', '0'],
      ]);
    });

    it('waits on through grace with a payment that fails, and changes when it is made', async () => {
      const { shop, old } = await open({ gracePeriod: 'P3D' });
      await sell(shop, 'new', '900', { period: 'P1M' });
      await changed(shop, old, 'new', 'DEFERRED');
      await shop.pay(old, 'decline');
      await shop.advanceTo(korea(4, 7, 10));
      await assertDetail(shop, old, { ...acknowledged, paymentState: 0, ...prices(700, 900) });
      const at = korea(4, 9, 15);
      await shop.advanceTo(at);
      await shop.pay(old, 'approve');
      await assertDetail(shop, old, { ...replaced, expiryTimeMillis: at, cancelledTimeMillis: at });
      await assertDetail(shop, await following(shop, old), {
        ...{ startTimeMillis: at, linkedPurchaseToken: old.purchaseToken },
        ...{ ...prices(900), ...paidUntil(5, 7) },
      });
    });

    it('waits on through an account hold, whose recovery is the payment day of the new one', async () => {
      const { shop, old } = await open();
      await sell(shop, 'new', '900', { period: 'P1M' });
      await changed(shop, old, 'new', 'DEFERRED');
      await shop.pay(old, 'decline');
      const at = korea(4, 9, 15);
      await shop.advanceTo(at);
      const next = { nextPaymentTimeMillis: korea(4, 10, 10) };
      await assertDetail(shop, old, { ...acknowledged, paymentState: 0, ...prices(700, 900), ...next });
      await shop.pay(old, 'approve');
      const { expiryTimeMillis } = fresh;
      await assertDetail(shop, old, { ...replaced, ...next, expiryTimeMillis, cancelledTimeMillis: at });
      await assertDetail(shop, await following(shop, old), {
        ...{ startTimeMillis: at, linkedPurchaseToken: old.purchaseToken },
        ...{ ...prices(900), ...paidUntil(5, 9) },
      });
    });

    it('shows the latest of two changes that wait', async () => {
      const { shop, old } = await open();
      await sell(shop, 'new', '900', {});
      await sell(shop, 'other', '800', {});
      await changed(shop, old, 'new', 'DEFERRED');
      await changed(shop, old, 'other', 'DEFERRED');
      await assertDetail(shop, old, { ...acknowledged, paymentState: 3, ...prices(700, 800) });
      await shop.advanceTo(korea(4, 7, 10));
      assert.equal((await following(shop, old)).productId, 'other');
    });

    it('tells of a new price only after the change that waited, and seven days more', async () => {
      const { shop, old } = await open();
      await sell(shop, 'new', '900', { period: 'P1M' });
      await changed(shop, old, 'new', 'DEFERRED');
      await shop.advanceTo(korea(4, 2, 12));
      await shop.changePrice('old', '750');
      await shop.changePrice('new', '1000');
      await assertDetail(shop, old, { ...acknowledged, paymentState: 3, ...prices(700, 900) });
      await shop.advanceTo(korea(4, 7, 10));
      const purchase = await following(shop, old);
      await shop.acknowledge(purchase);
      const running = {
        ...{ ...acknowledged, startTimeMillis: korea(4, 7, 10), linkedPurchaseToken: old.purchaseToken },
        ...{ ...prices(900), ...paidUntil(5, 7) },
      };
      await shop.advanceTo(korea(4, 14, 10) - 1);
      await assertDetail(shop, purchase, running);
      await shop.advanceTo(korea(4, 14, 10));
      const priceChange = {
        ...{ seq: 1, previousPrice: '900', previousPriceMicros: 900_000_000, newPrice: '1000' },
        ...{ newPriceMicros: 1_000_000_000, applyTimeMillis: korea(5, 14, 0), agreement: false },
        agreementDueDateTimeMillis: korea(5, 14, 10),
      };
      await assertDetail(shop, purchase, { ...running, priceChange });
    });

    for (const [mode, next, charged] of [
      ['IMMEDIATE_WITH_TIME_PRORATION', [4, 26], '0'],
      ['IMMEDIATE_AND_CHARGE_PRORATED_PRICE', [5, 1], '500'],
      ['IMMEDIATE_WITHOUT_PRORATION', [5, 1], '0'],
    ] as const) {
      it(`counts the documents’ example as they do, ${mode}`, async () => {
        const shop = await openCommercialShop(server, {}, { now: korea(4, 1, 12) });
        await sell(shop, 'old', '2000', { period: 'P1M' });
        await sell(shop, 'new', '36000', { period: 'P1Y' });
        const old = await shop.buy({ productId: 'old' });
        await shop.acknowledge(old);
        await shop.advanceTo(korea(4, 15, 12));
        const purchase = await changed(shop, old, 'new', mode);
        await assertDetail(shop, purchase, {
          ...{ startTimeMillis: korea(4, 15, 12), linkedPurchaseToken: old.purchaseToken },
          ...{ ...prices(36000), ...paidUntil(next[0], next[1]) },
        });
        assert.deepEqual(await amounts(shop, purchase), [['purchased', charged]]);
      });
    }

    it('lists the latest payment of the old one as voided, and the new one as unconfirmed', async () => {
      const { shop, old } = await open();
      await sell(shop, 'new', '900', {});
      const now = korea(4, 8, 12);
      await shop.advanceTo(now);
      const { lastPurchaseId } = (await shop.subscription.detail(old)).body;
      const purchase = await changed(shop, old, 'new', 'IMMEDIATE_WITHOUT_PRORATION');
      assert.deepEqual((await shop.voided()).body.voidedPurchaseList, [
        {
          ...{ purchaseId: lastPurchaseId, purchaseTime: korea(4, 7, 10), voidedTime: now },
          ...{ purchaseToken: old.purchaseToken, marketCode: 'MKT_ONE' },
        },
      ]);
      const { unconfirmedPurchaseList } = (await shop.unconfirmed()).body;
      assert.deepEqual(
        unconfirmedPurchaseList.map((row: Bought) => [row.purchaseToken, row.productId]),
        [[purchase.purchaseToken, 'new']],
      );
    });

    it('lists the payment of the old one when a change that waited happens, whoever asks first', async () => {
      const { shop, old } = await open();
      await sell(shop, 'new', '900', {});
      await changed(shop, old, 'new', 'DEFERRED');
      assert.deepEqual((await shop.voided()).body.voidedPurchaseList, []);
      await shop.moveClock(korea(4, 7, 10) + minuteMs);
      const { voidedPurchaseList } = (await shop.voided()).body;
      const ids = voidedPurchaseList.map(({ purchaseId }: Bought) => purchaseId);
      assert.deepEqual(ids, [old.purchaseId]);
      const { unconfirmedPurchaseList } = (await shop.unconfirmed()).body;
      const purchase = await following(shop, old);
      assert.deepEqual(
        unconfirmedPurchaseList.map(({ purchaseToken }: Bought) => purchaseToken),
        [purchase.purchaseToken],
      );
    });

    for (const mode of ['IMMEDIATE_WITH_TIME_PRORATION', 'IMMEDIATE_WITHOUT_PRORATION', 'DEFERRED']) {
      it(`must be acknowledged anew within three days, ${mode}`, async () => {
        const { shop, old } = await open();
        const other = await shop.buy({ productId: 'old' });
        await shop.acknowledge(other);
        await sell(shop, 'new', '900', { period: 'P3M' });
        for (const purchase of [old, other]) await changed(shop, purchase, 'new', mode);
        const startTime = mode === 'DEFERRED' ? korea(4, 7, 10) : hour;
        await shop.advanceTo(startTime);
        const [forgotten, confirmed] = [await following(shop, old), await following(shop, other)];
        await shop.acknowledge(confirmed);
        const voidedAt = startTime + 72 * hourMs;
        await shop.advanceTo(voidedAt - 1);
        const before = (await shop.subscription.detail(forgotten)).body;
        assert.deepEqual([before.acknowledgementState, before.paymentState], [0, 1]);
        await shop.advanceTo(voidedAt);
        assert.deepEqual((await shop.subscription.detail(forgotten)).body, {
          ...{ ...before, autoRenewing: false, paymentState: null, cancelReason: 1 },
          ...{ expiryTimeMillis: voidedAt, cancelledTimeMillis: voidedAt },
        });
        const { body } = await shop.subscription.detail(confirmed);
        assert.deepEqual([body.acknowledgementState, body.paymentState], [1, 1]);
        const { voidedPurchaseList } = (await shop.voided()).body;
        assert.deepEqual(
          voidedPurchaseList.map(({ purchaseId }: Bought) => purchaseId).sort(),
          [old, other, forgotten].map(({ purchaseId }) => purchaseId).sort(),
        );
      });
    }

    it('counts milliseconds on the sandbox’s calendar', async () => {
      const shop = await openShop(server);
      await sell(shop, 'old', '700', {});
      await sell(shop, 'new', '700', { period: 'P3M' });
      await sell(shop, 'dearer', '1400', {});
      const bought = [];
      for (let count = 0; count < 3; count++) bought.push(await shop.buy({ productId: 'old' }));
      const [first, second, third] = bought as [Bought, Bought, Bought];
      for (const purchase of bought) await shop.acknowledge(purchase);
      await shop.advance('PT1M');
      const start = noon + minuteMs;
      const until = (minutes: number) => {
        const at = noon + minutes * minuteMs;
        return { nextPaymentTimeMillis: at, expiryTimeMillis: at };
      };
      const inDays = await changed(shop, first, 'new', 'IMMEDIATE_WITH_TIME_PRORATION');
      const begun = { startTimeMillis: start, linkedPurchaseToken: first.purchaseToken };
      await assertDetail(shop, inDays, { ...begun, ...prices(700), ...until(9) });
      const inMoney = await changed(shop, second, 'dearer', 'IMMEDIATE_AND_CHARGE_PRORATED_PRICE');
      assert.deepEqual(await amounts(shop, inMoney), [['purchased', '560']]);
      const kept = { startTimeMillis: start, linkedPurchaseToken: second.purchaseToken };
      await assertDetail(shop, inMoney, { ...kept, ...prices(1400), ...until(5) });
      await changed(shop, third, 'new', 'DEFERRED');
      await shop.advanceTo(noon + 5 * minuteMs);
      const switched = { startTimeMillis: noon + 5 * minuteMs, ...until(15) };
      await assertDetail(shop, await following(shop, third), {
        ...{ ...switched, ...prices(700), linkedPurchaseToken: third.purchaseToken },
      });
    });

    it('counts days in UTC and money in cents for MKT_GLB', async () => {
      const shop = await openCommercialShop(server, { market: 'MKT_GLB' });
      const given = { type: 'subscription', currency: 'USD' };
      await shop.putProduct('old', { ...given, price: '7.00', subscription: { period: 'P1W' } });
      await shop.putProduct('new', { ...given, price: '5.00', subscription: { period: 'P1M' } });
      const old = await shop.buy({ productId: 'old', country: 'TW' });
      await shop.advance('PT1H');
      const purchase = await changed(shop, old, 'new', 'IMMEDIATE_WITH_TIME_PRORATION');
      const changes = {
        ...{ startTimeMillis: hour, linkedPurchaseToken: old.purchaseToken },
        ...{ ...prices(5), priceCurrencyCode: 'USD', countryCode: 'TW' },
        nextPaymentTimeMillis: Date.UTC(2026, 4, 7, 10),
        expiryTimeMillis: Date.UTC(2026, 4, 7, 23, 59, 59),
      };
      await assertDetail(shop, purchase, changes, inMarket('MKT_GLB'));
    });
  });
}
