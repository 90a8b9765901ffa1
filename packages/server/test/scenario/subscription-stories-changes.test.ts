// Lives of subscriptions that are paused, offered for less, made dearer or changed for another, each months long.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Question } from '../../src/domain/charge.ts';
import type { Gateway } from '../../src/host/host.ts';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { assertRefused, begin, daily, price, type Scene } from './storybook.ts';

const declined = 'The payment was declined.';
const acknowledged = 'The developer’s server acknowledged the purchase.';
const holdBegan = 'The account hold began: the use has ended until the payment is made.';
const expired = 'The paid period ended, and the subscription with it.';
const pauseBegan = 'The pause began: the use has ended until it is resumed.';
const paid = (amount: number) => `The buyer paid ${amount} KRW.`;
const renewed = (amount: number) => `Till charged ${amount} KRW for the next period.`;
const resumed = (amount: number) => `Till charged ${amount} KRW; the pause is over.`;
const willPause = (length: string) => `The buyer will pause it for ${length} after the paid period.`;
const told = (amount: number) => `Till told the buyer of the new price ${amount} KRW, which needs consent.`;
const notAgreed = 'There will be no payment at the new price: the buyer has not agreed to the new price.';
const month = { period: 'P1M', gracePeriod: 'P7D', accountHold: 'P30D', pausable: true };
const first = '2026-01-15 14:04:01';
const begins = (at: string, amount = price) => [`${at} ${paid(amount)}`, `${at} ${acknowledged}`];

