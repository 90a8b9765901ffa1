// Purchases through the control API: bought, read, acknowledged, consumed and voided by hand.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';

const noon = Date.UTC(2026, 0, 15, 12);
const hourMs = 3_600_000;
const dueMs = 72 * hourMs;

for (const database of httpDatabases) {
  describe(`purchases on ${database.name}`, () => {
    let server: TestServer;
    let app: TestApp;

    before(async () => {
      server = await startServer(database);
      app = await server.app({ worldId: await server.world({ now: noon }) });
    });
    after(() => server.stop());

    /** An app in a world of its own, whose clock a test may move. */
    const newApp = async (options: Record<string, unknown> = {}) =>
      server.app({ worldId: await server.world({ now: noon }), ...options });
    const create = (body: unknown, of = app) =>
      server.control('POST', `/apps/${of.clientId}/purchases`, body);
    const pathOf = (of: TestApp, purchaseToken: string) => `/apps/${of.clientId}/purchases/${purchaseToken}`;
    const step = (of: TestApp, purchaseToken: string, what: string, body?: unknown) =>
      server.control('POST', `${pathOf(of, purchaseToken)}/${what}`, body);
    const read = async (of: TestApp, purchaseToken: string) =>
      expectStatus(await server.control('GET', pathOf(of, purchaseToken)), 200);

    test('a purchase that asks for nothing is one piece, by a new buyer, in the market of the app', async () => {
      const bought = expectStatus(await create({ productId: 'product01' }), 201);
      const { purchaseToken, purchaseId, orderId, buyerId, purchaseData, signature, ...rest } = bought;
      assert.match(purchaseId, /^SANDBOX3\d{12}$/);
      assert.equal(purchaseToken, purchaseId.replace('SANDBOX3', 'SANDBOXT'));
      assert.match(orderId, /^ONESTORE7_\d{30}$/);
      assert.match(signature, /^[A-Za-z0-9+/]{342}==$/);
      assert.deepEqual(rest, {
        productId: 'product01',
        type: 'inapp',
        state: 'purchased',
        quantity: 1,
        developerPayload: '',
        productName: null,
        purchaseTime: noon,
        market: 'MKT_ONE',
        country: 'KR',
        price: '1100',
        currency: 'KRW',
        paymentMethod: 'ONEPAY',
        acknowledged: false,
        consumed: false,
        entitled: true,
        why: 'It is paid for; nobody has acknowledged it yet.',
        voidedTime: null,
        dueAt: noon + dueMs,
      });
      assert.equal(
        purchaseData,
        JSON.stringify({
          orderId,
          packageName: app.clientId,
          productId: 'product01',
          purchaseTime: noon,
          purchaseState: 0,
          recurringState: -1,
          purchaseId,
          developerPayload: '',
          purchaseToken,
          acknowledgeState: 0,
          quantity: 1,
        }),
      );
      const again = expectStatus(await create({ productId: 'product01' }), 201);
      assert.notEqual(again.buyerId, buyerId);
    });

    test('a purchase is as it was asked for, with every member', async () => {
      const asked = {
        productId: 'product01',
        buyerId: '구매자 1',
        quantity: 99,
        developerPayload: '{"order":"1"}',
        productName: '보석 100개',
        market: 'MKT_GLB',
        country: 'TW',
      };
      const body = { ...asked, payment: { method: 'PAYPAL', outcome: 'approve' } };
      const bought = expectStatus(await create(body), 201);
      assert.deepEqual({ ...bought, ...asked, paymentMethod: 'PAYPAL', price: '1100' }, bought);
      const { history, ...same } = await read(app, bought.purchaseToken);
      assert.deepEqual(same, bought);
      assert.deepEqual(history, [
        {
          at: noon,
          what: 'purchased',
          purchaseId: bought.purchaseId,
          amount: '108900',
          currency: 'KRW',
          cause: 'buyer',
          text: 'The buyer paid 108900 KRW.',
        },
      ]);
    });

    test('the market of a global app is the default of its purchases', async () => {
      const global = await newApp({ market: 'MKT_GLB' });
      assert.equal((await server.buy(global)).market, 'MKT_GLB');
      assert.equal((await server.buy(global, { market: 'MKT_ONE' })).market, 'MKT_ONE');
    });

    test('a payload has at most 200 bytes, however many characters they are', async () => {
      for (const developerPayload of ['a'.repeat(200), `${'한'.repeat(66)}ab`, '😀'.repeat(50)]) {
        const bought = expectStatus(await create({ productId: 'product01', developerPayload }), 201);
        assert.equal((await read(app, bought.purchaseToken)).developerPayload, developerPayload);
        assert.equal(JSON.parse(bought.purchaseData).developerPayload, developerPayload);
      }
      for (const developerPayload of ['a'.repeat(201), '한'.repeat(67), `${'😀'.repeat(50)}a`]) {
        const answer = await create({ productId: 'product01', developerPayload });
        assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'developerPayload']);
      }
    });

    test('an empty payload and null are none', async () => {
      for (const developerPayload of ['', null]) {
        const bought = expectStatus(await create({ productId: 'product01', developerPayload }), 201);
        assert.equal(bought.developerPayload, '');
        expectStatus(await step(app, bought.purchaseToken, 'acknowledge', { developerPayload: '' }), 200);
      }
    });

    for (const [body, field] of [
      [{ productId: 'product01', quantity: 0 }, 'quantity'],
      [{ productId: 'product01', quantity: 100 }, 'quantity'],
      [{ productId: 'product01', quantity: 1.5 }, 'quantity'],
      [{ productId: 'product01', buyerId: '' }, 'buyerId'],
      [{ productId: 'product01', buyerId: 'b'.repeat(129) }, 'buyerId'],
      [{ productId: 'product01', country: 'KOR' }, 'country'],
      [{ productId: 'product01', market: 'MKT_STM' }, 'market'],
      [{ productId: 'product01', payment: { method: 'CASH' } }, 'payment.method'],
      [{ productId: 'product01', payment: { outcome: 'refuse' } }, 'payment.outcome'],
      [{ productId: 'product01', payment: { result: 'approve' } }, 'payment.result'],
      [{ productId: 'product01', developerPayload: 'a\0b' }, 'developerPayload'],
      [{ productId: 'product01', developerPayload: '\ud800' }, 'developerPayload'],
      [{ productId: 'product01', purchaseToken: 'mine' }, 'purchaseToken'],
      [{ productId: 'product01', buyer: 'alice' }, 'buyer'],
    ] as const) {
      test(`a purchase with ${JSON.stringify(Object.entries(body).at(-1)).slice(0, 50)} is refused`, async () => {
        assert.deepEqual(refusal(await create(body)), [400, 'InvalidRequest', field]);
      });
    }

    test('a purchase needs a product that is there', async () => {
      assert.deepEqual(refusal(await create({})), [400, 'RequiredValueNotExist', 'productId']);
      assert.deepEqual(refusal(await create({ productId: 'product02' })), [404, 'NoSuchData']);
      const answer = await server.control('POST', '/apps/nobody/purchases', { productId: 'product01' });
      assert.deepEqual(refusal(answer), [404, 'NoSuchData']);
    });

    test('an amount that no safe number holds is refused', async () => {
      const costly = { type: 'inapp', title: 'All', price: '9007199254.740991', currency: 'KRW' };
      expectStatus(await server.control('PUT', `/apps/${app.clientId}/products/costly`, costly), 200);
      const answer = await create({ productId: 'costly', quantity: 2 });
      assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'quantity']);
      const bought = expectStatus(await create({ productId: 'costly' }), 201);
      const { history } = await read(app, bought.purchaseToken);
      assert.equal(history[0].amount, '9007199254.740991');
    });

    test('a payment that is declined or times out is PaymentDeclined, and nothing was bought', async () => {
      for (const outcome of ['decline', 'timeout']) {
        const buyerId = `unlucky ${outcome}`;
        const answer = await create({ productId: 'product01', buyerId, payment: { outcome } });
        assert.deepEqual(refusal(answer), [402, 'PaymentDeclined']);
        const list = await server.control('GET', `/apps/${app.clientId}/purchases?buyerId=${buyerId}`);
        assert.deepEqual(expectStatus(list, 200).items, []);
        await server.buy(app, { buyerId });
      }
    });

    test('an item is owned once: again after it was consumed or voided, at any time by another', async () => {
      const own = await newApp();
      const buyerId = 'alice';
      const refused = async () => {
        assert.deepEqual(refusal(await create({ productId: 'product01', buyerId }, own)), [
          409,
          'InvalidState',
        ]);
      };
      for (const what of ['consume', 'void']) {
        const { purchaseToken } = await server.buy(own, { buyerId });
        await refused();
        expectStatus(await step(own, purchaseToken, 'acknowledge'), 200);
        await refused();
        await server.buy(own, { buyerId: `bob ${what}` });
        expectStatus(await step(own, purchaseToken, what), 200);
      }
      const { purchaseToken } = await server.buy(own, { buyerId });
      await refused();
      expectStatus(await step(own, purchaseToken, 'consume'), 200);
      expectStatus(await step(own, purchaseToken, 'void'), 200);
      await server.buy(own, { buyerId });
    });

    test('an item whose purchase ran out of time can be bought again', async () => {
      const own = await newApp();
      const first = await server.buy(own, { buyerId: 'alice' });
      expectStatus(await server.advance(own.worldId, 'P3D'), 200);
      const second = await server.buy(own, { buyerId: 'alice' });
      assert.equal((await read(own, first.purchaseToken)).state, 'voided');
      assert.equal((await read(own, second.purchaseToken)).state, 'purchased');
    });

    test('an older app’s purchase needs no acknowledgement, so nothing is ever due', async () => {
      const old = await newApp({ generation: 'v5' });
      const { purchaseToken, dueAt } = await server.buy(old);
      assert.equal(dueAt, null);
      expectStatus(await server.advance(old.worldId, 'P1Y'), 200);
      assert.equal((await read(old, purchaseToken)).state, 'purchased');
    });

    test('a history tells each step in its order, with money, cause and words', async () => {
      const own = await newApp();
      const { purchaseToken, purchaseId } = await server.buy(own, { quantity: 3 });
      expectStatus(await server.advance(own.worldId, 'PT1H'), 200);
      expectStatus(await step(own, purchaseToken, 'acknowledge'), 200);
      expectStatus(await server.advance(own.worldId, 'PT1H'), 200);
      const path = `/v7/apps/${own.clientId}/purchases/inapp/products/product01/${purchaseToken}/consume`;
      expectStatus(await server.call('POST', path, { token: await server.token(own) }), 200);
      expectStatus(await server.advance(own.worldId, 'PT1H'), 200);
      expectStatus(await step(own, purchaseToken, 'void', { reason: 'a refund' }), 200);
      const { history } = await read(own, purchaseToken);
      const line = { purchaseId, currency: 'KRW' };
      assert.deepEqual(history, [
        {
          ...line,
          at: noon,
          what: 'purchased',
          amount: '3300',
          cause: 'buyer',
          text: 'The buyer paid 3300 KRW.',
        },
        {
          ...line,
          at: noon + hourMs,
          what: 'acknowledged',
          amount: '0',
          cause: 'operator',
          text: 'The operator acknowledged the purchase.',
        },
        {
          ...line,
          at: noon + 2 * hourMs,
          what: 'consumed',
          amount: '0',
          cause: 'developer',
          text: 'The developer’s server consumed the purchase.',
        },
        {
          ...line,
          at: noon + 3 * hourMs,
          what: 'voided',
          amount: '-3300',
          cause: 'operator',
          text: 'The operator voided the purchase and 3300 KRW went back: a refund.',
        },
      ]);
    });

    test('a void by time says so in the history', async () => {
      const own = await newApp();
      const { purchaseToken } = await server.buy(own);
      expectStatus(await server.advance(own.worldId, 'P3D'), 200);
      const [, voided, ...more] = (await read(own, purchaseToken)).history;
      assert.deepEqual([voided.at, voided.cause, voided.amount], [noon + dueMs, 'time', '-1100']);
      assert.match(voided.text, /^Till voided .*not acknowledged within three days\.$/);
      assert.deepEqual(more, []);
    });

    test('acknowledging by hand changes state and due time, and doing it again changes nothing', async () => {
      const { purchaseToken } = await server.buy(app, { developerPayload: 'order' });
      const wrong = await step(app, purchaseToken, 'acknowledge', { developerPayload: 'other' });
      assert.deepEqual(refusal(wrong), [400, 'DeveloperPayloadNotMatch']);
      const answer = expectStatus(
        await step(app, purchaseToken, 'acknowledge', { developerPayload: 'order' }),
        200,
      );
      const { state, acknowledged, consumed, entitled, dueAt, purchaseData } = answer;
      assert.deepEqual(
        { state, acknowledged, consumed, entitled, dueAt },
        { state: 'acknowledged', acknowledged: true, consumed: false, entitled: true, dueAt: null },
      );
      assert.equal(JSON.parse(purchaseData).acknowledgeState, 1);
      assert.deepEqual(expectStatus(await step(app, purchaseToken, 'acknowledge'), 200), answer);
      assert.equal((await read(app, purchaseToken)).history.length, 2);
    });

    test('consuming by hand counts as acknowledging, and a second time is InvalidConsumeState', async () => {
      const { purchaseToken } = await server.buy(app, { developerPayload: 'order' });
      const wrong = await step(app, purchaseToken, 'consume', { developerPayload: 'other' });
      assert.deepEqual(refusal(wrong), [400, 'DeveloperPayloadNotMatch']);
      const answer = expectStatus(await step(app, purchaseToken, 'consume'), 200);
      const { state, acknowledged, consumed, entitled, dueAt } = answer;
      assert.deepEqual(
        { state, acknowledged, consumed, entitled, dueAt },
        { state: 'consumed', acknowledged: true, consumed: true, entitled: false, dueAt: null },
      );
      const second = await step(app, purchaseToken, 'consume', { developerPayload: 'other' });
      assert.deepEqual(refusal(second), [409, 'InvalidConsumeState']);
      expectStatus(await step(app, purchaseToken, 'acknowledge'), 200);
    });

    test('a voided purchase is over: nothing more can be done with it', async () => {
      const { purchaseToken } = await server.buy(app);
      const voided = expectStatus(await step(app, purchaseToken, 'void'), 200);
      assert.deepEqual(
        [voided.state, voided.entitled, voided.voidedTime, voided.dueAt],
        ['voided', false, noon, null],
      );
      assert.equal(JSON.parse(voided.purchaseData).purchaseState, 1);
      assert.deepEqual(refusal(await step(app, purchaseToken, 'void')), [409, 'InvalidState']);
      for (const what of ['acknowledge', 'consume']) {
        assert.deepEqual(refusal(await step(app, purchaseToken, what)), [409, 'InvalidPurchaseState']);
      }
      assert.equal((await read(app, purchaseToken)).history.length, 2);
    });

    test('the creating answer signs the purchase as bought, which is stored and stays', async () => {
      const bought = await server.buy(app);
      expectStatus(await step(app, bought.purchaseToken, 'consume'), 200);
      const [row] = await server.till.host.database.all(
        'select purchase_data, signature from receipt where purchase_id = $1',
        [bought.purchaseId],
      );
      assert.deepEqual(row, { purchase_data: bought.purchaseData, signature: bought.signature });
      const later = await read(app, bought.purchaseToken);
      assert.notEqual(later.purchaseData, bought.purchaseData);
      assert.notEqual(later.signature, bought.signature);
    });

    test('a token that is not there, or another app’s, is NoSuchData', async () => {
      const { purchaseToken } = await server.buy(await newApp());
      for (const token of ['SANDBOXT', purchaseToken]) {
        assert.deepEqual(refusal(await server.control('GET', pathOf(app, token))), [404, 'NoSuchData']);
        for (const what of ['void', 'acknowledge', 'consume']) {
          assert.deepEqual(refusal(await step(app, token, what)), [404, 'NoSuchData']);
        }
      }
    });

    for (const [what, body, field] of [
      ['void', { reason: 'r'.repeat(201) }, 'reason'],
      ['void', { because: 'x' }, 'because'],
      ['acknowledge', { developerPayload: 5 }, 'developerPayload'],
      ['acknowledge', { payload: 'x' }, 'payload'],
      ['consume', { developerPayload: 'a'.repeat(201) }, 'developerPayload'],
    ] as const) {
      test(`${what} refuses ${JSON.stringify(body).slice(0, 40)} and names ${field}`, async () => {
        const { purchaseToken } = await server.buy(app);
        const answer = await step(app, purchaseToken, what, body);
        assert.deepEqual(refusal(answer), [400, 'InvalidRequest', field]);
        assert.equal((await read(app, purchaseToken)).state, 'purchased');
      });
    }
  });
}
