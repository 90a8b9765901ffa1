// Forgets tokens that ended more than a day ago; until then they are answered AccessTokenExpired.
import { accessTokens } from '../domain/policy.ts';
import type { Host } from '../host/host.ts';
import { deleteAccessToken, listEndedTokens } from '../store/access-tokens.ts';

const tokensAtOnce = 500;

export async function purgeAccessTokens(host: Host): Promise<void> {
  const ended = await listEndedTokens(host.database, host.clock() - accessTokens.keptMs, tokensAtOnce);
  await Promise.all(
    ended.map((tokenHash) => host.database.transaction((query) => deleteAccessToken(query, tokenHash))),
  );
}
