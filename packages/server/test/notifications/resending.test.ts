// Messages that were not received: sent again by hand, given up in the end, and listed meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestServer } from '../server.ts';
import { Developer, noon, seconds } from './developers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

for (const database of httpDatabases) {
  describe(`messages that are not received on ${database.name}`, () => {
    let server: TestServer;

    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const resend = (developer: Developer, id: string) =>
      developer.call('POST', `/notifications/${id}/resend`);
    const metric = async (name: string) => {
      const { text } = await server.call('GET', '/metrics');
      return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
    };

    test('after the last re-send a message is dead, is counted and logged, and can be sent again', async (t) => {
      const developer = await Developer.open(t, server);
      developer.receiver.reply = () => 500;
      const dead = await metric('till_notifications_dead_total');
      const refused = await metric('till_notification_attempts_total\\{kind="payment",result="refused"\\}');
      const id = await developer.buy();
      // otherwise it is voided after three days, which is told as well
      expectStatus(await developer.call('POST', `/purchases/${id.replace(/-.*/, '')}/acknowledge`), 200);
      await developer.advance('P3D');
      const given = await developer.read(id);
      assert.equal(given.status, 'dead');
      assert.equal(given.nextAttemptAt, undefined);
      const schedule = [0];
      for (let n = 1; n < 30; n++) schedule.push((schedule.at(-1) ?? 0) + 30 * n * n);
      assert.deepEqual(seconds(given), schedule);
      assert.equal(developer.receiver.received.length, 30);
      assert.equal((await metric('till_notifications_dead_total')) - dead, 1);
      const attempts = await metric('till_notification_attempts_total\\{kind="payment",result="refused"\\}');
      assert.equal(attempts - refused, 30);
      const lines = server.logged
        .map((line) => JSON.parse(line))
        .filter(({ clientId, level }) => clientId === developer.app.clientId && level === 40);
      assert.deepEqual(
        lines.map(({ kind, attempts, result, msg }) => [kind, attempts, result, msg]),
        [['payment', 30, 'refused', 'a notification was not received and is given up']],
      );
      assert.equal((await developer.advance('P9D')).truncated, false);
      assert.equal(
        developer.receiver.received.filter((one) => one.id === id).length,
        30,
        'it is not sent any more',
      );

      const before = developer.receiver.received.length;
      assert.equal(expectStatus(await resend(developer, id), 200).status, 'pending');
      await developer.receiver.until(before + 1);
      developer.receiver.reply = () => 200;
      await developer.advance('PT30S');
      const delivered = await developer.read(id);
      assert.equal(delivered.status, 'delivered');
      assert.equal(delivered.attempts.length, 32, 'the log goes on');
      assert.equal(delivered.attempts[31].at - delivered.attempts[30].at, 30_000, 'the schedule began anew');
    });

    test('one message is sent again, whatever became of it; an unknown one is NoSuchData', async (t) => {
      const developer = await Developer.open(t, server);
      const ids = await developer.buys(3);
      await developer.until('delivered', 3);
      const [id = ''] = ids;
      expectStatus(await resend(developer, id), 200);
      await developer.receiver.until(4);
      await developer.until('delivered', 3);
      const texts = developer.receiver.received.filter((one) => one.id === id).map(({ text }) => text);
      assert.equal(texts.length, 2);
      assert.equal(texts[0], texts[1]);
      assert.deepEqual(refusal(await resend(developer, 'nobody')).slice(0, 2), [404, 'NoSuchData']);
      await developer.tells(null);
      assert.deepEqual(refusal(await resend(developer, id)).slice(0, 2), [409, 'InvalidState']);
      assert.equal((await developer.read(id)).status, 'delivered');
    });

    test('a message that is on its way when it is sent again stays one', async (t) => {
      const developer = await Developer.open(t, server);
      const { receiver } = developer;
      receiver.reply = () => 'hang';
      const id = await developer.buy();
      await receiver.until(1);
      expectStatus(await resend(developer, id), 200);
      expectStatus(await resend(developer, id), 200);
      receiver.reply = () => 200;
      receiver.letGo();
      await developer.until('delivered', 1);
      await developer.advance('P1D');
      const { attempts, status } = await developer.read(id);
      assert.deepEqual([attempts.length, status], [1, 'delivered']);
      assert.equal(receiver.received.length, 1);
    });

    test('a message that is refused while it is sent again has its whole schedule before it', async (t) => {
      const developer = await Developer.open(t, server);
      const { receiver } = developer;
      receiver.reply = () => 500;
      const id = await developer.buy();
      await developer.advance('PT10M');
      const count = receiver.received.length;
      receiver.reply = () => 'hang';
      expectStatus(await resend(developer, id), 200);
      await receiver.until(count + 1);
      expectStatus(await resend(developer, id), 200);
      receiver.reply = () => 500;
      receiver.letGo(500);
      await developer.advance('PT0S');
      const { nextAttemptAt, attempts } = await developer.read(id);
      assert.equal(nextAttemptAt - attempts.at(-1).at, 30_000);
    });

    test('a window of messages is sent again, by status or all, and nothing outside of it', async (t) => {
      const developer = await Developer.open(t, server);
      const { receiver } = developer;
      const days: string[][] = [];
      for (let day = 0; day < 3; day++) {
        receiver.reply = ({ id }) => (days[day]?.includes(id) === false || day !== 1 ? 200 : 500);
        days.push(await developer.buys(3));
        await developer.advance('P4D');
      }
      const again = async (body: object) =>
        expectStatus(await developer.call('POST', '/notifications/resend', body), 200);
      const since = async (body: object) => {
        const before = receiver.received.length;
        const { count } = await again(body);
        await developer.advance('PT0S');
        return [
          count,
          receiver.received
            .slice(before)
            .map(({ id }) => id)
            .sort(),
        ];
      };
      // each purchase is voided three days after it was made, which is told as well
      const dayMs = 86_400_000;
      const purchasesOf = (day: number) => ({ from: noon + 4 * day * dayMs, to: noon + 4 * day * dayMs });
      receiver.reply = () => 200;
      assert.deepEqual(await since({ ...purchasesOf(1), status: 'delivered' }), [0, []]);
      assert.deepEqual(await since({ ...purchasesOf(1), status: 'dead' }), [3, days[1]?.sort()]);
      assert.deepEqual(await since({ ...purchasesOf(1), status: 'dead' }), [0, []], 'they were received');
      assert.deepEqual(await since(purchasesOf(0)), [3, days[0]?.sort()]);
      const [all] = await since({ from: noon, to: noon + 30 * dayMs });
      assert.equal(all, 18);
      const backwards = await developer.call('POST', '/notifications/resend', { from: noon, to: noon - 1 });
      assert.deepEqual(refusal(backwards), [400, 'InvalidRequest', 'from', 'to']);
    });

    test('a window larger than a page is sent again whole, each message once', async (t) => {
      const developer = await Developer.open(t, server);
      await developer.tells(null);
      await developer.tells(developer.receiver);
      const ids = await developer.buys(230);
      await developer.until('delivered', 230);
      const body = { from: noon, to: noon };
      const { count } = expectStatus(await developer.call('POST', '/notifications/resend', body), 200);
      assert.equal(count, 230);
      await developer.advance('PT0S');
      const again = developer.receiver.received.slice(230).map(({ id }) => id);
      assert.deepEqual(again.sort(), ids.sort());
    });

    test('a window whose messages are received while it is gone through sends each once', async (t) => {
      const developer = await Developer.open(t, server);
      const { receiver } = developer;
      receiver.reply = () => 500;
      const ids = await developer.buys(630);
      await developer.advance('PT0S');
      receiver.reply = () => 200;
      const before = receiver.received.length;
      const body = { from: noon, to: noon };
      const { count } = expectStatus(await developer.call('POST', '/notifications/resend', body), 200);
      await developer.advance('PT0S');
      const again = receiver.received.slice(before).map(({ id }) => id);
      assert.equal(count, 630);
      assert.deepEqual(again.sort(), ids.sort());
    });

    test('the list answers while deliveries run: each page behind the other, every message once', async (t) => {
      const developer = await Developer.open(t, server);
      const { receiver } = developer;
      // half of them hang, a quarter is refused
      const kindOf = (id: string) => Number(id.replace(/-.*/, '').slice(-2)) % 4;
      receiver.reply = ({ id }) => (kindOf(id) < 1 ? 'hang' : kindOf(id) < 2 ? 500 : 200);
      const ids: string[] = [];
      for (let count = 0; count < 5; count++) {
        ids.push(...(await developer.buys(8)));
        // the clock stands, so that half of the list has one instant
        if (count === 2)
          await server.control('PUT', `/worlds/${developer.app.worldId}/clock`, { now: noon + 1000 });
      }
      const seen: Json[] = [];
      for (let query: Record<string, string> = { limit: '7' }; ; ) {
        const page = await developer.list(query);
        seen.push(...page.items);
        if (page.nextCursor === undefined) break;
        query = { limit: '7', cursor: page.nextCursor };
      }
      assert.deepEqual(seen.map(({ notificationId }) => notificationId).sort(), [...ids].sort());
      const instants = seen.map(({ createdAt }) => createdAt);
      assert.deepEqual(
        instants,
        [...instants].sort((one, other) => other - one),
        'the latest first',
      );
      receiver.reply = ({ id }) => (kindOf(id) < 2 ? 500 : 200);
      receiver.letGo(500);
      await developer.advance('PT0S');
      const refused = ids.filter((id) => kindOf(id) < 2);
      assert.deepEqual((await developer.idsOf('pending')).sort(), refused.sort());
      assert.equal((await developer.idsOf('delivered')).length, ids.length - refused.length);
      assert.deepEqual(await developer.idsOf('dead'), []);
      const [id = ''] = ids;
      const purchaseToken = id.replace(/-.*/, '');
      const { items } = await developer.list({ purchaseToken });
      assert.deepEqual(
        items.map((item: Json) => item.notificationId),
        [id],
      );
      assert.deepEqual((await developer.list({ purchaseToken, kind: 'subscription' })).items, []);
      assert.deepEqual((await developer.list({ kind: 'subscription' })).items, []);
      assert.equal((await developer.list({ kind: 'payment', limit: '99' })).items.length, 40);
    });
  });
}
