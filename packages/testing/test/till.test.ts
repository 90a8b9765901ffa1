// Starting, connecting and stopping.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ControlClient, OneStoreApiError, OneStoreNetworkError } from '@till/client/control';
import { connectTill, startTill } from '@till/testing';

test('servers run side by side on ports of their own, each with a key that opens no other', async () => {
  const [one, other] = await Promise.all([startTill(), startTill()]);
  try {
    assert.notEqual(one.baseUrl, other.baseUrl);
    assert.match(one.baseUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
    const stranger = new ControlClient({ baseUrl: one.baseUrl, controlKey: 'till' });
    await assert.rejects(stranger.listWorlds().then(), { code: 'InvalidAccessToken' });
    const worlds = (await one.control.listWorlds()).items.map(({ worldId }) => worldId);
    assert.deepEqual(worlds, ['default']);
  } finally {
    await Promise.all([one.stop(), other.stop(), one.stop()]);
  }
  await assert.rejects(one.world(), OneStoreNetworkError);
});

test('`await using` stops what it started', async () => {
  let baseUrl = '';
  {
    await using till = await startTill();
    ({ baseUrl } = till);
    await using world = await till.world();
    await world.buy('gem');
  }
  await assert.rejects(connectTill(baseUrl), OneStoreNetworkError);
});

test('a process that starts, uses and stops one writes nothing, and ends', async () => {
  const program = `import { startTill } from '@till/testing';
    const till = await startTill();
    const world = await till.world();
    await world.advance('P1Y');
    await world.buy('nothing').catch(() => {});
    await till.stop();`;
  const cwd = fileURLToPath(new URL('../', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd,
    timeout: 240_000,
  });
  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      written += text;
    });
  }
  const [code] = await once(child, 'close');
  assert.deepEqual([code, written], [0, '']);
});

test('one that runs elsewhere is used as it is, and only what was made here goes with the stop', async () => {
  await using server = await startTill();
  const kept = await server.world();
  const { baseUrl, controlKey } = server.address;
  const connected = await connectTill(baseUrl, { controlKey });
  const again = await connectTill({ baseUrl, controlUrl: `${baseUrl}/control/v1`, controlKey });
  const world = await connected.world({ seed: 'x' });
  const removed = await again.world();
  assert.equal((await (await world.buy('gem')).consume()).consumed, true);
  await removed.remove();
  await connected.stop();
  await again.stop();
  const left = (await server.control.listWorlds()).items.map(({ worldId }) => worldId);
  assert.deepEqual(left.toSorted(), ['default', kept.worldId].sort());
});

test('the events of a server in this process can be listened to, and its refusals tell what is wrong', async () => {
  await using till = await startTill();
  const world = await till.world();
  const events = await till.control.listenToEvents();
  const { purchaseToken } = await world.buy('gem', { developerPayload: '가나다' });
  const purchased = [];
  for await (const event of events) {
    if (event.what === 'purchased') purchased.push(event.purchaseToken);
    if (event.operation === 'createPurchase') break;
  }
  assert.deepEqual(purchased, [purchaseToken]);
  assert.equal((await world.purchases())[0]?.developerPayload, '가나다');
  const wrong = { code: 'InvalidRequest', status: 400, fields: ['quantity'] };
  await assert.rejects(world.buy('gem', { quantity: 0 }), wrong);
  const signal = AbortSignal.abort(new Error('never mind'));
  await assert.rejects(till.control.createWorld({}, { signal }), /^Error: never mind$/);
  const listening = new AbortController();
  const open = await till.control.listenToEvents({}, { signal: listening.signal });
  listening.abort(new Error('enough'));
  await assert.rejects(open.next(), /^Error: enough$/);
});

test('a wrong key is noticed when connecting', async () => {
  await using server = await startTill();
  await assert.rejects(connectTill(server.baseUrl), OneStoreApiError);
});
