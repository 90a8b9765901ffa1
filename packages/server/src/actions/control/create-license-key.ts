// createLicenseKey: the key that follows; the present one signs until every receiver knows both.
import { type App, signingPair } from '../../domain/app.ts';
import { licenseKeyOverlapMs } from '../../domain/policy.ts';
import type { Host } from '../../host/host.ts';
import { saveKeys } from '../../store/apps.ts';
import { updateApp } from './change-app.ts';
import { overlapMs } from './create-client-secret.ts';

/** One that waits already is replaced: it has never signed anything. */
export async function createLicenseKey(
  host: Host,
  input: { clientId: string; worldId?: string; overlap?: string },
): Promise<{ licenseKey: string; previousLicenseKey: string; signsFrom: number }> {
  const pair = await host.keys.create();
  const now = host.clock();
  const signsFrom = now + overlapMs(input.overlap, licenseKeyOverlapMs);
  const app = await updateApp(
    host,
    input,
    (found): App => ({ ...found, ...signingPair(found, now), nextKey: { ...pair, signsFrom } }),
    saveKeys,
  );
  return { licenseKey: pair.licenseKey, previousLicenseKey: app.licenseKey, signsFrom };
}
