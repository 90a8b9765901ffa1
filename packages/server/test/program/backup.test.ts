// `till backup` and `till restore`: a copy taken under load, put back, and everything that is refused.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { databases, openPostgresDatabase } from '../databases.ts';
import { expectStatus, startServer, type TestApp, type TestServer } from '../server.ts';
import { run, start, stop, temporaryFolder } from './program.ts';

const writerCount = 8;
type Dump = Record<string, unknown[]>;

async function till(context: TestContext, args: readonly string[], databaseUrl: string) {
  return run(context, { args, env: { TILL_DATABASE_URL: databaseUrl } }).ended();
}

async function tillDone(context: TestContext, args: readonly string[], databaseUrl: string): Promise<string> {
  const { code, out, errors } = await till(context, args, databaseUrl);
  assert.deepEqual([code, errors], [0, ''], out + errors);
  return out;
}

/** Buys and consumes with several clients until told to stop; `acknowledged` grows by what was answered. */
function load(server: TestServer, app: TestApp) {
  const acknowledged: string[] = [];
  let running = true;
  const write = async () => {
    while (running) {
      const { purchaseToken } = await server.buy(app, { developerPayload: '주문 😀' });
      const path = `/apps/${app.clientId}/purchases/${purchaseToken}/consume`;
      expectStatus(await server.control('POST', path), 200);
      acknowledged.push(purchaseToken);
    }
  };
  const writers = Promise.all(Array.from({ length: writerCount }, write));
  const end = async () => {
    running = false;
    await writers;
  };
  return { acknowledged, end };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Integrity, and each purchase with exactly its receipt and as many entries as it counts. */
function assertSound(file: string): Set<string> {
  const open = new DatabaseSync(file, { readOnly: true });
  try {
    assert.equal(open.prepare('pragma integrity_check').get()?.integrity_check, 'ok');
    const torn = open.prepare(
      `select count(*) as torn from purchase p where consumed_at is null or
         entry_count <> (select count(*) from ledger l where l.app_id = p.app_id and l.purchase_token = p.purchase_token)
         or 1 <> (select count(*) from receipt r where r.app_id = p.app_id and r.purchase_id = p.purchase_id)`,
    );
    const halves = open.prepare(
      `select count(*) as torn from purchase p where entry_count <>
         (select count(*) from ledger l where l.app_id = p.app_id and l.purchase_token = p.purchase_token)
         or 1 <> (select count(*) from receipt r where r.app_id = p.app_id and r.purchase_id = p.purchase_id)`,
    );
    const orphans = open.prepare(
      `select count(*) as orphans from ledger l where not exists
         (select 1 from purchase p where p.app_id = l.app_id and p.purchase_token = l.purchase_token)`,
    );
    assert.equal(halves.get()?.torn, 0);
    assert.equal(orphans.get()?.orphans, 0);
    // at most one purchase of each writer was bought and not yet consumed at the instant of the copy
    assert.ok(Number(torn.get()?.torn) <= writerCount);
    const tokens = open.prepare('select purchase_token from purchase').all();
    return new Set(tokens.map(({ purchase_token }) => String(purchase_token)));
  } finally {
    open.close();
  }
}

for (const database of databases.filter(({ name }) => name !== 'sqlite memory')) {
  test(`a backup under load holds all that was answered before it began, on ${database.name}`, async (t) => {
    const { url, drop } = await database.open();
    const server = await startServer({ url });
    t.after(async () => {
      await server.stop();
      await drop();
    });
    const app = await server.app();
    const { acknowledged, end } = load(server, app);
    await until(() => acknowledged.length > 100);
    const file = join(temporaryFolder(t), 'copy.db');
    const before = [...acknowledged];
    const out = await tillDone(t, ['backup', file], url);
    const duringCount = acknowledged.length - before.length;
    await end();
    assert.ok(duringCount > 0, 'nothing was written while the backup ran');
    assert.match(out, /copy\.db: \S+ [KM]iB, schema \d+, 1 app, [\d,]+ purchases\nCopied and checked in /);
    assert.equal(statSync(file).mode & 0o777, 0o600);

    const folder = temporaryFolder(t);
    assert.match(await tillDone(t, ['restore', file], `sqlite:${join(folder, 'till.db')}`), /1 app, /);
    assert.deepEqual(readdirSync(folder).sort(), ['till.db', 'till.db.lock']);
    const restored = assertSound(join(folder, 'till.db'));
    assert.deepEqual(
      before.filter((token) => !restored.has(token)),
      [],
    );

    const again = await startServer({ url: `sqlite:${join(folder, 'till.db')}` });
    t.after(() => again.stop());
    const token = await again.token(app);
    const path = `/v7/apps/${app.clientId}/purchases/inapp/products/product01/${before[0]}`;
    assert.equal(expectStatus(await again.call('GET', path, { token }), 200).consumptionState, 1);
  });
}

function sqliteDump(file: string): Dump {
  const open = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = open.prepare("select name from sqlite_schema where type = 'table'").all();
    return Object.fromEntries(
      tables.map(({ name }) => [String(name), sorted(open.prepare(`select * from ${name}`).all())]),
    );
  } finally {
    open.close();
  }
}

