// The payment gateway of the commercial environment: what is asked when, and that no fault takes money twice.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { httpDatabases } from '../databases.ts';
import { Receiver, type Reply } from '../gateway.ts';
import { expectStatus, refusal, startServer } from '../server.ts';
import {
  balance,
  dayMs,
  evening,
  korea,
  type Machine,
  minuteMs,
  openShop,
  type Shop,
  words,
} from './commercial-shop.ts';

const approves = (response: ServerResponse) => response.end('{"outcome":"approved"}');

for (const database of httpDatabases) {
  describe(`the payment gateway on ${database.name}`, () => {
    const machine: Machine = { now: evening };
    let receiver: Receiver;
    let shop: Shop;

    before(async () => {
      receiver = await new Receiver().open();
      shop = await openShop(database, receiver, machine);
    });
    after(async () => {
      await shop.server.stop();
      await receiver.close();
    });
    beforeEach(() => {
      receiver.reply = () => 'approved';
      receiver.asked.length = 0;
      receiver.taken.clear();
      receiver.given.clear();
    });

    const repliesTo =
      (kind: 'charge' | 'refund', ...replies: Reply[]) =>
      (question: { kind: string }, time: number): Reply =>
        (question.kind === kind ? replies[time - 1] : undefined) ?? 'approved';
    /** Lets the machine's clock go on until a question has come the given number of times. */
    const askedTimes = async (count: number, byMs: number) => {
      if (receiver.asked.length < count) machine.now += byMs;
      await receiver.until(count);
    };

    test('the first payment is asked for with who buys what, and sells it once approved', async () => {
      machine.now = evening;
      const bought = await shop.buy({ buyerId: 'buyer of a pass', payment: { method: 'DCB' } });
      const { key, at: _, ...asked } = receiver.asked[0] ?? assert.fail();
      assert.deepEqual(asked, {
        kind: 'charge',
        purchaseToken: bought.purchaseToken,
        cycle: 0,
        amount: '9900',
        currency: 'KRW',
        paymentMethod: 'DCB',
        askedAt: evening,
        clientId: shop.app.clientId,
        productId: 'pass',
        buyerId: 'buyer of a pass',
      });
      assert.deepEqual([receiver.asked.length, [...receiver.taken.keys()]], [1, [key]]);
      assert.match(bought.purchaseId, /^260115210000\d{8}$/);
      assert.equal(bought.purchaseToken, `${bought.purchaseId.slice(0, 12)}S${bought.purchaseId.slice(13)}`);
      const path = `/v7/apps/${shop.app.clientId}/purchases/subscription/products/pass/${bought.purchaseToken}`;
      const detail = await shop.server.call('GET', path, { token: await shop.server.token(shop.app) });
      assert.equal(expectStatus(detail, 200).lastPurchaseId, bought.purchaseId);
    });

    test('a declined first payment is 402 and sells nothing; there is nothing to give back', async () => {
      receiver.reply = () => 'declined';
      assert.deepEqual(refusal(await shop.create({ buyerId: 'poor' })), [402, 'PaymentDeclined']);
      machine.now += 5 * minuteMs;
      await wait(1_500);
      assert.deepEqual([receiver.asked.length, receiver.taken.size], [1, 0]);
      receiver.reply = () => 'approved';
      await shop.buy({ buyerId: 'poor' });
      assert.equal(receiver.keys('charge').length, 2, 'another try is another question');
    });

    for (const [name, reply, taken] of [
      ['taken, and the answer never came', 'hang', 1],
      ['taken, and the answer was cut off', 'lost', 1],
      ['not taken, the connection broke', 'reset', 0],
      ['only pending', 'pending', 0],
      ['answered with an error', (response: ServerResponse) => response.writeHead(500).end(), 0],
      [
        'answered with a redirect',
        (response: ServerResponse) => response.writeHead(307, { location: '/' }).end(),
        0,
      ],
    ] satisfies [string, Reply, number][]) {
      test(`a first payment that was ${name} is 402, and is given back a minute later`, async () => {
        receiver.reply = ({ kind }) => (kind === 'charge' ? reply : 'approved');
        const before = await balance(shop);
        assert.deepEqual(refusal(await shop.create({ productId: 'product01' })), [402, 'PaymentDeclined']);
        const [key = assert.fail()] = receiver.keys('charge');
        assert.equal(receiver.taken.size, taken);
        machine.now += minuteMs;
        await receiver.until(2);
        const [charge, refund] = receiver.asked;
        assert.deepEqual([refund?.kind, refund?.refundOf, refund?.amount], ['refund', key, charge?.amount]);
        assert.notEqual(refund?.key, key);
        assert.equal(receiver.given.size, taken, 'what was not taken is not given back');
        assert.equal(await balance(shop), before);
        machine.now += 61 * minuteMs;
        await wait(400);
        const { purchaseToken = '' } = charge ?? {};
        assert.deepEqual([ofToken(purchaseToken).length, refundsOf(purchaseToken).length], [1, 1], 'settled');
      });
    }

    test('of two payments for one item by one buyer, the one that sells nothing goes back', async () => {
      const waiting: ServerResponse[] = [];
      receiver.reply = ({ kind }) => (kind === 'charge' ? (response) => waiting.push(response) : 'approved');
      const creating = [1, 2].map(() => shop.create({ buyerId: 'twice' }));
      await receiver.until(() => waiting.length === 2);
      for (const response of waiting) approves(response);
      const answers = await Promise.all(creating);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
      const sold = answers.find(({ status }) => status === 201)?.body.purchaseToken;
      machine.now += minuteMs;
      await receiver.until(3);
      const other = receiver.asked.find((asked) => asked.purchaseToken !== sold);
      assert.deepEqual([receiver.asked[2]?.kind, receiver.asked[2]?.refundOf], ['refund', other?.key]);
    });

    test('an app is not deleted while money may have to go back', async () => {
      const app = await shop.server.app();
      const { purchaseToken } = await shop.server.buy(app);
      receiver.reply = () => 'reset';
      const path = `/apps/${app.clientId}`;
      expectStatus(await shop.server.control('POST', `${path}/purchases/${purchaseToken}/void`, {}), 200);
      await receiver.until(() => refundsOf(purchaseToken).length === 1);
      assert.deepEqual(refusal(await shop.server.control('DELETE', path)), [409, 'InvalidState']);
      receiver.reply = () => 'approved';
      machine.now += minuteMs;
      await receiver.until(() => refundsOf(purchaseToken).length === 2);
      await settled(shop);
      assert.equal((await shop.server.control('DELETE', path)).status, 204);
    });

    test('an approval that comes after the money was sent back sells nothing', async () => {
      let answer: ServerResponse | undefined;
      receiver.reply = ({ kind }) => (kind === 'charge' ? (response) => (answer = response) : 'approved');
      const creating = shop.create({ productId: 'product01', buyerId: 'late' });
      await receiver.until(1);
      machine.now += minuteMs;
      await receiver.until(2);
      approves(answer ?? assert.fail());
      assert.deepEqual(refusal(await creating), [402, 'PaymentDeclined']);
      const { items } = expectStatus(
        await shop.server.control('GET', `/apps/${shop.app.clientId}/purchases?buyerId=late`),
        200,
      );
      assert.deepEqual(items, []);
    });

    test('a void is given back: the refund is asked until it is approved, by one key', async () => {
      const { purchaseToken } = await shop.buy({ productId: 'product01' });
      const [key] = receiver.keys('charge');
      const wrong = (response: ServerResponse) => response.end('{"outcome":"done"}');
      receiver.reply = repliesTo('refund', 'reset', 'declined', wrong, 'pending', 'approved');
      expectStatus(await shop.step(purchaseToken, 'void'), 200);
      await receiver.until(2);
      for (const [index, minutes] of [1, 4, 16, 64].entries()) {
        await answerStored(shop, purchaseToken, index + 1);
        machine.now += minutes * minuteMs - 1;
        await wait(400);
        assert.equal(receiver.asked.length, index + 2, `not before ${minutes} min`);
        await askedTimes(index + 3, 60_000);
      }
      const refunds = receiver.asked.filter(({ kind }) => kind === 'refund');
      assert.deepEqual([...new Set(refunds.map(({ refundOf }) => refundOf))], [key]);
      assert.deepEqual([refunds.length, receiver.keys('refund').length], [5, 1]);
      await settled(shop);
      machine.now += dayMs;
      await wait(400);
      assert.equal(refundsOf(purchaseToken).length, 5, 'an approved refund is not asked again');
    });

    test('a renewal is asked for at 10:00, and again by the same key until there is an answer', async () => {
      machine.now = evening;
      const { purchaseToken, purchaseId } = await shop.subscribe();
      const error = (response: ServerResponse) => response.writeHead(503).end();
      receiver.asked.length = 0;
      receiver.reply = repliesTo('charge', 'pending', 'lost', error, 'approved');
      machine.now = korea(2, 15, 10) - 1;
      await wait(400);
      assert.equal(ofToken(purchaseToken).length, 0);
      machine.now += 1;
      await receiver.until(() => ofToken(purchaseToken).length >= 1);
      for (const [index, minutes] of [1, 4, 16].entries()) {
        await shop.until(purchaseToken, ({ subscription }) => subscription.nextCharge > machine.now);
        machine.now += minutes * minuteMs;
        await receiver.until(() => ofToken(purchaseToken).length >= index + 2);
      }
      const renewed = await shop.until(purchaseToken, (purchase) => words(purchase).includes('renewed'));
      assert.equal(new Set(ofToken(purchaseToken).map(({ key }) => key)).size, 1);
      assert.deepEqual([ofToken(purchaseToken).length, ofToken(purchaseToken)[0]?.cycle], [4, 1]);
      assert.deepEqual(words(renewed), ['purchased', 'acknowledged', 'renewed']);
      assert.match(renewed.subscription.lastPurchaseId ?? renewed.purchaseId, /^260215\d{14}$/);
      assert.notEqual(renewed.subscription.lastPurchaseId, purchaseId);
      assert.equal(renewed.subscription.nextCharge, korea(3, 15, 10));
    });

    test('a declined renewal is another question the next day, and grace lasts until it is paid', async () => {
      machine.now = evening;
      const { purchaseToken } = await shop.subscribe();
      receiver.asked.length = 0;
      receiver.reply = () => 'declined';
      machine.now = korea(2, 15, 10);
      const failed = await shop.until(purchaseToken, ({ subscription }) => subscription.state === 'grace');
      assert.deepEqual(words(failed).slice(2), ['declined', 'graceStarted']);
      receiver.reply = () => 'approved';
      machine.now = korea(2, 16, 10);
      await shop.until(purchaseToken, ({ subscription }) => subscription.state === 'active');
      const keys = ofToken(purchaseToken).map(({ key }) => key);
      assert.deepEqual([keys.length, new Set(keys).size], [2, 2]);
    });

    test('months that passed while Till was away are asked for one after the other', async () => {
      machine.now = evening;
      const { purchaseToken } = await shop.subscribe();
      machine.now = korea(2, 15, 10);
      await shop.until(purchaseToken, (purchase) => words(purchase).includes('renewed'));
      machine.now = korea(3, 15, 10);
      await shop.until(
        purchaseToken,
        (purchase) => words(purchase).filter((word) => word === 'renewed').length === 2,
      );
      assert.deepEqual(
        ofToken(purchaseToken).map(({ cycle }) => cycle),
        [0, 1, 2],
      );
    });

    test('a payment confirmed after the void goes back, and each refund names its own charge', async () => {
      machine.now = evening;
      const { purchaseToken } = await shop.subscribe();
      receiver.asked.length = 0;
      let answer: ServerResponse | undefined;
      receiver.reply = ({ cycle, kind, purchaseToken: of }) =>
        kind === 'charge' && cycle === 1 && of === purchaseToken
          ? (response) => (answer = response)
          : 'approved';
      machine.now = korea(2, 15, 10);
      await receiver.until(() => answer !== undefined);
      expectStatus(await shop.step(purchaseToken, 'void'), 200);
      approves(answer ?? assert.fail());
      const ended = await shop.until(purchaseToken, (purchase) => words(purchase).includes('refunded'));
      assert.deepEqual(words(ended).slice(2), ['voided', 'charged', 'refunded']);
      await receiver.until(() => refundsOf(purchaseToken).length >= 2);
      const [renewal] = ofToken(purchaseToken);
      const first = renewal?.key.replace(/\d+$/, '0');
      const named = refundsOf(purchaseToken).map(({ refundOf, cycle }) => [refundOf, cycle]);
      assert.deepEqual(
        named.sort(),
        [
          [first, 0],
          [renewal?.key, 1],
        ].sort(),
      );
    });

    test('a gateway that answers nothing does not keep time from going on', async () => {
      machine.now = evening;
      const { purchaseToken } = await shop.subscribe();
      receiver.reply = () => 'reset';
      machine.now = korea(2, 15, 10);
      await shop.until(purchaseToken, ({ subscription }) => subscription.nextCharge > machine.now);
      machine.now = korea(2, 16, 0);
      const inGrace = await shop.until(purchaseToken, ({ subscription }) => subscription.state === 'grace');
      assert.ok(inGrace.entitled);
      machine.now = korea(2, 19, 0);
      const held = await shop.until(purchaseToken, ({ subscription }) => subscription.state === 'hold');
      assert.ok(!held.entitled);
      receiver.reply = () => 'approved';
      machine.now += dayMs;
      await shop.until(purchaseToken, ({ subscription }) => subscription.state === 'active');
    });

    test('names that another sale has drawn are drawn again before anybody is asked for money', async () => {
      let calls = 0;
      let repeated = 0;
      const random = (count: number) => {
        calls += 1;
        return calls <= repeated ? Buffer.alloc(count, 7) : crypto.getRandomValues(Buffer.alloc(count));
      };
      const other = await openShop(database, receiver, machine, { random });
      try {
        [calls, repeated] = [0, Number.POSITIVE_INFINITY];
        receiver.reply = () => 'reset';
        assert.equal((await other.create({ buyerId: 'one' })).status, 402);
        [calls, repeated] = [0, calls];
        receiver.reply = () => 'approved';
        await other.buy({ buyerId: 'two' });
        const keys = receiver.asked.filter(({ kind }) => kind === 'charge').map(({ key }) => key);
        assert.deepEqual([keys.length, new Set(keys).size], [2, 2]);
      } finally {
        await other.server.stop();
      }
    });

    function ofToken(purchaseToken: string) {
      return receiver.asked.filter(
        (asked) => asked.kind === 'charge' && asked.purchaseToken === purchaseToken,
      );
    }
    function refundsOf(purchaseToken: string) {
      return receiver.asked.filter(
        (asked) => asked.kind === 'refund' && asked.purchaseToken === purchaseToken,
      );
    }
  });

  test(`without a gateway only what is free can be made and sold, on ${database.name}`, async () => {
    const { noGateway } = await import('../../src/host/simulated-gateway.ts');
    const commercial = { environment: 'commercial', masterKey: Buffer.alloc(32, 1) } as const;
    const opened = await database.open();
    const server = await startServer({ url: opened.url }, commercial);
    try {
      const app = await server.app();
      const without = { ...server.till.host, gateway: noGateway };
      const { putProduct } = await import('../../src/actions/control/put-product.ts');
      const { createPurchase } = await import('../../src/actions/control/create-purchase.ts');
      const { clientId } = app;
      const product = { clientId, productId: 'new', type: 'inapp', title: 'New', currency: 'KRW' } as const;
      const naming = { code: 'InvalidState', detail: /TILL_GATEWAY_URL/ };
      await assert.rejects(async () => putProduct(without, { ...product, price: '1' }), naming);
      await putProduct(without, { ...product, price: '0' });
      await createPurchase(without, { clientId, productId: 'new' });
      // made while there was one
      await assert.rejects(() => createPurchase(without, { clientId, productId: 'product01' }), naming);
      const charges = await server.till.host.database.all("select * from charge where state = 'asked'");
      assert.deepEqual(charges, []);
    } finally {
      await server.stop();
      await opened.drop();
    }
  });
}

/** Waits until nothing is left to be asked. */
/** So many questions for the refund of a purchase have been answered, and that is stored. */
async function answerStored({ server }: Shop, purchaseToken: string, count: number): Promise<void> {
  for (const end = Date.now() + 60_000; ; await wait(20)) {
    const [row] = await server.till.host.database.all(
      "select unanswered_count from charge where purchase_token = $1 and kind = 'refund'",
      [purchaseToken],
    );
    if (row?.unanswered_count === count) return;
    assert.ok(Date.now() < end, JSON.stringify(row));
  }
}

async function settled({ server }: Shop): Promise<void> {
  for (const end = Date.now() + 60_000; ; await wait(20)) {
    const left = await server.till.host.database.all("select number from charge where state = 'asked'");
    if (left.length === 0) return;
    assert.ok(Date.now() < end, JSON.stringify(left));
  }
}
