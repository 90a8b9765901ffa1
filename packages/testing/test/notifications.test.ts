// The notifications of a world: what was sent, in its order, read and verified; and what never came.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { notificationTypeName } from '@till/client';
import { connectTill, startTill, type TestTill } from '@till/testing';

const newYear = Date.parse('2026-01-01T00:00:00Z');
const dayMs = 86_400_000;
let till: TestTill;

before(async () => {
  till = await startTill();
});
after(() => till.stop());

async function receivingWorld() {
  const world = await till.world({ now: newYear });
  await world.receiveNotifications();
  return world;
}

test('a payment and its cancellation are told in their order, and bear the signature of the app', async () => {
  const world = await receivingWorld();
  const gem = await world.buy('gem', { developerPayload: 'order-1' });
  await world.advance('PT1H');
  await world.void(gem);
  const told = await world.notifications();
  assert.deepEqual(
    told.map(({ kind, message, status, createdAt }) => [
      kind === 'payment' ? message.purchaseState : kind,
      status,
      createdAt,
    ]),
    [
      ['COMPLETED', 'delivered', newYear],
      ['CANCELED', 'delivered', newYear + 3_600_000],
    ],
  );
  const [first] = told;
  assert.ok(first?.kind === 'payment');
  assert.deepEqual(
    [first.message.purchaseToken, first.message.developerPayload, first.message.clientId],
    [gem.purchaseToken, 'order-1', world.clientId],
  );
  assert.deepEqual(
    first.attempts.map(({ result, httpStatus }) => [result, httpStatus]),
    [['delivered', 200]],
  );
});

test('the year of a subscription is told month by month', async () => {
  const world = await receivingWorld();
  const club = await world.buy('club');
  await club.acknowledge();
  await world.advance('P3M1D');
  await world.decline(club);
  await world.advance('P2M');
  const states: string[] = [];
  for (const told of await world.notifications({ kind: 'subscription' })) {
    assert.equal(told.message.environment, 'SANDBOX');
    states.push(`${notificationTypeName(told.message.subscriptionNotification.notificationType)}`);
  }
  const [renewed, ...others] = ['RENEWED', 'PURCHASED', 'IN_GRACE_PERIOD', 'ON_HOLD', 'CANCELED'].map(
    (name) => `SUBSCRIPTION_${name}`,
  );
  assert.equal(states.filter((state) => state === renewed).length, 3);
  assert.deepEqual([states[0], states.at(4), states.at(5)], others.slice(0, 3));
});

test('an app without an address is sent nothing, and asking for it says what to do', async () => {
  const world = await till.world();
  await world.buy('gem');
  await assert.rejects(world.notifications(), /call receiveNotifications\(\) before the purchases/);
  await world.receiveNotifications();
  assert.deepEqual(await world.notifications(), []);
  await world.buy('gem');
  assert.equal((await world.notifications()).length, 1);
});

test('an address of one’s own does as well, and a message that was refused there shows so', async () => {
  const server = createServer((_, response) => response.writeHead(500).end()).listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const world = await till.world({ now: newYear });
    const { clientId, worldId } = world;
    await till.control.setNotificationUrls({ clientId, worldId, payment: `http://127.0.0.1:${port}/` });
    await world.buy('gem');
    const [told] = await world.notifications();
    assert.deepEqual([told?.status, told?.attempts[0]?.httpStatus], ['pending', 500]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('what the laboratory drops or delays was not sent, until it is', async () => {
  const world = await receivingWorld();
  const named = { clientId: world.clientId, worldId: world.worldId };
  await till.control.setNotificationFaults({
    ...named,
    items: [
      { kind: 'payment', fault: 'drop', times: 1 },
      { kind: 'payment', fault: 'delay', times: 1, delay: 'P1D' },
    ],
  });
  await world.buy('gem');
  const late = await world.buy('gem');
  assert.deepEqual(await world.notifications(), []);
  await world.advance('P1D');
  assert.deepEqual(
    (await world.notifications()).map(({ purchaseToken, attempts }) => [purchaseToken, attempts[0]?.at]),
    [[late.purchaseToken, newYear + dayMs]],
  );
});

test('messages before and after a change of the license key are both verified', async () => {
  const world = await receivingWorld();
  await world.buy('gem');
  await world.notifications();
  await till.control.createLicenseKey({
    clientId: world.clientId,
    worldId: world.worldId,
    overlap: 'P1D',
  });
  await world.buy('gem');
  assert.equal((await world.notifications()).length, 2);
});

test('fifty apps share one receiver and see their own messages alone', async () => {
  const counts = await Promise.all(
    Array.from({ length: 50 }, async (_, number) => {
      const world = await receivingWorld();
      for (let bought = 0; bought < number % 3; bought += 1) await world.buy('gem');
      return (await world.notifications()).length;
    }),
  );
  assert.deepEqual(
    counts,
    counts.map((_, number) => number % 3),
  );
});

test('a further app of a world, and a world whose clock runs, are told of their own', async () => {
  const world = await till.world({ frozen: false });
  const other = await world.app();
  await other.receiveNotifications();
  const gem = await other.buy('gem');
  assert.deepEqual(
    (await other.notifications()).map(({ purchaseToken }) => purchaseToken),
    [gem.purchaseToken],
  );
});

test('a Till that runs elsewhere sends here too', async () => {
  const remote = await connectTill(till.address);
  const world = await remote.world();
  await world.receiveNotifications();
  await world.buy('gem');
  assert.equal((await world.notifications()).length, 1);
  await remote.stop();
});

test('the receiver holds no process alive whose tests forgot to stop', async () => {
  const program = `
    import { connectTill } from '@till/testing';
    const world = await (await connectTill(${JSON.stringify(till.address)})).world();
    await world.receiveNotifications();
    await world.buy('gem');
    console.log((await world.notifications()).length);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module-typescript', '-e', program],
    {
      cwd: import.meta.dirname,
      timeout: 240_000,
    },
  );
  assert.equal(stdout, '1\n');
});
