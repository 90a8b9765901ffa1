// The outbox in the store: what waits, who takes it, what is listed, and what is forgotten.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Notification, sendAgain } from '../../src/domain/notification.ts';
import { type Database, type Query, Stale } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrations.ts';
import {
  countWaiting,
  deleteNotifications,
  insertNotification,
  leaseNotification,
  listDueNotifications,
  listNotifications,
  loadNotification,
  nextDelivery,
  nextWaitingApp,
  purgeNotifications,
  saveNotification,
} from '../../src/store/notifications.ts';
import { openDatabase } from '../../src/store/open.ts';
import { databases } from '../databases.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { noon } from './things.ts';

/** A message that waits, its names made from `number`. */
function aMessage({ number = 1, ...given }: Partial<Notification> & { number?: number } = {}): Notification {
  const purchaseToken = given.purchaseToken ?? `SANDBOXT${String(number).padStart(12, '0')}`;
  return {
    appId: 'app',
    notificationId: `${purchaseToken}-${String(number).padStart(6, '0')}-payment`,
    kind: 'payment',
    purchaseToken,
    body: `{"productName":"꿈의 💎 a/b","number":${number}}`,
    signature: null,
    signedBy: null,
    url: null,
    status: 'pending',
    attempts: [],
    tryCount: 0,
    firstTryAt: null,
    nextAttemptAt: noon + number,
    leaseUntil: 0,
    createdAt: noon + number,
    settledAt: null,
    rev: 1,
    ...given,
  };
}

const numbersOf = (found: readonly { notificationId: string }[]) =>
  found.map(({ notificationId }) => Number(notificationId.slice(-14, -8)));
const start = { createdAt: Number.MAX_SAFE_INTEGER, notificationId: '' };

