// A purchase that is consumed once, under Jest: `NODE_OPTIONS=--experimental-vm-modules npx jest`.
import { startTill } from '@till/testing';

let till;

beforeAll(async () => {
  till = await startTill();
});
afterAll(() => till.stop());

test('a second consume is refused', async () => {
  const world = await till.world();
  const { productId, purchaseToken } = await world.buy('gem');
  const client = world.client();
  await client.consumePurchase({ productId, purchaseToken });
  await expect(client.consumePurchase({ productId, purchaseToken })).rejects.toMatchObject({
    code: 'InvalidConsumeState',
  });
});
