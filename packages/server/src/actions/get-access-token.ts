// getAccessToken: credentials in, a running or a new token out (section 2).
import { Refusal } from '@till/protocol/errors';
import { remainingSeconds, reusableFrom } from '../domain/access-token.ts';
import type { App } from '../domain/app.ts';
import { uuidText } from '../domain/identifiers.ts';
import { accessTokens } from '../domain/policy.ts';
import type { Host } from '../host/host.ts';
import { findRunningToken, insertAccessToken } from '../store/access-tokens.ts';
import { findCredential } from '../store/credentials.ts';
import { choice } from './call.ts';

export interface IssuedToken {
  clientId: string;
  accessToken: string;
  expiresInSeconds: number;
}

/**
 * The caller's token. Refusals: `UnauthorizedAccess` for an unknown client or a wrong secret, then
 * `AccessBlocked`. A blank in a secret is a `+` that a form did not escape (section 13, row 6).
 */
export async function getAccessToken(
  host: Host,
  input: { client_id: string; client_secret: string },
): Promise<IssuedToken> {
  const secret = input.client_secret.replaceAll(' ', '+');
  const secretHash = host.secrets.hash(secret);
  const machineNow = host.clock();
  const found = await findCredential(host.database, input.client_id, secretHash, machineNow);
  const right = host.secrets.equal(secretHash, found?.secretHash ?? '');
  if (found === undefined || !right) throw new Refusal('UnauthorizedAccess');
  const { app, maintenance } = found.appInWorld;
  if (maintenance) throw new Refusal('ServiceMaintenance');
  if (app.blocked) throw new Refusal('AccessBlocked');
  return (await reuseToken(host, app, secret, secretHash)) ?? issueToken(host, app, secret, secretHash);
}

async function reuseToken(
  host: Host,
  app: App,
  secret: string,
  secretHash: string,
): Promise<IssuedToken | undefined> {
  if (!choice(host, app.switches, 'tokenReuse')) return undefined;
  const machineNow = host.clock();
  const credential = { appId: app.appId, secretHash, epoch: app.tokenEpoch };
  const running = await findRunningToken(host.database, credential, reusableFrom(machineNow));
  if (running === undefined) return undefined;
  const accessToken = tokenText(host, secret, running.tokenId);
  return {
    clientId: app.clientId,
    accessToken,
    expiresInSeconds: remainingSeconds(running.expiresAt, machineNow),
  };
}

async function issueToken(host: Host, app: App, secret: string, secretHash: string): Promise<IssuedToken> {
  const tokenId = uuidText(host.random(16));
  return storeToken(host, app, { secretHash, tokenId, accessToken: tokenText(host, secret, tokenId) });
}

/** A token that is not bound to a secret: for the command line and the console. */
export function issueTokenWithoutSecret(host: Host, app: App): Promise<IssuedToken> {
  const tokenId = uuidText(host.random(16));
  return storeToken(host, app, { secretHash: '', tokenId, accessToken: uuidText(host.random(16)) });
}

async function storeToken(
  host: Host,
  app: App,
  made: { secretHash: string; tokenId: string; accessToken: string },
): Promise<IssuedToken> {
  const issuedAt = host.clock();
  const { secretHash, tokenId, accessToken } = made;
  await host.database.transaction((query) =>
    insertAccessToken(query, {
      tokenHash: host.secrets.hash(accessToken),
      appId: app.appId,
      secretHash,
      tokenId,
      epoch: app.tokenEpoch,
      issuedAt,
      expiresAt: issuedAt + accessTokens.lifeMs,
    }),
  );
  return { clientId: app.clientId, accessToken, expiresInSeconds: accessTokens.lifeMs / 1000 };
}

/** Any node that is shown the secret can make the text of a running token again; none is stored. */
function tokenText(host: Host, secret: string, tokenId: string): string {
  return uuidText(host.secrets.hmac(secret, tokenId).subarray(0, 16));
}
