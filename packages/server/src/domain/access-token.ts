// Access tokens: how long one lives, when a running one is handed out again, what an ended one is answered with.
import { Refusal } from '@till/protocol/errors';
import { accessTokens } from './policy.ts';

/** What is stored of a token; instants are epoch ms of the machine's clock. */
export interface AccessToken {
  tokenHash: string;
  appId: string;
  /** Of the secret it was issued for; empty for one issued without. */
  secretHash: string;
  tokenId: string;
  /** The app's `tokenEpoch` when it was issued. */
  epoch: number;
  issuedAt: number;
  expiresAt: number;
}

/** The latest end that a token must have to be handed out again (section 2.2). */
export function reusableFrom(machineNow: number): number {
  return machineNow + accessTokens.reuseFromMs;
}

/** The seconds a token still lives, as `expires_in` has it. */
export function remainingSeconds(expiresAt: number, machineNow: number): number {
  return Math.floor((expiresAt - machineNow) / 1000);
}

/**
 * Refuses a token past its life with `AccessTokenExpired`, and one that ended more than a day ago, which is
 * no longer known, with `InvalidAccessToken` (section 2.3).
 */
export function checkLife(token: AccessToken, tokenEpoch: number, machineNow: number): void {
  if (machineNow >= token.expiresAt + accessTokens.keptMs) throw new Refusal('InvalidAccessToken');
  if (machineNow >= token.expiresAt || token.epoch !== tokenEpoch) throw new Refusal('AccessTokenExpired');
}
