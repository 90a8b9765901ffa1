// createWorld: an isolated store with a clock of its own.
import { Refusal } from '@till/protocol/errors';
import { type ClockChange, changeClock, realClock } from '../../domain/clock.ts';
import { drawWorldId } from '../../domain/identifiers.ts';
import type { World } from '../../domain/world.ts';
import type { Host } from '../../host/host.ts';
import { insertWorld } from '../../store/worlds.ts';

export async function createWorld(
  host: Host,
  input: { worldId?: string; clock?: ClockChange; calendar?: World['calendar']; seed?: string },
): Promise<World> {
  const machineNow = host.clock();
  const world: World = {
    worldId: input.worldId ?? drawWorldId(host.random),
    clock: changeClock(realClock, input.clock ?? {}, machineNow),
    calendar: input.calendar ?? host.environment,
    seed: input.seed ?? null,
    drawnCount: 0,
    maintenance: false,
    createdAt: machineNow,
    rev: 1,
  };
  return host.database.transaction(async (query) => {
    const made = await insertWorld(query, world);
    if (!made) throw new Refusal('AlreadyExists', { fields: ['worldId'] });
    return world;
  });
}
