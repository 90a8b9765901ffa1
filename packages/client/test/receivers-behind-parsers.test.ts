// Receivers behind something that has read the body before: what each framework needs to come by the text that was signed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import express from 'express';
import { Hono } from 'hono';
import * as ofExpress from '../src/express.ts';
import * as ofHono from '../src/hono.ts';
import { signNotification } from '../src/index.ts';
import { signatureOf } from '../src/license-keys.ts';
import {
  licenseKey,
  listen,
  paid,
  post,
  privateKey,
  served,
  signed,
  startFastify,
} from './receiving-servers.ts';

describe('a body that somebody has read before', () => {
  const parsers = {
    'express.json()': express.json(),
    'express.raw()': express.raw({ type: '*/*' }),
    'express.text()': express.text({ type: '*/*' }),
    'express.json() with a verify that keeps rawBody': express.json({
      verify: (given, _, bytes) => Object.assign(given, { rawBody: bytes }),
    }),
  };
  for (const [parser, middleware] of Object.entries(parsers)) {
    test(`verifies in Express behind ${parser}`, async (context) => {
      const got: unknown[] = [];
      const problems: string[] = [];
      const app = express();
      app.use(middleware);
      app.post(
        '/notifications',
        ofExpress.receiveNotifications({
          licenseKey,
          maxBytes: 2_000,
          onPayment: (message) => got.push(message),
          onError: (_, problem) => problems.push(problem),
        }),
      );
      const url = await listen(context, app);
      assert.equal(await post(url, signed), 200);
      assert.equal(await post(url, JSON.stringify(JSON.parse(signed), undefined, 2)), 200);
      assert.deepEqual(got, [JSON.parse(signed), JSON.parse(signed)]);
      assert.equal(await post(url, signed.replace('COMPLETED', 'CANCELED')), 400);
      assert.equal(await post(url, JSON.stringify({ ...JSON.parse(signed), more: 'x'.repeat(2_000) })), 413);
      assert.deepEqual(problems, ['invalid', 'tooLarge']);
    });
  }

  test('needs rawBody in Express where a message would be written anew as another text', async (context) => {
    const odd = await signNotification({ ...paid, purchaseTimeMillis: 7 }, privateKey);
    const text = odd.replace(/,"signature":.*$/, ',"serial":1.50}');
    const body = `${text.slice(0, -1)},"signature":"${await signatureOf(text, privateKey)}"}`;
    const statuses: number[] = [];
    for (const parser of ['express.json()', 'express.json() with a verify that keeps rawBody'] as const) {
      const app = express();
      app.use(parsers[parser]);
      const settings = { licenseKey, onPayment: () => {}, onError: () => {} };
      app.post('/notifications', ofExpress.receiveNotifications(settings));
      statuses.push(await post(await listen(context, app), body));
    }
    assert.deepEqual(statuses, [400, 200]);
  });

  for (const reader of ['json', 'text', 'arrayBuffer'] as const) {
    test(`verifies in Hono behind a middleware that has called c.req.${reader}()`, async (context) => {
      const got: unknown[] = [];
      const problems: string[] = [];
      const app = new Hono();
      app.use(async (given, next) => {
        await given.req[reader]();
        await next();
      });
      app.post(
        '/notifications',
        ofHono.receiveNotifications({
          licenseKey,
          maxBytes: 2_000,
          onPayment: (message) => got.push(message),
          onError: (_, problem) => problems.push(problem),
        }),
      );
      const url = await listen(
        context,
        served((given) => app.fetch(given)),
      );
      assert.equal(await post(url, signed), 200);
      assert.deepEqual(got, [JSON.parse(signed)]);
      assert.equal(await post(url, JSON.stringify({ ...JSON.parse(signed), more: 'x'.repeat(2_000) })), 413);
      assert.deepEqual(problems, ['tooLarge']);
    });
  }

  test('does not exist in Fastify: the plugin has its own scope, and the app keeps its parsers', async (context) => {
    const url = await startFastify(context, { licenseKey, onPayment: () => {} });
    assert.equal(await post(url, signed), 200);
    const others = await fetch(url.replace('/notifications', '/others'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    assert.deepEqual(await others.json(), { body: '{}' });
  });
});
