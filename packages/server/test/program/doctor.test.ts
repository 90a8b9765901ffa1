// `till doctor`: a line for each thing that a start needs, what to do about it, and the exit code.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { openPostgresDatabase } from '../databases.ts';
import { startServer } from '../server.ts';
import { type Run, run, start, temporaryFolder } from './program.ts';

const secret = 'hush-hush-7391';
const masterKey = Buffer.alloc(32, 7).toString('base64');

interface Check {
  level: string;
  text: string;
  remedy?: string;
}

/** What it says by name; the exit code must fit what it says. */
async function doctor(context: TestContext, given: Run = {}): Promise<Record<string, Check>> {
  const args = ['doctor', '--json', ...(given.args ?? [])];
  const { code, out, errors } = await run(context, { ...given, args }).ended();
  assert.equal(errors, '');
  assert.ok(!out.includes(secret) && !out.includes(masterKey), out);
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: (Check & { name: string })[] };
  assert.equal(ok, !checks.some(({ level }) => level === 'FAIL'));
  assert.equal(code, ok ? 0 : 1);
  for (const { level, remedy } of checks) assert.equal(level === 'ok', remedy === undefined);
  return Object.fromEntries(checks.map(({ name, ...check }) => [name, check]));
}

function levels(checks: Record<string, Check>): Record<string, string> {
  return Object.fromEntries(Object.entries(checks).map(([name, { level }]) => [name, level]));
}

test('a database of the other environment is one that a start refuses', async (t) => {
  const cwd = temporaryFolder(t);
  await start(t, { cwd });
  const env = {
    TILL_ENVIRONMENT: 'commercial',
    TILL_CONTROL_KEY: 'k3y'.repeat(12),
    TILL_MASTER_KEY: masterKey,
  };
  const { environment } = await doctor(t, { cwd, env });
  assert.equal(environment?.text, 'the database belongs to sandbox, the settings say commercial');
  assert.equal((await doctor(t, { cwd })).environment, undefined);
});

test('all is well before the first start, and nothing is made by asking', async (t) => {
  const cwd = temporaryFolder(t);
  const { code, out } = await run(t, { cwd, args: ['doctor', '--port', '0'] }).ended();
  assert.equal(code, 0, out);
  for (const line of out.trim().split('\n')) assert.match(line, /^ok {4}[a-z ]{12} {2}\S/);
  assert.match(out, /database .*till\.db will be made at the first start/);
  assert.deepEqual(readdirSync(cwd), []);
});

test('beside a running Till it tells who holds port and file', async (t) => {
  const cwd = temporaryFolder(t);
  const program = await start(t, { cwd });
  const checks = await doctor(t, { cwd, args: ['--port', new URL(program.url).port] });
  assert.ok(
    Object.values(levels(checks)).every((level) => level === 'ok'),
    JSON.stringify(checks),
  );
  assert.match(checks.port?.text ?? '', /held by a running Till/);
  assert.match(checks.holder?.text ?? '', /a running Till holds the file/);
  assert.match(checks.schema?.text ?? '', /as this Till has it/);
  assert.equal((await fetch(`${program.url}/readyz`)).status, 200);
});

test('settings that stop a start, without repeating a secret', async (t) => {
  const env = { TILL_ENVIRONMENT: 'commercial', TILL_CONTROL_KEY: secret };
  const { settings } = await doctor(t, { env });
  assert.deepEqual([settings?.level, settings?.text.includes('TILL_CONTROL_KEY')], ['FAIL', true]);
  const { code, out } = await run(t, { args: ['doctor'], env: { TILL_PORT: secret } }).ended();
  assert.equal(code, 1);
  assert.match(out, /^FAIL {2}settings .*TILL_PORT must be a number from 0 to 65535/m);
  assert.ok(!out.includes(secret));
});

test('a port that another program holds, in commercial the port of the control API too', async (t) => {
  const other = createServer((socket) => socket.end('220 mail\r\n')).listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const port = String((other.address() as AddressInfo).port);
  const [server, control] = await Promise.all([
    doctor(t, { args: ['--port', port] }),
    doctor(t, {
      args: ['--port', '0', '--control-port', port, '--environment', 'commercial'],
      env: { TILL_CONTROL_KEY: 'ab'.repeat(20), TILL_MASTER_KEY: masterKey },
    }),
  ]);
  assert.deepEqual([server.port?.level, server.port?.remedy?.includes('--port')], ['FAIL', true]);
  assert.deepEqual([control.port?.level, control['control port']?.level], ['ok', 'FAIL']);
  assert.equal(control['control key']?.level, 'warn');
});

