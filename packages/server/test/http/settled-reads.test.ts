// A read at any instant sees what should have happened by then, whether or not anybody has carried it out yet.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { korea } from './recurring.ts';
import {
  assertSucceeded,
  type Bought,
  dayMs,
  minuteMs,
  noon,
  openShop,
  type Shop,
  shopOf,
  type Terms,
} from './shop.ts';

interface Life {
  what: string;
  type: 'auto' | 'subscription';
  calendar: 'sandbox' | 'commercial';
  terms?: Partial<Terms>;
  prepare?: (shop: Shop, purchase: Bought) => Promise<unknown>;
  at: readonly number[];
}

const declined = async (shop: Shop, purchase: Bought) => {
  await shop.acknowledge(purchase);
  await shop.pay(purchase, 'decline');
};
const unanswered = async (shop: Shop, purchase: Bought) => {
  await shop.acknowledge(purchase);
  await shop.pay(purchase, 'timeout');
};
const cancelled = async (shop: Shop, purchase: Bought) => {
  await shop.acknowledge(purchase);
  const calls = purchase.productId === 'monthly01' ? shop.monthly : shop.subscription;
  assertSucceeded(await calls.cancel(purchase));
};
const pausing = async (shop: Shop, purchase: Bought) => {
  await shop.acknowledge(purchase);
  await shop.pause(purchase, 'P1W');
};
const pausedUnpaid = async (shop: Shop, purchase: Bought) => {
  await pausing(shop, purchase);
  await shop.pay(purchase, 'decline');
};
const switching = async (shop: Shop, purchase: Bought) => {
  await shop.acknowledge(purchase);
  await shop.switchLater(purchase);
};
const repriced = (price: string) => async (shop: Shop, purchase: Bought) => {
  await shop.acknowledge(purchase);
  await shop.changePrice(purchase.productId, price);
};
/** A change of price is told a week after the last of March, at noon, and may be agreed to for thirty days. */
const priceDays = [korea(4, 7, 12), korea(4, 14, 10), korea(5, 5, 10), korea(5, 7, 12), korea(5, 12, 10)]
  .flatMap((now) => [now - 1, now])
  .concat(korea(5, 12, 23, 59, 59), korea(5, 12, 23, 59, 59) + 1);
/** Around each end of the first weeks, to the millisecond. */
const weeks = [7, 10, 14].flatMap((day) => [
  korea(4, day, 10) - 1,
  korea(4, day, 10),
  korea(4, day, 23, 59, 59),
  korea(4, day, 23, 59, 59) + 1,
]);
const minutes = [5, 10, 15, 20, 25].flatMap((minute) =>
  [-1, 0, 1].map((more) => noon + minute * minuteMs + more),
);