for (const kind of databases) {
  describe(`the outbox in the store on ${kind.name}`, () => {
    let database: Database;
    let close: OpenStore['close'];

    before(async () => {
      ({ database, close } = await openStore(kind));
    });
    after(() => close());

    const insert = (...messages: Notification[]) =>
      database.transaction(async (query) => {
        for (const message of messages) await insertNotification(query, message);
      });

    test('a message is read as it was written, and as it was saved', async () => {
      const message = aMessage({ appId: 'kept' });
      await insert(message);
      const { appId, notificationId } = message;
      assert.deepEqual(await loadNotification(database, appId, notificationId), message);
      const delivered: Notification = {
        ...message,
        ...{ signature: 'c2ln', signedBy: 3, url: 'https://game.example/pns', status: 'delivered' },
        attempts: [
          { at: noon, result: 'refused', httpStatus: 500, durationMs: 3, fault: 'alteredBody' },
          { at: noon + 30_000, result: 'delivered', httpStatus: 200, durationMs: 2 },
        ],
        ...{ tryCount: 2, firstTryAt: noon, nextAttemptAt: null, settledAt: noon + 30_001 },
      };
      await saveNotification(database, delivered);
      assert.deepEqual(await loadNotification(database, appId, notificationId), { ...delivered, rev: 2 });
      await assert.rejects(saveNotification(database, delivered), Stale);
      assert.equal(await loadNotification(database, 'another', notificationId), undefined);
    });

    test('what is due comes the earliest first, of one instant in the order of the names', async () => {
      const appId = 'due';
      await insert(
        aMessage({ appId, number: 3, purchaseToken: 'B', nextAttemptAt: noon }),
        aMessage({ appId, number: 2, purchaseToken: 'B', nextAttemptAt: noon }),
        aMessage({ appId, number: 1, purchaseToken: 'C', nextAttemptAt: noon - 1 }),
        aMessage({ appId, number: 4, purchaseToken: 'A', nextAttemptAt: noon + 1 }),
        aMessage({ appId, number: 5, nextAttemptAt: null, status: 'dead', settledAt: noon }),
        aMessage({ appId: 'dues', number: 6, nextAttemptAt: noon }),
      );
      assert.deepEqual(numbersOf(await listDueNotifications(database, appId, noon, 9)), [1, 2, 3]);
      assert.deepEqual(numbersOf(await listDueNotifications(database, appId, noon + 1, 2)), [1, 2]);
      assert.deepEqual(await listDueNotifications(database, appId, noon - 2, 9), []);
      assert.equal(await nextDelivery(database, appId), noon - 1);
      assert.equal(await nextDelivery(database, 'kept'), undefined);
    });

    test('one node takes a message, and another only when the time is over', async () => {
      const message = aMessage({ appId: 'leased', nextAttemptAt: noon });
      await insert(message);
      const { appId, notificationId } = message;
      const take = (dueAt: number, now: number, until: number) =>
        database.transaction((query) =>
          leaseNotification(query, { appId, notificationId, dueAt }, { now, until }),
        );
      assert.equal(await take(noon + 1, 100, 200), undefined, 'something has become of it');
      assert.deepEqual(await take(noon, 100, 200), { ...message, leaseUntil: 200, rev: 2 });
      assert.equal(await take(noon, 199, 300), undefined);
      assert.equal((await take(noon, 200, 300))?.rev, 3);
      const both = await Promise.all([take(noon, 300, 400), take(noon, 300, 400)]);
      assert.equal(both.filter((taken) => taken !== undefined).length, 1);
    });

    test('apps that have something waiting are found one after the other', async () => {
      const found: [string, number][] = [];
      for (let after = ''; ; ) {
        const next = await nextWaitingApp(database, after);
        if (next === undefined) break;
        found.push([next.appId, next.dueAt - noon]);
        after = next.appId;
      }
      assert.deepEqual(found, [
        ['due', -1],
        ['dues', 0],
        ['leased', 0],
      ]);
      assert.equal(await countWaiting(database, 100), 6);
      assert.equal(await countWaiting(database, 4), 4, 'no more than that are counted');
    });

    test('a list is of one status, the latest first, and goes on behind a place', async () => {
      const appId = 'listed';
      await insert(
        aMessage({ appId, number: 1 }),
        aMessage({ appId, number: 2, createdAt: noon + 1 }),
        aMessage({ appId, number: 3, kind: 'subscription' }),
        aMessage({ appId, number: 4, status: 'dead', nextAttemptAt: null, settledAt: noon }),
        aMessage({ appId, number: 5, purchaseToken: 'A-TOKEN' }),
        aMessage({ appId, number: 6, purchaseToken: 'A-TOKEN' }),
        aMessage({ appId, number: 7, purchaseToken: 'A-TOKEN-more' }),
        aMessage({ appId, number: 8, purchaseToken: 'A' }),
      );
      const list = async (filter: object, limit = 99, before = start) =>
        listNotifications(database, appId, { status: 'pending', ...filter }, before, limit);
      assert.deepEqual(numbersOf(await list({ status: undefined })), [8, 7, 6, 5, 4, 3, 2, 1]);
      assert.deepEqual(numbersOf(await list({ status: undefined }, 3)), [8, 7, 6]);
      assert.deepEqual(numbersOf(await list({ status: undefined, purchaseToken: 'A' })), [8]);
      assert.deepEqual(numbersOf(await list({})), [8, 7, 6, 5, 3, 2, 1]);
      assert.deepEqual(numbersOf(await list({ status: 'dead' })), [4]);
      assert.deepEqual(numbersOf(await list({ kind: 'subscription' })), [3]);
      assert.deepEqual(numbersOf(await list({ purchaseToken: 'A-TOKEN' })), [6, 5]);
      assert.deepEqual(numbersOf(await list({ purchaseToken: 'A-TOKEN', kind: 'subscription' })), []);
      const seen: number[] = [];
      for (let place = start; ; ) {
        const page = await list({}, 2, place);
        seen.push(...numbersOf(page));
        const last = page.at(-1);
        if (last === undefined) break;
        place = last;
      }
      assert.deepEqual(seen, [8, 7, 6, 5, 3, 2, 1]);
      const within = await list({ purchaseToken: 'A-TOKEN' }, 1, (await list({}))[2]);
      assert.deepEqual(numbersOf(within), [5]);
    });

    test('what was settled long ago is forgotten, the oldest first and some at a time', async () => {
      const settled = (number: number, settledAt: number) =>
        aMessage({ appId: 'old', number, status: 'delivered', nextAttemptAt: null, settledAt });
      await insert(
        settled(1, 30),
        settled(2, 10),
        settled(3, 20),
        settled(4, 40),
        aMessage({ appId: 'old', number: 5 }),
      );
      const left = async () => {
        const rows = await database.all(
          `select notification_id from notification where app_id = 'old' order by 1`,
        );
        return numbersOf(rows.map((row) => ({ notificationId: String(row.notification_id) })));
      };
      assert.equal(await purgeNotifications(database, 30, 2), 2);
      assert.deepEqual(await left(), [1, 4, 5]);
      assert.equal(await purgeNotifications(database, 30, 2), 1);
      assert.equal(await purgeNotifications(database, 30, 2), 0);
      assert.deepEqual(await left(), [4, 5], 'what waits is kept however old');
    });

    test('a message that is sent again while the long settled are forgotten is kept', async () => {
      const settled = { status: 'delivered', nextAttemptAt: null, settledAt: 5 } as const;
      const message = aMessage({ appId: 'again', ...settled });
      await insert(message, aMessage({ appId: 'again', number: 2, ...settled }));
      const between: Query = {
        run: database.run,
        all: async (sql, values) => {
          const found = await database.all(sql, values);
          await saveNotification(database, sendAgain(message, noon));
          return found;
        },
      };
      await purgeNotifications(between, 5, 10);
      const { notificationId } = message;
      assert.equal((await loadNotification(database, 'again', notificationId))?.status, 'pending');
      const other = notificationId.replaceAll('1', '2');
      assert.equal(await loadNotification(database, 'again', other), undefined);
      await deleteNotifications(database, 'again', 5);
    });

    test('the messages of a deleted app go, some at a time', async () => {
      assert.equal(await deleteNotifications(database, 'listed', 5), 5);
      assert.equal(await deleteNotifications(database, 'listed', 5), 3);
      assert.equal(await deleteNotifications(database, 'listed', 5), 0);
      assert.equal(await nextDelivery(database, 'due'), noon - 1, 'those of another stay');
    });
  });
}

