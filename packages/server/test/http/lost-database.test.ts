// PostgreSQL that goes away and comes back: calls answer ServiceMaintenance, and by itself all is well again.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { databases, endOthers } from '../databases.ts';
import { startServer } from '../server.ts';
import { assertRefused, assertStatus, assertSucceeded, openShop } from './shop.ts';

const patienceMs = 60_000;

/** The way to PostgreSQL, which can be cut and mended; cut it keeps its port, which somebody else might take. */
class Way {
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isCut = false;

  constructor({ hostname, port }: URL) {
    this.#target = { host: hostname, port: Number(port || 5432) };
    this.#server = createServer((near) => {
      near.on('error', () => {});
      if (this.#isCut) return void near.resetAndDestroy();
      const far = connect(this.#target);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => this.#sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async open(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

test('a PostgreSQL that goes away turns readiness red, and green when it is back', async () => {
  const postgres = databases.find(({ name }) => name === 'postgres');
  assert.ok(postgres);
  const opened = await postgres.open();
  const url = new URL(opened.url);
  const way = await new Way(url).open();
  url.host = `127.0.0.1:${way.port}`;
  const server = await startServer({ url: url.href });
  try {
    const shop = await openShop(server);
    const bought = await Promise.all(Array.from({ length: 10 }, () => shop.buy()));
    const [first] = bought;
    assert.ok(first);
    assertStatus(await server.call('GET', '/readyz'), 200);

    way.cut();
    const refused = await Promise.all(bought.map((purchase) => shop.consume(purchase)));
    for (const answer of refused) assertRefused(answer, 'ServiceMaintenance');
    assertRefused(await shop.details(first), 'ServiceMaintenance');
    assertRefused(await server.call('GET', '/readyz'), 'ServiceMaintenance');
    assertStatus(await server.call('GET', '/healthz'), 200);

    way.mend();
    const limit = performance.now() + patienceMs;
    while ((await server.call('GET', '/readyz')).status !== 200) {
      assert.ok(performance.now() < limit, 'readiness did not turn green again');
      await wait(50);
    }
    for (const purchase of bought) assertSucceeded(await shop.consume(purchase));
    const [row] = await server.till.host.database.all(
      `select count(*) as entries, count(case when what = 'consumed' then 1 end) as consumed from ledger`,
    );
    assert.deepEqual(row, { entries: 20, consumed: 10 });
  } finally {
    await server.stop();
    await way.close();
    await opened.drop();
  }
});

test('a database in which a writer may only read turns readiness red until it may write again', async () => {
  const postgres = databases.find(({ name }) => name === 'postgres');
  assert.ok(postgres);
  const opened = await postgres.open();
  const server = await startServer({ url: opened.url });
  const { database } = server.till.host;
  const name = new URL(opened.url).pathname.slice(1);
  /** As after a failover to a standby; connections of before learn of it when they are made anew. */
  const onlyRead = async (value: 'on' | 'off') => {
    await database.transaction(async (query) => {
      if (value === 'off') await query.run('set transaction read write');
      await query.run(`alter database "${name}" set default_transaction_read_only = ${value}`);
    });
    // from outside: the connection that ends the others would itself still write
    const outside = new pg.Client({ connectionString: opened.url });
    await outside.connect();
    await endOthers(outside);
    await outside.end();
  };
  try {
    const shop = await openShop(server);
    const purchase = await shop.buy();
    await onlyRead('on');
    assertRefused(await shop.consume(purchase), 'ServiceMaintenance');
    assertStatus(await shop.details(purchase), 200);
    assertRefused(await server.call('GET', '/readyz'), 'ServiceMaintenance');
    await onlyRead('off');
    const limit = performance.now() + patienceMs;
    while ((await server.call('GET', '/readyz')).status !== 200) {
      assert.ok(performance.now() < limit, 'readiness did not turn green again');
      await wait(50);
    }
    assertSucceeded(await shop.consume(purchase));
  } finally {
    await server.stop();
    await opened.drop();
  }
});
