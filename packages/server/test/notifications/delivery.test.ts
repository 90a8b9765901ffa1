// How messages reach receivers: once, in order, and held up by nobody else's receiver.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { httpDatabases } from '../databases.ts';
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
  describe(`deliveries on ${database.name}`, () => {
    let server: TestServer;
    let impatient: TestServer;
    let patient: TestServer;

    before(async () => {
      [server, impatient, patient] = await Promise.all([
        startServer(database),
        startServer(database, {}, { poster: impatientPoster() }),
        startServer(database, {}, { poster: patientPoster() }),
      ]);
    });
    after(() => Promise.all([server.stop(), impatient.stop(), patient.stop()]));

    test('each message comes once when nothing fails', async (t) => {
      const developer = await Developer.open(t, server);
      const ids = await developer.buys(60);
      await developer.until('delivered', 60);
      await developer.advance('P1D');
      assert.deepEqual(developer.receiver.received.map(({ id }) => id).sort(), ids.sort());
      const { items } = await developer.list({ limit: '1000' });
      for (const { attempts, status } of items) {
        assert.equal(status, 'delivered');
        assert.deepEqual(
          attempts.map(({ result, httpStatus }: Record<string, unknown>) => [result, httpStatus]),
          [['delivered', 200]],
        );
      }
    });

    test('the messages of one purchase come in the order of their causes, though one is refused', async (t) => {
      const developer = await Developer.open(t, server);
      const { receiver } = developer;
      const urls = { payment: receiver.url, subscription: receiver.url };
      expectStatus(await developer.call('PUT', '/notification-urls', urls), 200);
      const product = { title: 'A pass', type: 'subscription', price: '9900', currency: 'KRW' };
      const terms = { subscription: { period: 'P1M' } };
      expectStatus(await developer.call('PUT', '/products/pass', { ...product, ...terms }), 200);
      // the first renewal's payment is refused once, and comes again behind the others
      receiver.reply = ({ id }, time) => (id.includes('-000002-payment') && time === 1 ? 500 : 200);
      const buy = () => server.buy(developer.app, { productId: 'pass' });
      const tokens = (await Promise.all(Array.from({ length: 12 }, buy))).map((one) => one.purchaseToken);
      for (const token of tokens) {
        expectStatus(await developer.call('POST', `/purchases/${token}/acknowledge`), 200);
      }
      await developer.advance('PT21M');
      for (const token of tokens) {
        const came = receiver.received.filter(({ id }) => id.startsWith(token)).map(({ id }) => id);
        const firsts = [...new Set(came)];
        assert.ok(firsts.length >= 8, `${firsts.length} messages`);
        assert.deepEqual(firsts, [...firsts].sort(), 'numbered in the order of their causes, PNS before SNS');
        assert.equal(came.length, firsts.length + 1);
      }
    });

    test('a message that is refused is told with its status, and is sent again 30·n² seconds later', async (t) => {
      const developer = await Developer.open(t, server);
      developer.receiver.reply = (_, time) => [500, 301, 204, 503][time - 1] ?? 200;
      const id = await developer.buy();
      await developer.receiver.until(1);
      await developer.advance('PT0S');
      const pending = await developer.read(id);
      assert.deepEqual([pending.status, pending.nextAttemptAt], ['pending', pending.createdAt + 30_000]);
      assert.equal(pending.url, developer.receiver.url);
      await developer.advance('PT1H');
      const delivered = await developer.read(id);
      assert.deepEqual(seconds(delivered), [0, 30, 150, 420, 900]);
      assert.deepEqual(
        delivered.attempts.map((one: Record<string, unknown>) => [one.result, one.httpStatus]),
        [
          ['refused', 500],
          ['redirect', 301],
          ['refused', 204],
          ['refused', 503],
          ['delivered', 200],
        ],
      );
      assert.equal(delivered.status, 'delivered');
      assert.equal(delivered.nextAttemptAt, undefined);
      const texts = new Set(developer.receiver.received.map(({ text }) => text));
      assert.equal(texts.size, 1, 'the same text and signature each time');
    });

    test('an app has eight messages on their way, and one after one ran into the time limit', async (t) => {
      const developer = await Developer.open(t, impatient);
      const { receiver } = developer;
      // all are there before the first hangs: it must not run into its limit while the others are still being made
      receiver.reply = () => 500;
      await developer.buys(20);
      await developer.advance('PT0S');
      receiver.reply = () => 'hang';
      receiver.mostInFlight = 0;
      const clock = `/worlds/${developer.app.worldId}/clock`;
      expectStatus(await impatient.control('PUT', clock, { now: noon + 30_000 }), 200);
      await receiver.until(20 + 8);
      assert.equal(receiver.mostInFlight, 8);
      // what hung is over by then, and what follows goes alone
      await receiver.until(20 + 12);
      assert.ok(receiver.inFlight <= 2, `${receiver.inFlight} on their way`);
      receiver.reply = () => 200;
      await eventually(async () => receiver.received.length === 40, 'all came');
      assert.ok(receiver.mostInFlight <= 8);
      await developer.advance('PT0S');
      const { items } = await developer.list({ status: 'pending' });
      assert.ok(items.length >= 8);
      for (const { attempts } of items) assert.equal(attempts[1].result, 'timeout');
      await developer.advance('PT2M');
      await developer.until('delivered', 20);
    });

    test('a receiver that hangs gets one at a time, several of a purchase and what is sent again too', async (t) => {
      // two dozen limits one after the other
      const hasty = await startServer(database, {}, { poster: impatientPoster(500) });
      t.after(() => hasty.stop());
      const developer = await Developer.open(t, hasty);
      const { receiver } = developer;
      const urls = { payment: receiver.url, subscription: receiver.url };
      expectStatus(await developer.call('PUT', '/notification-urls', urls), 200);
      const product = { title: 'A pass', type: 'subscription', price: '9900', currency: 'KRW' };
      const terms = { subscription: { period: 'P1M' } };
      expectStatus(await developer.call('PUT', '/products/pass', { ...product, ...terms }), 200);
      receiver.reply = () => 'hang';
      const buy = () => hasty.buy(developer.app, { productId: 'pass' });
      await Promise.all(Array.from({ length: 6 }, buy));
      // the six that went together run into their limit one by one
      await receiver.until(() => receiver.received.length >= 7 && receiver.inFlight <= 2);
      assert.ok(receiver.received.length <= 9, `${receiver.received.length} came before the six were over`);
      receiver.mostInFlight = 0;
      await receiver.until(12);
      assert.ok(receiver.mostInFlight <= 2, `${receiver.mostInFlight} at once`);
      await developer.advance('PT0S');
      receiver.mostInFlight = 0;
      await developer.advance('PT30S');
      assert.equal(receiver.received.length, 24);
      assert.ok(receiver.mostInFlight <= 2, `${receiver.mostInFlight} at once`);
    });

    test('what a developer changes because a receiver hangs counts for the messages that wait', async (t) => {
      const developer = await Developer.open(t, impatient);
      const hanging = developer.receiver;
      hanging.reply = () => 'hang';
      await developer.buys(40);
      await hanging.until(9);
      const other = await openReceiver(t);
      await developer.tells(other);
      const before = hanging.received.length;
      await developer.advance('PT0S');
      const late = hanging.received.length - before;
      assert.ok(late <= 6, `${late} more went to the old address`);
      assert.ok(other.received.length >= 20, `${other.received.length} came to the new one`);
    });

    test('ten receivers that hang and ten that are dead delay nobody else', async (t) => {
      const others = await Promise.all(Array.from({ length: 20 }, () => Developer.open(t, patient)));
      for (const [index, { receiver }] of others.entries()) {
        receiver.reply = () => (index % 2 === 0 ? 'hang' : 'reset');
      }
      await Promise.all(others.map((other) => other.buys(12)));
      await Promise.all(others.map(({ receiver }) => receiver.until(8)));
      const developer = await Developer.open(t, patient);
      const ids: string[] = [];
      for (let count = 0; count < 30; count++) ids.push(await developer.buy());
      await developer.receiver.until(30);
      assert.deepEqual(developer.receiver.ids().sort(), ids.sort());
      const hanging = others.filter((_, index) => index % 2 === 0);
      // what they hold is as it was: nothing had to end before the others were sent
      for (const { receiver } of hanging) {
        assert.deepEqual([receiver.inFlight, receiver.received.length], [8, 8]);
      }
      for (const { receiver } of hanging) {
        receiver.reply = () => 200;
        receiver.letGo();
      }
    });

    test('a running world sends again by its own clock', async (t) => {
      const worldId = await server.world({ frozen: false, rate: 60 });
      const developer = await Developer.open(t, server, worldId);
      developer.receiver.reply = (_, time) => (time < 3 ? 503 : 200);
      const id = await developer.buy();
      // 30 s and 120 s of this world are two seconds and a half of ours
      await developer.until('delivered', 1);
      const [first = 0, second = 0, third = 0] = seconds(await developer.read(id));
      assert.equal(first, 0);
      assert.ok(second >= 30, `${second}`);
      assert.ok(third - second >= 120, `${third - second}`);
    });
  });
}

