// What stops the start: one clear line on standard error, exit code 1, and never a secret in it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { found, type Run, run, start, stop, temporaryFolder } from './program.ts';

const strongKey = 'a-control-key-for-the-program-0123456789';
const secret = 'hush-hush-7391';

async function refused(context: TestContext, given: Run, line: RegExp): Promise<void> {
  const { code, out, errors } = await run(context, given).ended();
  const told = `${JSON.stringify(given)}: ${out}${errors}`;
  assert.equal(code, 1, told);
  assert.equal(out, '', told);
  assert.match(errors, /^till: [^\n]+\n$/, told);
  assert.match(errors, line, told);
  assert.ok(!errors.includes(secret), told);
}

test('a flag that is not known, or not complete', async (t) => {
  await Promise.all([
    refused(t, { args: ['--prot', '1'] }, /--prot/),
    refused(t, { args: [`--control-kye=${secret}`] }, /--control-kye/),
    refused(t, { args: ['--control-key'] }, /--control-key/),
    refused(t, { args: ['--control-key', `-${secret}`] }, /--control-key/),
    refused(t, { args: ['--control-key', 'half', secret] }, /outside of the flags/),
  ]);
});

test('a TILL_ variable that is not known, in the environment or in .env', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, '.env'), `TILL_CONTROL_KYE=${secret}\n`);
  await Promise.all([
    refused(t, { env: { TILL_PROT: secret } }, /TILL_PROT/),
    refused(t, { cwd }, /TILL_CONTROL_KYE/),
  ]);
});

test('a value that does not fit', async (t) => {
  const wrong: [string, RegExp][] = [
    ['TILL_PORT', /TILL_PORT .*0 to 65535/],
    ['TILL_CONTROL_PORT', /TILL_CONTROL_PORT .*0 to 65535/],
    ['TILL_ENVIRONMENT', /TILL_ENVIRONMENT .*sandbox, commercial/],
    ['TILL_LOG_LEVEL', /TILL_LOG_LEVEL .*info/],
    ['TILL_TOKEN_REUSE', /TILL_TOKEN_REUSE .*on, off/],
    ['TILL_STRICT_CONTENT_TYPE', /TILL_STRICT_CONTENT_TYPE .*on, off/],
    ['TILL_UNCONFIRMED_GLOBAL', /TILL_UNCONFIRMED_GLOBAL .*on, off/],
    ['TILL_MASTER_KEY', /TILL_MASTER_KEY .*32 bytes/],
    ['TILL_DATABASE_URL', /TILL_DATABASE_URL must be/],
  ];
  await Promise.all(wrong.map(([name, line]) => refused(t, { env: { [name]: secret } }, line)));
  await Promise.all(
    ['TILL_HOST', 'TILL_DATABASE_URL', 'TILL_CONTROL_HOST'].map((name) =>
      refused(t, { env: { [name]: '' } }, new RegExp(`${name} must not be empty`)),
    ),
  );
});

test('a database that cannot be reached, without its password in the line', async (t) => {
  const env = { TILL_DATABASE_URL: `postgres://till:${secret}@127.0.0.1:1/till` };
  await refused(t, { env }, /till at 127\.0\.0\.1:1 cannot be used/);
});

test('commercial without a control key or without a master key', async (t) => {
  const env = { TILL_ENVIRONMENT: 'commercial' };
  const key = { TILL_CONTROL_KEY: strongKey };
  const master = { TILL_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
  await Promise.all([
    refused(t, { env: { ...env, ...master } }, /TILL_CONTROL_KEY .*32 characters/),
    refused(t, { env: { ...env, ...master, TILL_CONTROL_KEY: secret } }, /TILL_CONTROL_KEY .*32 characters/),
    refused(t, { env: { ...env, ...key } }, /TILL_MASTER_KEY must be set/),
  ]);
});

test('the control key that everybody knows, beyond loopback', async (t) => {
  await Promise.all([
    refused(t, { args: ['--host', '0.0.0.0'] }, /TILL_CONTROL_KEY .*beyond loopback/),
    refused(t, { args: ['--host', '::'], env: { TILL_CONTROL_KEY: 'till' } }, /beyond loopback/),
    refused(t, { args: ['--host', '0.0.0.0'], env: { TILL_CONTROL_KEY: secret } }, /32 characters/),
  ]);
  const program = await start(t, { args: ['--host', '0.0.0.0'], env: { TILL_CONTROL_KEY: strongKey } });
  assert.match(program.url, /^http:\/\/0\.0\.0\.0:/);
});

test('a port that is in use', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await refused(t, { args: ['--port', String(port)] }, new RegExp(`port ${port} is in use.*--port`));
});

test('a file that another Till has open', async (t) => {
  const cwd = temporaryFolder(t);
  await start(t, { cwd });
  await refused(t, { cwd, args: ['--port', '0'] }, /till\.db is in use by another Till/);
});

test('a schema newer than this Till knows', async (t) => {
  const cwd = temporaryFolder(t);
  const first = await start(t, { cwd });
  await stop(first);
  const database = new DatabaseSync(join(cwd, '.till', 'till.db'));
  database.exec("insert into migration (number, name, applied_at) values (999, 'later', 0)");
  database.close();
  await refused(t, { cwd, args: ['--port', '0'] }, /schema 999 .*newer Till/);
});

test('a file that is no database', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'notes.txt'), 'This is not a database, but a text long enough to be looked at.');
  await refused(t, { cwd, args: ['--database-url', 'sqlite:notes.txt'] }, /not a SQLite database/);
});

test('a database of the other environment', async (t) => {
  const commercial = {
    TILL_ENVIRONMENT: 'commercial',
    TILL_CONTROL_KEY: strongKey,
    TILL_CONTROL_PORT: '0',
    TILL_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  const [played, paid] = [temporaryFolder(t), temporaryFolder(t)];
  await stop(await start(t, { cwd: played }));
  await stop(await start(t, { cwd: paid, env: commercial }));
  const args = ['--port', '0'];
  await refused(t, { cwd: played, args, env: commercial }, /belongs to sandbox, .*TILL_DATABASE_URL/);
  await refused(t, { cwd: paid, args }, /belongs to commercial, .*TILL_DATABASE_URL/);
  await stop(await start(t, { cwd: paid, env: commercial }));
});

test('a Node that is too old', async (t) => {
  const older = "Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})";
  const nodeArgs = ['--import', `data:text/javascript,${older}`];
  await refused(t, { nodeArgs }, /needs Node 24 or later, this is 20\.1\.0/);
});

test('nothing that stops a start leaves a lock behind', async (t) => {
  const cwd = temporaryFolder(t);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await refused(t, { cwd, args: ['--port', String(port)] }, /in use/);
  other.close();
  const program = await start(t, { cwd });
  await found(program, /(A demo app is ready)/);
});
