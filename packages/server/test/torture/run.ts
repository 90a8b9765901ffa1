// `npm run torture`: the long run, on a SQLite file of its own or on the PostgreSQL that it is given.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Summary, torture } from './torture.ts';

const usage = `npm run torture -- [--kills 1000] [--seed N] [--early-answer] [--database-url postgres://…]

Kills a node with SIGKILL under load, starts the next on the same database and checks that no acknowledged
write is lost and none is half done. Without a URL the database is a SQLite file, made anew every 40 kills;
a PostgreSQL database gets a new app as often, and keeps them. --early-answer plants the fault to be found.`;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'early-answer': { type: 'boolean', default: false },
    'database-url': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const [kills, seed] = [numberOf('kills', values.kills), numberOf('seed', values.seed)];
  console.log(
    `${kills} kills, seed ${seed}, ${values['database-url'] === undefined ? 'SQLite' : 'PostgreSQL'}`,
  );
  const summary = await torture({
    kills,
    seed,
    database,
    answerEarly: values['early-answer'],
    onKill: (so) => {
      if (so.kills % 10 === 0) console.log(line(so));
    },
  });
  for (const fault of summary.faults) console.error(fault);
  console.log(line(summary));
  if (summary.faults.length > 0) process.exitCode = 1;
}

async function database(): Promise<{ url: string; drop(): Promise<void> }> {
  const given = values['database-url'];
  if (given !== undefined) return { url: given, drop: async () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'till-torture-'));
  const drop = async () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  return { url: `sqlite:${join(folder, 'till.db')}`, drop };
}

function line({ kills, moments, acknowledged, unanswered, faults, seconds }: Summary): string {
  const lost = faults.filter((fault) => fault.startsWith('lost')).length;
  return [
    `kills ${kills} (start ${moments.start}, load ${moments.load}, answer ${moments.answer})`,
    `writes acknowledged ${acknowledged}`,
    `unanswered ${unanswered}`,
    `lost ${lost}`,
    `other faults ${faults.length - lost}`,
    `seconds ${Math.round(seconds)}`,
  ].join('  ');
}

function numberOf(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} must be a whole number`);
  return Number(text);
}
