// The classes of failures, what they carry, and what none of them may hold.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { errors } from '@till/protocol/errors';
import * as api from '../src/errors.ts';
import { OneStoreApiError, OneStoreError, OneStoreReplyError, OneStoreRequestError } from '../src/errors.ts';
import type { Fetch } from '../src/settings.ts';
import { openShop, type Shop } from './shop-on-a-line.ts';
import type { SeenRequest } from './unreliable.ts';

let shop: Shop;
let purchase: { productId: string; purchaseToken: string };
before(async () => {
  shop = await openShop();
  purchase = { productId: 'product01', purchaseToken: (await shop.server.buy(shop.app)).purchaseToken };
});
after(() => shop.stop());

const details = () => `GET ${purchase.purchaseToken}`;
const goodDetails = {
  ...{ consumptionState: 0, developerPayload: null, purchaseState: 0, purchaseTime: 1_345_678_900_000 },
  ...{ purchaseId: '17070421461015116878', acknowledgeState: 0, quantity: 2 },
};

async function failure(work: Promise<unknown>): Promise<OneStoreError> {
  const error = await work.then(
    () => assert.fail('it should have failed'),
    (thrown) => thrown,
  );
  assert.ok(error instanceof OneStoreError, inspect(error));
  return error;
}

test('a refusal carries code, status, fields, request ID, operation and whether to try again', async () => {
  const client = shop.client();
  const error = await failure(client.getPurchaseDetails({ ...purchase, purchaseToken: 'unknown' }));
  assert.ok(error instanceof OneStoreApiError);
  assert.deepEqual(
    [error.name, error.code, error.status, error.fields, error.operation, error.retryable],
    ['OneStoreNotFoundError', 'NoSuchData', 404, [], 'getPurchaseDetails', false],
  );
  assert.match(error.requestId ?? '', /\S/);
  assert.equal(error.message, 'getPurchaseDetails: NoSuchData: The requested data could not be found.');

  const future = Date.now() + 86_400_000;
  const named = await failure(client.getVoidedPurchases({ startTime: future, endTime: future }));
  assert.ok(named instanceof OneStoreRequestError);
  assert.deepEqual(named.fields, ['startTime', 'endTime']);
});

test('every code of the tables has the class of its kind', async () => {
  for (const [code, { status }] of Object.entries(errors)) {
    const refused = { status, body: { error: { code, message: 'No.' } } };
    // a token gets a second chance
    shop.line.plan(details(), ...(code.includes('AccessToken') ? [refused, refused] : [refused]));
    const error = await failure(shop.client().getPurchaseDetails(purchase, { maxRetries: 0 }));
    assert.ok(error instanceof OneStoreApiError);
    assert.equal(error.code, code);
    assert.notEqual(error.name, 'OneStoreApiError', code);
    const kind = (api as Record<string, unknown>)[error.name];
    assert.ok(typeof kind === 'function' && error instanceof kind, code);
  }
});

test('a code that the documents do not list yet is a refusal too', async () => {
  const plan = { status: 409, body: { error: { code: 'SomethingNew', message: 'No. [ a, b ]' } } };
  shop.line.plan(details(), plan);
  const error = await failure(shop.client().getPurchaseDetails(purchase));
  assert.ok(error instanceof OneStoreApiError);
  assert.deepEqual([error.code, error.fields, error.retryable], ['SomethingNew', ['a', 'b'], false]);
});

test('a reply of another shape is an error that names the member', async () => {
  const cases: [body: string | object, member: string][] = [
    ['<html>', ''],
    ['[]', ''],
    ['null', ''],
    [{ ...goodDetails, purchaseTime: undefined }, 'purchaseTime'],
    [{ ...goodDetails, purchaseTime: '1345678900000' }, 'purchaseTime'],
    [{ ...goodDetails, quantity: 1.5 }, 'quantity'],
    [{ ...goodDetails, purchaseId: null }, 'purchaseId'],
    [{ ...goodDetails, developerPayload: {} }, 'developerPayload'],
  ];
  for (const [body, member] of cases) {
    shop.line.plan(details(), { status: 200, body });
    const error = await failure(shop.client().getPurchaseDetails(purchase));
    assert.ok(error instanceof OneStoreReplyError);
    assert.equal(error.member, member);
    assert.ok(error.message.includes(member));
  }
  const rows = [{ purchaseId: 'a' }];
  shop.line.plan('GET voided-purchases', { status: 200, body: { voidedPurchaseList: rows } });
  const inRow = await failure(shop.client().getVoidedPurchases());
  assert.ok(inRow instanceof OneStoreReplyError);
  assert.equal(inRow.member, 'voidedPurchaseList[0].purchaseTime');
});

