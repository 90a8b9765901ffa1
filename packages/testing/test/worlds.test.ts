// Worlds: what a test can do in one, and that no world knows of another.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyPurchase } from '@till/client';
import { shelf, startTill, type TestTill } from '@till/testing';

const newYear = Date.parse('2026-01-01T00:00:00Z');
let till: TestTill;

before(async () => {
  till = await startTill();
});
after(() => till.stop());

test('a world stands still at the instant it is made with, and moves when it is told to', async () => {
  for (const now of [newYear, new Date(newYear), '2026-01-01T00:00:00Z']) {
    const world = await till.world({ now });
    assert.equal(world.now(), newYear);
    const { now: advanced } = await world.advance('P1D');
    assert.deepEqual([advanced, world.now()], [newYear + 86_400_000, newYear + 86_400_000]);
    await world.advance({ to: '2026-03-01T00:00:00Z' });
    assert.equal((await world.control.readWorld({ worldId: world.worldId })).clock.now, world.now());
  }
  await assert.rejects(till.world({ now: 'never' }), /^TypeError: not an instant: never$/);
});

test('a clock that runs goes on from where it is set', async () => {
  const world = await till.world({ now: newYear, frozen: false, rate: 1_000_000 });
  const first = world.now();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(world.now() - first >= 1_000_000);
  await world.setClock({ frozen: true });
  const stopped = world.now();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(world.now(), stopped);
  assert.equal((await world.control.readWorld({ worldId: world.worldId })).clock.now, stopped);
});

test('what the device gets is signed with the license key of the app', async () => {
  const world = await till.world();
  const { purchaseData, signature } = await world.buy('gem', { developerPayload: 'order-1' });
  const verified = await verifyPurchase({ purchaseData, signature, licenseKey: world.licenseKey });
  assert.equal(verified.developerPayload, 'order-1');
});

test('the client sees what buyer, operator and time did', async () => {
  const world = await till.world({ now: newYear });
  const client = world.client();
  const gem = await world.buy('gem');
  const named = { productId: 'gem', purchaseToken: gem.purchaseToken };
  assert.equal((await client.getPurchaseDetails(named)).purchaseTime, newYear);
  assert.equal((await client.getUnconfirmedPurchases({})).unconfirmedPurchaseList.length, 1);
  await world.void(gem, 'a test');
  assert.equal((await client.getPurchaseDetails(named)).purchaseState, 1);

  const forgotten = await world.buy('gem');
  await world.advance('P3D');
  const voided: string[] = [];
  for await (const { purchaseToken } of client.voidedPurchases({})) voided.push(purchaseToken);
  assert.deepEqual(voided.toSorted(), [gem.purchaseToken, forgotten.purchaseToken].sort());
});

test('each generation has its client', async () => {
  const world = await till.world();
  const { purchaseId, purchaseToken } = await world.buy('gem');
  const older = await world.client({ generation: 'v5' }).getPurchaseDetails({ purchaseId });
  assert.equal(older.purchaseState, 0);
  const six = world.client({ generation: 'v6' });
  assert.equal((await six.getPurchaseDetails({ productId: 'gem', purchaseToken })).purchaseState, 0);
});

test('a declined payment brings grace and account hold, an approved one ends them', async () => {
  const world = await till.world({ now: newYear });
  const club = await world.buy('club');
  await club.acknowledge();
  await world.decline(club);
  await world.advance('P1M1D');
  assert.equal((await club.read()).subscription?.state, 'grace');
  await world.advance('P5D');
  assert.equal((await club.read()).subscription?.state, 'hold');
  assert.equal((await world.approve(club)).subscription?.state, 'active');
  await assert.rejects(world.buy('gem', { payment: { outcome: 'decline' } }), { code: 'PaymentDeclined' });
});