async function postgresDump(url: string): Promise<Dump> {
  const types = { getTypeParser: (oid: number) => (oid === 20 || oid === 23 ? Number : String) };
  const client = new pg.Client({ connectionString: url, types: types as pg.CustomTypesConfig });
  await client.connect();
  try {
    const { rows } = await client.query("select tablename from pg_tables where schemaname = 'public'");
    const dump: Dump = {};
    for (const { tablename } of rows) {
      dump[tablename] = sorted((await client.query(`select * from ${tablename}`)).rows);
    }
    return dump;
  } finally {
    await client.end();
  }
}

function sorted(rows: readonly object[]): unknown[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
}

/** A subscription that began with a trial, was paid once and then declined, and a monthly product that was voided. */
async function subscribe(server: TestServer, { clientId, worldId }: TestApp): Promise<void> {
  const call = async (method: string, path: string, body: unknown, status = 200) =>
    expectStatus(await server.control(method, `/apps/${clientId}${path}?worldId=${worldId}`, body), status);
  const product = { title: '구독 😀', price: '9900', currency: 'KRW' };
  const subscription = { period: 'P1M', freeTrial: 'P7D', gracePeriod: 'P3D' };
  await call('PUT', '/products/pass', { type: 'subscription', ...product, subscription });
  await call('PUT', '/products/monthly', { type: 'auto', ...product });
  const pass = await server.buy({ clientId, worldId }, { productId: 'pass' });
  const monthly = await server.buy({ clientId, worldId }, { productId: 'monthly' });
  await call('POST', `/purchases/${monthly.purchaseToken}/void`, { reason: '환불' });
  expectStatus(await server.advance(worldId, 'PT4M'), 200);
  await call('PUT', `/purchases/${pass.purchaseToken}/payment`, { outcome: 'decline' });
  expectStatus(await server.advance(worldId, 'PT5M'), 200);
}

