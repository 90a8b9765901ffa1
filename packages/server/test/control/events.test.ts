// The stream of events: what it tells, how a listener goes on after a break, and who is cut off.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { httpDatabases } from '../databases.ts';
import { openShop } from '../http/shop.ts';
import { controlKey, expectStatus, startServer, type TestServer } from '../server.ts';

interface Event {
  id: string;
  at: number;
  what: string;
  [name: string]: unknown;
}

interface Listening {
  headers: Headers;
  /** The next event; undefined when the stream has ended. */
  next(): Promise<Event | undefined>;
  close(): void;
}

const path = '/control/v1/events';

async function listen(base: string, given: { headers?: Record<string, string>; query?: string } = {}) {
  const abort = new AbortController();
  const answer = await fetch(`${base}${path}${given.query ?? ''}`, {
    headers: { authorization: `Bearer ${controlKey}`, ...given.headers },
    signal: abort.signal,
  });
  assert.equal(answer.status, 200);
  const events = eventsOf(answer.body as ReadableStream<Uint8Array>);
  const listening: Listening = {
    headers: answer.headers,
    next: async () => (await events.next()).value,
    close: () => abort.abort(),
  };
  return listening;
}

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Event, undefined> {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as never) as AsyncIterable<string>) {
    text += chunk;
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const [, id] = /^id: (.*)$/m.exec(part) ?? [];
      const [, data] = /^data: (.*)$/m.exec(part) ?? [];
      if (data === undefined) continue;
      const event = JSON.parse(data) as Event;
      assert.equal(event.id, id);
      yield event;
    }
  }
  return undefined;
}

/** Reads events up to one of this kind. */
async function until(listening: Listening, what: string): Promise<Event> {
  for (;;) {
    const event = await listening.next();
    assert.ok(event !== undefined, `the stream ended before ${what}`);
    if (event.what === what) return event;
  }
}

