// Finds and carries out what is due by time alone, and the charges of subscriptions.
import { worldNow } from '../domain/clock.ts';
import { unchanged } from '../domain/subscription.ts';
import type { Host } from '../host/host.ts';
import { loadApp } from '../store/apps.ts';
import { type Due, listChargesDue, listDue, listDueOfApp, type Which } from '../store/due.ts';
import { listRunningWorlds } from '../store/worlds.ts';
import { type Call, callOf } from './call.ts';
import { carryOut } from './carry-out.ts';
import { changePurchase } from './change-purchase.ts';
import { chargeOutside } from './charge-outside.ts';
import { deleteAppData } from './control/delete-app.ts';
import type { Happened } from './tell-change.ts';

/** Rows of one batch; their changes share commits. */
export const batchSize = 200;
/** Batches that one request does itself; the scheduler does what is left. */
const requestBatches = 10;

/**
 * Settles one purchase or subscription and tells what happened to it; nothing where somebody else was there before.
 * A charge that only a gateway outside can answer stays due.
 */
export async function settleOne(
  host: Host,
  call: Call,
  due: Due,
  rounds?: number,
): Promise<readonly Happened[]> {
  if (due.is === 'subscription') return carryOut(host, call, due, rounds);
  const wanted = { purchaseToken: due.purchaseToken, absent: 'NoSuchData' } as const;
  const { entries } = await changePurchase(host, call, wanted, {
    purchase: (purchase) => ({ purchase, entries: [] }),
    subscription: unchanged,
  });
  return entries.map(({ at, what }) => ({
    at,
    what,
    purchaseToken: due.purchaseToken,
    productId: due.productId,
  }));
}

/** The same with every charge that is due, whoever answers it. */
export async function settleWithCharges(host: Host, call: Call, due: Due): Promise<readonly Happened[]> {
  const happened = [...(await settleOne(host, call, due))];
  if (due.is === 'purchase' || asksAtOnce(host)) return happened;
  for (;;) {
    const entries = await chargeOutside(host, call, due);
    if (entries.length === 0) return happened;
    happened.push(...entries);
  }
}

/** Settles for the scheduler, which knows no more of it than its key; a bounded part of what is due, by turns. */
export async function settleByKey(host: Host, due: Due): Promise<readonly Happened[]> {
  const found = await loadApp(host.database, due.appId);
  if (found === undefined) return sweep(host, due);
  return settleOne(host, callOf(host, found), due, 1);
}

/** Asks a gateway outside for the charge that is due, for the scheduler. */
export async function chargeByKey(host: Host, due: Due): Promise<readonly Happened[]> {
  const found = await loadApp(host.database, due.appId);
  if (found === undefined) return sweep(host, due);
  return chargeOutside(host, callOf(host, found), due);
}

/**
 * A purchase whose app is gone: it was committed in the very moment in which another node deleted the app. It can
 * never be reached again, and left alone it would stay due for ever, so the deletion is finished now.
 */
export async function sweep(host: Host, { appId }: { appId: string }): Promise<[]> {
  await deleteAppData(host, appId);
  return [];
}

/** What is due now, but for the charges that only a gateway outside can answer: a bounded batch of each world. */
export function findDue(host: Host): Promise<Due[]> {
  return findInRunningWorlds(host, batchSize, (worldId, now) =>
    listDue(host.database, worldId, now, batchSize, settledAtOnce(host)),
  );
}

/** Charges that are due now and that only a gateway outside can answer; none where it answers at once. */
export async function findCharges(host: Host, limit: number): Promise<Due[]> {
  if (asksAtOnce(host)) return [];
  const due = await findInRunningWorlds(host, limit, (worldId, now) =>
    listChargesDue(host.database, worldId, { now, machineNow: host.clock() }, limit),
  );
  return due.slice(0, limit);
}

/**
 * In the worlds whose clock runs and is not being advanced. World by world, because no planner can be trusted to
 * begin a join with the few worlds and not with all that is due ever.
 */
async function findInRunningWorlds(
  host: Host,
  enough: number,
  list: (worldId: string, now: number) => Promise<Due[]>,
): Promise<Due[]> {
  const due: Due[] = [];
  let after = '';
  for (;;) {
    const worlds = await listRunningWorlds(host.database, after, batchSize);
    for (const { worldId, clock } of worlds) {
      after = worldId;
      if (host.node.advancing.has(worldId)) continue;
      due.push(...(await list(worldId, worldNow(clock, host.clock()))));
    }
    if (worlds.length < batchSize || due.length >= enough) return due;
  }
}

/** Carries out what is due in an app before a list is read, so that the list shows it. Nobody outside is asked. */
export async function settleDueOfApp(host: Host, call: Call): Promise<void> {
  for (let batch = 0; batch < requestBatches; batch++) {
    const { appId } = call.app;
    const due = await listDueOfApp(host.database, appId, call.now, batchSize, settledAtOnce(host));
    if (due.length === 0) return;
    const entries = await Promise.all(due.map((one) => settleOne(host, call, one, 1)));
    if (entries.every((happened) => happened.length === 0)) return;
  }
}

function asksAtOnce(host: Host): boolean {
  return host.gateway.answerAtOnce !== undefined;
}

function settledAtOnce(host: Host): Which {
  return asksAtOnce(host) ? 'all' : 'by time alone';
}