test('a database goes from SQLite to PostgreSQL and back row for row', async (t) => {
  const folder = temporaryFolder(t);
  const first = `sqlite:${join(folder, 'first.db')}`;
  const server = await startServer({ url: first });
  const app = await server.app({ worldId: await server.world({ seed: 'a' }) });
  await server.buy(app, { developerPayload: '"quote" 한 😀\\', quantity: 9 });
  await server.buy(app, { developerPayload: null });
  await server.token(app);
  await subscribe(server, app);
  await server.stop();
  const postgres = await openPostgresDatabase(`encoding 'UTF8' locale 'C'`);
  t.after(postgres.drop);

  const [one, two] = [join(folder, 'one.db'), join(folder, 'two.db')];
  await tillDone(t, ['backup', one], first);
  await tillDone(t, ['restore', one], postgres.url);
  const original = sqliteDump(one);
  const counts = ['purchase', 'access_token', 'subscription', 'charge', 'trial'].map(
    (table) => original[table]?.length,
  );
  assert.deepEqual(counts, [5, 1, 2, 8, 1]);
  assert.deepEqual(await postgresDump(postgres.url), original);
  await tillDone(t, ['backup', two], postgres.url);
  assert.deepEqual(sqliteDump(two), original);

  const refused = await till(t, ['restore', one], postgres.url);
  assert.equal(refused.code, 1);
  assert.match(refused.errors, /^till: the PostgreSQL database is not empty: create a new one .*\n$/);
  assert.deepEqual(await postgresDump(postgres.url), original);
});

test('a backup never replaces a file unless it is told to, and says what it cannot copy', async (t) => {
  const cwd = temporaryFolder(t);
  await stop(await start(t, { cwd }));
  const backup = async (...args: string[]) => run(t, { cwd, args: ['backup', ...args] }).ended();
  assert.equal((await backup('copy.db')).code, 0);
  writeFileSync(join(cwd, 'other.txt'), 'mine');
  const cases: [string[], RegExp][] = [
    [['copy.db'], /copy\.db exists; --force replaces it/],
    [['other.txt'], /other\.txt exists/],
    [['.till'], /\.till is not a file/],
    [['no/where.db'], /folder .*no does not exist/],
    [['.till/till.db', '--force'], /FILE is the database itself/],
    [['new.db', '--database-url', 'sqlite::memory:'], /in memory .*cannot be copied/],
    [['new.db', '--database-url', 'sqlite:missing.db'], /no database .*missing\.db/],
    [['new.db', '--database-url', 'sqlite:other.txt'], /not a database/],
  ];
  await Promise.all(
    cases.map(async ([args, line]) => {
      const { code, out, errors } = await backup(...args);
      assert.deepEqual([code, out], [1, ''], errors);
      assert.match(errors, /^till: [^\n]+\n$/);
      assert.match(errors, line);
    }),
  );
  assert.equal(readFileSync(join(cwd, 'other.txt'), 'utf8'), 'mine');
  assert.equal((await backup('other.txt', '--force')).code, 0);
  assert.deepEqual(sqliteDump(join(cwd, 'other.txt')), sqliteDump(join(cwd, 'copy.db')));
  assert.deepEqual(readdirSync(cwd).sort(), ['.till', 'copy.db', 'other.txt']);
});

test('a backup that a signal ends leaves nothing behind', async (t) => {
  const { url, drop } = await openPostgresDatabase(`encoding 'UTF8' locale 'C'`);
  const server = await startServer({ url });
  await server.stop();
  const holder = new pg.Client({ connectionString: url });
  const watcher = new pg.Client({ connectionString: url });
  await Promise.all([holder.connect(), watcher.connect()]);
  t.after(async () => {
    await Promise.all([holder.end(), watcher.end()]);
    await drop();
  });
  // the copy waits here, after the tables before this one
  await holder.query('begin');
  await holder.query('lock table world in access exclusive mode');
  const cwd = temporaryFolder(t);
  const program = run(t, { cwd, args: ['backup', 'copy.db'], env: { TILL_DATABASE_URL: url } });
  const waiting =
    "select count(*) as count from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
  while ((await watcher.query(waiting)).rows[0].count !== '1') {
    assert.equal(program.child.exitCode, null, program.errors());
  }
  assert.match(readdirSync(cwd).join(), /copy\.db\.\d+\.part/);
  program.child.kill('SIGTERM');
  assert.equal((await program.ended()).code, 143);
  assert.deepEqual(readdirSync(cwd), []);
});

