// One attempt to deliver a message: real receivers that answer in every way there is, and in none.
import assert from 'node:assert/strict';
import type { lookup as systemLookup } from 'node:dns';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type AddressInfo, createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { DeliveryResult } from '@till/protocol/notifications';
import type { Poster } from '../../src/host/host.ts';
import { createHttpPoster, type PosterOptions } from '../../src/host/http-poster.ts';
import { createTargetRules } from '../../src/host/target-rules.ts';
import { closedPort } from '../closed-port.ts';
import { RawReceiver, type Script } from '../notifications/raw-receiver.ts';
import { Receiver, type ReceiverOptions, type Reply } from '../notifications/receiver.ts';
import { selfSigned } from '../notifications/self-signed.ts';

const rules = createTargetRules({ environment: 'sandbox' });
const body = JSON.stringify({ productName: '꿈의 💎 a/b', price: '1100' });
const ok = 'HTTP/1.1 200 OK\r\n';
const empty = `${ok}content-length: 0\r\n\r\n`;

/** The limits that no busy machine reaches; the tests of limits give their own. */
const patient = { connectWithinMs: 60_000, answerWithinMs: 60_000 };

function posterOf(context: TestContext, options: Partial<PosterOptions> = {}): Poster {
  const poster = createHttpPoster({ rules, ...patient, ...options });
  context.after(() => poster.close());
  return poster;
}

async function receiverOf(context: TestContext, reply: Reply, options?: ReceiverOptions): Promise<Receiver> {
  const receiver = await new Receiver(options).open();
  receiver.reply = () => reply;
  context.after(() => receiver.close());
  return receiver;
}

async function rawOf(context: TestContext, script: Script): Promise<RawReceiver> {
  const receiver = await new RawReceiver(script).open();
  context.after(() => receiver.close());
  return receiver;
}

/** Writes a beginning, and then a piece again and again: as fast as it is taken, or so often. */
function endlessly(beginning: string, piece: string, everyMs?: number): Script {
  return (socket) => {
    const write = () => {
      if (socket.destroyed) return;
      const taken = socket.write(piece);
      if (everyMs !== undefined) setTimeout(write, everyMs);
      else if (taken) setImmediate(write);
      else socket.once('drain', write);
    };
    socket.write(beginning);
    write();
  };
}

