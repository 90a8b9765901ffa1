// An action whose reply was lost: the caller learns the truth, and nothing is done twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OneStoreNetworkError, OneStoreStateError, OneStoreTimeoutError } from '../src/errors.ts';
import { openShop, type Shop } from './shop-on-a-line.ts';

let shop: Shop;
before(async () => {
  shop = await openShop();
});
after(() => shop.stop());

const productId = 'product01';
async function bought(): Promise<{ productId: string; purchaseToken: string }> {
  const { purchaseToken } = await shop.server.buy(shop.app);
  return { productId, purchaseToken };
}
const sent = (token: string, action: string) => shop.line.count(`POST ${token}/${action}`);

test('a consume whose reply is lost is told as done, without a second one', async () => {
  const client = shop.client();
  const purchase = await bought();
  shop.line.plan(`POST ${purchase.purchaseToken}/consume`, 'lose');
  const reply = await client.consumePurchase(purchase);
  assert.equal(reply.result.code, 'Success');
  assert.equal(reply.readBack, true);
  assert.equal(sent(purchase.purchaseToken, 'consume'), 1);
  assert.equal((await client.getPurchaseDetails(purchase)).consumptionState, 1);
});

test('a consume that got lost on its way is sent again', async () => {
  const purchase = await bought();
  shop.line.plan(`POST ${purchase.purchaseToken}/consume`, 'drop', 'drop');
  const reply = await shop.client().consumePurchase(purchase);
  assert.equal(reply.readBack, undefined);
  assert.equal(sent(purchase.purchaseToken, 'consume'), 3);
});

test('a reply that breaks off in its middle is a lost one', async () => {
  const purchase = await bought();
  shop.line.plan(`POST ${purchase.purchaseToken}/consume`, 'cut');
  assert.equal((await shop.client().consumePurchase(purchase)).readBack, true);
  assert.equal(sent(purchase.purchaseToken, 'consume'), 1);
});

test('so is one of another shape, and one of a proxy that gave up', async () => {
  for (const fault of [
    { status: 200, body: 'OK' },
    { status: 504, body: '<html>' },
  ] as const) {
    const purchase = await bought();
    await shop.client().consumePurchase(purchase);
    // the real one was carried out before; the line only tells it in its own words
    shop.line.plan(`POST ${purchase.purchaseToken}/consume`, fault);
    assert.equal((await shop.client().consumePurchase(purchase)).readBack, true);
  }
});

test('a consume that arrives after its caller gave up is not told as refused', async () => {
  const purchase = await bought();
  const arrived = Promise.withResolvers<void>();
  // the reading finds it not consumed; then the first one arrives, and the second is refused
  const read = shop.line.answered(`GET ${purchase.purchaseToken}`);
  const first = { cutAndForwardAfter: read, arrived: arrived.resolve };
  shop.line.plan(`POST ${purchase.purchaseToken}/consume`, first, { passAfter: arrived.promise });
  const reply = await shop.client().consumePurchase(purchase);
  assert.equal(reply.readBack, true);
  assert.equal(sent(purchase.purchaseToken, 'consume'), 2);
});

test('a purchase that was consumed before is refused as ever', async () => {
  const client = shop.client();
  const purchase = await bought();
  await client.consumePurchase(purchase);
  await assert.rejects(client.consumePurchase(purchase), (error) => {
    assert.ok(error instanceof OneStoreStateError);
    assert.equal(error.code, 'InvalidConsumeState');
    assert.equal(error.outcome, undefined);
    return true;
  });
  assert.equal(sent(purchase.purchaseToken, 'consume'), 2);
});

test('where the state cannot be read either, the outcome is unknown', async () => {
  const purchase = await bought();
  const client = shop.client();
  await client.getAccessToken();
  shop.line.plan(`POST ${purchase.purchaseToken}/consume`, 'lose');
  shop.line.plan(`GET ${purchase.purchaseToken}`, 'drop', 'drop', 'drop', 'drop');
  await assert.rejects(client.consumePurchase(purchase), (error) => {
    assert.ok(error instanceof OneStoreNetworkError);
    assert.equal(error.outcome, 'unknown');
    assert.equal(error.operation, 'consumePurchase');
    return true;
  });
  assert.equal(sent(purchase.purchaseToken, 'consume'), 1);
});

test('where it never gets through, the state read last says that nothing was done', async () => {
  const purchase = await bought();
  shop.line.plan(`POST ${purchase.purchaseToken}/consume`, 'stall', 'stall');
  const client = shop.client({ timeoutMs: 2_000, maxRetries: 1 });
  await assert.rejects(client.consumePurchase(purchase), (error) => {
    assert.ok(error instanceof OneStoreTimeoutError);
    assert.equal(error.outcome, 'notCarriedOut');
    return true;
  });
});

test('no reply within the deadline leaves the outcome unknown', async () => {
  const purchase = await bought();
  const client = shop.client();
  await client.getAccessToken();
  shop.line.plan(`POST ${purchase.purchaseToken}/consume`, 'stall');
  await assert.rejects(client.consumePurchase(purchase, { deadlineMs: 400 }), (error) => {
    assert.ok(error instanceof OneStoreTimeoutError);
    assert.equal(error.outcome, 'unknown');
    assert.equal(error.limitMs, 400);
    return true;
  });
});

