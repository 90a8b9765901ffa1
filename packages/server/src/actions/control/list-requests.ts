// listRequests: the last calls of the server API that this node answered to an app.

import type { Call } from '../../host/call-slots.ts';
import type { Host } from '../../host/host.ts';
import { findCall } from '../call.ts';

const defaultLimit = 100;

export async function listRequests(
  host: Host,
  input: { clientId: string; worldId?: string; limit?: number },
): Promise<Call[]> {
  const { app } = await findCall(host, host.database, input);
  return host.watch.calls.list(app.clientId, app.appId).slice(0, input.limit ?? defaultLimit);
}
