// listApps: apps by client ID, of one world or of all.
import type { App } from '../../domain/app.ts';
import type { Host } from '../../host/host.ts';
import { listAppsOfWorld, listApps as listed } from '../../store/apps.ts';
import { type Listed, type ListedInput, readListed } from './cursor.ts';

export function listApps(host: Host, input: ListedInput & { worldId?: string }): Promise<Listed<App>> {
  const { worldId } = input;
  return readListed(
    input,
    ['', ''] as readonly [string, string],
    (app: App) => [app.clientId, app.worldId] as const,
    ([clientId, after], limit) =>
      worldId === undefined
        ? listed(host.database, { clientId, worldId: after }, limit)
        : listAppsOfWorld(host.database, worldId, clientId, limit),
  );
}
