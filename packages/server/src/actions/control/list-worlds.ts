// listWorlds: the worlds by name.
import type { World } from '../../domain/world.ts';
import type { Host } from '../../host/host.ts';
import * as store from '../../store/worlds.ts';
import { type Listed, type ListedInput, readListed } from './cursor.ts';

export function listWorlds(host: Host, input: ListedInput): Promise<Listed<World>> {
  return readListed(
    input,
    [''] as const,
    (world: World) => [world.worldId] as const,
    ([after], limit) => store.listWorlds(host.database, after, limit),
  );
}
