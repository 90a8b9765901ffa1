// setMaintenance: the server API answers ServiceMaintenance, for all or for one world.
import type { Host } from '../../host/host.ts';
import type { Query } from '../../store/database.ts';
import { readSetting, writeSetting } from '../../store/settings.ts';
import { loadWorld, saveWorld } from '../../store/worlds.ts';
import { findWorld } from './find-world.ts';

export interface Maintenance {
  on: boolean;
  worldId?: string;
}

const setting = 'maintenance';

export async function setMaintenance(host: Host, input: Maintenance): Promise<Maintenance> {
  const { on, worldId } = input;
  await host.database.transaction(async (query) => {
    if (worldId === undefined) return writeSetting(query, setting, on ? 'on' : 'off');
    await saveWorld(query, { ...(await findWorld(query, worldId)), maintenance: on });
  });
  if (worldId === undefined) host.node.maintenance = on;
  else host.known.forgetWorld(worldId);
  return input;
}

/** As it is stored; undefined where there is no such world. */
export async function loadMaintenance(query: Query, worldId?: string): Promise<Maintenance | undefined> {
  if (worldId === undefined) return { on: (await readSetting(query, setting)) === 'on' };
  const world = await loadWorld(query, worldId);
  return world && { on: world.maintenance, worldId };
}

export async function readMaintenance(host: Host, input: { worldId?: string }): Promise<Maintenance> {
  const { worldId } = input;
  if (worldId === undefined) return { on: await learnMaintenance(host) };
  return { on: (await findWorld(host.database, worldId)).maintenance, worldId };
}

/** Other nodes learn of it once a second; asking each time would cost every request a read. */
export async function learnMaintenance(host: Host): Promise<boolean> {
  const on = (await readSetting(host.database, setting)) === 'on';
  host.node.maintenance = on;
  return on;
}
