// What a test pays: the first server of a process, the next ones, a further world, a purchase.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bareProject } from '../packages/testing/test/bare-project.ts';
import type { Measured, Part } from './run.ts';
import { median, target } from './table.ts';

const repository = fileURLToPath(new URL('../packages/testing/', import.meta.url));
const longest = { coldMs: 250, nextMs: 100, worldMs: 2 };

/** What one process measures of itself, ms: medians, but for the first start. */
type Figures = Record<'cold' | 'next' | 'stop' | 'world' | 'buy' | 'year', number>;

const program = `
const began = performance.now();
const { startTill } = await import('@till/testing');
const till = await startTill();
const cold = performance.now() - began;
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const timed = async (count, run) => {
  const values = [];
  for (let index = 0; index < count; index++) {
    const from = performance.now();
    await run();
    values.push(performance.now() - from);
  }
  return median(values.slice(Math.floor(count / 3)));
};
const others = [];
const next = await timed(9, async () => others.push(await startTill()));
const stop = await timed(9, () => others.pop().stop());
const now = '2026-01-15T00:00:00Z';
let world;
const worldMs = await timed(600, async () => { world = await till.world({ now }); });
const buy = await timed(300, () => world.buy('gem'));
const year = await timed(30, async () => {
  const other = await till.world({ now });
  await (await other.buy('club')).acknowledge();
  await other.advance('P1Y1D');
});
await till.stop();
console.log(JSON.stringify({ cold, next, stop, world: worldMs, buy, year }));
`;

export async function measureTesting({ folder, rounds }: Part): Promise<Measured> {
  const project = await bareProject();
  try {
    const sources = measured(repository, join(folder, 'of-sources'), rounds);
    const packed = measured(project.folder, join(folder, 'of-packed'), rounds);
    const { cold, next, world } = medians(packed);
    return {
      rows: [rowOf('packed', packed), rowOf('sources', sources)],
      targets: [
        target('first server of a process', `under ${longest.coldMs} ms`, cold, cold < longest.coldMs, ' ms'),
        target('next server', `under ${longest.nextMs} ms`, next, next < longest.nextMs, ' ms'),
        target('further world', `under ${longest.worldMs} ms`, world, world < longest.worldMs, ' ms'),
      ],
    };
  } finally {
    project.remove();
  }
}

/** A first process fills the folder of what is compiled; it is not counted. */
function measured(cwd: string, temporary: string, rounds: number): Figures[] {
  mkdirSync(temporary);
  const options = { cwd, encoding: 'utf8', env: { ...process.env, TMPDIR: temporary } } as const;
  const once = (): Figures =>
    JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', program], options));
  return Array.from({ length: 1 + Math.max(3, rounds) }, once);
}

/** Of all but the first process. */
function medians([, ...others]: readonly Figures[]): Figures {
  const names = ['cold', 'next', 'stop', 'world', 'buy', 'year'] as const;
  const of = (name: keyof Figures) => median(others.map((figures) => figures[name]));
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Figures;
}

function rowOf(form: string, figures: readonly Figures[]) {
  const { cold, next, stop, world, buy, year } = medians(figures);
  return {
    'ms, of the': form,
    'first server, nothing compiled before': figures[0]?.cold ?? Number.NaN,
    'first server of a process': cold,
    'next server': next,
    stop,
    'further world': world,
    purchase: buy,
    'year of a subscription': year,
  };
}
