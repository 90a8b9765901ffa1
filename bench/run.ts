// The measurements: Till beside its floors, in one run, interleaved. `npm run bench`, `npm run bench -- --quick`.
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureClient } from './client.ts';
import { measureLifecycle } from './lifecycle.ts';
import { measureLists } from './lists.ts';
import { measureMemory } from './memory.ts';
import { measureNotifications } from './notifications.ts';
import { measurePostgres } from './postgres.ts';
import { measureReads } from './reads.ts';
import { measureStart } from './start.ts';
import { printTable, type Row, type Target } from './table.ts';
import { measureTesting } from './testing.ts';
import { measureWrites } from './writes.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(
    'npm run bench -- [--quick] [--only reads,writes,lists,lifecycle,notifications,start,memory,postgres,client,testing]',
  );
  process.exit(0);
}

/** What one part of the measurements is given, and what it answers. */
export interface Part {
  folder: string;
  /** Purchases in the large database, of 1,000 apps; the small one has a hundredth. */
  purchases: number;
  rounds: number;
  requests: number;
}
export interface Measured {
  rows: Row[];
  targets: Target[];
}

const parts: Record<string, (part: Part) => Promise<Measured>> = {
  reads: measureReads,
  writes: measureWrites,
  lists: measureLists,
  lifecycle: measureLifecycle,
  notifications: measureNotifications,
  start: measureStart,
  memory: measureMemory,
  postgres: measurePostgres,
  client: measureClient,
  testing: measureTesting,
};

const folder = mkdtempSync(join(tmpdir(), 'till-bench-'));
const part: Part = values.quick
  ? { folder, purchases: 50_000, rounds: 3, requests: 4_000 }
  : { folder, purchases: 1_000_000, rounds: 7, requests: 20_000 };

console.log(
  `Node ${process.versions.node}, SQLite ${process.versions.sqlite}, ${cpus().length} cores (${cpus()[0]?.model.trim()}, ${arch()}), ` +
    `${Math.round(totalmem() / 2 ** 30)} GiB, kernel ${release()}; ${part.purchases.toLocaleString('en')} purchases, ` +
    `medians of ${part.rounds} interleaved rounds of ${part.requests.toLocaleString('en')} requests\n`,
);

try {
  const wanted = values.only === '' ? Object.keys(parts) : values.only.split(',');
  const targets: Target[] = [];
  for (const name of wanted) {
    const measure = parts[name];
    if (measure === undefined) throw new Error(`no part is called ${name}: ${Object.keys(parts).join(', ')}`);
    const measured = await measure(part);
    printTable(name, measured.rows);
    targets.push(...measured.targets);
  }
  console.log('How each target stands\n');
  for (const { what, wanted, got, met } of targets) {
    console.log(`${met ? 'met   ' : 'MISSED'}  ${what}: ${got} (wanted ${wanted})`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
