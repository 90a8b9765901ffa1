// Monthly products and subscriptions changed by hand: cancelled, taken up again, deferred, paid otherwise, voided.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { aPass, dayMs, endOf, hourMs, korea, minuteMs, noon, openSubscribers } from './subscribers.ts';

for (const database of httpDatabases) {
  describe(`subscriptions changed by hand on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    /** A subscription that is acknowledged, in a world of its own. */
    const open = async (productId = 'pass', terms?: Record<string, unknown>) => {
      const shop = await openSubscribers(server);
      if (terms !== undefined) expectStatus(await shop.put('pass', aPass(terms)), 200);
      const { purchaseToken } = await shop.subscribe({ productId });
      const step = (what: string, body?: unknown) => shop.step(purchaseToken, what, body);
      return {
        shop,
        purchaseToken,
        step,
        done: async (what: string, body?: unknown) => expectStatus(await step(what, body), 200),
        pay: (payment: Record<string, unknown>) => shop.pay(purchaseToken, payment),
        read: () => shop.read(purchaseToken),
        happened: () => shop.happened(purchaseToken),
      };
    };
    /** The same, whose payment of 15 February at 10:00 has been declined. */
    const openDeclined = async (productId = 'pass', terms?: Record<string, unknown>) => {
      const opened = await open(productId, terms);
      expectStatus(await opened.pay({ outcome: 'decline' }), 200);
      await opened.shop.advanceTo(korea(2, 15, 10));
      return opened;
    };
    const bodies: [what: string, body?: unknown][] = [
      ['cancel'],
      ['reactivate'],
      ['defer', { deferPeriod: 1 }],
    ];

    test('a managed product knows none of it: InvalidState, and nothing happens', async () => {
      const shop = await openSubscribers(server);
      const { purchaseToken } = await shop.buy({ productId: 'product01' });
      for (const [what, body] of bodies) {
        assert.deepEqual(refusal(await shop.step(purchaseToken, what, body)), [409, 'InvalidState'], what);
      }
      const answer = await shop.pay(purchaseToken, { outcome: 'decline' });
      assert.deepEqual(refusal(answer), [409, 'InvalidState']);
      assert.match(answer.body.error.message, /a managed product is paid once/);
      assert.deepEqual(await shop.happened(purchaseToken), ['purchased']);
    });

    test('a token that is not there, or another app’s, is NoSuchData', async () => {
      const shop = await openSubscribers(server);
      const other = await open();
      for (const token of ['SANDBOXT', other.purchaseToken]) {
        for (const [what, body] of bodies) {
          assert.deepEqual(refusal(await shop.step(token, what, body)), [404, 'NoSuchData'], what);
        }
        assert.deepEqual(refusal(await shop.pay(token, { outcome: 'approve' })), [404, 'NoSuchData']);
        assert.deepEqual(refusal(await shop.call('GET', `/purchases/${token}/replies`)), [404, 'NoSuchData']);
      }
    });

    test('a payment that changes nothing is refused', async () => {
      const { shop, purchaseToken } = await open();
      assert.deepEqual(refusal(await shop.pay(purchaseToken, {})), [400, 'RequiredValueNotExist', 'method']);
    });

    for (const productId of ['pass', 'monthly']) {
      test(`${productId} that is cancelled runs to the end of what is paid for, and no further`, async () => {
        const { shop, done, read, happened } = await open(productId);
        await shop.advance('PT1H');
        const cancelled = await done('cancel');
        const { state, autoRenewing, cancelledTime, cancelReason, nextCharge, expiryTime } =
          cancelled.subscription;
        assert.deepEqual(
          { state, autoRenewing, cancelledTime, cancelReason, nextCharge, expiryTime },
          {
            state: 'cancelScheduled',
            autoRenewing: false,
            cancelledTime: noon + hourMs,
            cancelReason: 0,
            nextCharge: null,
            expiryTime: endOf(2, 15),
          },
        );
        assert.deepEqual([cancelled.entitled, cancelled.dueAt], [true, endOf(2, 15) + 1]);
        assert.equal(JSON.parse(cancelled.purchaseData).recurringState, 1);
        await shop.advanceTo(endOf(2, 15));
        assert.equal((await read()).entitled, true);
        await shop.advance('PT1S');
        const ended = await read();
        assert.deepEqual([ended.entitled, ended.subscription.state, ended.dueAt], [false, 'expired', null]);
        assert.equal(ended.subscription.paymentCount, 1);
        assert.deepEqual(await happened(), ['purchased', 'acknowledged', 'cancelled', 'expired']);
        for (const what of ['cancel', 'reactivate']) {
          const answer = await shop.step(cancelled.purchaseToken, what);
          assert.deepEqual(refusal(answer), [409, 'InvalidPurchaseState'], what);
        }
      });

      test(`${productId}: a second cancellation, and a reactivation without one, change nothing`, async () => {
        const { shop, done, happened } = await open(productId);
        const before = await shop.advance('PT1H').then(() => done('reactivate'));
        const cancelled = await done('cancel');
        await shop.advance('PT1H');
        assert.deepEqual(await done('cancel'), cancelled);
        const taken = await done('reactivate');
        assert.deepEqual(taken, before);
        assert.deepEqual(await done('reactivate'), taken);
        assert.deepEqual(await happened(), ['purchased', 'acknowledged', 'cancelled', 'reactivated']);
      });

      test(`${productId} that is taken up again after its payment day pays at once, and keeps the day`, async () => {
        const { shop, done, happened } = await open(productId);
        await done('cancel');
        await shop.advanceTo(korea(2, 15, 12));
        const { subscription, purchaseTime } = await done('reactivate');
        assert.deepEqual([purchaseTime, subscription.paymentCount], [korea(2, 15, 12), 2]);
        assert.deepEqual([subscription.state, subscription.nextPaymentTime], ['active', korea(3, 15, 10)]);
        assert.deepEqual((await happened()).slice(-2), ['reactivated', 'renewed']);
      });
    }

    test('cancelled in grace a subscription ends at once, without money back and for good', async () => {
      const { shop, purchaseToken, step, done, read } = await openDeclined();
      assert.equal((await read()).subscription.state, 'grace');
      const ended = await done('cancel');
      const { state, expiryTime, cancelledTime, cancelReason, autoRenewing } = ended.subscription;
      assert.deepEqual(
        { state, expiryTime, cancelledTime, cancelReason, autoRenewing },
        {
          state: 'revoked',
          expiryTime: korea(2, 15, 10),
          cancelledTime: korea(2, 15, 10),
          cancelReason: 0,
          autoRenewing: false,
        },
      );
      assert.deepEqual([ended.entitled, ended.voidedTime, ended.dueAt], [false, null, null]);
      const last = (await read()).history.at(-1);
      assert.deepEqual([last.what, last.cause, last.amount], ['revoked', 'buyer', '0']);
      assert.equal(last.text, 'The buyer cancelled, which ended it at once.');
      for (const what of ['cancel', 'reactivate']) {
        assert.deepEqual(refusal(await step(what)), [409, 'InvalidPurchaseState']);
      }
      await shop.advance('P1Y');
      assert.equal((await shop.read(purchaseToken)).history.at(-1).what, 'revoked');
    });

    test('cancelled on hold it ends at once, and the end of use stays where it was', async () => {
      const { shop, done } = await openDeclined();
      await shop.advanceTo(korea(2, 20, 12));
      const { subscription } = await done('cancel');
      assert.deepEqual([subscription.state, subscription.expiryTime], ['revoked', endOf(2, 18)]);
      assert.equal(subscription.cancelledTime, korea(2, 20, 12));
    });

    test('a declined payment cancels a monthly product, which is paid at once when it is taken up again', async () => {
      const { pay, done, read, happened } = await openDeclined('monthly');
      const { entitled, subscription } = await read();
      assert.deepEqual(
        [entitled, subscription.state, subscription.paymentFailed, subscription.cancelReason],
        [true, 'cancelScheduled', true, 1],
      );
      expectStatus(await pay({ outcome: 'approve' }), 200);
      assert.equal((await read()).subscription.paymentCount, 1);
      const again = await done('reactivate');
      assert.deepEqual(
        [again.subscription.state, again.subscription.paymentCount, again.subscription.paymentFailed],
        ['active', 2, false],
      );
      assert.equal(again.subscription.nextPaymentTime, korea(3, 15, 10));
      assert.deepEqual((await happened()).slice(2), [
        'paymentChanged',
        'declined',
        'cancelled',
        'paymentChanged',
        'reactivated',
        'renewed',
      ]);
    });

    test('a payment is put off by days, again and again, and the use goes on', async () => {
      const { shop, done, read } = await open();
      for (const [deferPeriod, day] of [
        [3, 18],
        [1, 19],
      ] as const) {
        const { subscription, dueAt } = await done('defer', { deferPeriod });
        assert.deepEqual(
          [subscription.nextPaymentTime, subscription.nextCharge, subscription.expiryTime, dueAt],
          [korea(2, day, 10), korea(2, day, 10), endOf(2, day), korea(2, day, 10)],
        );
      }
      await shop.advanceTo(korea(2, 19, 10));
      const { history, subscription } = await read();
      assert.deepEqual([subscription.paymentCount, subscription.nextPaymentTime], [2, korea(3, 19, 10)]);
      assert.deepEqual(
        history.slice(2).map(({ text }: { text: string }) => text),
        [
          'The operator put the next payment off by 3 days.',
          'The operator put the next payment off by 1 day.',
          'Till charged 9900 KRW for the next period.',
        ],
      );
    });

    test('in a world of shortened periods it is put off by minutes', async () => {
      const shop = await openSubscribers(server, { calendar: 'sandbox' });
      const { purchaseToken } = await shop.subscribe();
      const { subscription } = expectStatus(
        await shop.step(purchaseToken, 'defer', { deferPeriod: 365 }),
        200,
      );
      assert.equal(subscription.nextCharge, noon + (5 + 365) * minuteMs);
      assert.equal(
        (await shop.read(purchaseToken)).history.at(-1).text,
        'The operator put the next payment off by 365 minutes.',
      );
    });

    test('how far a payment is put off must be given, as a whole number from 1 to 365', async () => {
      const { step, happened } = await open();
      for (const body of [undefined, {}, { deferPeriod: null }]) {
        assert.deepEqual(refusal(await step('defer', body)), [400, 'RequiredValueNotExist', 'deferPeriod']);
      }
      for (const deferPeriod of [0, -1, 366, 1.5, '3', true]) {
        assert.deepEqual(refusal(await step('defer', { deferPeriod })), [
          400,
          'InvalidRequest',
          'deferPeriod',
        ]);
      }
      assert.deepEqual(await happened(), ['purchased', 'acknowledged']);
    });

    test('only a running, paid subscription is put off', async () => {
      const refused = async ({ step }: Awaited<ReturnType<typeof open>>, code = 'InvalidPurchaseState') =>
        assert.deepEqual(refusal(await step('defer', { deferPeriod: 1 })), [409, code]);
      const cancelled = await open();
      await cancelled.done('cancel');
      await refused(cancelled);
      await cancelled.shop.advanceTo(endOf(2, 15) + 1);
      await refused(cancelled);
      const declined = await openDeclined();
      await refused(declined); // grace
      await declined.shop.advanceTo(korea(2, 20, 12));
      await refused(declined); // hold
      await refused(await openDeclined('pass', { gracePeriod: 'P0D' })); // not paid, but still running
      const voided = await open();
      await voided.done('void');
      await refused(voided);
    });

    test('a monthly product is never put off: InvalidState', async () => {
      const { step } = await open('monthly');
      const answer = await step('defer', { deferPeriod: 1 });
      assert.deepEqual(refusal(answer), [409, 'InvalidState']);
      assert.match(answer.body.error.message, /only a subscription/);
    });

    test('a payment that failed is tried again at once when the buyer pays otherwise, in grace and on hold', async () => {
      const inGrace = await openDeclined();
      const renewed = expectStatus(await inGrace.pay({ method: 'NAVERPAY', outcome: 'approve' }), 200);
      assert.deepEqual(
        [renewed.paymentMethod, renewed.subscription.state, renewed.subscription.nextPaymentTime],
        ['NAVERPAY', 'active', korea(3, 15, 10)],
      );
      assert.deepEqual((await inGrace.happened()).slice(-2), ['paymentChanged', 'renewed']);

      const onHold = await openDeclined();
      await onHold.shop.advanceTo(korea(2, 20, 12));
      assert.equal((await onHold.read()).entitled, false);
      const recovered = expectStatus(await onHold.pay({ outcome: 'approve' }), 200);
      assert.deepEqual(
        [recovered.entitled, recovered.purchaseTime, recovered.subscription.nextPaymentTime],
        [true, korea(2, 20, 12), korea(3, 20, 10)],
      );
      assert.deepEqual((await onHold.happened()).slice(-2), ['paymentChanged', 'recovered']);
    });

    test('a payment that fails once more leaves everything as it was', async () => {
      const { pay, read } = await openDeclined();
      const before = (await read()).subscription;
      const after = expectStatus(await pay({ method: 'DCB' }), 200).subscription;
      assert.deepEqual(after, before);
      assert.deepEqual(
        (await read()).history.slice(-2).map(({ text }: { text: string }) => text),
        ['The buyer changed the payment: DCB, decline.', 'The payment was declined.'],
      );
    });

    test('the answer to a payment that timed out comes a minute later, and it is paid once', async () => {
      const { shop, pay, read, happened } = await open();
      expectStatus(await pay({ outcome: 'timeout' }), 200);
      assert.deepEqual((await shop.advanceTo(korea(2, 15, 10))).happened, []);
      const waiting = await read();
      assert.deepEqual(
        [waiting.entitled, waiting.subscription.paymentFailed, waiting.subscription.nextCharge],
        [true, false, korea(2, 15, 10, 1)],
      );
      await shop.advance('PT1M');
      const { subscription } = await read();
      assert.deepEqual([subscription.paymentCount, subscription.nextPaymentTime], [2, korea(3, 15, 10)]);
      assert.deepEqual((await happened()).slice(-1), ['renewed']);
    });

    test('what has ended takes no other payment', async () => {
      const { done, pay, happened } = await open();
      await done('void');
      assert.deepEqual(refusal(await pay({ method: 'DCB' })), [409, 'InvalidState']);
      assert.deepEqual(await happened(), ['purchased', 'acknowledged', 'voided']);
    });

    for (const [payment, field] of [
      [{ method: 'CASH' }, 'method'],
      [{ outcome: 'refuse' }, 'outcome'],
      [{ result: 'approve' }, 'result'],
    ] as const) {
      test(`a payment of ${JSON.stringify(payment)} is refused and named`, async () => {
        const { pay } = await open();
        assert.deepEqual(refusal(await pay(payment)), [400, 'InvalidRequest', field]);
      });
    }

    test('a void gives the latest payment back and ends the use at once, and is done once', async () => {
      const { shop, purchaseToken, step, done, read } = await open();
      const first = await read();
      await shop.advanceTo(korea(2, 16, 12));
      const renewal = await read();
      const voided = await done('void', { reason: 'asked for' });
      assert.deepEqual(
        [voided.state, voided.purchaseId, voided.voidedTime, voided.entitled, voided.dueAt],
        ['voided', renewal.purchaseId, korea(2, 16, 12), false, null],
      );
      const { state, expiryTime, cancelReason, autoRenewing } = voided.subscription;
      assert.deepEqual(
        { state, expiryTime, cancelReason, autoRenewing },
        { state: 'revoked', expiryTime: korea(2, 16, 12), cancelReason: 1, autoRenewing: false },
      );
      assert.equal(JSON.parse(voided.purchaseData).purchaseState, 1);
      const last = (await read()).history.at(-1);
      assert.deepEqual([last.purchaseId, last.amount], [renewal.purchaseId, '-9900']);
      assert.equal(last.text, 'The operator voided the purchase and 9900 KRW went back: asked for.');
      const { items } = expectStatus(
        await server.control('GET', `/apps/${shop.app.clientId}/purchases`),
        200,
      );
      const states = items.map((item: { purchaseId: string; state: string }) => [
        item.purchaseId,
        item.state,
      ]);
      assert.deepEqual(states, [
        [renewal.purchaseId, 'voided'],
        [first.purchaseId, 'acknowledged'],
      ]);
      assert.deepEqual(refusal(await step('void')), [409, 'InvalidState']);
      for (const what of ['acknowledge', 'consume', 'cancel', 'reactivate']) {
        assert.deepEqual(refusal(await step(what)), [409, 'InvalidPurchaseState'], what);
      }
      await shop.advance('P1Y');
      assert.equal((await shop.read(purchaseToken)).history.length, 4);
    });

    test('only the first payment is acknowledged, and a subscription is never consumed', async () => {
      const shop = await openSubscribers(server);
      const { purchaseToken, purchaseId } = await shop.buy({ developerPayload: 'order' });
      assert.deepEqual(refusal(await shop.step(purchaseToken, 'consume')), [409, 'InvalidConsumeState']);
      const wrong = await shop.step(purchaseToken, 'acknowledge', { developerPayload: 'other' });
      assert.deepEqual(refusal(wrong), [400, 'DeveloperPayloadNotMatch']);
      await shop.advance('PT1H');
      const done = expectStatus(
        await shop.step(purchaseToken, 'acknowledge', { developerPayload: 'order' }),
        200,
      );
      assert.deepEqual([done.acknowledged, done.state, done.dueAt], [true, 'acknowledged', korea(2, 15, 10)]);
      await shop.advance('P40D');
      const renewed = await shop.read(purchaseToken);
      assert.notEqual(renewed.purchaseId, purchaseId);
      assert.deepEqual([renewed.acknowledged, renewed.state], [true, 'acknowledged']);
      expectStatus(await shop.step(purchaseToken, 'acknowledge'), 200);
      assert.deepEqual(await shop.happened(purchaseToken), ['purchased', 'acknowledged', 'renewed']);
    });

    test('a first payment that nobody acknowledges for three days goes back and ends the subscription', async () => {
      const shop = await openSubscribers(server);
      const { purchaseToken } = await shop.buy();
      await shop.advance('P3D');
      const { state, entitled, voidedTime, subscription, history } = await shop.read(purchaseToken);
      assert.deepEqual(
        [state, entitled, voidedTime, subscription.state],
        ['voided', false, noon + 3 * dayMs, 'revoked'],
      );
      const [, voided, ...more] = history;
      assert.deepEqual([voided.cause, voided.amount, more], ['time', '-9900', []]);
      assert.match(voided.text, /^Till voided .*not acknowledged within three days\.$/);
    });

    test('of changes made at the same time each happens once, one after the other', async () => {
      const { step, happened } = await open();
      const answers = await Promise.all(
        ['cancel', 'cancel', 'reactivate', 'void', 'void', 'cancel'].map((what) => step(what)),
      );
      for (const { status } of answers) assert.ok([200, 409].includes(status));
      const steps = await happened();
      assert.equal(steps.filter((what) => what === 'voided').length, 1);
      assert.equal(steps.at(-1), 'voided');
    });
  });
}
