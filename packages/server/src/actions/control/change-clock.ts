// changeClock: a world's clock is set, frozen, unfrozen or sped up.
import { Refusal } from '@till/protocol/errors';
import { type ClockChange, changeClock as changed, worldNow } from '../../domain/clock.ts';
import type { World } from '../../domain/world.ts';
import type { Host } from '../../host/host.ts';
import { listAppsOfWorld } from '../../store/apps.ts';
import type { Query } from '../../store/database.ts';
import { latestEntryAt } from '../../store/ledger.ts';
import { saveWorld } from '../../store/worlds.ts';
import { settleDueOfWorld } from './advance-clock.ts';
import { findWorld } from './find-world.ts';

/** `now` may go back only where nothing has happened later; forward, everything due happens before the answer. */
export async function changeClock(host: Host, input: { worldId: string } & ClockChange): Promise<World> {
  const machineNow = host.clock();
  const world = await host.database.transaction(async (query) => {
    const found = await findWorld(query, input.worldId);
    if (input.now !== undefined && input.now < worldNow(found.clock, machineNow)) {
      await checkNothingLater(query, input.worldId, input.now);
    }
    const world = { ...found, clock: changed(found.clock, input, machineNow) };
    await saveWorld(query, world);
    return world;
  });
  host.known.forgetWorld(world.worldId);
  await settleDueOfWorld(host, world, worldNow(world.clock, machineNow), () => {});
  return world;
}

const appsAtOnce = 100;

async function checkNothingLater(query: Query, worldId: string, now: number): Promise<void> {
  let after = '';
  for (;;) {
    const apps = await listAppsOfWorld(query, worldId, after, appsAtOnce);
    for (const app of apps) {
      const latest = await latestEntryAt(query, app.appId);
      if (latest !== undefined && latest > now) {
        throw new Refusal('InvalidState', { detail: 'something has happened later than that in this world' });
      }
      after = app.clientId;
    }
    if (apps.length < appsAtOnce) return;
  }
}
