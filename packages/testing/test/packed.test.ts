// The three packages as a stranger gets them: packed, installed side by side, and used under three test runners.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type BareProject, bareProject } from './bare-project.ts';

let project: BareProject;

before(async () => {
  project = await bareProject();
});
after(() => project?.remove());

const example = (name: string) =>
  readFileSync(new URL(`../../../examples/testing/${name}`, import.meta.url), 'utf8');

/** A test that fails because nobody acknowledged the purchase. */
const failing = (imports: string, expectation: string) => `${imports}
import { startTill } from '@till/testing';
test('a purchase stays', async () => {
  const till = await startTill();
  try {
    const world = await till.world({ now: '2026-01-01T00:00:00Z' });
    const gem = await world.buy('gem', { buyerId: 'ada' });
    await world.advance('P3D');
    await world.expecting(gem, async () => ${expectation});
  } finally {
    await till.stop();
  }
});
`;

/** The runner's own words about what differs, and the history below. */
function showsHistory(text: string): void {
  assert.match(text, /purchased[\s\S]*voided|voided[\s\S]*purchased/);
  assert.match(text, /Purchase SANDBOXT\d+ of gem by ada: voided; not entitled: /);
  assert.match(text, /2026-01-01T00:00:00\.000Z {2}purchased +1100 KRW {2}The buyer paid/);
  assert.match(
    text,
    /2026-01-04T00:00:00\.000Z {2}voided +-1100 KRW {2}.*not acknowledged within three days/,
  );
}

test('under node:test', async () => {
  project.write('year.test.mjs', example('node.test.ts').replaceAll(/: TestTill|, type TestTill/g, ''));
  const passed = await project.run('node', '--test', 'year.test.mjs');
  assert.equal(passed.code, 0, passed.text);
  assert.match(passed.text, /^ℹ pass 1$/m);

  const imports = "import assert from 'node:assert/strict';\nimport { test } from 'node:test';";
  project.write('fails.test.mjs', failing(imports, "assert.equal((await gem.read()).state, 'purchased')"));
  const failed = await project.run('node', '--test', 'fails.test.mjs');
  assert.equal(failed.code, 1);
  showsHistory(failed.text);
});

test('under Vitest', async () => {
  project.write('worlds.vitest.test.ts', example('vitest.test.ts'));
  const passed = await project.run('vitest', 'run', 'worlds.vitest');
  assert.equal(passed.code, 0, passed.text);
  assert.match(passed.text, /Tests {2}2 passed/);

  const expectation = "expect((await gem.read()).state).toBe('purchased')";
  project.write('fails.vitest.test.ts', failing("import { expect, test } from 'vitest';", expectation));
  const failed = await project.run('vitest', 'run', 'fails.vitest');
  assert.equal(failed.code, 1);
  showsHistory(failed.text);
});

test('under Jest, for imports and for require', async () => {
  project.write('consume.jest.test.js', example('jest.test.js'));
  const required = "const { startTill } = require('@till/testing');\n";
  project.write(
    'required.jest.test.cjs',
    `${required}${example('jest.test.js').replace(/^import .*$/m, '')}`,
  );
  const passed = await project.run(
    'jest',
    'consume.jest',
    'required.jest',
    '--testMatch',
    '**/*.jest.test.*',
  );
  assert.equal(passed.code, 0, passed.text);
  assert.match(passed.text, /Tests: +2 passed, 2 total/);

  const expectation = "expect((await gem.read()).state).toBe('purchased')";
  project.write('fails.jest.test.js', failing('', expectation));
  const failed = await project.run('jest', 'fails.jest', '--testMatch', '**/fails.jest.test.js');
  assert.equal(failed.code, 1);
  showsHistory(failed.text);
});

