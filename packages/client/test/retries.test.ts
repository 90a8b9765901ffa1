// What is tried again, how long is waited, and what ends a call before its time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import {
  OneStoreMaintenanceError,
  OneStoreNetworkError,
  OneStoreReplyError,
  OneStoreTimeoutError,
} from '../src/errors.ts';
import { backoff, retryAfterMs } from '../src/limits.ts';
import { openShop, type Shop } from './shop-on-a-line.ts';

let shop: Shop;
let purchase: { productId: string; purchaseToken: string };
before(async () => {
  shop = await openShop();
  purchase = { productId: 'product01', purchaseToken: (await shop.server.buy(shop.app)).purchaseToken };
});
after(() => shop.stop());

const details = () => `GET ${purchase.purchaseToken}`;
const refusal = (status: number, code: string, headers = {}) => ({
  status,
  headers,
  body: { error: { code, message: '' } },
});
/** How many requests `work` made to the purchase. */
async function counted(work: () => Promise<unknown>): Promise<number> {
  const before = shop.line.count(details());
  await work();
  return shop.line.count(details()) - before;
}

test('a read is tried again after a broken line, a proxy’s answer, maintenance and an internal error', async () => {
  const faults = [
    'drop',
    { status: 502, body: '<html>' },
    refusal(503, 'ServiceMaintenance'),
    refusal(500, 'InternalError'),
  ] as const;
  for (const fault of faults) {
    shop.line.plan(details(), fault);
    assert.equal(await counted(() => shop.client().getPurchaseDetails(purchase)), 2);
  }
});

test('what the server refuses for good is not asked again', async () => {
  for (const fault of [
    refusal(404, 'NoSuchData'),
    refusal(403, 'AccessBlocked'),
    { status: 404, body: '<html>' },
  ]) {
    shop.line.plan(details(), fault);
    assert.equal(await counted(() => assert.rejects(shop.client().getPurchaseDetails(purchase))), 1);
  }
});

test('a call is tried as often as it may, and then throws the last failure', async () => {
  const broken = Array.from({ length: 9 }, () => 'drop' as const);
  shop.line.plan(details(), ...broken);
  const tries = await counted(() =>
    assert.rejects(shop.client({ maxRetries: 2 }).getPurchaseDetails(purchase), OneStoreNetworkError),
  );
  assert.equal(tries, 3);
  const once = await counted(() =>
    assert.rejects(shop.client().getPurchaseDetails(purchase, { maxRetries: 0 }), OneStoreNetworkError),
  );
  assert.equal(once, 1);
  // the rest of the plan
  await counted(() => shop.client({ maxRetries: 9 }).getPurchaseDetails(purchase));
});

test('an action that maintenance turned away is sent again without a look at its state', async () => {
  const { purchaseToken } = await shop.server.buy(shop.app);
  shop.line.plan(`POST ${purchaseToken}/consume`, refusal(503, 'ServiceMaintenance'));
  const reply = await shop.client().consumePurchase({ productId: 'product01', purchaseToken });
  assert.equal(reply.readBack, undefined);
  assert.equal(shop.line.count(`GET ${purchaseToken}`), 0);
  assert.equal(shop.line.count(`POST ${purchaseToken}/consume`), 2);
});

test('Retry-After is waited for, and what lies beyond the deadline is told at once', async () => {
  const client = shop.client();
  await client.getAccessToken();
  shop.line.plan(details(), refusal(503, 'ServiceMaintenance', { 'retry-after': '1' }));
  const began = performance.now();
  await client.getPurchaseDetails(purchase);
  assert.ok(performance.now() - began >= 990); // a timer may be early by what its clock is coarse

  shop.line.plan(details(), refusal(503, 'ServiceMaintenance', { 'retry-after': '3600' }));
  await assert.rejects(client.getPurchaseDetails(purchase), (error) => {
    assert.ok(error instanceof OneStoreMaintenanceError);
    assert.equal(error.retryAfterMs, 3_600_000);
    assert.equal(error.retryable, true);
    return true;
  });
});