const lives: readonly Life[] = [
  {
    what: 'a subscription that renews',
    ...{ type: 'subscription', calendar: 'commercial', at: [...weeks, korea(9, 1, 12)] },
    prepare: (shop, purchase) => shop.acknowledge(purchase),
  },
  {
    what: 'a subscription that nobody acknowledges',
    ...{ type: 'subscription', calendar: 'commercial', at: [noon + 3 * dayMs - 1, noon + 3 * dayMs] },
  },
  {
    what: 'a subscription in grace, then on hold, then lapsed',
    ...{ type: 'subscription', calendar: 'commercial', terms: { gracePeriod: 'P3D' } },
    ...{ prepare: declined, at: [...weeks, korea(5, 10, 23, 59, 59), korea(5, 10, 23, 59, 59) + 1] },
  },
  {
    what: 'a subscription that expires unpaid',
    ...{ type: 'subscription', calendar: 'commercial', terms: { accountHold: 'P0D' } },
    ...{ prepare: declined, at: weeks },
  },
  {
    what: 'a subscription whose payments get no answer at first',
    ...{ type: 'subscription', calendar: 'commercial', prepare: unanswered },
    at: weeks.flatMap((now) => [now, now + minuteMs]).sort((a, b) => a - b),
  },
  {
    what: 'a cancelled subscription',
    ...{ type: 'subscription', calendar: 'commercial', prepare: cancelled, at: weeks },
  },
  {
    what: 'a free trial that is paid for',
    ...{ type: 'subscription', calendar: 'commercial', terms: { freeTrial: 'P7D' }, at: weeks },
    prepare: (shop, purchase) => shop.acknowledge(purchase),
  },
  {
    what: 'a free trial, the payments of a promotion and the normal price',
    ...{ type: 'subscription', calendar: 'commercial', at: [...weeks, korea(4, 21, 10), korea(4, 28, 10)] },
    terms: { freeTrial: 'P7D', promotion: { price: '300', cycles: 2 } },
    prepare: (shop, purchase) => shop.acknowledge(purchase),
  },
  {
    what: 'a subscription that is paused and resumes',
    ...{ type: 'subscription', calendar: 'commercial', terms: { pausable: true } },
    ...{ prepare: pausing, at: [...weeks, korea(4, 21, 10)] },
  },
  {
    what: 'a pause whose last day is not paid',
    ...{ type: 'subscription', calendar: 'commercial', terms: { pausable: true } },
    ...{ prepare: pausedUnpaid, at: [...weeks, korea(5, 14, 23, 59, 59), korea(5, 14, 23, 59, 59) + 1] },
  },
  {
    what: 'a pause whose last day is not paid, without an account hold',
    ...{ type: 'subscription', calendar: 'commercial', terms: { pausable: true, accountHold: 'P0D' } },
    ...{ prepare: pausedUnpaid, at: weeks },
  },
  {
    what: 'a rise that nobody agrees to',
    ...{ type: 'subscription', calendar: 'commercial', prepare: repriced('900'), at: priceDays },
  },
  {
    what: 'a cut',
    ...{ type: 'subscription', calendar: 'commercial', prepare: repriced('500'), at: priceDays },
  },
  {
    what: 'a pause that ends at a price nobody agreed to',
    ...{ type: 'subscription', calendar: 'commercial', terms: { period: 'P1M', pausable: true } },
    prepare: async (shop, purchase) => {
      await repriced('900')(shop, purchase);
      await shop.pause(purchase, 'P1M');
    },
    at: [korea(4, 30, 24), korea(5, 30, 10) - 1, korea(5, 30, 10), korea(5, 30, 24)],
  },
  {
    what: 'a subscription that another product takes the place of',
    ...{ type: 'subscription', calendar: 'commercial', prepare: switching, at: weeks },
  },
  {
    what: 'a change of product that is not paid for',
    ...{ type: 'subscription', calendar: 'commercial', terms: { gracePeriod: 'P3D' }, at: weeks },
    prepare: async (shop, purchase) => {
      await switching(shop, purchase);
      await shop.pay(purchase, 'decline');
    },
  },
  {
    what: 'a pause on shortened periods',
    ...{ type: 'subscription', calendar: 'sandbox', terms: { pausable: true }, prepare: pausing },
    at: minutes,
  },
  {
    what: 'a rise that nobody agrees to on shortened periods',
    ...{ type: 'subscription', calendar: 'sandbox', prepare: repriced('900'), at: minutes },
  },
  {
    what: 'a change of product on shortened periods',
    ...{ type: 'subscription', calendar: 'sandbox', prepare: switching, at: minutes },
  },
  {
    what: 'a subscription on shortened periods',
    ...{ type: 'subscription', calendar: 'sandbox', at: [...minutes, noon + 10 * 60 * minuteMs] },
  },
  {
    what: 'a subscription in grace and on hold on shortened periods',
    ...{ type: 'subscription', calendar: 'sandbox', terms: { gracePeriod: 'P1D' } },
    ...{ prepare: declined, at: minutes },
  },
  {
    what: 'a monthly product that renews',
    ...{ type: 'auto', calendar: 'commercial' },
    ...{ prepare: (shop, purchase) => shop.acknowledge(purchase), at: [korea(4, 30, 10), korea(12, 1, 0)] },
  },
  {
    what: 'a monthly product whose payment is declined',
    ...{ type: 'auto', calendar: 'commercial', prepare: declined },
    at: [korea(4, 30, 10), korea(4, 30, 23, 59, 59), korea(4, 30, 23, 59, 59) + 1],
  },
  {
    what: 'a cancelled monthly product',
    ...{ type: 'auto', calendar: 'sandbox', prepare: cancelled, at: minutes },
  },
];