test('the declarations pass a strict compiler that looks into every library, and what they do not know is refused', async () => {
  project.write(
    'typed.ts',
    `import { connectTill, shelf, startTill, type TestPurchase, type TestWorld } from '@till/testing';
await using till = await startTill();
const world: TestWorld = await till.world({ now: new Date(), calendar: 'sandbox', seed: 'one' });
const club: TestPurchase = await world.buy('club', { buyerId: 'ada', payment: { outcome: 'approve' } });
const state: 'purchased' | 'acknowledged' | 'consumed' | 'voided' = club.state;
const seven = await world.client().getSubscriptionDetail({ productId: 'club', purchaseToken: club.purchaseToken });
const five = await world.client({ generation: 'v5' }).getPurchaseDetails({ purchaseId: club.purchaseId });
const time: number = seven.expiryTimeMillis + five.purchaseTime + world.now();
// @ts-expect-error no such option
await till.world({ nwo: 1 });
// @ts-expect-error no such member
await world.buy('gem', { quantiti: 1 });
export { connectTill, shelf, state, time };
`,
  );
  const flags = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false', '--types', 'node'];
  const target = ['--target', 'es2023', '--module', 'nodenext', '--noEmit'];
  const { code, text } = await project.run('tsc', ...flags, ...target, 'typed.ts');
  assert.equal(code, 0, text);
});

test('the packed `till` serves, ends with standard input, and the documents of its port are whole', async () => {
  project.write(
    'serves.mjs',
    `import { spawn } from 'node:child_process';
const child = spawn(process.execPath, ['node_modules/@till/server/bin/till.js', 'serve', '--ephemeral'], { stdio: ['pipe', 'pipe', 'inherit'] });
child.stdout.once('data', async (line) => {
  const { baseUrl } = JSON.parse(line);
  const page = await (await fetch(baseUrl + '/docs')).text();
  const { info } = await (await fetch(baseUrl + '/openapi.json')).json();
  child.once('exit', (code) => console.log(JSON.stringify({ code, version: info.version, script: page.includes('<script>') })));
  child.stdin.end();
});
`,
  );
  const { code, text } = await project.run('node', 'serves.mjs');
  assert.equal(code, 0, text);
  assert.deepEqual(JSON.parse(text), { code: 0, version: '0.1.0', script: true });
  assert.match((await project.run('till', '--help')).text, /--ephemeral/);
});

test('the packed `till listen` borrows an address by a keeper of its own, and gives it back', async () => {
  project.write(
    'listens.mjs',
    `import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connectTill } from '@till/testing';
const start = (...given) => spawn(process.execPath, ['node_modules/@till/server/bin/till.js', ...given], { stdio: ['pipe', 'pipe', 'inherit'] });
const serving = start('serve', '--ephemeral');
const address = JSON.parse((await once(serving.stdout, 'data'))[0]);
const till = await connectTill(address);
const { clientId, worldId } = await till.world({ now: '2026-01-01T00:00:00Z' });
const payment = async () => (await till.control.readApp({ clientId, worldId })).notificationUrls.payment;
const listening = start('listen', '--app', clientId, '--world', worldId, '--control-url', address.controlUrl, '--control-key', address.controlKey);
const ended = once(listening, 'exit');
await Promise.race([once(listening.stdout, 'data'), ended]);
const meanwhile = await payment();
listening.kill('SIGTERM');
await ended;
console.log(JSON.stringify([meanwhile && new URL(meanwhile).pathname.split('/')[1], await payment()]));
await till.stop();
serving.stdin.end();
`,
  );
  const { code, text } = await project.run('node', 'listens.mjs');
  assert.equal(code, 0, text);
  assert.deepEqual(JSON.parse(text), ['till-listen', null]);
});

test('the tarballs hold what runs and its declarations, and no source or test', () => {
  for (const [name, path] of Object.entries(project.tarballs)) {
    const files = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).trim().split('\n');
    const strange = files.filter(
      (file) => !/^package\/(package\.json$|README\.md$|dist\/|bin\/till\.js$|sql\/\d)/.test(file),
    );
    assert.deepEqual(strange, [], name);
    assert.deepEqual(
      files.filter((file) => /(?<!\.d)\.ts$/.test(file)),
      [],
      name,
    );
    assert.ok(files.includes('package/dist/LICENSE'), name);
  }
});
