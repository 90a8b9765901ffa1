// Changes of price: new buyers at once, running subscribers in time, with the consent that a rise needs.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { controlKey, expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { aPass, dayMs, endOf, korea, minuteMs, noon, openSubscribers } from './subscribers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

const toldAt = noon + 7 * dayMs;
const dueAt = noon + 37 * dayMs;

for (const database of httpDatabases) {
  describe(`changes of price on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    /** A subscriber for 9900 a month, bought and acknowledged at noon on 15 January. */
    const open = async (terms: Record<string, unknown> = {}, calendar?: 'sandbox') => {
      const shop = await openSubscribers(server, calendar && { calendar });
      expectStatus(await shop.put('pass', aPass(terms)), 200);
      const { purchaseToken } = await shop.subscribe();
      const change = (price: unknown) => shop.call('POST', '/products/pass/price', { price });
      const answer = (agreed: unknown) => shop.step(purchaseToken, 'price-consent', { agreed });
      const read = () => shop.read(purchaseToken);
      return {
        shop,
        purchaseToken,
        change,
        changed: async (price: string) => expectStatus(await change(price), 200),
        answer,
        answered: async (agreed: boolean) => expectStatus(await answer(agreed), 200),
        read,
        newPrice: async () => (await read()).subscription.newPrice,
        happened: async () => (await shop.happened(purchaseToken)).slice(2),
        payments: async () =>
          (await read()).history
            .filter(({ what }: Json) => ['purchased', 'renewed', 'recovered', 'resumed'].includes(what))
            .map(({ amount }: Json) => amount),
        agenda: async () => {
          const { items } = (await server.control('GET', `/worlds/${shop.app.worldId}/agenda`)).body;
          return items.map(({ at, what }: Json) => [at, what]);
        },
      };
    };
    const refuses = async ({ answer, read }: Awaited<ReturnType<typeof open>>) => {
      const before = await read();
      for (const agreed of [true, false]) {
        const answered = await answer(agreed);
        assert.deepEqual(refusal(answered), [409, 'InvalidState']);
        assert.match(answered.body.error.message, /no new price waits/);
      }
      assert.deepEqual(await read(), before);
    };

    test('new buyers pay the new price at once, and the product shows it', async () => {
      const { shop, changed } = await open();
      const product = await changed('12900');
      assert.deepEqual([product.productId, product.price], ['pass', '12900']);
      assert.deepEqual(expectStatus(await shop.call('GET', '/products/pass'), 200), product);
      const bought = await shop.subscribe();
      assert.deepEqual(
        [bought.price, bought.subscription.nextPrice, bought.subscription.newPrice],
        ['12900', '12900', null],
      );
      await shop.advanceTo(korea(4, 15, 10));
      assert.deepEqual((await shop.happened(bought.purchaseToken)).slice(2), Array(3).fill('renewed'));
    });

    test('a rise is told after seven days, and paid once thirty more are over and the buyer has agreed', async () => {
      const { shop, changed, answered, newPrice, read, agenda, happened, payments } = await open();
      await changed('12900');
      const waiting = { price: '12900', toldAt, needsConsent: true, dueAt };
      assert.deepEqual(await newPrice(), { ...waiting, told: false, agreed: false });
      assert.deepEqual(await agenda(), [[toldAt, 'priceTold']]);
      await shop.advanceTo(toldAt - 1);
      assert.equal((await newPrice()).told, false);
      await shop.advanceTo(toldAt);
      assert.deepEqual(await newPrice(), { ...waiting, told: true, agreed: false });
      const agreed = await answered(true);
      assert.deepEqual(agreed.subscription.newPrice, { ...waiting, told: true, agreed: true });
      assert.equal(agreed.subscription.nextPrice, '9900');
      await shop.advanceTo(korea(2, 15, 10));
      assert.equal((await read()).subscription.nextPrice, '12900');
      await shop.advanceTo(korea(4, 15, 10));
      assert.deepEqual(await payments(), ['9900', '9900', '12900', '12900']);
      assert.equal(await newPrice(), null);
      assert.deepEqual(await happened(), [
        ...['priceTold', 'priceConfirmed', 'renewed', 'renewed', 'renewed'],
      ]);
      const [told, confirmed] = (await read()).history.slice(2);
      assert.deepEqual(
        [told.at, told.cause, confirmed.at, confirmed.cause],
        [toldAt, 'time', toldAt, 'buyer'],
      );
      assert.match(told.text, /^Till told the buyer of the new price 12900 KRW/);
      assert.equal(confirmed.text, 'The new price 12900 KRW is settled.');
    });

    for (const [name, answers] of [
      ['who does not answer', []],
      ['who does not agree', [false]],
      ['who agrees and thinks better of it', [true, false]],
    ] as const) {
      test(`a buyer ${name} pays no new price: it ends with what is paid for`, async () => {
        const { shop, changed, answered, read, agenda, happened, payments } = await open();
        await changed('12900');
        await shop.advanceTo(toldAt);
        for (const agreed of answers) await answered(agreed);
        await shop.advanceTo(korea(2, 15, 10));
        assert.deepEqual(await agenda(), [[korea(3, 15, 10), 'priceRefused']]);
        await shop.advanceTo(korea(3, 15, 10));
        const { entitled, subscription, history } = await read();
        assert.deepEqual(
          [entitled, subscription.state, subscription.cancelReason, subscription.cancelledTime],
          [true, 'cancelScheduled', 1, korea(3, 15, 10)],
        );
        assert.deepEqual([subscription.expiryTime, subscription.newPrice], [endOf(3, 15), null]);
        assert.equal(
          history.at(-1).text,
          'There will be no payment at the new price: the buyer has not agreed to the new price.',
        );
        await shop.advanceTo(endOf(3, 15) + 1);
        assert.equal((await read()).subscription.state, 'expired');
        const said = answers.map((agreed) => (agreed ? 'priceConfirmed' : 'priceRefused'));
        assert.deepEqual(await happened(), ['priceTold', ...said, 'renewed', 'priceRefused', 'expired']);
        assert.deepEqual(await payments(), ['9900', '9900']);
      });
    }

    test('the first payment after the time to agree has the new price, not one before it', async () => {
      const { shop, changed, answered, payments } = await open({ period: 'P1W' });
      await changed('12900');
      await shop.advanceTo(toldAt);
      await answered(true);
      await shop.advanceTo(dueAt + 14 * dayMs);
      // weekly payments from 15 January: 19 February lies before 21 February 21:00, 26 February behind it
      assert.deepEqual(await payments(), [...Array(6).fill('9900'), '12900', '12900']);
    });

    test('a cut needs no consent: the first payment after seven days has it', async () => {
      const opened = await open();
      const { shop, changed, newPrice, agenda, happened, payments } = opened;
      await changed('8900');
      assert.deepEqual(await newPrice(), {
        ...{ price: '8900', toldAt, told: false, needsConsent: false, agreed: false, dueAt: toldAt },
      });
      assert.deepEqual((await agenda())[0]?.[0], toldAt);
      await shop.advanceTo(toldAt);
      await refuses(opened);
      await shop.advanceTo(korea(3, 15, 10));
      assert.deepEqual(await happened(), ['priceConfirmed', 'renewed', 'renewed']);
      assert.deepEqual(await payments(), ['9900', '8900', '8900']);
    });

    test('taken back within seven days a change is gone, and nobody was told', async () => {
      const { shop, changed, newPrice, happened, payments } = await open();
      await changed('12900');
      await shop.advanceTo(toldAt - 1);
      await changed('9900');
      assert.equal(await newPrice(), null);
      await shop.advanceTo(korea(3, 15, 10));
      assert.deepEqual(await happened(), ['renewed', 'renewed']);
      assert.deepEqual(await payments(), ['9900', '9900', '9900']);
    });

    test('a second change within seven days takes the place of the first, and has seven of its own', async () => {
      const { shop, changed, newPrice, happened } = await open();
      await changed('12900');
      await shop.advance('P3D');
      await changed('14900');
      const later = { toldAt: toldAt + 3 * dayMs, dueAt: dueAt + 3 * dayMs };
      const first = await newPrice();
      assert.deepEqual([first.price, first.toldAt, first.dueAt], ['14900', later.toldAt, later.dueAt]);
      await shop.advanceTo(toldAt + 3 * dayMs);
      assert.deepEqual(await happened(), ['priceTold']);
      assert.equal((await newPrice()).price, '14900');
    });

    test('a later change waits behind the first, and both are agreed to for themselves', async () => {
      const { shop, changed, answered, newPrice, happened, payments } = await open();
      await changed('12900');
      await shop.advanceTo(toldAt);
      await changed('14900');
      assert.equal((await newPrice()).price, '12900');
      await answered(true);
      await shop.advanceTo(korea(3, 15, 10));
      // 14900 was told on 29 January, is due on 28 February, and nobody has agreed to it
      assert.deepEqual(await payments(), ['9900', '9900']);
      assert.deepEqual(await happened(), [
        ...['priceTold', 'priceConfirmed', 'priceTold', 'renewed', 'priceRefused'],
      ]);
    });

    test('an answer means all that was told', async () => {
      const { shop, changed, answered, payments, newPrice } = await open();
      await changed('12900');
      await shop.advanceTo(toldAt);
      await changed('14900');
      await shop.advanceTo(toldAt + 7 * dayMs);
      await answered(true);
      await shop.advanceTo(korea(4, 15, 10));
      assert.deepEqual(await payments(), ['9900', '9900', '14900', '14900']);
      assert.equal(await newPrice(), null);
    });

    test('less than what waits but more than what is paid needs consent too', async () => {
      const { shop, changed, answered, payments } = await open();
      await changed('12900');
      await shop.advanceTo(toldAt);
      await answered(true);
      await changed('11900');
      await shop.advanceTo(toldAt + 7 * dayMs);
      await answered(true);
      await shop.advanceTo(korea(3, 15, 10));
      assert.deepEqual(await payments(), ['9900', '9900', '11900']);
    });

    test('the price that a subscriber pays anyway changes nothing', async () => {
      const { shop, changed, newPrice, happened } = await open();
      await changed('9900');
      assert.equal(await newPrice(), null);
      await shop.advance('P10D');
      assert.deepEqual(await happened(), []);
    });

    test('a promotion is paid to its end; then the new price counts', async () => {
      const { shop, changed, payments, answered } = await open({ promotion: { price: '100', cycles: 3 } });
      await changed('12900');
      await shop.advanceTo(toldAt);
      await answered(true);
      await shop.advanceTo(korea(5, 15, 10));
      assert.deepEqual(await payments(), ['100', '100', '100', '12900', '12900']);
    });

    test('in grace, on hold, paused or cancelled it is told as to anybody', async () => {
      for (const [state, bring] of [
        ['cancelScheduled', 'cancel'],
        ['paused', 'pause'],
        ['grace', 'decline'],
        ['hold', 'hold'],
      ] as const) {
        const { shop, purchaseToken, changed, read, happened } = await open({
          ...{ pausable: true, gracePeriod: bring === 'hold' ? 'P0D' : 'P30D' },
        });
        if (bring === 'cancel') {
          await shop.advanceTo(korea(2, 6, 0));
          expectStatus(await shop.step(purchaseToken, 'cancel'), 200);
        } else if (bring === 'pause') {
          expectStatus(await shop.step(purchaseToken, 'pause', { for: 'P2M' }), 200);
          await shop.advanceTo(korea(2, 16, 0));
        } else {
          expectStatus(await shop.pay(purchaseToken, { outcome: 'decline' }), 200);
          await shop.advanceTo(korea(2, 16, 0));
        }
        assert.equal((await read()).subscription.state, state);
        await changed('12900');
        await shop.advance('P7D');
        assert.equal((await read()).subscription.newPrice.told, true, state);
        assert.ok((await happened()).includes('priceTold'), state);
      }
    });

    test('what has ended hears nothing', async () => {
      const { shop, purchaseToken, changed, newPrice, happened } = await open();
      expectStatus(await shop.step(purchaseToken, 'void'), 200);
      await changed('12900');
      assert.equal(await newPrice(), null);
      await shop.advance('P60D');
      assert.deepEqual(await happened(), ['voided']);
    });

    test('on hold an attempt at a price that was not agreed to ends it', async () => {
      const { shop, purchaseToken, changed, read, happened } = await open({ gracePeriod: 'P0D' });
      await changed('12900');
      expectStatus(await shop.pay(purchaseToken, { outcome: 'decline' }), 200);
      await shop.advanceTo(korea(2, 22, 10));
      assert.deepEqual((await happened()).slice(-2), ['priceRefused', 'expired']);
      const { subscription } = await read();
      assert.deepEqual([subscription.state, subscription.cancelReason], ['expired', 1]);
    });

    test('on shortened periods five minutes are quiet and five are left to agree', async () => {
      const { shop, changed, answered, newPrice, payments } = await open({ period: 'P3M' }, 'sandbox');
      await changed('12900');
      const { toldAt: told, dueAt: due } = await newPrice();
      assert.deepEqual([told, due], [noon + 5 * minuteMs, noon + 10 * minuteMs]);
      await shop.advance('PT5M');
      await answered(true);
      await shop.advance('PT15M');
      assert.deepEqual(await payments(), ['9900', '12900', '12900']);
    });

    test('an answer is refused while nothing was told, and once the new price is paid', async () => {
      const opened = await open();
      await refuses(opened);
      await opened.changed('12900');
      await refuses(opened);
      await opened.shop.advanceTo(toldAt);
      await opened.answered(true);
      await opened.answered(true);
      await opened.shop.advanceTo(korea(3, 15, 10));
      await refuses(opened);
    });

    test('an answer is refused once it has ended, and of what has no price to agree to', async () => {
      const opened = await open();
      const { shop, changed, purchaseToken } = opened;
      await changed('12900');
      await shop.advanceTo(toldAt);
      expectStatus(await shop.step(purchaseToken, 'void'), 200);
      await refuses(opened);
      for (const productId of ['monthly', 'product01']) {
        const other = await shop.buy({ productId });
        const answer = await shop.step(other.purchaseToken, 'price-consent', { agreed: true });
        assert.deepEqual(refusal(answer), [409, 'InvalidState'], productId);
      }
      const nobody = await shop.step('SANDBOXT', 'price-consent', { agreed: true });
      assert.deepEqual(refusal(nobody), [404, 'NoSuchData']);
    });

    test('an answer must say whether', async () => {
      const { shop, purchaseToken, answer } = await open();
      for (const agreed of ['yes', 1, []]) {
        assert.deepEqual(refusal(await answer(agreed)), [400, 'InvalidRequest', 'agreed']);
      }
      const missing = await shop.step(purchaseToken, 'price-consent', {});
      assert.deepEqual(refusal(missing), [400, 'RequiredValueNotExist', 'agreed']);
    });

    test('only a subscription’s price is changed so, and only to a price', async () => {
      const { shop, change, newPrice } = await open();
      for (const productId of ['monthly', 'product01']) {
        const answer = await shop.call('POST', `/products/${productId}/price`, { price: '1' });
        assert.deepEqual(refusal(answer), [409, 'InvalidState'], productId);
        assert.match(answer.body.error.message, /put the product instead/);
      }
      const unknown = await shop.call('POST', '/products/nothing/price', { price: '1' });
      assert.deepEqual(refusal(unknown), [404, 'NoSuchData']);
      for (const price of ['-1', 'much', '01', '1.0000001', '9999999999', 1]) {
        assert.deepEqual(refusal(await change(price)), [400, 'InvalidRequest', 'price'], String(price));
      }
      const missing = await shop.call('POST', '/products/pass/price', {});
      assert.deepEqual(refusal(missing), [400, 'RequiredValueNotExist', 'price']);
      const more = await shop.call('POST', '/products/pass/price', { price: '1', at: 5 });
      assert.deepEqual(refusal(more), [400, 'InvalidRequest', 'at']);
      const nobody = await server.control('POST', '/apps/nobody/products/pass/price', { price: '1' });
      assert.deepEqual(refusal(nobody), [404, 'NoSuchData']);
      assert.equal(await newPrice(), null);
    });

    test('a product that is put with another price leaves running subscribers alone', async () => {
      const { shop, newPrice, changed } = await open();
      expectStatus(await shop.put('pass', { ...aPass(), price: '19900' }), 200);
      assert.equal(await newPrice(), null);
      await changed('19900');
      assert.equal((await newPrice()).price, '19900');
    });

    test('a change that is asked for again by its Idempotency-Key is told once', async () => {
      const { shop, read, happened } = await open();
      const { clientId, worldId } = shop.app;
      const path = `/control/v1/apps/${clientId}/products/pass/price?worldId=${worldId}`;
      const headers = { authorization: `Bearer ${controlKey}`, 'idempotency-key': 'changed-once' };
      const call = () => server.call('POST', path, { headers, body: { price: '12900' } });
      const [first, twin] = await Promise.all([call(), call()]);
      expectStatus(first, 200);
      assert.equal(twin.text, first.text);
      await shop.advance('P3D');
      assert.equal((await call()).text, first.text);
      assert.equal((await read()).subscription.newPrice.toldAt, toldAt);
      await shop.advanceTo(toldAt);
      assert.deepEqual(await happened(), ['priceTold']);
    });

    test('of changes made at the same time one is the last, for the product and for its subscribers', async () => {
      const { shop, change, newPrice } = await open();
      const prices = ['10900', '11900', '12900', '13900'];
      const answers = await Promise.all(prices.map((price) => change(price)));
      for (const answer of answers) expectStatus(answer, 200);
      const { price } = expectStatus(await shop.call('GET', '/products/pass'), 200);
      assert.equal((await newPrice()).price, price);
    });
  });
}