test('two nodes of one database send each message once, those of a purchase in order', async (t) => {
  const postgres = httpDatabases.find(({ name }) => name === 'postgres');
  assert.ok(postgres);
  const { url, drop } = await postgres.open();
  t.after(drop);
  const nodes = [await startServer({ url }), await startServer({ url })] as const;
  t.after(() => Promise.all(nodes.map((node) => node.stop())));
  const [one, other] = nodes;
  const developer = await Developer.open(t, one);
  const { receiver, app } = developer;
  receiver.reply = () => (response) => void setTimeout(() => response.writeHead(200).end(), 5);
  const elsewhere = new Developer(other, app, receiver);
  await wait(1_100); // as long as a node goes on with an app as it knew it
  const from = [developer, elsewhere];
  const tokens: string[] = [];
  const change = async (index: number) => {
    const buyer = from[index % 2] ?? developer;
    const token = (await buyer.buy()).replace(/-.*/, '');
    tokens.push(token);
    // voided by the other node, while the first still sends
    const voider = from[(index + 1) % 2] ?? developer;
    expectStatus(await voider.call('POST', `/purchases/${token}/void`, {}), 200);
  };
  await Promise.all(Array.from({ length: 80 }, (_, index) => change(index)));
  await developer.until('delivered', 160);
  const came = receiver.received.map(({ id }) => id);
  assert.equal(came.length, 160);
  assert.equal(new Set(came).size, 160, 'each once');
  for (const token of tokens) {
    const states = receiver.received
      .filter(({ body }) => body.purchaseToken === token)
      .map(({ body }) => body.purchaseState);
    assert.deepEqual(states, ['COMPLETED', 'CANCELED']);
  }
});
