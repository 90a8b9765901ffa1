// Client secrets, known by their hashes only.
import type { AppInWorld } from '../domain/app.ts';
import { appInWorldColumns, toAppInWorld } from './apps.ts';
import type { Query } from './database.ts';

export interface Credential {
  secretHash: string;
  /** When it ends, epoch ms of the machine's clock; `null` for the latest one. */
  expiresAt: number | null;
  appInWorld: AppInWorld;
}

export async function insertCredential(
  query: Query,
  appId: string,
  secretHash: string,
  createdAt: number,
): Promise<void> {
  await query.run(
    'insert into credential (app_id, secret_hash, created_at, expires_at) values ($1, $2, $3, null)',
    [appId, secretHash, createdAt],
  );
}

/**
 * The app that this client ID, or package name, and secret belong to, if the secret works at `now`. The secret is looked up first
 * (SQLite takes a cross join in the order in which it is written): one that nobody has costs the same work
 * whether or not there is such a client.
 */
export async function findCredential(
  query: Query,
  clientId: string,
  secretHash: string,
  now: number,
): Promise<Credential | undefined> {
  const [row] = await query.all(
    `select c.secret_hash, c.expires_at, ${appInWorldColumns}
     from credential c cross join app a cross join world w
     where c.secret_hash = $2 and (c.expires_at is null or c.expires_at > $3)
       and a.app_id = c.app_id and (a.client_id = $1 or a.package_name = $1) and w.world_id = a.world_id limit 1`,
    [clientId, secretHash, now],
  );
  if (row === undefined) return undefined;
  const expiresAt = row.expires_at as number | null;
  return { secretHash: String(row.secret_hash), expiresAt, appInWorld: toAppInWorld(row) };
}

/** Lets the secrets that work now end at `expiresAt`, unless they end before. */
export async function endCredentials(query: Query, appId: string, expiresAt: number): Promise<void> {
  await query.run(
    'update credential set expires_at = $1 where app_id = $2 and (expires_at is null or expires_at > $1)',
    [expiresAt, appId],
  );
}

export async function deleteCredentials(query: Query, appId: string): Promise<void> {
  await query.run('delete from credential where app_id = $1', [appId]);
}
