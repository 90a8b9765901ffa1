// The acknowledgement watchdog against a running Till: every type, failures, racing nodes, refunds in between, global markets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  OneStoreApiError,
  OneStoreTimeoutError,
  sweepUnconfirmed,
  type UnconfirmedPurchase,
} from '../src/index.ts';
import { openShops, type Shops } from './shop.ts';

const hour = 60 * 60 * 1_000;
const club = {
  type: 'subscription',
  title: 'The club',
  price: '4900',
  currency: 'KRW',
  subscription: { period: 'P1M' },
} as const;
const monthly = { type: 'auto', title: 'Monthly gems', price: '3300', currency: 'KRW' } as const;

let shops: Shops;
before(async () => {
  shops = await openShops();
});
after(() => shops.close());

const productsOf = (swept: readonly { purchase: UnconfirmedPurchase }[]) =>
  swept.map(({ purchase }) => purchase.productId).sort();

test('grants and confirms what nobody confirmed, of every type, and then finds nothing', async () => {
  const shop = await shops.open({}, { club, monthly });
  for (const productId of ['gem', 'gem', 'club', 'monthly']) await shop.buy(productId);
  const client = shop.client();
  const given: string[] = [];
  const settings = { grant: ({ purchaseId }: UnconfirmedPurchase) => given.push(purchaseId) };
  const report = await sweepUnconfirmed(client, settings);
  assert.deepEqual(productsOf(report.granted), ['club', 'gem', 'gem', 'monthly']);
  assert.equal(new Set(given).size, 4);
  assert.deepEqual([report.failed, report.left, report.cancelled], [[], [], []]);
  assert.deepEqual([report.nextToExpire, report.unsupportedMarket], [undefined, undefined]);
  assert.deepEqual((await sweepUnconfirmed(client, settings)).granted, []);
  await shop.advance('P4D');
  for (const { purchase } of report.granted.filter(({ purchase }) => purchase.type === 'inapp')) {
    const { productId, purchaseToken } = purchase;
    const details = await client.getPurchaseDetails({ productId, purchaseToken });
    assert.deepEqual([details.purchaseState, details.acknowledgeState, details.consumptionState], [0, 1, 0]);
  }
});

test('consumes managed products where told, and acknowledges what cannot be consumed', async () => {
  const shop = await shops.open({}, { club, sword: { ...monthly, type: 'inapp' } });
  for (const productId of ['gem', 'sword', 'club']) await shop.buy(productId);
  const client = shop.client();
  const report = await sweepUnconfirmed(client, {
    grant: () => true,
    confirm: ({ productId }) => (productId === 'sword' ? 'acknowledge' : 'consume'),
  });
  assert.deepEqual(productsOf(report.granted), ['club', 'gem', 'sword']);
  const states: [string, number][] = [];
  for (const { purchase } of report.granted.filter(({ purchase }) => purchase.type === 'inapp')) {
    const { productId, purchaseToken } = purchase;
    states.push([
      productId,
      (await client.getPurchaseDetails({ productId, purchaseToken })).consumptionState,
    ]);
  }
  assert.deepEqual(Object.fromEntries(states), { gem: 1, sword: 0 });
});

