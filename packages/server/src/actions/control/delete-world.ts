// deleteWorld: a world goes, with all that lives in it.
import { Refusal } from '@till/protocol/errors';
import { defaultWorldId } from '../../domain/world.ts';
import type { Host } from '../../host/host.ts';
import { listAppsOfWorld } from '../../store/apps.ts';
import { deleteWorldRow } from '../../store/worlds.ts';
import { beforehand } from '../recorded.ts';
import { deleteAppData } from './delete-app.ts';
import { findWorld } from './find-world.ts';

const appsAtOnce = 100;

export async function deleteWorld(host: Host, input: { worldId: string }): Promise<void> {
  if (input.worldId === defaultWorldId) {
    throw new Refusal('InvalidState', { detail: 'the default world can only be reset' });
  }
  await findWorld(host.database, input.worldId);
  await emptyWorld(host, input.worldId);
  await host.database.transaction((query) => deleteWorldRow(query, input.worldId));
}

/** Deletes all apps of a world. */
export async function emptyWorld(host: Host, worldId: string): Promise<void> {
  for (;;) {
    const apps = await listAppsOfWorld(host.database, worldId, '', appsAtOnce);
    if (apps.length === 0) return;
    for (const app of apps) await deleteAppData(beforehand(host), app.appId);
  }
}
