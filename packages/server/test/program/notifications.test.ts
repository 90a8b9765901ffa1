// The program is killed around a delivery: the message comes once more, or twice, and never not at all.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openDatabase } from '../../src/store/open.ts';
import { databases } from '../databases.ts';
import { openReceiver } from '../notifications/developers.ts';
import { type RunningProgram, start, stop } from './program.ts';

const controlKey = 'a-control-key-of-programs-0123456789abcdef';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
async function control(program: RunningProgram, method: string, path: string, body?: unknown): Promise<any> {
  const answer = await fetch(`${program.controlUrl}/control/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${controlKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

/** An app of the world `default`, whose payments are told to this address. */
async function openApp(program: RunningProgram, payment: string): Promise<string> {
  const { clientId } = await control(program, 'POST', '/apps', {});
  await control(program, 'PUT', `/apps/${clientId}/notification-urls`, { payment });
  const gem = { type: 'inapp', title: 'A gem', price: '1100', currency: 'KRW' };
  await control(program, 'PUT', `/apps/${clientId}/products/gem`, gem);
  return clientId;
}

async function buy(program: RunningProgram, clientId: string): Promise<string> {
  const { purchaseToken } = await control(program, 'POST', `/apps/${clientId}/purchases`, {
    productId: 'gem',
  });
  return `${purchaseToken}-000000-payment`;
}

function launch(context: TestContext, databaseUrl: string, env: Record<string, string> = {}) {
  const settings = { TILL_CONTROL_KEY: controlKey, TILL_DATABASE_URL: databaseUrl };
  return start(context, { env: { ...settings, ...env } });
}

async function kill(program: RunningProgram): Promise<void> {
  program.child.kill('SIGKILL');
  await program.ended();
}

for (const kind of databases.filter(({ name }) => name !== 'sqlite memory')) {
  test(`killed before a delivery or before its mark, Till sends it after the next start, on ${kind.name}`, async (t) => {
    const { url, drop } = await kind.open();
    t.after(drop);
    const receiver = await openReceiver(t);
    // the first is received and its answer never comes, so that it has no mark; the others are not even sent
    receiver.reply = () => 'hang';
    const first = await launch(t, url);
    const clientId = await openApp(first, receiver.url);
    const ids = await Promise.all(Array.from({ length: 12 }, () => buy(first, clientId)));
    await receiver.until(8);
    await kill(first);
    const received = receiver.ids();
    assert.equal(received.length, 8, 'four were committed and never sent');

    const database = await openDatabase(url);
    const [row] = await database.all(`select count(*) as number from notification where status = 'pending'`);
    assert.equal(Number(row?.number), 12);
    // so much time has passed
    await database.run('update notification set lease_until = 0 where next_attempt_at is not null');
    await database.close();

    receiver.reply = () => 200;
    const second = await launch(t, url);
    const delivered = async () =>
      (await control(second, 'GET', `/apps/${clientId}/notifications?status=delivered`)).items.length;
    for (const end = Date.now() + 60_000; (await delivered()) < 12; await wait(50))
      assert.ok(Date.now() < end);
    const times = (id: string) => receiver.received.filter((one) => one.id === id);
    for (const id of ids) {
      const came = times(id);
      assert.equal(came.length, received.includes(id) ? 2 : 1, id);
      assert.equal(new Set(came.map(({ text }) => text)).size, 1, 'a repeat is the same, byte for byte');
    }
    await stop(second);
  });

  test(`killed at any moment of a hundred purchases, Till tells every one that it answered for, on ${kind.name}`, async (t) => {
    const { url, drop } = await kind.open();
    t.after(drop);
    const receiver = await openReceiver(t);
    const first = await launch(t, url);
    const clientId = await openApp(first, receiver.url);
    const bought: string[] = [];
    const buyer = async () => {
      for (;;) bought.push(await buy(first, clientId));
    };
    const buying = Promise.allSettled([buyer(), buyer(), buyer(), buyer()]);
    await receiver.until(100);
    await kill(first);
    await buying;
    const database = await openDatabase(url);
    await database.run('update notification set lease_until = 0 where next_attempt_at is not null');
    await database.close();
    const second = await launch(t, url);
    await receiver.until(() => bought.every((id) => receiver.received.some((one) => one.id === id)));
    await stop(second);
    const twice = receiver.received.length - receiver.ids().length;
    assert.ok(twice <= 8, `${twice} came twice, and no more than eight were on their way`);
  });
}

test('the proxies of the environment are not used', async (t) => {
  let proxied = 0;
  const proxy = createServer((_, response) => {
    proxied++;
    response.writeHead(502).end();
  });
  proxy.on('connect', (_, socket) => {
    proxied++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => proxy.close());
  const through = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const receiver = await openReceiver(t);
  const proxies = { HTTP_PROXY: through, HTTPS_PROXY: through, http_proxy: through, https_proxy: through };
  const program = await launch(t, 'sqlite::memory:', { ...proxies, NODE_USE_ENV_PROXY: '1' });
  const clientId = await openApp(program, receiver.url);
  await buy(program, clientId);
  await receiver.until(1);
  // a kept connection that was closed is repeated by a new one, which knows of no proxy either
  receiver.reply = (_, time) => (time === 1 ? 'reset' : 200);
  await buy(program, clientId);
  await receiver.until(3);
  await stop(program);
  assert.equal(proxied, 0);
});