test('the wait doubles, half of it is chance, and it never grows beyond its bound', () => {
  const shortest = [0, 1, 2, 3].map((tried) => backoff(tried, 200, 0, () => 0));
  const longest = [0, 1, 2, 3].map((tried) => backoff(tried, 200, 0, () => 1));
  assert.deepEqual(shortest, [100, 200, 400, 800]);
  assert.deepEqual(longest, [200, 400, 800, 1600]);
  assert.equal(
    backoff(30, 200, 0, () => 1),
    10_000,
  );
  assert.equal(backoff(0, 200, 7_000), 7_000);
  const now = () => Date.UTC(2026, 0, 1);
  assert.equal(retryAfterMs('120', now), 120_000);
  assert.equal(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now), 30_000);
  assert.equal(retryAfterMs('Wed, 31 Dec 2025 23:59:00 GMT', now), 0);
  assert.equal(retryAfterMs('soon', now), undefined);
  assert.equal(retryAfterMs(null, now), undefined);
});

test('a reply that does not come is a time-out of its try, and the deadline counts over all tries', async () => {
  const client = shop.client();
  await client.getAccessToken();
  shop.line.plan(details(), 'stall');
  assert.equal(await counted(() => client.getPurchaseDetails(purchase, { timeoutMs: 3_000 })), 2);

  shop.line.plan(details(), 'stall', 'stall');
  await assert.rejects(client.getPurchaseDetails(purchase, { timeoutMs: 60, deadlineMs: 100 }), (error) => {
    assert.ok(error instanceof OneStoreTimeoutError);
    assert.equal(error.operation, 'getPurchaseDetails');
    return true;
  });
});

test('a signal ends a call at once with its own reason, on the wire, in a wait and before it began', async () => {
  const client = shop.client();
  await client.getAccessToken();
  const reason = new Error('the buyer went away');
  const ended = async (options: { maxRetries?: number } = {}) => {
    const controller = new AbortController();
    const before = shop.line.count(details());
    const call = client.getPurchaseDetails(purchase, { ...options, signal: controller.signal });
    const refused = assert.rejects(call, reason);
    // not before the line has seen it: what was planned for this call must not be left for the next
    while (shop.line.count(details()) === before) await wait(5);
    await wait(20);
    controller.abort(reason);
    await refused;
  };
  shop.line.plan(details(), 'stall');
  await ended();
  shop.line.plan(details(), refusal(503, 'ServiceMaintenance', { 'retry-after': '20' }));
  await ended();
  const tries = await counted(() =>
    assert.rejects(client.getPurchaseDetails(purchase, { signal: AbortSignal.abort(reason) }), reason),
  );
  assert.equal(tries, 0);
});

test('a server that is not there is a network error with the name of the reason', async () => {
  const client = shop.client({ environment: { baseUrl: 'http://127.0.0.1:1' }, maxRetries: 0 });
  await assert.rejects(client.consumePurchase(purchase), (error) => {
    assert.ok(error instanceof OneStoreNetworkError);
    assert.equal(error.operation, 'getAccessToken');
    assert.equal(error.outcome, undefined);
    return true;
  });
});

test('a redirect is not followed: it could lead a token to another host', async () => {
  const elsewhere = { status: 307, headers: { location: `${shop.line.url}/elsewhere` }, body: '' };
  shop.line.plan(details(), elsewhere);
  await assert.rejects(shop.client().getPurchaseDetails(purchase), (error) => {
    assert.ok(error instanceof OneStoreReplyError);
    assert.equal(error.status, 307);
    return true;
  });
  shop.line.plan('POST /v7/oauth/token', elsewhere);
  await assert.rejects(shop.client().getPurchaseDetails(purchase), { status: 307 });
  assert.equal(shop.line.count('POST /elsewhere') + shop.line.count('GET /elsewhere'), 0);
});
