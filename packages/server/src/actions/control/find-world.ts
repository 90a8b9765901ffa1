// The world that a control call names.
import { Refusal } from '@till/protocol/errors';
import type { World } from '../../domain/world.ts';
import type { Query } from '../../store/database.ts';
import { loadWorld } from '../../store/worlds.ts';

export async function findWorld(query: Query, worldId: string): Promise<World> {
  const world = await loadWorld(query, worldId);
  if (world === undefined) throw new Refusal('NoSuchData', { detail: 'no world has this worldId' });
  return world;
}
