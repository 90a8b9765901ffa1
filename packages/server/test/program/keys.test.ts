// `till keys rotate`: all signing keys under a new master key, with nothing lost and nobody stopped.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { rotateSigningKeys } from '../../src/actions/rotate-signing-keys.ts';
import { createSeals, masterKeyId } from '../../src/host/seals.ts';
import { testKeyPair } from '../../src/host/test-key-pair.ts';
import type { Settings } from '../../src/settings.ts';
import { insertApp, loadApp } from '../../src/store/apps.ts';
import { databases, type TestDatabase } from '../databases.ts';
import { expectStatus, startServer, type TestApp, type TestServer } from '../server.ts';
import { isSigned as isSignedWith } from '../signatures.ts';
import { run, temporaryFolder } from './program.ts';

const keys = { old: randomBytes(32), new: randomBytes(32) };
const oldText = keys.old.toString('base64');
const newText = keys.new.toString('base64');
const copyCount = 250;

interface Bought {
  purchaseData: string;
  signature: string;
}

function isSigned({ licenseKey }: TestApp, { purchaseData, signature }: Bought): boolean {
  return isSignedWith(licenseKey, purchaseData, signature);
}

/** A database that several servers come to one after the other. */
async function fresh(context: TestContext, database: TestDatabase) {
  const { url, drop } = await database.open();
  const servers: TestServer[] = [];
  context.after(async () => {
    for (const server of servers) await server.stop();
    await drop();
  });
  const start = async (settings: Partial<Settings>) => {
    const server = await startServer({ url }, settings);
    servers.push(server);
    return server;
  };
  const rotate = (env: Record<string, string>, args: readonly string[] = [], cwd?: string) =>
    run(context, {
      args: ['keys', 'rotate', ...args],
      env: { TILL_DATABASE_URL: url, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    }).ended();
  return { url, start, rotate };
}

/** Which master key sealed how many keys; the ID stands in the seal. */
async function sealCounts({ till }: TestServer): Promise<Record<string, number>> {
  const rows = await till.host.database.all('select signing_key, license_key from app');
  const counts: Record<string, number> = {};
  for (const { signing_key, license_key } of rows) {
    if (license_key === testKeyPair.licenseKey) continue;
    const id = /^sealed:([0-9a-f]{12}):/.exec(String(signing_key))?.[1] ?? 'open';
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

/** More apps than a transaction takes; to draw a key for each would take a minute. */
async function multiply({ till }: TestServer, { clientId }: TestApp, signingKey?: string): Promise<void> {
  const { database } = till.host;
  const [row] = await database.all('select app_id from app where client_id = $1', [clientId]);
  const found = await loadApp(database, String(row?.app_id));
  assert.ok(found);
  for (let count = 1; count <= copyCount; count++) {
    const name = `copy.${count}`;
    const app = { ...found.app, appId: randomBytes(16).toString('hex'), clientId: name, packageName: name };
    await database.transaction((query) =>
      insertApp(query, { ...app, signingKey: signingKey ?? found.app.signingKey }),
    );
  }
}

for (const database of databases.filter(({ name }) => name !== 'sqlite memory')) {
  test(`rotates beside a Till that knows both keys, on ${database.name}`, async (t) => {
    const { start, rotate } = await fresh(t, database);
    const first = await start({ masterKey: keys.old });
    const app = await first.app();
    await first.app({ worldId: await first.world() }); // has the published pair
    await multiply(first, app);
    await first.stop();
    const both = await start({ masterKey: keys.old, newMasterKey: keys.new });
    assert.ok(isSigned(app, await both.buy(app)));
    const later = await both.app();
    assert.deepEqual(await sealCounts(both), {
      [masterKeyId(keys.old)]: copyCount + 1,
      [masterKeyId(keys.new)]: 1,
    });

    const env = { TILL_MASTER_KEY: oldText, TILL_NEW_MASTER_KEY: newText };
    const { code, out, errors } = await rotate(env);
    assert.deepEqual([code, errors], [0, ''], out);
    assert.match(
      out,
      /has sealed 251 signing keys anew, 0 for the first time\.\nUnder it already: 1\. .*: 1\.\nNow make/,
    );
    assert.deepEqual(await sealCounts(both), { [masterKeyId(keys.new)]: copyCount + 2 });
    for (const one of [app, later]) assert.ok(isSigned(one, await both.buy(one)));
    await both.stop();

    const last = await start({ masterKey: keys.new });
    for (const one of [app, later]) assert.ok(isSigned(one, await last.buy(one)));
    const again = await rotate({ TILL_MASTER_KEY: newText });
    assert.match(again.out, /has sealed 0 signing keys anew, 0 for .*\nUnder it already: 252\./);
    assert.ok(![out, errors, again.out].join().includes(newText) && !out.includes(oldText));
  });

  test(`refuses while a Till runs that could not open the new seals, on ${database.name}`, async (t) => {
    const { start, rotate } = await fresh(t, database);
    const server = await start({ masterKey: keys.old });
    const app = await server.app();
    const env = { TILL_MASTER_KEY: oldText, TILL_NEW_MASTER_KEY: newText };
    const refused = await rotate(env);
    assert.deepEqual([refused.code, refused.out], [1, '']);
    assert.match(
      refused.errors,
      /^till: the running Till does not know master key [0-9a-f]{12}: restart it with TILL_NEW/,
    );
    assert.ok(isSigned(app, await server.buy(app)));
    await server.stop();
    const stopped = database.name === 'postgres' ? ['--stopped'] : [];
    assert.equal((await rotate(env, stopped)).code, 0);
    const again = await start({ masterKey: keys.new });
    assert.ok(isSigned(app, await again.buy(app)));
  });

  test(`cut off between two transactions it goes on where it was, on ${database.name}`, async (t) => {
    const { start, rotate } = await fresh(t, database);
    const server = await start({ masterKey: keys.old, newMasterKey: keys.new });
    const app = await server.app();
    await multiply(server, app, createSeals({ masterKey: keys.old }).seal(testKeyPair.signingKey));
    const host = {
      database: server.till.host.database,
      seals: createSeals({ masterKey: keys.old, newMasterKey: keys.new }),
      sharedLicenseKey: testKeyPair.licenseKey,
    };
    const cutOff = (done: number) => {
      if (done >= 100) throw new Error('cut off');
    };
    await assert.rejects(() => rotateSigningKeys(host, cutOff), /cut off/);
    const halfway = await sealCounts(server);
    assert.ok((halfway[masterKeyId(keys.new)] ?? 0) >= 100 && (halfway[masterKeyId(keys.old)] ?? 0) >= 149);
    assert.ok(isSigned(app, await server.buy(app)));

    const { out, errors } = await rotate({ TILL_MASTER_KEY: oldText, TILL_NEW_MASTER_KEY: newText });
    assert.equal(errors, '');
    assert.match(out, new RegExp(`has sealed ${halfway[masterKeyId(keys.old)]} signing keys anew`));
    assert.deepEqual(await sealCounts(server), { [masterKeyId(keys.new)]: copyCount + 1 });
  });
}

const [, sqliteFile] = databases;
assert.ok(sqliteFile?.name === 'sqlite file');

test('reads the new key from a file or .env, never from a flag, and repeats none', async (t) => {
  const { start, rotate } = await fresh(t, sqliteFile);
  const server = await start({});
  const app = await server.app();
  await server.stop();
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'new.key'), `${oldText}\n`);
  writeFileSync(join(cwd, 'wrong.key'), 'c2hvcnQ=');
  const refused: [Record<string, string>, string[], RegExp][] = [
    [{}, [], /TILL_NEW_MASTER_KEY must be set/],
    [{}, ['--new-master-key', newText], /Unknown option '--new-master-key'/],
    [{ TILL_NEW_MASTER_KEY: 'c2hvcnQ=' }, [], /TILL_NEW_MASTER_KEY must be 32 bytes in base64/],
    [{}, ['--new-master-key-file', 'wrong.key'], /--new-master-key-file must be 32 bytes in base64/],
    [{}, ['--new-master-key-file', 'none.key'], /none\.key/],
  ];
  await Promise.all(
    refused.map(async ([env, args, line]) => {
      const { code, out, errors } = await rotate(env, args, cwd);
      assert.deepEqual([code, out], [1, ''], errors);
      assert.match(errors, line);
      assert.ok(!errors.includes(newText) && !errors.includes('c2hvcnQ='));
    }),
  );
  const sealed = await rotate({}, ['--new-master-key-file', 'new.key'], cwd);
  assert.match(sealed.out, /sealed 0 signing keys anew, 1 for the first time/);
  writeFileSync(join(cwd, '.env'), `TILL_MASTER_KEY=${oldText}\nTILL_NEW_MASTER_KEY=${newText}\n`);
  assert.match((await rotate({}, [], cwd)).out, /sealed 1 signing key anew/);
  const again = await start({ masterKey: keys.new });
  assert.ok(isSigned(app, await again.buy(app)));
});

test('keys that no key opens stay as they are and are told; the former key brings them back', async (t) => {
  const { start, rotate } = await fresh(t, sqliteFile);
  const server = await start({ masterKey: keys.old });
  const app = await server.app();
  await server.stop();
  const shut = await rotate({ TILL_MASTER_KEY: newText });
  assert.equal(shut.code, 1);
  assert.match(
    shut.errors,
    /^till: no master key that is set opens 1 signing key \(the first: .*\), .*TILL_FORMER_MASTER_KEY/,
  );
  const opened = await rotate({ TILL_MASTER_KEY: newText, TILL_FORMER_MASTER_KEY: oldText });
  assert.deepEqual([opened.code, opened.errors], [0, '']);
  const again = await start({ masterKey: keys.new });
  assert.ok(isSigned(app, await again.buy(app)));
});

test('a license key that follows is sealed anew with the one that signs, and doctor tries both', async (t) => {
  const { url, start, rotate } = await fresh(t, sqliteFile);
  const machine = { now: Date.now() };
  const first = await start({ masterKey: keys.old });
  const app = await first.app();
  const next = expectStatus(await first.control('POST', `/apps/${app.clientId}/license-keys`), 201);
  await first.stop();
  const doctor = async (masterKey: string) =>
    (await run(t, { args: ['doctor'], env: { TILL_DATABASE_URL: url, TILL_MASTER_KEY: masterKey } }).ended())
      .out;
  assert.match(await doctor(oldText), /opens 2 signing keys, which are all/);
  assert.match(await doctor(newText), /2 signing keys shut/);

  const { code, out, errors } = await rotate({ TILL_MASTER_KEY: oldText, TILL_NEW_MASTER_KEY: newText });
  assert.deepEqual([code, errors], [0, ''], out);
  assert.match(out, /has sealed 2 signing keys anew/);
  assert.match(await doctor(newText), /opens 2 signing keys, which are all/);

  machine.now = next.signsFrom;
  const last = await startServer({ url }, { masterKey: keys.new }, { clock: () => machine.now });
  try {
    const bought = await last.buy(app);
    const { licenseKey } = next;
    assert.deepEqual([isSigned(app, bought), isSigned({ ...app, licenseKey }, bought)], [false, true]);
  } finally {
    await last.stop();
  }
});
