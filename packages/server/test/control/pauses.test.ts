// Pauses: scheduled, given another length, withdrawn, begun, ended by a payment or early, and what may not be paused.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { controlKey, expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { aPass, dayMs, endOf, korea, minuteMs, noon, openSubscribers } from './subscribers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

for (const database of httpDatabases) {
  describe(`pauses on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    /** A subscription that may be paused, bought and acknowledged at noon on 15 January. */
    const open = async (terms: Record<string, unknown> = {}, calendar?: 'sandbox') => {
      const shop = await openSubscribers(server, calendar && { calendar });
      expectStatus(await shop.put('pass', aPass({ pausable: true, ...terms })), 200);
      const { purchaseToken } = await shop.subscribe();
      const step = (what: string, body?: unknown) => shop.step(purchaseToken, what, body);
      return {
        shop,
        purchaseToken,
        step,
        done: async (what: string, body?: unknown) => expectStatus(await step(what, body), 200),
        outcome: async (outcome: string) => expectStatus(await shop.pay(purchaseToken, { outcome }), 200),
        read: () => shop.read(purchaseToken),
        happened: async () => (await shop.happened(purchaseToken)).slice(2),
        agenda: async () => {
          const { items } = (await server.control('GET', `/worlds/${shop.app.worldId}/agenda`)).body;
          return items.map(({ at, what }: Json) => [at, what]);
        },
      };
    };
    const refuses = async (
      { step, read }: Awaited<ReturnType<typeof open>>,
      what: string,
      body?: unknown,
    ) => {
      const before = await read();
      const answer = await step(what, body);
      assert.deepEqual(refusal(answer), [409, 'InvalidState'], answer.text);
      assert.deepEqual(await read(), before);
      return answer.body.error.message as string;
    };

    test('a pause follows the paid period, without a payment, and its last day is paid for', async () => {
      const { shop, done, read, agenda, happened } = await open();
      const scheduled = await done('pause', { for: 'P1M' });
      const { state, autoRenewing, nextPaymentTime, nextCharge, expiryTime, resumeTime } =
        scheduled.subscription;
      assert.deepEqual(
        { state, autoRenewing, nextPaymentTime, nextCharge, expiryTime, resumeTime },
        {
          ...{ state: 'active', autoRenewing: true, nextPaymentTime: korea(2, 15, 10), nextCharge: null },
          ...{ expiryTime: endOf(2, 15), resumeTime: korea(3, 17, 10) },
        },
      );
      assert.deepEqual([scheduled.entitled, scheduled.dueAt], [true, endOf(2, 15) + 1]);
      assert.deepEqual(await agenda(), [[endOf(2, 15) + 1, 'paused']]);
      await shop.advanceTo(endOf(2, 15));
      assert.equal((await read()).entitled, true);
      await shop.advance('PT1S');
      const paused = await read();
      assert.deepEqual(
        [paused.entitled, paused.why, paused.subscription.state],
        [false, 'It is paused; the use ended 2026-02-15T14:59:59.000Z.', 'paused'],
      );
      assert.deepEqual(
        [paused.subscription.nextCharge, paused.subscription.resumeTime, paused.subscription.paymentCount],
        [korea(3, 17, 10), korea(3, 17, 10), 1],
      );
      assert.deepEqual(await agenda(), [[korea(3, 17, 10), 'charge']]);
      await shop.advanceTo(korea(3, 17, 10));
      const resumed = await read();
      assert.deepEqual(
        [resumed.entitled, resumed.subscription.state, resumed.subscription.resumeTime, resumed.price],
        [true, 'active', null, '9900'],
      );
      assert.deepEqual(
        [resumed.subscription.nextPaymentTime, resumed.subscription.expiryTime],
        [korea(4, 17, 10), endOf(4, 17)],
      );
      assert.deepEqual(await happened(), ['pauseScheduled', 'paused', 'resumed']);
      assert.deepEqual(
        resumed.history.slice(2).map(({ at, cause, text }: Json) => [at, cause, text]),
        [
          [noon, 'buyer', 'The buyer will pause it for 1 month after the paid period.'],
          [endOf(2, 15) + 1, 'time', 'The pause began: the use has ended until it is resumed.'],
          [korea(3, 17, 10), 'time', 'Till charged 9900 KRW; the pause is over.'],
        ],
      );
    });

    for (const [period, ends, lengths] of [
      ['P1W', korea(1, 22, 10), { P1W: 7, P14D: 14, P2W: 14, P3W: 21 }],
      ['P1M', korea(2, 15, 10), { P1M: 30, P2M: 60, P3M: 90 }],
      ['P3M', korea(4, 15, 10), { P1M: 30, P3M: 90 }],
      ['P6M', korea(7, 15, 10), { P2M: 60, P3M: 90 }],
    ] as const) {
      test(`${period} pauses for ${Object.keys(lengths).join(', ')}; another length takes the place of the first`, async () => {
        const { done, happened } = await open({ period });
        for (const [span, days] of Object.entries(lengths)) {
          const { subscription } = await done('pause', { for: span });
          assert.deepEqual(
            [subscription.nextPaymentTime, subscription.resumeTime],
            [ends, ends + days * dayMs],
            span,
          );
        }
        assert.deepEqual(
          await happened(),
          Object.keys(lengths).map(() => 'pauseScheduled'),
        );
      });
    }

    test('a length that the period does not know is refused with InvalidState', async () => {
      for (const [period, spans] of [
        ['P1W', ['P4W', 'P1M', 'P52W']],
        ['P1M', ['P1W', 'P3W', 'P4M', 'P1Y', 'P30W']],
        ['P6M', ['P4M', 'P2W']],
      ] as const) {
        const opened = await open({ period });
        for (const span of spans) {
          assert.match(
            await refuses(opened, 'pause', { for: span }),
            /from 1 to 3|weeks/,
            `${period} ${span}`,
          );
        }
      }
    });

    test('a length that is no whole weeks or months is refused with InvalidRequest, none with what is missing', async () => {
      const { step, happened } = await open();
      for (const span of ['P1D', 'P8D', 'P0D', 'PT1H', 'P1M1D', 'P1M1W', 'P', 'month', 1]) {
        const answer = await step('pause', { for: span });
        assert.deepEqual(refusal(answer), [400, 'InvalidRequest', 'for'], String(span));
      }
      for (const body of [{}, { for: null }]) {
        assert.deepEqual(refusal(await step('pause', body)), [400, 'RequiredValueNotExist', 'for']);
      }
      assert.equal((await step('pause')).status, 400);
      assert.deepEqual(await happened(), []);
    });

    test('a pause that is scheduled is withdrawn, and the payment is made on its day', async () => {
      const opened = await open();
      const { shop, done, read, happened } = opened;
      const before = await read();
      await done('pause', { for: 'P2M' });
      const withdrawn = await done('resume');
      assert.deepEqual(withdrawn.subscription, before.subscription);
      assert.match(await refuses(opened, 'resume'), /no pause/);
      await shop.advanceTo(korea(2, 15, 10));
      assert.equal((await read()).subscription.nextPaymentTime, korea(3, 15, 10));
      assert.deepEqual(await happened(), ['pauseScheduled', 'pauseWithdrawn', 'renewed']);
      assert.equal((await read()).history.at(-2).text, 'The buyer withdrew the pause.');
    });

    test('withdrawn after the hour of the payment it pays at once, and keeps the day', async () => {
      const { shop, done, happened } = await open();
      await done('pause', { for: 'P1M' });
      await shop.advanceTo(korea(2, 15, 12));
      const { purchaseTime, subscription } = await done('resume');
      assert.deepEqual([purchaseTime, subscription.nextPaymentTime], [korea(2, 15, 12), korea(3, 15, 10)]);
      assert.deepEqual(await happened(), ['pauseScheduled', 'pauseWithdrawn', 'renewed']);
    });

    test('resumed early it pays at once, and that day becomes the payment day', async () => {
      const opened = await open();
      const { shop, done, happened } = opened;
      await done('pause', { for: 'P3M' });
      await shop.advanceTo(korea(3, 1, 20));
      const { entitled, purchaseTime, subscription, price } = await done('resume');
      assert.deepEqual(
        [entitled, purchaseTime, price, subscription.state],
        [true, korea(3, 1, 20), '9900', 'active'],
      );
      assert.deepEqual(
        [subscription.nextPaymentTime, subscription.expiryTime],
        [korea(4, 1, 10), endOf(4, 1)],
      );
      assert.deepEqual(await happened(), ['pauseScheduled', 'paused', 'resumed']);
      await refuses(opened, 'resume');
    });

    for (const early of [true, false]) {
      test(`a payment that is declined ${early ? 'at an early resume' : 'on the last day'} begins the account hold`, async () => {
        const { shop, done, outcome, read, happened } = await open({ accountHold: 'P10D' });
        await done('pause', { for: 'P1M' });
        await outcome('decline');
        await shop.advanceTo(early ? korea(3, 1, 20) : korea(3, 17, 10));
        const { entitled, subscription } = early ? await done('resume') : await read();
        assert.deepEqual([entitled, subscription.state, subscription.paymentFailed], [false, 'hold', true]);
        assert.equal(subscription.nextCharge, early ? korea(3, 2, 10) : korea(3, 18, 10));
        const steps = ['pauseScheduled', 'paymentChanged', 'paused', 'declined', 'held'];
        assert.deepEqual(await happened(), steps);
        const recovered = await outcome('approve');
        assert.deepEqual([recovered.entitled, recovered.subscription.state], [true, 'active']);
        assert.deepEqual((await happened()).slice(5), ['paymentChanged', 'recovered']);
      });
    }

    test('without an account hold a declined payment after a pause ends it', async () => {
      const { shop, done, outcome, read, happened } = await open({ accountHold: 'P0D' });
      await done('pause', { for: 'P1M' });
      await outcome('decline');
      await shop.advanceTo(korea(3, 17, 10));
      const { subscription, entitled, dueAt } = await read();
      assert.deepEqual([subscription.state, entitled, dueAt], ['expired', false, null]);
      assert.deepEqual((await happened()).slice(-2), ['declined', 'expired']);
    });

    test('a cancellation drops a pause that is scheduled, and ends one that runs at once', async () => {
      const { shop, done, read, happened } = await open();
      await done('pause', { for: 'P1M' });
      const cancelled = await done('cancel');
      assert.deepEqual(
        [cancelled.subscription.state, cancelled.subscription.resumeTime],
        ['cancelScheduled', null],
      );
      await done('reactivate');
      await done('pause', { for: 'P1M' });
      await shop.advanceTo(korea(2, 20, 12));
      const { subscription, voidedTime, dueAt } = await done('cancel');
      assert.deepEqual(
        [subscription.state, subscription.expiryTime, subscription.cancelReason, subscription.resumeTime],
        ['revoked', endOf(2, 15), 0, null],
      );
      assert.deepEqual([voidedTime, dueAt], [null, null]);
      assert.deepEqual((await happened()).slice(-2), ['paused', 'revoked']);
      await shop.advance('P1Y');
      assert.equal((await read()).subscription.paymentCount, 1);
    });

    test('a deferral moves a pause that is scheduled', async () => {
      const { shop, done, read } = await open();
      await done('pause', { for: 'P1M' });
      const { subscription, dueAt } = await done('defer', { deferPeriod: 3 });
      assert.deepEqual(
        [subscription.nextPaymentTime, subscription.resumeTime, subscription.nextCharge, dueAt],
        [korea(2, 18, 10), korea(3, 20, 10), null, endOf(2, 18) + 1],
      );
      await shop.advanceTo(endOf(2, 18) + 1);
      assert.equal((await read()).subscription.state, 'paused');
    });

    test('on shortened periods it begins with the end of the period, five minutes for each month', async () => {
      const { shop, done, read } = await open({}, 'sandbox');
      const { subscription } = await done('pause', { for: 'P2M' });
      assert.deepEqual(
        [subscription.expiryTime, subscription.resumeTime],
        [noon + 5 * minuteMs, noon + 15 * minuteMs],
      );
      await shop.advance('PT14M');
      assert.equal((await read()).subscription.state, 'paused');
      await shop.advance('PT1M');
      const resumed = await read();
      assert.deepEqual(
        [resumed.subscription.state, resumed.subscription.nextPaymentTime],
        ['active', noon + 20 * minuteMs],
      );
    });

    test('what is not pausable, yearly, monthly or managed is refused', async () => {
      assert.match(
        await refuses(await open({ pausable: false }), 'pause', { for: 'P1M' }),
        /cannot be paused/,
      );
      const yearly = { period: 'P1Y', pausable: false };
      for (const span of ['P1M', 'P1W']) await refuses(await open(yearly), 'pause', { for: span });
      const { shop } = await open();
      for (const productId of ['monthly', 'product01']) {
        const { purchaseToken } = await shop.buy({ productId });
        for (const [what, body] of [['pause', { for: 'P1M' }], ['resume']] as const) {
          const answer = await shop.step(purchaseToken, what, body);
          assert.deepEqual(refusal(answer), [409, 'InvalidState'], `${productId} ${what}`);
        }
        assert.deepEqual(await shop.happened(purchaseToken), ['purchased']);
      }
      for (const what of ['pause', 'resume']) {
        const answer = await shop.step('SANDBOXT', what, what === 'pause' ? { for: 'P1M' } : undefined);
        assert.deepEqual(refusal(answer), [404, 'NoSuchData']);
      }
    });

    for (const [name, state, terms, bring] of [
      ['is cancelled', 'cancelScheduled', {}, 'cancel'],
      ['is in grace', 'grace', {}, korea(2, 15, 10)],
      ['was not paid', 'active', { gracePeriod: 'P0D' }, korea(2, 15, 10)],
      ['is on hold', 'hold', {}, korea(2, 20, 12)],
      ['has ended unpaid', 'expired', {}, korea(6, 1, 0)],
      ['was voided', 'revoked', {}, 'void'],
    ] as const) {
      test(`what ${name} is neither paused nor resumed`, async () => {
        const opened = await open(terms);
        if (typeof bring === 'string') await opened.done(bring);
        else {
          await opened.outcome('decline');
          await opened.shop.advanceTo(bring);
        }
        assert.equal((await opened.read()).subscription.state, state);
        await refuses(opened, 'pause', { for: 'P1M' });
        await refuses(opened, 'resume');
      });
    }

    test('what is paused is not paused again', async () => {
      const opened = await open();
      await opened.done('pause', { for: 'P1M' });
      await opened.shop.advanceTo(korea(2, 20, 12));
      await refuses(opened, 'pause', { for: 'P2M' });
    });

    test('a pause that is asked for again by its Idempotency-Key is written once', async () => {
      const { shop, purchaseToken, happened } = await open();
      const { clientId, worldId } = shop.app;
      const path = `/control/v1/apps/${clientId}/purchases/${purchaseToken}/pause?worldId=${worldId}`;
      const headers = { authorization: `Bearer ${controlKey}`, 'idempotency-key': 'paused-once' };
      const call = () => server.call('POST', path, { headers, body: { for: 'P1M' } });
      const first = await call();
      expectStatus(first, 200);
      assert.equal((await call()).text, first.text);
      assert.deepEqual(await happened(), ['pauseScheduled']);
    });
  });
}
