// The example of a receiver, as a person starts it against a running Till: what comes, what comes twice, what is refused.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startExample } from './example.ts';
import { start } from './program.ts';

async function startReceiver(context: TestContext, licenseKeys: string) {
  const { banner, lines } = await startExample(context, 'notification-receiver', [licenseKeys, '0']);
  return { url: `http://127.0.0.1:${banner.replace('listens on port ', '')}/`, lines };
}

test('the receiver of the examples takes what is genuine, drops repeats and refuses the rest', async (t) => {
  const till = await start(t);
  const control = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${till.controlUrl}/control/v1${path}`, {
      method,
      headers: { authorization: 'Bearer till', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(answer.ok, `${method} ${path} ${answer.status}`);
    // biome-ignore lint/suspicious/noExplicitAny: each call has an answer of its own
    return (await answer.json()) as any;
  };
  await control('POST', '/worlds', { worldId: 'lab', clock: { frozen: true } });
  const app = await control('POST', '/apps', { worldId: 'lab', clientId: 'com.example.receiver' });
  const { licenseKey: next } = await control('POST', '/apps/com.example.receiver/license-keys');
  const { url, lines } = await startReceiver(t, `${app.licenseKey},${next}`);
  const own = '/apps/com.example.receiver';
  await control('PUT', `${own}/notification-urls`, { payment: url, subscription: url });
  const sword = { type: 'inapp', title: '검 😀', price: '1100', currency: 'KRW' };
  await control('PUT', `${own}/products/sword`, sword);
  const club = { ...sword, type: 'subscription', price: '4900', subscription: { period: 'P1M' } };
  await control('PUT', `${own}/products/club`, club);
  const items = ['duplicate', 'alteredBody'].map((fault) => ({ kind: 'payment', fault, times: 1 }));
  await control('PUT', `${own}/notification-faults`, { items });
  const buy = async (productId: string) => {
    const given = { productId, developerPayload: '주문/1 😀 "é"', productName: '한글 / 이름' };
    const bought = await control('POST', `${own}/purchases`, given);
    await control('POST', '/worlds/lab/clock/advance', { by: 'PT0S' });
    return bought;
  };
  const twice = await buy('sword');
  const altered = await buy('sword');
  const member = await buy('club');
  await control('POST', '/worlds/lab/clock/advance', { by: 'PT30S' });
  assert.deepEqual(lines(), [
    `purchase ${twice.purchaseId}: COMPLETED 1100`,
    'refused: the signature of the notification does not fit',
    `purchase ${member.purchaseId}: COMPLETED 4900`,
    `subscription ${member.purchaseToken}: type 4`,
    `purchase ${altered.purchaseId}: COMPLETED 1100`,
  ]);
});
