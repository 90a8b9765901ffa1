// Who may call the control API, and how what is not there is answered.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { controlOperations } from '@till/protocol/control';
import type { Operation } from '@till/protocol/shape';
import { knownControlKey, readSettings } from '../../src/settings.ts';
import { httpDatabases } from '../databases.ts';
import { converse } from '../raw-http.ts';
import { controlKey, expectStatus, refusal, startServer, type TestServer } from '../server.ts';

const worlds = '/control/v1/worlds';
const rows: [name: string, row: Operation][] = Object.entries(controlOperations);
const kept = rows.filter(([, row]) => row.access === 'controlKey');
const sample = (path: string) => path.replaceAll(/\{\w+\}/g, 'x');

/** Matches the paths that a row's path stands for. */
const matcherOf = (path: string) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);

for (const database of httpDatabases) {
  describe(`access to the control API on ${database.name}`, () => {
    let server: TestServer;

    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const withKey = (authorization: string) => server.call('GET', worlds, { headers: { authorization } });

    for (const [name, row] of kept) {
      test(`${name} without the key is InvalidAccessToken, and says nothing of what is there`, async () => {
        const answer = await server.call(row.method, sample(row.path), {
          ...(row.method === 'GET' ? {} : { body: { no: 'member' } }),
        });
        assert.deepEqual(refusal(answer), [401, 'InvalidAccessToken']);
      });
    }

    test('only the key itself opens, in the form of a bearer', async () => {
      expectStatus(await withKey(`Bearer ${controlKey}`), 200);
      for (const wrong of [
        '',
        'Bearer',
        'Bearer ',
        `Bearer ${controlKey}x`,
        `Bearer ${controlKey.slice(0, -1)}`,
        `Bearer ${controlKey.toUpperCase()}`,
        `bearer ${controlKey}`,
        `Basic ${controlKey}`,
        controlKey,
        `Bearer ${knownControlKey}`,
      ]) {
        assert.deepEqual(refusal(await withKey(wrong)), [401, 'InvalidAccessToken'], wrong);
      }
    });

    test('an access token of an app opens nothing here, nor the control key the server API', async () => {
      const app = await server.app({ worldId: await server.world() });
      const token = await server.token(app);
      assert.deepEqual(refusal(await withKey(`Bearer ${token}`)), [401, 'InvalidAccessToken']);
      const answer = await server.call('GET', `/v7/apps/${app.clientId}/voided-purchases`, {
        token: controlKey,
      });
      assert.equal(answer.status, 400);
    });

    test('a path that is not there is ResourceNotFound, with the key and without', async () => {
      for (const path of [
        '',
        '/',
        '/world',
        '/worlds/a/b',
        '/apps/a/purchases/b/cancel/c',
        '/../v1/worlds/x/y/z',
      ]) {
        const url = `/control/v1${path}`;
        assert.deepEqual(refusal(await server.call('GET', url)), [404, 'ResourceNotFound'], path);
        const keyed = await server.call('GET', url, { headers: { authorization: `Bearer ${controlKey}` } });
        assert.deepEqual(refusal(keyed), [404, 'ResourceNotFound'], path);
      }
    });

    test('another verb is MethodNotAllowed and tells which are allowed', async () => {
      const verbs = new Map<string, Set<string>>();
      for (const [, { path, method }] of rows) verbs.set(path, (verbs.get(path) ?? new Set()).add(method));
      for (const path of verbs.keys()) {
        // a word of a path may also be the name of a thing
        const others = [...verbs].filter(([other]) => matcherOf(other).test(path)).map(([, set]) => set);
        const allowed = new Set(others.flatMap((set) => [...set]));
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
          if (allowed.has(method)) continue;
          const answer = await server.call(method, sample(path));
          assert.deepEqual(refusal(answer), [405, 'MethodNotAllowed'], `${method} ${path}`);
          assert.deepEqual(new Set(answer.headers.get('allow')?.split(', ')), allowed, `${method} ${path}`);
        }
      }
    });

    test('a body must be a JSON object of a fitting content type', async () => {
      const authorization = `Bearer ${controlKey}`;
      const send = (body: string, type: string) =>
        server.call('POST', worlds, { body, headers: { authorization, 'content-type': type } });
      assert.deepEqual(refusal(await send('{}', 'text/plain')), [415, 'InvalidContentType']);
      for (const body of ['{', '[]', '"text"', 'null', '5', '\ufeff']) {
        assert.deepEqual(refusal(await send(body, 'application/json')), [400, 'BadRequest'], body);
      }
      assert.equal((await send('{}', 'application/json; charset=utf-8')).status, 201);
    });

    test('every answer is JSON in UTF-8 and carries the number of its request', async () => {
      const answers = [
        await server.control('GET', '/worlds'),
        await server.control('GET', '/worlds/none'),
        await server.call('GET', worlds),
      ];
      for (const { headers } of answers) {
        assert.match(headers.get('content-type') ?? '', /^application\/json; ?charset=utf-8$/i);
        assert.ok(headers.get('x-request-id'));
      }
      assert.equal(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size, answers.length);
    });

    test('an error has code, message and the fields it speaks of, and no more', async () => {
      const answer = await server.control('POST', '/worlds', { worldId: 'a b', clock: { rate: 0 } });
      const { code, message, fields, ...more } = answer.body.error;
      assert.deepEqual([code, [...fields].sort(), more], ['InvalidRequest', ['clock.rate', 'worldId'], {}]);
      assert.ok(message.startsWith('Request parameters are invalid. [ '), message);
      assert.deepEqual(Object.keys(answer.body), ['error']);
      const absent = await server.control('GET', '/worlds/none');
      assert.deepEqual(Object.keys(absent.body.error), ['code', 'message']);
    });
  });
}

