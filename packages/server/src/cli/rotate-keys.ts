// `till keys rotate`: all stored signing keys under the new master key.
import { readFileSync } from 'node:fs';
import {
  type RotationHost,
  rotateSigningKeys,
  runningTillSealsAlike,
} from '../actions/rotate-signing-keys.ts';
import { createSeals, type MasterKeys } from '../host/seals.ts';
import { testKeyPair } from '../host/test-key-pair.ts';
import { type CommandLine, readMasterKey } from '../settings.ts';
import type { Database } from '../store/database.ts';
import { migrate } from '../store/migrations.ts';
import { openDatabase, sqliteFileOf } from '../store/open.ts';
import { openBeside } from '../store/sqlite-beside.ts';
import { isHeld, placeOf } from '../store/sqlite-replace.ts';
import type { Command } from './command.ts';
import { counted } from './figures.ts';
import { progress } from './progress.ts';

const fileFlag = 'new-master-key-file';

export const rotateKeys: Command = {
  takes: `[--${fileFlag} FILE] [--stopped]`,
  about: 'seals all stored signing keys with TILL_NEW_MASTER_KEY',
  help: [
    'Without a stop: set TILL_NEW_MASTER_KEY beside TILL_MASTER_KEY and restart every Till, so that it opens what',
    'either has sealed; run this; then make TILL_MASTER_KEY the new key, remove TILL_NEW_MASTER_KEY, restart.',
    'Cut off in the middle it has lost nothing: run it again. Without a new key it seals with TILL_MASTER_KEY what is',
    'stored open or under TILL_FORMER_MASTER_KEY. The keys are 32 bytes in base64: openssl rand -base64 32',
    '',
    `  --${fileFlag} FILE   read the new key from a file instead of the variable`,
    '  --stopped                    no Till runs on this PostgreSQL database (of a SQLite file Till knows that itself)',
  ],
  own: { flags: { [fileFlag]: 'text', stopped: 'switch' }, wordCount: 0 },
  run: async (read, say) => {
    const given = read();
    const masterKeys = masterKeysOf(given);
    const seals = createSeals(masterKeys);
    if (seals.keyId === undefined) throw new Error('TILL_NEW_MASTER_KEY must be set (32 bytes, base64)');
    const { database, running } = await openForRotation(given);
    try {
      const host = { database, seals, sharedLicenseKey: testKeyPair.licenseKey };
      if (running) await refuseUnknownKey(host);
      else await migrate(database, Date.now());
      return await rotate(host, masterKeys.newMasterKey !== undefined, say);
    } finally {
      await database.close();
    }
  },
};

function masterKeysOf({ settings, flags }: CommandLine): MasterKeys {
  const file = flags[fileFlag];
  if (typeof file !== 'string') return settings;
  const newMasterKey = readMasterKey(readFileSync(file, 'utf8').trim(), `the key in --${fileFlag}`);
  return { ...settings, newMasterKey };
}

/** A SQLite file that nobody holds is taken for itself, so that nobody starts on it meanwhile. */
async function openForRotation({
  settings,
  flags,
}: CommandLine): Promise<{ database: Database; running: boolean }> {
  const { databaseUrl } = settings;
  const file = sqliteFileOf(databaseUrl);
  if (file === ':memory:')
    throw new Error('a database in memory ends with its Till and has no keys to rotate');
  if (file === undefined)
    return { database: await openDatabase(databaseUrl), running: flags.stopped !== true };
  const place = placeOf(file);
  if (isHeld(place)) return { database: openBeside(place), running: true };
  return { database: await openDatabase(databaseUrl), running: false };
}

/** A running Till could not sign with what is sealed by a key that it has never heard of. */
async function refuseUnknownKey(host: RotationHost): Promise<void> {
  if (await runningTillSealsAlike(host)) return;
  const advice = host.database.kind === 'postgres' ? ' (or add --stopped if none runs)' : ', or stop it';
  throw new Error(
    `the running Till does not know master key ${host.seals.keyId}: restart it with TILL_NEW_MASTER_KEY${advice}`,
  );
}

async function rotate(host: RotationHost, isNew: boolean, say: (line: string) => void): Promise<number> {
  const tell = progress();
  const { resealed, sealed, current, shared, shut } = await rotateSigningKeys(host, (done) =>
    tell(() => `${counted(done, 'app')} done`),
  );
  say(
    `Master key ${host.seals.keyId} has sealed ${counted(resealed, 'signing key')} anew, ${sealed} for the first time.`,
  );
  say(`Under it already: ${current}. The published key of test apps: ${shared}.`);
  if (shut.length > 0) throw new Error(shutText(shut));
  if (isNew) say('Now make TILL_MASTER_KEY the new key, remove TILL_NEW_MASTER_KEY, and restart.');
  return 0;
}

function shutText(shut: readonly string[]): string {
  return (
    `no master key that is set opens ${counted(shut.length, 'signing key')} (the first: ${shut[0]}), which stay as they are: ` +
    'set TILL_FORMER_MASTER_KEY to the key that sealed them and run this again'
  );
}
