// The command line as a whole: names, help, exit codes, and the audit.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { databases } from '../databases.ts';
import { startServer } from '../server.ts';
import { type Run, run, start, stop, temporaryFolder } from './program.ts';

const names = ['backup', 'restore', 'doctor', 'listen', 'keys rotate', 'audit verify'];

async function ended(context: TestContext, args: readonly string[], given: Run = {}) {
  return run(context, { ...given, args }).ended();
}

test('--help lists every command, and each command has its own, which starts nothing', async (t) => {
  const { out } = await ended(t, ['--help']);
  const cwd = temporaryFolder(t);
  await Promise.all(
    names.map(async (name) => {
      assert.match(out, new RegExp(`^  till ${name} +\\w+`, 'm'));
      const own = await ended(t, [...name.split(' '), '--help'], { cwd, env: { TILL_PORT: 'wrong' } });
      assert.deepEqual([own.code, own.errors], [0, '']);
      assert.match(own.out, new RegExp(`^Usage: till ${name} `));
    }),
  );
});

test('a command that is not known is one line, which repeats no secret', async (t) => {
  const secret = 'hush-HUSH-7391';
  const cases: [string[], RegExp][] = [
    [['bakcup', 'file'], /^till: Unknown command bakcup\. --help lists the commands\.\n$/],
    [['keys'], /^till: Unknown command keys\. Did you mean till keys rotate\?\n$/],
    [['keys', 'rotat'], /^till: Unknown command keys\. Did you mean till keys rotate\?\n$/],
    [[secret], /^till: Unknown command\. --help lists the commands\.\n$/],
    [['constructor'], /^till: Unknown command constructor\./],
    [['backup', 'one', secret], /^till: A word stands outside of the flags\. --help tells/],
    [['backup'], /^till: FILE is missing\./],
    [['backup', 'one', '--frce'], /^till: Unknown option '--frce'/],
    [['serve', '--prot', '1'], /--prot/],
  ];
  await Promise.all(
    cases.map(async ([args, line]) => {
      const { code, out, errors } = await ended(t, args);
      assert.deepEqual([code, out], [1, ''], errors);
      assert.match(errors, line);
      assert.ok(!errors.includes(secret));
    }),
  );
});

test('`till serve` starts as `till` does', async (t) => {
  const program = await start(t, { args: [] });
  await stop(program);
  const served = run(t, { args: ['serve', '--port', '0', '--log-level', 'silent'] });
  while (!served.out().includes('listens on')) {
    assert.equal(served.child.exitCode, null, served.errors());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test('commands read the settings of flags, variables and .env', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, '.env'), 'TILL_DATABASE_URL=sqlite:from-the-file.db\n');
  const missing = async (given: Run, args: readonly string[] = []) =>
    (await ended(t, ['backup', 'copy.db', ...args], given)).errors;
  const env = { TILL_DATABASE_URL: 'sqlite:from-a-variable.db' };
  assert.match(await missing({ cwd }), /no database .*from-the-file\.db/);
  assert.match(await missing({ cwd, env }), /no database .*from-a-variable\.db/);
  assert.match(await missing({ cwd, env }, ['--database-url', 'sqlite:flag.db']), /no database .*flag\.db/);
});

for (const database of databases.filter(({ name }) => name !== 'sqlite memory')) {
  test(`audit verify finds an altered row, beside a running Till, on ${database.name}`, async (t) => {
    const { url, drop } = await database.open();
    const server = await startServer({ url });
    t.after(async () => {
      await server.stop();
      await drop();
    });
    const app = await server.app();
    await server.buy(app);
    const env = { TILL_DATABASE_URL: url };
    const sound = await ended(t, ['audit', 'verify'], { env });
    assert.deepEqual([sound.code, sound.errors], [0, ''], sound.out);
    assert.match(sound.out, /^[1-9]\d* chains?, [1-9]\d* rows?: all as they were written\n$/);
    await server.till.host.database.run('update audit set at = at + 1 where seq = 1');
    const broken = await ended(t, ['audit', 'verify'], { env });
    assert.equal(broken.code, 1);
    assert.match(broken.out, /^row 1 of chain .* was altered/);
    assert.match(broken.out, /tampered with\n$/);
  });
}

test('a command that reads makes no database and changes none', async (t) => {
  const cwd = temporaryFolder(t);
  const { code, errors } = await ended(t, ['audit', 'verify'], { cwd });
  assert.equal(code, 1);
  assert.match(errors, /^till: there is no database .*till\.db\n$/);
  const program = await start(t, { cwd });
  await stop(program);
  const file = join(cwd, '.till', 'till.db');
  const rows = () => {
    const open = new DatabaseSync(file, { readOnly: true });
    try {
      return open.prepare('select * from migration').all();
    } finally {
      open.close();
    }
  };
  const before = rows();
  assert.equal((await ended(t, ['audit', 'verify'], { cwd })).code, 0);
  assert.deepEqual(rows(), before);
});
