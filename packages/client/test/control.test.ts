// The control client against a running Till: every row a method, lists, events, keys of writes, and each kind of failure.
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { controlOperations } from '@till/protocol/control';
import type { Operation } from '@till/protocol/shape';
import { readSettings } from '../../server/src/settings.ts';
import { createTill, type Till } from '../../server/src/till.ts';
import {
  ControlClient,
  type ControlMethods,
  type ControlReply,
  OneStoreApiError,
  type OneStoreError,
  OneStoreInputError,
  OneStoreNetworkError,
  OneStoreReplyError,
  OneStoreTimeoutError,
} from '../src/control.ts';
import type { Fetch } from '../src/settings.ts';

const controlKey = 'a-key-of-the-control-client-0123456789';
let till: Till;
let control: ControlClient;

before(async () => {
  const flags = ['--port', '0', '--database-url', 'sqlite::memory:', '--log-level', 'silent'];
  till = await createTill(readSettings([...flags, '--control-key', controlKey], {}));
  control = new ControlClient({ baseUrl: `${till.url}/control/v1/`, controlKey });
});
after(() => till.stop());

/** An app in a world of its own, with one product. */
async function shop() {
  const { worldId } = await control.createWorld({ clock: { frozen: true } });
  const app = await control.createApp({ worldId });
  const named = { clientId: app.clientId, worldId };
  const terms = { type: 'inapp', title: 'A gem', price: '1100', currency: 'KRW' } as const;
  await control.putProduct({ ...named, productId: 'gem', ...terms });
  return named;
}

/** A server that answers as no Till would. */
async function strange(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function thrown<Kind extends OneStoreError>(
  kind: abstract new (...given: never[]) => Kind,
  call: PromiseLike<unknown>,
): Promise<Kind> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof kind, inspect(error));
    return error;
  }
  throw new Error('the call should have thrown');
}

test('there is a method for each row of the table, and no name stands in two parts of a row', () => {
  for (const [name, row] of Object.entries<Operation>(controlOperations)) {
    assert.equal(typeof control[name as keyof ControlMethods], 'function', name);
    const names = [row.params, row.query, row.body].flatMap((part) => Object.keys(part ?? {}));
    assert.equal(new Set(names).size, names.length, name);
  }
});

test('a purchase is made, read and voided, and its values come from path, query and body of one object', async () => {
  const app = await shop();
  const bought = await control.createPurchase({ ...app, productId: 'gem', developerPayload: 'a/b?c&d' });
  assert.equal(bought.developerPayload, 'a/b?c&d');
  const { purchaseToken } = bought;
  const voided = await control.voidPurchase({ ...app, purchaseToken, reason: 'a test' });
  assert.equal(voided.state, 'voided');
  const { history } = await control.readPurchase({ ...app, purchaseToken });
  assert.deepEqual(
    history.map(({ what }) => what),
    ['purchased', 'voided'],
  );
  assert.equal(await control.deleteWorld({ worldId: app.worldId }), undefined);
  assert.equal((await thrown(OneStoreApiError, control.readApp(app))).code, 'NoSuchData');
});

test('path and query values are escaped: a name with a slash stays one value', async (t) => {
  const asked: (string | undefined)[] = [];
  const baseUrl = await strange(t, (request, response) => {
    asked.push(request.url);
    response.end('{}');
  });
  const far = new ControlClient({ baseUrl, controlKey });
  await far.readProduct({ clientId: 'com.example', productId: '$&/../b %?', worldId: 'a&b' });
  assert.deepEqual(asked, ['/control/v1/apps/com.example/products/%24%26%2F..%2Fb%20%25%3F?worldId=a%26b']);
});

test('a list is a page where it is awaited and every row where it is iterated', async () => {
  const app = await shop();
  const tokens = new Set<string>();
  for (let count = 0; count < 5; count++) {
    tokens.add((await control.createPurchase({ ...app, productId: 'gem' })).purchaseToken);
  }
  const list = control.listPurchases({ ...app, limit: 2 });
  const page = await list;
  assert.equal(page.items.length, 2);
  assert.equal(typeof page.nextCursor, 'string');
  const seen: string[] = [];
  for await (const { purchaseToken } of list) seen.push(purchaseToken);
  assert.deepEqual(seen.toSorted(), [...tokens].sort());
  const sizes: number[] = [];
  for await (const { items } of control.listPurchases({ ...app, limit: 2 }).pages()) {
    sizes.push(items.length);
  }
  assert.deepEqual(sizes, [2, 2, 1]);
});

