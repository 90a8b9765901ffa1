// consumePurchase with shared commits beside one commit each; commits and signatures by themselves.
import { generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { consumer, type Shop, takeTokens } from './calls.ts';
import { appCount, populated } from './populate.ts';
import type { Measured, Part } from './run.ts';
import { interleave, rowOf, startSubject, stopSubjects } from './subjects.ts';
import { median, type Row, ratio, target } from './table.ts';

const connections = 64;

export async function measureWrites({ folder, rounds, requests }: Part): Promise<Measured> {
  const perApp = Math.ceil(((rounds + 1) * requests) / appCount);
  const population = { apps: appCount, purchasesPerApp: perApp, at: Date.now() };
  const subjects = [
    await startSubject(
      'grouped',
      'till',
      await populated(`sqlite:${join(folder, 'grouped.db')}`, population),
    ),
    await startSubject('each', 'tillEach', await populated(`sqlite:${join(folder, 'each.db')}`, population)),
  ] as const;
  const runs = [];
  for (const subject of subjects) {
    const tokens = await takeTokens(subject.port, appCount);
    const shop: Shop = { apps: appCount, purchasesPerApp: perApp, tokens };
    const next = consumer(shop, 0);
    runs.push({ subject, load: () => ({ connections, requests, next }) });
  }
  const [grouped = [], each = []] = await interleave(rounds, runs);
  await stopSubjects(subjects);
  const rate = (of: typeof grouped) => of.map((round) => round.requests / round.seconds);
  const faster = ratio(rate(grouped), rate(each));
  const slowest = ratio(
    grouped.map((round) => round.p99),
    each.map((round) => round.p99),
  );
  const carried = median(grouped.map((round) => round.perCommit));
  return {
    rows: [
      { ...rowOf('consumePurchase, shared commits', grouped, each), 'requests/commit': carried },
      { ...rowOf('consumePurchase, one commit each', each, each), 'requests/commit': 1 },
      commitsOneByOne(folder),
      signatures(),
    ],
    targets: [
      target(
        'consumePurchase, shared commits to one each, requests a second',
        'at least 2.5',
        faster,
        faster >= 2.5,
      ),
      target('its p99 to that of one each', 'below 1', slowest, slowest < 1),
    ],
  };
}

/** What the disk allows: a row changed and committed, one by one, with `synchronous=FULL`. */
function commitsOneByOne(folder: string): Row {
  const database = new DatabaseSync(join(folder, 'commits.db'));
  database.exec(
    'pragma journal_mode = wal; pragma synchronous = full; create table t (k integer primary key, v integer)',
  );
  database.exec('insert into t values (1, 0)');
  const update = database.prepare('update t set v = v + 1 where k = 1');
  const count = 2_000;
  const [begin, cpu] = [performance.now(), process.cpuUsage()];
  for (let index = 0; index < count; index++) update.run();
  const spent = process.cpuUsage(cpu);
  database.close();
  return {
    server: 'SQLite commits one by one, no server',
    'CPU µs/request': (spent.user + spent.system) / count,
    'requests/s': count / ((performance.now() - begin) / 1000),
  };
}

function signatures(): Row {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const count = 1_000;
  const [begin, cpu] = [performance.now(), process.cpuUsage()];
  for (let index = 0; index < count; index++) sign('sha512', Buffer.from(`message ${index}`), privateKey);
  const spent = process.cpuUsage(cpu);
  return {
    server: 'RSA-2048 signatures, no server',
    'CPU µs/request': (spent.user + spent.system) / count,
    'requests/s': count / ((performance.now() - begin) / 1000),
  };
}
