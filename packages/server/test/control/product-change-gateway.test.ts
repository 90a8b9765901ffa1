// Changes of product and of price where a payment gateway outside takes the money: what it is asked, and what goes back.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Question } from '../../src/domain/charge.ts';
import { httpDatabases } from '../databases.ts';
import { Receiver, type Reply } from '../gateway.ts';
import {
  balance,
  evening,
  korea,
  type Machine,
  minuteMs,
  openShop,
  type Shop,
  words,
} from '../scenario/commercial-shop.ts';
import { type Answer, expectStatus, refusal } from '../server.ts';

const difference = 'IMMEDIATE_AND_CHARGE_PRORATED_PRICE';

for (const database of httpDatabases) {
  describe(`changes of product at a gateway outside on ${database.name}`, () => {
    const machine: Machine = { now: evening };
    let receiver: Receiver;
    let shop: Shop;

    before(async () => {
      receiver = await new Receiver().open();
      shop = await openShop(database, receiver, machine);
      const terms = { period: 'P1M', gracePeriod: 'P3D' };
      const gold = {
        type: 'subscription',
        title: 'Gold',
        price: '19800',
        currency: 'KRW',
        subscription: terms,
      };
      const { clientId } = shop.app;
      for (const productId of ['gold', 'changing']) {
        const path = `/apps/${clientId}/products/${productId}`;
        expectStatus(await shop.server.control('PUT', path, gold), 200);
      }
    });
    after(async () => {
      await shop.server.stop();
      await receiver.close();
    });
    beforeEach(() => {
      machine.now = evening;
      receiver.reply = () => 'approved';
    });

    /** A subscription to `pass`, bought in the evening of 15 January; what was asked for it is forgotten. */
    const subscribe = async () => {
      const { purchaseToken } = await shop.subscribe();
      receiver.asked.length = 0;
      receiver.taken.clear();
      receiver.given.clear();
      return purchaseToken as string;
    };
    const change = (purchaseToken: string, mode = difference): Promise<Answer> =>
      shop.create({ productId: 'gold', replaces: { purchaseToken, mode } });
    const asked = () => receiver.asked.map(({ kind, amount }) => [kind, amount]);
    const rows = async () => {
      const all = (table: string, key: string) =>
        shop.server.till.host.database.all(`select * from ${table} order by ${key}`);
      return [
        await all('subscription', 'purchase_token'),
        await all('purchase', 'purchase_id'),
        await all('ledger', 'purchase_token, seq'),
        await all('trial', 'buyer_id'),
      ];
    };
    /** Takes the money of the first question only after `meanwhile`. */
    const whileAsked = (meanwhile: () => Promise<unknown>) => {
      let first = true;
      receiver.reply = ({ kind, key, amount }: Question): Reply => {
        if (kind !== 'charge' || !first) return 'approved';
        first = false;
        return (response) => {
          receiver.taken.set(key, amount);
          meanwhile().then(() => response.end('{"outcome":"approved"}'));
        };
      };
    };

    test('the difference is asked for once, for the new product, and nothing is given back', async () => {
      const purchaseToken = await subscribe();
      const before = await balance(shop);
      const bought = expectStatus(await change(purchaseToken), 201);
      const [question, ...more] = receiver.asked;
      assert.deepEqual(
        [question?.kind, question?.amount, question?.productId, question?.purchaseToken, question?.cycle],
        ['charge', '9580', 'gold', bought.purchaseToken, 0],
      );
      assert.deepEqual(more, []);
      assert.equal(await balance(shop), before + 9_580_000_000);
      machine.now += 5 * minuteMs;
      await wait(1_200);
      assert.deepEqual(asked(), [['charge', '9580']]);
      assert.deepEqual(words(await shop.read(purchaseToken)), ['purchased', 'acknowledged', 'replaced']);
    });

    test('declined it changes nothing, and is another question the next time', async () => {
      const purchaseToken = await subscribe();
      const before = await rows();
      receiver.reply = () => 'declined';
      assert.deepEqual(refusal(await change(purchaseToken)), [402, 'PaymentDeclined']);
      assert.deepEqual(await rows(), before);
      receiver.reply = () => 'approved';
      expectStatus(await change(purchaseToken), 201);
      assert.equal(receiver.keys('charge').length, 2);
      assert.equal(receiver.taken.size, 1);
    });

    for (const reply of ['hang', 'lost', 'reset'] as const) {
      test(`without an answer (${reply}) it changes nothing, and what was taken goes back`, async () => {
        const purchaseToken = await subscribe();
        const before = await rows();
        receiver.reply = ({ kind }) => (kind === 'charge' ? reply : 'approved');
        assert.deepEqual(refusal(await change(purchaseToken)), [402, 'PaymentDeclined']);
        assert.deepEqual(await rows(), before);
        machine.now += minuteMs;
        await receiver.until(2);
        assert.deepEqual(asked(), [
          ['charge', '9580'],
          ['refund', '9580'],
        ]);
        assert.equal(receiver.given.size, receiver.taken.size);
        receiver.reply = () => 'approved';
        expectStatus(await change(purchaseToken), 201);
        assert.deepEqual(words(await shop.read(purchaseToken)).slice(2), ['replaced']);
      });
    }

    test('a change that costs nothing now asks nobody', async () => {
      for (const mode of ['IMMEDIATE_WITH_TIME_PRORATION', 'IMMEDIATE_WITHOUT_PRORATION', 'DEFERRED']) {
        const purchaseToken = await subscribe();
        expectStatus(await change(purchaseToken, mode), 201);
        assert.deepEqual(asked(), [], mode);
      }
    });

    test('what is refused asks nobody', async () => {
      const purchaseToken = await subscribe();
      expectStatus(await shop.step(purchaseToken, 'void'), 200);
      await receiver.until(1);
      assert.deepEqual(refusal(await change(purchaseToken)), [409, 'InvalidState', 'replaces']);
      assert.deepEqual(receiver.keys('charge'), []);
    });

    test('cancelled while the difference is asked for, the change is planned again, and the first money goes back', async () => {
      const purchaseToken = await subscribe();
      whileAsked(() => shop.step(purchaseToken, 'cancel'));
      const bought = expectStatus(await change(purchaseToken), 201);
      assert.deepEqual(words(await shop.read(purchaseToken)).slice(2), ['cancelled', 'replaced']);
      assert.equal(bought.subscription.linkedPurchaseToken, purchaseToken);
      const [first, second] = receiver.keys('charge');
      machine.now += minuteMs;
      await receiver.until(3);
      assert.deepEqual(
        receiver.asked.map(({ kind, amount, refundOf }) => [kind, amount, refundOf ?? null]),
        [
          ['charge', '9580', null],
          ['charge', '9580', null],
          ['refund', '9580', first],
        ],
      );
      assert.deepEqual([[...receiver.taken.keys()], receiver.given.size], [[first, second], 1]);
    });

    test('voided while the difference is asked for, it is refused, and the money goes back', async () => {
      const purchaseToken = await subscribe();
      whileAsked(() => shop.step(purchaseToken, 'void'));
      assert.deepEqual(refusal(await change(purchaseToken)), [409, 'InvalidState', 'replaces']);
      const [first] = receiver.keys('charge');
      machine.now += minuteMs;
      await receiver.until(() => receiver.asked.some(({ refundOf }) => refundOf === first));
      assert.deepEqual(words(await shop.read(purchaseToken)).slice(2), ['voided']);
      assert.equal(receiver.keys('charge').length, 1);
    });

    test('changed to the same product twice at the same time it is changed once', async () => {
      const purchaseToken = await subscribe();
      const answers = await Promise.all([change(purchaseToken), change(purchaseToken)]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
      machine.now += minuteMs;
      await receiver.until(() => receiver.given.size === receiver.taken.size - 1);
      const { items } = expectStatus(
        await shop.server.control('GET', `/apps/${shop.app.clientId}/purchases?productId=gold`),
        200,
      );
      const made = items.filter(
        (item: { subscription: { linkedPurchaseToken: string } }) =>
          item.subscription.linkedPurchaseToken === purchaseToken,
      );
      assert.equal(made.length, 1);
    });

    test('the payment that a DEFERRED change waits for is asked for until it is answered, and begins it once', async () => {
      const purchaseToken = await subscribe();
      expectStatus(await change(purchaseToken, 'DEFERRED'), 201);
      receiver.reply = ({ purchaseToken: token }, time) =>
        token === purchaseToken && time === 1 ? 'lost' : 'approved';
      machine.now = korea(2, 15, 10);
      const own = () => receiver.asked.filter((question) => question.purchaseToken === purchaseToken);
      await receiver.until(() => own().length === 1);
      assert.equal((await shop.read(purchaseToken)).subscription.switchTo, 'gold');
      machine.now += minuteMs;
      await receiver.until(() => own().length === 2);
      const replaced = await shop.until(
        purchaseToken,
        ({ subscription }) => subscription.state === 'revoked',
      );
      assert.deepEqual(words(replaced).slice(2), ['switchScheduled', 'replaced']);
      assert.deepEqual(
        own().map(({ amount, cycle, kind }) => [kind, amount, cycle]),
        [
          ['charge', '19800', 1],
          ['charge', '19800', 1],
        ],
      );
      assert.equal(new Set(own().map(({ key }) => key)).size, 1);
      const { items } = expectStatus(
        await shop.server.control('GET', `/apps/${shop.app.clientId}/purchases?productId=gold`),
        200,
      );
      const [begun] = items.filter(
        (item: { subscription: { linkedPurchaseToken: string } }) =>
          item.subscription.linkedPurchaseToken === purchaseToken,
      );
      assert.deepEqual([begun.price, begun.state], ['19800', 'purchased']);
      assert.deepEqual(words(await shop.read(begun.purchaseToken)), ['switched']);
    });

    test('whoever pays the old price while it changes hears of the new one', async () => {
      const { clientId } = shop.app;
      whileAsked(() =>
        shop.server.control('POST', `/apps/${clientId}/products/changing/price`, { price: '29800' }),
      );
      const bought = await shop.buy({ productId: 'changing' });
      assert.equal(bought.price, '19800');
      const { subscription } = await shop.read(bought.purchaseToken);
      assert.equal(subscription.newPrice?.price, '29800');
      assert.equal(subscription.newPrice.toldAt, evening + 7 * 1_440 * minuteMs);
    });
  });
}
