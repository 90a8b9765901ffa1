// What a failing expectation shows of a purchase.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTill, type TestTill } from '@till/testing';

let till: TestTill;

before(async () => {
  till = await startTill();
});
after(() => till.stop());

async function voidedPurchase() {
  const world = await till.world({ now: '2026-01-01T00:00:00Z' });
  const gem = await world.buy('gem', { buyerId: 'ada' });
  await world.advance('P3D');
  return { world, gem };
}

test('a purchase is explained in a line for each step', async () => {
  const { world, gem } = await voidedPurchase();
  assert.deepEqual((await world.explain(gem)).split('\n'), [
    `Purchase ${gem.purchaseToken} of gem by ada: voided; not entitled: It was voided and the money went back.`,
    '  2026-01-01T00:00:00.000Z  purchased              1100 KRW  The buyer paid 1100 KRW.',
    '  2026-01-04T00:00:00.000Z  voided                -1100 KRW  Till voided the purchase and 1100 KRW went back: not acknowledged within three days.',
  ]);
});

test('many steps in a row that say the same are counted', async () => {
  const world = await till.world({ now: '2026-01-15T00:00:00Z' });
  const club = await world.buy('club');
  await club.acknowledge();
  await world.advance('P1Y1D');
  const lines = (await world.explain(club)).split('\n');
  assert.equal(lines.filter((line) => line.includes('renewed')).length, 2);
  assert.ok(lines.includes('  (10 more of the same)'));
  assert.match(lines[0] ?? '', /: acknowledged, subscription active; entitled: /);
});

test('the error of a failing expectation is thrown on with the history in its message', async () => {
  const { world, gem } = await voidedPurchase();
  const error = new assert.AssertionError({ actual: 1, expected: 2, operator: 'strictEqual' });
  const { message } = error;
  const thrown = await world
    .expecting(gem, () => {
      throw error;
    })
    .catch((caught: unknown) => caught);
  assert.equal(thrown, error);
  assert.ok(error.message.startsWith(message));
  const explained = await world.explain(gem);
  assert.ok(error.message.includes(explained));
  assert.ok(error.stack?.includes(explained));
  assert.deepEqual([error.actual, error.expected], [1, 2]);
});

test('several purchases are told one below the other; what passes answers what the body answered', async () => {
  const { world, gem } = await voidedPurchase();
  const other = await world.buy('gem');
  assert.equal(await world.expecting([gem, other], async () => 7), 7);
  const failing = world.expecting([gem, other], () => assert.fail('no'));
  await assert.rejects(failing, (error: Error) =>
    [gem, other].every(({ purchaseToken }) => error.message.includes(`Purchase ${purchaseToken} of gem`)),
  );
});

test('a history that cannot be read leaves the error as it was', async () => {
  const { world, gem } = await voidedPurchase();
  await world.remove();
  await assert.rejects(
    world.expecting(gem, () => assert.fail('as it was')),
    { message: 'as it was' },
  );
  const text = 'no error at all';
  const thrown = world.expecting(gem, () => {
    throw text;
  });
  await assert.rejects(thrown, (caught) => caught === text);
});
