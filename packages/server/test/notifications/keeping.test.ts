// The outbox over time: advances wait for it, stops and restarts keep it, and what is long settled is forgotten.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { purgeNotifications } from '../../src/actions/purge-notifications.ts';
import { deliveries } from '../../src/domain/policy.ts';
import { databases, httpDatabases } from '../databases.ts';
import { expectStatus, startServer, type TestServer } from '../server.ts';
import {
  Developer,
  eventually,
  impatientPoster,
  noon,
  openReceiver,
  patientPoster,
  seconds,
} from './developers.ts';

for (const database of httpDatabases) {
  describe(`the outbox over time on ${database.name}`, () => {
    let server: TestServer;
    let impatient: TestServer;

    before(async () => {
      [server, impatient] = await Promise.all([
        startServer(database),
        startServer(database, {}, { poster: impatientPoster() }),
      ]);
    });
    after(() => Promise.all([server.stop(), impatient.stop()]));

    const rows = async (appIdOf: string) => {
      const text = 'select count(*) as number from notification where app_id = $1';
      const [row] = await server.till.host.database.all(text, [appIdOf]);
      return Number(row?.number);
    };
    const appId = async ({ clientId }: { clientId: string }) => {
      const [row] = await server.till.host.database.all('select app_id from app where client_id = $1', [
        clientId,
      ]);
      return String(row?.app_id);
    };

    test('a span of no length waits for what is being sent', async (t) => {
      const developer = await Developer.open(t, server);
      const { receiver } = developer;
      receiver.reply = () => (response) => void setTimeout(() => response.writeHead(200).end(), 150);
      const ids = await developer.buys(20);
      await developer.advance('PT0S');
      assert.deepEqual(receiver.ids().sort(), ids.sort());
      assert.equal((await developer.idsOf('delivered')).length, 20);
    });

    test('an advance waits for every re-send up to its end, those that hang too, and each has its own instant', async (t) => {
      const developer = await Developer.open(t, impatient);
      developer.receiver.reply = (_, time) => (time === 2 ? 'hang' : time < 6 ? 500 : 200);
      const id = await developer.buy();
      await developer.advance('PT0S');
      await developer.advance('PT15M');
      assert.deepEqual(seconds(await developer.read(id)), [0, 30, 150, 420, 900]);
      assert.equal((await developer.read(id)).nextAttemptAt, noon + 1_650_000);
      await developer.advance('PT12M29S');
      assert.equal(developer.receiver.received.length, 5, 'a second before it is due');
      await developer.advance('PT1S');
      const { status, attempts } = await developer.read(id);
      assert.deepEqual([status, attempts.length, attempts[1].result], ['delivered', 6, 'timeout']);
    });

    test('a stop that waits for its balancer goes on sending meanwhile', async (t) => {
      const { url, drop } = await database.open();
      t.after(drop);
      const stopping = await startServer({ url }, {}, { drainMs: 3_000 });
      const developer = await Developer.open(t, stopping);
      const { receiver } = developer;
      receiver.reply = () => 'hang';
      const ids = await developer.buys(20);
      await receiver.until(8);
      const stopped = stopping.stop();
      while (!stopping.till.host.node.stopping) await wait(5);
      receiver.reply = () => 200;
      receiver.letGo();
      await stopped;
      assert.deepEqual(receiver.ids().sort(), ids.sort());
    });

    test('an advance is no advance for other worlds', async (t) => {
      const [one, other] = [await Developer.open(t, server), await Developer.open(t, server)];
      for (const { receiver } of [one, other]) receiver.reply = () => 500;
      await Promise.all([one.buy(), other.buy()]);
      await Promise.all([one.advance('PT0S'), other.advance('PT0S')]);
      await one.advance('PT3M');
      assert.deepEqual([one.receiver.received.length, other.receiver.received.length], [3, 1]);
    });

    test('an advance ends though the clock is set back while it waits', async (t) => {
      const developer = await Developer.open(t, server);
      const { receiver } = developer;
      receiver.reply = (_, time) => (time === 4 ? 'hang' : 500);
      const id = await developer.buy();
      await developer.advance('PT0S');
      const advancing = developer.advance('PT9H');
      await receiver.until(4);
      const { worldId } = developer.app;
      const back = await server.control('PUT', `/worlds/${worldId}/clock`, { now: noon + 60_000 });
      expectStatus(back, 200);
      receiver.letGo(500);
      const late = setTimeout(() => assert.fail('it does not end'), 120_000);
      await advancing;
      clearTimeout(late);
      assert.equal((await developer.read(id)).status, 'pending');
    });

    test('a clock that is set forward makes re-sends due, without an advance', async (t) => {
      const developer = await Developer.open(t, server);
      developer.receiver.reply = (_, time) => (time === 1 ? 500 : 200);
      await developer.buy();
      await developer.advance('PT0S');
      const clock = `/worlds/${developer.app.worldId}/clock`;
      expectStatus(await server.control('PUT', clock, { now: noon + 30_000 }), 200);
      await developer.until('delivered', 1);
    });

    test('the messages of an app go with it, those on their way too', async (t) => {
      const developer = await Developer.open(t, server);
      developer.receiver.reply = ({ id }) => (id.endsWith('1') ? 500 : 'hang');
      await developer.buys(12);
      await developer.receiver.until(8);
      const id = await appId(developer.app);
      assert.equal(await rows(id), 12);
      assert.equal((await developer.call('DELETE', '')).status, 204);
      developer.receiver.letGo();
      await eventually(async () => developer.receiver.inFlight === 0, 'nothing is sent any more');
      assert.equal(await rows(id), 0);
    });

    test('the messages of a world go with it', async (t) => {
      const developer = await Developer.open(t, server);
      developer.receiver.reply = () => 500;
      await developer.buys(3);
      await developer.advance('PT0S');
      const id = await appId(developer.app);
      assert.equal((await server.control('DELETE', `/worlds/${developer.app.worldId}`)).status, 204);
      assert.equal(await rows(id), 0);
    });

    test('an app without an address any more gives its messages up, and they can be sent again later', async (t) => {
      const developer = await Developer.open(t, server);
      developer.receiver.reply = () => 500;
      const id = await developer.buy();
      await developer.advance('PT0S');
      await developer.tells(null);
      await developer.advance('PT1M');
      const dead = await developer.read(id);
      assert.deepEqual([dead.status, dead.attempts.length], ['dead', 1]);
      const other = await openReceiver(t);
      await developer.tells(other);
      expectStatus(await developer.call('POST', `/notifications/${id}/resend`), 200);
      await developer.until('delivered', 1);
      assert.equal((await developer.read(id)).url, other.url);
    });
  });
}

