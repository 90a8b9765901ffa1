// How a run treats a server that is somebody else's: bounded, with pauses, and patient with one that misbehaves.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { Caller, type CallerOptions, NoAnswer, RunEnded } from './caller.ts';
import { Redaction } from './redaction.ts';

const request = { method: 'GET', path: '/x' };
const servers: Server[] = [];

async function callerOf(listener: RequestListener, options: Partial<CallerOptions> = {}): Promise<Caller> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bounds = { timeoutMs: 60_000, pauseMs: 0, mostRequests: 100 };
  return new Caller({ baseUrl, ...bounds, ...options }, new Redaction());
}

describe('A caller', () => {
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  it('sends what is asked for at once one after the other, in order', async () => {
    const seen: string[] = [];
    let under = 0;
    const caller = await callerOf((incoming, response) => {
      under += 1;
      seen.push(`${incoming.url} ${under}`);
      setTimeout(() => {
        under -= 1;
        response.end('{}');
      }, 10);
    });
    await Promise.all(['/a', '/b', '/c'].map((path) => caller.call({ method: 'GET', path })));
    assert.deepEqual(seen, ['/a 1', '/b 1', '/c 1']);
  });

  it('waits before each request as long as it was told', async () => {
    const caller = await callerOf((_, response) => response.end('{}'), { pauseMs: 60 });
    const startedAt = performance.now();
    for (let count = 0; count < 3; count++) await caller.call(request);
    assert.ok(performance.now() - startedAt >= 170);
  });

  it('sends no more requests than it was told', async () => {
    let count = 0;
    const listener: RequestListener = (_, response) => {
      count += 1;
      response.end('{}');
    };
    const caller = await callerOf(listener, { mostRequests: 2 });
    await caller.call(request);
    await caller.call(request);
    await assert.rejects(
      caller.call(request),
      (error) => error instanceof RunEnded && /2 requests/.test(error.message),
    );
    assert.equal(count, 2);
  });

  it('gives up an answer that does not come in time, and the run after three in a row', async () => {
    const caller = await callerOf(() => {}, { timeoutMs: 30 });
    const late = (error: unknown) => error instanceof NoAnswer && error.message === 'no answer within 30 ms';
    await assert.rejects(caller.call(request), late);
    await assert.rejects(caller.call(request), late);
    await assert.rejects(caller.call(request), (error) => error instanceof RunEnded);
  });

  it('gives up an answer without an end', async () => {
    const caller = await callerOf((_, response) => {
      const write = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', write);
      write();
    });
    await assert.rejects(
      caller.call(request),
      (error) => error instanceof NoAnswer && /longer than 1048576/.test(error.message),
    );
  });

  it('waits as long as a server asks that has too many requests', async () => {
    let count = 0;
    const caller = await callerOf((_, response) => {
      count += 1;
      if (count === 1) response.writeHead(429, { 'retry-after': '1' });
      response.end('{}');
    });
    const startedAt = performance.now();
    await assert.rejects(caller.call(request), NoAnswer);
    await caller.call(request);
    assert.ok(performance.now() - startedAt >= 990);
  });

  it('waits until the instant that a server names', async () => {
    let count = 0;
    const caller = await callerOf((_, response) => {
      count += 1;
      const at = new Date(Date.now() + 7_000).toUTCString();
      if (count === 1) response.writeHead(429, { 'retry-after': at });
      response.end('{}');
    });
    const startedAt = performance.now();
    await assert.rejects(caller.call(request), NoAnswer);
    await caller.call(request);
    // it is told in whole seconds; without it the wait is five
    assert.ok(performance.now() - startedAt >= 5_900);
  });

  it('takes a server in front that answers for one that is away as no answer', async () => {
    const pages: [number, string][] = [
      [503, '{"error":{"code":"ServiceMaintenance","message":"x"}}'],
      [502, '<h1>Bad Gateway</h1>'],
      [503, ''],
      [504, '<h1>Gateway Timeout</h1>'],
    ];
    const caller = await callerOf((_, response) => {
      const [status, body] = pages.shift() ?? [200, '{}'];
      response.writeHead(status).end(body);
    });
    assert.equal((await caller.call(request)).status, 503);
    await assert.rejects(
      caller.call(request),
      /^NoAnswer: no answer: a server in front says that it is away \(502\)$/,
    );
    await assert.rejects(caller.call(request), NoAnswer);
    await assert.rejects(caller.call(request), RunEnded);
  });

  it('follows no redirect', async () => {
    const caller = await callerOf((_, response) => response.writeHead(302, { location: '/y' }).end());
    assert.equal((await caller.call(request)).status, 302);
    assert.equal(caller.sentCount, 1);
  });

  it('gives a body no content type by itself, and its own name as the agent', async () => {
    let sent: Record<string, unknown> = {};
    const caller = await callerOf((incoming, response) => {
      sent = incoming.headers;
      response.end('{}');
    });
    await caller.call({ method: 'POST', path: '/x', body: 'a=b' });
    assert.deepEqual([sent['content-type'], sent['user-agent']], [undefined, 'till-conformance']);
  });

  it('learns how far the server’s clock is ahead', async () => {
    const caller = await callerOf((_, response) => {
      response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
      response.end('{}');
    });
    await caller.call(request);
    assert.ok(Math.abs(caller.aheadMs - 3_600_000) < 30_000, String(caller.aheadMs));
  });

  it('tells why nobody answers where a name has several addresses', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const options = { baseUrl: `http://localhost:${port}`, timeoutMs: 60_000, pauseMs: 0, mostRequests: 9 };
    await assert.rejects(new Caller(options, new Redaction()).call(request), /ECONNREFUSED/);
  });

  it('tells of a server that is not there without telling the request', async () => {
    const options = { baseUrl: 'http://127.0.0.1:1', timeoutMs: 1_000, pauseMs: 0, mostRequests: 9 };
    const caller = new Caller(options, new Redaction());
    const headers = { authorization: 'Bearer a-token-of-nobody' };
    await assert.rejects(caller.call({ ...request, headers }), (error) => {
      assert.ok(error instanceof NoAnswer);
      assert.ok(!`${error.message} ${error.stack}`.includes('a-token-of-nobody'));
      return true;
    });
  });
});