test('what the store adds to a reply passes, and with a warning even what does not fit, where that is wanted', async () => {
  shop.line.plan(details(), { status: 200, body: { ...goodDetails, newMember: { a: 1 } } });
  assert.equal((await shop.client().getPurchaseDetails(purchase)).quantity, 2);

  const warned: string[] = [];
  const logger = { warn: (message: string) => void warned.push(message) };
  shop.line.plan(details(), { status: 200, body: { ...goodDetails, quantity: undefined } });
  const reply = await shop.client({ unfitReplies: 'warn', logger }).getPurchaseDetails(purchase);
  assert.equal(reply.quantity, undefined);
  assert.match(warned.join(), /`quantity` is missing/);
});

test('a reply without an end is not read for ever', async () => {
  shop.line.plan(details(), { status: 200, body: `"${'x'.repeat(17 * 2 ** 20)}"` });
  const error = await failure(shop.client().getPurchaseDetails(purchase));
  assert.ok(error instanceof OneStoreReplyError);
  assert.match(error.message, /16 MiB/);
});

test('no failure, no log and no client shows a token or a secret, even where the server repeats them', async () => {
  const logged: unknown[] = [];
  const log = (...given: unknown[]) => void logged.push(given);
  const client = shop.client({ logger: { debug: log, warn: log }, maxRetries: 1 });
  const { access_token } = await client.getAccessToken();
  const secrets = [
    access_token,
    shop.app.clientSecret,
    encodeURIComponent(shop.app.clientSecret),
    purchase.purchaseToken,
  ];
  const echo = (status: number, field: string) => (request: SeenRequest) => {
    const all = JSON.stringify([request, shop.app.clientSecret]);
    const headers = { 'x-request-id': encodeURIComponent(request.headers.authorization ?? 'none') };
    return {
      status,
      headers,
      body: { error: { code: 'InvalidRequest', message: `${all} [ ${field} ]` } },
    };
  };
  shop.line.plan(
    details(),
    echo(400, access_token),
    echo(500, access_token),
    echo(500, access_token),
    'drop',
    'drop',
    {
      status: 200,
      body: { a: access_token },
    },
  );
  const failures: unknown[] = [client];
  for (let index = 0; index < 4; index++) {
    failures.push(await failure(client.getPurchaseDetails(purchase)));
  }
  shop.line.plan('POST /v7/oauth/token', echo(400, shop.app.clientSecret));
  failures.push(await failure(shop.client().getPurchaseDetails(purchase)));
  const leaky = async (url: string) => {
    throw Object.assign(new Error(`cannot reach ${url}`), { code: access_token });
  };
  failures.push(await failure(shop.client({ fetch: leaky, maxRetries: 0 }).getPurchaseDetails(purchase)));
  const shown = [...failures, ...logged].flatMap((thing) => [
    inspect(thing, { depth: 9, showHidden: true, getters: true }),
    String((thing as Error).stack),
    JSON.stringify(thing),
  ]);
  assert.ok(logged.length > 5);
  for (const secret of secrets) {
    assert.ok(!shown.some((text) => text.includes(secret)), `${secret} is shown`);
  }
});

test('a logger that throws stops no call', async () => {
  const logger = {
    debug: () => {
      throw new Error('the disk is full');
    },
  };
  assert.equal((await shop.client({ logger }).getPurchaseDetails(purchase)).quantity, 1);
});

test('a secret that the server repeats in another spelling is not shown either', async () => {
  const clientSecret = 'vxIMAGcVz3DAx20uDBr/IDWNJAPNHFl7YruF4uxB6BI=';
  const spellings = [
    clientSecret,
    clientSecret.replace('/', '\\/').replace('=', '\\u003d'),
    [...clientSecret].map((one) => `\\u00${one.charCodeAt(0).toString(16)}`).join(''),
    encodeURIComponent(clientSecret).replaceAll(/%../g, (byte) => byte.toLowerCase()),
  ];
  for (const spelling of spellings) {
    const body = `{"error":{"code":"InvalidRequest","message":"no ${spelling} [ ${spelling} ]","fields":["${spelling}"]}}`;
    shop.line.plan('POST /v7/oauth/token', { status: 400, body });
    const error = await failure(shop.client({ clientSecret }).getPurchaseDetails(purchase));
    assert.ok(error instanceof OneStoreApiError);
    const shown = inspect([error, JSON.stringify(error)], { depth: 9 });
    assert.ok(!shown.includes('IDWNJAPNHFl7'), shown);
  }
});

test('a reply that is too large leaves no connection behind', async (context) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const endless = createServer((_, response) => {
    response.on('close', resolve);
    const more = () => {
      while (response.write('x'.repeat(65_536)));
    };
    response.on('drain', more);
    more();
  }).listen(0, '127.0.0.1');
  context.after(() => endless.close());
  await new Promise((listening) => endless.once('listening', listening));
  const { port } = endless.address() as AddressInfo;
  const fetch: Fetch = (url, request) =>
    globalThis.fetch(url.includes('oauth') ? url : `http://127.0.0.1:${port}/`, request);
  assert.match(String(await failure(shop.client({ fetch }).getPurchaseDetails(purchase))), /16 MiB/);
  await closed;
});
