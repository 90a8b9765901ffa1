// The databases of the measurements: made once in a run, and used by several parts.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { realClock } from '../packages/server/src/domain/clock.ts';
import { defaultWorldId } from '../packages/server/src/domain/world.ts';
import { migrate } from '../packages/server/src/store/migrations.ts';
import { openDatabase } from '../packages/server/src/store/open.ts';
import { insertWorld } from '../packages/server/src/store/worlds.ts';
import { type Population, seed } from './seed.ts';

export const appCount = 1_000;

/** The URL of a SQLite file with so many purchases of 1,000 apps. */
export async function sqliteWith(folder: string, purchases: number): Promise<string> {
  return populated(`sqlite:${join(folder, `till-${purchases}.db`)}`, {
    apps: appCount,
    purchasesPerApp: purchases / appCount,
    at: Date.now(),
  });
}

/** Fills the database unless an earlier part has, and says how long it took. */
export async function populated(url: string, population: Population): Promise<string> {
  if (url.startsWith('sqlite:') && existsSync(url.slice('sqlite:'.length))) return url;
  const began = performance.now();
  const database = await openDatabase(url);
  await migrate(database, population.at);
  await database.transaction((query) =>
    insertWorld(query, {
      worldId: defaultWorldId,
      clock: { ...realClock },
      calendar: 'sandbox',
      seed: null,
      drawnCount: 0,
      maintenance: false,
      createdAt: population.at,
      rev: 1,
    }),
  );
  await seed(database, population);
  await database.close();
  const rows = population.apps * population.purchasesPerApp;
  const seconds = (performance.now() - began) / 1000;
  console.error(`made ${rows.toLocaleString('en')} purchases in ${seconds.toFixed(0)} s`);
  return url;
}
