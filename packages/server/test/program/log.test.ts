// The log and the limits of the running program: JSON only, found again by its request ID, and no secret in it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { found, logLines, type RunningProgram, start, stop } from './program.ts';

const demoSecret = 'dGlsbC1kZW1vLXNlY3JldC1mb3ItdGhlLXNhbmRib3g=';
const controlKey = 'a-key-of-the-log-test-0123456789-abcdef';
const strange = 'hush-hush-7391';
const form = 'application/x-www-form-urlencoded';

interface Call {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

test('every line is JSON with the ID of its answer, and none holds a secret, a token or a payload', async (t) => {
  const program = await start(t, { args: ['--log-level', 'trace'], env: { TILL_CONTROL_KEY: controlKey } });
  const ids: string[] = [];
  const call = async (path: string, given: Call = {}) => {
    const answer = await fetch(`${program.url}${path}`, { method: 'GET', ...given });
    ids.push(answer.headers.get('x-request-id') ?? 'none');
    const text = await answer.text();
    // biome-ignore lint/suspicious/noExplicitAny: the answers are not what is tested here
    return text === '' ? undefined : (JSON.parse(text) as any);
  };
  const control = (path: string, body?: unknown) =>
    call(`/control/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${controlKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  const credentials = `grant_type=client_credentials&client_id=com.example.demo&client_secret=${demoSecret}`;
  const issued = await call('/v7/oauth/token', {
    method: 'POST',
    headers: { 'content-type': form },
    body: credentials,
  });
  await call(`/v7/oauth/token?${credentials}`, { method: 'POST' });
  await call(`/v7/oauth/token?client_secret=${strange}`, { method: 'POST' });
  const app = await control('/apps', { clientId: 'com.example.log' });
  const bought = await control('/apps/com.example.demo/purchases', {
    productId: 'gem_100',
    developerPayload: `payload-${strange}`,
  });
  await control('/apps/com.example.demo/purchases', {
    productId: 'gem_100',
    developerPayload: strange.repeat(20),
  });
  await control('/apps/com.example.demo/purchases', { productId: 'gem_100', country: strange });
  const found = await control(`/apps/com.example.demo/purchases/${bought.purchaseToken}`);
  assert.ok(found.signature);

  const products = '/v7/apps/com.example.demo/purchases/inapp/products/gem_100';
  const bearer = { authorization: `Bearer ${issued.access_token}` };
  await call(`${products}/${bought.purchaseToken}`, { headers: bearer });
  await call(`${products}/${strange.repeat(3)}`, { headers: bearer });
  await call(`/nowhere/${bought.purchaseToken}`, { headers: bearer });
  await call(`/%zz/${strange}`, { headers: bearer });
  await call(`${products}/${bought.purchaseToken}`, { headers: { authorization: `Bearer ${strange}` } });
  await call(`/v7/apps/com.example.demo/voided-purchases?continuationKey=${strange}`, { headers: bearer });
  const json = { ...bearer, 'content-type': 'application/json' };
  for (const body of [
    JSON.stringify({ developerPayload: `payload-${strange}` }),
    JSON.stringify({ developerPayload: [strange] }),
    `{"developerPayload": ${strange}`,
  ]) {
    await call(`${products}/${bought.purchaseToken}/consume`, { method: 'POST', headers: json, body });
  }
  await stop(program);

  const lines = logLines(program);
  for (const id of ids) assert.equal(lines.filter((line) => line.requestId === id).length, 1, id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(lines.some(({ operation }) => operation === 'consumePurchase'));
  const hidden = [
    issued.access_token,
    app.clientSecret,
    bought.purchaseToken,
    found.signature,
    strange,
    controlKey,
  ];
  for (const text of hidden) {
    assert.ok(!program.errors().includes(text), `the log holds ${text}`);
    assert.ok(!program.out().includes(text), `the banner holds ${text}`);
  }
  assert.ok(!program.errors().includes(demoSecret));
  assert.ok(!/BEGIN|MII[A-Za-z0-9+/]{40}/.test(program.errors()), 'the log holds a key');
});

test('--log-level silent writes nothing but the banner', async (t) => {
  const program = await start(t, { args: ['--log-level', 'silent'] });
  await (await fetch(`${program.url}/healthz`)).text();
  await stop(program);
  assert.equal(program.errors(), '');
});

/** Sends bytes as they are and answers all that comes back until the server closes. */
async function raw(program: RunningProgram, text: string): Promise<string> {
  const { hostname, port } = new URL(program.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(text);
  const parts: Buffer[] = [];
  try {
    for await (const part of socket) parts.push(part);
  } catch {
    // the server may have closed before all of the bytes were read
  }
  return Buffer.concat(parts).toString();
}

test('limits: 16 KiB of headers, 64 KiB of body, ten seconds for the headers', async (t) => {
  const program = await start(t);
  await found(program, /(consume\n)/);
  const slowAt = Date.now();
  const slow = raw(program, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n');

  const headers = await raw(
    program,
    `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ${'x'.repeat(17_000)}\r\n\r\n`,
  );
  assert.match(headers, /^HTTP\/1\.1 400 [\s\S]*"code":"BadRequest"/);

  const post = (bytes: number) =>
    fetch(`${program.url}/v7/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': form },
      body: `grant_type=client_credentials&client_id=${'x'.repeat(bytes)}`,
    });
  const large = await post(64 * 1024);
  assert.equal(large.status, 400);
  assert.match(await large.text(), /"code":"BadRequest"/);
  const small = await post(60 * 1024);
  assert.match(await small.text(), /"code":"RequiredValueNotExist"/);

  assert.match(await slow, /^HTTP\/1\.1 400 [\s\S]*"code":"BadRequest"/);
  // Node's own limit is a minute; a busy machine may be late, but not by as much
  assert.ok(Date.now() - slowAt < 40_000);
});
