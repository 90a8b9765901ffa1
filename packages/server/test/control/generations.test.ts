// The generation of an app: what its purchases must have, what its device gets, and what replies show of it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import { isSigned } from '../signatures.ts';
import { dayMs, noon, openSubscribers, type Subscribers } from './subscribers.ts';

const packageName = 'com.toast.android.iap.onestore.v17.sample';
const at = noon + 939;

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

for (const database of httpDatabases) {
  describe(`generations of apps on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const openV5 = async (): Promise<Subscribers> => {
      const shop = await openSubscribers(server, { generation: 'v5', packageName });
      await shop.advanceTo(at);
      return shop;
    };
    const assertSigned = (shop: Subscribers, { purchaseData, signature }: Json) =>
      assert.ok(isSigned(shop.app.licenseKey, purchaseData, signature));

    test('an app of V5 gets of a purchase the six members of the real result, in their order', async () => {
      const shop = await openV5();
      for (const productId of ['product01', 'monthly', 'pass']) {
        const bought = await shop.buy({ productId, developerPayload: 'developer payload' });
        assert.equal(
          bought.purchaseData,
          `{"orderId":"${bought.orderId}","packageName":"${packageName}","productId":"${productId}",` +
            `"purchaseTime":${at},"purchaseId":"${bought.purchaseId}","developerPayload":"developer payload"}`,
        );
        assertSigned(shop, bought);
      }
    });

    test('asked later it gets the eight members of the real query, its time cut to whole seconds', async () => {
      const shop = await openV5();
      for (const [productId, renews] of [
        ['product01', -1],
        ['monthly', 0],
      ] as const) {
        const { purchaseToken, purchaseId, orderId, purchaseData } = await shop.buy({ productId });
        const data = (state: number, recurring: number) =>
          `{"orderId":"${orderId}","packageName":"${packageName}","productId":"${productId}",` +
          `"purchaseTime":${noon},"purchaseState":${state},"recurringState":${recurring},` +
          `"purchaseId":"${purchaseId}","developerPayload":""}`;
        const read = await shop.read(purchaseToken);
        assert.equal(read.purchaseData, data(0, renews));
        assert.notEqual(read.purchaseData, purchaseData);
        assertSigned(shop, read);
        if (productId === 'monthly') {
          const cancelled = expectStatus(await shop.step(purchaseToken, 'cancel'), 200);
          assert.equal(cancelled.purchaseData, data(0, 1));
          assertSigned(shop, cancelled);
        }
        const voided = expectStatus(await shop.step(purchaseToken, 'void'), 200);
        assert.equal(voided.purchaseData, data(1, renews === -1 ? -1 : 1));
        assertSigned(shop, voided);
      }
    });

    test('an app of V6 or V7 gets the later members in both, its time whole', async () => {
      for (const generation of ['v6', 'v7']) {
        const shop = await openSubscribers(server, { generation, packageName });
        await shop.advanceTo(at);
        const bought = await shop.buy({ productId: 'product01' });
        assert.equal((await shop.read(bought.purchaseToken)).purchaseData, bought.purchaseData);
        const { purchaseTime, purchaseToken, quantity } = JSON.parse(bought.purchaseData);
        assert.deepEqual([purchaseTime, purchaseToken, quantity], [at, bought.purchaseToken, 1]);
        assertSigned(shop, bought);
      }
    });

    test('a change of the generation changes what is signed from then on', async () => {
      const shop = await openV5();
      const { purchaseToken } = await shop.buy({ productId: 'product01' });
      expectStatus(await shop.call('PATCH', '', { generation: 'v7' }), 200);
      const { purchaseData } = await shop.read(purchaseToken);
      assert.equal(JSON.parse(purchaseData).purchaseToken, purchaseToken);
    });

    test('what was bought under V5 needs no acknowledgement after the app has moved on, what follows does', async () => {
      const shop = await openV5();
      const before = await shop.buy({ productId: 'product01' });
      expectStatus(await shop.call('PATCH', '', { generation: 'v6' }), 200);
      const later = await shop.buy({ productId: 'product01' });
      assert.deepEqual([before.dueAt, later.dueAt], [null, at + 3 * dayMs]);
      await shop.advance('P3D');
      const states = [before, later].map(async (one) => (await shop.read(one.purchaseToken)).state);
      assert.deepEqual(await Promise.all(states), ['purchased', 'voided']);
    });

    test('replies name the app by the key of each generation, whatever generation it is of', async () => {
      for (const generation of ['v5', 'v6', 'v7']) {
        const shop = await openSubscribers(server, { generation, packageName });
        const { purchaseToken, purchaseId } = await shop.buy({ productId: 'monthly' });
        const { items } = expectStatus(await shop.call('GET', `/purchases/${purchaseToken}/replies`), 200);
        const { clientId } = shop.app;
        assert.deepEqual(
          items.filter(({ status }: Json) => status === 200).map(({ path }: Json) => path),
          [
            `/v7/apps/${clientId}/purchases/auto/products/monthly/${purchaseToken}`,
            `/v6/apps/${packageName}/purchases/auto/products/monthly/${purchaseToken}`,
            `/v2/purchase/recurring-details/${purchaseId}/${packageName}`,
            `/v2/purchase/last-recurring-details/${purchaseId}/${packageName}`,
          ],
        );
        assert.equal(items.length, 9);
      }
    });

    test('the latest calls of an app tell the generation in their names', async () => {
      const shop = await openV5();
      const { purchaseId } = await shop.buy({ productId: 'product01' });
      const token = await server.token(shop.app);
      for (const path of [
        `/v2/purchase/details/${purchaseId}/${packageName}`,
        `/v6/apps/${packageName}/voided-purchases`,
        `/v7/apps/${shop.app.clientId}/voided-purchases`,
      ]) {
        expectStatus(await server.call('GET', path, { token }), 200);
      }
      const { items } = expectStatus(await shop.call('GET', '/requests'), 200);
      const names = items.map(({ operation }: Json) => operation).sort();
      for (const name of ['getVoidedPurchases', 'v5.getPurchaseDetails', 'v6.getVoidedPurchases']) {
        assert.ok(names.includes(name), name);
      }
    });
  });
}
