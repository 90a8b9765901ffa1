// createClientSecret: a new secret; the former one works a while longer.
import { Refusal } from '@till/protocol/errors';
import { drawClientSecret } from '../../domain/identifiers.ts';
import { secretOverlapMs } from '../../domain/policy.ts';
import { parseSpan, spanMs } from '../../domain/span.ts';
import type { Host } from '../../host/host.ts';
import { endCredentials, insertCredential } from '../../store/credentials.ts';
import { updateApp } from './change-app.ts';

export async function createClientSecret(
  host: Host,
  input: { clientId: string; worldId?: string; overlap?: string },
): Promise<{ clientSecret: string; previousExpiresAt: number }> {
  const createdAt = host.clock();
  const previousExpiresAt = createdAt + overlapMs(input.overlap, secretOverlapMs);
  const clientSecret = drawClientSecret(host.random);
  await updateApp(
    host,
    input,
    (app) => app,
    async (query, { appId }) => {
      await endCredentials(query, appId, previousExpiresAt);
      await insertCredential(query, appId, host.secrets.hash(clientSecret), createdAt);
    },
  );
  return { clientSecret, previousExpiresAt };
}

/** Months have no fixed length, so an overlap is given in weeks or less. */
export function overlapMs(overlap: string | undefined, standardMs: number): number {
  if (overlap === undefined) return standardMs;
  const span = parseSpan(overlap);
  const ms = span && spanMs(span);
  if (ms === undefined) throw new Refusal('InvalidRequest', { fields: ['overlap'] });
  return ms;
}
