// readWorld: a world and its clock.
import type { World } from '../../domain/world.ts';
import type { Host } from '../../host/host.ts';
import { findWorld } from './find-world.ts';

export function readWorld(host: Host, input: { worldId: string }): Promise<World> {
  return findWorld(host.database, input.worldId);
}
