// Worlds side by side, under Vitest: `npx vitest run examples/testing/vitest`.
import { startTill, type TestTill } from '@till/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

let till: TestTill;

beforeAll(async () => {
  till = await startTill();
});
afterAll(() => till.stop());

test.concurrent('what nobody acknowledges is voided after three days', async () => {
  const world = await till.world();
  const gem = await world.buy('gem');
  await world.advance('P3D');
  const voided = await world.client().getVoidedPurchases({});
  expect(voided.voidedPurchaseList.map(({ purchaseToken }) => purchaseToken)).toEqual([gem.purchaseToken]);
});

test.concurrent('what is acknowledged stays', async () => {
  const world = await till.world();
  const gem = await world.buy('gem');
  await world.client().acknowledgePurchase({ productId: 'gem', purchaseToken: gem.purchaseToken });
  await world.advance('P3D');
  await world.expecting(gem, async () => expect((await gem.read()).state).toBe('acknowledged'));
});
