// rotateSigningKeys: every stored signing key under the master key that seals now.
import type { Seals } from '../host/seals.ts';
import type { Database } from '../store/database.ts';
import { readSetting } from '../store/settings.ts';
import { listSigningKeys, replaceSigningKey, type StoredKey } from '../store/signing-keys.ts';

export interface RotationHost {
  database: Database;
  seals: Seals;
  /** The published pair that test apps share; it is no secret and stays as it is. */
  sharedLicenseKey: string;
}

/** How many keys were in which state, and what became of them. */
export interface Rotation {
  /** Sealed anew. */
  resealed: number;
  /** Stored open until now. */
  sealed: number;
  /** Sealed by this key already. */
  current: number;
  shared: number;
  /** The apps whose keys no master key that is set opens; they stay as they are. */
  shut: string[];
}

/** A transaction writes this many keys at most: others wait for milliseconds only. */
const keysAtOnce = 100;

/** The setting in which a start leaves the ID of the master key it seals with. */
export const sealingKeySetting = 'sealing-key';

/** Whether the Till that was started last seals with the same key as `seals`, and so opens what that has sealed. */
export async function runningTillSealsAlike({ database, seals }: RotationHost): Promise<boolean> {
  return (await readSetting(database, sealingKeySetting)) === seals.keyId;
}

/** Goes through all apps once. Cut off anywhere it has lost nothing; the next run goes on with what is left. */
export async function rotateSigningKeys(
  host: RotationHost,
  onKeys: (done: number) => void,
): Promise<Rotation> {
  const rotation: Rotation = { resealed: 0, sealed: 0, current: 0, shared: 0, shut: [] };
  let done = 0;
  for (let after = ''; ; ) {
    const keys = await listSigningKeys(host.database, after, keysAtOnce);
    const last = keys.at(-1);
    if (last === undefined) return rotation;
    await rotatePage(host, keys, rotation);
    after = last.appId;
    done += keys.length;
    onKeys(done);
  }
}

async function rotatePage(host: RotationHost, keys: readonly StoredKey[], rotation: Rotation): Promise<void> {
  const { database, seals } = host;
  const due = keys.filter((key) => tally(host, key, rotation));
  const replacements = due.map((key) => ({ key, by: reseal(seals, key.signingKey) }));
  if (replacements.length === 0) return;
  await database.transaction(async (query) => {
    // a key that is no longer as it was read was re-sealed by somebody else, or its app is gone
    for (const { key, by } of replacements) await replaceSigningKey(query, key, by);
  });
}

/** Counts the key, and tells whether it has to be sealed anew. */
function tally({ seals, sharedLicenseKey }: RotationHost, key: StoredKey, rotation: Rotation): boolean {
  if (key.licenseKey === sharedLicenseKey) {
    rotation.shared += 1;
    return false;
  }
  const state = seals.state(key.signingKey);
  if (state === 'shut') rotation.shut.push(key.clientId);
  if (state === 'current') rotation.current += 1;
  if (state === 'former') rotation.resealed += 1;
  if (state === 'unsealed') rotation.sealed += 1;
  return state === 'former' || state === 'unsealed';
}

/** Nothing is overwritten by a seal that does not open again. */
function reseal(seals: Seals, stored: string): string {
  const text = seals.open(stored);
  const by = seals.seal(text);
  if (seals.open(by) !== text) throw new Error('a seal does not give back what was sealed');
  return by;
}
