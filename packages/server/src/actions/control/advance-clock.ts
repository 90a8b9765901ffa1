// advanceClock: a clock moves forward, and everything that falls due happens, in time order.
import { Refusal } from '@till/protocol/errors';
import { jumpTo, worldNow } from '../../domain/clock.ts';
import { addSpan, parseSpan } from '../../domain/span.ts';
import type { World } from '../../domain/world.ts';
import type { Host } from '../../host/host.ts';
import { loadApp } from '../../store/apps.ts';
import { type Due, listDue } from '../../store/due.ts';
import { saveWorld } from '../../store/worlds.ts';
import { callOf } from '../call.ts';
import { settleWithCharges, sweep } from '../settle-due.ts';
import { findWorld } from './find-world.ts';

export interface Happening {
  at: number;
  what: string;
  clientId: string;
  purchaseToken: string;
  productId: string;
}

/** Brought up to the new time together. A year of each may be one transaction, and what is under way at once stays in memory. */
const advanceAtOnce = 10;
/** How many happenings an answer lists. */
const mostHappenings = 1000;
/** How many are kept until the earliest of them are picked. */
const mostKept = 5 * mostHappenings;
/** The end of the calendar that instants are accepted for: 9999-12-31. */
const latestInstant = 253_402_300_799_999;

/** The clock is written first, in one update; then things happen one by one, each at its own due instant. */
export async function advanceClock(
  host: Host,
  input: { worldId: string; by?: string; to?: number },
): Promise<{ now: number; happened: Happening[]; truncated: boolean }> {
  host.node.advancing.add(input.worldId);
  try {
    return await advance(host, input);
  } finally {
    host.node.advancing.delete(input.worldId);
  }
}

async function advance(
  host: Host,
  input: { worldId: string; by?: string; to?: number },
): Promise<{ now: number; happened: Happening[]; truncated: boolean }> {
  const machineNow = host.clock();
  const { world, target } = await host.database.transaction(async (query) => {
    const found = await findWorld(query, input.worldId);
    const target = targetOf(input, worldNow(found.clock, machineNow));
    const world = { ...found, clock: jumpTo(found.clock, target, machineNow) };
    await saveWorld(query, world);
    return { world, target };
  });
  host.known.forgetWorld(world.worldId);
  let happened: Happening[] = [];
  let truncated = false;
  await settleDueOfWorld(host, world, target, (happening) => {
    happened.push(happening);
    if (happened.length < mostKept) return;
    happened = earliest(happened);
    truncated = true;
  });
  await host.outbox.drain(world.worldId, target);
  return {
    now: target,
    happened: earliest(happened),
    truncated: truncated || happened.length > mostHappenings,
  };
}

/** One thing after the other is brought up to the target, so what comes late may have happened early. */
function earliest(happened: Happening[]): Happening[] {
  return happened.sort((one, other) => one.at - other.at).slice(0, mostHappenings);
}

/**
 * Settles a world batch by batch, the earliest first, until nothing is due at `until`. What cannot be settled,
 * because its app is gone or somebody has set the clock back, stays due and must not keep us here.
 */
export async function settleDueOfWorld(
  host: Host,
  world: World,
  until: number,
  tell: (happening: Happening) => void,
): Promise<void> {
  let stuck: Due | undefined;
  for (;;) {
    const due = await listDue(host.database, world.worldId, until, advanceAtOnce);
    const [first] = due;
    if (first === undefined || isSame(first, stuck)) return;
    const happened = (await Promise.all(due.map((one) => settle(host, one)))).flat();
    for (const happening of happened) tell(happening);
    stuck = happened.length === 0 ? first : undefined;
  }
}

function isSame(one: Due, other: Due | undefined): boolean {
  return one.appId === other?.appId && one.purchaseToken === other.purchaseToken && one.dueAt === other.dueAt;
}

async function settle(host: Host, due: Due): Promise<Happening[]> {
  const found = await loadApp(host.database, due.appId);
  if (found === undefined) return sweep(host, due);
  const happened = await settleWithCharges(host, callOf(host, found), due);
  const { clientId } = found.app;
  return happened.map((one) => ({ ...one, clientId }));
}

function targetOf(input: { by?: string; to?: number }, now: number): number {
  if (input.by === undefined && input.to === undefined) {
    throw new Refusal('RequiredValueNotExist', { fields: ['by'], detail: 'give either by or to' });
  }
  if (input.by !== undefined && input.to !== undefined) {
    throw new Refusal('InvalidRequest', { fields: ['by', 'to'], detail: 'give either by or to, not both' });
  }
  const target = input.by === undefined ? (input.to ?? now) : addBy(input.by, now);
  const field = input.by === undefined ? 'to' : 'by';
  if (target < now) {
    throw new Refusal('InvalidRequest', { fields: [field], detail: 'a clock only advances forward' });
  }
  if (target > latestInstant) {
    throw new Refusal('InvalidRequest', { fields: [field], detail: 'beyond the year 9999' });
  }
  return target;
}

function addBy(by: string, now: number): number {
  const span = parseSpan(by);
  if (span === undefined) throw new Refusal('InvalidRequest', { fields: ['by'] });
  return addSpan(now, span, 'MKT_ONE');
}
