// Access tokens, known by their hashes only; each row is touched alone.
import type { AccessToken } from '../domain/access-token.ts';
import type { AppInWorld } from '../domain/app.ts';
import { appInWorldColumns, toAppInWorld } from './apps.ts';
import type { Query, Row } from './database.ts';

const columns = 't.token_hash, t.app_id, t.secret_hash, t.token_id, t.epoch, t.issued_at, t.expires_at';

export async function insertAccessToken(query: Query, token: AccessToken): Promise<void> {
  await query.run(
    `insert into access_token (token_hash, app_id, secret_hash, token_id, epoch, issued_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      token.tokenHash,
      token.appId,
      token.secretHash,
      token.tokenId,
      token.epoch,
      token.issuedAt,
      token.expiresAt,
    ],
  );
}

/** The token with its app and the clock of the app's world, in one read: every request begins with it. */
export async function findAccessToken(
  query: Query,
  tokenHash: string,
): Promise<{ token: AccessToken; appInWorld: AppInWorld } | undefined> {
  const [row] = await query.all(
    `select ${columns}, ${appInWorldColumns}
     from access_token t join app a on a.app_id = t.app_id join world w on w.world_id = a.world_id
     where t.token_hash = $1`,
    [tokenHash],
  );
  return row && { token: toAccessToken(row), appInWorld: toAppInWorld(row) };
}

/** The token of this secret that lives longest, if it lives until `expiresFrom` at least. */
export async function findRunningToken(
  query: Query,
  credential: { appId: string; secretHash: string; epoch: number },
  expiresFrom: number,
): Promise<AccessToken | undefined> {
  const [row] = await query.all(
    `select ${columns} from access_token t
     where t.app_id = $1 and t.secret_hash = $2 and t.epoch = $3 and t.expires_at >= $4
     order by t.expires_at desc limit 1`,
    [credential.appId, credential.secretHash, credential.epoch, expiresFrom],
  );
  return row && toAccessToken(row);
}

/** Hashes of tokens that ended before `endedBefore`. */
export async function listEndedTokens(query: Query, endedBefore: number, limit: number): Promise<string[]> {
  const rows = await query.all('select token_hash from access_token where expires_at < $1 limit $2', [
    endedBefore,
    limit,
  ]);
  return rows.map((row) => String(row.token_hash));
}

/** How many tokens live beyond `now`; no more than `most` are counted. */
export async function countLiveTokens(query: Query, now: number, most: number): Promise<number> {
  const [row] = await query.all(
    `select count(*) as number from (select expires_at from access_token where expires_at > $1 limit $2) counted`,
    [now, most],
  );
  return Number(row?.number ?? 0);
}

export async function deleteAccessToken(query: Query, tokenHash: string): Promise<void> {
  await query.run('delete from access_token where token_hash = $1', [tokenHash]);
}

function toAccessToken(row: Row): AccessToken {
  return {
    tokenHash: String(row.token_hash),
    appId: String(row.app_id),
    secretHash: String(row.secret_hash),
    tokenId: String(row.token_id),
    epoch: Number(row.epoch),
    issuedAt: Number(row.issued_at),
    expiresAt: Number(row.expires_at),
  };
}
