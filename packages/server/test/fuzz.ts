// `npm run fuzz -- --runs 100000 --seed 1`: the fuzzer of the suite for as long as one likes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string' } },
});
const seed = values.seed ?? String(Date.now() % 1_000_000_000);
console.log(`${values.runs} requests on each database, seed ${seed}`);
const tests = spawn(
  process.execPath,
  ['test/run.ts', '--test-timeout=86400000', 'packages/server/test/http/fuzz.test.ts'],
  {
    cwd: fileURLToPath(new URL('../../../', import.meta.url)),
    stdio: 'inherit',
    env: { ...process.env, TILL_TEST_FUZZ_RUNS: values.runs, TILL_TEST_FUZZ_SEED: seed },
  },
);
const [code] = await once(tests, 'exit');
process.exit(code ?? 1);