let count = 0;

for (const database of httpDatabases) {
  describe(`Reads of what is overdue on ${database.name}`, () => {
    const machine = { now: noon };
    let server: TestServer;
    before(async () => {
      server = await startServer(database, {}, { clock: () => machine.now });
    });
    after(() => server.stop());

    /** The same shop in a world of its own: the seed makes all names repeat. */
    const open = async ({ type, calendar, terms, prepare }: Life, seed: string) => {
      const shop = await openShop(server, { clientId: seed }, { calendar, seed });
      const purchase = type === 'auto' ? await shop.buyMonthly() : await shop.subscribe(terms);
      await prepare?.(shop, purchase);
      return { shop, purchase };
    };
    const read = async ({ shop, purchase }: { shop: Shop; purchase: Bought }, type: Life['type']) => {
      const calls = type === 'auto' ? shop.monthly : shop.subscription;
      return (await calls.detail(purchase)).text;
    };

    for (const life of lives) {
      it(`show ${life.what} as if time had been carried out`, async () => {
        const seed = `settled-${count++}`;
        const walked = await open(life, seed);
        const moved = await open(life, seed);
        assert.equal(walked.purchase.purchaseToken, moved.purchase.purchaseToken);
        for (const now of life.at) {
          await walked.shop.advanceTo(now);
          await moved.shop.moveClock(now);
          assert.equal(
            await read(moved, life.type),
            await read(walked, life.type),
            new Date(now).toISOString(),
          );
        }
        // and in one jump, with nobody there on the way
        const jumped = await open(life, seed);
        await jumped.shop.moveClock(life.at.at(-1) ?? noon);
        assert.equal(await read(jumped, life.type), await read(walked, life.type));
        assert.deepEqual(
          (await jumped.shop.control('GET', `/purchases/${jumped.purchase.purchaseToken}`)).body.history,
          (await walked.shop.control('GET', `/purchases/${walked.purchase.purchaseToken}`)).body.history,
        );
      });
    }

    it('show a subscription settled in a world that runs, before the scheduler’s next turn', async () => {
      const shop = await shopOf(server, await server.app());
      const [paid, unpaid] = [await shop.subscribe(), await shop.subscribe({ gracePeriod: 'P3D' })];
      for (const purchase of [paid, unpaid]) await shop.acknowledge(purchase);
      await shop.pay(unpaid, 'decline');
      const start = paid.purchaseTime;
      const detail = async (purchase: Bought) => (await shop.subscription.detail(purchase)).body;
      machine.now = start + 5 * minuteMs + 1;
      const [renewed, grace] = await Promise.all([detail(paid), detail(unpaid)]);
      assert.equal(renewed.nextPaymentTimeMillis, start + 10 * minuteMs);
      assert.notEqual(renewed.lastPurchaseId, paid.purchaseId);
      assert.deepEqual([grace.paymentState, grace.expiryTimeMillis], [0, start + 10 * minuteMs]);
      machine.now = start + 10 * minuteMs + 1;
      const hold = await detail(unpaid);
      assert.deepEqual([hold.paymentState, hold.autoRenewing], [0, true]);
      assert.equal(hold.expiryTimeMillis, start + 10 * minuteMs);
      machine.now = start + 20 * minuteMs + 1;
      const lapsed = await detail(unpaid);
      assert.deepEqual([lapsed.paymentState, lapsed.autoRenewing, lapsed.cancelReason], [null, false, 1]);
      assert.equal((await detail(paid)).nextPaymentTimeMillis, start + 25 * minuteMs);
    });
  });
}
