// The example of a payment gateway, as a person starts it: what docs/gateway.md asks of one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Question } from '../../src/domain/charge.ts';
import { createHttpGateway } from '../../src/host/http-gateway.ts';
import { gatewaySecret } from '../gateway.ts';
import { startExample } from './example.ts';
import { temporaryFolder } from './program.ts';

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

async function startGateway(context: TestContext, folder: string) {
  const given = ['0', join(folder, 'payments.jsonl')];
  const variables = { TILL_GATEWAY_SECRET: gatewaySecret };
  const { child, banner, lines } = await startExample(context, 'payment-gateway', given, variables);
  return { child, url: banner.replace('listens on ', ''), done: lines };
}

test('takes money once, whenever it is asked again, and gives it back once', async (t) => {
  const folder = temporaryFolder(t);
  const first = await startGateway(t, folder);
  const gateway = createHttpGateway({ url: first.url, secret: gatewaySecret });
  assert.equal(await gateway.ask(charge), 'approved');
  assert.equal(await gateway.ask(charge), 'approved');
  assert.deepEqual(first.done(), [take]);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');

  const second = await startGateway(t, folder);
  const again = createHttpGateway({ url: second.url, secret: gatewaySecret });
  for (const question of [charge, refund, refund]) assert.equal(await again.ask(question), 'approved');
  assert.deepEqual(second.done(), [giveBack]);
});

test('gives back nothing for a charge that it never saw, and takes nothing should it still come', async (t) => {
  const example = await startGateway(t, temporaryFolder(t));
  const gateway = createHttpGateway({ url: example.url, secret: gatewaySecret });
  assert.equal(await gateway.ask(refund), 'approved');
  assert.equal(await gateway.ask(charge), 'declined');
  assert.equal(await gateway.ask({ ...refund, key: 'app-old-1', refundOf: null }), 'approved');
  assert.deepEqual(example.done(), []);
});

test('does nothing for those who do not know the secret', async (t) => {
  const example = await startGateway(t, temporaryFolder(t));
  const stranger = createHttpGateway({ url: example.url, secret: `${gatewaySecret}x` });
  assert.equal(await stranger.ask(charge), 'unanswered');
  const bare = await fetch(example.url, { method: 'POST', body: JSON.stringify(charge) });
  assert.equal(bare.status, 401);
  assert.deepEqual(example.done(), []);
});
