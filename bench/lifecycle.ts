// A year of monthly subscriptions: how long an advance takes, what a renewal costs, beside the bare writing of its rows.
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { monthlyTerms } from '../packages/server/src/domain/product.ts';
import { type SubscriptionOrder, subscribe } from '../packages/server/src/domain/subscription.ts';
import type { Query } from '../packages/server/src/store/database.ts';
import { appendEntries } from '../packages/server/src/store/ledger.ts';
import { migrate } from '../packages/server/src/store/migrations.ts';
import { openDatabase } from '../packages/server/src/store/open.ts';
import { insertPurchase } from '../packages/server/src/store/purchases.ts';
import { insertSubscription } from '../packages/server/src/store/subscriptions.ts';
import type { Measured, Part } from './run.ts';
import { insertBenchApp, insertBenchWorld, tokenOf } from './seed.ts';
import { costOf, type Subject, startSubject, stopSubjects } from './subjects.ts';
import { target } from './table.ts';

const worldId = 'bench';
const dayMs = 86_400_000;
const began = Date.UTC(2025, 0, 5, 3);
const longestSeconds = 60;
const mostMb = 200;

/** Ten thousand subscriptions, bought over a month, then a year in one call of the control API. */
export async function measureLifecycle({ folder, purchases }: Part): Promise<Measured> {
  const count = purchases >= 1_000_000 ? 10_000 : 1_000;
  const url = `sqlite:${join(folder, 'lifecycle.db')}`;
  await populate(url, count);
  const subject = await startSubject('Till', 'till', url);
  const before = await costOf(subject);
  const rss = watchMemory(subject);
  const start = performance.now();
  await advanceAYear(subject);
  const seconds = (performance.now() - start) / 1000;
  const after = await costOf(subject);
  const mb = (await rss()) / 1e6;
  await stopSubjects([subject]);
  const cpuUs = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  const { renewals, floorUs } = writeBare(url.slice('sqlite:'.length), join(folder, 'lifecycle-floor.db'));
  if (renewals !== count * 12) throw new Error(`${renewals} renewals instead of ${count * 12}`);
  const commits = after.commits - before.commits;
  return {
    rows: [
      {
        subscriptions: count.toLocaleString('en'),
        renewals: renewals.toLocaleString('en'),
        seconds,
        'renewals/s': renewals / seconds,
        'CPU µs/renewal': cpuUs / renewals,
        'bare rows, CPU µs/renewal': floorUs / renewals,
        'to floor': cpuUs / floorUs,
        'renewals/commit': renewals / commits,
        'most resident MB': mb,
      },
    ],
    targets: [
      target(
        `a year of ${count.toLocaleString('en')} monthly subscriptions`,
        `under ${longestSeconds} s`,
        seconds,
        seconds < longestSeconds,
        ' s',
      ),
      target('most resident memory meanwhile', `at most ${mostMb} MB`, mb, mb <= mostMb, ' MB'),
    ],
  };
}

async function populate(url: string, count: number): Promise<void> {
  const database = await openDatabase(url);
  const now = began + 30 * dayMs;
  await migrate(database, now);
  const appId = await database.transaction(async (query) => {
    await insertBenchWorld(query, { worldId, now, calendar: 'commercial' });
    return insertBenchApp(query, { number: 0, at: began, worldId });
  });
  for (let from = 0; from < count; from += 1_000) {
    await database.transaction((query) => insertSome(query, appId, { from, until: from + 1_000, count }));
  }
  await database.close();
}

async function insertSome(
  query: Query,
  appId: string,
  range: { from: number; until: number; count: number },
): Promise<void> {
  for (let index = range.from; index < range.until; index++) {
    const at = began + Math.floor((index * 28 * dayMs) / range.count);
    const { subscription, entries, payments } = subscribe(orderOf(appId, index, at), false);
    await insertSubscription(query, { ...subscription, entryCount: entries.length });
    for (const payment of payments) await insertPurchase(query, payment);
    await appendEntries(query, subscription, 0, entries);
  }
}

function orderOf(appId: string, index: number, at: number): SubscriptionOrder {
  const purchaseToken = tokenOf(0, index);
  const digits = purchaseToken.slice(8);
  return {
    ...{ appId, worldId, purchaseToken, purchaseId: `SANDBOX3${digits}`, productId: 'monthly' },
    orderId: `ONESTORE7_${digits.padStart(30, '0')}`,
    ...{ type: 'subscription', market: 'MKT_ONE', country: 'KR', buyerId: `buyer-${index}`, quantity: 1 },
    ...{ developerPayload: `order-${index}`, productName: null, priceMicros: 1_100_000_000, currency: 'KRW' },
    ...{ paymentMethod: 'ONEPAY', purchaseTime: at, calendar: 'commercial' },
    terms: { ...monthlyTerms, graceDays: 3, holdDays: 30 },
  };
}

async function advanceAYear({ port }: Subject): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/control/v1/worlds/${worldId}/clock/advance`, {
    method: 'POST',
    headers: { authorization: 'Bearer till', 'content-type': 'application/json' },
    body: '{"by":"P1Y"}',
    signal: AbortSignal.timeout(600_000),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`the advance was answered ${answer.status}: ${text}`);
}

/** The most that was resident, looked at twice a second from outside of the process. */
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

/** The same rows written by prepared statements alone, 2,400 renewals a commit: what no server could go below. */
function writeBare(made: string, floor: string): { renewals: number; floorUs: number } {
  const source = new DatabaseSync(made, { readOnly: true });
  const database = new DatabaseSync(floor);
  database.exec('pragma journal_mode = wal; pragma synchronous = full');
  const schema = source
    .prepare(
      "select sql from sqlite_schema where tbl_name in ('purchase', 'charge', 'ledger') and sql is not null",
    )
    .all();
  for (const { sql } of schema) database.exec(String(sql));
  const tables = ['purchase', 'charge', 'ledger'].map((table) => {
    const where =
      table === 'purchase' ? 'acknowledged_at = purchase_time' : table === 'ledger' ? 'seq > 0' : 'true';
    const rows = source.prepare(`select * from ${table} where ${where}`).all() as Record<
      string,
      SQLInputValue
    >[];
    const places = Object.keys(rows[0] ?? {}).map(() => '?');
    return { rows, insert: database.prepare(`insert into ${table} values (${places.join(', ')})`) };
  });
  source.close();
  const renewals = tables[1]?.rows.length ?? 0;
  const cpu = process.cpuUsage();
  for (let from = 0; from < renewals; from += 2_400) {
    database.exec('begin immediate');
    for (const { rows, insert } of tables) {
      for (const row of rows.slice(from, from + 2_400)) insert.run(...Object.values(row));
    }
    database.exec('commit');
  }
  const { user, system } = process.cpuUsage(cpu);
  database.close();
  return { renewals, floorUs: user + system };
}
