// The signing keys of apps, as they are stored.
import type { Query } from './database.ts';

export interface StoredKey {
  appId: string;
  clientId: string;
  licenseKey: string;
  signingKey: string;
}

/** Keys of the apps behind `afterAppId`, in the order of their apps. */
export async function listSigningKeys(query: Query, afterAppId: string, limit: number): Promise<StoredKey[]> {
  const rows = await query.all(
    'select app_id, client_id, license_key, signing_key from app where app_id > $1 order by app_id limit $2',
    [afterAppId, limit],
  );
  return rows.map((row) => ({
    appId: String(row.app_id),
    clientId: String(row.client_id),
    licenseKey: String(row.license_key),
    signingKey: String(row.signing_key),
  }));
}

/** Writes the key anew where it is still as it was read; tells whether it was. */
export async function replaceSigningKey(
  query: Query,
  { appId, signingKey }: StoredKey,
  by: string,
): Promise<boolean> {
  const changed = await query.run('update app set signing_key = $1 where app_id = $2 and signing_key = $3', [
    by,
    appId,
    signingKey,
  ]);
  return changed === 1;
}
