// Input that no client of good will sends: every one gets its documented code in the standard body, and the server goes on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ErrorCode, errors } from '@till/protocol/errors';
import { httpDatabases } from '../databases.ts';
import { chunked, converse, exchange, type RawAnswer } from '../raw-http.ts';
import { controlKey, refusal, startServer, type TestServer } from '../server.ts';
import { lists } from './lists.ts';
import { assertRefused, assertStatus, dayMs, noon, openShop, type Shop } from './shop.ts';

const form = 'Content-Type: application/x-www-form-urlencoded';
const json = 'Content-Type: application/json';
const keyed = `Authorization: Bearer ${controlKey}`;
const endless = Buffer.alloc(64 * 1024, 'x');
/** What a chunk of this many bytes looks like on the wire. */
const endlessChunk = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are still held once all garbage is gone. */
function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Waits until no more than that is held; what a socket was about to send goes with the socket, a little later. */
async function heldAtMost(bytes: number): Promise<boolean> {
  for (let tries = 0; tries < 300; tries++) {
    if (held() <= bytes) return true;
    await wait(100);
  }
  return false;
}

/** The line that tells of this request; it may be written a little after the answer. */
async function loggedLine(
  server: TestServer,
  id: string | undefined,
): Promise<Record<string, unknown> | undefined> {
  for (let tries = 0; tries < 3_000; tries++) {
    const line = server.logged.map((text) => JSON.parse(text)).find(({ requestId }) => requestId === id);
    if (line !== undefined) return line;
    await wait(10);
  }
  return undefined;
}

