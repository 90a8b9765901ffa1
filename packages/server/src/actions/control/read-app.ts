// readApp: an app by its client ID.
import type { App } from '../../domain/app.ts';
import type { Host } from '../../host/host.ts';
import { findCall } from '../call.ts';

export async function readApp(host: Host, input: { clientId: string; worldId?: string }): Promise<App> {
  const { app } = await findCall(host, host.database, input);
  return app;
}