describe('the key that everybody knows', () => {
  const [database] = httpDatabases;
  let server: TestServer;

  before(async () => {
    assert.ok(database);
    server = await startServer(database, { controlKey: knownControlKey });
  });
  after(() => server.stop());

  /** `fetch` does not let anybody choose the Host. */
  const call = (headers: Record<string, string>, path = worlds) =>
    new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      const authorization = `Bearer ${knownControlKey}`;
      const sent = request({ hostname, port, path, headers: { authorization, ...headers } }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode, text }));
      });
      sent.on('error', reject).end();
    });

  for (const headers of [
    { host: 'till.example.com' },
    { host: 'till.example.com:7575' },
    { host: 'localhost.example.com' },
    { host: '127.0.0.1.example.com' },
    { host: 'example.com', origin: 'http://localhost' },
    { host: '10.0.0.1' },
    { origin: 'https://example.com' },
    { origin: 'http://localhost.example.com' },
    { origin: 'null' },
    { host: 'localhost.evil.com:7575' },
    { host: '127.0.0.1.evil.com:7575' },
    { host: 'localhost.' },
    { host: '127.0.0.1.' },
    { host: 'LOCALHOST.EVIL.COM' },
    { host: 'localhost@evil.com' },
    { host: 'evil.com#localhost' },
    { host: 'localhost:7575:7575' },
    { host: 'localhost:x' },
    { host: 'localhost,evil.com' },
    { host: '127.0.0.256' },
    { host: '127.1' },
    { host: '0.0.0.0' },
    { host: '2130706433' },
    { host: '[::]' },
    { host: '[::2]:7575' },
    { host: '[::1].evil.com' },
    { host: '::1' },
    { host: '[fe80::1]' },
    { origin: '' },
    { origin: 'localhost' },
    { origin: 'http://[::1].evil.com' },
    { origin: 'http://localhost:3000.evil.com' },
    { origin: 'http://localhost@evil.com' },
    { origin: 'file://localhost' },
    { origin: 'chrome-extension://abcdefghijklmnop' },
    { origin: 'http://localhost, http://evil.com' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.com' },
  ] as Record<string, string>[]) {
    test(`is refused with 403 to ${JSON.stringify(headers)}`, async () => {
      const { status, text } = await call(headers);
      assert.deepEqual([status, JSON.parse(text).error?.code], [403, 'UnauthorizedAccess'], text);
    });
  }

  for (const headers of [
    { host: 'localhost' },
    { host: 'LOCALHOST:7575' },
    { host: '127.0.0.1:80' },
    { host: '127.8.9.10' },
    { host: '[::1]:7575' },
    { origin: 'http://localhost:3000' },
    { origin: 'https://127.0.0.1' },
    { host: 'LocalHost:80', origin: 'HTTP://LOCALHOST:3000' },
    { host: '[::1]', origin: 'http://[::1]:3000' },
    { host: '127.255.255.255:65535' },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    // a page of this machine under its other name
    { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:3000' },
  ] as Record<string, string>[]) {
    test(`opens to ${JSON.stringify(headers)}`, async () => {
      assert.equal((await call(headers)).status, 200);
    });
  }

  test('does not guard health, nor the server API', async () => {
    assert.equal((await call({ host: 'example.com' }, '/healthz')).status, 200);
    const { status, text } = await call({ host: 'example.com' }, '/v7/apps/a/voided-purchases');
    assert.deepEqual([status, JSON.parse(text).error.code], [400, 'InvalidAuthorizationHeader']);
  });
});

