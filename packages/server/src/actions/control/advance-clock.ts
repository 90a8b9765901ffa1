// advanceClock: a clock moves forward, and everything that falls due happens, in time order.
import { Refusal } from '@till/protocol/errors';
import { jumpTo, worldNow } from '../../domain/clock.ts';
import type { Entry, Purchase } from '../../domain/purchase.ts';
import { addSpan, parseSpan } from '../../domain/span.ts';
import type { World } from '../../domain/world.ts';
import type { Host } from '../../host/host.ts';
import { loadApp } from '../../store/apps.ts';
import { listDueOfWorld } from '../../store/purchases.ts';
import { saveWorld } from '../../store/worlds.ts';
import { callOf } from '../call.ts';
import { batchSize, settlePurchase, sweep } from '../settle-due.ts';
import { findWorld } from './find-world.ts';

export interface Happening {
  at: number;
  what: string;
  clientId: string;
  purchaseToken: string;
  productId: string;
}

/** How many happenings an answer lists. */
const mostHappenings = 1000;
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
  const happened: Happening[] = [];
  let count = 0;
  await settleDueOfWorld(host, world, target, (happening) => {
    count += 1;
    if (happened.length < mostHappenings) happened.push(happening);
  });
  return { now: target, happened: happened.sort((a, b) => a.at - b.at), truncated: count > happened.length };
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
  let stuck: Purchase | undefined;
  for (;;) {
    const due = await listDueOfWorld(host.database, world.worldId, until, batchSize);
    const [first] = due;
    if (first === undefined || isSame(first, stuck)) return;
    const happened = (await Promise.all(due.map((purchase) => settleOne(host, purchase)))).flat();
    for (const happening of happened) tell(happening);
    stuck = happened.length === 0 ? first : undefined;
  }
}

function isSame(one: Purchase, other: Purchase | undefined): boolean {
  return one.appId === other?.appId && one.purchaseId === other.purchaseId && one.dueAt === other.dueAt;
}

async function settleOne(host: Host, purchase: Purchase): Promise<Happening[]> {
  const found = await loadApp(host.database, purchase.appId);
  if (found === undefined) return sweep(host, purchase);
  const entries = await settlePurchase(host, callOf(host, found), purchase);
  return entries.map((entry) => happeningOf(entry, purchase, found.app.clientId));
}

function happeningOf(entry: Entry, purchase: Purchase, clientId: string): Happening {
  const { purchaseToken, productId } = purchase;
  return { at: entry.at, what: entry.what, clientId, purchaseToken, productId };
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
