// readStats: purchases, revenue, voids and requests by steps of time, for charts.
import { Refusal } from '@till/protocol/errors';
import { worldNow } from '../../domain/clock.ts';
import type { Happening } from '../../domain/ledger.ts';
import { parseSpan, spanMs } from '../../domain/span.ts';
import type { Host } from '../../host/host.ts';
import { listApps, listAppsOfWorld } from '../../store/apps.ts';
import { countEntries, type StepSum, sumEntries } from '../../store/ledger-figures.ts';
import { findCall } from '../call.ts';
import { findWorld } from './find-world.ts';

export interface StatsInput {
  from?: number;
  to?: number;
  step?: string;
  clientId?: string;
  worldId?: string;
}

/** Money of one currency in micros, which may be more than a number holds exactly. */
export type Revenue = Map<string, bigint>;

export interface Point {
  at: number;
  purchases: number;
  voids: number;
  revenue: Revenue;
  requests: number | null;
  refusals: number | null;
}

export interface Stats {
  from: number;
  to: number;
  stepMs: number;
  points: Point[];
}

const defaultRangeMs = 24 * 3_600_000;
const defaultStep = 'PT1H';
const shortestStepMs = 60_000;
const mostPoints = 1_000;
const mostApps = 100;
/** Entries of the ledger that one answer may rest on. */
const mostEntries = 50_000;
/** Entries that one statement sums: on SQLite everybody waits for it. */
const entriesAtOnce = 2_000;

/** Which apps are meant, and what time it is for them. */
interface Scope {
  appIds: string[];
  appId?: string;
  worldId?: string;
  now: number;
}

/**
 * Refusals: `InvalidRequest` for a range or a step that does not fit, `NoSuchData`, `InvalidState` for more than 100
 * apps or 50,000 entries of the ledger: nothing is answered that is not whole.
 */
export async function readStats(host: Host, input: StatsInput): Promise<Stats> {
  const scope = await scopeOf(host, input);
  const stats = emptyStats(input, scope.now);
  const { from, to } = stats;
  const counts = await countAll(host, scope, { from, to });
  for (const [appId, count] of counts) await addEntries(host, stats, appId, count);
  addRequests(host, stats, scope);
  return stats;
}

async function scopeOf(host: Host, { clientId, worldId }: StatsInput): Promise<Scope> {
  if (clientId !== undefined) {
    const { app, now } = await findCall(host, host.database, {
      clientId,
      ...(worldId === undefined ? {} : { worldId }),
    });
    return { appIds: [app.appId], appId: app.appId, now };
  }
  const world = worldId === undefined ? undefined : await findWorld(host.database, worldId);
  const apps =
    world === undefined
      ? await listApps(host.database, { clientId: '', worldId: '' }, mostApps + 1)
      : await listAppsOfWorld(host.database, world.worldId, '', mostApps + 1);
  if (apps.length > mostApps) {
    throw new Refusal('InvalidState', { detail: `more than ${mostApps} apps: name one with clientId` });
  }
  const now = world === undefined ? host.clock() : worldNow(world.clock, host.clock());
  return {
    appIds: apps.map(({ appId }) => appId),
    ...(world === undefined ? {} : { worldId: world.worldId }),
    now,
  };
}

function emptyStats(input: StatsInput, now: number): Stats {
  const stepMs = readStep(input.step ?? defaultStep);
  const to = input.to ?? (input.from === undefined ? now : Math.max(now, input.from));
  const from = input.from ?? Math.max(0, to - defaultRangeMs);
  if (from > to) throw new Refusal('InvalidRequest', { fields: ['from', 'to'], detail: 'from is after to' });
  const count = Math.ceil((to - from) / stepMs);
  if (count > mostPoints) {
    const detail = `${count} points, of ${mostPoints} at most: take a longer step or a shorter range`;
    throw new Refusal('InvalidRequest', { fields: ['step'], detail });
  }
  const points = Array.from({ length: count }, (_, index): Point => {
    const at = from + index * stepMs;
    return { at, purchases: 0, voids: 0, revenue: new Map(), requests: null, refusals: null };
  });
  return { from, to, stepMs, points };
}

function readStep(step: string): number {
  const span = parseSpan(step);
  const ms = span && spanMs(span);
  if (ms === undefined || ms < shortestStepMs) {
    throw new Refusal('InvalidRequest', { fields: ['step'], detail: 'from PT1M, without months or years' });
  }
  return ms;
}

/** How many entries each app has in the range; counting stops where there are too many. */
async function countAll(
  host: Host,
  { appIds }: Scope,
  range: { from: number; to: number },
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  let left = mostEntries;
  for (const appId of appIds) {
    const count = await countEntries(host.database, { appId, ...range }, left + 1);
    left -= count;
    if (left < 0) {
      const detail = `more than ${mostEntries} entries of the ledger: take a shorter range or one app`;
      throw new Refusal('InvalidState', { detail });
    }
    counts.set(appId, count);
  }
  return counts;
}

/** Sums the entries of one app, some steps at a time where there are many of them, and lets others go in between. */
async function addEntries(host: Host, stats: Stats, appId: string, count: number): Promise<void> {
  if (count === 0) return;
  const { from, to, stepMs, points } = stats;
  const stepsAtOnce = Math.ceil(points.length / Math.ceil(count / entriesAtOnce));
  for (let step = 0; step < points.length; step += stepsAtOnce) {
    const slice = {
      appId,
      from: from + step * stepMs,
      to: Math.min(to, from + (step + stepsAtOnce) * stepMs),
    };
    for (const sum of await sumEntries(host.database, slice, { origin: from, stepMs })) addSum(points, sum);
    if (stepsAtOnce < points.length) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Each payment of a monthly product or a subscription is a purchase of its own. */
const payments: ReadonlySet<string> = new Set<Happening>([
  'purchased',
  'renewed',
  'recovered',
  'resumed',
  'switched',
]);

function addSum(points: Point[], { step, what, currency, count, units, restMicros }: StepSum): void {
  const point = points[step];
  if (point === undefined) return;
  if (payments.has(what)) point.purchases += count;
  if (what === 'voided') point.voids += count;
  if (units === 0 && restMicros === 0) return;
  const micros = BigInt(units) * 1_000_000n + BigInt(restMicros);
  point.revenue.set(currency, (point.revenue.get(currency) ?? 0n) + micros);
}

/** By the machine's clock, minute by minute; a point before the node remembers anything stays unknown. */
function addRequests(host: Host, { from, stepMs, points }: Stats, scope: Scope): void {
  const { counts } = host.watch;
  const machineNow = host.clock();
  for (const point of points) {
    if (point.at + stepMs <= counts.since || point.at > machineNow) continue;
    point.requests = 0;
    point.refusals = 0;
  }
  for (const { at, requests, refusals } of counts.minutesOf(scope)) {
    const point = points[Math.floor((at - from) / stepMs)];
    if (point?.requests == null || point.refusals === null) continue;
    point.requests += requests;
    point.refusals += refusals;
  }
}
