// `till serve --ephemeral`: a server for the tests of any language, which tells where it is and leaves nothing behind.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run, temporaryFolder } from './program.ts';

const file = fileURLToPath(new URL('../../bin/till.js', import.meta.url));
const root = fileURLToPath(new URL('../../../../', import.meta.url));

interface Ready {
  baseUrl: string;
  controlUrl: string;
  controlKey: string;
}

interface Served {
  child: ChildProcess;
  ready: Ready;
  /** Exit code, and all that it wrote. */
  ended: Promise<{ code: number | null; out: string; errors: string }>;
}

/** As a test of another language starts it. */
async function serve(
  context: TestContext,
  { args = [], cwd, env = {}, stdin = 'pipe' }: Partial<Given> = {},
): Promise<Served> {
  const child = spawn(process.execPath, [file, 'serve', '--ephemeral', ...args], {
    cwd: cwd ?? temporaryFolder(context),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: [stdin, 'pipe', 'pipe'],
  });
  const written = { out: '', errors: '' };
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    written.errors += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...written }));
  context.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const line = new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      written.out += text;
      if (written.out.includes('\n')) resolve(written.out);
    });
    ended.then(({ errors }) => reject(new Error(`it ended: ${errors}`)));
  });
  return { child, ready: JSON.parse(await line), ended };
}

interface Given {
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  stdin: 'pipe' | 'ignore';
}

async function control({ controlUrl, controlKey }: Ready, path: string): Promise<Response> {
  return fetch(controlUrl + path, { headers: { authorization: `Bearer ${controlKey}` } });
}

test('prints one line of JSON when it is ready, and ends when standard input is closed', async (t) => {
  const { child, ready, ended } = await serve(t);
  assert.deepEqual(Object.keys(ready), ['baseUrl', 'controlUrl', 'controlKey']);
  assert.match(ready.baseUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.ok(ready.controlKey.length >= 32);
  const { items } = (await (await control(ready, '/apps')).json()) as { items: unknown[] };
  assert.deepEqual(items, []);
  assert.equal((await control({ ...ready, controlKey: 'till' }, '/apps')).status, 401);
  child.stdin?.end();
  const { code, out, errors } = await ended;
  assert.deepEqual([code, out, errors], [0, `${JSON.stringify(ready)}\n`, '']);
});

test('leaves nothing behind, whatever else is set up in its folder', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, '.env'), 'TILL_PORT=1\nTILL_DATABASE_URL=sqlite:of-somebody.db\n');
  const [one, other] = await Promise.all([
    serve(t, { cwd, env: { TILL_LOG_LEVEL: 'debug' } }),
    serve(t, { cwd }),
  ]);
  assert.notEqual(one.ready.baseUrl, other.ready.baseUrl);
  assert.notEqual(one.ready.controlKey, other.ready.controlKey);
  for (const { child, ended } of [one, other]) {
    child.stdin?.end();
    assert.deepEqual([(await ended).code, (await ended).errors], [0, '']);
  }
  assert.deepEqual(readdirSync(cwd), ['.env']);
});

test('runs on where standard input is no pipe, until a signal ends it', async (t) => {
  const { child, ready, ended } = await serve(t, { stdin: 'ignore' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal((await control(ready, '/worlds')).status, 200);
  child.kill('SIGTERM');
  assert.equal((await ended).code, 0);
});

test('ends with whoever started it, even when that is killed', async (t) => {
  const program = `const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, [${JSON.stringify(file)}, 'serve', '--ephemeral'], { stdio: ['pipe', 'inherit', 'inherit'] });
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
  const { baseUrl } = JSON.parse(line) as Ready;
  assert.equal((await fetch(`${baseUrl}/healthz`)).status, 200);
  parent.kill('SIGKILL');
  // its standard output is the parent's: closed when both are gone
  await once(parent, 'close');
  await assert.rejects(fetch(`${baseUrl}/healthz`));
});

test('takes a port, a log level and a key by flag, and refuses what contradicts it in one line', async (t) => {
  const { child, ready, ended } = await serve(t, {
    args: ['--log-level', 'info', '--control-key', 'mine', '--port', '0'],
  });
  assert.equal(ready.controlKey, 'mine');
  child.stdin?.end();
  assert.match((await ended).errors, /"msg":"stopping"/);
  const cases: [string[], RegExp][] = [
    [
      ['--database-url', 'sqlite:kept.db'],
      /^till: --ephemeral keeps its data in memory: leave --database-url out\.\n$/,
    ],
    [['--environment', 'commercial'], /^till: TILL_CONTROL_KEY must have/],
    [['--prot', '1'], /^till: Unknown option '--prot'/],
  ];
  for (const [args, message] of cases) {
    const { code, out, errors } = await run(t, { args: ['serve', '--ephemeral', ...args] }).ended();
    assert.deepEqual([code, out], [1, '']);
    assert.match(errors, message);
  }
});

// --- the examples of other languages ------------------------------------------------------------------------

/** How an example starts it, in the place of `npx till`. */
const command = JSON.stringify([process.execPath, file, 'serve', '--ephemeral']);

function lacks(program: string, flag: string): string | false {
  return spawnSync(program, [flag]).status === 0 ? false : `${program} is not on this machine`;
}

async function runExample(program: string, args: readonly string[]) {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, TILL_TEST_COMMAND: command },
    timeout: 240_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
  }
  const [code] = await once(child, 'close');
  return { code, text };
}

test('the example in Python passes', { skip: lacks('python3', '--version') }, async () => {
  const { code, text } = await runExample('python3', ['examples/python/test_purchases.py']);
  assert.equal(code, 0, text);
  assert.match(text, /Ran 3 tests[\s\S]*OK/);
});

test('the example in Java passes', { skip: lacks('java', '-version') }, async () => {
  const { code, text } = await runExample('java', ['examples/java/PurchaseTest.java']);
  assert.equal(code, 0, text);
  assert.match(text, /3 tests passed/);
});
