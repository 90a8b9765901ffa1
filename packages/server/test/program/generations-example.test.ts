// The example of one purchase in two generations, as a person runs it against a started Till.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { start } from './program.ts';

const file = fileURLToPath(new URL('../../../../examples/one-purchase-two-generations.ts', import.meta.url));

interface Shown {
  line: string;
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each call has a body of its own
  body: any;
}

/** What it prints: for each call its line, and below it the status and the body. */
function shownIn(out: string): Shown[] {
  const lines = out.trimEnd().split('\n');
  assert.equal(lines.length % 2, 0, out);
  return lines.flatMap((line, index) => {
    if (index % 2 === 1) return [];
    const [, status = '', body = ''] = /^ {2}(\d{3}) (.*)$/.exec(lines[index + 1] ?? '') ?? [];
    return [{ line, status: Number(status), body: JSON.parse(body) }];
  });
}

test('reads a purchase by V5, consumes it by V7, and prints each call with its answer', async (t) => {
  const { url } = await start(t);
  const env = { PATH: process.env.PATH };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, url], { env });
  assert.equal(stderr, '');
  const shown = shownIn(stdout);
  const [app, product, bought, token, ...calls] = shown.map(({ body }) => body);
  const { clientId, packageName } = app;
  assert.notEqual(packageName, clientId);
  const control = `/control/v1/apps/${clientId}`;
  const v5 = `GET /v2/purchase/details/${bought.purchaseId}/${packageName}`;
  const v7 = `/v7/apps/${clientId}/purchases/inapp/products/gem_100/${bought.purchaseToken}`;
  assert.deepEqual(
    shown.map(({ line, status }) => `${line} ${status}`),
    [
      'POST /control/v1/apps 201',
      `PUT ${control}/products/gem_100 200`,
      `POST ${control}/purchases 201`,
      'POST /v2/oauth/token 200',
      `${v5} 200`,
      `GET ${v7} 200`,
      `POST ${v7}/consume 200`,
      `${v5} 200`,
    ],
  );
  assert.deepEqual([app.generation, product.productId, token.status], ['v5', 'gem_100', 'SUCCESS']);
  assert.equal(token.client_id, packageName);
  const [before, seen, consumed, after] = calls;
  const { purchaseTime } = bought;
  const details = { consumptionState: 0, developerPayload: '', purchaseState: 0, purchaseTime };
  assert.deepEqual(before, details);
  assert.deepEqual(seen, { ...details, purchaseId: bought.purchaseId, acknowledgeState: 0, quantity: 1 });
  assert.equal(consumed.result.code, 'Success');
  assert.deepEqual(after, { ...details, consumptionState: 1 });
});