test('an acknowledgement is read from whichever kind of product it is', async () => {
  const client = shop.client();
  const purchase = await bought();
  shop.line.plan(`POST ${purchase.purchaseToken}/acknowledge`, 'lose');
  assert.equal((await client.acknowledgePurchase(purchase)).readBack, true);
  assert.equal(sent(purchase.purchaseToken, 'acknowledge'), 1);

  for (const [type, product] of [
    ['auto', 'monthly'],
    ['subscription', 'weekly'],
  ] as const) {
    await sellRecurring(type, product);
    const { purchaseToken } = await shop.server.buy(shop.app, { productId: product });
    shop.line.plan(`POST ${purchaseToken}/acknowledge`, 'lose');
    assert.equal((await client.acknowledgePurchase({ productId: product, purchaseToken })).readBack, true);
    assert.equal(sent(purchaseToken, 'acknowledge'), 1, type);
  }
});

test('cancel and reactivate are read back, of monthly products and subscriptions', async () => {
  const client = shop.client();
  await sellRecurring('auto', 'month');
  const monthly = {
    productId: 'month',
    purchaseToken: (await shop.server.buy(shop.app, { productId: 'month' })).purchaseToken,
  };
  shop.line.plan(`POST ${monthly.purchaseToken}/cancel`, 'lose');
  shop.line.plan(`POST ${monthly.purchaseToken}/reactivate`, 'lose');
  assert.equal((await client.cancelRecurringPurchase(monthly)).readBack, true);
  assert.equal((await client.getRecurringPurchaseDetails(monthly)).autoRenewing, false);
  assert.equal((await client.reactivateRecurringPurchase(monthly)).readBack, true);
  assert.equal((await client.getRecurringPurchaseDetails(monthly)).autoRenewing, true);

  await sellRecurring('subscription', 'week');
  const weekly = {
    productId: 'week',
    purchaseToken: (await shop.server.buy(shop.app, { productId: 'week' })).purchaseToken,
  };
  shop.line.plan(`POST ${weekly.purchaseToken}/cancel`, 'lose');
  shop.line.plan(`POST ${weekly.purchaseToken}/reactivate`, 'lose');
  assert.equal((await client.cancelSubscription(weekly)).readBack, true);
  assert.equal((await client.reactivateSubscription(weekly)).readBack, true);
  assert.equal((await client.getSubscriptionDetail(weekly)).autoRenewing, true);
});

test('a payment is put off once, whatever becomes of the reply', async () => {
  const client = shop.client();
  await sellRecurring('subscription', 'put-off');
  const buy = async () => {
    const { purchaseToken } = await shop.server.buy(shop.app, { productId: 'put-off' });
    return { productId: 'put-off', purchaseToken };
  };
  const next = async (purchase: { productId: string; purchaseToken: string }) =>
    (await client.getSubscriptionDetail(purchase)).nextPaymentTimeMillis;

  const lost = await buy();
  const planned = await next(lost);
  shop.line.plan(`POST ${lost.purchaseToken}/defer`, 'lose');
  assert.equal((await client.deferSubscription({ ...lost, deferPeriod: 3 })).readBack, true);
  assert.equal(await next(lost), planned + 3 * 60_000);
  assert.equal(sent(lost.purchaseToken, 'defer'), 1);

  const dropped = await buy();
  const asBefore = await next(dropped);
  shop.line.plan(`POST ${dropped.purchaseToken}/defer`, 'drop');
  await assert.rejects(client.deferSubscription({ ...dropped, deferPeriod: 3 }), {
    outcome: 'notCarriedOut',
  });
  assert.equal(sent(dropped.purchaseToken, 'defer'), 1);
  assert.equal(await next(dropped), asBefore);
});

test('the older generations are read back by their own calls', async () => {
  const v6 = shop.client({ generation: 'v6' });
  const purchase = await bought();
  shop.line.plan(`POST ${purchase.purchaseToken}/consume`, 'lose');
  assert.equal((await v6.consumePurchase(purchase)).readBack, true);

  const v5 = shop.client({ generation: 'v5' });
  const { purchaseId } = await shop.server.buy(shop.app);
  shop.line.plan(`POST consume/${purchaseId}/${shop.app.packageName}`, 'lose');
  assert.equal((await v5.consumePurchase({ purchaseId })).readBack, true);

  await sellRecurring('auto', 'old-month');
  const monthly = await shop.server.buy(shop.app, { productId: 'old-month' });
  shop.line.plan(`POST ${monthly.purchaseId}/${shop.app.packageName}/cancel`, 'lose');
  const manage = { purchaseId: monthly.purchaseId, action: 'cancel' } as const;
  assert.equal((await v5.manageRecurringPaymentStatus(manage)).readBack, true);
});

async function sellRecurring(type: 'auto' | 'subscription', name: string): Promise<void> {
  const terms = type === 'auto' ? {} : { subscription: { period: 'P1W' } };
  const product = { type, title: 'A product', price: '1100', currency: 'KRW', ...terms };
  const { status, text } = await shop.server.control(
    'PUT',
    `/apps/${shop.app.clientId}/products/${name}`,
    product,
  );
  assert.equal(status, 200, text);
}
