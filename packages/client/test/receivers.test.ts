// The receivers of notifications in the real frameworks: what each answers to the store, to forgeries and to failures.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { describe, test } from 'node:test';
import express from 'express';
import * as ofExpress from '../src/express.ts';
import * as ofFetch from '../src/fetch.ts';
import {
  OneStoreMessageError,
  OneStoreSignatureError,
  type PaymentNotification,
  type SubscriptionNotification,
  signNotification,
} from '../src/index.ts';
import * as ofNode from '../src/node.ts';
import type { ReceiverSettings } from '../src/receiver.ts';
import { shortPair } from './license-key-pairs.ts';
import {
  changed,
  frameworks,
  licenseKey,
  listen,
  paid,
  post,
  postInPieces,
  served,
  signed,
} from './receiving-servers.ts';

for (const [name, start] of Object.entries(frameworks)) {
  describe(`a receiver in ${name}`, () => {
    test('hands on what is signed and answers 200 once it is handled', async (context) => {
      const got: (PaymentNotification | SubscriptionNotification | string | undefined)[] = [];
      const url = await start(context, {
        licenseKey: [shortPair().licenseKey, licenseKey],
        onPayment: async (message, { webhookId }) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          got.push(message, webhookId);
        },
        onSubscription: (message) => got.push(message),
      });
      assert.equal(await post(url, signed, { 'webhook-id': 'one' }), 200);
      assert.deepEqual(got, [JSON.parse(signed), 'one']);
      assert.equal(await post(url, JSON.stringify(changed), { 'content-type': 'text/plain' }), 200);
      assert.equal((got[2] as SubscriptionNotification).environment, 'SANDBOX');
    });

    test('answers 400 to what the store did not sign and never calls a handler', async (context) => {
      const told: [error: unknown, problem: string][] = [];
      const handler = () => assert.fail('called');
      const url = await start(context, {
        licenseKey,
        onPayment: handler,
        onSubscription: handler,
        onError: (...problem) => told.push(problem),
      });
      const forged = [
        signed.replace('COMPLETED', 'CANCELED'),
        await signNotification(paid, shortPair().privateKey),
        JSON.stringify({ ...changed, environmenmt: undefined }),
        'no JSON',
        '',
        new Uint8Array([0x7b, 0xff]),
      ];
      for (const one of forged) assert.equal(await post(url, one), 400);
      assert.deepEqual(new Set(told.map(([, problem]) => problem)), new Set(['invalid']));
      assert.ok(told[0]?.[0] instanceof OneStoreSignatureError);
      assert.ok(told[2]?.[0] instanceof OneStoreMessageError);
    });

    test('answers 400 to a kind of message that it has no handler for', async (context) => {
      const url = await start(context, { licenseKey, onError: () => {} });
      assert.equal(await post(url, signed), 400);
      assert.equal(await post(url, JSON.stringify(changed)), 400);
    });

    test('answers 405 to another method, naming POST', async (context) => {
      const problems: string[] = [];
      const url = await start(context, { licenseKey, onError: (_, problem) => problems.push(problem) });
      for (const method of ['GET', 'PUT']) {
        const response = await fetch(url, { method, ...(method === 'PUT' ? { body: signed } : {}) });
        await response.text();
        assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST']);
      }
      assert.deepEqual(problems, ['method', 'method']);
    });

    test('answers 413 to a body over the limit, whether its length is told or not', async (context) => {
      const problems: string[] = [];
      const maxBytes = signed.length + 40; // some of its letters are three bytes
      const onError: ReceiverSettings['onError'] = (_, problem) => problems.push(problem);
      const url = await start(context, { licenseKey, maxBytes, onPayment: () => {}, onError });
      assert.equal(await post(url, signed), 200);
      assert.equal(await post(url, signed + ' '.repeat(200)), 413);
      assert.equal(await postInPieces(url, ' '.repeat(1_000), 8), 413);
      assert.deepEqual(problems, ['tooLarge', 'tooLarge']);
    });

    test('answers 500 where the handler throws, so that the message is sent again', async (context) => {
      const told: unknown[] = [];
      let calls = 0;
      const url = await start(context, {
        licenseKey,
        handled: new Set(),
        onPayment: async () => {
          calls += 1;
          if (calls === 1) throw new Error('the database is away');
        },
        onError: (error, problem) => told.push((error as Error).message, problem),
      });
      const headers = { 'webhook-id': 'again' };
      assert.deepEqual(
        [
          await post(url, signed, headers),
          await post(url, signed, headers),
          await post(url, signed, headers),
        ],
        [500, 200, 200],
      );
      assert.deepEqual(told, ['the database is away', 'failed']);
      assert.equal(calls, 2);
    });
  });
}

