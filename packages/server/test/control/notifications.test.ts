// The control API of notifications: what was sent is listed, read, and sent again.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { Receiver } from '../notifications/receiver.ts';
import { controlKey, expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { isSigned } from '../signatures.ts';
import { type Json, type Notified, noon, notifiedApp } from './notified.ts';

for (const database of httpDatabases) {
  describe(`notifications of the control API on ${database.name}`, () => {
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
    afterEach(async () => {
      receiver.letGo();
      await receiver.close();
    });

    test('a delivered one is shown as it was sent, with its attempt', async () => {
      const { purchaseToken } = await shop.buy({ productName: '검 ⚔️ "1/2"' });
      await shop.settled();
      const [item, another] = await shop.list();
      assert.equal(another, undefined);
      const [sent] = receiver.received;
      const { durationMs } = item.attempts[0];
      assert.ok(Number.isInteger(durationMs) && durationMs >= 0 && durationMs < 10_000);
      assert.deepEqual(item, {
        notificationId: `${purchaseToken}-000000-payment`,
        kind: 'payment',
        purchaseToken,
        body: sent?.text,
        url: receiver.url,
        status: 'delivered',
        attempts: [{ at: noon, result: 'delivered', httpStatus: 200, durationMs }],
        createdAt: noon,
      });
      assert.equal(sent?.id, item.notificationId);
      assert.deepEqual(
        expectStatus(await shop.call('GET', `/notifications/${item.notificationId}`), 200),
        item,
      );
    });

    test('the list answers while deliveries run: what is being sent is pending and has no signature yet', async () => {
      receiver.reply = () => 'hang';
      const { purchaseToken } = await shop.buy({ productId: 'pass' });
      await receiver.until(1);
      const items = await shop.list();
      assert.deepEqual(
        items.map(({ kind, status, attempts, url, nextAttemptAt }: Json) => [
          ...[kind, status, attempts.length, url, nextAttemptAt],
        ]),
        ['subscription', 'payment'].map((kind) => [kind, 'pending', 0, receiver.url, noon]),
      );
      assert.ok(items.every((item: Json) => item.purchaseToken === purchaseToken));
      assert.equal('signature' in JSON.parse(items[1].body), false);
      assert.equal(receiver.received.length, 1, 'the second waits for the first of the same purchase');
      receiver.reply = () => 200;
      receiver.letGo();
      await shop.settled();
      const later = await shop.list();
      assert.ok(later.every(({ status }: Json) => status === 'delivered'));
      assert.equal('signature' in JSON.parse(later[1].body), true);
    });

    test('lists the latest first, page by page, by status, kind and purchase', async () => {
      const tokens: string[] = [];
      for (let round = 0; round < 4; round++) {
        // one round is refused, and waits for its next attempt
        receiver.reply = () => (round === 2 ? 500 : 200);
        for (let count = 0; count < 3; count++)
          tokens.push((await shop.buy({ productId: 'pass' })).purchaseToken);
        await shop.advance('PT1S');
      }
      receiver.reply = () => 500;
      const whole = await shop.list('?limit=1000');
      assert.equal(whole.length, 24);
      const places = whole.map(({ createdAt, notificationId }: Json) => [createdAt, notificationId]);
      const latestFirst = ([a, b]: Json, [c, d]: Json) => c - a || (b < d ? 1 : -1);
      assert.deepEqual(places, places.toSorted(latestFirst));
      const filters: Record<string, (item: Json) => boolean> = {
        '': () => true,
        '&status=pending': ({ status }) => status === 'pending',
        '&status=delivered': ({ status }) => status === 'delivered',
        '&status=dead': () => false,
        '&kind=payment': ({ kind }) => kind === 'payment',
        '&kind=subscription&status=delivered': ({ kind, status }) =>
          kind === 'subscription' && status === 'delivered',
        [`&purchaseToken=${tokens[7]}`]: ({ purchaseToken }) => purchaseToken === tokens[7],
        '&purchaseToken=nobody': () => false,
      };
      const counts = [];
      for (const [filter, fits] of Object.entries(filters)) {
        const paged: Json[] = [];
        for (let cursor = ''; ; ) {
          const page = expectStatus(await shop.call('GET', `/notifications?limit=5${filter}${cursor}`), 200);
          assert.ok(page.items.length <= 5);
          paged.push(...page.items);
          if (page.nextCursor === undefined) break;
          cursor = `&cursor=${page.nextCursor}`;
        }
        assert.deepEqual(paged, whole.filter(fits), filter);
        counts.push(paged.length);
      }
      assert.deepEqual(counts, [24, 6, 18, 0, 12, 9, 2, 0]);
    });

    test('refuses what does not fit, and names it', async () => {
      const one = '/notifications/nothing';
      const window = { from: 0, to: 1 };
      const refused: [string, string, unknown, [number, string, ...string[]]][] = [
        ['GET', '/notifications?status=lost', undefined, [400, 'InvalidRequest', 'status']],
        ['GET', '/notifications?kind=any', undefined, [400, 'InvalidRequest', 'kind']],
        ['GET', '/notifications?limit=0', undefined, [400, 'InvalidRequest', 'limit']],
        ['GET', '/notifications?limit=1001', undefined, [400, 'InvalidRequest', 'limit']],
        ['GET', '/notifications?cursor=x', undefined, [400, 'InvalidRequest', 'cursor']],
        ['GET', '/notifications?cursor=WzFd', undefined, [400, 'InvalidRequest', 'cursor']],
        ['GET', '/notifications?purchaseToken=', undefined, [400, 'InvalidRequest', 'purchaseToken']],
        ['GET', '/notifications?state=dead', undefined, [400, 'InvalidRequest', 'state']],
        ['GET', one, undefined, [404, 'NoSuchData']],
        ['GET', '/notifications/a.b', undefined, [400, 'InvalidRequest', 'notificationId']],
        ['POST', `${one}/resend`, undefined, [404, 'NoSuchData']],
        ['POST', '/notifications/resend', {}, [400, 'RequiredValueNotExist', 'from', 'to']],
        ['POST', '/notifications/resend', { from: 0 }, [400, 'RequiredValueNotExist', 'to']],
        ['POST', '/notifications/resend', { from: 2, to: 1 }, [400, 'InvalidRequest', 'from', 'to']],
        ['POST', '/notifications/resend', { from: -1, to: 1 }, [400, 'InvalidRequest', 'from']],
        ['POST', '/notifications/resend', { ...window, status: 'sent' }, [400, 'InvalidRequest', 'status']],
        ['POST', '/notifications/resend', { ...window, kind: 'payment' }, [400, 'InvalidRequest', 'kind']],
        ['POST', '/notifications/test', { kind: 'any' }, [400, 'InvalidRequest', 'kind']],
        ['POST', '/notifications/test', { url: 'http://127.0.0.1/' }, [400, 'InvalidRequest', 'url']],
        ['PUT', '/notification-urls', { payment: 'ftp://a.example/' }, [400, 'InvalidRequest', 'payment']],
        [
          'PUT',
          '/notification-urls',
          { payment: 'http://u:p@a.example/' },
          [400, 'InvalidRequest', 'payment'],
        ],
        [
          ...(['PUT', '/notification-urls', { subscription: 'http://169.254.169.254/latest' }] as const),
          [400, 'InvalidRequest', 'subscription'],
        ],
        [
          ...(['PUT', '/notification-urls', { payment: `http://a.example/${'x'.repeat(2048)}` }] as const),
          [400, 'InvalidRequest', 'payment'],
        ],
        ['PUT', '/notification-urls', { both: 'http://a.example/' }, [400, 'InvalidRequest', 'both']],
      ];
      for (const [method, path, body, expected] of refused) {
        assert.deepEqual(refusal(await shop.call(method, path, body)), expected, `${method} ${path}`);
      }
      const { notificationUrls } = expectStatus(await shop.call('GET', ''), 200);
      assert.deepEqual(notificationUrls, { payment: receiver.url, subscription: receiver.url });
      assert.deepEqual(receiver.received, []);
    });

    test('an app that lives in two worlds is named with its world', async () => {
      const { clientId } = shop.app;
      const other = await server.world({ now: noon });
      await server.app({ clientId, worldId: other });
      await shop.buy();
      await shop.settled();
      const [{ notificationId }] = await shop.list();
      const calls: [string, string, unknown?][] = [
        ['GET', '/notifications'],
        ['GET', `/notifications/${notificationId}`],
        ['POST', `/notifications/${notificationId}/resend`],
        ['POST', '/notifications/resend', { from: 0, to: noon }],
        ['POST', '/notifications/test'],
        ['GET', '/notification-faults'],
        ['PUT', '/notification-faults', { items: [] }],
        ['POST', '/license-keys'],
      ];
      for (const [method, path, body] of calls) {
        const open = await server.control(method, `/apps/${clientId}${path}`, body);
        assert.deepEqual(refusal(open), [409, 'InvalidState'], path);
        const nowhere = await server.control(method, `/apps/nobody${path}`, body);
        assert.deepEqual(refusal(nowhere), [404, 'NoSuchData'], path);
        const answer = await shop.call(method, path, body);
        assert.ok(answer.status < 300, `${path}: ${answer.text}`);
      }
      const elsewhere = await server.control('GET', `/apps/${clientId}/notifications?worldId=${other}`);
      assert.deepEqual(expectStatus(elsewhere, 200), { items: [] });
      const gone = await server.control(
        'GET',
        `/apps/${clientId}/notifications/${notificationId}?worldId=${other}`,
      );
      assert.deepEqual(refusal(gone), [404, 'NoSuchData']);
    });

    test('one that was delivered is sent again, the same to the letter, and keeps its log', async () => {
      await shop.buy();
      await shop.settled();
      const [{ notificationId }] = await shop.list();
      const again = expectStatus(await shop.call('POST', `/notifications/${notificationId}/resend`), 200);
      assert.deepEqual([again.status, again.nextAttemptAt, again.attempts.length], ['pending', noon, 1]);
      await shop.settled();
      const [item] = await shop.list();
      assert.deepEqual([item.status, item.attempts.length, item.nextAttemptAt], ['delivered', 2, undefined]);
      const [first, second, third] = receiver.received;
      assert.deepEqual([first?.text, first?.id, third], [second?.text, second?.id, undefined]);
    });

    test('one that was given up begins its schedule anew, and goes where the app is now', async () => {
      receiver.reply = () => 500;
      await shop.buy();
      await shop.advance('P4D');
      const [dead] = await shop.list('?status=dead');
      assert.equal(dead.attempts.length, 30);
      const { notificationId } = dead;
      const other = await new Receiver().open();
      other.reply = () => 503;
      const at = noon + 4 * 86_400_000;
      try {
        expectStatus(await shop.call('PUT', '/notification-urls', { payment: other.url }), 200);
        expectStatus(await shop.call('POST', `/notifications/${notificationId}/resend`), 200);
        await shop.settled();
        const refused = expectStatus(await shop.call('GET', `/notifications/${notificationId}`), 200);
        assert.deepEqual(
          [refused.status, refused.url, refused.attempts.length, refused.nextAttemptAt - at],
          ['pending', other.url, 31, 30_000],
        );
        other.reply = () => 200;
        await shop.advance('PT30S');
        const { status, attempts } = expectStatus(
          await shop.call('GET', `/notifications/${notificationId}`),
          200,
        );
        assert.deepEqual([status, attempts.length], ['delivered', 32]);
        assert.deepEqual(
          attempts.slice(-2).map(({ at: when, httpStatus }: Json) => [when - at, httpStatus]),
          [
            [0, 503],
            [30_000, 200],
          ],
        );
      } finally {
        await other.close();
      }
    });

    test('without an address nothing is sent again, and what waits is given up without an attempt', async () => {
      receiver.reply = () => 500;
      await shop.buy({ productId: 'pass' });
      await shop.settled();
      expectStatus(await shop.call('PUT', '/notification-urls', { payment: null }), 200);
      const [ofState, ofPayment] = await shop.list();
      const resend = (id: string) => shop.call('POST', `/notifications/${id}/resend`);
      assert.deepEqual(refusal(await resend(ofPayment.notificationId)), [409, 'InvalidState']);
      expectStatus(await resend(ofState.notificationId), 200);
      assert.deepEqual(refusal(await shop.call('POST', '/notifications/test')), [409, 'InvalidState']);
      await shop.advance('PT30S');
      const items = await shop.list();
      assert.deepEqual(
        items.map(({ kind, status, attempts }: Json) => [kind, status, attempts.length]),
        [
          ['subscription', 'pending', 3],
          ['payment', 'dead', 1],
        ],
      );
      assert.equal(items[1].url, receiver.url, 'where it was sent last');
      const window = { from: 0, to: noon };
      expectStatus(await shop.call('PUT', '/notification-urls', { subscription: null }), 200);
      assert.deepEqual(refusal(await shop.call('POST', '/notifications/resend', window)), [
        409,
        'InvalidState',
      ]);
    });

    test('a window is sent again whole, or by status, however many it holds', async () => {
      const early = (await shop.buy()).purchaseToken;
      await shop.advance('PT1S');
      for (let bought = 0; bought < 205; bought += 41)
        await Promise.all(Array.from({ length: 41 }, () => shop.buy()));
      await shop.advance('PT1S');
      receiver.reply = () => 500;
      const late = (await shop.buy()).purchaseToken;
      await shop.settled();
      receiver.reply = () => 200;
      assert.equal(receiver.received.length, 207);
      const resend = async (body: Json) => {
        receiver.received.length = 0;
        const { count } = expectStatus(await shop.call('POST', '/notifications/resend', body), 200);
        await shop.settled();
        return [count, receiver.received.length];
      };
      const middle = { from: noon + 1_000, to: noon + 1_999 };
      assert.deepEqual(await resend(middle), [205, 205]);
      assert.ok(!receiver.received.some(({ body }) => [early, late].includes(body.purchaseToken)));
      assert.equal(new Set(receiver.ids()).size, 205, 'each once');
      assert.deepEqual(await resend({ ...middle, status: 'pending' }), [0, 0]);
      assert.deepEqual(await resend({ from: noon, to: noon + 2_000, status: 'pending' }), [1, 1]);
      assert.deepEqual(await resend({ from: noon, to: noon }), [1, 1]);
      assert.deepEqual(await resend({ from: 0, to: noon - 1 }), [0, 0]);
    });

    test('a test one of each kind is signed and sent like any other', async () => {
      const payment = expectStatus(await shop.call('POST', '/notifications/test'), 201);
      const state = expectStatus(
        await shop.call('POST', '/notifications/test', { kind: 'subscription' }),
        201,
      );
      assert.deepEqual([payment.kind, payment.status], ['payment', 'pending']);
      assert.deepEqual([state.kind, state.status, state.url], ['subscription', 'pending', receiver.url]);
      await shop.settled();
      const received = Object.fromEntries(receiver.received.map((one) => [one.id, one]));
      assert.equal(receiver.received.length, 2);
      const { signature, ...told } = received[payment.notificationId]?.body ?? {};
      assert.ok(isSigned(shop.app.licenseKey, JSON.stringify(told), signature));
      assert.deepEqual(
        [told.messageType, told.purchaseState, told.clientId, told.purchaseToken],
        ['SINGLE_PAYMENT_TRANSACTION', 'COMPLETED', shop.app.clientId, payment.purchaseToken],
      );
      const { subscriptionNotification } = received[state.notificationId]?.body ?? {};
      assert.deepEqual(
        [subscriptionNotification.notificationType, subscriptionNotification.purchaseToken],
        [4, state.purchaseToken],
      );
      const { items } = expectStatus(await shop.call('GET', '/purchases'), 200);
      assert.deepEqual(items, [], 'there is no such purchase');
    });

    test('a write that is repeated under its idempotency key is carried out once', async () => {
      await shop.buy();
      await shop.settled();
      const [{ notificationId }] = await shop.list();
      const { clientId, worldId } = shop.app;
      const keyed = (key: string, path: string, body: unknown) =>
        server.call('POST', `/control/v1/apps/${clientId}${path}?worldId=${worldId}`, {
          headers: { authorization: `Bearer ${controlKey}`, 'idempotency-key': `${key}-${clientId}` },
          body,
        });
      const writes: [string, unknown, unknown][] = [
        [`/notifications/${notificationId}/resend`, undefined, undefined],
        ['/notifications/resend', { from: 0, to: noon }, { from: 1, to: noon }],
        ['/notifications/test', {}, { kind: 'subscription' }],
        ['/license-keys', { overlap: 'P1D' }, { overlap: 'P2D' }],
      ];
      for (const [path, body, another] of writes) {
        const first = await keyed(path, path, body);
        assert.ok(first.status < 300, first.text);
        await shop.settled();
        const { length } = receiver.received;
        const again = await keyed(path, path, body);
        assert.deepEqual([again.status, again.text], [first.status, first.text]);
        assert.equal(again.headers.get('idempotent-replay'), 'true');
        await shop.settled();
        assert.equal(receiver.received.length, length, path);
        if (another !== undefined)
          assert.deepEqual(refusal(await keyed(path, path, another)), [409, 'InvalidState']);
      }
      assert.equal(receiver.received.length, 4, 'bought, sent again, sent again in its window, a test');
    });

    test('the audit shows what was done: faults, a message sent again, a test message, a key', async () => {
      await shop.buy();
      await shop.settled();
      const [{ notificationId }] = await shop.list();
      const drop = { kind: 'payment', fault: 'drop', times: 2 };
      await shop.faults([drop]);
      await shop.faults([]);
      expectStatus(await shop.call('POST', `/notifications/${notificationId}/resend`), 200);
      const made = expectStatus(await shop.call('POST', '/notifications/test'), 201);
      const next = expectStatus(await shop.call('POST', '/license-keys'), 201);
      const { items } = expectStatus(
        await server.control('GET', `/audit?clientId=${shop.app.clientId}&limit=5`),
        200,
      );
      const [key, tested, resent, reset, set] = items.map(({ before, after, ...row }: Json) => ({
        ...{ row, before: JSON.parse(before), after: JSON.parse(after) },
      }));
      assert.deepEqual([set.before.items, set.after.items], [[], [drop]]);
      assert.deepEqual([reset.before.items, reset.after.items], [[drop], []]);
      assert.equal(resent.after.notificationId, notificationId);
      assert.deepEqual([resent.before.status, resent.after.status], ['delivered', 'pending']);
      assert.deepEqual([tested.before, tested.after.notificationId], [null, made.notificationId]);
      assert.equal(tested.row.purchaseToken, made.purchaseToken);
      assert.deepEqual(
        [key.before.nextLicenseKey, key.after.nextLicenseKey],
        [undefined, { licenseKey: next.licenseKey, signsFrom: next.signsFrom }],
      );
      for (const { before, after } of [tested, resent]) assert.ok(!('body' in { ...before, ...after }));
    });
  });
}
