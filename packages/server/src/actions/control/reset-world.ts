// resetWorld: a world is emptied; the default one gets the real clock back.
import { realClock } from '../../domain/clock.ts';
import { defaultWorldId, type World } from '../../domain/world.ts';
import type { Host } from '../../host/host.ts';
import { saveWorld } from '../../store/worlds.ts';
import { emptyWorld } from './delete-world.ts';
import { findWorld } from './find-world.ts';

export async function resetWorld(host: Host, input: { worldId: string }): Promise<World> {
  await findWorld(host.database, input.worldId);
  await emptyWorld(host, input.worldId);
  return saveEmptied(host, input.worldId);
}

function saveEmptied(host: Host, worldId: string): Promise<World> {
  return host.database.transaction(async (query) => {
    const world = await findWorld(query, worldId);
    const clock = world.worldId === defaultWorldId ? { ...realClock } : world.clock;
    const emptied = { ...world, clock, drawnCount: 0, maintenance: false };
    await saveWorld(query, emptied);
    return emptied;
  });
}
