// Finds the app that an access token speaks for.
import { Refusal } from '@till/protocol/errors';
import { type AccessToken, checkLife } from '../domain/access-token.ts';
import type { AppInWorld } from '../domain/app.ts';
import type { Host } from '../host/host.ts';
import { findAccessToken } from '../store/access-tokens.ts';

/**
 * The app of a token (section 2.3). Refusals: `InvalidAccessToken` for one that is not known, `AccessTokenExpired`,
 * `AccessBlocked`. Maintenance of the app's world is judged before them all.
 */
export async function authorize(host: Host, accessToken: string): Promise<AppInWorld> {
  const found = await findToken(host, host.secrets.hash(accessToken));
  if (found === undefined) throw new Refusal('InvalidAccessToken');
  const { token, appInWorld } = found;
  if (appInWorld.maintenance) throw new Refusal('ServiceMaintenance');
  checkLife(token, appInWorld.app.tokenEpoch, host.clock());
  if (appInWorld.app.blocked) throw new Refusal('AccessBlocked');
  return appInWorld;
}

/** From what this node remembers, or in one read. */
async function findToken(
  host: Host,
  tokenHash: string,
): Promise<{ token: AccessToken; appInWorld: AppInWorld } | undefined> {
  const machineNow = host.clock();
  const token = host.known.token(tokenHash);
  const appInWorld = token && host.known.app(token.appId, machineNow);
  if (token !== undefined && appInWorld !== undefined) return { token, appInWorld };
  const { version } = host.known;
  const found = await findAccessToken(host.database, tokenHash);
  if (found === undefined) return undefined;
  host.known.rememberToken(found.token);
  host.known.rememberApp(found.appInWorld, machineNow, version);
  return found;
}