test('goes on after a grant that fails, says what expires next, and tries again in the next sweep', async () => {
  const shop = await shops.open(
    {},
    { ruby: { ...monthly, type: 'inapp' }, pearl: { ...monthly, type: 'inapp' } },
  );
  const first = await shop.buy('ruby');
  await shop.advance('PT1H');
  await shop.buy('pearl');
  await shop.buy('gem');
  const client = shop.client();
  const broken = new Error('the database is away');
  let works = false;
  const grant = async ({ productId }: UnconfirmedPurchase) => {
    if (productId === 'gem') return false;
    if (productId === 'ruby' && !works) throw broken;
    return true;
  };
  const report = await sweepUnconfirmed(client, { grant });
  assert.deepEqual(productsOf(report.granted), ['pearl']);
  assert.deepEqual(productsOf(report.left), ['gem']);
  assert.deepEqual(report.failed, [
    {
      purchase: report.failed[0]?.purchase,
      expiresAt: first.purchaseTime + 72 * hour,
      error: broken,
      granted: false,
    },
  ]);
  assert.deepEqual(report.nextToExpire, {
    purchase: report.failed[0]?.purchase,
    expiresAt: first.purchaseTime + 72 * hour,
  });
  works = true;
  const next = await sweepUnconfirmed(client, { grant });
  assert.deepEqual([productsOf(next.granted), productsOf(next.left)], [['ruby'], ['gem']]);
  assert.equal(next.nextToExpire?.purchase.productId, 'gem');
});

test('what expires next is cancelled by the store at that instant and not before', async () => {
  const shop = await shops.open();
  const { purchaseToken } = await shop.buy();
  const { nextToExpire } = await sweepUnconfirmed(shop.client(), { grant: () => false });
  assert.ok(nextToExpire !== undefined);
  const state = async () => (await shops.control.readPurchase({ ...shop.named, purchaseToken })).state;
  const { worldId } = shop.named;
  await shops.control.advanceClock({ worldId, to: nextToExpire.expiresAt - 1 });
  assert.equal(await state(), 'purchased');
  await shops.control.advanceClock({ worldId, to: nextToExpire.expiresAt });
  assert.equal(await state(), 'voided');
});

test('counts what another node has confirmed meanwhile as granted', async () => {
  for (const confirm of ['acknowledge', 'consume'] as const) {
    const shop = await shops.open();
    await shop.buy();
    const other = shop.client();
    const report = await sweepUnconfirmed(shop.client(), {
      confirm,
      grant: ({ productId, purchaseToken }) => other.consumePurchase({ productId, purchaseToken }),
    });
    assert.deepEqual([productsOf(report.granted), report.failed], [['gem'], []], confirm);
  }
});

test('three nodes at the same time grant everything once and fail at nothing', async () => {
  const shop = await shops.open();
  for (let count = 0; count < 12; count += 1) await shop.buy();
  const given: string[] = [];
  const granted = new Set<string>();
  const grant = async ({ purchaseId }: UnconfirmedPurchase) => {
    if (!granted.has(purchaseId)) given.push(purchaseId);
    granted.add(purchaseId);
  };
  const reports = await Promise.all(
    [1, 2, 3].map(() => sweepUnconfirmed(shop.client(), { grant, confirm: 'consume' })),
  );
  assert.deepEqual(
    reports.flatMap(({ failed, cancelled }) => [...failed, ...cancelled]),
    [],
  );
  assert.equal(given.length, 12);
  const swept = reports.flatMap((report) => report.granted.map(({ purchase }) => purchase.purchaseId));
  assert.equal(new Set(swept).size, 12);
});

test('tells a purchase that was refunded between the grant and its confirmation', async () => {
  const shop = await shops.open({}, { club, monthly });
  const tokens: string[] = [];
  for (const productId of ['gem', 'club', 'monthly']) tokens.push((await shop.buy(productId)).purchaseToken);
  const report = await sweepUnconfirmed(shop.client(), {
    grant: ({ purchaseToken }) => shops.control.voidPurchase({ ...shop.named, purchaseToken }),
  });
  assert.deepEqual(productsOf(report.cancelled), ['club', 'gem', 'monthly']);
  assert.deepEqual([report.granted, report.failed, report.nextToExpire], [[], [], undefined]);
});

test('reports a confirmation that failed after the grant, with the server’s own refusal', async () => {
  const shop = await shops.open();
  await shop.buy();
  const report = await sweepUnconfirmed(shop.client({ maxRetries: 0 }), {
    grant: () => shops.control.changeApp({ ...shop.named, blocked: true }),
  });
  const [failed] = report.failed;
  assert.ok(failed?.error instanceof OneStoreApiError && failed.error.code === 'AccessBlocked');
  assert.equal(failed.granted, true);
  assert.equal(report.nextToExpire?.purchase.productId, 'gem');
});

