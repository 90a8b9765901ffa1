// What stays in memory after many requests and many live tokens.
import { DatabaseSync } from 'node:sqlite';
import { details, type Shop, takeTokens } from './calls.ts';
import { appCount, sqliteWith } from './populate.ts';
import type { Measured, Part } from './run.ts';
import { costOf, round, startSubject, stopSubjects } from './subjects.ts';
import { target } from './table.ts';

const liveTokens = 100_000;
const most = 200;

export async function measureMemory({ folder, purchases, requests, rounds }: Part): Promise<Measured> {
  const url = await sqliteWith(folder, purchases);
  addTokens(url.slice('sqlite:'.length));
  const subject = await startSubject('Till', 'till', url);
  const tokens = await takeTokens(subject.port, appCount);
  const shop: Shop = { apps: appCount, purchasesPerApp: purchases / appCount, tokens };
  const all = requests * rounds >= 100_000 ? 1_000_000 : requests * rounds;
  const before = await costOf(subject);
  await round(subject, { connections: 32, requests: all, next: () => details(shop) });
  const { rss } = await costOf(subject);
  await stopSubjects([subject]);
  const mb = rss / 1e6;
  return {
    rows: [
      { after: 'the start', 'resident MB': before.rss / 1e6 },
      {
        after: `${all.toLocaleString('en')} requests, ${liveTokens.toLocaleString('en')} live tokens`,
        'resident MB': mb,
      },
    ],
    targets: [target('resident memory', `under ${most} MB`, mb, mb < most, ' MB')],
  };
}

/** Tokens of many instances of the apps' servers, as they would have been issued over the last hour. */
function addTokens(file: string): void {
  const database = new DatabaseSync(file);
  const apps = database.prepare('select app_id from app').all();
  const insert = database.prepare('insert or ignore into access_token values (?, ?, ?, ?, 0, ?, ?)');
  database.exec('begin');
  for (let index = 0; index < liveTokens; index++) {
    const app = apps[index % apps.length]?.app_id ?? '';
    insert.run(`hash-${index}`, app, `secret-${index}`, `id-${index}`, Date.now(), Date.now() + 3_600_000);
  }
  database.exec('commit');
  database.close();
}