const waiting = 100_000;

for (const kind of databases.filter(({ name }) => name !== 'sqlite memory')) {
  test(`${waiting} messages that wait are read by their indexes, never all of them, on ${kind.name}`, async (t) => {
    const { url, drop } = await kind.open();
    const database = await openDatabase(url);
    t.after(async () => {
      await database.close();
      await drop();
    });
    await migrate(database, noon);
    // a half of them of one app, a tenth delivered
    await database.run(
      `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${waiting})
       insert into notification (app_id, notification_id, kind, purchase_token, body, status, attempts, try_count,
         next_attempt_at, lease_until, created_at, settled_at, rev)
       select case when n % 2 = 0 then 'large' else 'app ' || (n % 100) end, 'TOKEN' || n || '-000000-payment', 'payment',
         'TOKEN' || n, '{}', case when n % 10 = 0 then 'delivered' else 'pending' end, '[]', 0,
         case when n % 10 = 0 then null else ${noon} + n end, 0, ${noon} + n,
         case when n % 10 = 0 then ${noon} + n else null end, 1 from numbers`,
    );
    if (database.kind === 'postgres') await database.run('analyze notification');
    const plans: string[] = [];
    const explained = {
      run: database.run,
      all: async (sql: string, values: readonly (string | number | null)[] = []) => {
        plans.push(await planOf(database, sql, values));
        return [];
      },
    };
    await nextWaitingApp(explained, 'app 5');
    await listDueNotifications(explained, 'large', noon + waiting, 100);
    await nextDelivery(explained, 'large');
    await countWaiting(explained, 10_000);
    await purgeNotifications(explained, noon + 500, 500);
    await listNotifications(explained, 'large', { status: 'pending' }, start, 100);
    await listNotifications(explained, 'large', { status: 'pending', purchaseToken: 'TOKEN2' }, start, 100);
    await listNotifications(explained, 'large', {}, start, 100);
    const ofEachStatus = plans.pop() ?? '';
    assert.equal(ofEachStatus.match(/notification_latest/g)?.length, 3, ofEachStatus);
    assert.doesNotMatch(ofEachStatus, /SCAN notification|Seq Scan/, ofEachStatus);
    const indexes = [
      ...['notification_waiting', 'notification_waiting', 'notification_waiting', 'notification_waiting'],
      ...['notification_settled', 'notification_latest', 'primary key'],
    ];
    assert.equal(plans.length, indexes.length);
    for (const [number, index] of indexes.entries()) {
      const name = index === 'primary key' ? '(sqlite_autoindex_notification_1|notification_pkey)' : index;
      const plan = plans[number] ?? '';
      assert.match(
        plan,
        new RegExp(`INDEX ${name}|(Index|Bitmap) (Index |Only )?Scan (Backward )?(using|on) ${name}`),
        plan,
      );
      assert.doesNotMatch(plan, /SCAN notification(?! USING)|Seq Scan/, plan);
      // a purchase has few, and they are put in order afterwards
      if (index !== 'primary key') assert.doesNotMatch(plan, /TEMP B-TREE|Sort/, plan);
    }
    // as an empty outbox: nothing of what waits is counted up, sorted or passed over
    assert.equal((await nextWaitingApp(database, 'app 5'))?.appId, 'app 51');
    assert.equal((await listDueNotifications(database, 'large', noon + waiting, 100)).length, 100);
    assert.equal(await countWaiting(database, 10_000), 10_000);
  });
}

async function planOf(
  database: Database,
  sql: string,
  values: readonly (string | number | null)[],
): Promise<string> {
  if (database.kind === 'sqlite') {
    const rows = await database.all(`explain query plan ${sql}`, values);
    return rows.map(({ detail }) => String(detail)).join('; ');
  }
  // an explanation takes no parameters
  const given = sql.replace(/\$(\d+)/g, (_, number) => {
    const value = values[Number(number) - 1];
    return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
  });
  const rows = await database.all(`explain ${given}`);
  return rows.map((row) => String(row['QUERY PLAN'])).join('\n');
}