test('says that an empty list of the global market proves nothing', async () => {
  const shop = await shops.open({ market: 'MKT_GLB' });
  await shop.buy();
  const silent = { grant: () => assert.fail('nothing is listed') };
  const report = await sweepUnconfirmed(shop.client({ market: 'MKT_GLB' }), silent);
  assert.match(report.unsupportedMarket ?? '', /MKT_GLB/);
  assert.match(
    (await sweepUnconfirmed(shop.client(), { ...silent, market: 'MKT_GLB' })).unsupportedMarket ?? '',
    /MKT_ONE/,
  );
  assert.equal((await sweepUnconfirmed(shop.client(), silent)).unsupportedMarket, undefined);

  await shops.control.changeApp({ ...shop.named, switches: { unconfirmedGlobal: true } });
  const served = await sweepUnconfirmed(shop.client({ market: 'MKT_GLB' }), { grant: () => {} });
  assert.deepEqual([productsOf(served.granted), served.unsupportedMarket], [['gem'], undefined]);
});

test('walks all pages, with so many in hand at a time and no more', async () => {
  const shop = await shops.open();
  for (let count = 0; count < 105; count += 1) await shop.buy();
  let [now, most] = [0, 0];
  const report = await sweepUnconfirmed(shop.client(), {
    concurrency: 3,
    grant: async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
    },
  });
  assert.equal(report.granted.length, 105);
  assert.ok(most > 1 && most <= 3, `${most} in hand`);
});

test('ends by its signal once what is in hand is done, and throws what the list throws', async () => {
  const shop = await shops.open();
  for (let count = 0; count < 5; count += 1) await shop.buy();
  const ending = new AbortController();
  let done = 0;
  const sweep = sweepUnconfirmed(shop.client(), {
    concurrency: 1,
    signal: ending.signal,
    grant: async () => {
      ending.abort(new Error('shutting down'));
      done += 1;
    },
  });
  await assert.rejects(sweep, /shutting down/);
  assert.equal(done, 1);
  await assert.rejects(
    sweepUnconfirmed(shop.client({ clientSecret: 'another', maxRetries: 0 }), { grant: () => {} }),
    (error) => error instanceof OneStoreApiError && error.code === 'UnauthorizedAccess',
  );
});

test('goes on where a grant hangs, and reports it as failed', async () => {
  const shop = await shops.open({}, { ruby: { ...monthly, type: 'inapp' } });
  await shop.buy('gem');
  await shop.buy('ruby');
  const grant = ({ productId }: UnconfirmedPurchase) =>
    productId === 'gem' ? new Promise(() => {}) : Promise.resolve();
  const report = await sweepUnconfirmed(shop.client(), { grant, concurrency: 1, grantTimeoutMs: 100 });
  assert.deepEqual([productsOf(report.granted), productsOf(report.failed)], [['ruby'], ['gem']]);
  const [failed] = report.failed;
  assert.equal(failed?.granted, false);
  assert.ok(failed.error instanceof OneStoreTimeoutError);
  assert.equal(report.nextToExpire?.purchase.productId, 'gem');
});

test('settings that do not fit are refused by name before anything is asked', async () => {
  const shop = await shops.open();
  for (const [name, value] of [
    ['concurrency', 0],
    ['concurrency', Number.NaN],
    ['grantTimeoutMs', 0],
    ['grantTimeoutMs', Number.POSITIVE_INFINITY],
  ] as const) {
    const swept = sweepUnconfirmed(shop.client(), { grant: () => {}, [name]: value });
    await assert.rejects(swept, { name: 'OneStoreInputError', fields: [name] });
  }
});
