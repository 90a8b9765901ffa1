// A buyer goes from one subscription product to another: what each mode makes of both sides, and what is told of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { controlKey, expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { openShelf } from './shelf.ts';
import { dayMs, endOf, hourMs, korea, noon } from './subscribers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

for (const database of httpDatabases) {
  describe(`changes of product on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const open = (calendar?: 'sandbox') => openShelf(server, calendar && { calendar });

    /** What ended without money on 15 January, its payment voided. */
    const assertReplaced = async (shelf: Awaited<ReturnType<typeof open>>, by: string) => {
      const { shop, purchaseToken } = shelf;
      const { entitled, voidedTime, state, dueAt, subscription, history } = await shop.read(purchaseToken);
      assert.deepEqual([entitled, voidedTime, state, dueAt], [false, noon, 'voided', null]);
      const { autoRenewing, expiryTime, cancelReason, cancelledTime, nextCharge, credit } = subscription;
      assert.deepEqual(
        {
          state: subscription.state,
          autoRenewing,
          expiryTime,
          cancelReason,
          cancelledTime,
          nextCharge,
          credit,
        },
        {
          ...{
            state: 'revoked',
            autoRenewing: false,
            expiryTime: noon,
            cancelReason: 1,
            cancelledTime: noon,
          },
          ...{ nextCharge: null, credit: '0' },
        },
      );
      const last = history.at(-1);
      assert.deepEqual([last.what, last.cause, last.amount], ['replaced', 'buyer', '0']);
      assert.equal(last.text, `The buyer changed to another product, and this ended: by ${by}.`);
    };

    test('IMMEDIATE_WITH_TIME_PRORATION: the rest becomes days of the new product, what is over is credit', async () => {
      const shelf = await open();
      const { shop, purchaseToken, changed } = shelf;
      const bought = await changed('IMMEDIATE_WITH_TIME_PRORATION');
      assert.notEqual(bought.purchaseToken, purchaseToken);
      assert.deepEqual(
        [bought.productId, bought.buyerId, bought.price, bought.state, bought.acknowledged],
        ['gold', 'alice', '0', 'purchased', false],
      );
      const { nextPaymentTime, expiryTime, credit, nextPrice, linkedPurchaseToken, paymentCount } =
        bought.subscription;
      // 30 of 31 days of 9900 are 9580.645161; at 660 a day that is 14 days from tomorrow, and 340.645161 are over
      assert.deepEqual(
        { nextPaymentTime, expiryTime, credit, nextPrice, linkedPurchaseToken, paymentCount },
        {
          ...{ nextPaymentTime: korea(1, 30, 10), expiryTime: endOf(1, 30), credit: '340.645161' },
          ...{ nextPrice: '19460', linkedPurchaseToken: purchaseToken, paymentCount: 1 },
        },
      );
      assert.equal(bought.dueAt, noon + 3 * dayMs);
      await assertReplaced(shelf, bought.purchaseToken);
      const [begun] = (await shop.read(bought.purchaseToken)).history;
      assert.deepEqual([begun.what, begun.cause, begun.amount], ['purchased', 'buyer', '0']);
      assert.equal(begun.text, 'The buyer paid 0 KRW: a change from pass, IMMEDIATE_WITH_TIME_PRORATION.');
      expectStatus(await shop.step(bought.purchaseToken, 'acknowledge'), 200);
      await shop.advanceTo(korea(2, 28, 10));
      const { history, subscription } = await shop.read(bought.purchaseToken);
      assert.deepEqual(
        history.slice(2).map(({ at, what, amount }: Json) => [at, what, amount]),
        [
          [korea(1, 30, 10), 'renewed', '19460'],
          [korea(2, 28, 10), 'renewed', '19800'],
        ],
      );
      assert.equal(subscription.credit, '0.645161');
      assert.deepEqual(await shop.happened(purchaseToken), ['purchased', 'acknowledged', 'replaced']);
    });

    test('IMMEDIATE_AND_CHARGE_PRORATED_PRICE: the payment day stays, the rest costs the difference now', async () => {
      const shelf = await open();
      const { shop, changed } = shelf;
      const bought = await changed('IMMEDIATE_AND_CHARGE_PRORATED_PRICE');
      const { nextPaymentTime, expiryTime, credit, nextPrice } = bought.subscription;
      assert.deepEqual(
        { price: bought.price, nextPaymentTime, expiryTime, credit, nextPrice },
        {
          ...{ price: '9580', nextPaymentTime: korea(2, 15, 10), expiryTime: endOf(2, 15) },
          ...{ credit: '0', nextPrice: '19800' },
        },
      );
      await assertReplaced(shelf, bought.purchaseToken);
      expectStatus(await shop.step(bought.purchaseToken, 'acknowledge'), 200);
      await shop.advanceTo(korea(2, 15, 10));
      const { history } = await shop.read(bought.purchaseToken);
      assert.deepEqual(
        history.map(({ what, amount }: Json) => [what, amount]),
        [
          ['purchased', '9580'],
          ['acknowledged', '0'],
          ['renewed', '19800'],
        ],
      );
    });

    test('IMMEDIATE_WITHOUT_PRORATION: the payment day stays, and nothing is paid before it', async () => {
      const shelf = await open();
      const { shop, changed } = shelf;
      const bought = await changed('IMMEDIATE_WITHOUT_PRORATION', 'silver');
      const { nextPaymentTime, credit, nextPrice } = bought.subscription;
      assert.deepEqual(
        [bought.price, nextPaymentTime, credit, nextPrice],
        ['0', korea(2, 15, 10), '0', '4900'],
      );
      await assertReplaced(shelf, bought.purchaseToken);
      expectStatus(await shop.step(bought.purchaseToken, 'acknowledge'), 200);
      await shop.advanceTo(korea(2, 15, 10));
      assert.equal((await shop.read(bought.purchaseToken)).price, '4900');
    });

    test('DEFERRED: the old one stays until its next payment, which begins the new one', async () => {
      const { shop, purchaseToken, changed, listed } = await open();
      const before = await shop.read(purchaseToken);
      const waiting = await changed('DEFERRED');
      assert.deepEqual(
        [waiting.purchaseToken, waiting.purchaseId, waiting.productId, waiting.entitled],
        [purchaseToken, before.purchaseId, 'pass', true],
      );
      assert.deepEqual(
        [waiting.subscription.switchTo, waiting.subscription.nextPrice, waiting.subscription.state],
        ['gold', '19800', 'active'],
      );
      assert.equal((await shop.read(purchaseToken)).history.at(-1).what, 'switchScheduled');
      assert.equal(
        (await shop.read(purchaseToken)).history.at(-1).text,
        'The buyer will change the product with the next payment: to gold.',
      );
      const { happened } = await shop.advanceTo(korea(2, 15, 10));
      const begun = (await listed('gold'))[0];
      assert.deepEqual(
        happened.map(({ what, purchaseToken: token, productId }: Json) => [what, token, productId]),
        [
          ['replaced', purchaseToken, 'pass'],
          ['switched', begun.purchaseToken, 'gold'],
        ],
      );
      assert.deepEqual(
        [begun.price, begun.purchaseTime, begun.acknowledged, begun.buyerId, begun.state],
        ['19800', korea(2, 15, 10), false, 'alice', 'purchased'],
      );
      assert.deepEqual(
        [begun.subscription.nextPaymentTime, begun.subscription.linkedPurchaseToken, begun.dueAt],
        [korea(3, 15, 10), purchaseToken, korea(2, 18, 10)],
      );
      const [first] = (await shop.read(begun.purchaseToken)).history;
      assert.deepEqual([first.what, first.cause, first.amount], ['switched', 'time', '19800']);
      assert.equal(first.text, 'Till charged 19800 KRW: a change from pass.');
      const old = await shop.read(purchaseToken);
      assert.deepEqual(
        [old.subscription.state, old.subscription.switchTo, old.subscription.paymentCount, old.voidedTime],
        ['revoked', null, 1, korea(2, 15, 10)],
      );
    });

    test('a second DEFERRED change takes the place of the first, and a cancellation drops it', async () => {
      const { shop, purchaseToken, changed, listed } = await open();
      await changed('DEFERRED');
      const again = await changed('DEFERRED', 'silver');
      assert.deepEqual([again.subscription.switchTo, again.subscription.nextPrice], ['silver', '4900']);
      const cancelled = expectStatus(await shop.step(purchaseToken, 'cancel'), 200);
      assert.deepEqual([cancelled.subscription.switchTo, cancelled.subscription.nextPrice], [null, '9900']);
      expectStatus(await shop.step(purchaseToken, 'reactivate'), 200);
      await changed('DEFERRED', 'silver');
      await shop.advanceTo(korea(2, 15, 10));
      assert.deepEqual([(await listed('silver')).length, (await listed('gold')).length], [1, 0]);
    });

    test('a change at once takes the place of one that waits', async () => {
      const { shop, purchaseToken, changed, listed } = await open();
      await changed('DEFERRED');
      const bought = await changed('IMMEDIATE_WITHOUT_PRORATION', 'silver');
      expectStatus(await shop.step(bought.purchaseToken, 'acknowledge'), 200);
      await shop.advanceTo(korea(2, 15, 10));
      assert.equal((await listed('gold')).length, 0);
      assert.equal((await shop.read(purchaseToken)).subscription.switchTo, null);
    });

    test('a declined payment of a DEFERRED change brings grace and hold, and the change once it is paid', async () => {
      const { shop, purchaseToken, changed, listed } = await open();
      await changed('DEFERRED');
      expectStatus(await shop.pay(purchaseToken, { outcome: 'decline' }), 200);
      await shop.advanceTo(korea(2, 20, 12));
      const held = await shop.read(purchaseToken);
      assert.deepEqual([held.subscription.state, held.subscription.switchTo], ['hold', 'gold']);
      assert.deepEqual(await listed('gold'), []);
      expectStatus(await shop.pay(purchaseToken, { outcome: 'approve' }), 200);
      const [begun] = await listed('gold');
      assert.deepEqual(
        [begun.purchaseTime, begun.subscription.nextPaymentTime, begun.price],
        [korea(2, 20, 12), korea(3, 20, 10), '19800'],
      );
      assert.deepEqual((await shop.happened(purchaseToken)).slice(-2), ['paymentChanged', 'replaced']);
    });

    test('a waiting change knows no pause and hears of prices after it', async () => {
      const { shop, purchaseToken, changed, listed } = await open();
      expectStatus(
        await shop.put('pass', { ...shop.pass, subscription: { period: 'P1M', pausable: true } }),
        200,
      );
      await changed('DEFERRED');
      const pause = await shop.step(purchaseToken, 'pause', { for: 'P1M' });
      assert.deepEqual(refusal(pause), [409, 'InvalidState']);
      for (const productId of ['pass', 'gold']) {
        expectStatus(await shop.call('POST', `/products/${productId}/price`, { price: '29800' }), 200);
      }
      assert.equal((await shop.read(purchaseToken)).subscription.newPrice, null);
      await shop.advanceTo(korea(2, 15, 10));
      const [begun] = await listed('gold');
      assert.equal(begun.price, '19800');
      const { price, toldAt, told } = begun.subscription.newPrice;
      assert.deepEqual([price, toldAt, told], ['29800', korea(2, 15, 10) + 7 * dayMs, false]);
    });

    test('only the first mode gives the promotion of the new product, and that once', async () => {
      for (const [mode, left] of [
        ['IMMEDIATE_WITH_TIME_PRORATION', 2],
        ['IMMEDIATE_AND_CHARGE_PRORATED_PRICE', 0],
        ['IMMEDIATE_WITHOUT_PRORATION', 0],
      ] as const) {
        const { shop, changed } = await open();
        const offer = { period: 'P1M', freeTrial: 'P7D', promotion: { price: '100', cycles: 2 } };
        expectStatus(await shop.put('gold', { ...shop.gold, subscription: offer }), 200);
        const bought = await changed(mode);
        const { freeTrial, promotionPaymentsLeft } = bought.subscription;
        assert.deepEqual([freeTrial, promotionPaymentsLeft], [false, left], mode);
        expectStatus(await shop.step(bought.purchaseToken, 'void'), 200);
        const again = await shop.buy({ productId: 'gold', buyerId: 'alice' });
        assert.equal(again.subscription.freeTrial, left === 0, mode);
      }
    });

    test('DEFERRED begins without trial and promotion', async () => {
      const { shop, changed, listed } = await open();
      const offer = { period: 'P1M', freeTrial: 'P7D', promotion: { price: '100', cycles: 2 } };
      expectStatus(await shop.put('gold', { ...shop.gold, subscription: offer }), 200);
      await changed('DEFERRED');
      await shop.advanceTo(korea(2, 15, 10));
      const [{ price, subscription }] = await listed('gold');
      assert.deepEqual(
        [price, subscription.freeTrial, subscription.promotionPaymentsLeft],
        ['19800', false, 0],
      );
    });

    test('what is cancelled is changed at once all the same, and renews again', async () => {
      const { shop, purchaseToken, changed } = await open();
      expectStatus(await shop.step(purchaseToken, 'cancel'), 200);
      const bought = await changed('IMMEDIATE_WITHOUT_PRORATION');
      assert.equal(bought.subscription.state, 'active');
      assert.deepEqual((await shop.happened(purchaseToken)).slice(-2), ['cancelled', 'replaced']);
    });

    test('a change may be changed again, back to the first product too', async () => {
      const { shop, purchaseToken, changed, change } = await open();
      const gold = await changed('IMMEDIATE_AND_CHARGE_PRORATED_PRICE');
      await shop.advance('PT1H');
      const back = expectStatus(
        await change('IMMEDIATE_WITH_TIME_PRORATION', 'pass', { of: gold.purchaseToken }),
        201,
      );
      assert.equal(back.subscription.linkedPurchaseToken, gold.purchaseToken);
      assert.equal((await shop.read(gold.purchaseToken)).subscription.state, 'revoked');
      assert.equal((await shop.read(purchaseToken)).subscription.state, 'revoked');
      // what was paid comes back as days: 9580.645161 + 9580 are 58 days of 330
      assert.equal(back.subscription.nextPaymentTime, korea(1, 16, 10) + 58 * dayMs);
      assert.equal(back.subscription.credit, '20.645161');
    });

    test('what was replaced is neither cancelled nor changed nor voided again', async () => {
      const { shop, purchaseToken, changed, change } = await open();
      await changed('IMMEDIATE_WITHOUT_PRORATION');
      for (const what of ['cancel', 'reactivate']) {
        assert.deepEqual(refusal(await shop.step(purchaseToken, what)), [409, 'InvalidPurchaseState']);
      }
      assert.deepEqual(refusal(await shop.step(purchaseToken, 'void')), [409, 'InvalidState']);
      assert.equal((await change('DEFERRED', 'silver')).status, 409);
    });

    test('the old one’s payment is listed as voided, and the server API shows both sides', async () => {
      const { shop, purchaseToken, changed } = await open();
      const { purchaseToken: by, purchaseId } = await changed('IMMEDIATE_WITHOUT_PRORATION');
      const replies = async (token: string) => {
        const { items } = expectStatus(await shop.call('GET', `/purchases/${token}/replies`), 200);
        const found = items.filter(({ status }: Json) => status === 200);
        assert.deepEqual(
          found.map(({ operation }: Json) => operation),
          ['getSubscriptionDetail'],
        );
        return JSON.parse(found[0].body);
      };
      const [old, begun] = [await replies(purchaseToken), await replies(by)];
      assert.deepEqual([old.autoRenewing, old.paymentState, old.cancelReason], [false, null, 1]);
      assert.deepEqual(
        [begun.linkedPurchaseToken, begun.lastPurchaseId, begun.paymentState, begun.priceAmount],
        [purchaseToken, purchaseId, 1, '19800'],
      );
      const token = await server.token(shop.app);
      const path = `/v7/apps/${shop.app.clientId}/voided-purchases`;
      const { voidedPurchaseList } = expectStatus(await server.call('GET', path, { token }), 200);
      assert.deepEqual(
        voidedPurchaseList.map((row: Json) => [row.purchaseToken, row.voidedTime]),
        [[purchaseToken, noon]],
      );
    });

    test('while it waits the server API shows paymentState 3 and the price to come', async () => {
      const { shop, purchaseToken, changed } = await open();
      await changed('DEFERRED');
      const { items } = expectStatus(await shop.call('GET', `/purchases/${purchaseToken}/replies`), 200);
      const body = JSON.parse(items.find(({ status }: Json) => status === 200).body);
      assert.deepEqual(
        [body.paymentState, body.priceAmount, body.nextPriceAmount, body.linkedPurchaseToken],
        [3, '9900', '19800', null],
      );
    });

    test('who listens hears of both sides, the new one under its own token', async () => {
      const { shop, purchaseToken, changed, listed } = await open();
      const told: Json[] = [];
      const listened = listenTo(server, told);
      await changed('DEFERRED');
      await shop.advanceTo(korea(2, 15, 10));
      const [begun] = await listed('gold');
      const again = {
        productId: 'silver',
        replaces: { purchaseToken: begun.purchaseToken, mode: 'DEFERRED' },
      };
      expectStatus(await shop.create(again), 201);
      const own = () => told.filter(({ what }) => what !== 'control');
      for (let round = 0; round < 3_000 && own().length < 4; round++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await listened.stop();
      assert.deepEqual(
        own().map((event) => [event.what, event.purchaseToken, event.productId]),
        [
          ['switchScheduled', purchaseToken, 'pass'],
          ['replaced', purchaseToken, 'pass'],
          ['switched', begun.purchaseToken, 'gold'],
          ['switchScheduled', begun.purchaseToken, 'gold'],
        ],
      );
    });

    test('a switch that a payment made up for brings about is told too', async () => {
      const { shop, purchaseToken, changed, listed } = await open();
      await changed('DEFERRED');
      expectStatus(await shop.pay(purchaseToken, { outcome: 'decline' }), 200);
      await shop.advanceTo(korea(2, 20, 12));
      const told: Json[] = [];
      const listened = listenTo(server, told);
      expectStatus(await shop.pay(purchaseToken, { outcome: 'approve' }), 200);
      const own = () => told.filter(({ what }) => what !== 'control');
      for (let round = 0; round < 3_000 && own().length < 3; round++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await listened.stop();
      const [begun] = await listed('gold');
      assert.deepEqual(
        own().map((event) => [event.what, event.purchaseToken]),
        [
          ['paymentChanged', purchaseToken],
          ['replaced', purchaseToken],
          ['switched', begun.purchaseToken],
        ],
      );
    });

    test('a switch to a product that the buyer has got meanwhile is dropped, and the old one is renewed', async () => {
      const { shop, purchaseToken, changed, listed } = await open();
      await changed('DEFERRED');
      const { buyerId } = await shop.read(purchaseToken);
      // both calls at the same instant, which neither of them can see: the wait is put back once the other is bought
      const { database } = server.till.host;
      const key = 'where purchase_token = $1';
      const [row] = await database.all(`select switch_to from subscription ${key}`, [purchaseToken]);
      await database.run(`update subscription set switch_to = null ${key}`, [purchaseToken]);
      const other = expectStatus(await shop.create({ productId: 'gold', buyerId }), 201);
      expectStatus(await shop.step(other.purchaseToken, 'acknowledge'), 200);
      await database.run(`update subscription set switch_to = $2 ${key}`, [
        purchaseToken,
        row?.switch_to ?? null,
      ]);
      await shop.advanceTo(korea(2, 15, 10));
      const kept = await shop.read(purchaseToken);
      const happened = kept.history.slice(-2).map(({ what, amount }: Json) => [what, amount]);
      assert.deepEqual(happened, [
        ['switchDropped', '0'],
        ['renewed', '9900'],
      ]);
      assert.deepEqual([kept.subscription.switchTo, kept.subscription.state], [null, 'active']);
      const tokens = (await listed('gold')).map((one: Json) => one.purchaseToken);
      assert.deepEqual(
        [...new Set(tokens)],
        [other.purchaseToken],
        'nothing was begun beside what was bought',
      );
    });

    test('in the charts a switch and the end of a pause are purchases, and a replacement is no void', async () => {
      const { shop, purchaseToken, changed } = await open();
      await changed('DEFERRED');
      expectStatus(
        await shop.put('rest', { ...shop.pass, subscription: { period: 'P1M', pausable: true } }),
        200,
      );
      const other = await shop.subscribe({ productId: 'rest' });
      expectStatus(await shop.step(other.purchaseToken, 'pause', { for: 'P1M' }), 200);
      await shop.advanceTo(korea(3, 17, 10));
      const query = {
        clientId: shop.app.clientId,
        from: String(noon),
        to: String(noon + 70 * dayMs),
        step: 'P10D',
      };
      const { points } = expectStatus(
        await server.control('GET', `/stats?${new URLSearchParams(query)}`),
        200,
      );
      assert.deepEqual(
        points.map(({ purchases, revenue }: Json) => [purchases, revenue[0]?.amount ?? '0']),
        [
          // two first payments; the switch; three days later it goes back, because nobody acknowledges it
          [2, '19800'],
          [0, '0'],
          [0, '0'],
          [1, '0'],
          [0, '0'],
          [0, '0'],
          [1, '9900'],
        ],
      );
      assert.deepEqual(
        points.map(({ voids }: Json) => voids),
        [0, 0, 0, 1, 0, 0, 0],
      );
      assert.equal((await shop.read(purchaseToken)).state, 'voided');
    });

    for (const mode of ['IMMEDIATE_AND_CHARGE_PRORATED_PRICE', 'DEFERRED']) {
      test(`${mode} that is asked for again by its Idempotency-Key happens once`, async () => {
        const { shop, purchaseToken } = await open();
        const { clientId, worldId } = shop.app;
        const path = `/control/v1/apps/${clientId}/purchases?worldId=${worldId}`;
        const headers = { authorization: `Bearer ${controlKey}`, 'idempotency-key': `once-${mode}` };
        const body = { productId: 'gold', replaces: { purchaseToken, mode } };
        const call = () => server.call('POST', path, { headers, body });
        const [first, twin] = await Promise.all([call(), call()]);
        expectStatus(first, 201);
        assert.equal(twin.text, first.text);
        await shop.advance('PT1H');
        assert.equal((await call()).text, first.text);
        const steps = (await shop.happened(purchaseToken)).slice(2);
        assert.deepEqual(steps, [mode === 'DEFERRED' ? 'switchScheduled' : 'replaced']);
      });

      test(`${mode} leaves a row in the audit that names what was answered`, async () => {
        const { shop, purchaseToken } = await open();
        const body = { productId: 'gold', replaces: { purchaseToken, mode } };
        const answer = await shop.create(body);
        const { purchaseData: _, signature: __, ...shown } = expectStatus(answer, 201);
        const { items } = expectStatus(
          await server.control('GET', `/audit?clientId=${shop.app.clientId}&limit=1`),
          200,
        );
        const [row] = items;
        assert.deepEqual([row.operation, row.purchaseToken], ['createPurchase', shown.purchaseToken]);
        assert.deepEqual(JSON.parse(row.after), shown);
      });
    }

    test('on shortened periods the rest counts to the millisecond', async () => {
      const { shop, changed } = await open('sandbox');
      await shop.advance('PT1M');
      const { subscription, price } = await changed('IMMEDIATE_WITH_TIME_PRORATION');
      // four of five minutes of 9900 are 7920: two minutes of 19800
      assert.deepEqual([price, subscription.credit], ['0', '0']);
      assert.equal(subscription.nextPaymentTime, noon + 180_000);
    });

    test('a change made an hour later the same day counts the same days', async () => {
      const { shop, changed } = await open();
      await shop.advanceTo(noon + 2 * hourMs);
      const { subscription } = await changed('IMMEDIATE_WITH_TIME_PRORATION');
      assert.equal(subscription.nextPaymentTime, korea(1, 30, 10));
    });
  });
}

/** Puts the events of a server into a list until it is stopped. */
function listenTo(server: TestServer, told: Json[]): { stop(): Promise<void> } {
  const abort = new AbortController();
  const reading = (async () => {
    const { body } = await fetch(`${server.url}/control/v1/events`, {
      headers: { authorization: `Bearer ${controlKey}` },
      signal: abort.signal,
    });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const [, data] = /^data: (.*)$/m.exec(part) ?? [];
        if (data !== undefined) told.push(JSON.parse(data));
      }
    }
  })().catch(() => {});
  return {
    stop: () => {
      abort.abort();
      return reading;
    },
  };
}
