// The example of a payment gateway, as a person starts it: what docs/gateway.md asks of one.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Question } from '../../src/domain/charge.ts';
import { createHttpGateway } from '../../src/host/http-gateway.ts';
import { gatewaySecret } from '../gateway.ts';
import { temporaryFolder } from './program.ts';

const file = fileURLToPath(new URL('../../../../examples/payment-gateway.ts', import.meta.url));
const charge: Question = {
  key: 'app-token-0',
  kind: 'charge',
  purchaseToken: 'token',
  cycle: 0,
  amount: '9900',
  currency: 'KRW',
  paymentMethod: 'ONEPAY',
  askedAt: 0,
  clientId: 'com.example.game',
  productId: 'pass',
  buyerId: 'buyer-1',
};
const { clientId: _, productId: __, buyerId: ___, ...both } = charge;
const refund: Question = { ...both, key: 'app-token-1', kind: 'refund', refundOf: charge.key };
const take = 'take 9900 KRW from buyer-1';
const giveBack = 'give back 9900 KRW';

interface Example {
  url: string;
  child: ChildProcess;
  /** What it has done, a line for each. */
  done: () => string[];
}

async function startExample(context: TestContext, folder: string): Promise<Example> {
  const child = spawn(process.execPath, [file, '0', join(folder, 'payments.jsonl')], {
    env: { PATH: process.env.PATH, TILL_GATEWAY_SECRET: gatewaySecret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  while (!out.includes('\n')) await once(child.stdout, 'data');
  const lines = () => out.trim().split('\n');
  return { url: (lines()[0] ?? '').replace('listens on ', ''), child, done: () => lines().slice(1) };
}

test('takes money once, whenever it is asked again, and gives it back once', async (t) => {
  const folder = temporaryFolder(t);
  const first = await startExample(t, folder);
  const gateway = createHttpGateway({ url: first.url, secret: gatewaySecret });
  assert.equal(await gateway.ask(charge), 'approved');
  assert.equal(await gateway.ask(charge), 'approved');
  assert.deepEqual(first.done(), [take]);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');

  const second = await startExample(t, folder);
  const again = createHttpGateway({ url: second.url, secret: gatewaySecret });
  for (const question of [charge, refund, refund]) assert.equal(await again.ask(question), 'approved');
  assert.deepEqual(second.done(), [giveBack]);
});

test('gives back nothing for a charge that it never saw, and takes nothing should it still come', async (t) => {
  const example = await startExample(t, temporaryFolder(t));
  const gateway = createHttpGateway({ url: example.url, secret: gatewaySecret });
  assert.equal(await gateway.ask(refund), 'approved');
  assert.equal(await gateway.ask(charge), 'declined');
  assert.equal(await gateway.ask({ ...refund, key: 'app-old-1', refundOf: null }), 'approved');
  assert.deepEqual(example.done(), []);
});

test('does nothing for those who do not know the secret', async (t) => {
  const example = await startExample(t, temporaryFolder(t));
  const stranger = createHttpGateway({ url: example.url, secret: `${gatewaySecret}x` });
  assert.equal(await stranger.ask(charge), 'unanswered');
  const bare = await fetch(example.url, { method: 'POST', body: JSON.stringify(charge) });
  assert.equal(bare.status, 401);
  assert.deepEqual(example.done(), []);
});
