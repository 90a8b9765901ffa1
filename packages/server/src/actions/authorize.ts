// Finds the app that an access token speaks for.
import { Refusal } from '@till/protocol/errors';
import { type AccessToken, checkLife } from '../domain/access-token.ts';
import type { AppInWorld } from '../domain/app.ts';
import type { Host } from '../host/host.ts';
import { findAccessToken } from '../store/access-tokens.ts';
import { after, type OrPromise } from './after.ts';

/**
 * The app of a token (section 2.3). Refusals: `InvalidAccessToken` for one that is not known, `AccessTokenExpired`,
 * `AccessBlocked`. Maintenance of the app's world is judged before them all.
 */
export function authorize(host: Host, accessToken: string): OrPromise<AppInWorld> {
  const tokenHash = host.secrets.hash(accessToken);
  return after(rememberedToken(host, tokenHash) ?? readToken(host, tokenHash), (found) => {
    if (found === undefined) throw new Refusal('InvalidAccessToken');
    const { token, appInWorld } = found;
    if (appInWorld.maintenance) throw new Refusal('ServiceMaintenance');
    checkLife(token, appInWorld.app.tokenEpoch, host.clock());
    if (appInWorld.app.blocked) throw new Refusal('AccessBlocked');
    return appInWorld;
  });
}

interface FoundToken {
  token: AccessToken;
  appInWorld: AppInWorld;
}

function rememberedToken({ known, clock }: Host, tokenHash: string): FoundToken | undefined {
  const token = known.token(tokenHash);
  const appInWorld = token && known.app(token.appId, clock());
  return token && appInWorld && { token, appInWorld };
}

async function readToken(host: Host, tokenHash: string): Promise<FoundToken | undefined> {
  const machineNow = host.clock();
  const { version } = host.known;
  const found = await findAccessToken(host.database, tokenHash);
  if (found === undefined) return undefined;
  host.known.rememberToken(found.token);
  host.known.rememberApp(found.appInWorld, machineNow, version);
  return found;
}
