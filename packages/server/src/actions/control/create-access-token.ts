// createAccessToken: an access token without the secret, for the command line and the console.
import type { Host } from '../../host/host.ts';
import { findCall } from '../call.ts';
import { type IssuedToken, issueTokenWithoutSecret } from '../get-access-token.ts';

export async function createAccessToken(
  host: Host,
  input: { clientId: string; worldId?: string },
): Promise<IssuedToken> {
  const { app } = await findCall(host, host.database, input);
  return issueTokenWithoutSecret(host, app);
}
