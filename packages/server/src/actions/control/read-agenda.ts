// readAgenda: what time alone will do next in a world.
import type { Host } from '../../host/host.ts';
import { loadApp } from '../../store/apps.ts';
import { listDueOfWorld } from '../../store/purchases.ts';
import type { Happening } from './advance-clock.ts';
import { findWorld } from './find-world.ts';

const defaultLimit = 100;

export async function readAgenda(
  host: Host,
  input: { worldId: string; limit?: number },
): Promise<Happening[]> {
  const { worldId } = await findWorld(host.database, input.worldId);
  const limit = input.limit ?? defaultLimit;
  const due = await listDueOfWorld(host.database, worldId, Number.MAX_SAFE_INTEGER, limit);
  const clientIds = new Map<string, string>();
  for (const { appId } of due) {
    if (clientIds.has(appId)) continue;
    const found = await loadApp(host.database, appId);
    clientIds.set(appId, found?.app.clientId ?? '');
  }
  return due.map(({ appId, dueAt, purchaseToken, productId }) => ({
    at: dueAt ?? 0,
    what: 'voided',
    clientId: clientIds.get(appId) ?? '',
    purchaseToken,
    productId,
  }));
}
