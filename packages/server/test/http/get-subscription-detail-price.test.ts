// getSubscriptionDetail over HTTP: a change of price, told, agreed to or not, applied (section 11.5).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { korea, openCommercialShop } from './recurring.ts';
import { inMarket, minuteMs, noon, openShop, type Shop } from './shop.ts';
import {
  acknowledged,
  assertDetail,
  assertRenewed,
  type Detail,
  paidUntil,
  prices,
} from './subscription-detail.ts';

/** A change from 610 won that was made on the last of March at noon. */
const change = (newPrice: number, given: Partial<NonNullable<Detail['priceChange']>> = {}) => ({
  priceChange: {
    ...{ seq: 1, previousPrice: '610', previousPriceMicros: 610_000_000 },
    ...{ newPrice: String(newPrice), newPriceMicros: newPrice * 1_000_000 },
    ...{ applyTimeMillis: korea(5, 7, 0), agreement: false, agreementDueDateTimeMillis: korea(5, 7, 12) },
    ...given,
  },
});
const agreed = { agreement: true };
/** When a change of the last of March at noon is told. */
const told = korea(4, 7, 12);

for (const database of httpDatabases) {
  describe(`getSubscriptionDetail of a change of price on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    /** Bought, acknowledged, and given another price at once. */
    const repriced = async (shop: Shop, price: string, terms: Record<string, unknown> = {}) => {
      const purchase = await shop.subscribe(terms);
      await shop.acknowledge(purchase);
      await shop.changePrice('subscription01', price);
      return purchase;
    };

    it('says nothing for seven days, then shows the rise that waits for consent', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await repriced(shop, '900');
      await assertDetail(shop, purchase, acknowledged);
      await shop.advanceTo(told - 1);
      const renewed = { ...acknowledged, ...paidUntil(4, 14) };
      await assertRenewed(shop, purchase, renewed);
      await shop.advanceTo(told);
      await assertRenewed(shop, purchase, { ...renewed, ...change(900) });
    });

    it('shows the consent, and the new price from the first payment after the thirty days on', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await repriced(shop, '900');
      await shop.advanceTo(told);
      await shop.answerPrice(purchase, true);
      const waits = { ...acknowledged, ...change(900, agreed) };
      await assertRenewed(shop, purchase, { ...waits, ...paidUntil(4, 14) });
      await shop.advanceTo(korea(5, 5, 10) - 1);
      await assertRenewed(shop, purchase, { ...waits, ...paidUntil(5, 5) });
      for (const now of [korea(5, 5, 10), korea(5, 12, 10) - 1]) {
        await shop.advanceTo(now);
        await assertRenewed(shop, purchase, { ...waits, ...prices(610, 900), ...paidUntil(5, 12) });
      }
      await shop.advanceTo(korea(5, 12, 10));
      await assertRenewed(shop, purchase, { ...acknowledged, ...prices(900), ...paidUntil(5, 19) });
    });

    it('ends with what is paid for where nobody has agreed by the first payment at the new price', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await repriced(shop, '900');
      await shop.advanceTo(korea(5, 12, 10) - 1);
      await assertRenewed(shop, purchase, { ...acknowledged, ...change(900), ...paidUntil(5, 12) });
      const cancelled = {
        ...{ ...acknowledged, ...paidUntil(5, 12), autoRenewing: false, cancelReason: 1 },
        cancelledTimeMillis: korea(5, 12, 23, 59, 59),
      };
      for (const now of [korea(5, 12, 10), cancelled.cancelledTimeMillis]) {
        await shop.advanceTo(now);
        await assertRenewed(shop, purchase, cancelled);
      }
      await shop.advanceTo(cancelled.cancelledTimeMillis + 1);
      await assertRenewed(shop, purchase, { ...cancelled, paymentState: null });
    });

    it('lets the buyer answer again until that payment', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await repriced(shop, '900');
      await shop.advanceTo(told);
      for (const agreement of [true, false]) {
        await shop.answerPrice(purchase, agreement);
        const { priceChange } = (await shop.subscription.detail(purchase)).body;
        assert.deepEqual({ priceChange }, change(900, { agreement }));
      }
      await shop.advanceTo(korea(5, 12, 10) - 1);
      await shop.answerPrice(purchase, true);
      await shop.advanceTo(korea(5, 12, 10));
      await assertRenewed(shop, purchase, { ...acknowledged, ...prices(900), ...paidUntil(5, 19) });
    });

    it('needs no consent to a cut, which applies from the first payment after the seven days on', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await repriced(shop, '500');
      await assertDetail(shop, purchase, acknowledged);
      await shop.advanceTo(told);
      const cut = change(500, { ...agreed, applyTimeMillis: korea(4, 7, 0) });
      const waits = { ...acknowledged, ...cut, ...prices(610, 500), ...paidUntil(4, 14) };
      await assertRenewed(shop, purchase, waits);
      await shop.advanceTo(korea(4, 14, 10));
      await assertRenewed(shop, purchase, { ...acknowledged, ...prices(500), ...paidUntil(4, 21) });
    });

    it('says nothing of a cut for seven days, the price of the next payment neither', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await repriced(shop, '500', { period: 'P1M' });
      const { body } = await shop.subscription.detail(purchase);
      assert.deepEqual([body.nextPriceAmount, body.priceChange], ['610', null]);
      await shop.advanceTo(told - 1);
      await assertDetail(shop, purchase, { ...acknowledged, ...paidUntil(4, 30) });
      await shop.advanceTo(told);
      const cut = change(500, { ...agreed, applyTimeMillis: korea(4, 7, 0) });
      const known = { ...acknowledged, ...cut, ...prices(610, 500), ...paidUntil(4, 30) };
      await assertDetail(shop, purchase, known);
    });

    it('forgets a change that is taken back within seven days', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await repriced(shop, '900');
      await shop.advanceTo(told - 1);
      await shop.changePrice('subscription01', '610');
      for (const now of [told, korea(4, 15, 0), korea(5, 12, 10)]) {
        await shop.advanceTo(now);
        const { body } = await shop.subscription.detail(purchase);
        assert.deepEqual([body.priceChange, body.nextPriceAmount], [null, '610']);
      }
      assert.equal((await shop.subscription.detail(purchase)).body.autoRenewing, true);
    });

    it('shows only the later of two changes within seven days, from its own day on', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await repriced(shop, '900');
      await shop.advanceTo(korea(4, 3, 12));
      await shop.changePrice('subscription01', '800');
      await shop.advanceTo(korea(4, 10, 12) - 1);
      await assertRenewed(shop, purchase, { ...acknowledged, ...paidUntil(4, 14) });
      await shop.advanceTo(korea(4, 10, 12));
      const [applyTimeMillis, agreementDueDateTimeMillis] = [korea(5, 10, 0), korea(5, 10, 12)];
      const later = change(800, { seq: 2, applyTimeMillis, agreementDueDateTimeMillis });
      await assertRenewed(shop, purchase, { ...acknowledged, ...later, ...paidUntil(4, 14) });
    });

    it('shows a change that came later once the one before it applies', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await repriced(shop, '900');
      await shop.advanceTo(korea(4, 9, 12));
      await shop.changePrice('subscription01', '1000');
      await shop.advanceTo(korea(4, 16, 12));
      const both = { ...acknowledged, ...paidUntil(4, 21) };
      await assertRenewed(shop, purchase, { ...both, ...change(900) });
      await shop.answerPrice(purchase, true);
      await assertRenewed(shop, purchase, { ...both, ...change(900, agreed) });
      await shop.advanceTo(korea(5, 12, 10));
      const second = change(1000, {
        ...{ ...agreed, seq: 2, previousPrice: '900', previousPriceMicros: 900_000_000 },
        ...{ applyTimeMillis: korea(5, 16, 0), agreementDueDateTimeMillis: korea(5, 16, 12) },
      });
      const waits = { ...acknowledged, ...second, ...prices(900, 1000), ...paidUntil(5, 19) };
      await assertRenewed(shop, purchase, waits);
      await shop.advanceTo(korea(5, 19, 10));
      await assertRenewed(shop, purchase, { ...acknowledged, ...prices(1000), ...paidUntil(5, 26) });
    });

    it('tells whoever buys after the change nothing: the new price is theirs at once', async () => {
      const shop = await openCommercialShop(server);
      await repriced(shop, '900');
      const late = await shop.buy({ productId: 'subscription01' });
      await shop.acknowledge(late);
      await assertDetail(shop, late, { ...acknowledged, ...prices(900) });
      await shop.advanceTo(told);
      await assertRenewed(shop, late, { ...acknowledged, ...prices(900), ...paidUntil(4, 14) });
    });

    it('ends a pause at once where the payment of its last day has a price that was not agreed to', async () => {
      const shop = await openCommercialShop(server);
      const purchase = await repriced(shop, '900', { period: 'P1M', pausable: true });
      await shop.pause(purchase, 'P1M');
      await shop.advanceTo(korea(5, 30, 10));
      await assertDetail(shop, purchase, {
        ...{ ...acknowledged, autoRenewing: false, paymentState: null, cancelReason: 1 },
        ...{ cancelledTimeMillis: korea(5, 30, 10), nextPaymentTimeMillis: korea(5, 30, 10) },
        expiryTimeMillis: korea(4, 30, 23, 59, 59),
      });
    });

    it('waits five minutes and five minutes on the sandbox’s calendar', async () => {
      const shop = await openShop(server);
      const purchase = await repriced(shop, '900');
      const until = (minutes: number) => {
        const at = noon + minutes * minuteMs;
        return { nextPaymentTimeMillis: at, expiryTimeMillis: at };
      };
      await shop.advanceTo(noon + 5 * minuteMs);
      const due = noon + 10 * minuteMs;
      const days = { applyTimeMillis: due, agreementDueDateTimeMillis: due };
      await assertRenewed(shop, purchase, { ...acknowledged, ...until(10), ...change(900, days) });
      await shop.answerPrice(purchase, true);
      const waits = { ...change(900, { ...days, ...agreed }), ...prices(610, 900) };
      await assertRenewed(shop, purchase, { ...acknowledged, ...until(10), ...waits });
      await shop.advanceTo(due);
      await assertRenewed(shop, purchase, { ...acknowledged, ...until(15), ...prices(900) });
    });

    it('applies at midnight in UTC for MKT_GLB', async () => {
      const shop = await openCommercialShop(server, { market: 'MKT_GLB' });
      const given = { type: 'subscription', price: '4.99', currency: 'USD' };
      await shop.putProduct('global', { ...given, subscription: { period: 'P1Y' } });
      const purchase = await shop.buy({ productId: 'global' });
      await shop.acknowledge(purchase, inMarket('MKT_GLB'));
      await shop.changePrice('global', '5.49');
      await shop.advanceTo(told);
      const { body } = await shop.subscription.detail(purchase, inMarket('MKT_GLB'));
      assert.deepEqual(body.priceChange, {
        ...{ seq: 1, previousPrice: '4.99', previousPriceMicros: 4_990_000 },
        ...{ newPrice: '5.49', newPriceMicros: 5_490_000, applyTimeMillis: Date.UTC(2026, 4, 7) },
        ...{ agreement: false, agreementDueDateTimeMillis: korea(5, 7, 12) },
      });
    });
  });
}
