// getAccessToken: credentials in, a running or a new token out (section 2).
import { Refusal } from '@till/protocol/errors';
import { type AccessToken, remainingSeconds, reusableFrom } from '../domain/access-token.ts';
import type { App } from '../domain/app.ts';
import { uuidText } from '../domain/identifiers.ts';
import { accessTokens } from '../domain/policy.ts';
import type { Host } from '../host/host.ts';
import { findRunningToken, insertAccessToken } from '../store/access-tokens.ts';
import { type Credential, findCredential } from '../store/credentials.ts';
import type { OrPromise } from './after.ts';
import { choice } from './call.ts';

export interface IssuedToken {
  clientId: string;
  packageName: string;
  accessToken: string;
  expiresInSeconds: number;
}

/**
 * The caller's token. Refusals: `UnauthorizedAccess` for an unknown client or a wrong secret, then
 * `AccessBlocked`. A blank in a secret is a `+` that a form did not escape (section 13, row 6). Wrong credentials
 * are answered slower and slower to the same address.
 */
export function getAccessToken(
  host: Host,
  input: { client_id: string; client_secret: string },
  address: string,
): OrPromise<IssuedToken> {
  const secret = input.client_secret.replaceAll(' ', '+');
  const presented = { clientId: input.client_id, secret, secretHash: host.secrets.hash(secret) };
  const known = knownToken(host, presented);
  if (known === undefined) return tokenOf(host, presented, address);
  host.guesses.right(presented.clientId, address);
  return known;
}

interface Presented {
  clientId: string;
  secret: string;
  secretHash: string;
}

async function tokenOf(host: Host, presented: Presented, address: string): Promise<IssuedToken> {
  const { version } = host.known;
  const found = await checkSecret(host, presented, address);
  const { app, maintenance } = found.appInWorld;
  if (maintenance) throw new Refusal('ServiceMaintenance');
  if (app.blocked) throw new Refusal('AccessBlocked');
  const running = await runningToken(host, app, presented);
  const token = running ?? (await newToken(host, app, presented));
  const accessToken = tokenText(host, presented.secret, token.tokenId);
  host.known.rememberApp(found.appInWorld, host.clock(), version);
  host.known.rememberSecret(presented.clientId, presented.secretHash, {
    app: found.appInWorld,
    secretExpiresAt: found.expiresAt,
    accessToken,
    token,
  });
  // a token of this very call has its whole life before it, however long the disk took
  const machineNow = running === undefined ? token.issuedAt : host.clock();
  return issued(app, accessToken, remainingSeconds(token.expiresAt, machineNow));
}

/** The running token of a secret that this node has seen before, without a read. */
function knownToken(host: Host, { clientId, secretHash }: Presented): IssuedToken | undefined {
  const machineNow = host.clock();
  const known = host.known.secret(clientId, secretHash, machineNow);
  if (known === undefined || (known.secretExpiresAt ?? machineNow + 1) <= machineNow) return undefined;
  const { app, maintenance } = known.app;
  const reusable =
    choice(host, app.switches, 'tokenReuse') && known.token.expiresAt >= reusableFrom(machineNow);
  if (!reusable || maintenance || app.blocked || known.token.epoch !== app.tokenEpoch) return undefined;
  return issued(app, known.accessToken, remainingSeconds(known.token.expiresAt, machineNow));
}

async function checkSecret(
  host: Host,
  { clientId, secretHash }: Presented,
  address: string,
): Promise<Credential> {
  const found = await findCredential(host.database, clientId, secretHash, host.clock());
  const right = host.secrets.equal(secretHash, found?.secretHash ?? '');
  if (found === undefined || !right) {
    await slowDown(host, clientId, address);
    throw new Refusal('UnauthorizedAccess');
  }
  host.guesses.right(clientId, address);
  return found;
}

/** Only once the secret is known to be wrong, so that the right one is never late. */
async function slowDown({ guesses, watch }: Host, clientId: string, address: string): Promise<void> {
  watch.tally.wrongSecrets += 1;
  const delayMs = guesses.wrong(clientId, address);
  if (await guesses.holdBack(delayMs)) watch.tally.delayedSecrets += 1;
}

async function runningToken(
  host: Host,
  app: App,
  { secretHash }: Presented,
): Promise<AccessToken | undefined> {
  if (!choice(host, app.switches, 'tokenReuse')) return undefined;
  const credential = { appId: app.appId, secretHash, epoch: app.tokenEpoch };
  return findRunningToken(host.database, credential, reusableFrom(host.clock()));
}

function newToken(host: Host, app: App, { secret, secretHash }: Presented): Promise<AccessToken> {
  const tokenId = uuidText(host.random(16));
  return storeToken(host, app, { secretHash, tokenId, accessToken: tokenText(host, secret, tokenId) });
}

/** A token that is not bound to a secret: for the command line and the console. */
export async function issueTokenWithoutSecret(host: Host, app: App): Promise<IssuedToken> {
  const accessToken = uuidText(host.random(16));
  await storeToken(host, app, { secretHash: '', tokenId: uuidText(host.random(16)), accessToken });
  return issued(app, accessToken, accessTokens.lifeMs / 1000);
}

async function storeToken(
  host: Host,
  app: App,
  made: { secretHash: string; tokenId: string; accessToken: string },
): Promise<AccessToken> {
  const issuedAt = host.clock();
  const token: AccessToken = {
    tokenHash: host.secrets.hash(made.accessToken),
    appId: app.appId,
    secretHash: made.secretHash,
    tokenId: made.tokenId,
    epoch: app.tokenEpoch,
    issuedAt,
    expiresAt: issuedAt + accessTokens.lifeMs,
  };
  await host.database.transaction((query) => insertAccessToken(query, token));
  return token;
}

function issued(app: App, accessToken: string, expiresInSeconds: number): IssuedToken {
  const { clientId, packageName } = app;
  return { clientId, packageName, accessToken, expiresInSeconds };
}

/** Any node that is shown the secret can make the text of a running token again; none is stored. */
function tokenText(host: Host, secret: string, tokenId: string): string {
  return uuidText(host.secrets.hmac(secret, tokenId).subarray(0, 16));
}
