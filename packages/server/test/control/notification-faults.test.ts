// The laboratory: what is done to notifications on purpose, one fault at a time and several together.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { type Received, Receiver } from '../notifications/receiver.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { isSigned } from '../signatures.ts';
import { type Json, type Notified, noon, notifiedApp } from './notified.ts';

const second = 1_000;
const faults = ['duplicate', 'drop', 'delay', 'reorder', 'wrongSignature', 'alteredBody', 'truncatedBody'];

for (const database of httpDatabases) {
  describe(`notification faults on ${database.name}`, () => {
    let server: TestServer;
    let receiver: Receiver;
    let shop: Notified;

    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());
    beforeEach(async () => {
      receiver = await new Receiver().open();
      shop = await notifiedApp(server, receiver);
    });
    afterEach(() => receiver.close());

    const kindOf = ({ id }: Received) => id.split('-').at(-1);
    const verified = ({ body: { signature, ...told } }: Received) =>
      isSigned(shop.app.licenseKey, JSON.stringify(told), signature);
    /** What the log says of each attempt of the only message of this kind, seconds after the beginning. */
    const logOf = async (kind: string) => {
      const [item, another] = await shop.list(`?kind=${kind}`);
      assert.equal(another, undefined);
      return [
        item.status,
        ...item.attempts.map(({ at, result, fault }: Json) => [
          (at - noon) / second,
          result,
          fault ?? 'none',
        ]),
      ];
    };
    const set = (items: unknown) => shop.call('PUT', '/notification-faults', { items });
    const shown = async () => expectStatus(await shop.call('GET', '/notification-faults'), 200).items;

    test('are shown as they were set, in their order, and replace what was set before', async () => {
      assert.deepEqual(await shown(), []);
      const items = [
        ...faults.map((fault) => ({ kind: fault === 'wrongSignature' ? 'payment' : 'any', fault })),
        { kind: 'subscription', fault: 'delay', times: 1_000_000, delay: 'P1D' },
        { kind: 'any', fault: 'reorder', times: 1, delay: 'PT5S' },
        { kind: 'any', fault: 'wrongSignature' },
      ];
      assert.deepEqual(expectStatus(await set(items), 200), { items });
      assert.deepEqual(await shown(), items);
      const hundred = Array.from({ length: 100 }, () => ({ kind: 'any', fault: 'drop' }));
      assert.deepEqual(expectStatus(await set(hundred), 200), { items: hundred });
      assert.deepEqual(expectStatus(await set([]), 200), { items: [] });
      assert.deepEqual(await shown(), []);
    });

    test('what makes no sense is refused by its name, and leaves what was set', async () => {
      const kept = [{ kind: 'any', fault: 'duplicate', times: 3 }];
      expectStatus(await set(kept), 200);
      const drop = { kind: 'any', fault: 'drop' };
      const refused: [unknown, ...string[]][] = [
        [[{ ...drop, fault: 'lose' }], 'items.0.fault'],
        [[{ ...drop, kind: 'all' }], 'items.0.kind'],
        [[drop, { ...drop, times: 0 }], 'items.1.times'],
        [[{ ...drop, times: 1_000_001 }], 'items.0.times'],
        [[{ ...drop, times: 1.5 }], 'items.0.times'],
        [[{ ...drop, delay: 'PT5S' }], 'items.0.delay'],
        [[{ kind: 'any', fault: 'delay', delay: 'soon' }], 'items.0.delay'],
        [[{ kind: 'any', fault: 'delay', delay: 'PT0S' }], 'items.0.delay'],
        [[drop, { kind: 'any', fault: 'reorder', delay: 'P0D' }], 'items.1.delay'],
        [[drop, { kind: 'subscription', fault: 'wrongSignature' }], 'items.1.fault'],
        [[{ ...drop, count: 2 }], 'items.0.count'],
        [Array.from({ length: 101 }, () => drop), 'items'],
        [drop, 'items'],
      ];
      for (const [items, ...names] of refused) {
        const answer = await set(items);
        assert.deepEqual(refusal(answer), [400, 'InvalidRequest', ...names], JSON.stringify(items));
      }
      assert.equal(refusal(await set([{ kind: 'any' }]))[1], 'RequiredValueNotExist');
      assert.equal(refusal(await shop.call('PUT', '/notification-faults', {}))[1], 'RequiredValueNotExist');
      assert.deepEqual(await shown(), kept);
    });

    test('duplicate: it comes twice under one name, in one attempt', async () => {
      await shop.faults([{ kind: 'any', fault: 'duplicate' }]);
      await shop.buy();
      await shop.settled();
      const [first, other, third] = receiver.received;
      assert.deepEqual([first?.id, first?.text, third], [other?.id, other?.text, undefined]);
      assert.ok(first && verified(first));
      assert.deepEqual(await logOf('payment'), ['delivered', [0, 'delivered', 'duplicate']]);
    });

    test('drop: it never comes, and by hand it does once the fault is used up', async () => {
      await shop.faults([{ kind: 'any', fault: 'drop', times: 1 }]);
      await shop.buy();
      await shop.advance('P4D');
      const [item] = await shop.list('?status=dead');
      const { notificationId } = item;
      const attempt = { at: noon, result: 'blocked', durationMs: 0, fault: 'drop' };
      assert.deepEqual([item.attempts, item.nextAttemptAt], [[attempt], undefined]);
      const before = receiver.received.filter(({ id }) => id === notificationId);
      assert.deepEqual(before, []);
      assert.deepEqual(await shown(), []);
      expectStatus(await shop.call('POST', `/notifications/${notificationId}/resend`), 200);
      await shop.settled();
      const again = expectStatus(await shop.call('GET', `/notifications/${notificationId}`), 200);
      assert.deepEqual([again.status, again.attempts.length], ['delivered', 2]);
    });

    test('delay: a first attempt is kept back once, a minute unless told otherwise', async () => {
      for (const [index, { delay, ms }] of [
        { delay: undefined, ms: 60_000 },
        { delay: 'PT90S', ms: 90_000 },
        { delay: 'P1D', ms: 86_400_000 },
      ].entries()) {
        const one = index === 0 ? shop : await notifiedApp(server, receiver);
        await one.faults([{ kind: 'any', fault: 'delay', ...(delay && { delay }) }]);
        const { purchaseToken } = await one.buy();
        await one.settled();
        const [waiting] = await one.list();
        assert.deepEqual(
          [waiting.status, waiting.attempts, waiting.nextAttemptAt],
          ['pending', [], noon + ms],
        );
        await one.advance(`PT${ms / second - 1}S`);
        assert.equal(receiver.received.length, index);
        await one.advance('PT1S');
        assert.equal(receiver.received.length, index + 1);
        assert.equal(receiver.received.at(-1)?.body.purchaseToken, purchaseToken);
        const [item] = await one.list();
        assert.deepEqual(
          [item.status, item.attempts.length, item.attempts[0].at],
          ['delivered', 1, noon + ms],
        );
      }
    });

    test('reorder: two of one purchase change places', async () => {
      await shop.faults([{ kind: 'any', fault: 'reorder', times: 1 }]);
      await shop.buy({ productId: 'pass' });
      await shop.settled();
      assert.deepEqual(receiver.received.map(kindOf), ['subscription', 'payment']);
      assert.deepEqual(await logOf('payment'), ['delivered', [0, 'delivered', 'reorder']]);
      assert.deepEqual(await logOf('subscription'), ['delivered', [0, 'delivered', 'reorder']]);
      assert.deepEqual(await shown(), []);
      await shop.buy({ productId: 'pass' });
      await shop.settled();
      assert.deepEqual(receiver.received.map(kindOf).slice(2), ['payment', 'subscription']);
    });

    test('reorder: one that is alone waits, so that a later one of its purchase comes before it', async () => {
      await shop.faults([{ kind: 'any', fault: 'reorder', times: 1, delay: 'PT10S' }]);
      const { purchaseToken } = await shop.buy();
      await shop.settled();
      assert.equal(receiver.received.length, 0);
      expectStatus(await shop.call('POST', `/purchases/${purchaseToken}/void`, {}), 200);
      await shop.settled();
      await shop.advance('PT10S');
      assert.deepEqual(
        receiver.received.map(({ body }) => body.purchaseState),
        ['CANCELED', 'COMPLETED'],
      );
    });

    test('wrongSignature: the text is true, its signature is not, and the next attempt is signed well', async () => {
      receiver.reply = (_, time) => (time === 1 ? 400 : 200);
      await shop.faults([{ kind: 'any', fault: 'wrongSignature', times: 1 }]);
      await shop.buy();
      await shop.advance('PT30S');
      const [wrong, right, third] = receiver.received;
      assert.ok(wrong && right && third === undefined);
      assert.deepEqual([verified(wrong), verified(right)], [false, true]);
      assert.equal(Buffer.from(wrong.body.signature, 'base64').length, 256);
      assert.deepEqual({ ...wrong.body, signature: '' }, { ...right.body, signature: '' });
      const expected = ['delivered', [0, 'refused', 'wrongSignature'], [30, 'delivered', 'none']];
      assert.deepEqual(await logOf('payment'), expected);
    });

    test('alteredBody: a sound text of another purchase, under the signature of the true one', async () => {
      receiver.reply = () => 400;
      await shop.faults([{ kind: 'any', fault: 'alteredBody', times: 2 }]);
      const { purchaseToken } = await shop.buy({ productId: 'pass' });
      await shop.settled();
      const [payment, state] = receiver.received;
      assert.ok(payment && state);
      assert.notEqual(payment.body.purchaseToken, purchaseToken);
      assert.notEqual(state.body.subscriptionNotification.purchaseToken, purchaseToken);
      assert.equal(verified(payment), false);
      const { signature, ...told } = { ...payment.body, purchaseToken };
      assert.ok(isSigned(shop.app.licenseKey, JSON.stringify(told), signature));
      receiver.reply = () => 200;
      await shop.advance('PT30S');
      const [, , again] = receiver.received;
      assert.ok(again && verified(again));
    });

    test('truncatedBody: half a text', async () => {
      receiver.reply = (_, time) => (time === 1 ? 400 : 200);
      await shop.faults([{ kind: 'any', fault: 'truncatedBody', times: 1 }]);
      await shop.buy({ productName: '검 ⚔️' });
      await shop.advance('PT30S');
      const [half, whole] = receiver.received;
      assert.ok(half && whole);
      assert.ok(whole.text.startsWith(half.text));
      assert.equal(half.text.length, Math.floor(whole.text.length / 2));
      assert.deepEqual([half.body, verified(whole)], [undefined, true]);
    });

    test('a fault of one kind leaves the other alone, and counts only what it was done to', async () => {
      for (const [kind, other] of [
        ['payment', 'subscription'],
        ['subscription', 'payment'],
      ]) {
        const from = receiver.received.length;
        await shop.faults([{ kind, fault: 'drop', times: 2 }]);
        await shop.buy({ productId: 'pass' });
        await shop.buy({ productId: 'pass' });
        await shop.settled();
        assert.deepEqual(receiver.received.slice(from).map(kindOf), [other, other]);
        assert.deepEqual(await shown(), []);
        await shop.buy({ productId: 'pass' });
        await shop.settled();
        assert.equal(receiver.received.length, from + 4);
      }
    });

    test('times: so many, then no more; what is left is shown', async () => {
      await shop.faults([{ kind: 'any', fault: 'duplicate', times: 3 }]);
      const counts = [];
      for (let bought = 0; bought < 5; bought++) {
        await shop.buy();
        await shop.settled();
        const [left] = await shown();
        counts.push([receiver.received.length, left?.times ?? 0]);
      }
      assert.deepEqual(counts, [
        [2, 2],
        [4, 1],
        [6, 0],
        [7, 0],
        [8, 0],
      ]);
    });

    test('of several the first that fits is done, attempt by attempt', async () => {
      receiver.reply = (_, time) => (time < 4 ? 500 : 200);
      await shop.faults([
        { kind: 'any', fault: 'delay', delay: 'PT5S' },
        { kind: 'subscription', fault: 'drop' },
        { kind: 'payment', fault: 'wrongSignature', times: 1 },
        { kind: 'any', fault: 'alteredBody', times: 1 },
        { kind: 'any', fault: 'truncatedBody', times: 1 },
        { kind: 'any', fault: 'duplicate' },
      ]);
      await shop.buy({ productId: 'pass' });
      await shop.settled();
      assert.deepEqual(receiver.received, []);
      await shop.advance('PT1H');
      assert.deepEqual(await logOf('payment'), [
        'delivered',
        ...[
          [5, 'refused', 'wrongSignature'],
          [35, 'refused', 'alteredBody'],
          [155, 'refused', 'truncatedBody'],
        ],
        [425, 'delivered', 'duplicate'],
      ]);
      assert.deepEqual(await logOf('subscription'), ['dead', [5, 'blocked', 'drop']]);
      assert.equal(receiver.received.length, 5);
      assert.deepEqual(
        (await shown()).map(({ fault }: Json) => fault),
        ['delay', 'drop', 'duplicate'],
      );
    });

    test('reorder beside a delay: who was kept back comes later, and nobody is lost', async () => {
      await shop.faults([
        { kind: 'payment', fault: 'delay', times: 1 },
        { kind: 'any', fault: 'reorder' },
      ]);
      await shop.buy({ productId: 'pass' });
      await shop.advance('PT5M');
      assert.deepEqual(receiver.received.map(kindOf).toSorted(), ['payment', 'subscription']);
      for (const item of await shop.list()) assert.equal(item.status, 'delivered');
    });

    test('taken away they do no more, also to what already waits', async () => {
      receiver.reply = (_, time) => (time === 1 ? 500 : 200);
      await shop.faults([{ kind: 'any', fault: 'truncatedBody' }]);
      await shop.buy();
      await shop.settled();
      await shop.faults([]);
      await shop.advance('PT30S');
      const expected = ['delivered', [0, 'refused', 'truncatedBody'], [30, 'delivered', 'none']];
      assert.deepEqual(await logOf('payment'), expected);
    });

    test('those of one app are done to no other', async () => {
      const other = await notifiedApp(server, receiver);
      await shop.faults([{ kind: 'any', fault: 'drop' }]);
      await shop.buy();
      const { purchaseToken } = await other.buy();
      await shop.settled();
      await other.settled();
      assert.deepEqual(
        receiver.received.map(({ body }) => body.purchaseToken),
        [purchaseToken],
      );
    });
  });

  test(`notification faults are not for commercial, on ${database.name}`, async () => {
    const masterKey = Buffer.alloc(32, 5);
    const server = await startServer(database, { environment: 'commercial', masterKey });
    try {
      const { clientId } = await server.app();
      const path = `/apps/${clientId}/notification-faults`;
      const items = [{ kind: 'any', fault: 'drop' }];
      assert.deepEqual(refusal(await server.control('GET', path)), [403, 'NotInCommercial']);
      assert.deepEqual(refusal(await server.control('PUT', path, { items })), [403, 'NotInCommercial']);
    } finally {
      await server.stop();
    }
  });
}
