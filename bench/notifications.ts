// Deliveries: how many a second to a receiver on this machine, and what one costs beside a bare signature and a bare POST.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import {
  type Notification,
  newNotification,
  paymentBody,
} from '../packages/server/src/domain/notification.ts';
import type { Purchase } from '../packages/server/src/domain/purchase.ts';
import type { Query } from '../packages/server/src/store/database.ts';
import { migrate } from '../packages/server/src/store/migrations.ts';
import { insertNotification } from '../packages/server/src/store/notifications.ts';
import { openDatabase } from '../packages/server/src/store/open.ts';
import { advance, advanceAYear, plain, populate, worldId } from './lifecycle.ts';
import type { Measured, Part } from './run.ts';
import { clientIdOf, insertBenchApp, insertBenchWorld, tokenOf } from './seed.ts';
import { costOf, type Subject, startSubject, stopSubjects } from './subjects.ts';
import { median, ratio, target } from './table.ts';

const apps = 4;
/** Till sends to each app so many at once. */
const atOnceOfApp = 8;
const now = Date.UTC(2026, 0, 5, 3);
const hourMs = 3_600_000;
const most = 1.5;

export async function measureNotifications(part: Part): Promise<Measured> {
  const deliveries = await measureDeliveries(part);
  const renewals = await measureRenewals(part);
  return { rows: [...deliveries.rows, ...renewals.rows], targets: deliveries.targets };
}

interface Round {
  seconds: number;
  cpuUs: number;
}

/** In each round as many by Till as by the bare sender; before each hour of the world's clock lies one round of messages. */
async function measureDeliveries({ folder, rounds, requests }: Part): Promise<Measured> {
  const count = Math.min(requests, 8_000);
  const url = `sqlite:${join(folder, 'notifications.db')}`;
  const body = await fill(url, rounds + 1, count);
  const receiver = await startOther('receiver');
  const to = `http://127.0.0.1:${receiver.port}/notifications`;
  const till = await startSubject('Till', 'till', url);
  const floor = await startOther('floor', to, body);
  for (let app = 0; app < apps; app++) await listenTo(till, clientIdOf(app), { payment: to });
  const measured: { till: Round[]; floor: Round[] } = { till: [], floor: [] };
  for (let round = 0; round <= rounds; round++) {
    const byTill = await timed(till, count, () => advance(till.port, 'PT1H'));
    const bare = await timed(floor, count, () => sendBare(floor.process, count));
    if (round === 0) continue; // the first warms up
    measured.till.push(byTill);
    measured.floor.push(bare);
  }
  const received = await receivedBy(receiver);
  if (received !== 2 * (rounds + 1) * count) throw new Error(`${received} messages were received`);
  await stopSubjects([till, floor, receiver]);
  const cpu = (of: Round[]) => of.map(({ cpuUs }) => cpuUs);
  const toFloor = ratio(cpu(measured.till), cpu(measured.floor));
  const row = (sender: string, of: Round[], compared: number) => ({
    sender,
    messages: count.toLocaleString('en'),
    'CPU µs/message': median(cpu(of)),
    'to floor': compared,
    'messages/s': median(of.map(({ seconds }) => count / seconds)),
  });
  return {
    rows: [row('bare signature and POST', measured.floor, 1), row('Till', measured.till, toFloor)],
    targets: [target('a signed delivery to the bare one', `at most ${most}`, toFloor, toFloor <= most)],
  };
}

async function timed(subject: Subject, count: number, run: () => Promise<void>): Promise<Round> {
  const before = await costOf(subject);
  const began = performance.now();
  await run();
  const seconds = (performance.now() - began) / 1000;
  const after = await costOf(subject);
  const spent = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  return { seconds, cpuUs: spent / count };
}

async function sendBare(child: ChildProcess, count: number): Promise<void> {
  child.send({ count, atOnce: apps * atOnceOfApp });
  await once(child, 'message');
}