for (const database of databases.filter(({ name }) => name !== 'sqlite memory')) {
  test(`what waits survives a stop, which hanging receivers do not hold up, on ${database.name}`, async (t) => {
    const { url, drop } = await database.open();
    t.after(drop);
    const first = await startServer({ url }, {}, { poster: patientPoster() });
    const developer = await Developer.open(t, first);
    const { receiver, app } = developer;
    receiver.reply = () => 'hang';
    const ids = await developer.buys(20);
    await receiver.until(8);
    const from = performance.now();
    await first.stop();
    assert.ok(performance.now() - from < 60_000, `${performance.now() - from} ms`);
    assert.equal(receiver.ids().length, 8);

    receiver.reply = () => 200;
    const second = await startServer({ url });
    t.after(() => second.stop());
    const afterwards = new Developer(second, app, receiver);
    await afterwards.advance('PT30S');
    await afterwards.until('delivered', 20);
    const rest = receiver.received.slice(8).map(({ id }) => id);
    assert.deepEqual(rest.sort(), ids.sort(), 'those that hung come again, the others once');
  });

  test(`thirty days after a message was settled it is forgotten, on ${database.name}`, async (t) => {
    const { url, drop } = await database.open();
    t.after(drop);
    let ahead = 0;
    const clock = () => Date.now() + ahead;
    const first = await startServer({ url }, {}, { clock });
    const developer = await Developer.open(t, first);
    developer.receiver.reply = ({ body }) => (body.price === '2200' ? 500 : 200);
    await developer.buys(2);
    const { purchaseToken } = await first.buy(developer.app, { quantity: 2 });
    await developer.advance('PT0S');
    await developer.until('delivered', 2);
    assert.deepEqual(await developer.idsOf('pending'), [`${purchaseToken}-000000-payment`]);
    ahead = deliveries.keptMs - 60_000;
    await purgeNotifications(first.till.host);
    assert.equal((await developer.list()).items.length, 3, 'a minute before');
    ahead = deliveries.keptMs + 60_000;
    await purgeNotifications(first.till.host);
    assert.deepEqual(await developer.idsOf('delivered'), []);
    assert.equal((await developer.idsOf('pending')).length, 1, 'what waits is kept');
    await first.stop();
  });
}
