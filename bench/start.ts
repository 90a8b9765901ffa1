// From the start of node to the first answer, with an empty and with a large database.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sqliteWith } from './populate.ts';
import type { Measured, Part } from './run.ts';
import { median, target } from './table.ts';

const program = fileURLToPath(new URL('../packages/server/bin/till.js', import.meta.url));
const longestMs = 600;

export async function measureStart({ folder, purchases, rounds }: Part): Promise<Measured> {
  const large = await sqliteWith(folder, purchases);
  const empty = `sqlite:${join(folder, 'empty.db')}`;
  await firstAnswer(empty, 7_701);
  const times: Record<string, number[]> = { empty: [], large: [] };
  for (let index = 0; index < rounds; index++) {
    times.empty?.push(await firstAnswer(empty, 7_702 + index));
    times.large?.push(await firstAnswer(large, 7_802 + index));
  }
  const [emptyMs, largeMs] = [median(times.empty ?? []), median(times.large ?? [])];
  return {
    rows: [
      { database: 'empty', 'ms to the first answer': emptyMs },
      { database: `${purchases.toLocaleString('en')} purchases`, 'ms to the first answer': largeMs },
    ],
    targets: [
      target('first answer, empty database', `under ${longestMs} ms`, emptyMs, emptyMs < longestMs, ' ms'),
      target('first answer, large database', `under ${longestMs} ms`, largeMs, largeMs < longestMs, ' ms'),
    ],
  };
}

/** Milliseconds until the program, started as people start it, has answered a request. */
async function firstAnswer(databaseUrl: string, port: number): Promise<number> {
  const began = performance.now();
  const args = [
    '--max-semi-space-size=4',
    program,
    '--port',
    String(port),
    '--database-url',
    databaseUrl,
    '--log-level',
    'silent',
  ];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  try {
    await answered(`http://127.0.0.1:${port}/healthz`, began + 20_000);
    return performance.now() - began;
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
}

async function answered(url: string, until: number): Promise<void> {
  while (performance.now() < until) {
    try {
      if ((await fetch(url)).status === 200) return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error('the server did not answer within 20 s');
}