for (const database of httpDatabases) {
  describe(`stories of changes on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const subscribed = async (bought = first, terms: Record<string, unknown> = month) => {
      const story = await begin(server, { type: 'subscription', terms, bought });
      await story.buys();
      return story;
    };

    test('a free trial, two payments of a promotion, then the normal price; the second time neither', async () => {
      const promotion = { price: '4900', cycles: 2 };
      const terms = { period: 'P1M', freeTrial: 'P7D', promotion };
      const story = await subscribed('2026-01-24 18:00:00', terms);
      const offered = { promotion: { price: 4900, payments: 2 } };
      await story.shows({
        ...{ state: 'active', until: '2026-01-31 23:59:59', nextPayment: '2026-01-31 10:00:00' },
        ...{ payments: 1, paid: 0, paymentState: 2, lastPrice: 0, nextPrice: 4900, ...offered },
        told: [
          '2026-01-24 18:00:00 The buyer paid 0 KRW: a free trial of 7 days.',
          `2026-01-24 18:00:00 ${acknowledged}`,
        ],
      });
      await story.comes('2026-01-31 10:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-02-28 23:59:59', nextPayment: '2026-02-28 10:00:00' },
        ...{ payments: 2, paid: 4900, lastPrice: 4900, nextPrice: 4900, ...offered },
        told: [`2026-01-31 10:00:00 ${renewed(4900)}`],
      });
      await story.comes('2026-03-01 00:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-03-28 23:59:59', nextPayment: '2026-03-28 10:00:00' },
        ...{ payments: 3, paid: 9800, lastPrice: 4900, nextPrice: price, ...offered },
        told: [`2026-02-28 10:00:00 ${renewed(4900)}`],
      });
      await story.comes('2026-04-01 00:00:00');
      const april = { until: '2026-04-28 23:59:59', nextPayment: '2026-04-28 10:00:00', payments: 4 };
      await story.shows({
        ...{ state: 'active', ...april, paid: 9800 + price },
        told: [`2026-03-28 10:00:00 ${renewed(price)}`],
      });
      expectStatus(await story.developer('cancel'), 200);
      await story.comes('2026-05-01 00:00:00');
      await story.shows({
        ...{ state: 'expired', ...april, paid: 9800 + price },
        cancelled: { at: april.until, reason: 0 },
        told: [
          '2026-04-01 00:00:00 The developer’s server cancelled the renewal.',
          `2026-04-28 23:59:59.001 ${expired}`,
        ],
      });
      await story.buys();
      await story.shows({
        ...{ state: 'active', until: '2026-06-01 23:59:59', nextPayment: '2026-06-01 10:00:00' },
        ...{ payments: 1, paid: price, told: begins('2026-05-01 00:00:00') },
      });
    });

    test('a free trial before a promotion is cancelled: it is used to its last second and costs nothing', async () => {
      const terms = { period: 'P1M', freeTrial: 'P14D', promotion: { price: '4900', cycles: 2 } };
      const story = await subscribed('2028-02-20 10:00:00', terms);
      await story.comes('2028-03-05 09:59:59.999');
      expectStatus(await story.hand('cancel'), 200);
      const trial: Omit<Scene, 'state'> = {
        ...{ until: '2028-03-05 23:59:59', nextPayment: '2028-03-05 10:00:00', payments: 1, paid: 0 },
        ...{ lastPrice: 0, nextPrice: 4900, cancelled: { at: '2028-03-05 23:59:59', reason: 0 } },
        promotion: { price: 4900, payments: 2 },
      };
      await story.shows({
        ...{ state: 'cancelScheduled', ...trial, paymentState: 2 },
        told: [
          '2028-02-20 10:00:00 The buyer paid 0 KRW: a free trial of 14 days.',
          `2028-02-20 10:00:00 ${acknowledged}`,
          '2028-03-05 09:59:59.999 The buyer cancelled the renewal.',
        ],
      });
      await story.comes('2028-06-01 00:00:00');
      await story.shows({ state: 'expired', ...trial, told: [`2028-03-05 23:59:59.001 ${expired}`] });
    });

    for (const [mode, paidNow, next, following] of [
      ['IMMEDIATE_WITH_TIME_PRORATION', 0, '2026-04-26', '2027-04-26'],
      ['IMMEDIATE_AND_CHARGE_PRORATED_PRICE', 500, '2026-05-01', '2027-05-01'],
      ['IMMEDIATE_WITHOUT_PRORATION', 0, '2026-05-01', '2027-05-01'],
    ] as const) {
      test(`2,000 a month on the 1st becomes 36,000 a year on 15 April: ${mode}`, async () => {
        const story = await begin(server, {
          type: 'subscription',
          bought: '2026-03-01 12:00:00',
          terms: month,
        });
        await story.sells('2000', month);
        await story.sells('36000', { period: 'P1Y' }, 'yearly');
        await story.buys();
        await story.comes('2026-04-15 12:00:00');
        const running: Omit<Scene, 'state' | 'until'> = {
          ...{
            nextPayment: '2026-05-01 10:00:00',
            payments: 2,
            paid: 4000,
            lastPrice: 2000,
            nextPrice: 2000,
          },
        };
        const told = [...begins('2026-03-01 12:00:00', 2000), `2026-04-01 10:00:00 ${renewed(2000)}`];
        await story.shows({ state: 'active', until: '2026-05-01 23:59:59', ...running, told });
        if (paidNow > 0) {
          const outcome = { outcome: 'decline' };
          assertRefused(await story.changesTo('yearly', mode, outcome), 402, 'PaymentDeclined');
          await story.shows({ state: 'active', until: '2026-05-01 23:59:59', ...running });
          assert.deepEqual(await story.voidedIds(), []);
        }

        const sold = expectStatus(await story.changesTo('yearly', mode), 201);
        const yearly = await story.sequel('yearly');
        assert.equal(sold.purchaseToken, yearly.purchaseToken);
        await story.shows({
          ...{ state: 'revoked', until: '2026-04-15 12:00:00', ...running },
          cancelled: { at: '2026-04-15 12:00:00', reason: 1 },
          told: [
            `2026-04-15 12:00:00 The buyer changed to another product, and this ended: by ${yearly.purchaseToken}.`,
          ],
        });
        assert.equal((await story.voidedIds()).length, 1);
        assertRefused(await story.developer('reactivate'), 409, 'InvalidPurchaseState');
        assertRefused(await story.changesTo('yearly', mode), 409, 'InvalidState', 'replaces');

        const linked = story.purchaseToken;
        const begun: Scene = {
          ...{ state: 'active', until: `${next} 23:59:59`, nextPayment: `${next} 10:00:00`, payments: 1 },
          ...{ paid: paidNow, lastPrice: 36000, nextPrice: 36000, linked },
        };
        await yearly.shows({
          ...{ ...begun, acknowledged: false },
          told: [`2026-04-15 12:00:00 The buyer paid ${paidNow} KRW: a change from story, ${mode}.`],
        });
        expectStatus(await yearly.acknowledges(), 200);
        await yearly.comes(`${next} 09:59:59.999`);
        await yearly.shows({ ...begun, told: [`2026-04-15 12:00:00 ${acknowledged}`] });
        await yearly.comes(`${following} 09:59:59.999`);
        await yearly.shows({
          ...{ ...begun, until: `${following} 23:59:59`, nextPayment: `${following} 10:00:00`, payments: 2 },
          ...{ paid: paidNow + 36000, told: [`${next} 10:00:00 ${renewed(36000)}`] },
        });
        assert.equal((await story.voidedIds()).length, 0, 'it is out of the list by now');
      });
    }

    test('2,000 a month on the 1st becomes 36,000 a year on 15 April: DEFERRED', async () => {
      const story = await begin(server, {
        type: 'subscription',
        bought: '2026-03-01 12:00:00',
        terms: month,
      });
      await story.sells('2000', month);
      await story.sells('36000', { period: 'P1Y' }, 'yearly');
      await story.buys();
      await story.comes('2026-04-15 12:00:00');
      const answer = expectStatus(await story.changesTo('yearly', 'DEFERRED'), 201);
      assert.deepEqual([answer.purchaseToken, answer.subscription.switchTo], [story.purchaseToken, 'yearly']);
      const running: Omit<Scene, 'state' | 'until'> = {
        ...{ nextPayment: '2026-05-01 10:00:00', payments: 2, paid: 4000, lastPrice: 2000 },
      };
      const waiting: Scene = { state: 'active', until: '2026-05-01 23:59:59', ...running, nextPrice: 36000 };
      await story.shows({
        ...{ ...waiting, paymentState: 3 },
        told: [
          ...begins('2026-03-01 12:00:00', 2000),
          `2026-04-01 10:00:00 ${renewed(2000)}`,
          '2026-04-15 12:00:00 The buyer will change the product with the next payment: to yearly.',
        ],
      });
      await story.comes('2026-05-01 09:59:59.999');
      await story.shows({ ...waiting, paymentState: 3 });
      assert.deepEqual(await story.voidedIds(), []);
      await story.comes('2026-05-01 10:00:00');
      const yearly = await story.sequel('yearly');
      await story.shows({
        ...{ state: 'revoked', until: '2026-05-01 10:00:00', ...running, nextPrice: 2000 },
        cancelled: { at: '2026-05-01 10:00:00', reason: 1 },
        told: [
          `2026-05-01 10:00:00 The buyer changed to another product, and this ended: by ${yearly.purchaseToken}.`,
        ],
      });
      assert.equal((await story.voidedIds()).length, 1);
      const begun: Scene = {
        ...{ state: 'active', until: '2027-05-01 23:59:59', nextPayment: '2027-05-01 10:00:00', payments: 1 },
        ...{ paid: 36000, lastPrice: 36000, nextPrice: 36000, linked: story.purchaseToken },
      };
      await yearly.shows({
        ...{ ...begun, acknowledged: false },
        told: ['2026-05-01 10:00:00 Till charged 36000 KRW: a change from story.'],
      });
      expectStatus(await yearly.acknowledges(), 200);
      await yearly.comes('2027-05-01 10:00:00');
      await yearly.shows({
        ...{ ...begun, until: '2028-05-01 23:59:59', nextPayment: '2028-05-01 10:00:00', payments: 2 },
        ...{ paid: 72000 },
        told: [`2026-05-01 10:00:00 ${acknowledged}`, `2027-05-01 10:00:00 ${renewed(36000)}`],
      });
    });

    test('a pause of two months over a rise that is agreed to: resumed by time, at the new price', async () => {
      const story = await subscribed();
      await story.comes('2026-01-20 12:00:00');
      expectStatus(await story.hand('pause', { for: 'P2M' }), 200);
      const paidFor = { until: '2026-02-15 23:59:59', payments: 1, paid: price };
      const pause = {
        from: '2026-02-16 00:00:00',
        to: '2026-04-16 23:59:59',
        resumes: '2026-04-16 10:00:00',
      };
      await story.shows({
        ...{ state: 'active', ...paidFor, nextPayment: '2026-02-15 10:00:00', pause },
        told: [...begins(first), `2026-01-20 12:00:00 ${willPause('2 months')}`],
      });
      await story.comes('2026-02-01 12:00:00');
      await story.changesPrice('12900');
      await story.comes('2026-02-15 23:59:59');
      const newPrice = {
        ...{ seq: 1, from: price, to: 12900, applies: '2026-03-10 00:00:00', agreed: false },
        until: '2026-03-10 12:00:00',
      };
      await story.shows({
        ...{ state: 'active', ...paidFor, nextPayment: '2026-02-15 10:00:00', pause, newPrice },
        told: [`2026-02-08 12:00:00 ${told(12900)}`],
      });
      await story.comes('2026-02-16 00:00:00');
      const asleep: Scene = { state: 'paused', ...paidFor, nextPayment: '2026-04-16 10:00:00', pause };
      await story.shows({ ...asleep, newPrice, told: [`2026-02-15 23:59:59.001 ${pauseBegan}`] });
      await story.comes('2026-03-01 12:00:00');
      expectStatus(await story.hand('price-consent', { agreed: true }), 200);
      await story.shows({
        ...{ ...asleep, newPrice: { ...newPrice, agreed: true }, nextPrice: 12900 },
        told: ['2026-03-01 12:00:00 The new price 12900 KRW is settled.'],
      });
      await story.comes('2026-04-16 09:59:59.999');
      await story.shows({ ...asleep, newPrice: { ...newPrice, agreed: true }, nextPrice: 12900 });
      await story.comes('2026-05-16 10:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-06-16 23:59:59', nextPayment: '2026-06-16 10:00:00' },
        ...{ payments: 3, paid: price + 2 * 12900, lastPrice: 12900, nextPrice: 12900 },
        told: [`2026-04-16 10:00:00 ${resumed(12900)}`, `2026-05-16 10:00:00 ${renewed(12900)}`],
      });
    });

    test('the price rises and nobody agrees: the old price within the time, then no payment and the end', async () => {
      const story = await subscribed();
      await story.comes('2026-01-20 12:00:00');
      await story.changesPrice('12900');
      await story.comes('2026-01-27 11:59:59.999');
      const january = { until: '2026-02-15 23:59:59', nextPayment: '2026-02-15 10:00:00', payments: 1 };
      await story.shows({ state: 'active', ...january, paid: price, told: begins(first) });
      await story.comes('2026-01-27 12:00:00');
      const newPrice = {
        ...{ seq: 1, from: price, to: 12900, applies: '2026-02-26 00:00:00', agreed: false },
        until: '2026-02-26 12:00:00',
      };
      await story.shows({
        ...{ state: 'active', ...january, paid: price, newPrice },
        told: [`2026-01-27 12:00:00 ${told(12900)}`],
      });
      await story.comes('2026-03-15 09:59:59.999');
      const march = {
        ...{ until: '2026-03-15 23:59:59', nextPayment: '2026-03-15 10:00:00', payments: 2, paid: 2 * price },
      };
      await story.shows({
        ...{ state: 'active', ...march, newPrice },
        told: [`2026-02-15 10:00:00 ${renewed(price)}`],
      });
      await story.comes('2026-03-15 10:00:00');
      const cancelled = { at: march.until, reason: 1 } as const;
      await story.shows({
        ...{ state: 'cancelScheduled', ...march, cancelled },
        told: [`2026-03-15 10:00:00 ${notAgreed}`],
      });
      await story.comes('2026-03-15 23:59:59');
      await story.shows({ state: 'cancelScheduled', ...march, cancelled });
      await story.comes('2026-06-01 00:00:00');
      await story.shows({
        ...{ state: 'expired', ...march, cancelled },
        told: [`2026-03-15 23:59:59.001 ${expired}`],
      });
      await story.buys();
      await story.shows({
        ...{ state: 'active', until: '2026-07-01 23:59:59', nextPayment: '2026-07-01 10:00:00' },
        ...{ payments: 1, paid: 12900, lastPrice: 12900, nextPrice: 12900 },
        told: begins('2026-06-01 00:00:00', 12900),
      });
    });

    test('the price rises, is agreed to in the last millisecond, and is cut again months later', async () => {
      const story = await subscribed();
      await story.comes('2026-01-20 12:00:00');
      await story.changesPrice('12900');
      assertRefused(await story.hand('price-consent', { agreed: true }), 409, 'InvalidState');
      await story.comes('2026-03-15 09:59:59.999');
      expectStatus(await story.hand('price-consent', { agreed: true }), 200);
      await story.comes('2026-03-15 10:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-04-15 23:59:59', nextPayment: '2026-04-15 10:00:00' },
        ...{ payments: 3, paid: 2 * price + 12900, lastPrice: 12900, nextPrice: 12900 },
        told: [
          ...begins(first),
          `2026-01-27 12:00:00 ${told(12900)}`,
          `2026-02-15 10:00:00 ${renewed(price)}`,
          '2026-03-15 09:59:59.999 The new price 12900 KRW is settled.',
          `2026-03-15 10:00:00 ${renewed(12900)}`,
        ],
      });
      await story.changesPrice('15900');
      await story.comes('2026-03-20 12:00:00');
      await story.changesPrice('12900');
      await story.comes('2026-04-10 12:00:00');
      await story.changesPrice('7900');
      await story.comes('2026-05-15 10:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-06-15 23:59:59', nextPayment: '2026-06-15 10:00:00' },
        ...{ payments: 5, paid: 2 * price + 2 * 12900 + 7900, lastPrice: 7900, nextPrice: 7900 },
        told: [
          `2026-04-15 10:00:00 ${renewed(12900)}`,
          '2026-04-17 12:00:00 The new price 7900 KRW is settled.',
          `2026-05-15 10:00:00 ${renewed(7900)}`,
        ],
      });
    });

    test('a pause is resumed early: paid within the call, and that day is the payment day', async () => {
      const story = await subscribed('2026-01-31 12:00:00');
      expectStatus(await story.hand('pause', { for: 'P3M' }), 200);
      expectStatus(await story.hand('pause', { for: 'P1M' }), 200);
      await story.comes('2026-03-05 18:30:00');
      const pause = {
        from: '2026-03-01 00:00:00',
        to: '2026-03-30 23:59:59',
        resumes: '2026-03-30 10:00:00',
      };
      await story.shows({
        ...{ state: 'paused', until: '2026-02-28 23:59:59', nextPayment: pause.resumes, pause },
        ...{ payments: 1, paid: price },
        told: [
          ...begins('2026-01-31 12:00:00'),
          `2026-01-31 12:00:00 ${willPause('3 months')}`,
          `2026-01-31 12:00:00 ${willPause('1 month')}`,
          `2026-02-28 23:59:59.001 ${pauseBegan}`,
        ],
      });
      const answer = expectStatus(await story.hand('resume'), 200);
      assert.equal(answer.subscription.state, 'active');
      await story.shows({
        ...{ state: 'active', until: '2026-04-05 23:59:59', nextPayment: '2026-04-05 10:00:00' },
        ...{ payments: 2, paid: 2 * price, told: [`2026-03-05 18:30:00 ${resumed(price)}`] },
      });
      assertRefused(await story.hand('resume'), 409, 'InvalidState');
      await story.comes('2026-04-05 10:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-05-05 23:59:59', nextPayment: '2026-05-05 10:00:00' },
        ...{ payments: 3, paid: 3 * price, told: [`2026-04-05 10:00:00 ${renewed(price)}`] },
      });
    });

    test('the payment at the end of a pause fails: account hold at once, and it recovers there', async () => {
      const story = await subscribed();
      expectStatus(await story.hand('pause', { for: 'P1M' }), 200);
      await story.pays('decline', 'ONEPAY');
      await story.comes('2026-03-17 10:00:00');
      const unpaid = { until: '2026-02-15 23:59:59', payments: 1, paid: price };
      await story.shows({
        ...{ state: 'hold', ...unpaid, nextPayment: '2026-03-18 10:00:00' },
        told: [
          ...begins(first),
          `${first} ${willPause('1 month')}`,
          `${first} The buyer changed the payment: ONEPAY, decline.`,
          `2026-02-15 23:59:59.001 ${pauseBegan}`,
          `2026-03-17 10:00:00 ${declined}`,
          `2026-03-17 10:00:00 ${holdBegan}`,
        ],
      });
      await story.comes('2026-04-16 23:59:59');
      await story.shows({
        ...{ state: 'hold', ...unpaid, nextPayment: '2026-04-17 10:00:00' },
        told: daily('2026-03-18 10:00:00', 30, declined),
      });
      await story.pays('approve');
      const back = 'Till charged 9900 KRW; the account hold is over, and this is the new payment day.';
      await story.shows({
        ...{ state: 'active', until: '2026-05-16 23:59:59', nextPayment: '2026-05-16 10:00:00' },
        ...{ payments: 2, paid: 2 * price },
        told: [
          '2026-04-16 23:59:59 The buyer changed the payment: CREDITCARD, approve.',
          `2026-04-16 23:59:59 ${back}`,
        ],
      });
    });

    test('a payment is deferred, then a pause is scheduled, and deferred again: the pause moves along', async () => {
      const story = await subscribed();
      await story.comes('2026-02-01 12:00:00');
      expectStatus(await story.developer('defer', { deferPeriod: 10 }), 200);
      expectStatus(await story.hand('pause', { for: 'P1M' }), 200);
      const later: Omit<Scene, 'state'> = {
        until: '2026-02-25 23:59:59',
        nextPayment: '2026-02-25 10:00:00',
        payments: 1,
        paid: price,
      };
      await story.shows({
        ...{ state: 'active', ...later },
        pause: { from: '2026-02-26 00:00:00', to: '2026-03-27 23:59:59', resumes: '2026-03-27 10:00:00' },
        told: [
          ...begins(first),
          '2026-02-01 12:00:00 The developer’s server put the next payment off by 10 days.',
          `2026-02-01 12:00:00 ${willPause('1 month')}`,
        ],
      });
      expectStatus(await story.developer('defer', { deferPeriod: 3 }), 200);
      await story.comes('2026-03-01 00:00:00');
      const pause = {
        from: '2026-03-01 00:00:00',
        to: '2026-03-30 23:59:59',
        resumes: '2026-03-30 10:00:00',
      };
      await story.shows({
        ...{ state: 'paused', ...later, until: '2026-02-28 23:59:59', nextPayment: pause.resumes, pause },
        told: [
          '2026-02-01 12:00:00 The developer’s server put the next payment off by 3 days.',
          `2026-02-28 23:59:59.001 ${pauseBegan}`,
        ],
      });
      assertRefused(await story.developer('defer', { deferPeriod: 3 }), 409, 'InvalidPurchaseState');
      await story.comes('2026-03-30 10:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-04-30 23:59:59', nextPayment: '2026-04-30 10:00:00' },
        ...{ payments: 2, paid: 2 * price, told: [`2026-03-30 10:00:00 ${resumed(price)}`] },
      });
    });

    test('a pause is cancelled while it runs: it ends at once, with the end of use that it had', async () => {
      const story = await subscribed();
      expectStatus(await story.hand('pause', { for: 'P1M' }), 200);
      await story.comes('2026-03-01 12:00:00');
      expectStatus(await story.developer('cancel'), 200);
      await story.shows({
        ...{ state: 'revoked', until: '2026-02-15 23:59:59', nextPayment: '2026-03-17 10:00:00' },
        ...{ payments: 1, paid: price, cancelled: { at: '2026-03-01 12:00:00', reason: 0 } },
        told: [
          ...begins(first),
          `${first} ${willPause('1 month')}`,
          `2026-02-15 23:59:59.001 ${pauseBegan}`,
          '2026-03-01 12:00:00 The developer’s server cancelled, which ended it at once.',
        ],
      });
    });
  });
  test(`a payment that changed the product goes back to where it was taken from on ${database.name}`, async () => {
    const asked: Question[] = [];
    const gateway: Gateway = {
      takesMoney: true,
      ask: async (question) => {
        asked.push(question);
        return 'approved';
      },
    };
    const server = await startServer(database, {}, { gateway });
    try {
      const story = await begin(server, { type: 'subscription', terms: month, bought: first });
      await story.sells('36000', { period: 'P1Y' }, 'yearly');
      await story.buys();
      expectStatus(await story.changesTo('yearly', 'DEFERRED'), 201);
      await story.comes('2026-02-15 10:00:00');
      const yearly = await story.sequel('yearly');
      expectStatus(await yearly.hand('void'), 200);
      for (let tries = 0; tries < 1_200 && asked.length < 3; tries++) await wait(50);
      const [, charge, refund] = asked;
      assert.deepEqual([charge?.kind, charge?.amount], ['charge', '36000']);
      assert.deepEqual([refund?.kind, refund?.amount, refund?.refundOf], ['refund', '36000', charge?.key]);
    } finally {
      await server.stop();
    }
  });
}