/** A year of renewals whose app has a receiver: two messages for each, one of them signed. */
async function measureRenewals({ folder, purchases }: Part): Promise<Pick<Measured, 'rows'>> {
  const count = purchases >= 1_000_000 ? 10_000 : 1_000;
  const file = join(folder, 'renewals.db');
  await populate(`sqlite:${file}`, count, plain);
  const receiver = await startOther('receiver');
  const till = await startSubject('Till', 'till', `sqlite:${file}`);
  const to = `http://127.0.0.1:${receiver.port}/notifications`;
  await listenTo(till, clientIdOf(0), { payment: to, subscription: to });
  const { seconds, cpuUs } = await timed(till, 1, () => advanceAYear(till));
  const received = await receivedBy(receiver);
  await stopSubjects([till, receiver]);
  const renewals = count * 12;
  if (received !== 2 * renewals || delivered(file) !== received) throw new Error(`${received} were received`);
  const row = {
    sender: `Till, a year of ${count.toLocaleString('en')} subscriptions with their ${renewals.toLocaleString('en')} renewals`,
    messages: received.toLocaleString('en'),
    'CPU µs/message': cpuUs / received,
    'to floor': '',
    'messages/s': received / seconds,
    seconds,
  };
  return { rows: [row] };
}

async function startOther(role: 'receiver' | 'floor', ...args: string[]): Promise<Subject> {
  const began = performance.now();
  const child = fork(fileURLToPath(new URL('./sender.ts', import.meta.url)), [role, ...args]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { name: role, port, process: child, startedMs: performance.now() - began };
}

async function receivedBy({ process: child }: Subject): Promise<number> {
  child.send('cost');
  const [{ received }] = (await once(child, 'message')) as [{ received: number }];
  return received;
}

async function listenTo({ port }: Subject, clientId: string, addresses: object): Promise<void> {
  const path = `/control/v1/apps/${clientId}/notification-urls?worldId=${worldId}`;
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'PUT',
    headers: { authorization: 'Bearer till', 'content-type': 'application/json' },
    body: JSON.stringify(addresses),
  });
  if (answer.status !== 200) throw new Error(`the addresses were answered ${answer.status}`);
}

/** Messages that fall due by the hour, `count` each hour; answers the text of one. */
async function fill(url: string, hours: number, count: number): Promise<string> {
  const database = await openDatabase(url);
  await migrate(database, now);
  const appIds = await database.transaction(async (query) => {
    await insertBenchWorld(query, { worldId, now, calendar: 'sandbox' });
    const made: string[] = [];
    for (let app = 0; app < apps; app++) {
      made.push(await insertBenchApp(query, { number: app, at: now, worldId }));
    }
    return made;
  });
  let text = '';
  for (let hour = 1; hour <= hours; hour++) {
    text = await database.transaction((query) => fillHour(query, appIds, { hour, count }));
  }
  await database.close();
  return text;
}

async function fillHour(
  query: Query,
  appIds: readonly string[],
  { hour, count }: { hour: number; count: number },
): Promise<string> {
  let text = '';
  for (let index = 0; index < count; index++) {
    const app = index % apps;
    const message = messageOf(appIds[app] ?? '', app, hour * 1_000_000 + index);
    await insertNotification(query, { ...message, nextAttemptAt: now + hour * hourMs });
    text = message.body;
  }
  return text;
}

function messageOf(appId: string, app: number, number: number): Notification {
  const clientId = clientIdOf(app);
  const sender = {
    app: { appId, clientId, packageName: clientId, notificationVersion: '3.1.0' },
    environment: 'sandbox',
  } as const;
  const purchaseToken = tokenOf(app, number);
  const purchase: Purchase = {
    ...{ appId, worldId, purchaseToken, purchaseId: purchaseToken.replace('SANDBOXT', 'SANDBOX3') },
    ...{ orderId: purchaseToken, productId: 'product01', type: 'inapp', market: 'MKT_ONE', country: 'KR' },
    ...{ buyerId: 'buyer', quantity: 1, developerPayload: `order-${number}`, productName: null },
    ...{ priceMicros: 1_100_000_000, currency: 'KRW', paymentMethod: 'ONEPAY', purchaseTime: now },
    ...{ acknowledgedAt: null, consumedAt: null, voidedAt: null, voidReason: null, dueAt: null },
    ...{ entryCount: 1, rev: 1 },
  };
  const given = { purchaseState: 'COMPLETED', billingKey: 'A'.repeat(128) } as const;
  return newNotification(
    sender,
    'payment',
    { purchaseToken, number: 0, at: now },
    paymentBody(sender, purchase, given),
  );
}

function delivered(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  const row = database
    .prepare("select count(*) as number from notification where status = 'delivered'")
    .get();
  database.close();
  return Number(row?.number);
}
