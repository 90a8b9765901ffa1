// The signing keys of apps, as they are stored.
import type { Query } from './database.ts';

export interface StoredKey {
  appId: string;
  /** The pair that signs, or the one that follows it. */
  which: 'present' | 'next';
  clientId: string;
  licenseKey: string;
  signingKey: string;
}

/** Keys of the apps behind `afterAppId`, in the order of their apps; `limit` counts apps. */
export async function listSigningKeys(query: Query, afterAppId: string, limit: number): Promise<StoredKey[]> {
  const rows = await query.all(
    `select app_id, client_id, license_key, signing_key, next_license_key, next_signing_key from app
     where app_id > $1 order by app_id limit $2`,
    [afterAppId, limit],
  );
  return rows.flatMap((row) => {
    const app = { appId: String(row.app_id), clientId: String(row.client_id) };
    const present = { licenseKey: String(row.license_key), signingKey: String(row.signing_key) };
    const keys: StoredKey[] = [{ ...app, which: 'present', ...present }];
    if (row.next_signing_key !== null) {
      const next = { licenseKey: String(row.next_license_key), signingKey: String(row.next_signing_key) };
      keys.push({ ...app, which: 'next', ...next });
    }
    return keys;
  });
}

const replacements = {
  present: 'update app set signing_key = $1, rev = rev + 1 where app_id = $2 and signing_key = $3',
  next: 'update app set next_signing_key = $1, rev = rev + 1 where app_id = $2 and next_signing_key = $3',
} as const;

/** Writes the key anew where it is still as it was read; tells whether it was. */
export async function replaceSigningKey(
  query: Query,
  { appId, which, signingKey }: StoredKey,
  by: string,
): Promise<boolean> {
  const changed = await query.run(replacements[which], [by, appId, signingKey]);
  return changed === 1;
}