test('what the buyer does in the store app has a method of the purchase', async () => {
  const world = await till.world({ now: newYear });
  const club = await (await world.buy('club', { buyerId: 'ada' })).acknowledge();
  assert.equal((await club.cancel()).subscription?.state, 'cancelScheduled');
  assert.equal((await club.reactivate()).subscription?.state, 'active');
  await club.pause('P1M');
  await world.advance('P1M1D');
  assert.equal((await club.read()).subscription?.state, 'paused');
  assert.equal((await club.resume()).subscription?.state, 'active');
  const answered = await club.replies();
  assert.ok(answered.some(({ operation }) => operation === 'getSubscriptionDetail'));
  await assert.rejects(world.buy('club', { buyerId: 'ada' }), { code: 'InvalidState' });

  const gem = await world.buy('gem', { buyerId: 'ada', developerPayload: 'p' });
  assert.deepEqual([(await gem.consume('p')).consumed, gem.consumed], [true, false]);
  const payments = await world.purchases({ buyerId: 'ada' });
  assert.deepEqual(payments.map(({ productId }) => productId).toSorted(), ['club', 'club', 'gem']);
});

test('a product comes with its first purchase, own ones beside the shelf or in its place', async () => {
  const world = await till.world();
  await Promise.all([world.buy('gem'), world.buy('gem'), world.buy('gem')]);
  assert.deepEqual(
    (await world.control.listProducts({ clientId: world.clientId })).items.map(({ productId }) => productId),
    ['gem'],
  );
  await world.product('sword', { ...shelf.gem, title: 'A sword', price: '5500' });
  assert.equal((await world.buy('sword')).price, '5500');
  const other = await world.app({ clientId: 'com.example.other', products: { orb: shelf.gem } });
  assert.equal((await other.buy('orb')).productId, 'orb');
  await assert.rejects(other.buy('gem'), { code: 'NoSuchData' });
  assert.deepEqual([other.clientId, other.worldId], ['com.example.other', world.worldId]);
});

test('one seed gives the same names again, beside each other and in another server', async () => {
  const other = await startTill();
  try {
    const named = async (by: TestTill) => {
      const world = await by.world({ now: newYear, seed: 'again' });
      const { purchaseToken, orderId } = await world.buy('gem', { buyerId: 'ada' });
      return { clientId: world.clientId, purchaseToken, orderId };
    };
    const [first, beside, elsewhere] = await Promise.all([named(till), named(till), named(other)]);
    assert.deepEqual(beside, first);
    assert.deepEqual(elsewhere, first);
  } finally {
    await other.stop();
  }
});

test('fifty worlds side by side never see each other', async () => {
  const stories = Array.from({ length: 50 }, async (_, number) => {
    const world = await till.world({ now: newYear, seed: 'the same' });
    const gem = await world.buy('gem', { buyerId: 'ada', developerPayload: `${number}` });
    if (number % 2 === 0) await world.advance('P3D');
    const { items } = await world.control.listPurchases({ clientId: world.clientId, worldId: world.worldId });
    assert.deepEqual(
      items.map(({ developerPayload }) => developerPayload),
      [`${number}`],
    );
    return (await gem.read()).state;
  });
  const states = await Promise.all(stories);
  assert.deepEqual(
    states,
    states.map((_, number) => (number % 2 === 0 ? 'voided' : 'purchased')),
  );
});

test('the agenda tells what time will do, and a removed world is gone', async () => {
  const world = await till.world({ now: newYear });
  await world.buy('gem');
  assert.deepEqual(
    (await world.agenda()).map(({ at }) => at),
    [newYear + 3 * 86_400_000],
  );
  await world.remove();
  await assert.rejects(world.buy('gem'), { code: 'NoSuchData' });
  await assert.rejects(world.buy('pass'), { code: 'NoSuchData' });
});

test('nothing that a runner prints of a world shows the secret of its app', async () => {
  const world = await till.world();
  const { inspect } = await import('node:util');
  const shown = inspect([world, till, till.control, world.client(), await world.buy('gem')], {
    depth: 9,
    showHidden: false,
  });
  for (const secret of [world.clientSecret, till.address.controlKey]) assert.ok(!shown.includes(secret));
});

test('a removed world may be removed again, and left by `await using`', async () => {
  await using world = await till.world();
  await Promise.all([world.remove(), world.remove()]);
  await world.remove();
});

test('a world whose app cannot be made is not left behind', async () => {
  const worldsNow = async () => (await till.control.listWorlds({ limit: 1000 })).items.length;
  const before = await worldsNow();
  await assert.rejects(till.world({ app: { clientId: 'not a client ID!' } }), { code: 'InvalidRequest' });
  assert.equal(await worldsNow(), before);
});
