// A year of monthly subscriptions: how long an advance takes, what a step costs, beside the bare writing of its rows.
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { monthlyTerms, type Terms } from '../packages/server/src/domain/product.ts';
import { scheduleSwitch } from '../packages/server/src/domain/product-change.ts';
import type { Subscription, SubscriptionChange } from '../packages/server/src/domain/subscription.ts';
import { type SubscriptionOrder, subscribe } from '../packages/server/src/domain/subscription-begin.ts';
import {
  announcePrice,
  cancel,
  changePayment,
  defer,
  pause,
} from '../packages/server/src/domain/subscription-commands.ts';
import type { Query } from '../packages/server/src/store/database.ts';
import { appendEntries } from '../packages/server/src/store/ledger.ts';
import { migrate } from '../packages/server/src/store/migrations.ts';
import { openDatabase } from '../packages/server/src/store/open.ts';
import { insertPurchase } from '../packages/server/src/store/purchases.ts';
import { insertSubscription } from '../packages/server/src/store/subscriptions.ts';
import type { Measured, Part } from './run.ts';
import { insertBenchApp, insertBenchWorld, tokenOf } from './seed.ts';
import { costOf, type Subject, startSubject, stopSubjects } from './subjects.ts';
import { type Row, target } from './table.ts';

export const worldId = 'bench';
const dayMs = 86_400_000;
const began = Date.UTC(2025, 0, 5, 3);
const priceMicros = 1_100_000_000;
const longestSeconds = 60;
const mostMb = 200;
const plainTerms: Terms = { ...monthlyTerms, graceDays: 3, holdDays: 30, pausable: true };

/** Who the subscribers are: what sets each of them apart, by the last digit of its number. */
export interface Population {
  name: string;
  terms: (index: number) => Terms;
  change: (index: number, subscription: Subscription, at: number) => SubscriptionChange | undefined;
}

export const plain: Population = { name: 'plain', terms: () => plainTerms, change: () => undefined };

const another = {
  productId: 'other',
  priceMicros: 2 * priceMicros,
  currency: 'KRW',
  terms: plainTerms,
  priceSeq: 0,
};

/** A tenth of each: trial, promotion, pause, deferral, change of product, cut of the price, lost answers, declined payments, cancelled, plain. */
const mixed: Population = {
  name: 'mixed, a tenth of each feature',
  terms: (index) => {
    if (index % 10 === 1) return { ...plainTerms, trialDays: 7 };
    if (index % 10 === 2) return { ...plainTerms, promotion: { priceMicros: priceMicros / 2, payments: 3 } };
    return plainTerms;
  },
  change: (index, subscription, at) => {
    switch (index % 10) {
      case 3:
        return pause(subscription, { count: 1, unit: 'month' }, at);
      case 4:
        return defer(subscription, { deferPeriod: 10, cause: 'developer' }, at);
      case 5:
        return scheduleSwitch(subscription, another, { mustAcknowledge: false }, at);
      case 6:
        return announcePrice(subscription, { priceMicros: priceMicros / 2, priceSeq: 1, at });
      case 7:
        return changePayment(subscription, { outcome: 'timeout' }, at);
      case 8:
        return changePayment(subscription, { outcome: 'decline' }, at);
      case 9:
        return cancel(subscription, 'buyer', at);
      default:
        return undefined;
    }
  },
};

/** Ten thousand subscriptions, bought over a month, then a year in one call of the control API. */
export async function measureLifecycle(part: Part): Promise<Measured> {
  const rows: Row[] = [];
  const targets: Measured['targets'] = [];
  for (const population of [plain, mixed]) {
    const measured = await measureYear(part, population);
    rows.push(...measured.rows);
    targets.push(...measured.targets);
  }
  return { rows, targets };
}

async function measureYear({ folder, purchases }: Part, population: Population): Promise<Measured> {
  const count = purchases >= 1_000_000 ? 10_000 : 1_000;
  const file = join(folder, `lifecycle-${population.name.length}.db`);
  await populate(`sqlite:${file}`, count, population);
  const bought = countOf(file, 'ledger');
  const subject = await startSubject('Till', 'till', `sqlite:${file}`);
  const before = await costOf(subject);
  const rss = watchMemory(subject);
  const start = performance.now();
  await advanceAYear(subject);
  const seconds = (performance.now() - start) / 1000;
  const mb = (await rss()) / 1e6;
  const after = await costOf(subject);
  await stopSubjects([subject]);
  const cpuUs = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  const steps = countOf(file, 'ledger') - bought;
  const payments = countOf(file, 'purchase') - count;
  if (population === plain && payments !== count * 12) throw new Error(`${payments} payments in a year`);
  const floorUs = writeBare(file, `${file}-floor`);
  const commits = after.commits - before.commits;
  const of = `a year of ${count.toLocaleString('en')} subscriptions, ${population.name}`;
  const quick = seconds < longestSeconds;
  return {
    rows: [
      {
        population: population.name,
        subscriptions: count.toLocaleString('en'),
        payments: payments.toLocaleString('en'),
        steps: steps.toLocaleString('en'),
        seconds,
        'steps/s': steps / seconds,
        'CPU µs/step': cpuUs / steps,
        'bare rows, CPU µs/step': floorUs / steps,
        'to floor': cpuUs / floorUs,
        'steps/commit': steps / commits,
        'most resident MB': mb,
      },
    ],
    targets: [
      target(of, `under ${longestSeconds} s`, seconds, quick, ' s'),
      target(`${of}: most resident memory`, `at most ${mostMb} MB`, mb, mb <= mostMb, ' MB'),
    ],
  };
}

