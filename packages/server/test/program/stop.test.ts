// Stopping the program: readiness turns red, what is running is answered, and the process ends well.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { logLines, type RunningProgram, start } from './program.ts';

const form =
  'grant_type=client_credentials&client_id=com.example.demo&client_secret=dGlsbC1kZW1vLXNlY3JldC1mb3ItdGhlLXNhbmRib3g=';
const body = Buffer.from(form);

/** A request whose body has only half arrived. */
async function halfSent(program: RunningProgram): Promise<Socket> {
  const { hostname, port, host } = new URL(program.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const head = [
    'POST /v7/oauth/token HTTP/1.1',
    `Host: ${host}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${body.length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  socket.write(body.subarray(0, 40));
  await wait(200);
  return socket;
}

/** Asks again until there is an answer. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await wait(20);
  }
}

async function everything(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part);
  return Buffer.concat(parts).toString();
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: not ready first, then the running request is answered, then exit code 0`, async (t) => {
    const program = await start(t);
    const ready = await fetch(`${program.url}/readyz`);
    assert.deepEqual([ready.status, await ready.json()], [200, { status: 'ready' }]);
    const socket = await halfSent(program);
    const answered = everything(socket);

    const askedAt = Date.now();
    program.child.kill(signal);
    const red = await until(async () => {
      const answer = await fetch(`${program.url}/readyz`);
      await answer.text();
      return answer.status === 200 ? undefined : answer.status;
    });
    assert.equal(red, 503);
    // by and by the port is closed, and the program waits for the running request
    await until(async () =>
      fetch(`${program.url}/healthz`).then(
        () => undefined,
        () => 'closed',
      ),
    );
    await wait(300);
    assert.equal(program.child.exitCode, null);

    const sentAt = Date.now();
    socket.write(body.subarray(40));
    assert.match(await answered, /^HTTP\/1\.1 200 [\s\S]*"access_token"/);
    const { code } = await program.ended();
    assert.equal(code, 0);
    assert.ok(Date.now() - askedAt < 10_000);
    assert.ok(Date.now() - sentAt < 4_000, 'the answered connection does not hold the stop up');
    assert.ok(logLines(program).some(({ msg, signal: told }) => msg === 'stopping' && told === signal));
  });
}

test('a request that never ends does not hold the stop up for more than ten seconds', async (t) => {
  const program = await start(t);
  const socket = await halfSent(program);
  socket.on('error', () => {});
  const askedAt = Date.now();
  program.child.kill('SIGTERM');
  const { code } = await program.ended();
  assert.equal(code, 0);
  assert.ok(Date.now() - askedAt < 10_000);
  socket.destroy();
});

test('a connection that only waits does not hold the stop up', async (t) => {
  const program = await start(t);
  await (await fetch(`${program.url}/healthz`)).text(); // kept alive by the client
  const askedAt = Date.now();
  program.child.kill('SIGTERM');
  const { code } = await program.ended();
  assert.equal(code, 0);
  assert.ok(Date.now() - askedAt < 4_000);
});
