// A page of the voided list: the first one beside one that begins at the last rows.
import { join } from 'node:path';
import { takeToken, voidedPage } from './calls.ts';
import { populated } from './populate.ts';
import type { Measured, Part } from './run.ts';
import { clientIdOf } from './seed.ts';
import { interleave, rowOf, startSubject, stopSubjects } from './subjects.ts';
import { ratio, target } from './table.ts';

const connections = 8;

export async function measureLists({ folder, purchases, rounds, requests }: Part): Promise<Measured> {
  const population = { apps: 1, purchasesPerApp: purchases, at: Date.now(), voided: true };
  const url = await populated(`sqlite:${join(folder, 'voided.db')}`, population);
  const subject = await startSubject('voided', 'till', url);
  const token = await takeToken(subject.port, 0);
  const lastKey = await walk(subject.port, token, purchases);
  const load = (key?: string) => () => ({
    connections,
    requests: Math.ceil(requests / 10),
    next: () => voidedPage(0, token, key),
  });
  const [first = [], last = []] = await interleave(rounds, [
    { subject, load: load() },
    { subject, load: load(lastKey) },
  ]);
  await stopSubjects([subject]);
  const cost = ratio(
    last.map((round) => round.cpuUs),
    first.map((round) => round.cpuUs),
  );
  const rows = purchases.toLocaleString('en');
  return {
    rows: [
      rowOf('getVoidedPurchases, first page', first, first),
      rowOf(`getVoidedPurchases, last page of ${rows}`, last, first),
    ],
    targets: [target(`a voided page at row ${rows} to the first page`, 'at most 1.2', cost, cost <= 1.2)],
  };
}

/** The key of the last full page, by reading all pages as large as they come. */
async function walk(port: number, token: string, rows: number): Promise<string> {
  const path = `http://127.0.0.1:${port}/v7/apps/${clientIdOf(0)}/voided-purchases`;
  const headers = { authorization: `Bearer ${token}` };
  let key = '';
  for (let seen = 0; seen + 999 < rows - 100; seen += 999) {
    const query = key === '' ? 'maxResults=999' : `maxResults=999&continuationKey=${key}`;
    const answer = await fetch(`${path}?${query}`, { headers });
    const page = (await answer.json()) as { continuationKey?: string };
    if (page.continuationKey === undefined) throw new Error(`the list ended after ${seen} rows`);
    key = page.continuationKey;
  }
  return key;
}