export async function populate(url: string, count: number, population: Population): Promise<void> {
  const database = await openDatabase(url);
  const now = began + 30 * dayMs;
  await migrate(database, now);
  const appId = await database.transaction(async (query) => {
    await insertBenchWorld(query, { worldId, now, calendar: 'commercial' });
    return insertBenchApp(query, { number: 0, at: began, worldId });
  });
  for (let from = 0; from < count; from += 1_000) {
    await database.transaction((query) => insertSome(query, appId, { from, count }, population));
  }
  await database.close();
}

async function insertSome(
  query: Query,
  appId: string,
  { from, count }: { from: number; count: number },
  population: Population,
): Promise<void> {
  for (let index = from; index < from + 1_000; index++) {
    const at = began + Math.floor((index * 28 * dayMs) / count);
    const bought = subscribe(orderOf(appId, index, at, population.terms(index)), false);
    const change = population.change(index, bought.subscription, at);
    const entries = [...bought.entries, ...(change?.entries ?? [])];
    const subscription = change?.subscription ?? bought.subscription;
    await insertSubscription(query, { ...subscription, entryCount: entries.length });
    for (const payment of bought.payments) await insertPurchase(query, payment);
    await appendEntries(query, subscription, 0, entries);
  }
}

function orderOf(appId: string, index: number, at: number, terms: Terms): SubscriptionOrder {
  const purchaseToken = tokenOf(0, index);
  const digits = purchaseToken.slice(8);
  return {
    ...{ appId, worldId, purchaseToken, purchaseId: `SANDBOX3${digits}`, productId: 'monthly' },
    orderId: `ONESTORE7_${digits.padStart(30, '0')}`,
    ...{ type: 'subscription', market: 'MKT_ONE', country: 'KR', buyerId: `buyer-${index}`, quantity: 1 },
    ...{ developerPayload: `order-${index}`, productName: null, priceMicros, currency: 'KRW' },
    ...{ paymentMethod: 'ONEPAY', purchaseTime: at, calendar: 'commercial', terms, priceSeq: 0 },
  };
}

export async function advanceAYear({ port }: Subject): Promise<void> {
  await advance(port, 'P1Y');
}

/** Answers when all that fell due has happened, and its messages were sent. */
export async function advance(port: number, by: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/control/v1/worlds/${worldId}/clock/advance`, {
    method: 'POST',
    headers: { authorization: 'Bearer till', 'content-type': 'application/json' },
    body: JSON.stringify({ by }),
    signal: AbortSignal.timeout(600_000),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`the advance was answered ${answer.status}: ${text}`);
}

/** The most that was resident, looked at twice a second. */
function watchMemory(subject: Subject): () => Promise<number> {
  let most = 0;
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      most = Math.max(most, await residentOf(subject));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  })();
  return async () => {
    stopped = true;
    await done;
    return most;
  };
}

async function residentOf({ process: child }: Subject): Promise<number> {
  const answered = once(child, 'message') as Promise<[{ rss: number }]>;
  child.send('cost');
  const [{ rss }] = await answered;
  return rss;
}

function countOf(file: string, table: 'ledger' | 'purchase'): number {
  const database = new DatabaseSync(file, { readOnly: true });
  const row = database.prepare(`select count(*) as number from ${table}`).get();
  database.close();
  return Number(row?.number);
}

/** CPU µs for the rows that the year has added, by prepared statements alone, 2,400 of each table a commit. */
function writeBare(made: string, floor: string): number {
  const source = new DatabaseSync(made, { readOnly: true });
  const database = new DatabaseSync(floor);
  database.exec('pragma journal_mode = wal; pragma synchronous = full');
  const added = { purchase: 'acknowledged_at = purchase_time', charge: 'true', ledger: 'seq > 0' };
  const schema = source
    .prepare(
      "select sql from sqlite_schema where tbl_name in ('purchase', 'charge', 'ledger') and sql is not null",
    )
    .all();
  for (const { sql } of schema) database.exec(String(sql));
  const tables = Object.entries(added).map(([table, where]) => {
    const query = source.prepare(`select * from ${table} where ${where}`);
    const rows = query.all() as Record<string, SQLInputValue>[];
    const places = Object.keys(rows[0] ?? {}).map(() => '?');
    return { rows, insert: database.prepare(`insert into ${table} values (${places.join(', ')})`) };
  });
  source.close();
  const most = Math.max(...tables.map(({ rows }) => rows.length));
  const cpu = process.cpuUsage();
  for (let from = 0; from < most; from += 2_400) {
    database.exec('begin immediate');
    for (const { rows, insert } of tables) {
      for (const row of rows.slice(from, from + 2_400)) insert.run(...Object.values(row));
    }
    database.exec('commit');
  }
  const { user, system } = process.cpuUsage(cpu);
  database.close();
  return user + system;
}
