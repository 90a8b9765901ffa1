// Carries out what is due by time alone.
import { worldNow } from '../domain/clock.ts';
import type { Entry, Purchase } from '../domain/purchase.ts';
import type { Host } from '../host/host.ts';
import { loadApp } from '../store/apps.ts';
import { listDueKeys, listDueOfApp, type PurchaseKey } from '../store/purchases.ts';
import { listRunningWorlds } from '../store/worlds.ts';
import { type Call, callOf } from './call.ts';
import { changePurchase } from './change-purchase.ts';
import { deleteAppData } from './control/delete-app.ts';

/** Rows of one batch; their changes share commits. */
export const batchSize = 200;
/** Batches that one request does itself; the scheduler does what is left. */
const requestBatches = 10;

/** Settles one purchase and tells what happened to it; nothing where somebody else was there before. */
export async function settlePurchase(host: Host, call: Call, key: PurchaseKey): Promise<Entry[]> {
  const wanted = { purchaseToken: key.purchaseToken, absent: 'NoSuchData' } as const;
  const change = await changePurchase(host, call, wanted, (purchase) => ({ purchase, entries: [] }));
  return change.entries;
}

/** Settles a purchase for the scheduler, which knows no more of it than its key. */
export async function settleByKey(host: Host, key: PurchaseKey): Promise<Entry[]> {
  const found = await loadApp(host.database, key.appId);
  return found === undefined ? sweep(host, key) : settlePurchase(host, callOf(host, found), key);
}

/**
 * A purchase whose app is gone: it was committed in the very moment in which another node deleted the app. It can
 * never be reached again, and left alone it would stay due for ever, so the deletion is finished now.
 */
export async function sweep(host: Host, { appId }: { appId: string }): Promise<[]> {
  await deleteAppData(host, appId);
  return [];
}

/**
 * What is due now in the worlds whose clock runs and is not being advanced: a bounded batch of each. World by
 * world, because no planner can be trusted to begin a join with the few worlds and not with all that is due ever.
 */
export async function findDue(host: Host): Promise<PurchaseKey[]> {
  const due: PurchaseKey[] = [];
  let after = '';
  for (;;) {
    const worlds = await listRunningWorlds(host.database, after, batchSize);
    for (const { worldId, clock } of worlds) {
      after = worldId;
      if (host.node.advancing.has(worldId)) continue;
      due.push(...(await listDueKeys(host.database, worldId, worldNow(clock, host.clock()), batchSize)));
    }
    if (worlds.length < batchSize || due.length >= batchSize) return due;
  }
}

/** Carries out what is due in an app before a list is read, so that the list shows it. */
export async function settleDueOfApp(host: Host, call: Call): Promise<void> {
  for (let batch = 0; batch < requestBatches; batch++) {
    const due = await listDueOfApp(host.database, call.app.appId, call.now, batchSize);
    if (due.length === 0) return;
    await settleAll(host, call, due);
  }
}

function settleAll(host: Host, call: Call, due: readonly Purchase[]): Promise<unknown> {
  return Promise.all(due.map((purchase) => settlePurchase(host, call, purchase)));
}