for (const database of httpDatabases) {
  describe(`events on ${database.name}`, () => {
    let server: TestServer;

    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const nobodyListens = async () => {
      const { events } = server.till.host.watch;
      for (let round = 0; round < 3_000 && events.listenerCount > 0; round++) await wait(20);
      assert.equal(events.listenerCount, 0);
    };

    test('a purchase’s whole life is told, with where it belongs', async () => {
      const shop = await openShop(server);
      const listening = await listen(server.url);
      assert.equal(listening.headers.get('content-type'), 'text/event-stream; charset=utf-8');
      assert.equal(listening.headers.get('cache-control'), 'no-store');
      const first = await shop.buy();
      const bought = await until(listening, 'purchased');
      const { id: _, ...told } = bought;
      assert.deepEqual(told, {
        at: first.purchaseTime,
        what: 'purchased',
        clientId: shop.app.clientId,
        worldId: shop.app.worldId,
        purchaseToken: first.purchaseToken,
        productId: 'product01',
      });
      await shop.acknowledge(first);
      assert.equal((await until(listening, 'acknowledged')).purchaseToken, first.purchaseToken);
      await shop.consume(first);
      assert.equal((await until(listening, 'consumed')).purchaseToken, first.purchaseToken);
      const second = await shop.buy();
      await shop.advance('P4D');
      const voided = await until(listening, 'voided');
      assert.equal(voided.purchaseToken, second.purchaseToken);
      assert.equal(voided.at, second.purchaseTime + 72 * 3_600_000);
      listening.close();
      await nobodyListens();
    });

    test('an overdue purchase that a new one of the item replaces is told as voided first', async () => {
      const shop = await openShop(server);
      const first = await shop.buy({ buyerId: 'one buyer' });
      // time passes and nobody looks; a clock that is set by hand would settle what is due
      const late = first.purchaseTime + 73 * 3_600_000;
      const { database } = server.till.host;
      await database.run('update world set clock_at = $1 where world_id = $2', [late, shop.app.worldId]);
      const listening = await listen(server.url);
      const second = await shop.buy({ buyerId: 'one buyer' });
      assert.equal((await until(listening, 'voided')).purchaseToken, first.purchaseToken);
      assert.equal((await until(listening, 'purchased')).purchaseToken, second.purchaseToken);
      listening.close();
      await nobodyListens();
    });

    test('a write of the control API is told by its operation; reads and refusals are not', async () => {
      const app = await server.app({ worldId: await server.world() });
      const listening = await listen(server.url);
      expectStatus(await server.control('GET', `/apps/${app.clientId}`), 200);
      assert.equal((await server.control('PATCH', `/apps/${app.clientId}`, { blocked: 'yes' })).status, 400);
      const answer = await server.control('PATCH', `/apps/${app.clientId}`, { title: 'Told' });
      const event = await listening.next();
      assert.deepEqual(
        [event?.what, event?.operation, event?.clientId, event?.requestId],
        ['control', 'changeApp', app.clientId, answer.headers.get('x-request-id')],
      );
      assert.ok(!JSON.stringify(event).includes('Told'));
      listening.close();
      await nobodyListens();
    });

    test('nothing that was refused or rolled back is told', async () => {
      const shop = await openShop(server);
      const bought = await shop.buy();
      await shop.consume(bought);
      const listening = await listen(server.url);
      await shop.consume(bought);
      const next = await shop.buy();
      assert.equal((await listening.next())?.purchaseToken, next.purchaseToken);
      listening.close();
      await nobodyListens();
    });

    test('who comes back with Last-Event-ID, or lastEventId, misses nothing and gets nothing twice', async () => {
      const shop = await openShop(server);
      const listening = await listen(server.url);
      await shop.buy();
      const seen = await until(listening, 'purchased');
      listening.close();
      await nobodyListens();
      const missed = [await shop.buy(), await shop.buy(), await shop.buy()];
      for (const given of [
        { headers: { 'last-event-id': seen.id } },
        { query: `?lastEventId=${seen.id}` },
        { headers: { 'last-event-id': seen.id }, query: '?lastEventId=old-1' },
      ]) {
        const again = await listen(server.url, given);
        const tokens = [];
        while (tokens.length < missed.length) tokens.push((await until(again, 'purchased')).purchaseToken);
        assert.deepEqual(
          tokens,
          missed.map(({ purchaseToken }) => purchaseToken),
        );
        again.close();
        await nobodyListens();
      }
    });

    test('an ID that this node does not know, or knows no longer, is answered with missed', async () => {
      const { events } = server.till.host.watch;
      const listening = await listen(server.url);
      events.tell({ at: 1, what: 'first' });
      const first = await listening.next();
      listening.close();
      await nobodyListens();
      for (let count = 0; count < 2_500; count++) events.tell({ at: count, what: 'filler' });
      for (const id of [first?.id ?? '', 'another-run-5', 'nonsense', `${first?.id}0000`]) {
        const again = await listen(server.url, { headers: { 'last-event-id': id } });
        const event = await again.next();
        assert.equal(event?.what, 'missed', id);
        // what comes next is told, and can be gone on from
        events.tell({ at: 2, what: 'next' });
        assert.equal((await again.next())?.what, 'next');
        again.close();
        await nobodyListens();
      }
    });

    test('a listener that does not keep up is cut off, and nobody else waits for it', async () => {
      const { events } = server.till.host.watch;
      const slow = await silentListener(server.url);
      const quick = await listen(server.url);
      while (events.listenerCount < 2) await wait(10);
      // the kernel takes some megabytes for a socket that nobody reads
      for (let count = 0; count < 40_000 && events.listenerCount === 2; count++) {
        events.tell({ at: count, what: 'much', operation: 'x'.repeat(900) });
        if (count % 50 === 49) for (let read = 0; read < 50; read++) await quick.next();
      }
      assert.equal(events.listenerCount, 1);
      slow.destroy();
      events.tell({ at: 0, what: 'after' });
      assert.equal((await until(quick, 'after')).what, 'after');
      quick.close();
      await nobodyListens();
    });

    test('there are 50 listeners at most; one more is InvalidState until one goes', async () => {
      const all = await Promise.all(Array.from({ length: 50 }, () => silentListener(server.url)));
      const more = await server.control('GET', '/events');
      assert.deepEqual([more.status, more.body.error.code], [409, 'InvalidState']);
      for (const one of all) one.destroy();
      await nobodyListens();
      const again = await listen(server.url);
      again.close();
      await nobodyListens();
    });

    test('without listeners nothing is made of what happens', async () => {
      const quiet = await startServer(database);
      try {
        const shop = await openShop(quiet);
        const { events } = quiet.till.host.watch;
        let told = 0;
        const { tell } = events;
        events.tell = (happened) => {
          told += 1;
          tell.call(events, happened);
        };
        await shop.consume(await shop.buy());
        assert.deepEqual([told, events.wanted], [0, false]);
      } finally {
        await quiet.stop();
      }
    });

    test('a stop ends the streams at once and does not wait for their listeners', async () => {
      const stopping = await startServer(database);
      const listening = await listen(stopping.url);
      const silent = await silentListener(stopping.url);
      const startedAt = performance.now();
      await stopping.till.stop();
      // after 8 s whatever is still open is cut off
      assert.ok(performance.now() - startedAt < 7_900);
      await stopping.stop();
      assert.equal(await listening.next(), undefined);
      silent.destroy();
    });
  });
}

/** Asks for the stream and then reads nothing of it. */
async function silentListener(base: string): Promise<Socket> {
  const { hostname, port } = new URL(base);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${controlKey}\r\n\r\n`);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  return socket;
}