test('a list that nobody waits for asks nothing, and one that fails can be caught', async () => {
  let calls = 0;
  const counting: Fetch = (...given) => {
    calls += 1;
    return fetch(...given);
  };
  const counted = new ControlClient({ baseUrl: till.url, controlKey, fetch: counting });
  counted.listWorlds();
  assert.equal(calls, 0);
  const failed = await counted.listProducts({ clientId: 'nobody' }).catch((error: unknown) => error);
  assert.ok(failed instanceof OneStoreApiError);
  assert.equal(calls, 1);
});

test('events come in order while others write, and the stream goes on after the last one seen', async () => {
  const app = await shop();
  const listening = new AbortController();
  const events = await control.listenToEvents({}, { signal: listening.signal });
  const { purchaseToken } = await control.createPurchase({ ...app, productId: 'gem' });
  await control.voidPurchase({ ...app, purchaseToken });
  const seen: ControlReply<'listenToEvents'>[] = [];
  for await (const event of events) {
    if (event.purchaseToken === purchaseToken && event.what !== 'control') seen.push(event);
    if (event.what === 'voided') break;
  }
  assert.deepEqual(
    seen.map(({ what }) => what),
    ['purchased', 'voided'],
  );
  const lastEventId = seen[0]?.id ?? '';
  for await (const event of control.listenToEvents({ lastEventId })) {
    assert.notEqual(event.what, 'purchased');
    if (event.what === 'voided') break;
  }
});

test('a stream of events ends with its signal, which is what it throws', { timeout: 240_000 }, async () => {
  const listening = new AbortController();
  const events = await control.listenToEvents({}, { signal: listening.signal, timeoutMs: 60_000 });
  const next = (async () => {
    for await (const event of events) if (event.what === 'never') return;
  })();
  listening.abort(new Error('enough'));
  await assert.rejects(next, /^Error: enough$/);
});

test('a write with an Idempotency-Key is carried out once', async () => {
  const app = await shop();
  const input = { ...app, productId: 'gem' };
  const once = { idempotencyKey: 'order-4711' };
  const first = await control.createPurchase(input, once);
  const again = await control.createPurchase(input, once);
  assert.deepEqual(again, first);
  const other = control.createPurchase({ ...input, quantity: 2 }, once);
  assert.equal((await thrown(OneStoreApiError, other)).code, 'InvalidState');
});

test('a refusal has its code, its status, the names of what does not fit, and the request it answers', async () => {
  const { worldId } = await shop();
  // @ts-expect-error the table knows no such member
  const call = control.createApp({ worldId, titel: 'Misspelt' });
  const error = await thrown(OneStoreApiError, call);
  assert.deepEqual(
    [error.code, error.status, error.fields, error.operation],
    ['InvalidRequest', 400, ['titel'], 'createApp'],
  );
  assert.match(error.requestId ?? '', /^.{8,}$/);
  assert.match(error.message, /^createApp: InvalidRequest: /);
});

test('a misspelt name of a call without a body is refused as well', async () => {
  // @ts-expect-error the table knows no such member
  const error = await thrown(OneStoreApiError, control.listWorlds({ limt: 1 }));
  assert.deepEqual(error.fields, ['limt']);
});

test('what the path needs is asked for before anything is sent', async () => {
  // @ts-expect-error the world is missing
  assert.deepEqual((await thrown(OneStoreInputError, control.readWorld())).fields, ['worldId']);
  const empty = control.readWorld({ worldId: '' });
  assert.deepEqual((await thrown(OneStoreInputError, empty)).fields, ['worldId']);
  const key = control.createWorld({}, { idempotencyKey: 'two words' });
  assert.deepEqual((await thrown(OneStoreInputError, key)).fields, ['idempotencyKey']);
});

test('the key is in no error, and nothing that is printed shows it', async () => {
  const wrong = 'wrong-key-that-nobody-may-see';
  const stranger = new ControlClient({ baseUrl: till.url, controlKey: wrong });
  const error = await thrown(OneStoreApiError, stranger.createWorld());
  assert.deepEqual([error.code, error.status], ['InvalidAccessToken', 401]);
  const broken = () => new ControlClient({ baseUrl: till.url, controlKey: `${wrong}\n` });
  assert.throws(broken, (refused: Error) => !inspect(refused).includes(wrong));
  for (const shown of [inspect(error), inspect(stranger, { showHidden: true, depth: 9 })]) {
    assert.ok(!shown.includes(wrong));
  }
});

