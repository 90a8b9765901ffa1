// isEntitled and its reasons: on the published snapshots, on hand-made replies, and beside a running Till's own judgement.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { type EntitlementReason, entitlement, isEntitled, OneStoreInputError } from '../src/index.ts';
import { openShops, type Shops } from './shop.ts';

const day = 24 * 60 * 60 * 1_000;
let shops: Shops;
before(async () => {
  shops = await openShops();
});
after(() => shops.close());

describe('a managed product', () => {
  const bought = { purchaseState: 0, consumptionState: 0 };
  const now = 1_700_000_000_000;

  test('entitles until it is used up or cancelled', () => {
    assert.deepEqual(entitlement(bought, now), { entitled: true, why: 'purchased', until: undefined });
    assert.equal(entitlement({ ...bought, consumptionState: 1 }, now).why, 'consumed');
    assert.equal(entitlement({ purchaseState: 1, consumptionState: 1 }, now).why, 'cancelled');
    assert.equal(isEntitled({ ...bought, purchaseState: 1 }, now), false);
  });

  test('agrees with the server from the purchase to the void', async () => {
    const shop = await shops.open();
    const client = shop.client();
    const { purchaseToken } = await shop.buy();
    const agreed = async () => {
      const reply = await client.getPurchaseDetails({ productId: 'gem', purchaseToken });
      const shown = await shops.control.readPurchase({ ...shop.named, purchaseToken });
      const judged = entitlement(reply, await shop.now());
      assert.equal(judged.entitled, shown.entitled);
      return judged.why;
    };
    assert.equal(await agreed(), 'purchased');
    await client.consumePurchase({ productId: 'gem', purchaseToken });
    assert.equal(await agreed(), 'consumed');
    await shops.control.voidPurchase({ ...shop.named, purchaseToken });
    assert.equal(await agreed(), 'cancelled');
  });
});

describe('a monthly product', () => {
  const paid = { expiryTime: 1_700_000_000_000, lastPurchaseState: 0, autoRenewing: true };

  test('entitles up to and with its last millisecond, and only while the latest payment stands', () => {
    assert.equal(isEntitled(paid, paid.expiryTime), true);
    assert.deepEqual(entitlement(paid, paid.expiryTime + 1), {
      entitled: false,
      why: 'expired',
      until: paid.expiryTime,
    });
    assert.equal(entitlement({ ...paid, lastPurchaseState: 1 }, paid.expiryTime - 1).why, 'cancelled');
    assert.equal(entitlement({ ...paid, autoRenewing: false }, paid.expiryTime).why, 'cancelScheduled');
    assert.equal(entitlement(paid, paid.expiryTime).why, 'active');
  });

  test('is judged by the purchase state in a reply of V5', () => {
    const v5 = { expiryTime: paid.expiryTime, purchaseState: 0, autoRenewing: true };
    assert.equal(isEntitled(v5, paid.expiryTime), true);
    assert.equal(isEntitled({ ...v5, purchaseState: 1 }, paid.expiryTime), false);
  });
});

describe('a subscription', () => {
  const expected: Record<string, [before: EntitlementReason, after: EntitlementReason]> = {
    purchased: ['active', 'hold'],
    renewed: ['active', 'hold'],
    expired: ['cancelScheduled', 'expired'],
    cancelled: ['cancelScheduled', 'expired'],
    revoked: ['expired', 'expired'],
    grace: ['grace', 'hold'],
    hold: ['grace', 'hold'],
    pause_scheduled: ['active', 'paused'],
    paused: ['grace', 'paused'],
    product_changed: ['active', 'hold'],
  };
  const path = new URL('../../../conformance/vectors/v7-subscription-snapshots.json', import.meta.url);
  const { vectors } = JSON.parse(readFileSync(path, 'utf8'));
  for (const { id, response } of vectors) {
    const name = id.split('.').at(-1);
    test(`is judged at and after its end in the published snapshot "${name}"`, () => {
      const { json } = response;
      const [atEnd, later] = expected[name] ?? assert.fail(`no expectation for ${name}`);
      assert.deepEqual(entitlement(json, json.expiryTimeMillis), {
        entitled: atEnd !== 'expired',
        why: atEnd,
        until: json.expiryTimeMillis,
      });
      assert.deepEqual(entitlement(json, json.expiryTimeMillis + day), {
        entitled: false,
        why: later,
        until: json.expiryTimeMillis,
      });
    });
  }

  test('names a free period and a change of product that waits', () => {
    const json = { ...vectors[0].response.json };
    const now = json.expiryTimeMillis - day;
    assert.equal(entitlement({ ...json, paymentState: 2 }, now).why, 'freePeriod');
    assert.equal(entitlement({ ...json, paymentState: 3 }, now).why, 'changesProduct');
  });

  test('agrees with the server on every day of a declined and a paused life', async () => {
    const shop = await shops.open(
      {},
      {
        club: {
          type: 'subscription',
          title: 'The club',
          price: '4900',
          currency: 'KRW',
          subscription: { period: 'P1M', freeTrial: 'P7D', gracePeriod: 'P3D', pausable: true },
        },
      },
    );
    const client = shop.client();
    const { purchaseToken } = await shop.buy('club');
    const named = { ...shop.named, purchaseToken };
    await shops.control.acknowledgePurchaseByHand(named);
    const seen = new Set<string>();
    for (let days = 0; days < 200; days += 1) {
      if (days === 40) await shops.control.pauseByHand({ ...named, for: 'P1M' });
      if (days === 110) await shops.control.setPayment({ ...named, outcome: 'decline' });
      const reply = await client.getSubscriptionDetail({ productId: 'club', purchaseToken });
      const shown = await shops.control.readPurchase(named);
      const judged = entitlement(reply, await shop.now());
      assert.equal(judged.entitled, shown.entitled, `on day ${days}: ${judged.why}`);
      seen.add(judged.why);
      await shop.advance('P1D');
    }
    assert.deepEqual([...seen].sort(), ['active', 'expired', 'freePeriod', 'grace', 'hold', 'paused'].sort());
  });
});

test('a time that cannot be milliseconds is refused, so that seconds do not entitle everybody', () => {
  const paid = { expiryTime: 1_700_000_000_000, lastPurchaseState: 0, autoRenewing: true };
  for (const now of [1_900_000_000, 0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(
      () => isEntitled(paid, now),
      (error) => error instanceof OneStoreInputError && error.fields.includes('now'),
    );
  }
});