test('a restore refuses what is damaged, newer or none of ours, and leaves the database as it was', async (t) => {
  const cwd = temporaryFolder(t);
  await stop(await start(t, { cwd }));
  const till = async (...args: string[]) => run(t, { cwd, args }).ended();
  const at = (name: string) => join(cwd, name);
  const copies = ['cut.db', 'altered.db', 'newer.db'].map((name) => till('backup', name));
  for (const { code } of await Promise.all(copies)) assert.equal(code, 0);
  truncateSync(at('cut.db'), statSync(at('cut.db')).size - 8192);
  const bytes = readFileSync(at('altered.db'));
  writeFileSync(at('altered.db'), bytes.fill(0x5a, 40_960, 45_000));
  exec(at('newer.db'), "insert into migration (number, name, applied_at) values (999, 'later', 0)");
  exec(at('stranger.db'), 'create table thing (name text)');
  writeFileSync(at('text.db'), 'This is not a database, but a text long enough to be looked at.');
  const before = sqliteDump(at('.till/till.db'));
  const cases: [string, RegExp][] = [
    ['cut.db', /cut\.db is not restored, it is damaged/],
    ['altered.db', /altered\.db is not restored, it is damaged/],
    ['newer.db', /newer\.db is not restored, it is of schema 999, and this Till knows up to \d/],
    ['stranger.db', /stranger\.db is not restored, it is not a Till database/],
    ['text.db', /text\.db is not a backup of Till/],
    ['missing.db', /there is no file .*missing\.db/],
    ['.till', /is not a backup of Till/],
    ['.till/till.db', /FILE is the database itself/],
  ];
  for (const [name, line] of cases) {
    const { code, out, errors } = await till('restore', name);
    assert.deepEqual([code, out], [1, ''], errors);
    assert.match(errors, /^till: [^\n]+\n$/);
    assert.match(errors, line);
  }
  assert.deepEqual(sqliteDump(at('.till/till.db')), before);
  const left = readdirSync(at('.till')).filter((name) => !/^till\.db(\.lock|-wal|-shm)?$/.test(name));
  assert.deepEqual(left, []);
});

function exec(file: string, sql: string): void {
  const open = new DatabaseSync(file);
  open.exec(sql);
  open.close();
}

test('a restore keeps the former database aside, log included, and waits for no running Till', async (t) => {
  const cwd = temporaryFolder(t);
  const program = await start(t, { cwd });
  const till = async (...args: string[]) => run(t, { cwd, args }).ended();
  assert.equal((await till('backup', 'copy.db')).code, 0);
  const headers = { authorization: 'Bearer till', 'content-type': 'application/json' };
  const body = JSON.stringify({ clientId: 'com.example.later' });
  await fetch(`${program.url}/control/v1/apps`, { method: 'POST', headers, body });

  const held = await till('restore', 'copy.db');
  assert.equal(held.code, 1);
  assert.match(held.errors, /^till: .*till\.db is in use by another Till: stop that one first\n$/);
  assert.equal((await fetch(`${program.url}/readyz`)).status, 200);

  // an end without a farewell: the latest app is in the log only
  program.child.kill('SIGKILL');
  await program.ended();
  assert.ok(existsSync(join(cwd, '.till', 'till.db-wal')));
  const done = await till('restore', 'copy.db');
  assert.deepEqual([done.code, done.errors], [0, '']);
  const [, aside = ''] = /The former database is (\S+)\n/.exec(done.out) ?? [];
  const apps = (file: string) => sqliteDump(file).app?.length;
  assert.equal(apps(aside), 2);
  assert.equal(apps(join(cwd, '.till', 'till.db')), 1);

  const again = await start(t, { cwd });
  const listed = await (await fetch(`${again.url}/control/v1/apps`, { headers })).json();
  assert.deepEqual(
    (listed as { items: { clientId: string }[] }).items.map(({ clientId }) => clientId),
    ['com.example.demo'],
  );
});
