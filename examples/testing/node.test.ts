// A year of a subscription in a moment, under node:test: `node --test examples/testing/node.test.ts`.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTill, type TestTill } from '@till/testing';

let till: TestTill;

before(async () => {
  till = await startTill();
});
after(() => till.stop());

test('a subscription renews month by month and ends with the account hold', async () => {
  const world = await till.world({ now: '2026-01-15T00:00:00Z' });
  const client = world.client();
  const club = await world.buy('club');
  const { purchaseToken } = club;
  await client.acknowledgePurchase({ productId: 'club', purchaseToken });

  const year = await world.advance('P1Y1D');
  assert.equal(year.happened.filter(({ what }) => what === 'renewed').length, 12);

  await world.decline(club);
  await world.advance('P3M');
  await world.expecting(club, async () => {
    const detail = await client.getSubscriptionDetail({ productId: 'club', purchaseToken });
    assert.equal(detail.autoRenewing, false);
    assert.ok(detail.expiryTimeMillis < world.now());
  });
});
