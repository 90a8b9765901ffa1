// May the buyer use it, and why: each state of a subscription, in its own words and in those of its history.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { aPass, endOf, korea, openSubscribers } from './subscribers.ts';

const inWords = (at: number) => new Date(at).toISOString();

for (const database of httpDatabases) {
  describe(`entitlement on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const open = async (terms: Record<string, unknown> = {}, given: Record<string, unknown> = {}) => {
      const shop = await openSubscribers(server);
      expectStatus(await shop.put('pass', aPass(terms)), 200);
      const { purchaseToken } = await shop.subscribe(given);
      return {
        shop,
        purchaseToken,
        /** What is told at an instant. */
        at: async (instant: number) => {
          await shop.advanceTo(instant);
          const { entitled, why, subscription } = await shop.read(purchaseToken);
          return [subscription.state, entitled, why];
        },
        step: async (what: string) => expectStatus(await shop.step(purchaseToken, what), 200),
        decline: async () => expectStatus(await shop.pay(purchaseToken, { outcome: 'decline' }), 200),
      };
    };

    test('a managed product: purchased, acknowledged, consumed, voided', async () => {
      const shop = await openSubscribers(server);
      const { purchaseToken } = await shop.buy({ productId: 'product01' });
      const told = async () => {
        const { entitled, why } = await shop.read(purchaseToken);
        return [entitled, why];
      };
      assert.deepEqual(await told(), [true, 'It is paid for; nobody has acknowledged it yet.']);
      expectStatus(await shop.step(purchaseToken, 'acknowledge'), 200);
      assert.deepEqual(await told(), [true, 'It is paid for and acknowledged.']);
      expectStatus(await shop.step(purchaseToken, 'consume'), 200);
      assert.deepEqual(await told(), [false, 'It is used up.']);
      expectStatus(await shop.step(purchaseToken, 'void'), 200);
      assert.deepEqual(await told(), [false, 'It was voided and the money went back.']);
    });

    test('active, then renewed: up to the end of the day of the next payment', async () => {
      const { at } = await open();
      const told = (month: number) => ['active', true, `It is paid for until ${inWords(endOf(month, 15))}.`];
      assert.deepEqual(await at(korea(2, 15, 9, 59, 59)), told(2));
      assert.deepEqual(await at(korea(2, 15, 10)), told(3));
    });

    test('cancelled: up to the end, its last millisecond included', async () => {
      const { at, step } = await open();
      await step('cancel');
      const until = inWords(endOf(2, 15));
      const told = ['cancelScheduled', true, `It is cancelled and paid for until ${until}.`];
      assert.deepEqual(await at(endOf(2, 15)), told);
      assert.deepEqual(await at(endOf(2, 15) + 1), ['expired', false, `It expired ${until}.`]);
    });

    test('in grace up to its end, on hold after it, ended when nobody pays', async () => {
      const { shop, purchaseToken, at, decline } = await open({ gracePeriod: 'P3D', accountHold: 'P5D' });
      await decline();
      const inGrace = ['grace', true, `The payment failed; it may be used until ${inWords(endOf(2, 18))}.`];
      for (const instant of [korea(2, 15, 10), endOf(2, 15), korea(2, 16, 0), endOf(2, 18)]) {
        assert.deepEqual(await at(instant), inGrace);
      }
      const until = inWords(endOf(2, 18));
      const onHold = [
        'hold',
        false,
        `The payment failed and the use ended ${until}; the account hold waits for a payment.`,
      ];
      assert.deepEqual(await at(endOf(2, 18) + 1), onHold);
      assert.deepEqual(await at(endOf(2, 23)), onHold);
      assert.deepEqual(await at(endOf(2, 23) + 1), ['expired', false, `It expired ${until}.`]);
      const { subscription, history } = await shop.read(purchaseToken);
      assert.deepEqual([subscription.cancelReason, subscription.cancelledTime], [1, endOf(2, 23) + 1]);
      const texts: string[] = history.map(({ text }: { text: string }) => text);
      const declined = 'The payment was declined.';
      assert.deepEqual(texts, [
        'The buyer paid 9900 KRW.',
        'The operator acknowledged the purchase.',
        'The buyer changed the payment: ONEPAY, decline.',
        declined,
        'The grace period began: the use goes on while the payment is tried again.',
        ...Array(3).fill(declined),
        'The account hold began: the use has ended until the payment is made.',
        ...Array(5).fill(declined),
        'Till cancelled the renewal: not paid within the account hold.',
      ]);
    });

    test('without grace a failed payment leaves the use to the end of what is paid for, then it is on hold', async () => {
      const { at, decline } = await open({ gracePeriod: 'P0D' });
      await decline();
      const until = inWords(endOf(2, 15));
      const failed = ['active', true, `The payment failed; what was paid for lasts until ${until}.`];
      assert.deepEqual(await at(korea(2, 15, 10)), failed);
      assert.deepEqual(await at(endOf(2, 15)), failed);
      assert.deepEqual((await at(endOf(2, 15) + 1)).slice(0, 2), ['hold', false]);
    });

    test('without grace and hold it expires with what is paid for', async () => {
      const { shop, purchaseToken, at, decline } = await open({ gracePeriod: 'P0D', accountHold: 'P0D' });
      await decline();
      assert.deepEqual((await at(endOf(2, 15))).slice(0, 2), ['active', true]);
      assert.deepEqual((await at(endOf(2, 15) + 1)).slice(0, 2), ['expired', false]);
      assert.equal((await shop.read(purchaseToken)).subscription.cancelledTime, null);
    });

    test('a monthly product whose payment failed is told as such, up to the end of what is paid for', async () => {
      const { at, decline } = await open({}, { productId: 'monthly' });
      await decline();
      const until = inWords(endOf(2, 15));
      const told = ['cancelScheduled', true, `It is cancelled and paid for until ${until}.`];
      assert.deepEqual(await at(endOf(2, 15)), told);
      assert.deepEqual(await at(endOf(2, 15) + 1), ['expired', false, `It expired ${until}.`]);
    });

    test('voided, or cancelled in grace: ended at that instant', async () => {
      for (const [what, declined] of [
        ['void', false],
        ['cancel', true],
      ] as const) {
        const { at, step, decline } = await open();
        if (declined) await decline();
        await at(korea(2, 15, 11));
        await step(what);
        const told = ['revoked', false, `It was ended ${inWords(korea(2, 15, 11))}.`];
        assert.deepEqual(await at(korea(2, 15, 12)), told);
      }
    });

    test('every payment of a subscription is told with what goes on under its token', async () => {
      const { shop, at, step } = await open();
      await at(korea(2, 15, 10));
      await step('void');
      const { items } = expectStatus(
        await server.control('GET', `/apps/${shop.app.clientId}/purchases`),
        200,
      );
      assert.deepEqual(
        items.map(({ entitled, state }: { entitled: boolean; state: string }) => [entitled, state]),
        [
          [false, 'voided'],
          [false, 'acknowledged'],
        ],
      );
    });
  });
}