test('a payment gateway: none, one that nobody hears, one that listens and is not asked for money', async (t) => {
  let heard = 0;
  const gateway = createServer((socket) => void socket.on('data', ({ length }) => (heard += length)));
  gateway.listen(0, '127.0.0.1');
  t.after(() => gateway.close());
  await once(gateway, 'listening');
  const { port } = gateway.address() as AddressInfo;
  const env = {
    TILL_ENVIRONMENT: 'commercial',
    TILL_CONTROL_KEY: 'ab'.repeat(20),
    TILL_MASTER_KEY: masterKey,
    TILL_GATEWAY_SECRET: `${secret}-${'0123456789'.repeat(3)}`,
  };
  const args = ['--port', '0', '--control-port', '0'];
  const under = async (url: string) =>
    (await doctor(t, { args, env: { ...env, ...(url === '' ? {} : { TILL_GATEWAY_URL: url }) } })).gateway;
  const [none, there, gone] = await Promise.all([
    under(''),
    under(`http://user:${secret}@127.0.0.1:${port}/${secret}?${secret}`),
    under('http://127.0.0.1:1/pay'),
  ]);
  assert.deepEqual(
    [none, there, gone].map((check) => check?.level),
    ['warn', 'ok', 'FAIL'],
  );
  assert.match(none?.remedy ?? '', /TILL_GATEWAY_URL/);
  assert.equal(there?.text, `http://127.0.0.1:${port} can be reached`);
  assert.match(gone?.text ?? '', /127\.0\.0\.1:1 cannot be reached: ECONNREFUSED/);
  assert.equal(heard, 0);
  const sandbox = await doctor(t, { args: ['--port', '0'] });
  assert.equal(sandbox.gateway, undefined);
});

test('a folder that cannot be written', async (t) => {
  // nobody makes a file there, root neither
  const { folder } = await doctor(t, {
    args: ['--port', '0', '--database-url', 'sqlite:/proc/1/till/till.db'],
  });
  assert.deepEqual([folder?.level, folder?.remedy?.includes('--database-url')], ['FAIL', true]);
});

test('a file that is no database, one that is damaged, and a PostgreSQL that is not there', async (t) => {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'text.db'), 'This is not a database, but a text long enough to be looked at.');
  const of = async (url: string) =>
    (await doctor(t, { cwd, args: ['--port', '0'], env: { TILL_DATABASE_URL: url } })).database;
  const [text, absent] = await Promise.all([
    of('sqlite:text.db'),
    of(`postgres://till:${secret}@127.0.0.1:1/till`),
  ]);
  assert.match(text?.text ?? '', /not a database/);
  assert.match(absent?.text ?? '', /till at 127\.0\.0\.1:1 cannot be used/);
  assert.match(absent?.remedy ?? '', /TILL_DATABASE_URL/);
  assert.deepEqual([text?.level, absent?.level], ['FAIL', 'FAIL']);
});

test('a clock that has gone back, and a schema from the future or the past', async (t) => {
  const cwd = temporaryFolder(t);
  const server = await startServer({ url: `sqlite:${join(cwd, 'till.db')}` });
  await server.app();
  await server.stop();
  const given = { cwd, args: ['--port', '0', '--database-url', 'sqlite:till.db'] };
  const change = (sql: string) => {
    const open = new DatabaseSync(join(cwd, 'till.db'));
    open.exec(sql);
    open.close();
  };
  change(`update app set created_at = ${Date.now() + 3_600_000}`);
  const later = await doctor(t, given);
  assert.deepEqual(levels(later).clock, 'FAIL');
  assert.match(later.clock?.text ?? '', /written 3(600|599|598)? ?\d* s later/);
  change('update app set created_at = 1');
  assert.equal(levels(await doctor(t, given)).clock, 'ok');
  change("insert into migration (number, name, applied_at) values (999, 'later', 0)");
  const newer = await doctor(t, given);
  assert.match(newer.schema?.text ?? '', /^999, and this Till knows up to \d/);
  assert.equal(newer.schema?.level, 'FAIL');
  change('delete from migration where number > 1');
  assert.equal(levels(await doctor(t, given)).schema, 'warn');
});

test('the master key: missing, another one, not yet everywhere, right', async (t) => {
  const { url, drop } = await openPostgresDatabase(`encoding 'UTF8' locale 'C'`);
  const server = await startServer({ url }, { masterKey: Buffer.from(masterKey, 'base64') });
  t.after(async () => {
    await server.stop();
    await drop();
  });
  await server.app();
  const other = Buffer.alloc(32, 8).toString('base64');
  const under = async (env: Record<string, string>) => {
    const checks = await doctor(t, { args: ['--port', '0'], env: { TILL_DATABASE_URL: url, ...env } });
    assert.equal(checks.collation?.level, 'ok');
    return checks['master key'];
  };
  const [right, missing, wrong, half] = await Promise.all([
    under({ TILL_MASTER_KEY: masterKey }),
    under({}),
    under({ TILL_MASTER_KEY: other }),
    under({ TILL_MASTER_KEY: masterKey, TILL_NEW_MASTER_KEY: other }),
  ]);
  assert.deepEqual(
    [right, missing, wrong, half].map((check) => check?.level),
    ['ok', 'FAIL', 'FAIL', 'warn'],
  );
  assert.match(half?.remedy ?? '', /till keys rotate/);
});

test('a PostgreSQL that sorts text in another way', async (t) => {
  const options = `encoding 'UTF8' locale_provider icu icu_locale 'en-US' locale 'C'`;
  const { url, drop } = await openPostgresDatabase(options);
  t.after(drop);
  const { collation } = await doctor(t, { args: ['--port', '0'], env: { TILL_DATABASE_URL: url } });
  assert.match(collation?.text ?? '', /does not sort text bytewise/);
  assert.match(collation?.remedy ?? '', /create database till encoding 'UTF8' locale 'C'/);
});