test('health and metrics are asked for without the key', async (t) => {
  assert.deepEqual(await control.readHealth(), { status: 'ok' });
  assert.match(await control.readMetrics(), /^# HELP /);
  const asked: (string | undefined)[] = [];
  const baseUrl = await strange(t, (request, response) => {
    asked.push(request.headers.authorization);
    response.end('{"status":"ok"}');
  });
  await new ControlClient({ baseUrl, controlKey }).readHealth();
  assert.deepEqual(asked, [undefined]);
});

test('an answer that does not come in time is one error, a caller who gives up another', async (t) => {
  const silent = new ControlClient({ baseUrl: await strange(t, () => {}), controlKey, timeoutMs: 50 });
  assert.match((await thrown(OneStoreTimeoutError, silent.listWorlds())).message, /50 ms/);
  assert.match((await thrown(OneStoreTimeoutError, silent.listenToEvents())).message, /50 ms/);
  const signal = AbortSignal.abort(new Error('never mind'));
  await assert.rejects(silent.createWorld({}, { signal }), /^Error: never mind$/);
});

test('no connection and a broken one are network errors that tell the reason', async (t) => {
  const baseUrl = await strange(t, (_request, response) =>
    response.writeHead(200).write('{', () => response.destroy()),
  );
  const broken = await thrown(OneStoreNetworkError, new ControlClient({ baseUrl, controlKey }).createWorld());
  assert.equal(broken.reason, 'UND_ERR_SOCKET');
  const nobody = new ControlClient({ baseUrl: 'http://127.0.0.1:1', controlKey });
  assert.match((await thrown(OneStoreNetworkError, nobody.listWorlds())).message, /^listWorlds: no reply/);
});

test('an answer of something else is told with its status and without its text', async (t) => {
  const baseUrl = await strange(t, (_request, response) =>
    response.writeHead(502).end('<h1>Bad Gateway</h1>'),
  );
  const error = await thrown(OneStoreReplyError, new ControlClient({ baseUrl, controlKey }).createWorld());
  assert.equal(error.status, 502);
  assert.ok(!inspect(error).includes('Gateway'));
});

test('a redirection is not followed: the key goes where it was meant to go', async (t) => {
  const paths: (string | undefined)[] = [];
  const baseUrl = await strange(t, (request, response) => {
    paths.push(request.url);
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  await thrown(OneStoreReplyError, new ControlClient({ baseUrl, controlKey }).listWorlds());
  assert.deepEqual(paths, ['/control/v1/worlds']);
});

test('a segment of dots is refused: it would lead to another place', async (t) => {
  const paths: (string | undefined)[] = [];
  const baseUrl = await strange(t, (request, response) => {
    paths.push(request.url);
    response.end('{}');
  });
  const anywhere = new ControlClient({ baseUrl, controlKey });
  for (const worldId of ['.', '..']) {
    const error = await thrown(OneStoreInputError, anywhere.readWorld({ worldId }));
    assert.deepEqual(error.fields, ['worldId']);
  }
  assert.deepEqual(paths, []);
});

test('options that do not fit are refused by name', () => {
  const good = { baseUrl: 'http://127.0.0.1:7575', controlKey };
  for (const [name, value] of [
    ['baseUrl', undefined],
    ['baseUrl', 'localhost'],
    ['controlKey', undefined],
    ['controlKey', ''],
    ['timeoutMs', Number.NaN],
  ] as const) {
    const make = () => new ControlClient({ ...good, [name]: value } as never);
    assert.throws(make, { name: 'OneStoreInputError', fields: [name] });
  }
});

test('a key that a server repeats, in whatever spelling, is not shown', async (t) => {
  const secret = 'key/of=the+operator';
  const spelt = ['key/of=the+operator', 'key\\/of\\u003dthe+operator', encodeURIComponent(secret)];
  for (const spelling of spelt) {
    const baseUrl = await strange(t, (_request, response) =>
      response
        .writeHead(401, { 'x-request-id': encodeURIComponent(secret) })
        .end(`{"error":{"code":"InvalidAccessToken","message":"no ${spelling}","fields":["${spelling}"]}}`),
    );
    const stranger = new ControlClient({ baseUrl, controlKey: secret });
    const error = await thrown(OneStoreApiError, stranger.listWorlds());
    assert.ok(!/operator/.test(inspect(error, { depth: 9 })), inspect(error));
  }
});