describe('one attempt', { concurrency: true }, () => {
  test('posts the text as it is, as JSON, with a name and a time that a receiver drops repeats by', async (t) => {
    const receiver = await receiverOf(t, 200);
    const poster = posterOf(t, { clock: () => 1_700_000_000_999 });
    const posted = await poster.post({ url: `${receiver.url}?a=b`, id: 'TOKEN-000001-payment', body });
    assert.equal(posted.result, 'delivered');
    const [{ headers, text, path } = assert.fail()] = receiver.received;
    assert.equal(text, body);
    assert.equal(path, '/notifications?a=b');
    assert.equal(headers['webhook-id'], 'TOKEN-000001-payment');
    assert.equal(headers['webhook-timestamp'], '1700000000');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['transfer-encoding'], undefined);
    assert.equal(headers.authorization, undefined);
  });

  const statuses: [status: number, result: DeliveryResult][] = [
    [200, 'delivered'],
    [201, 'refused'],
    [204, 'refused'],
    [301, 'redirect'],
    [302, 'redirect'],
    [304, 'refused'],
    [307, 'redirect'],
    [308, 'redirect'],
    [400, 'refused'],
    [404, 'refused'],
    [429, 'refused'],
    [500, 'refused'],
    [503, 'refused'],
  ];
  for (const [status, result] of statuses) {
    test(`an answer with status ${status} is ${result}, and nobody goes where it leads`, async (t) => {
      const elsewhere = await receiverOf(t, 200);
      const receiver = await receiverOf(t, (response) => {
        response.writeHead(status, { location: elsewhere.url }).end();
      });
      const { durationMs, ...posted } = await posterOf(t).post({ url: receiver.url, id: 'id', body });
      assert.deepEqual(posted, { result, httpStatus: status });
      assert.ok(Number.isSafeInteger(durationMs) && durationMs >= 0);
      assert.deepEqual([receiver.received.length, elsewhere.received.length], [1, 0]);
    });
  }

  /** Which limit ends it; one that is reached is short, and any other far away. */
  const limitsOf = (result: DeliveryResult, what: string) =>
    result === 'timeout'
      ? { connectWithinMs: 60_000, answerWithinMs: 800 }
      : { ...patient, ...(what === trickling && { answerWithinMs: 10_000 }) };
  const trickling = 'of 200 and a body that comes byte by byte';
  const endless = 'transfer-encoding: chunked\r\n\r\n';
  const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
  const answers: [what: string, script: Script, expected: { result: DeliveryResult; httpStatus?: number }][] =
    [
      ['that never comes', () => {}, { result: 'timeout' }],
      ['that stops in its status line', (socket) => socket.write('HTTP/1.1 20'), { result: 'timeout' }],
      ['that stops in its headers', (socket) => socket.write(`${ok}server: `), { result: 'timeout' }],
      [
        'whose headers come byte by byte',
        (socket) => slowly(socket, `${ok}server: a name\r\n`),
        { result: 'timeout' },
      ],
      [
        'whose headers have no end within the limit of time',
        endlessly(ok, 'a: b\r\n', 20),
        { result: 'timeout' },
      ],
      [
        'of informational statuses alone',
        endlessly('', 'HTTP/1.1 102 Processing\r\n\r\n', 20),
        { result: 'timeout' },
      ],
      ['that is a reset', (socket) => socket.resetAndDestroy(), { result: 'connection' }],
      ['that is an end', (socket) => socket.end(), { result: 'connection' }],
      ['that ends in its headers', (socket) => socket.end(`${ok}server: `), { result: 'connection' }],
      [
        'that is no HTTP',
        (socket) => socket.end('220 mail.example ESMTP ready\r\n'),
        { result: 'connection' },
      ],
      [
        'of raw bytes',
        (socket) => socket.end(Buffer.from([0, 1, 2, 255, 13, 10, 13, 10])),
        { result: 'connection' },
      ],
      [
        'that switches protocols',
        (socket) =>
          socket.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
        { result: 'refused', httpStatus: 101 },
      ],
      [
        'whose headers are 17 KiB long',
        (socket) => socket.write(`${ok}a: ${'x'.repeat(17_408)}\r\n\r\n`),
        { result: 'tooLarge' },
      ],
      [
        'whose headers are many, and have no end',
        endlessly(ok, `a: ${'x'.repeat(100)}\r\n`),
        { result: 'tooLarge' },
      ],
      [
        'whose headers are 15 KiB long',
        (socket) => socket.write(`${ok}a: ${'x'.repeat(15_360)}\r\ncontent-length: 0\r\n\r\n`),
        { result: 'delivered', httpStatus: 200 },
      ],
      [
        'of 200 and more than 64 KiB',
        (socket) => socket.end(`${ok}\r\n${'x'.repeat(200_000)}`),
        { result: 'delivered', httpStatus: 200 },
      ],
      [
        'of 200 and a body without end',
        endlessly(ok + endless, chunk),
        { result: 'delivered', httpStatus: 200 },
      ],
      [
        'of 500 and a body without end',
        endlessly(`HTTP/1.1 500 No\r\n${endless}`, chunk),
        { result: 'refused', httpStatus: 500 },
      ],
      [trickling, endlessly(ok + endless, '1\r\nx\r\n', 20), { result: 'delivered', httpStatus: 200 }],
      [
        'of 200 and a body that breaks off',
        (socket) => socket.end(`${ok}content-length: 9\r\n\r\nx`),
        { result: 'delivered', httpStatus: 200 },
      ],
      [
        'of 200 and a broken body',
        (socket) => socket.end(`${ok + endless}no length\r\n`),
        { result: 'delivered', httpStatus: 200 },
      ],
    ];
  for (const [what, script, expected] of answers) {
    test(`an answer ${what} is ${expected.result}, within the limits`, async (t) => {
      const receiver = await rawOf(t, script);
      const limits = limitsOf(expected.result, what);
      const { durationMs, ...posted } = await posterOf(t, limits).post({ url: receiver.url, id: 'id', body });
      assert.deepEqual(posted, expected);
      assert.ok(durationMs < limits.answerWithinMs + 20_000, `${durationMs} ms`);
      assert.equal(receiver.requests, 1, 'it came once');
    });
  }

  test('a connection that is reset before it took the message is connection', async (t) => {
    const server = createServer((socket) => socket.resetAndDestroy());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    assert.equal((await posterOf(t).post({ url, id: 'id', body })).result, 'connection');
  });

  test('a port where nobody listens and a name that nobody has are connection', async (t) => {
    const port = await closedPort(t);
    // the machine's own resolver may be out of reach, and then it is silent for long
    const unknown = ((name: string, _: unknown, callback: (error: Error) => void) =>
      callback(Object.assign(new Error(name), { code: 'ENOTFOUND' }))) as NonNullable<
      PosterOptions['lookup']
    >;
    const poster = posterOf(t, { lookup: unknown });
    for (const host of [`127.0.0.1:${port}`, `nobody.invalid:${port}`]) {
      assert.equal((await poster.post({ url: `http://${host}/`, id: 'id', body })).result, 'connection');
    }
  });

  test('a name whose address is not told in time is timeout, and so is the whole attempt', async (t) => {
    const never = (() => {}) as unknown as NonNullable<PosterOptions['lookup']>;
    const poster = posterOf(t, { connectWithinMs: 300, lookup: never });
    const { result, durationMs } = await poster.post({ url: 'http://slow.example/', id: 'id', body });
    assert.equal(result, 'timeout');
    assert.ok(durationMs < patient.answerWithinMs / 2, `${durationMs} ms`);
  });

  test('names that nobody answers for hold up no other, once they are known', async (t) => {
    // as the machine asks: so many questions at a time, the others in turn
    const waiting: (() => void)[] = [];
    let free = 2;
    const next = () => {
      for (; free > 0 && waiting.length > 0; free--) waiting.shift()?.();
    };
    const lookup = (hostname: string, _: unknown, answer: (...told: unknown[]) => void) => {
      waiting.push(() => {
        const told = () => {
          free++;
          if (hostname === 'good.example') answer(null, [{ address: '127.0.0.1', family: 4 }]);
          else answer(Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' }));
          next();
        };
        setTimeout(told, hostname === 'good.example' ? 0 : 3_000);
      });
      next();
    };
    const asks = { lookup: lookup as unknown as typeof systemLookup, connectWithinMs: 2_500 };
    const poster = posterOf(t, asks);
    const receiver = await receiverOf(t, 200);
    const post = async (name: string) =>
      (await poster.post({ url: receiver.url.replace('127.0.0.1', name), id: name, body })).result;
    const dead = ['one.example', 'two.example', 'three.example'];
    assert.deepEqual(await Promise.all(dead.map(post)), ['timeout', 'timeout', 'timeout']);
    while (free < 2) await wait(50);
    const again = Promise.all(dead.map(post));
    assert.equal(await post('good.example'), 'delivered');
    assert.deepEqual(await again, ['timeout', 'timeout', 'timeout']);
  });

  test('an answer that takes longer than a connection may is waited for', async (t) => {
    const receiver = await receiverOf(t, (response) => void setTimeout(() => response.end(), 4_000));
    const poster = posterOf(t, { connectWithinMs: 3_500 });
    const { result, durationMs } = await poster.post({ url: receiver.url, id: 'id', body });
    assert.equal(result, 'delivered');
    assert.ok(durationMs > 3_500);
  });

  test('an answer after five seconds is one, though nobody keeps an idle connection that long', async (t) => {
    const receiver = await receiverOf(t, (response) => void setTimeout(() => response.end(), 5_000));
    const { result } = await posterOf(t).post({ url: receiver.url, id: 'id', body });
    assert.equal(result, 'delivered');
  });

  test('messages share a connection that is kept', async (t) => {
    const receiver = await receiverOf(t, 200);
    const poster = posterOf(t);
    for (let number = 0; number < 5; number++)
      await poster.post({ url: receiver.url, id: `${number}`, body });
    assert.deepEqual([receiver.received.length, receiver.connections], [5, 1]);
  });

  const closings: [how: string, script: (socket: Socket) => void][] = [
    ['closed', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ];
  for (const [how, close] of closings) {
    test(`a kept connection that is ${how} in the moment of a message is no failure: it goes by a new one`, async (t) => {
      const receiver = await rawOf(t, (socket, time) => (time === 2 ? close(socket) : socket.write(empty)));
      const poster = posterOf(t);
      for (const id of ['first', 'second', 'third']) {
        const { result } = await poster.post({ url: receiver.url, id, body });
        assert.equal(result, 'delivered', id);
      }
      assert.equal(receiver.requests, 4);
    });
  }

  test('it is repeated once: a receiver that closes the new connection as well is connection', async (t) => {
    const receiver = await rawOf(t, (socket, time) => (time === 1 ? socket.write(empty) : socket.end()));
    const poster = posterOf(t);
    const results: string[] = [];
    for (const id of ['first', 'second']) {
      results.push((await poster.post({ url: receiver.url, id, body })).result);
    }
    assert.deepEqual(results, ['delivered', 'connection']);
    assert.deepEqual([receiver.requests, receiver.connections], [3, 2]);
  });

  test('a closed poster leaves nothing open, and what is under way ends', async (t) => {
    const receiver = await rawOf(t, (socket, time) => {
      if (time === 1) socket.write(empty);
      else if (time === 2) socket.end(); // so that the last goes by a connection of its own
    });
    const poster = createHttpPoster({ rules, ...patient });
    await poster.post({ url: receiver.url, id: 'first', body });
    const hanging = poster.post({ url: receiver.url, id: 'second', body });
    while (receiver.requests < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    poster.close();
    const { result, durationMs } = await hanging;
    assert.equal(result, 'connection');
    assert.ok(durationMs < patient.answerWithinMs / 2, `${durationMs} ms`);
  });

  test('a closed poster sends nothing once more, though what it cut off went by a kept connection', async (t) => {
    const receiver = await rawOf(t, (socket, time) => {
      if (time === 1) socket.write(empty);
    });
    const poster = createHttpPoster({ rules, ...patient });
    await poster.post({ url: receiver.url, id: 'first', body });
    const hanging = poster.post({ url: receiver.url, id: 'second', body });
    while (receiver.requests < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    poster.close();
    const { result, durationMs } = await hanging;
    assert.equal(result, 'connection');
    assert.ok(durationMs < patient.answerWithinMs / 2, `${durationMs} ms`);
    assert.deepEqual([receiver.requests, receiver.connections], [2, 1]);
  });

  /** One character after the other, in order however busy the machine is. */
  function slowly(socket: Socket, text: string): void {
    const [first, ...rest] = text;
    if (first === undefined || socket.destroyed) return;
    socket.write(first);
    setTimeout(() => slowly(socket, rest.join('')), 50);
  }
});

describe('one attempt over TLS', { concurrency: true }, () => {
  test('a certificate that nobody vouches for is tls, and the message does not leave', async (t) => {
    const receiver = await receiverOf(t, 200, { tls: selfSigned });
    const { durationMs: _, ...posted } = await posterOf(t).post({ url: receiver.url, id: 'id', body });
    assert.deepEqual(posted, { result: 'tls' });
    assert.equal(receiver.received.length, 0);
  });

  test('with a certificate to trust it is delivered, again and again by one connection', async (t) => {
    const receiver = await receiverOf(t, 200, { tls: selfSigned });
    const poster = posterOf(t, { ca: selfSigned.cert });
    for (const id of ['first', 'second']) {
      assert.equal((await poster.post({ url: receiver.url, id, body })).result, 'delivered');
    }
    assert.equal(receiver.connections, 1);
  });

  test('a certificate of another name is tls', async (t) => {
    const receiver = await receiverOf(t, 200, { tls: selfSigned });
    const lookup = ((_: string, __: unknown, callback: (...found: unknown[]) => void) =>
      callback(null, [{ address: '127.0.0.1', family: 4 }])) as NonNullable<PosterOptions['lookup']>;
    const poster = posterOf(t, { ca: selfSigned.cert, lookup });
    const url = `https://another.example:${receiver.port}/`;
    assert.equal((await poster.post({ url, id: 'id', body })).result, 'tls');
    assert.equal(receiver.received.length, 0);
  });

  test('a receiver that speaks no TLS is tls, one that closes in the handshake too', async (t) => {
    const plain = await receiverOf(t, 200);
    const url = `https://127.0.0.1:${plain.port}/`;
    assert.equal((await posterOf(t).post({ url, id: 'id', body })).result, 'tls');
    const server = createServer((socket) => socket.once('data', () => socket.destroy()));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
    const closing = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    assert.equal((await posterOf(t).post({ url: closing, id: 'id', body })).result, 'tls');
  });

  test('a handshake that hangs is timeout, by the limit for connections', async (t) => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const poster = posterOf(t, { connectWithinMs: 300 });
    const { result, durationMs } = await poster.post({ url, id: 'id', body });
    assert.equal(result, 'timeout');
    assert.ok(durationMs < patient.answerWithinMs / 2, `${durationMs} ms`);
  });
});