for (const database of httpDatabases) {
  describe(`Bad input on ${database.name}`, () => {
    let server: TestServer;
    let shop: Shop;
    let host: string;
    before(async () => {
      server = await startServer(database, {}, { limits: { unreadBodyMs: 200 } });
      shop = await openShop(server);
      host = `Host: ${new URL(server.url).host}`;
    });
    after(() => server.stop());

    const head = (requestLine: string, ...lines: string[]) =>
      `${[requestLine, ...lines].join('\r\n')}\r\n\r\n`;
    const consumeLine = (purchaseToken: string) =>
      `POST /v7/apps/${shop.app.clientId}/purchases/inapp/products/product01/${purchaseToken}/consume`;
    const bearer = () => `Authorization: Bearer ${shop.token}`;
    const sendJson = (line: string, authorization: string, body: string | Uint8Array, type = json) =>
      exchange(server.url, line, [authorization, type, `Content-Length: ${Buffer.byteLength(body)}`], body);
    const createWorld = (body: string | Uint8Array, type = json) =>
      sendJson('POST /control/v1/worlds', keyed, body, type);
    const codeOf = ({ text }: RawAnswer): unknown => JSON.parse(text).error?.code;
    const healthy = async () => assert.equal((await server.call('GET', '/healthz')).status, 200);

    /** The one answer to a message that a server must not guess at, and the end of its connection. */
    const refusedAndClosed = async (bytes: string | Uint8Array, code: ErrorCode = 'BadRequest') => {
      const { answers, closed } = await converse(server.url, bytes);
      const shown = JSON.stringify(String(bytes).slice(0, 200));
      assert.deepEqual([answers.length, closed], [1, true], shown);
      const [answer] = answers;
      assert.ok(answer);
      assert.deepEqual([answer.status, codeOf(answer)], [errors[code].status, code], shown);
      assert.equal(answer.headers['content-type'], 'application/json;charset=UTF-8');
      assert.equal(answer.headers.connection, 'close', shown);
      return answer;
    };

    describe('values', () => {
      for (const list of lists) {
        it(`${list.name} refuses numbers that are none, or lie far away, by name`, async () => {
          const wrong = [
            10n ** 20n,
            '1e3',
            '-0',
            '0x10',
            '1_000',
            'Infinity',
            '9'.repeat(300),
            `${noon}.0`,
            '\u0661',
          ];
          for (const name of ['startTime', 'endTime', 'maxResults']) {
            for (const value of wrong) {
              assertRefused(await list.ask(shop, { [name]: String(value) }), 'InvalidRequest', [name]);
            }
          }
          const old = noon - 32 * dayMs;
          assertRefused(await list.ask(shop, { startTime: old }), 'InvalidRequest', ['startTime']);
          assertRefused(await list.ask(shop, { maxResults: list.most + 1 }), 'InvalidRequest', [
            'maxResults',
          ]);
        });
      }

      it('names a form value, a form secret or a query value whose escapes are no UTF-8', async () => {
        for (const bytes of ['%ED%A0%80', '%ed%b0%80', '%FF', '%C0%80', '%F0%9F%98', 'a%E3%28%A1b', '%00']) {
          for (const name of ['client_id', 'client_secret', 'grant_type']) {
            const given = {
              client_id: 'x',
              client_secret: 'x',
              grant_type: 'client_credentials',
              [name]: bytes,
            };
            const body = Object.entries(given)
              .map((pair) => pair.join('='))
              .join('&');
            const lines = [form, `Content-Length: ${body.length}`];
            assertRefused(await exchange(server.url, 'POST /v7/oauth/token', lines, body), 'InvalidRequest', [
              name,
            ]);
            assertRefused(await exchange(server.url, `POST /v7/oauth/token?${body}`), 'InvalidRequest', [
              name,
            ]);
          }
          const search = `GET /control/v1/apps/${shop.app.clientId}/purchases?worldId=${shop.app.worldId}`;
          const answer = await exchange(server.url, `${search}&q=${bytes}`, [keyed]);
          assert.deepEqual([codeOf(answer), JSON.parse(answer.text).error.fields], ['InvalidRequest', ['q']]);
        }
      });

      it('takes escapes that are none as they stand, and names of prototypes as names', async () => {
        const secret = encodeURIComponent(shop.app.clientSecret);
        for (const extra of [
          '',
          '&%zz=%',
          '&__proto__=x&__proto__=y',
          '&constructor=x&toString=y',
          '&=',
          '&&',
          '&%FF=x',
        ]) {
          const body = `client_id=${shop.app.clientId}&client_secret=${secret}&grant_type=client_credentials${extra}`;
          const lines = [form, `Content-Length: ${body.length}`];
          assertStatus((await exchange(server.url, 'POST /v7/oauth/token', lines, body)) as never, 200);
        }
        for (const name of ['__proto__', 'constructor', 'toString']) {
          const answer = await exchange(server.url, `GET /control/v1/apps?${name}=x`, [keyed]);
          assert.deepEqual(JSON.parse(answer.text).error.fields, [name]);
        }
      });
    });

    describe('bodies', () => {
      it('reads JSON of 10,000 levels and goes on', async () => {
        const { purchaseToken } = await shop.buy();
        const deep = `{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
        const objects = `${'{"x":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
        const known = `{"developerPayload":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
        const line = consumeLine(purchaseToken);
        assertRefused(await sendJson(line, bearer(), known), 'InvalidRequest', ['developerPayload']);
        assertStatus((await sendJson(line, bearer(), deep)) as never, 200);
        assertRefused(await sendJson(line, bearer(), objects), 'InvalidConsumeState');
        assert.equal(codeOf(await createWorld(deep)), 'InvalidRequest');
        assertRefused(await sendJson(line, bearer(), '['.repeat(60_000)), 'BadRequest');
      });

      it('reads a deep body of deferSubscription, and a number of any length, and goes on', async () => {
        const { purchaseToken } = await shop.subscribe();
        const base = `/v7/apps/${shop.app.clientId}/purchases/subscription/products/subscription01`;
        const line = `POST ${base}/${purchaseToken}/defer`;
        const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
        const digits = '9'.repeat(50_000);
        for (const value of [deep, digits, `0.5${digits}`, `-${digits}`, `1e${digits}`, `"${digits}"`]) {
          const answer = await sendJson(line, bearer(), `{"deferPeriod":${value}}`);
          assertRefused(answer, 'InvalidRequest', ['deferPeriod']);
        }
        const known = `{"__proto__":{"deferPeriod":0},"constructor":${deep},"deferPeriod":3}`;
        assertStatus((await sendJson(line, bearer(), known)) as never, 200);
        assertRefused(
          await sendJson(line, bearer(), '{"__proto__":{"deferPeriod":3}}'),
          'RequiredValueNotExist',
          ['deferPeriod'],
        );
      });

      it('takes the last of two members of one name', async () => {
        const { purchaseToken } = await shop.buy({ developerPayload: 'the right one' });
        const line = consumeLine(purchaseToken);
        const twice = (first: string, second: string) =>
          sendJson(line, bearer(), `{"developerPayload":"${first}","developerPayload":"${second}"}`);
        assertRefused(await twice('the right one', 'another'), 'DeveloperPayloadNotMatch');
        assert.equal((await twice('another', 'the right one')).status, 200);
      });

      it('lets no member reach a prototype', async () => {
        const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
        for (const name of names) {
          const body = `{"${name}":{"worldId":"reached","developerPayload":"reached","prototype":{"reached":1}}}`;
          const refused = await createWorld(body);
          assert.deepEqual(JSON.parse(refused.text).error.fields, [name]);
          const { purchaseToken } = await shop.buy();
          assertStatus((await sendJson(consumeLine(purchaseToken), bearer(), body)) as never, 200);
        }
        const nested = await createWorld('{"clock":{"__proto__":{"rate":7},"constructor":1}}');
        assert.deepEqual(JSON.parse(nested.text).error.fields.sort(), [
          'clock.__proto__',
          'clock.constructor',
        ]);
        assert.equal(({} as Record<string, unknown>).reached, undefined);
        assert.equal(({} as Record<string, unknown>).worldId, undefined);
      });

      it('names the first of thousands of unknown members, each shortened', async () => {
        const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`m${index}`, 1]));
        const answer = await createWorld(JSON.stringify(many));
        assert.deepEqual([answer.status, JSON.parse(answer.text).error.fields.length], [400, 20]);
        const long = await createWorld(JSON.stringify({ ['n'.repeat(60_000)]: 1 }));
        assert.ok(long.text.length < 1_000, `${long.text.length}`);
      });

      it('refuses what is not UTF-8, whatever the charset says, and ignores the charset where it is', async () => {
        const text = '{"title":"다이아"}';
        const wrong = [
          Buffer.from(text, 'utf16le'),
          Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]),
          Buffer.from('{"title":"caf\xe9"}', 'latin1'),
        ];
        for (const charset of ['utf-8', 'utf-16', 'utf-16le', 'iso-8859-1', 'nonsense']) {
          for (const body of wrong)
            assert.equal(codeOf(await createWorld(body, `${json};charset=${charset}`)), 'BadRequest');
          assert.equal((await createWorld('{}', `${json};charset=${charset}`)).status, 201);
        }
      });

      it('refuses what follows the body of JSON, and what follows the body on the wire as a request', async () => {
        for (const junk of ['}', ' x', '\0', '{}', ',', '//', '\u00a0']) {
          assert.equal(codeOf(await createWorld(`{}${junk}`)), 'BadRequest', JSON.stringify(junk));
        }
        const bytes = `${head('POST /control/v1/worlds HTTP/1.1', host, keyed, json, 'Content-Length: 2')}{}junk\r\n\r\n`;
        const { answers, closed } = await converse(server.url, bytes);
        assert.deepEqual([answers.map(({ status }) => status), closed], [[201, 405], true]);
      });

      it('reads chunks with extensions and trailers, and refuses broken ones', async () => {
        const lines = [host, keyed, json, 'Transfer-Encoding: chunked'];
        const post = head('POST /control/v1/worlds HTTP/1.1', ...lines);
        const good = [
          '2;name=value;flag;q="v"\r\n{}\r\n0;last\r\nX-Trailer: 1\r\n\r\n',
          '1\r\n{\r\n01\r\n}\r\n0\r\n\r\n',
        ];
        for (const body of good) {
          const { answers } = await converse(server.url, `${post}${body}`, { answers: 1 });
          assert.equal(answers[0]?.status, 201, answers[0]?.text);
        }
        for (const body of [
          'x\r\n{}\r\n0\r\n\r\n',
          '-2\r\n{}\r\n0\r\n\r\n',
          '2 \r\n{}\r\n0\r\n\r\n',
          '2\n{}\n0\n\n',
          '2\r\n{}0\r\n\r\n',
          'fffffffffffffffff\r\n{}\r\n0\r\n\r\n',
          `2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
        ]) {
          await refusedAndClosed(`${post}${body}`);
        }
      });

      it('refuses 10 MB early, announced or in chunks, and closes', async () => {
        const announced = head(
          'POST /control/v1/worlds HTTP/1.1',
          host,
          keyed,
          json,
          'Content-Length: 10000000',
        );
        await refusedAndClosed(`${announced}${'x'.repeat(100)}`, 'BadRequest');
        const body = chunked(...Array.from({ length: 150 }, () => 'x'.repeat(65_536)));
        const bytes = `${head('POST /control/v1/worlds HTTP/1.1', host, keyed, json, body.line)}${body.body}`;
        const { answers, closed } = await converse(server.url, bytes);
        assert.deepEqual([answers.map(codeOf), closed], [['BadRequest'], true]);
      });

      for (const [what, line, code] of [
        ['that is to be read', 'POST /control/v1/worlds HTTP/1.1', 'BadRequest'],
        ['of a wrong key', 'POST /control/v1/apps HTTP/1.1', 'InvalidAccessToken'],
        ['of nowhere', 'POST /nowhere HTTP/1.1', 'ResourceNotFound'],
        ['of a call that takes none', 'GET /healthz HTTP/1.1', undefined],
      ] as const) {
        it(`cuts off an endless body ${what}, announced or in chunks, and memory stays`, async () => {
          const authorization = code === 'InvalidAccessToken' ? 'Authorization: Bearer wrong' : keyed;
          for (const chunks of [false, true]) {
            const size = chunks ? 'Transfer-Encoding: chunked' : 'Content-Length: 100000000000';
            const start = Buffer.from(head(line, host, authorization, json, size));
            let sent = 0;
            const pour = () => {
              sent += 1;
              return sent === 1 ? start : chunks ? endlessChunk : endless;
            };
            const before = held();
            const { answers, closed, ms } = await converse(server.url, pour);
            assert.deepEqual(
              [answers.map(({ status }) => status).length, closed],
              [1, true],
              `after ${ms} ms`,
            );
            if (code !== undefined) assert.equal(codeOf(answers[0] as RawAnswer), code);
            const kept = await heldAtMost(before + 16 * 1024 * 1024);
            assert.ok(kept, `memory has grown after ${sent} pieces`);
          }
          await healthy();
        });
      }
    });

    describe('messages', () => {
      it('answers 1,000 pipelined requests, all in their order', async () => {
        const codes = [
          'ResourceNotFound',
          'InvalidAuthorizationHeader',
          'MethodNotAllowed',
          'InvalidRequest',
        ];
        const lines = [
          head('GET /nowhere HTTP/1.1', host),
          head(`GET /v7/apps/${shop.app.clientId}/voided-purchases HTTP/1.1`, host),
          head('PUT /v7/oauth/token HTTP/1.1', host),
          head(`GET /v7/apps/${shop.app.clientId}/voided-purchases?maxResults=0 HTTP/1.1`, host, bearer()),
        ];
        const bytes = Array.from({ length: 1_000 }, (_, index) => lines[index % lines.length]).join('');
        const { answers } = await converse(server.url, bytes, { answers: 1_000 });
        assert.deepEqual(
          answers.map(codeOf),
          Array.from({ length: 1_000 }, (_, index) => codes[index % codes.length]),
        );
        assert.equal(new Set(answers.map(({ headers }) => headers['x-request-id'])).size, 1_000);
      });

      it('answers the calls before a broken message, whose effect must not look refused', async () => {
        const { purchaseToken } = await shop.buy();
        const consume = head(`${consumeLine(purchaseToken)} HTTP/1.1`, host, bearer());
        const { answers, closed } = await converse(server.url, `${consume}${consume}BROKEN\r\n\r\n`);
        // which of two calls on their way at once comes first is PostgreSQL's to say
        const [broken, ...consumed] = answers.map(({ status }) => status).reverse();
        assert.deepEqual([consumed.sort(), broken, closed], [[200, 409], 405, true]);
      });

      it('refuses every shape that two servers might read in two ways, and closes', async () => {
        const post = 'POST /v7/oauth/token HTTP/1.1';
        const smuggled = '0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
        for (const lines of [
          ['Content-Length: 4', 'Transfer-Encoding: chunked'],
          ['Transfer-Encoding: chunked', 'Content-Length: 4'],
          ['Content-Length: 4', 'Content-Length: 4'],
          ['Content-Length: 4', 'Content-Length: 5'],
          ['Content-Length: 4, 4'],
          ['Content-Length: +4'],
          ['Content-Length: -4'],
          ['Content-Length: 0x4'],
          ['Content-Length: 4 4'],
          ['Content-Length : 4'],
          ['Content-Length: 99999999999999999999'],
          ['Transfer-Encoding: identity'],
          ['Transfer-Encoding: xchunked'],
          ['Transfer-Encoding: chunked, chunked'],
          ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
          ['Transfer-Encoding: gzip, chunked'],
          ['Transfer-Encoding : chunked'],
          ['Transfer-Encoding:\r\n chunked'],
          ['Transfer-Encoding: \x0bchunked'],
          ['Host: another'],
          ['X: a\r\n b'],
          ['X: a\nY: b'],
          ['X: a\rY: b'],
          ['X: a\0b'],
          ['X y: z'],
          [': z'],
          ['X'],
        ]) {
          await refusedAndClosed(`${head(post, host, form, ...lines)}${smuggled}`);
        }
        await refusedAndClosed(`GET /healthz HTTP/1.1\n${host}\n\n`);
        await refusedAndClosed(`GET /healthz HTTP/1.1\r\n${host}\n\r\n`);
        await refusedAndClosed(`GET /health z HTTP/1.1\r\n${host}\r\n\r\n`);
        await refusedAndClosed(`GET healthz HTTP/1.1\r\n${host}\r\n\r\n`);
        await refusedAndClosed(`GET /\xff HTTP/1.1\r\n${host}\r\n\r\n`);
        await refusedAndClosed(`GET /healthz HTTP/3.0\r\n${host}\r\n\r\n`);
        await refusedAndClosed('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
        await refusedAndClosed('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'MethodNotAllowed');
        await healthy();
      });

      it('refuses HTTP/1.1 without a Host, and answers HTTP/1.0 without one', async () => {
        await refusedAndClosed('GET /healthz HTTP/1.1\r\n\r\n');
        const { answers, closed } = await converse(server.url, 'GET /healthz HTTP/1.0\r\n\r\n');
        assert.deepEqual([answers.map(({ status }) => status), closed], [[200], true]);
        const kept = await converse(server.url, 'GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', {
          answers: 1,
        });
        assert.equal(kept.answers[0]?.status, 200);
      });

      it('refuses a flood of headers and a path that is longer than they may be, and drops none in silence', async () => {
        const flood = Array.from({ length: 2_000 }, (_, index) => `X-${index}: ${index}`);
        await refusedAndClosed(head('GET /healthz HTTP/1.1', host, ...flood));
        await refusedAndClosed(head(`GET /${'x'.repeat(20_000)} HTTP/1.1`, host));
        await refusedAndClosed(head(`GET /healthz?${'x'.repeat(1_000_000)} HTTP/1.1`, host));
        const many = Array.from({ length: 900 }, () => 'a: 1');
        const path = `/v7/apps/${shop.app.clientId}/voided-purchases`;
        const { status, text } = await exchange(server.url, `GET ${path}`, [...many, bearer()]);
        assert.equal(status, 200, text);
        assertRefused(await exchange(server.url, `GET /${'x'.repeat(15_000)}`), 'ResourceNotFound');
      });

      it('gives what the parser refuses a request id too, and the log knows it', async () => {
        for (const [bytes, code] of [
          ['BREW /healthz HTTP/1.1\r\n\r\n', 'MethodNotAllowed'],
          ['GET /healthz HTTP/1.1\r\nX\r\n\r\n', 'BadRequest'],
          ['CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n', 'MethodNotAllowed'],
        ] as const) {
          const { headers } = await refusedAndClosed(bytes, code);
          const line = await loggedLine(server, headers['x-request-id']);
          assert.deepEqual([line?.msg, line?.code], ['answered', code]);
        }
      });

      it('refuses OPTIONS, TRACE, CONNECT, small letters and unknown verbs with MethodNotAllowed', async () => {
        const origin = ['Origin: https://example.com', 'Access-Control-Request-Method: POST'];
        for (const path of ['/v7/oauth/token', '/healthz', '/control/v1/maintenance']) {
          for (const verb of ['OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH']) {
            const answer = await exchange(server.url, `${verb} ${path}`, [...origin, 'X-Secret: echoed?']);
            assert.equal(codeOf(answer), 'MethodNotAllowed', `${verb} ${path}`);
            assert.ok(answer.headers.allow);
            assert.ok(!answer.text.includes('echoed'));
          }
          for (const verb of ['CONNECT', 'get', 'BREW', 'GETT']) {
            await refusedAndClosed(head(`${verb} ${path} HTTP/1.1`, host), 'MethodNotAllowed');
          }
        }
        assertRefused(await exchange(server.url, 'OPTIONS *'), 'ResourceNotFound');
      });

      it('asks for a body that waits for a word, and not where it refuses', async () => {
        const { purchaseToken } = await shop.buy();
        const expect = 'Expect: 100-continue';
        const statuses = async (line: string, ...lines: string[]) => {
          const bytes = `${head(`${line} HTTP/1.1`, host, expect, json, ...lines)}{}`;
          const { answers } = await converse(server.url, bytes, { answers: 2 });
          return answers.map(({ status }) => status);
        };
        const line = consumeLine(purchaseToken);
        assert.deepEqual(await statuses(line, bearer(), 'Content-Length: 2'), [100, 200]);
        assert.deepEqual(await statuses(line, bearer(), 'Content-Length: 2'), [100, 409]);
        assert.deepEqual(await statuses(line, 'Content-Length: 2'), [400]);
        assert.deepEqual(await statuses(line, bearer(), 'Content-Length: 70000'), [400]);
        assert.deepEqual(await statuses('POST /nowhere', 'Content-Length: 2'), [404]);
        const closed = await converse(
          server.url,
          head('POST /nowhere HTTP/1.1', host, expect, 'Content-Length: 2'),
        );
        assert.deepEqual([closed.answers[0]?.headers.connection, closed.closed], ['close', true]);
        const unknown = await exchange(server.url, 'GET /healthz', ['Expect: the-unexpected']);
        assert.equal(unknown.status, 200);
      });

      it('stays with HTTP/1.1 where an upgrade is asked for', async () => {
        for (const lines of [
          ['Upgrade: websocket', 'Sec-WebSocket-Key: dGlsbA==', 'Sec-WebSocket-Version: 13'],
          ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'],
        ]) {
          const bytes = head('GET /healthz HTTP/1.1', host, 'Connection: Upgrade, HTTP2-Settings', ...lines);
          const { answers } = await converse(server.url, bytes, { answers: 1 });
          assert.equal(answers[0]?.status, 200);
        }
      });
    });

    describe('absolute targets', () => {
      const absolute = (path: string, ...lines: string[]) =>
        exchange(server.url, `GET http://${new URL(server.url).host}${path}`, lines);

      it('are their path, with the same answers and bodies', async () => {
        for (const [path, ...lines] of [
          ['/healthz'],
          ['/nowhere'],
          ['/control/v1/worlds?limit=0', keyed],
          ['/control/v1/worlds'],
          ['/v7/apps/%zz/voided-purchases'],
          ['/v7/apps/a%2Fb/voided-purchases'],
          ['/v7/oauth/token'],
          [`/v7/apps/${shop.app.clientId}/voided-purchases`, bearer()],
        ] as [string, ...string[]][]) {
          const [plain, whole] = [
            await exchange(server.url, `GET ${path}`, lines),
            await absolute(path, ...lines),
          ];
          assert.deepEqual([whole.status, whole.text], [plain.status, plain.text], path);
        }
        assertRefused(await exchange(server.url, 'GET HTTP://example.com'), 'ResourceNotFound');
        assertRefused(await exchange(server.url, 'GET http://example.com?x=/healthz'), 'ResourceNotFound');
        assertRefused(await exchange(server.url, 'GET ftp://example.com/healthz'), 'ResourceNotFound');
      });

      it('and escaped letters hide neither the control API in maintenance nor show the server API', async () => {
        await server.control('PUT', '/maintenance', { on: true });
        try {
          const at = `http://${new URL(server.url).host}`;
          for (const path of [
            `${at}/control/v1/worlds`,
            '/%63ontrol/v1/worlds',
            `${at}/healthz`,
            '/%68ealthz',
          ]) {
            assert.equal((await exchange(server.url, `GET ${path}`, [keyed])).status, 200, path);
          }
          const inside = await exchange(server.url, 'GET /control/v1/apps/%zz', [keyed]);
          assert.equal(codeOf(inside), 'BadRequest');
          for (const path of [
            `${at}/v7/oauth/token`,
            '/v7/oauth/token?/control/',
            '/%76%37/oauth/token',
            '/v7/oauth/token#/control/',
            'http://control/v1/worlds',
            'http://healthz',
            '/v7/../control/v1/worlds',
            '//control/v1/worlds',
            '/healthz%3Fx',
            '/control%2Fv1/worlds',
          ]) {
            assertRefused(await exchange(server.url, `GET ${path}`, [keyed]), 'ServiceMaintenance');
          }
        } finally {
          await server.control('PUT', '/maintenance', { on: false });
        }
      });
    });

    it('goes on as if nothing had been', async () => {
      assert.deepEqual(refusal(await server.control('GET', '/worlds/reached')), [404, 'NoSuchData']);
      assert.equal((await shop.details(await shop.buy())).status, 200);
      assert.ok(!server.logged.some((line) => line.includes('"InternalError"')));
    });
  });
}
