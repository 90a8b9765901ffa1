// The PostgreSQL of the tests itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { freePort, startPostgres, versionOf } from './postgres.ts';

test('a port that somebody else takes in the last moment is no failure: it starts on another', async (t) => {
  const taken = createServer();
  await once(taken.listen(0, '127.0.0.1'), 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const ports = [port, port];
  const postgres = await startPostgres(async () => ports.pop() ?? freePort());
  try {
    assert.deepEqual(ports, []);
    assert.match(await versionOf(postgres.url), /^\d+/);
  } finally {
    await postgres.stop();
  }
});