describe('what was handled before', () => {
  test('is left out by its webhook-id, but not where the ID comes with another body', async (context) => {
    const got: string[] = [];
    const handled = new Set<string>();
    const url = await listen(
      context,
      ofNode.receiveNotifications({
        licenseKey,
        handled,
        onPayment: ({ purchaseId }) => got.push(purchaseId),
        onSubscription: () => got.push('changed'),
      }),
    );
    // nobody needs a key to send a subscription notification, so its ID alone must not use up another's
    await post(url, JSON.stringify(changed), { 'webhook-id': 'one' });
    await post(url, signed, { 'webhook-id': 'one' });
    await post(url, signed, { 'webhook-id': 'one' });
    await post(url, signed, { 'webhook-id': 'two' });
    await post(url, signed);
    await post(url, signed);
    assert.deepEqual(got, ['changed', ...Array(4).fill(paid.purchaseId)]);
    const hash = createHash('sha256').update(signed).digest('hex');
    assert.ok(handled.has(`one ${hash}`));
    assert.equal(handled.size, 3);
  });

  test('may be kept in a database, and one that fails has the message sent again', async (context) => {
    const calls: string[] = [];
    const url = await listen(
      context,
      ofNode.receiveNotifications({
        licenseKey,
        handled: {
          has: async () => {
            calls.push('has');
            if (calls.length === 1) throw new Error('away');
            return false;
          },
          add: async () => calls.push('add'),
        },
        onPayment: () => calls.push('handled'),
        onError: () => {},
      }),
    );
    const headers = { 'webhook-id': 'one' };
    assert.deepEqual([await post(url, signed, headers), await post(url, signed, headers)], [500, 200]);
    assert.deepEqual(calls, ['has', 'has', 'handled', 'add']);
  });
});

test('what a handler throws is told to the console where nobody else wants it', async (context) => {
  const told = context.mock.method(console, 'error', () => {});
  const fail = () => {
    throw new Error('no grant');
  };
  const url = await listen(context, ofNode.receiveNotifications({ licenseKey, onPayment: fail }));
  assert.equal(await post(url, signed), 500);
  assert.equal(await post(url, 'forged'), 400);
  assert.equal(told.mock.callCount(), 1);
});

test('a sender that goes away in the middle leaves the receiver as it was', async (context) => {
  const problems: string[] = [];
  const onError: ReceiverSettings['onError'] = (_, problem) => problems.push(problem);
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  const receive = ofNode.receiveNotifications({ licenseKey, onPayment: () => {}, onError });
  const url = await listen(context, (incoming, response) => {
    begin();
    return receive(incoming, response);
  });
  const half = request(url, { method: 'POST', headers: { 'content-length': String(signed.length) } });
  half.on('error', () => {});
  half.write(signed.slice(0, 40));
  await began;
  half.destroy();
  for (let tries = 0; problems.length === 0 && tries < 6_000; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(problems, ['invalid']);
  assert.equal(await post(url, signed), 200);
});

for (const [kind, onError] of Object.entries<ReceiverSettings['onError']>({
  'that throws': () => {
    throw new Error('no log');
  },
  'whose promise fails': () => Promise.reject(new Error('no log')),
})) {
  test(`an onError ${kind} changes no answer and ends no process`, async (context) => {
    context.mock.method(console, 'error', () => {});
    for (const start of Object.values(frameworks)) {
      const url = await start(context, { licenseKey, onPayment: () => {}, onError });
      assert.equal(await post(url, 'forged'), 400);
      assert.equal(await post(url, signed), 200);
    }
  });
}

test('a body that somebody has read before is told as a failure, instead of being waited for', async (context) => {
  const told = context.mock.method(console, 'error', () => {});
  const settings = { licenseKey, onPayment: () => {} };
  const ofServer = await listen(context, async (request, response) => {
    for await (const _ of request);
    await ofNode.receiveNotifications(settings)(request, response);
  });
  const ofRuntime = await listen(
    context,
    served(async (request) => {
      await request.text();
      return ofFetch.receiveNotifications(settings)(request);
    }),
  );
  const app = express();
  app.use(async (request, _response, next) => {
    for await (const _ of request);
    next();
  });
  app.all('/notifications', ofExpress.receiveNotifications(settings));
  const inExpress = await listen(context, app);
  for (const url of [ofServer, ofRuntime, inExpress]) assert.equal(await post(url, signed), 500);
  assert.match(String(told.mock.calls[0]?.arguments[1]), /read before/);
});

test('a request that somebody else has answered meanwhile is left as it is', async (context) => {
  const outcome = Promise.withResolvers<unknown>();
  const url = await listen(context, (request, response) => {
    const onPayment = () => void response.writeHead(503).end();
    ofNode
      .receiveNotifications({ licenseKey, onPayment })(request, response)
      .then(outcome.resolve, outcome.reject);
  });
  assert.equal(await post(url, signed), 503);
  await outcome.promise;
});
