// readMetrics: what Prometheus asks for. Every figure is read from an index, bounded, and kept for a few seconds.
import { worldNow } from '../../domain/clock.ts';
import type { World } from '../../domain/world.ts';
import { defaultWorldId } from '../../domain/world.ts';
import type { Host } from '../../host/host.ts';
import type { Figures } from '../../host/metrics.ts';
import { countLiveTokens } from '../../store/access-tokens.ts';
import { countWaiting } from '../../store/notifications.ts';
import {
  countDue,
  countUnconfirmed,
  earliestDue,
  earliestUnconfirmed,
} from '../../store/purchase-figures.ts';
import { listRunningWorlds, loadWorld } from '../../store/worlds.ts';

/** Worlds that are looked at beside `default`: a sandbox may have thousands, commercial has none. */
const mostWorlds = 20;
/** A count ends here. */
const mostPurchases = 10_000;
const mostTokens = 100_000;
const mostNotifications = 10_000;
/** On the machine's clock: what is due is done within a second or so; a minute later something is wrong. */
const overdueAfterMs = 60_000;
const dayMs = 24 * 3_600_000;

export async function readMetrics(host: Host): Promise<string> {
  const { metrics, events } = host.watch;
  const state = {
    connections: host.database.connections(),
    maintenance: host.node.maintenance,
    writesFail: host.node.writesFail,
    eventListeners: events.listenerCount,
  };
  return metrics.text(state, () => readFigures(host));
}

async function readFigures(host: Host): Promise<Figures> {
  const figures: Figures = {
    duePurchases: 0,
    overduePurchases: 0,
    oldestOverdueSeconds: 0,
    oldestUnconfirmedSeconds: 0,
    voidsWithinADay: 0,
    liveAccessTokens: await host.watch.metrics.liveTokens.get(() =>
      countLiveTokens(host.database, host.clock(), mostTokens),
    ),
    waitingNotifications: await countWaiting(host.database, mostNotifications),
  };
  for (const world of await worldsThatRun(host)) await addWorld(host, figures, world);
  return figures;
}

async function worldsThatRun(host: Host): Promise<World[]> {
  const ofDefault = await loadWorld(host.database, defaultWorldId);
  const running = await listRunningWorlds(host.database, '', mostWorlds);
  const others = running.filter(({ worldId }) => worldId !== defaultWorldId);
  return ofDefault === undefined || ofDefault.clock.frozen ? others : [ofDefault, ...others];
}

/** Spans are measured on the world's clock; only `overdue` is the machine's time, because the machine is late. */
async function addWorld(host: Host, figures: Figures, { worldId, clock }: World): Promise<void> {
  const { database } = host;
  const now = worldNow(clock, host.clock());
  const dueAt = await earliestDue(database, worldId);
  if (dueAt === undefined) return;
  if (dueAt <= now) await addDue(host, figures, { worldId, now, late: now - overdueAfterMs * clock.rate });
  figures.oldestOverdueSeconds = Math.max(figures.oldestOverdueSeconds, (now - dueAt) / clock.rate / 1000);
  const boughtAt = await earliestUnconfirmed(database, worldId);
  if (boughtAt === undefined) return;
  const range = { from: now, until: now + dayMs };
  const left = mostPurchases - figures.voidsWithinADay;
  figures.voidsWithinADay += await countUnconfirmed(database, worldId, range, left);
  figures.oldestUnconfirmedSeconds = Math.max(figures.oldestUnconfirmedSeconds, (now - boughtAt) / 1000);
}

async function addDue(
  { database }: Host,
  figures: Figures,
  { worldId, now, late }: { worldId: string; now: number; late: number },
): Promise<void> {
  const count = (until: number, counted: number) =>
    countDue(database, worldId, { from: 0, until }, mostPurchases - counted);
  figures.duePurchases += await count(now, figures.duePurchases);
  figures.overduePurchases += await count(late, figures.overduePurchases);
}
