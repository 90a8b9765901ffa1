// Lists page by page: rows in a loop, the keys between pages, and how far back they reach.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OneStoreInputError, OneStoreReplyError } from '../src/errors.ts';
import { openShop, type Shop } from './shop-on-a-line.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 5, 20, 3);
let shop: Shop;
const tokens: string[] = [];
before(async () => {
  shop = await openShop({ now });
  const { clientId, worldId } = shop.app;
  for (let count = 0; count < 7; count++) {
    const { purchaseToken } = await shop.server.buy(shop.app);
    tokens.push(purchaseToken);
    const path = `/apps/${clientId}/purchases/${purchaseToken}/void?worldId=${worldId}`;
    if (count < 5) await shop.server.control('POST', path, {});
  }
});
after(() => shop.stop());

const row = (purchaseId: string) => ({
  ...{ purchaseId, purchaseTime: 1_345_678_900_000, voidedTime: 1_345_688_900_000 },
  ...{ purchaseToken: '19062709124410111299', marketCode: 'MKT_ONE' },
});

test('a loop goes over all rows, and asks for a page when its first row is wanted', async () => {
  const client = shop.client();
  const before = shop.line.count('GET voided-purchases');
  const list = client.voidedPurchases({ startTime: now - day, maxResults: 2 });
  assert.equal(shop.line.count('GET voided-purchases'), before);
  const seen: string[] = [];
  for await (const { purchaseToken } of list) seen.push(purchaseToken);
  assert.deepEqual(new Set(seen), new Set(tokens.slice(0, 5)));
  assert.equal(seen.length, 5);
  assert.equal(shop.line.count('GET voided-purchases') - before, 3);
  for await (const _ of list) break;
  assert.equal(shop.line.count('GET voided-purchases') - before, 4);
});

test('pages come with their keys, and a key goes on where it was', async () => {
  const client = shop.client();
  const lengths: number[] = [];
  let key: string | undefined;
  for await (const page of client.voidedPurchases({ maxResults: 2 }).pages()) {
    lengths.push(page.rows.length);
    key ??= page.continuationKey;
  }
  assert.deepEqual(lengths, [2, 2, 1]);
  const rest: string[] = [];
  for await (const { purchaseId } of client.voidedPurchases({ continuationKey: key, maxResults: 2 })) {
    rest.push(purchaseId);
  }
  assert.equal(rest.length, 3);
});

test('unconfirmed purchases are listed the same way', async () => {
  const seen: string[] = [];
  for await (const { purchaseToken } of shop.client().unconfirmedPurchases({ maxResults: 1 })) {
    seen.push(purchaseToken);
  }
  assert.deepEqual(new Set(seen), new Set(tokens.slice(5)));
});

test('V6 and V5 list what was voided too', async () => {
  for (const generation of ['v6', 'v5'] as const) {
    let count = 0;
    for await (const { voidedTime } of shop.client({ generation }).voidedPurchases({ maxResults: 3 })) {
      assert.equal(voidedTime, now);
      count += 1;
    }
    assert.equal(count, 5, generation);
  }
});

test('a start further back than the list reaches is refused before any request, with the limit', async () => {
  const client = shop.client();
  const sent = shop.line.seen.length;
  for (const [generation, days] of [
    ['v7', 31],
    ['v6', 31],
    ['v5', 30],
  ] as const) {
    const older = shop.client({ generation });
    const early = { startTime: now - days * day - 1 };
    const refused = (error: unknown) => {
      assert.ok(error instanceof OneStoreInputError);
      assert.deepEqual(error.fields, ['startTime']);
      assert.match(error.message, new RegExp(`${days} days`));
      return true;
    };
    await assert.rejects(older.getVoidedPurchases(early), refused);
    await assert.rejects(older.voidedPurchases(early)[Symbol.asyncIterator]().next(), refused);
  }
  await assert.rejects(client.getUnconfirmedPurchases({ startTime: now - 31 * day - 1 }), OneStoreInputError);
  assert.equal(shop.line.seen.length, sent);
  for (const [generation, days] of [
    ['v7', 31],
    ['v6', 31],
    ['v5', 30],
  ] as const) {
    const { voidedPurchaseList } = await shop
      .client({ generation })
      .getVoidedPurchases({ startTime: now - days * day });
    assert.equal(voidedPurchaseList.length, 5);
  }
});

test('the names that the documents print with a trailing blank are read as the documented ones', async () => {
  const first = { 'continuationKey ': 'k'.repeat(41), 'voidedPurchaseList ': [row('1')] };
  const last = { 'continuationKey\u00a0': null, voidedPurchaseList: [row('2')] };
  shop.line.plan('GET voided-purchases', { status: 200, body: first }, { status: 200, body: last });
  const seen: string[] = [];
  for await (const { purchaseId } of shop.client().voidedPurchases({ startTime: now - day }))
    seen.push(purchaseId);
  assert.deepEqual(seen, ['1', '2']);
  const query = new URLSearchParams(shop.line.seen.at(-1)?.path.split('?')[1]);
  assert.deepEqual(Object.fromEntries(query), {
    continuationKey: 'k'.repeat(41),
    startTime: String(now - day),
  });
});

test('a key that leads to its own page ends the loop with an error', async () => {
  const same = { status: 200, body: { continuationKey: 'again', voidedPurchaseList: [row('1')] } };
  shop.line.plan('GET voided-purchases', same, same);
  let rows = 0;
  const walk = async () => {
    for await (const _ of shop.client().voidedPurchases()) rows += 1;
  };
  await assert.rejects(walk(), (error) => {
    assert.ok(error instanceof OneStoreReplyError);
    assert.equal(error.member, 'continuationKey');
    return true;
  });
  assert.equal(rows, 1);
});

test('a page that fails is tried again, and the loop goes on', async () => {
  shop.line.plan('GET voided-purchases', 'pass', 'drop', 'cut');
  let rows = 0;
  for await (const _ of shop.client().voidedPurchases({ maxResults: 2 })) rows += 1;
  assert.equal(rows, 5);
});

test('keys that lead round in a circle end the loop with an error', async () => {
  const page = (continuationKey: string) => ({
    status: 200,
    body: { continuationKey, voidedPurchaseList: [row('1')] },
  });
  shop.line.plan('GET voided-purchases', page('one'), page('two'), page('one'));
  let rows = 0;
  const walk = async () => {
    for await (const _ of shop.client().voidedPurchases()) rows += 1;
  };
  await assert.rejects(walk(), { name: 'OneStoreReplyError', member: 'continuationKey' });
  assert.equal(rows, 2);
});

test('a key that is longer than documented goes back as it came, so that no list ends in its middle', async () => {
  const key = 'k'.repeat(60);
  const first = { continuationKey: key, voidedPurchaseList: [row('1')] };
  const last = { voidedPurchaseList: [row('2')] };
  shop.line.plan('GET voided-purchases', { status: 200, body: first }, { status: 200, body: last });
  let rows = 0;
  for await (const _ of shop.client().voidedPurchases()) rows += 1;
  assert.equal(rows, 2);
  assert.ok(shop.line.seen.at(-1)?.path.includes(key));
});
