// The bridge to a payment gateway: what it sends, and that everything but a clear answer is none.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pino } from 'pino';
import type { Question } from '../../src/domain/charge.ts';
import { createHttpGateway } from '../../src/host/http-gateway.ts';
import { closedPort } from '../closed-port.ts';
import { Receiver, type Reply, gatewaySecret as secret } from '../gateway.ts';

const question: Question = {
  key: 'app-260701-0',
  kind: 'charge',
  purchaseToken: '260701',
  cycle: 0,
  amount: '1100',
  currency: 'KRW',
  paymentMethod: 'ONEPAY',
  askedAt: 1_783_000_000_000,
  clientId: 'com.example.game',
  productId: 'gem_100',
  buyerId: 'buyer-1 💎',
};

const json =
  (text: string, status = 200): Reply =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);

describe('the payment gateway over HTTP', () => {
  let receiver: Receiver;
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => void logged.push(line) });

  before(async () => {
    receiver = await new Receiver().open();
  });
  after(() => receiver.close());

  const ask = (reply: Reply, answerWithinMs = 60_000) => {
    receiver.reply = () => reply;
    return createHttpGateway({ url: receiver.url, secret, log, answerWithinMs }).ask(question);
  };

  test('sends a signed question, and takes its answer as it is', async () => {
    assert.equal(await ask('approved'), 'approved');
    assert.equal(await ask('declined'), 'declined');
    assert.equal(await ask(json('{"outcome":"approved","more":[1]}')), 'approved');
    const [first] = receiver.asked;
    assert.deepEqual({ ...question, at: first?.at }, first);
  });

  test('pending is no answer yet, and nothing that goes wrong', async () => {
    const before = logged.length;
    assert.equal(await ask('pending'), 'unanswered');
    assert.equal(logged.length, before);
  });

  const unclear: [name: string, reply: Reply, why: string][] = [
    ['an error of its own', json('{"outcome":"approved"}', 500), 'status 500'],
    ['an answer that was only accepted', json('{"outcome":"approved"}', 202), 'status 202'],
    ['no content', (response) => response.writeHead(204).end(), 'status 204'],
    ['another word', json('{"outcome":"APPROVED"}'), 'no outcome that is known'],
    ['no word', json('{}'), 'no outcome that is known'],
    ['null', json('null'), 'no outcome that is known'],
    ['a list', json('["approved"]'), 'no outcome that is known'],
    ['a text that is no JSON', json('<html>approved</html>'), 'not JSON'],
    ['nothing', json(''), 'not JSON'],
    ['half an answer', (response) => half(response), 'ECONNRESET'],
    ['a connection that breaks', 'reset', 'ECONNRESET'],
    ['a word of another protocol', (response) => response.socket?.end('SSH-2.0-x\r\n'), 'HPE_INVALID'],
    ['a change of protocol', (response) => switching(response), 'status 101'],
  ];

  function half(response: Parameters<Exclude<Reply, string>>[0]): void {
    response.writeHead(200, { 'content-length': 22 }).write('{"outcome":"approved');
    setTimeout(() => response.destroy(), 20);
  }

  function switching(response: Parameters<Exclude<Reply, string>>[0]): void {
    response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
  }

  for (const [name, reply, why] of unclear) {
    test(`${name} counts as unanswered`, async () => {
      assert.equal(await ask(reply), 'unanswered');
      const line = logged.at(-1) ?? '';
      assert.ok(line.includes(`"why":"${why}`), line);
    });
  }

  test('a redirect is not followed', async (t) => {
    let followed = 0;
    const elsewhere = createHttpServer((_, response) => {
      followed += 1;
      response.end('{"outcome":"approved"}');
    });
    const port = await listening(t, elsewhere);
    for (const status of [301, 302, 303, 307, 308]) {
      const to = { location: `http://127.0.0.1:${port}/` };
      assert.equal(await ask((response) => response.writeHead(status, to).end()), 'unanswered');
    }
    assert.equal(followed, 0);
  });

  test('an answer without an end is cut off, not kept', async () => {
    let written = 0;
    const endless: Reply = (response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384))) written += 16_384;
      };
      response.on('drain', more);
      more();
    };
    assert.equal(await ask(endless), 'unanswered');
    assert.match(logged.at(-1) ?? '', /"why":"too long"/);
    // what lies in the buffers of sockets on the way
    assert.ok(written < 32 * 1024 ** 2, `${written} bytes were taken`);
  });

  test('the time counts from the first step to the last, however busy the answer is', async () => {
    const trickles: Reply = (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    };
    for (const reply of ['hang', trickles] as const) {
      const from = performance.now();
      assert.equal(await ask(reply, 300), 'unanswered');
      const took = performance.now() - from;
      assert.ok(took > 250 && took < 30_000, `${took} ms`);
      assert.match(logged.at(-1) ?? '', /"why":"(too slow|ECONNRESET)"/);
    }
  });

  test('a gateway that is not there, or cannot be reached in time, counts as unanswered', async (t) => {
    const port = await closedPort(t);
    const gone = createHttpGateway({ url: `http://127.0.0.1:${port}/`, secret, log });
    assert.equal(await gone.ask(question), 'unanswered');
    assert.match(logged.at(-1) ?? '', /"why":"ECONNREFUSED"/);
    const secure = createHttpGateway({ url: receiver.url.replace('http:', 'https:'), secret, log });
    assert.equal(await secure.ask(question), 'unanswered', 'no TLS there');
  });

  test('a proxy of the environment is not used', async (t) => {
    let proxied = 0;
    const proxy = createServer((socket) => {
      proxied += 1;
      socket.destroy();
    });
    const address = `http://127.0.0.1:${await listening(t, proxy)}`;
    receiver.reply = () => 'approved';
    const file = fileURLToPath(new URL('../../src/host/http-gateway.ts', import.meta.url));
    const ask = `const { createHttpGateway } = await import(${JSON.stringify(file)});
      console.log(await createHttpGateway(${JSON.stringify({ url: receiver.url, secret })})
        .ask(${JSON.stringify(question)}));`;
    const run = (program: string) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
        env: { PATH: process.env.PATH, HTTP_PROXY: address, http_proxy: address, NODE_USE_ENV_PROXY: '1' },
      });
    assert.equal((await run(ask)).stdout.trim(), 'approved');
    assert.equal(proxied, 0);
    await run(`await fetch(${JSON.stringify(receiver.url)}).catch(() => {})`);
    assert.ok(proxied > 0, 'what asks without care does use it');
  });

  test('neither secret nor address nor buyer is logged', async () => {
    const url = `${receiver.url}/hidden-path?key=hidden-query`.replace('//', '//user:hidden-word@');
    receiver.reply = () => 'reset';
    assert.equal(await createHttpGateway({ url, secret, log }).ask(question), 'unanswered');
    const text = logged.join('');
    for (const hidden of [secret, 'hidden', '127.0.0.1', 'buyer-1', question.purchaseToken]) {
      assert.ok(!text.includes(hidden), hidden);
    }
  });
});

test('the worked example of the documentation is signed with the secret that it names', () => {
  const text = readFileSync(new URL('../../../../docs/gateway.md', import.meta.url), 'utf8');
  const [, id, at, signature, body = ''] =
    /webhook-id: (\S+)\nwebhook-timestamp: (\d+)\nwebhook-signature: v1,(\S+)\n\n(.*)\n/.exec(text) ?? [];
  const key = /secret `(a-gateway-secret[^`]+)`/.exec(text)?.[1] ?? '';
  assert.equal(createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64'), signature);
  const asked = JSON.parse(body) as Question;
  assert.equal(asked.key, id);
  assert.deepEqual(Object.keys(asked), Object.keys(question));
  for (const name of [...Object.keys(question), 'refundOf']) assert.ok(text.includes(`\`${name}\``), name);
});

async function listening(context: TestContext, server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}