describe('a page of a stranger', () => {
  const [database] = httpDatabases;
  let server: TestServer;
  const bearer = `Authorization: Bearer ${knownControlKey}`;

  before(async () => {
    assert.ok(database);
    server = await startServer(database, { controlKey: knownControlKey });
  });
  after(() => server.stop());

  const statusOf = async (bytes: string) => (await converse(server.url, bytes)).answers[0]?.status;

  test('gets nowhere by two Hosts, no Host, or a target that names a Host of its own', async () => {
    const end = `${bearer}\r\nConnection: close\r\n\r\n`;
    const own = `Host: ${new URL(server.url).host}\r\n`;
    assert.equal(await statusOf(`GET ${worlds} HTTP/1.1\r\n${own}${end}`), 200);
    assert.equal(await statusOf(`GET ${worlds} HTTP/1.1\r\n${own}Host: evil.com\r\n${end}`), 400);
    assert.equal(await statusOf(`GET ${worlds} HTTP/1.1\r\nHost: evil.com\r\n${own}${end}`), 400);
    assert.equal(await statusOf(`GET ${worlds} HTTP/1.1\r\n${end}`), 400);
    assert.equal(await statusOf(`GET ${worlds} HTTP/1.0\r\n${end}`), 403);
    assert.equal(await statusOf(`GET http://evil.com${worlds} HTTP/1.1\r\n${own}${end}`), 403);
    assert.equal(await statusOf(`GET http://localhost@evil.com${worlds} HTTP/1.1\r\n${own}${end}`), 403);
    assert.equal(await statusOf(`GET http://localhost${worlds} HTTP/1.1\r\nHost: evil.com\r\n${end}`), 200);
    assert.equal(await statusOf(`GET /%63ontrol/v1/worlds HTTP/1.1\r\nHost: evil.com\r\n${end}`), 403);
  });

  test('is never told that it may read an answer: no CORS header is sent, to nobody and on no call', async () => {
    const asked = { origin: 'http://localhost:3000', 'access-control-request-method': 'POST' };
    const authorization = `Bearer ${knownControlKey}`;
    for (const [method, path] of [
      ['GET', worlds],
      ['OPTIONS', worlds],
      ['OPTIONS', '/v7/oauth/token'],
      ['POST', '/v7/oauth/token'],
      ['GET', '/v7/apps/x/voided-purchases'],
      ['GET', '/healthz'],
      ['GET', '/nowhere'],
    ] as const) {
      for (const more of [{}, { authorization }]) {
        const { headers, status } = await server.call(method, path, { headers: { ...asked, ...more } });
        const cors = [...headers.keys()].filter((name) => name.startsWith('access-control-'));
        assert.deepEqual(cors, [], `${method} ${path}`);
        if (method === 'OPTIONS') assert.equal(status, 405);
      }
    }
  });
});

test('in commercial the control API and the metrics have a port of their own, on loopback by default', async () => {
  const [database] = httpDatabases;
  assert.ok(database);
  assert.equal(readSettings([], {}).controlHost, '127.0.0.1');
  const masterKey = Buffer.alloc(32, 1);
  const server = await startServer(database, { environment: 'commercial', masterKey, host: '0.0.0.0' });
  try {
    const port = new URL(server.url).port;
    const { hostname, port: controlPort } = new URL(server.till.controlUrl);
    assert.equal(hostname, '127.0.0.1');
    assert.notEqual(controlPort, port);
    const headers = { authorization: `Bearer ${controlKey}` };
    for (const path of [worlds, '/metrics', '/console', '/console/']) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      assert.equal(answer.status, 404, path);
      await answer.body?.cancel();
    }
    assert.equal((await fetch(`${server.till.controlUrl}/metrics`)).status, 200);
    expectStatus(await server.control('GET', '/worlds'), 200);
  } finally {
    await server.stop();
  }
});

test('a key of one’s own may be shown under any Host', async () => {
  const [database] = httpDatabases;
  assert.ok(database);
  const server = await startServer(database);
  try {
    const headers = { authorization: `Bearer ${controlKey}`, origin: 'https://console.example.com' };
    expectStatus(await server.call('GET', worlds, { headers }), 200);
  } finally {
    await server.stop();
  }
});
