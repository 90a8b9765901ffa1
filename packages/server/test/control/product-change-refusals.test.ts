// Changes of product that are refused or declined: each by its code, and nothing at all is changed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { productChangeModes } from '@till/protocol/codes';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { openShelf, type Shelf } from './shelf.ts';
import { aPass, korea } from './subscribers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

for (const database of httpDatabases) {
  describe(`refused changes of product on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const open = (terms?: Record<string, unknown>) =>
      openShelf(server, { calendar: 'commercial', ...(terms && { terms }) });
    /** In each of the modes; no row of the app is another then. */
    const refuses = async (
      { change, rows }: Shelf,
      expected: unknown[],
      productId?: string,
      given?: Json,
      modes: readonly string[] = productChangeModes,
    ) => {
      const before = await rows();
      for (const mode of modes) {
        const answer = await change(mode, productId, given);
        assert.deepEqual(refusal(answer), expected, `${mode}: ${answer.text}`);
        assert.deepEqual(await rows(), before, mode);
      }
    };
    const state = async ({ shop, purchaseToken }: Shelf) =>
      (await shop.read(purchaseToken)).subscription.state;
    const unchangeable = [409, 'InvalidState', 'replaces'];

    for (const [name, expected, terms, at] of [
      ['in grace', 'grace', {}, korea(2, 15, 10)],
      ['that was not paid', 'active', { gracePeriod: 'P0D' }, korea(2, 15, 10)],
      ['on hold', 'hold', {}, korea(2, 20, 12)],
      ['that ended unpaid', 'expired', {}, korea(6, 1, 0)],
    ] as const) {
      test(`a subscription ${name} is not changed`, async () => {
        const shelf = await open(terms);
        expectStatus(await shelf.shop.pay(shelf.purchaseToken, { outcome: 'decline' }), 200);
        await shelf.shop.advanceTo(at);
        assert.equal(await state(shelf), expected);
        await refuses(shelf, unchangeable);
      });
    }

    test('a subscription that was voided is not changed', async () => {
      const shelf = await open();
      expectStatus(await shelf.shop.step(shelf.purchaseToken, 'void'), 200);
      await refuses(shelf, unchangeable);
    });

    test('a pause that is scheduled or runs stands in the way', async () => {
      const shelf = await open({ pausable: true });
      expectStatus(await shelf.shop.step(shelf.purchaseToken, 'pause', { for: 'P1M' }), 200);
      await refuses(shelf, unchangeable);
      await shelf.shop.advanceTo(korea(2, 20, 0));
      assert.equal(await state(shelf), 'paused');
      await refuses(shelf, unchangeable);
    });

    test('a promotion stands in the way while it runs or is to come', async () => {
      const shelf = await open({ promotion: { price: '100', cycles: 2 }, freeTrial: 'P7D' });
      for (const at of [0, korea(1, 22, 10), korea(2, 22, 10)]) {
        if (at > 0) await shelf.shop.advanceTo(at);
        await refuses(shelf, unchangeable);
      }
      await shelf.shop.advanceTo(korea(3, 22, 10));
      assert.equal((await shelf.change('DEFERRED')).status, 201);
    });

    test('what is cancelled has no next payment to change with', async () => {
      const shelf = await open();
      expectStatus(await shelf.shop.step(shelf.purchaseToken, 'cancel'), 200);
      await refuses(shelf, [409, 'InvalidState'], 'gold', {}, ['DEFERRED']);
    });

    test('to the product that it is of already it is not changed', async () => {
      const shelf = await open();
      await refuses(shelf, unchangeable, 'pass');
    });

    test('into another currency it is not changed', async () => {
      const shelf = await open();
      expectStatus(await shelf.shop.put('dollars', { ...aPass(), price: '19.99', currency: 'USD' }), 200);
      await refuses(shelf, unchangeable, 'dollars');
    });

    test('a monthly or a managed product cannot take its place', async () => {
      const shelf = await open();
      for (const productId of ['monthly', 'product01']) {
        await refuses(shelf, [409, 'InvalidState', 'productId'], productId);
      }
    });

    test('a monthly or a managed product cannot be replaced', async () => {
      const shelf = await open();
      for (const productId of ['monthly', 'product01']) {
        const { purchaseToken: of } = await shelf.shop.buy({ productId, buyerId: 'alice' });
        await refuses(shelf, unchangeable, 'gold', { of });
      }
    });

    test('another buyer cannot take over what somebody has', async () => {
      const shelf = await open();
      await refuses(shelf, [409, 'InvalidState', 'buyerId'], 'gold', { buyerId: 'bob' });
      assert.equal((await shelf.change('DEFERRED', 'gold', { buyerId: 'alice' })).status, 201);
    });

    test('for a product that costs no more by the day nothing is charged now', async () => {
      const shelf = await open();
      const { shop } = shelf;
      expectStatus(await shop.put('same', aPass()), 200);
      expectStatus(await shop.put('year', { ...aPass({ period: 'P1Y' }), price: '118800' }), 200);
      expectStatus(await shop.put('week', { ...aPass({ period: 'P1W' }), price: '2310' }), 200);
      const mode = ['IMMEDIATE_AND_CHARGE_PRORATED_PRICE'];
      for (const productId of ['silver', 'same', 'year', 'week']) {
        await refuses(shelf, unchangeable, productId, {}, mode);
      }
      expectStatus(await shop.put('week', { ...aPass({ period: 'P1W' }), price: '2311' }), 200);
      assert.equal((await shelf.change(mode[0] ?? '', 'week')).status, 201);
    });

    test('what the buyer has already is not had twice, in no mode', async () => {
      const shelf = await open();
      await shelf.shop.subscribe({ productId: 'gold', buyerId: 'alice' });
      await refuses(shelf, [409, 'InvalidState']);
    });

    test('what a change waits for is not bought beside it', async () => {
      const shelf = await open();
      const { shop, purchaseToken } = shelf;
      await shelf.changed('DEFERRED');
      const beside = await shop.create({ productId: 'gold', buyerId: 'alice' });
      assert.deepEqual(refusal(beside), [409, 'InvalidState']);
      await shop.buy({ productId: 'gold', buyerId: 'bob' });
      const other = await shop.subscribe({ productId: 'silver', buyerId: 'alice' });
      await refuses(shelf, [409, 'InvalidState'], 'gold', { of: other.purchaseToken });
      await shop.advanceTo(korea(2, 15, 10));
      assert.equal((await shop.read(purchaseToken)).subscription.state, 'revoked');
      const [begun] = (await shelf.listed('gold')).filter(({ buyerId }) => buyerId === 'alice');
      assert.equal(begun.subscription.linkedPurchaseToken, purchaseToken);
    });

    test('what is not there is NoSuchData: a token, another app’s, a product', async () => {
      const shelf = await open();
      const other = await open();
      for (const token of ['SANDBOXT', other.purchaseToken]) {
        await refuses(shelf, [404, 'NoSuchData'], 'gold', { of: token });
      }
      await refuses(shelf, [404, 'NoSuchData'], 'nothing');
    });

    test('more than one at a time is refused with InvalidRequest', async () => {
      await refuses(await open(), [400, 'InvalidRequest', 'quantity'], 'gold', { quantity: 2 });
    });

    test('replaces needs its token and one of the four modes', async () => {
      const { shop, purchaseToken } = await open();
      const mode = 'DEFERRED';
      for (const [replaces, code, field] of [
        [{ mode }, 'RequiredValueNotExist', 'replaces.purchaseToken'],
        [{ purchaseToken }, 'RequiredValueNotExist', 'replaces.mode'],
        [{ purchaseToken, mode: 'IMMEDIATE' }, 'InvalidRequest', 'replaces.mode'],
        [{ purchaseToken, mode: 4 }, 'InvalidRequest', 'replaces.mode'],
        [{ purchaseToken, mode, at: 1 }, 'InvalidRequest', 'replaces.at'],
        ['token', 'InvalidRequest', 'replaces'],
      ] as const) {
        assert.deepEqual(refusal(await shop.create({ productId: 'gold', replaces })), [400, code, field]);
      }
    });

    for (const outcome of ['decline', 'timeout']) {
      test(`a difference that gets ${outcome} is 402, nothing is changed, and it may be tried again`, async () => {
        const shelf = await open();
        const mode = 'IMMEDIATE_AND_CHARGE_PRORATED_PRICE';
        await refuses(shelf, [402, 'PaymentDeclined'], 'gold', { payment: { outcome } }, [mode]);
        assert.equal((await shelf.changed(mode)).price, '9580');
      });
    }

    test('where nothing is charged now, no payment can be declined', async () => {
      for (const mode of ['IMMEDIATE_WITH_TIME_PRORATION', 'IMMEDIATE_WITHOUT_PRORATION']) {
        const { price } = await (await open()).changed(mode, 'gold', { payment: { outcome: 'decline' } });
        assert.equal(price, '0');
      }
    });

    test('changes and cancellations at the same time leave one subscription at most', async () => {
      const { shop, purchaseToken, change, rows } = await open();
      const answers = await Promise.all([
        ...productChangeModes.map((mode) => change(mode)),
        shop.step(purchaseToken, 'cancel'),
        ...['silver', 'gold'].map((productId) => change('IMMEDIATE_WITHOUT_PRORATION', productId)),
        shop.step(purchaseToken, 'void'),
      ]);
      for (const { status, text } of answers) assert.ok([200, 201, 409].includes(status), text);
      const { subscriptions } = await rows();
      const live = subscriptions.filter(({ status }: Json) => status === 'active');
      const made = subscriptions.filter((row: Json) => row.linked_purchase_token === purchaseToken);
      assert.ok(live.length <= 1 && made.length <= 1, JSON.stringify(subscriptions));
      const ends = (await shop.happened(purchaseToken)).filter((what) =>
        ['replaced', 'voided'].includes(what),
      );
      assert.equal(ends.length, 1);
    });
  });
}
