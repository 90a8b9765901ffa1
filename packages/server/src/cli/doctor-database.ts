// What `till doctor` finds out about the database: reach, holder, schema, collation, clock, keys.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSeals, type SealState } from '../host/seals.ts';
import { testKeyPair } from '../host/test-key-pair.ts';
import type { Settings } from '../settings.ts';
import { type Database, type Query, Unavailable } from '../store/database.ts';
import { readLatestInstant, readSchemaNumber } from '../store/inspection.ts';
import { newestMigration } from '../store/migrations.ts';
import { sqliteFileOf } from '../store/open.ts';
import { openToRead } from '../store/read-only.ts';
import { environmentSetting, readSetting } from '../store/settings.ts';
import { listSigningKeys } from '../store/signing-keys.ts';
import { isHeld } from '../store/sqlite-replace.ts';
import { counted } from './figures.ts';
import type { Finding } from './finding.ts';

/** Nodes of one PostgreSQL may differ by this much without harm. */
const clockToleranceMs = 2_000;
const keysAtOnce = 1_000;

export async function checkDatabase(settings: Settings): Promise<Finding[]> {
  const file = sqliteFileOf(settings.databaseUrl);
  if (file === ':memory:')
    return [{ name: 'database', level: 'ok', text: 'in memory, it ends with its Till' }];
  if (file !== undefined && !existsSync(file)) {
    return [{ name: 'database', level: 'ok', text: `${resolve(file)} will be made at the first start` }];
  }
  const opened = await open(settings.databaseUrl);
  if ('level' in opened) return [opened];
  try {
    return [
      ...(file === undefined ? postgresFindings() : sqliteFindings(file)),
      ...(await checkContents(opened, settings)),
    ];
  } catch (error) {
    return [unusable(error)];
  } finally {
    await opened.close();
  }
}

async function open(url: string): Promise<Database | Finding> {
  try {
    return await openToRead(url);
  } catch (error) {
    return unusable(error);
  }
}

/** PostgreSQL that answers but would sort or count text in another way is refused with its own remedy. */
function unusable(error: unknown): Finding {
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  const [text = message, remedy] = message.split('; ');
  if (remedy !== undefined) return { name: 'collation', level: 'FAIL', text, remedy };
  const advice =
    error instanceof Unavailable
      ? 'start the database, or set TILL_DATABASE_URL right'
      : 'put a backup in its place: till restore FILE';
  return { name: 'database', level: 'FAIL', text: message, remedy: advice };
}

function postgresFindings(): Finding[] {
  return [
    { name: 'database', level: 'ok', text: 'PostgreSQL answers' },
    { name: 'collation', level: 'ok', text: 'text sorts bytewise and is UTF-8' },
  ];
}

function sqliteFindings(file: string): Finding[] {
  const held = isHeld(file);
  return [
    { name: 'database', level: 'ok', text: `${resolve(file)} can be read` },
    { name: 'holder', level: 'ok', text: held ? 'a running Till holds the file' : 'nobody holds the file' },
  ];
}

async function checkContents(database: Query, settings: Settings): Promise<Finding[]> {
  const schema = await readSchemaNumber(database);
  const findings = [checkSchema(schema)];
  if (schema === undefined || schema > newestMigration()) return findings;
  if (schema === newestMigration()) findings.push(...(await checkEnvironment(database, settings)));
  return [...findings, await checkClock(database), await checkKeys(database, settings)];
}

/** Told only where it is the other one: a start would refuse it. */
async function checkEnvironment(database: Query, { environment }: Settings): Promise<Finding[]> {
  const former = (await readSetting(database, environmentSetting)) ?? environment;
  if (former === environment) return [];
  const remedy = 'set TILL_ENVIRONMENT right, or give it a database of its own by TILL_DATABASE_URL';
  const text = `the database belongs to ${former}, the settings say ${environment}`;
  return [{ name: 'environment', level: 'FAIL', text, remedy }];
}

function checkSchema(schema: number | undefined): Finding {
  const name = 'schema';
  const known = newestMigration();
  if (schema === undefined) return { name, level: 'ok', text: 'empty; the first start makes the tables' };
  if (schema === known) return { name, level: 'ok', text: `${schema}, as this Till has it` };
  if (schema < known) {
    const remedy = 'make a backup before you start: there is no way back but that';
    return { name, level: 'warn', text: `${schema}; the next start brings it to ${known}`, remedy };
  }
  return {
    name,
    level: 'FAIL',
    text: `${schema}, and this Till knows up to ${known}`,
    remedy: 'use a newer Till',
  };
}

async function checkClock(database: Query): Promise<Finding> {
  const name = 'clock';
  const behindMs = (await readLatestInstant(database)) - Date.now();
  const now = new Date().toISOString();
  if (behindMs <= clockToleranceMs) return { name, level: 'ok', text: `${now}, after all that is stored` };
  const text = `${now}, but the database was written ${Math.ceil(behindMs / 1_000)} s later than that`;
  return { name, level: 'FAIL', text, remedy: 'set the machine’s clock: tokens and deadlines go by it' };
}

/** Every stored key is tried, the published one of test apps apart. */
async function checkKeys(database: Query, settings: Settings): Promise<Finding> {
  const seals = createSeals(settings);
  const counts: Record<SealState, number> = { current: 0, former: 0, unsealed: 0, shut: 0 };
  for (let after = ''; ; ) {
    const keys = await listSigningKeys(database, after, keysAtOnce);
    const last = keys.at(-1);
    if (last === undefined) return keysFinding(counts, seals.keyId);
    for (const { licenseKey, signingKey } of keys) {
      if (licenseKey !== testKeyPair.licenseKey) counts[seals.state(signingKey)] += 1;
    }
    after = last.appId;
  }
}

function keysFinding(counts: Record<SealState, number>, keyId: string | undefined): Finding {
  const { current, former, unsealed, shut } = counts;
  const name = 'master key';
  if (shut > 0) {
    const why = keyId === undefined ? 'TILL_MASTER_KEY is not set' : `master key ${keyId} does not open them`;
    const remedy =
      'set TILL_MASTER_KEY to the key they were sealed with, or TILL_FORMER_MASTER_KEY beside it';
    return { name, level: 'FAIL', text: `${counted(shut, 'signing key')} shut: ${why}`, remedy };
  }
  if (keyId === undefined) {
    return { name, level: 'ok', text: `none; ${counted(unsealed, 'signing key')} stored as drawn` };
  }
  if (former + unsealed === 0)
    return { name, level: 'ok', text: `${keyId} opens ${counted(current, 'signing key')}, which are all` };
  const text = `${counted(current, 'signing key')} under ${keyId}, ${former} under another seal, ${unsealed} under none`;
  return { name, level: 'warn', text, remedy: 'till keys rotate' };
}
