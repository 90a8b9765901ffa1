// Lives of subscriptions and monthly products, each months long, as the buyer, the developer and the operator see them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Gateway } from '../../src/host/host.ts';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { assertRefused, begin, daily, price, type Scene } from './storybook.ts';

const declined = 'The payment was declined.';
const renewed = `Till charged ${price} KRW for the next period.`;
const bought = `The buyer paid ${price} KRW.`;
const acknowledged = 'The developer’s server acknowledged the purchase.';
const graceBegan = 'The grace period began: the use goes on while the payment is tried again.';
const holdBegan = 'The account hold began: the use has ended until the payment is made.';
const expired = 'The paid period ended, and the subscription with it.';

for (const database of httpDatabases) {
  describe(`stories on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    test('a card expires, and the buyer gives another within the grace period', async () => {
      const terms = { period: 'P1M', gracePeriod: 'P7D', accountHold: 'P30D' };
      const story = await begin(server, { type: 'subscription', terms, bought: '2026-01-15 14:04:01' });
      await story.buys();
      const first = {
        until: '2026-02-15 23:59:59',
        nextPayment: '2026-02-15 10:00:00',
        payments: 1,
        paid: price,
      };
      await story.shows({
        ...{ state: 'active', ...first },
        told: [`2026-01-15 14:04:01 ${bought}`, `2026-01-15 14:04:01 ${acknowledged}`],
      });
      await story.comes('2026-02-15 09:59:59.999');
      await story.shows({ state: 'active', ...first });
      await story.comes('2026-02-15 10:00:00');
      const second = { nextPayment: '2026-03-15 10:00:00', payments: 2, paid: 2 * price };
      const running = { ...second, until: '2026-03-15 23:59:59' };
      await story.shows({ state: 'active', ...running, told: [`2026-02-15 10:00:00 ${renewed}`] });

      await story.comes('2026-03-01 00:00:00');
      await story.pays('decline', 'ONEPAY');
      const changed = '2026-03-01 00:00:00 The buyer changed the payment: ONEPAY, decline.';
      await story.shows({ state: 'active', ...running, told: [changed] });
      await story.comes('2026-03-15 10:00:00');
      const failed = daily('2026-03-15 10:00:00', 1, declined);
      await story.shows({
        state: 'grace',
        ...running,
        told: [...failed, `2026-03-15 10:00:00 ${graceBegan}`],
      });
      await story.comes('2026-03-15 23:59:59');
      await story.shows({ state: 'grace', ...running });
      await story.comes('2026-03-16 00:00:00');
      await story.shows({ state: 'grace', ...second, until: '2026-03-22 23:59:59' });
      await story.comes('2026-03-18 12:00:00');
      await story.shows({
        ...{ state: 'grace', ...second, until: '2026-03-22 23:59:59' },
        told: daily('2026-03-16 10:00:00', 3, declined),
      });

      await story.pays('approve');
      const third = { nextPayment: '2026-04-15 10:00:00', until: '2026-04-15 23:59:59' };
      await story.shows({
        ...{ state: 'active', ...third, payments: 3, paid: 3 * price },
        told: [
          '2026-03-18 12:00:00 The buyer changed the payment: CREDITCARD, approve.',
          `2026-03-18 12:00:00 ${renewed}`,
        ],
      });
      await story.comes('2026-04-15 10:00:00');
      const fourth = { nextPayment: '2026-05-15 10:00:00', until: '2026-05-15 23:59:59' };
      await story.shows({
        ...{ state: 'active', ...fourth, payments: 4, paid: 4 * price },
        told: [`2026-04-15 10:00:00 ${renewed}`],
      });
    });

    test('a card expires, and the buyer comes back on hold: that day is the payment day from then on', async () => {
      const story = await begin(server, {
        ...{ type: 'subscription', terms: { period: 'P1M' }, bought: '2026-01-31 09:00:00' },
      });
      await story.buys();
      await story.pays('decline', 'ONEPAY');
      await story.comes('2026-02-28 10:00:00');
      const unpaid = { payments: 1, paid: price, until: '2026-02-28 23:59:59' };
      await story.shows({
        ...{ state: 'active', ...unpaid, nextPayment: '2026-02-28 10:00:00', paymentState: 0 },
        told: [
          `2026-01-31 09:00:00 ${bought}`,
          `2026-01-31 09:00:00 ${acknowledged}`,
          '2026-01-31 09:00:00 The buyer changed the payment: ONEPAY, decline.',
          `2026-02-28 10:00:00 ${declined}`,
        ],
      });
      await story.comes('2026-02-28 23:59:59');
      await story.shows({ state: 'active', ...unpaid, nextPayment: '2026-02-28 10:00:00', paymentState: 0 });
      await story.comes('2026-02-28 23:59:59.001');
      await story.shows({
        ...{ state: 'hold', ...unpaid, nextPayment: '2026-03-01 10:00:00' },
        told: [`2026-02-28 23:59:59.001 ${holdBegan}`],
      });
      await story.comes('2026-03-05 20:15:00');
      await story.shows({
        ...{ state: 'hold', ...unpaid, nextPayment: '2026-03-06 10:00:00' },
        told: daily('2026-03-01 10:00:00', 5, declined),
      });

      await story.pays('approve');
      const recovered = `Till charged ${price} KRW; the account hold is over, and this is the new payment day.`;
      await story.shows({
        ...{ state: 'active', nextPayment: '2026-04-05 10:00:00', until: '2026-04-05 23:59:59' },
        ...{ payments: 2, paid: 2 * price },
        told: [
          '2026-03-05 20:15:00 The buyer changed the payment: CREDITCARD, approve.',
          `2026-03-05 20:15:00 ${recovered}`,
        ],
      });
      await story.comes('2026-05-05 10:00:00');
      await story.shows({
        ...{ state: 'active', nextPayment: '2026-06-05 10:00:00', until: '2026-06-05 23:59:59' },
        ...{ payments: 4, paid: 4 * price },
        told: [`2026-04-05 10:00:00 ${renewed}`, `2026-05-05 10:00:00 ${renewed}`],
      });
    });

    test('a card expires, and nobody gives another: 30 days of hold, then it is cancelled', async () => {
      const terms = { period: 'P1M', gracePeriod: 'P3D', accountHold: 'P30D' };
      const story = await begin(server, { type: 'subscription', terms, bought: '2026-03-31 22:00:00' });
      await story.buys();
      await story.pays('decline', 'ONEPAY');
      await story.comes('2026-05-03 23:59:59');
      const paid = { payments: 1, paid: price };
      const over = { ...paid, until: '2026-05-03 23:59:59' };
      await story.shows({
        ...{ state: 'grace', ...over, nextPayment: '2026-04-30 10:00:00' },
        told: [
          `2026-03-31 22:00:00 ${bought}`,
          `2026-03-31 22:00:00 ${acknowledged}`,
          '2026-03-31 22:00:00 The buyer changed the payment: ONEPAY, decline.',
          `2026-04-30 10:00:00 ${declined}`,
          `2026-04-30 10:00:00 ${graceBegan}`,
          ...daily('2026-05-01 10:00:00', 3, declined),
        ],
      });
      await story.comes('2026-05-03 23:59:59.001');
      await story.shows({
        ...{ state: 'hold', ...over, nextPayment: '2026-05-04 10:00:00' },
        told: [`2026-05-03 23:59:59.001 ${holdBegan}`],
      });
      await story.comes('2026-06-02 23:59:59');
      await story.shows({
        ...{ state: 'hold', ...over, nextPayment: '2026-06-03 10:00:00' },
        told: daily('2026-05-04 10:00:00', 30, declined),
      });
      await story.comes('2026-06-02 23:59:59.001');
      const ended: Scene = {
        ...{ state: 'expired', ...over, nextPayment: '2026-06-03 10:00:00' },
        cancelled: { at: '2026-06-02 23:59:59.001', reason: 1 },
      };
      const lapsed = '2026-06-02 23:59:59.001 Till cancelled the renewal: not paid within the account hold.';
      await story.shows({ ...ended, told: [lapsed] });

      assertRefused(await story.developer('reactivate'), 409, 'InvalidPurchaseState');
      assertRefused(await story.developer('cancel'), 409, 'InvalidPurchaseState');
      assertRefused(await story.developer('defer', { deferPeriod: 1 }), 409, 'InvalidPurchaseState');
      assertRefused(await story.hand('payment', { outcome: 'approve' }), 409, 'InvalidState');
      await story.comes('2027-06-02 00:00:00');
      await story.shows(ended);
    });

    test('a buyer gives up during the grace period: it ends at once, without a refund', async () => {
      const terms = { period: 'P3M', gracePeriod: 'P7D' };
      const story = await begin(server, { type: 'subscription', terms, bought: '2025-11-30 12:00:00' });
      await story.buys();
      await story.comes('2026-02-01 00:00:00');
      await story.pays('decline', 'ONEPAY');
      await story.comes('2026-03-02 08:00:00');
      const known = { nextPayment: '2026-02-28 10:00:00', payments: 1, paid: price };
      await story.shows({
        ...{ state: 'grace', ...known, until: '2026-03-07 23:59:59' },
        told: [
          `2025-11-30 12:00:00 ${bought}`,
          `2025-11-30 12:00:00 ${acknowledged}`,
          '2026-02-01 00:00:00 The buyer changed the payment: ONEPAY, decline.',
          `2026-02-28 10:00:00 ${declined}`,
          `2026-02-28 10:00:00 ${graceBegan}`,
          `2026-03-01 10:00:00 ${declined}`,
        ],
      });
      expectStatus(await story.developer('cancel'), 200);
      const ended: Scene = {
        ...{ state: 'revoked', ...known, until: '2026-03-02 08:00:00' },
        cancelled: { at: '2026-03-02 08:00:00', reason: 0 },
      };
      const gaveUp = '2026-03-02 08:00:00 The developer’s server cancelled, which ended it at once.';
      await story.shows({ ...ended, told: [gaveUp] });
      assertRefused(await story.developer('reactivate'), 409, 'InvalidPurchaseState');
      await story.comes('2026-09-02 08:00:00');
      await story.shows(ended);
      assert.deepEqual(await story.voidedIds(), []);
    });

    test('a buyer cancels, thinks better of it, cancels again, and subscribes anew after the end', async () => {
      const story = await begin(server, {
        ...{ type: 'subscription', terms: { period: 'P1M' }, bought: '2026-01-10 12:00:00' },
      });
      await story.buys();
      await story.comes('2026-01-20 12:00:00');
      const first = {
        until: '2026-02-10 23:59:59',
        nextPayment: '2026-02-10 10:00:00',
        payments: 1,
        paid: price,
      };
      expectStatus(await story.developer('cancel'), 200);
      // the time shown is that of the end, as the documents show it
      const scheduled: Scene = {
        ...{ state: 'cancelScheduled', ...first, cancelled: { at: first.until, reason: 0 } },
      };
      await story.shows({
        ...scheduled,
        told: [
          `2026-01-10 12:00:00 ${bought}`,
          `2026-01-10 12:00:00 ${acknowledged}`,
          '2026-01-20 12:00:00 The developer’s server cancelled the renewal.',
        ],
      });
      expectStatus(await story.hand('cancel'), 200);
      await story.shows(scheduled);
      await story.comes('2026-01-25 12:00:00');
      expectStatus(await story.hand('reactivate'), 200);
      const back = '2026-01-25 12:00:00 The buyer took the cancellation back.';
      await story.shows({ state: 'active', ...first, told: [back] });
      expectStatus(await story.developer('reactivate'), 200);
      await story.shows({ state: 'active', ...first });
      await story.comes('2026-02-20 12:00:00');
      const second = { until: '2026-03-10 23:59:59', nextPayment: '2026-03-10 10:00:00', payments: 2 };
      const cancelled = { at: second.until, reason: 0 } as const;
      expectStatus(await story.hand('cancel'), 200);
      await story.shows({
        ...{ state: 'cancelScheduled', ...second, paid: 2 * price, cancelled },
        told: [`2026-02-10 10:00:00 ${renewed}`, '2026-02-20 12:00:00 The buyer cancelled the renewal.'],
      });
      await story.comes('2026-03-10 23:59:59');
      await story.shows({ state: 'cancelScheduled', ...second, paid: 2 * price, cancelled });
      assertRefused(await story.triesToBuy(), 409, 'InvalidState');
      await story.comes('2026-03-10 23:59:59.001');
      const over = { state: 'expired', ...second, paid: 2 * price, cancelled } as const;
      await story.shows({ ...over, told: [`2026-03-10 23:59:59.001 ${expired}`] });
      assertRefused(await story.developer('reactivate'), 409, 'InvalidPurchaseState');

      const former = story.purchaseToken;
      await story.comes('2026-05-31 18:00:00');
      await story.shows(over);
      await story.buys();
      assert.notEqual(story.purchaseToken, former);
      await story.shows({
        ...{ state: 'active', until: '2026-06-30 23:59:59', nextPayment: '2026-06-30 10:00:00' },
        ...{ payments: 1, paid: price },
        told: [`2026-05-31 18:00:00 ${bought}`, `2026-05-31 18:00:00 ${acknowledged}`],
      });
    });

    test('a developer puts payments off, over the ends of months', async () => {
      const story = await begin(server, {
        ...{ type: 'subscription', terms: { period: 'P1M' }, bought: '2026-01-20 08:00:00' },
      });
      await story.buys();
      await story.comes('2026-02-01 08:00:00');
      expectStatus(await story.developer('defer', { deferPeriod: 16 }), 200);
      const deferred = '2026-02-01 08:00:00 The developer’s server put the next payment off by 16 days.';
      const once = { payments: 1, paid: price };
      await story.shows({
        ...{ state: 'active', ...once, until: '2026-03-08 23:59:59', nextPayment: '2026-03-08 10:00:00' },
        told: [`2026-01-20 08:00:00 ${bought}`, `2026-01-20 08:00:00 ${acknowledged}`, deferred],
      });
      await story.comes('2026-03-08 09:59:59.999');
      await story.shows({
        ...{ state: 'active', ...once, until: '2026-03-08 23:59:59', nextPayment: '2026-03-08 10:00:00' },
      });
      await story.comes('2026-03-08 10:00:00');
      const second = { payments: 2, paid: 2 * price };
      const april = { until: '2026-04-08 23:59:59', nextPayment: '2026-04-08 10:00:00' };
      await story.shows({ state: 'active', ...second, ...april, told: [`2026-03-08 10:00:00 ${renewed}`] });

      for (const deferPeriod of [0, 366, 1.5, '3']) {
        const answer = await story.developer('defer', { deferPeriod });
        assertRefused(answer, 400, 'InvalidRequest');
        assert.match(answer.body.error.message, / \[ deferPeriod \]$/);
      }
      expectStatus(await story.developer('defer', { deferPeriod: 22 }), 200);
      expectStatus(await story.developer('defer', { deferPeriod: 1 }), 200);
      const by = '2026-03-08 10:00:00 The developer’s server put the next payment off by';
      const may = { until: '2026-05-01 23:59:59', nextPayment: '2026-05-01 10:00:00' };
      await story.shows({ state: 'active', ...second, ...may, told: [`${by} 22 days.`, `${by} 1 day.`] });
      expectStatus(await story.developer('cancel'), 200);
      assertRefused(await story.developer('defer', { deferPeriod: 3 }), 409, 'InvalidPurchaseState');
      expectStatus(await story.developer('reactivate'), 200);
      await story.comes('2026-06-01 10:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-07-01 23:59:59', nextPayment: '2026-07-01 10:00:00' },
        ...{ payments: 4, paid: 4 * price },
        told: [
          '2026-03-08 10:00:00 The developer’s server cancelled the renewal.',
          '2026-03-08 10:00:00 The developer’s server took the cancellation back.',
          `2026-05-01 10:00:00 ${renewed}`,
          `2026-06-01 10:00:00 ${renewed}`,
        ],
      });
    });

    test('an operator refunds a renewal: the use ends at once, the payment before it stays paid', async () => {
      const story = await begin(server, {
        ...{ type: 'subscription', terms: { period: 'P1M' }, bought: '2026-01-15 12:00:00' },
      });
      await story.buys();
      await story.comes('2026-02-20 09:30:00');
      const { purchaseId } = expectStatus(await story.hand('void', { reason: 'chargeback' }), 200);
      const ended: Scene = {
        ...{ state: 'revoked', until: '2026-02-20 09:30:00', nextPayment: '2026-03-15 10:00:00' },
        ...{ payments: 2, paid: price, cancelled: { at: '2026-02-20 09:30:00', reason: 1 } },
      };
      await story.shows({
        ...ended,
        told: [
          `2026-01-15 12:00:00 ${bought}`,
          `2026-01-15 12:00:00 ${acknowledged}`,
          `2026-02-15 10:00:00 ${renewed}`,
          `2026-02-20 09:30:00 The operator voided the purchase and ${price} KRW went back: chargeback.`,
        ],
      });
      assert.deepEqual(await story.voidedIds(), [purchaseId]);
      assertRefused(await story.hand('void'), 409, 'InvalidState');
      assertRefused(await story.developer('cancel'), 409, 'InvalidPurchaseState');
      await story.comes('2027-02-20 00:00:00');
      await story.shows(ended);
    });

    for (const market of ['MKT_ONE', 'MKT_GLB'] as const) {
      test(`a year that begins on the 31st, in ${market}: the 28th of February sticks`, async () => {
        const story = await begin(server, {
          ...{ type: 'subscription', terms: { period: 'P1M' }, bought: '2026-01-31 23:59:59.999', market },
        });
        await story.buys();
        const days = [
          ...['2026-02-28', '2026-03-28', '2026-04-28', '2026-05-28', '2026-06-28', '2026-07-28'],
          ...[
            '2026-08-28',
            '2026-09-28',
            '2026-10-28',
            '2026-11-28',
            '2026-12-28',
            '2027-01-28',
            '2027-02-28',
          ],
        ];
        let told = [bought, acknowledged].map((sentence) => `2026-01-31 23:59:59.999 ${sentence}`);
        for (const [index, day] of days.entries()) {
          const next = { until: `${day} 23:59:59`, nextPayment: `${day} 10:00:00` };
          await story.shows({
            state: 'active',
            ...next,
            payments: index + 1,
            paid: (index + 1) * price,
            told,
          });
          await story.comes(`${day} 10:00:00`);
          told = [`${day} 10:00:00 ${renewed}`];
        }
      });
    }

    test('a free trial is paid for when it ends, and there is no second one', async () => {
      const terms = { period: 'P1M', freeTrial: 'P7D' };
      const story = await begin(server, { type: 'subscription', terms, bought: '2026-01-24 18:00:00' });
      await story.buys();
      const trial = {
        until: '2026-01-31 23:59:59',
        nextPayment: '2026-01-31 10:00:00',
        payments: 1,
        paid: 0,
      };
      await story.shows({
        ...{ state: 'active', ...trial, paymentState: 2, lastPrice: 0 },
        told: [
          '2026-01-24 18:00:00 The buyer paid 0 KRW: a free trial of 7 days.',
          `2026-01-24 18:00:00 ${acknowledged}`,
        ],
      });
      await story.comes('2026-01-31 10:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-02-28 23:59:59', nextPayment: '2026-02-28 10:00:00' },
        ...{ payments: 2, paid: price },
        told: [`2026-01-31 10:00:00 ${renewed}`],
      });
      expectStatus(await story.hand('cancel'), 200);
      await story.comes('2026-03-01 00:00:00');
      await story.shows({
        ...{ state: 'expired', until: '2026-02-28 23:59:59', nextPayment: '2026-02-28 10:00:00' },
        ...{ payments: 2, paid: price, cancelled: { at: '2026-02-28 23:59:59', reason: 0 } },
        told: ['2026-01-31 10:00:00 The buyer cancelled the renewal.', `2026-02-28 23:59:59.001 ${expired}`],
      });
      await story.buys();
      await story.shows({
        ...{ state: 'active', until: '2026-04-01 23:59:59', nextPayment: '2026-04-01 10:00:00' },
        ...{ payments: 1, paid: price },
        told: [`2026-03-01 00:00:00 ${bought}`, `2026-03-01 00:00:00 ${acknowledged}`],
      });
    });

    test('a free trial is cancelled, used to its last second, and costs nothing', async () => {
      const terms = { period: 'P1Y', freeTrial: 'P14D', gracePeriod: 'P7D' };
      const story = await begin(server, { type: 'subscription', terms, bought: '2028-02-20 10:00:00' });
      await story.buys();
      await story.comes('2028-02-22 10:00:00');
      expectStatus(await story.developer('cancel'), 200);
      const trial: Omit<Scene, 'state'> = {
        ...{ until: '2028-03-05 23:59:59', nextPayment: '2028-03-05 10:00:00', payments: 1, paid: 0 },
        ...{ lastPrice: 0, cancelled: { at: '2028-03-05 23:59:59', reason: 0 } },
      };
      await story.shows({
        ...{ state: 'cancelScheduled', ...trial, paymentState: 2 },
        told: [
          '2028-02-20 10:00:00 The buyer paid 0 KRW: a free trial of 14 days.',
          `2028-02-20 10:00:00 ${acknowledged}`,
          '2028-02-22 10:00:00 The developer’s server cancelled the renewal.',
        ],
      });
      await story.comes('2028-03-05 23:59:59');
      await story.shows({ state: 'cancelScheduled', ...trial, paymentState: 2 });
      await story.comes('2028-03-05 23:59:59.001');
      await story.shows({ state: 'expired', ...trial, told: [`2028-03-05 23:59:59.001 ${expired}`] });
      await story.comes('2029-03-06 00:00:00');
      await story.shows({ state: 'expired', ...trial });
    });

    test('nobody acknowledges: after three days the first payment goes back and the use ends', async () => {
      const story = await begin(server, {
        ...{ type: 'subscription', terms: { period: 'P1W' }, bought: '2026-02-27 12:00:00' },
      });
      await story.buys({ acknowledge: false });
      const week = { until: '2026-03-06 23:59:59', nextPayment: '2026-03-06 10:00:00', payments: 1 };
      await story.comes('2026-03-02 11:59:59.999');
      await story.shows({
        ...{ state: 'active', ...week, paid: price, acknowledged: false },
        told: [`2026-02-27 12:00:00 ${bought}`],
      });
      await story.comes('2026-03-02 12:00:00');
      const ended: Scene = {
        ...{ state: 'revoked', ...week, until: '2026-03-02 12:00:00', paid: 0, acknowledged: false },
        cancelled: { at: '2026-03-02 12:00:00', reason: 1 },
      };
      const back = `2026-03-02 12:00:00 Till voided the purchase and ${price} KRW went back`;
      await story.shows({ ...ended, told: [`${back}: not acknowledged within three days.`] });
      assert.equal((await story.voidedIds()).length, 1);
      assertRefused(await story.acknowledges(), 409, 'InvalidPurchaseState');
      await story.comes('2026-06-02 12:00:00');
      await story.shows(ended);
    });

    test('nobody acknowledges a free trial: it ends after three days, and nothing goes back', async () => {
      const terms = { period: 'P1M', freeTrial: 'P7D' };
      const story = await begin(server, { type: 'subscription', terms, bought: '2026-01-24 18:00:00' });
      await story.buys({ acknowledge: false });
      await story.comes('2026-02-10 00:00:00');
      await story.shows({
        ...{
          state: 'revoked',
          until: '2026-01-27 18:00:00',
          nextPayment: '2026-01-31 10:00:00',
          payments: 1,
        },
        ...{
          paid: 0,
          lastPrice: 0,
          acknowledged: false,
          cancelled: { at: '2026-01-27 18:00:00', reason: 1 },
        },
        told: [
          '2026-01-24 18:00:00 The buyer paid 0 KRW: a free trial of 7 days.',
          '2026-01-27 18:00:00 Till voided the purchase and 0 KRW went back: not acknowledged within three days.',
        ],
      });
      assert.equal((await story.voidedIds()).length, 1);
    });

    test('a product is changed: whoever has bought it keeps the price and the terms of that day', async () => {
      const terms = { period: 'P1M', gracePeriod: 'P7D' };
      const story = await begin(server, { type: 'subscription', terms, bought: '2026-01-15 12:00:00' });
      await story.buys();
      await story.sells('19900', { period: 'P1W', accountHold: 'P0D' });
      await story.comes('2026-02-16 12:00:00');
      await story.pays('decline', 'ONEPAY');
      await story.comes('2026-03-16 00:00:00');
      await story.shows({
        ...{ state: 'grace', until: '2026-03-22 23:59:59', nextPayment: '2026-03-15 10:00:00' },
        ...{ payments: 2, paid: 2 * price },
        told: [
          `2026-01-15 12:00:00 ${bought}`,
          `2026-01-15 12:00:00 ${acknowledged}`,
          `2026-02-15 10:00:00 ${renewed}`,
          '2026-02-16 12:00:00 The buyer changed the payment: ONEPAY, decline.',
          `2026-03-15 10:00:00 ${declined}`,
          `2026-03-15 10:00:00 ${graceBegan}`,
        ],
      });
      expectStatus(await story.hand('cancel'), 200);
      await story.buys();
      await story.shows({
        ...{ state: 'active', until: '2026-03-23 23:59:59', nextPayment: '2026-03-23 10:00:00' },
        ...{ payments: 1, paid: 19900, lastPrice: 19900, nextPrice: 19900 },
        told: ['2026-03-16 00:00:00 The buyer paid 19900 KRW.', `2026-03-16 00:00:00 ${acknowledged}`],
      });
    });

    test('a monthly product’s payment fails: it is cancelled, and reactivating it asks for the money again', async () => {
      const story = await begin(server, { type: 'auto', bought: '2026-01-31 12:00:00' });
      await story.buys();
      await story.comes('2026-03-01 12:00:00');
      await story.pays('decline', 'ONEPAY');
      const march = { until: '2026-03-28 23:59:59', nextPayment: '2026-03-28 10:00:00', payments: 2 };
      await story.shows({
        ...{ state: 'active', ...march, paid: 2 * price },
        told: [
          `2026-01-31 12:00:00 ${bought}`,
          `2026-01-31 12:00:00 ${acknowledged}`,
          `2026-02-28 10:00:00 ${renewed}`,
          '2026-03-01 12:00:00 The buyer changed the payment: ONEPAY, decline.',
        ],
      });
      await story.comes('2026-03-28 10:00:00');
      const cancelled = { at: march.until, reason: 1 } as const;
      const failed = { state: 'cancelScheduled', ...march, paid: 2 * price, cancelled } as const;
      const cancelledAt = (time: string) => [
        `2026-03-28 ${time} ${declined}`,
        `2026-03-28 ${time} Till cancelled the renewal: the payment was declined.`,
      ];
      await story.shows({ ...failed, told: cancelledAt('10:00:00') });
      await story.comes('2026-03-28 15:00:00');
      expectStatus(await story.developer('reactivate'), 200);
      const took = '2026-03-28 15:00:00 The developer’s server took the cancellation back.';
      await story.shows({ ...failed, told: [took, ...cancelledAt('15:00:00')] });
      await story.pays('approve');
      const changed = '2026-03-28 15:00:00 The buyer changed the payment: CREDITCARD, approve.';
      await story.shows({ ...failed, told: [changed] });
      expectStatus(await story.developer('reactivate'), 200);
      await story.shows({
        ...{ state: 'active', until: '2026-04-28 23:59:59', nextPayment: '2026-04-28 10:00:00' },
        ...{ payments: 3, paid: 3 * price },
        told: [took, `2026-03-28 15:00:00 ${renewed}`],
      });

      await story.pays('decline', 'ONEPAY');
      await story.comes('2026-04-28 23:59:59');
      const april: Omit<Scene, 'state'> = {
        ...{ until: '2026-04-28 23:59:59', nextPayment: '2026-04-28 10:00:00', payments: 3, paid: 3 * price },
        cancelled: { at: '2026-04-28 23:59:59', reason: 1 },
      };
      await story.shows({
        ...{ state: 'cancelScheduled', ...april },
        told: [
          '2026-03-28 15:00:00 The buyer changed the payment: ONEPAY, decline.',
          `2026-04-28 10:00:00 ${declined}`,
          '2026-04-28 10:00:00 Till cancelled the renewal: the payment was declined.',
        ],
      });
      await story.comes('2026-04-28 23:59:59.001');
      await story.shows({ state: 'expired', ...april, told: [`2026-04-28 23:59:59.001 ${expired}`] });
      assertRefused(await story.developer('reactivate'), 409, 'InvalidPurchaseState');
    });

    test('a monthly product is cancelled, and reactivated on its payment day after 10:00: paid at once', async () => {
      const story = await begin(server, { type: 'auto', bought: '2026-05-31 12:00:00' });
      await story.buys();
      await story.comes('2026-06-10 12:00:00');
      expectStatus(await story.developer('cancel'), 200);
      await story.comes('2026-06-30 18:45:00');
      const june = {
        until: '2026-06-30 23:59:59',
        nextPayment: '2026-06-30 10:00:00',
        payments: 1,
        paid: price,
      };
      await story.shows({
        ...{ state: 'cancelScheduled', ...june, cancelled: { at: june.until, reason: 0 } },
        told: [
          `2026-05-31 12:00:00 ${bought}`,
          `2026-05-31 12:00:00 ${acknowledged}`,
          '2026-06-10 12:00:00 The developer’s server cancelled the renewal.',
        ],
      });
      expectStatus(await story.developer('reactivate'), 200);
      await story.shows({
        ...{ state: 'active', until: '2026-07-30 23:59:59', nextPayment: '2026-07-30 10:00:00' },
        ...{ payments: 2, paid: 2 * price },
        told: [
          '2026-06-30 18:45:00 The developer’s server took the cancellation back.',
          `2026-06-30 18:45:00 ${renewed}`,
        ],
      });
      await story.comes('2026-07-30 10:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-08-30 23:59:59', nextPayment: '2026-08-30 10:00:00' },
        ...{ payments: 3, paid: 3 * price },
        told: [`2026-07-30 10:00:00 ${renewed}`],
      });
    });

    test('a monthly product is refunded: its last purchase is shown as cancelled', async () => {
      const story = await begin(server, { type: 'auto', bought: '2026-01-15 12:00:00' });
      await story.buys();
      await story.comes('2026-02-16 00:00:00');
      expectStatus(await story.hand('void'), 200);
      await story.shows({
        ...{ state: 'revoked', until: '2026-02-16 00:00:00', nextPayment: '2026-03-15 10:00:00' },
        ...{
          payments: 2,
          paid: price,
          lastVoided: true,
          cancelled: { at: '2026-02-16 00:00:00', reason: 1 },
        },
        told: [
          `2026-01-15 12:00:00 ${bought}`,
          `2026-01-15 12:00:00 ${acknowledged}`,
          `2026-02-15 10:00:00 ${renewed}`,
          `2026-02-16 00:00:00 The operator voided the purchase and ${price} KRW went back.`,
        ],
      });
    });

    test('answers get lost for months, and each month is paid once, a minute late', async () => {
      const story = await begin(server, {
        ...{
          type: 'subscription',
          terms: { period: 'P1M', gracePeriod: 'P7D' },
          bought: '2026-01-15 12:00:00',
        },
      });
      assertRefused(await story.triesToBuy({ outcome: 'timeout' }), 402, 'PaymentDeclined');
      await story.buys();
      await story.pays('timeout', 'ONEPAY');
      await story.comes('2026-02-15 10:00:59.999');
      const open = {
        until: '2026-02-15 23:59:59',
        nextPayment: '2026-02-15 10:00:00',
        payments: 1,
        paid: price,
      };
      await story.shows({
        ...{ state: 'active', ...open },
        told: [
          `2026-01-15 12:00:00 ${bought}`,
          `2026-01-15 12:00:00 ${acknowledged}`,
          '2026-01-15 12:00:00 The buyer changed the payment: ONEPAY, timeout.',
        ],
      });
      assertRefused(await story.developer('defer', { deferPeriod: 3 }), 409, 'InvalidPurchaseState');
      await story.comes('2026-02-15 10:01:00');
      await story.shows({
        ...{ state: 'active', until: '2026-03-15 23:59:59', nextPayment: '2026-03-15 10:00:00' },
        ...{ payments: 2, paid: 2 * price },
        told: [`2026-02-15 10:01:00 ${renewed}`],
      });
      await story.comes('2026-07-01 00:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-07-15 23:59:59', nextPayment: '2026-07-15 10:00:00' },
        ...{ payments: 6, paid: 6 * price },
        told: [3, 4, 5, 6].map((month) => `2026-0${month}-15 10:01:00 ${renewed}`),
      });
    });
  });

  test(`a gateway outside whose answers get lost on ${database.name} takes the money of each month once`, async () => {
    const taken = new Map<string, string>();
    const asked: string[] = [];
    const gateway: Gateway = {
      takesMoney: true,
      ask: async ({ key, cycle, amount }) => {
        asked.push(key);
        taken.set(key, amount);
        // the money is taken, but nobody hears of it until the question is put the third time
        const times = asked.filter((former) => former === key).length;
        return cycle === 0 || times === 3 ? 'approved' : 'unanswered';
      },
    };
    const server = await startServer(database, {}, { gateway });
    try {
      const story = await begin(server, {
        ...{ type: 'subscription', terms: { period: 'P1M' }, bought: '2026-01-15 12:00:00' },
      });
      await story.buys();
      await story.comes('2026-05-01 00:00:00');
      await story.shows({
        ...{ state: 'active', until: '2026-05-15 23:59:59', nextPayment: '2026-05-15 10:00:00' },
        ...{ payments: 4, paid: 4 * price },
        told: [
          `2026-01-15 12:00:00 ${bought}`,
          `2026-01-15 12:00:00 ${acknowledged}`,
          // asked at 10:00, a minute later, and four minutes after that
          ...[2, 3, 4].map((month) => `2026-0${month}-15 10:05:00 ${renewed}`),
        ],
      });
      assert.deepEqual([...taken.values()], Array(4).fill(String(price)), 'one key, one payment');
      assert.equal(asked.length, 1 + 3 * 3);
    } finally {
      await server.stop();
    }
  });
}
