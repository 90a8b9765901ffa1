// expireAccessTokens: all live tokens of an app end at once.
import type { Host } from '../../host/host.ts';
import { updateApp } from './change-app.ts';

/** A token counts only while it carries the app's epoch, so one number ends them all on every node. */
export async function expireAccessTokens(
  host: Host,
  input: { clientId: string; worldId?: string },
): Promise<void> {
  await updateApp(host, input, (app) => ({ ...app, tokenEpoch: app.tokenEpoch + 1 }));
}
