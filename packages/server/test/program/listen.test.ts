// `till listen` as a person runs it: messages shown and handed on, and the former addresses back however it ends.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { startReceiver } from '../../src/cli/listen-receiver.ts';
import { httpDatabases } from '../databases.ts';
import { controlKey, expectStatus, startServer, type TestApp, type TestServer } from '../server.ts';
import { found, type Program, run } from './program.ts';

const [memory] = httpDatabases;
const former = { payment: 'http://127.0.0.1:9/payments', subscription: null };
let server: TestServer;

before(async () => {
  if (memory === undefined) throw new Error('there is no database in memory');
  server = await startServer(memory);
});
after(() => server.stop());

const until = async (done: () => boolean | Promise<boolean>, what: string) => {
  for (const end = Date.now() + 60_000; !(await done()); ) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

async function newApp(): Promise<TestApp> {
  const app = await server.app({ worldId: await server.world() });
  await setAddresses(app, former);
  return app;
}

const inWorld = ({ worldId }: TestApp) => `?worldId=${worldId}`;

async function setAddresses(app: TestApp, addresses: object): Promise<void> {
  const path = `/apps/${app.clientId}/notification-urls${inWorld(app)}`;
  expectStatus(await server.control('PUT', path, addresses), 200);
}

async function addressesOf(app: TestApp) {
  const path = `/apps/${app.clientId}${inWorld(app)}`;
  return expectStatus(await server.control('GET', path), 200).notificationUrls;
}

function listen(context: TestContext, app: TestApp, args: readonly string[] = []): Program {
  const words = ['listen', '--app', app.clientId, '--world', app.worldId, '--control-url', server.url];
  return run(context, { args: [...words, ...args], env: { TILL_CONTROL_KEY: controlKey } });
}

async function listening(context: TestContext, app: TestApp, args: readonly string[] = []) {
  const program = listen(context, app, args);
  const url = await found(program, /come to (http:\S+) until this ends/);
  assert.deepEqual(await addressesOf(app), { payment: url, subscription: url });
  return { program, url };
}

/** A message is shown before it is answered, and an advance of nothing answers when all of them were. */
async function linesAfter(program: Program, app: TestApp, count = 1): Promise<string[]> {
  expectStatus(await server.advance(app.worldId, 'PT0S'), 200);
  const lines = () => program.out().split('\n').slice(1, -1);
  // what is answered is on its way through the pipe, and may come behind the answer
  await until(() => lines().length >= count, `${count} lines were printed`);
  return lines();
}

async function subscribed(app: TestApp): Promise<string> {
  const product = {
    ...{ type: 'subscription', title: 'The club', price: '4900', currency: 'KRW' },
    subscription: { period: 'P1M' },
  };
  expectStatus(
    await server.control('PUT', `/apps/${app.clientId}/products/club${inWorld(app)}`, product),
    200,
  );
  return (await server.buy(app, { productId: 'club' })).purchaseToken;
}

test('shows each message in one line with its verdict, without colours where nobody looks', async (t) => {
  const app = await newApp();
  const { program } = await listening(t, app);
  const purchaseToken = await subscribed(app);
  const lines = await linesAfter(program, app, 2);
  const [first = '', second = '', ...rest] = lines;
  const paid =
    /^\d\d:\d\d:\d\d {2}PNS {2}COMPLETED {2}club {2}4900 KRW {2}purchase SANDBOX3\d+ {2}token (\S+) {2}signature valid$/;
  assert.equal(paid.exec(first)?.[1], purchaseToken);
  const told =
    /^\d\d:\d\d:\d\d {2}SNS {2}SUBSCRIPTION_PURCHASED \(4\) {2}club {2}token (\S+) {2}no signature/;
  assert.equal(told.exec(second)?.[1], purchaseToken);
  assert.deepEqual(rest, []);
});

test('says which signature is wrong, which message came before, and what was cancelled', async (t) => {
  const app = await newApp();
  const { program } = await listening(t, app);
  const items = [
    { kind: 'payment', fault: 'wrongSignature', times: 1 },
    { kind: 'payment', fault: 'duplicate', times: 1 },
    { kind: 'payment', fault: 'truncatedBody', times: 1 },
  ];
  const faults = `/apps/${app.clientId}/notification-faults${inWorld(app)}`;
  expectStatus(await server.control('PUT', faults, { items }), 200);
  const { purchaseToken } = await server.buy(app);
  await linesAfter(program, app);
  const voided = `/apps/${app.clientId}/purchases/${purchaseToken}/void${inWorld(app)}`;
  expectStatus(await server.control('POST', voided, {}), 200);
  await linesAfter(program, app);
  await server.buy(app);
  const [wrong = '', cancelled = '', again = '', cut = ''] = await linesAfter(program, app, 4);
  assert.match(wrong, /COMPLETED .*SIGNATURE INVALID$/);
  assert.match(cancelled, /CANCELED .*signature valid$/);
  assert.match(again, /CANCELED .*signature valid {2}came before$/);
  assert.match(cut, /no JSON object, \d+ bytes {2}SIGNATURE INVALID$/);
});

test('takes the license key that follows as well, also where it was made meanwhile', async (t) => {
  const app = await newApp();
  const { program } = await listening(t, app);
  const path = `/apps/${app.clientId}/license-keys${inWorld(app)}`;
  expectStatus(await server.control('POST', path, { overlap: 'PT0S' }), 201);
  await server.buy(app);
  const [line = ''] = await linesAfter(program, app);
  assert.match(line, /signature valid/);
});

interface Handed {
  body: string;
  headers: IncomingHttpHeaders;
}

async function startTarget(context: TestContext, status: () => number) {
  const handed: Handed[] = [];
  const target = createServer(async (request, response) => {
    handed.push({ body: Buffer.concat(await request.toArray()).toString(), headers: request.headers });
    response.writeHead(status(), { 'x-from': 'target' }).end('as you say');
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  context.after(() => target.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(target.address() as AddressInfo).port}/hook?a=1`, handed, target };
}

async function attemptsOf(app: TestApp) {
  const path = `/apps/${app.clientId}/notifications${inWorld(app)}`;
  const { items } = expectStatus(await server.control('GET', path), 200);
  return items.flatMap(({ attempts }: { attempts: { result: string; httpStatus?: number }[] }) =>
    attempts.map(({ result, httpStatus }) => [result, httpStatus]),
  );
}

test('hands on the same bytes and headers, answers what is answered there, and 502 where nobody is', async (t) => {
  const app = await newApp();
  const statuses = [500, 200];
  const { url: forward, handed, target } = await startTarget(t, () => statuses.shift() ?? 200);
  const { program, url } = await listening(t, app, ['--forward', forward]);
  await server.buy(app);
  await linesAfter(program, app);
  expectStatus(await server.advance(app.worldId, 'PT30S'), 200);
  assert.deepEqual(await attemptsOf(app), [
    ['refused', 500],
    ['delivered', 200],
  ]);
  const [first, second] = handed;
  const path = `/apps/${app.clientId}/notifications${inWorld(app)}`;
  const [sent] = expectStatus(await server.control('GET', path), 200).items;
  assert.deepEqual([first?.body, second?.body], [sent.body, sent.body]);
  assert.equal(first?.headers['webhook-id'], sent.notificationId);
  assert.match(String(first?.headers['webhook-timestamp']), /^\d{10}$/);
  assert.equal(first?.headers['content-type'], 'application/json');
  assert.equal(first?.headers.host, new URL(forward).host);

  const raw = Buffer.from('{"a": "한글 😀 /",  "b":1}');
  const answer = await fetch(url, { method: 'POST', body: raw, headers: { 'x-own': 'Kept' } });
  assert.deepEqual([answer.status, answer.headers.get('x-from')], [200, 'target']);
  assert.equal(await answer.text(), 'as you say');
  assert.deepEqual([handed.at(-1)?.body, handed.at(-1)?.headers['x-own']], [raw.toString(), 'Kept']);

  target.close().closeAllConnections();
  const nobody = await fetch(url, { method: 'POST', body: raw });
  assert.equal(nobody.status, 502);
  const all = /forwarded: 500\n.*came before {2}forwarded: 200\n[\s\S]*forwarded: no answer\n$/;
  await until(() => all.test(program.out()), 'all were shown');
});

test('answers with the status that it got, also where the rest is cut off before the message is shown', async (t) => {
  const target = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-length': 100 }).write('as you');
    setImmediate(() => response.destroy());
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  t.after(() => target.close().closeAllConnections());
  const forward = new URL(`http://127.0.0.1:${(target.address() as AddressInfo).port}`);
  const show = async () => {
    await until(async () => (await connectionsOf(target)) === 0, 'the target has cut it off');
    await new Promise((resolve) => setTimeout(resolve, 200)); // and that is known here
  };
  const receiver = await startReceiver({ address: '127.0.0.1', port: 0, forward }, show);
  t.after(() => receiver.close());
  const answer = await fetch(receiver.url, {
    method: 'POST',
    body: '{}',
    signal: AbortSignal.timeout(9_000),
  });
  assert.equal(answer.status, 200);
  await assert.rejects(answer.text(), { name: 'TypeError' });
});

const connectionsOf = (target: Server) =>
  new Promise<number>((resolve, reject) =>
    target.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`puts the former addresses back before it ends by ${signal}`, async (t) => {
    const app = await newApp();
    const { program } = await listening(t, app);
    program.child.kill(signal);
    const { code, errors } = await program.ended();
    assert.deepEqual([code, errors], [{ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal], '']);
    assert.deepEqual(await addressesOf(app), former);
  });
}

test('puts them back although it is killed', async (t) => {
  const app = await newApp();
  const { program } = await listening(t, app);
  program.child.kill('SIGKILL');
  await until(async () => (await addressesOf(app)).payment === former.payment, 'the addresses came back');
  assert.deepEqual(await addressesOf(app), former);
});

/** A server in front of Till, which may be away; `behind` happens between Till's answer and its own. */
async function startFront(context: TestContext) {
  const front = { url: '', isAway: false, turnedAway: 0, behind: async () => {} };
  const listener = createServer(async (request, response) => {
    if (front.isAway) {
      front.turnedAway++;
      return response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>');
    }
    const body = Buffer.concat(await request.toArray());
    const answer = await fetch(`${server.url}${request.url}`, {
      method: String(request.method),
      headers: { authorization: String(request.headers.authorization), 'content-type': 'application/json' },
      ...(body.length === 0 ? {} : { body }),
    });
    await front.behind();
    response.writeHead(answer.status).end(await answer.text());
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  context.after(() => listener.close().closeAllConnections());
  front.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return front;
}

test('puts them back although it is killed while a server in front of Till answers for one that is away', async (t) => {
  const app = await newApp();
  const front = await startFront(t);
  const { program } = await listening(t, app, ['--control-url', front.url]);
  front.isAway = true;
  program.child.kill('SIGKILL');
  await until(() => front.turnedAway > 0, 'the keeper has asked');
  front.isAway = false;
  await until(async () => (await addressesOf(app)).payment === former.payment, 'the addresses came back');
});

test('leaves alone what somebody sets while it starts, another listener above all', async (t) => {
  const app = await newApp();
  const front = await startFront(t);
  const theirs = { payment: 'http://127.0.0.1:9/theirs', subscription: 'http://127.0.0.1:9/theirs' };
  front.behind = async () => {
    front.behind = async () => {};
    await setAddresses(app, theirs); // the listener has just read the former ones
  };
  const { code, out, errors } = await listen(t, app, ['--control-url', front.url]).ended();
  assert.deepEqual([code, out], [1, '']);
  assert.equal(errors, `till: somebody has just changed the addresses of ${app.clientId}; start again\n`);
  assert.deepEqual(await addressesOf(app), theirs);
});

test('puts them back itself where its keeper is killed, and says so', async (t) => {
  const app = await newApp();
  const { program } = await listening(t, app);
  const keepers = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === program.child.pid);
  assert.equal(keepers.length, 1);
  process.kill(keepers[0]?.[0] ?? Number.NaN, 'SIGKILL');
  const { code, errors } = await program.ended();
  assert.deepEqual([code, errors], [1, 'till: the keeper of the addresses was ended\n']);
  assert.deepEqual(await addressesOf(app), former);
});

test('ends, and puts them back, when nobody reads what it prints any more', async (t) => {
  const app = await newApp();
  const { program } = await listening(t, app);
  program.child.stdout?.destroy();
  await server.buy(app);
  const [code] = await once(program.child, 'exit');
  assert.deepEqual([code, program.errors()], [1, '']);
  assert.deepEqual(await addressesOf(app), former);
});

test('leaves alone what somebody has set meanwhile', async (t) => {
  const app = await newApp();
  const { program, url } = await listening(t, app);
  const theirs = 'http://127.0.0.1:9/theirs';
  await setAddresses(app, { subscription: theirs });
  assert.deepEqual(await addressesOf(app), { payment: url, subscription: theirs });
  program.child.kill('SIGTERM');
  await program.ended();
  assert.deepEqual(await addressesOf(app), { payment: former.payment, subscription: theirs });
});

test('refuses beside another listener of the app, and forgets the address of one that was cut off', async (t) => {
  const app = await newApp();
  const { program } = await listening(t, app);
  const second = await listen(t, app).ended();
  assert.deepEqual(
    [second.code, second.errors],
    [1, `till: another till listen receives for ${app.clientId}; end it first\n`],
  );
  program.child.kill('SIGTERM');
  await program.ended();
  assert.deepEqual(await addressesOf(app), former);

  await setAddresses(app, { payment: 'http://127.0.0.1:9/till-listen/0123456789abcdef' });
  const third = await listening(t, app);
  third.program.child.kill('SIGTERM');
  await third.program.ended();
  assert.deepEqual(await addressesOf(app), { payment: null, subscription: null });
});

test('says in one line what stands in its way, and repeats no key', async (t) => {
  const app = await newApp();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const port = String((taken.address() as AddressInfo).port);
  const key = 'hush-HUSH-7391-hush-HUSH-7391-hush';
  const words = ['listen', '--app', app.clientId, '--control-url', server.url];
  const env = { TILL_CONTROL_KEY: controlKey };
  const cases: [string[], Record<string, string>, RegExp][] = [
    [words.with(4, 'http://127.0.0.1:9'), env, /^till: no control API answers at http:\/\/127\.0\.0\.1:9/],
    [
      words,
      { TILL_CONTROL_KEY: key },
      /^till: http:\S+ does not take this control key; set TILL_CONTROL_KEY\n$/,
    ],
    [
      words.with(2, 'com.example.nobody'),
      env,
      /^till: there is no app com\.example\.nobody; an app of another/,
    ],
    [
      [...words, '--receive-port', port],
      env,
      new RegExp(`^till: port ${port} of 127\\.0\\.0\\.1 is in use; .*--receive-port`),
    ],
    [[...words, '--receive-port', 'many'], env, /^till: --receive-port must be a number/],
    [[...words, '--receive-on', '0.0.0.0'], env, /^till: --receive-on must be one address/],
    [[...words, '--forward', 'localhost:80'], env, /^till: --forward must be an http or https address/],
    [[...words, '--forward', `http://me:${key}@localhost`], env, /^till: --forward must have no user and no/],
    [words.with(4, `http://me:${key}@localhost`), env, /^till: --control-url must have no user and no/],
    [['listen'], env, /^till: --app is missing/],
  ];
  await Promise.all(
    cases.map(async ([args, variables, line]) => {
      const inItsWorld = args.includes(app.clientId) ? ['--world', app.worldId] : [];
      const { code, out, errors } = await run(t, { args: [...args, ...inItsWorld], env: variables }).ended();
      assert.deepEqual([code, out], [1, ''], errors);
      assert.match(errors, line);
      assert.equal(errors.split('\n').length, 2, errors);
      assert.ok(!errors.includes(key) && !errors.includes(controlKey));
    }),
  );
  assert.deepEqual(await addressesOf(app), former);
});
