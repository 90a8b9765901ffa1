// What `npm test` runs: starts a PostgreSQL, runs the tests on it, stops it whatever happens.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import type { Postgres } from './postgres.ts';

const everything = ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts', 'conformance/**/*.test.ts'];
const testLimitMs = 300_000;

let postgres: Postgres | undefined;
let tests: ChildProcess | undefined;
let stoppedBy: NodeJS.Signals | undefined;

if (Number.parseInt(process.versions.node, 10) < 24) {
  fail(
    `Till's tests need Node 24 or later, and this is ${process.versions.node}; \`npm test\` brings its own`,
  );
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt(signal));
// The last resort, when something here throws; after a normal end there is nothing left to kill.
process.on('exit', () => postgres?.kill());
await main(process.argv.slice(2));

async function main(given: readonly string[]): Promise<void> {
  const flags = given.filter((argument) => argument.startsWith('-'));
  const named = given.filter((argument) => !argument.startsWith('-'));
  const files = globSync(named.length > 0 ? named : everything).sort();
  if (files.length === 0) fail(`no test file matches ${named.join(' ') || everything.join(' ')}`);
  const url = await databaseUrl();
  const code = stoppedBy === undefined ? await runTests(url, flags, files) : 1;
  await postgres?.stop();
  postgres = undefined;
  process.exit(stoppedBy === undefined ? code : 128 + constants.signals[stoppedBy]);
}

/** The database server the tests run on, announced in one line. Without one there are no tests. */
async function databaseUrl(): Promise<string> {
  const given = process.env.TILL_TEST_DATABASE_URL;
  try {
    const { startPostgres, versionOf } = await import('./postgres.ts');
    if (given) {
      console.log(`Tests run on PostgreSQL ${await versionOf(given)} at ${withoutPassword(given)}`);
      return given;
    }
    postgres = await startPostgres();
    console.log(`Tests run on PostgreSQL ${await versionOf(postgres.url)}, npm's own`);
    return postgres.url;
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.constructor.name : String(error);
    return fail(
      `Tests need PostgreSQL and ${given ? 'TILL_TEST_DATABASE_URL' : "npm's own"} failed: ${reason}`,
    );
  }
}

/** Runs Node's test runner, whose summary is the last thing printed, and answers its exit code. */
async function runTests(url: string, flags: readonly string[], files: readonly string[]): Promise<number> {
  const defaults = [
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    `--test-timeout=${testLimitMs}`,
    '--test-reporter=spec',
  ].filter((setting) => !flags.some((flag) => flag.split('=')[0] === setting.split('=')[0]));
  tests = spawn(process.execPath, ['--test', ...defaults, ...flags, ...files], {
    stdio: 'inherit',
    env: { ...process.env, TILL_TEST_DATABASE_URL: url },
    detached: process.platform !== 'win32', // a group of its own, so that `interrupt` reaches every test
  });
  const [code] = await once(tests, 'exit');
  return code ?? 1;
}

/** Ends the tests; the rest of `main` then stops PostgreSQL and tells the signal in the exit code. */
function interrupt(signal: NodeJS.Signals): void {
  // Who asks twice does not want to wait.
  const how = stoppedBy === undefined ? 'SIGTERM' : 'SIGKILL';
  stoppedBy = signal;
  if (tests?.pid === undefined || tests.exitCode !== null || tests.signalCode !== null) return;
  process.kill(process.platform === 'win32' ? tests.pid : -tests.pid, how);
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/.*@/, '//').replace(/\?.*$/, '');
}

function fail(reason: string): never {
  console.error(reason);
  process.exit(1);
}
