// Carries out what is due by time alone.
import type { Entry, Purchase } from '../domain/purchase.ts';
import type { Host } from '../host/host.ts';
import { loadApp } from '../store/apps.ts';
import { listDueOfApp, listDueOfRunningWorlds, type PurchaseKey } from '../store/purchases.ts';
import { type Call, callOf } from './call.ts';
import { changePurchase } from './change-purchase.ts';

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
  return found === undefined ? [] : settlePurchase(host, callOf(host, found), key);
}

/** What is due now in the worlds whose clock runs and is not being advanced: one bounded batch of candidates. */
export async function findDue(host: Host): Promise<PurchaseKey[]> {
  const due = await listDueOfRunningWorlds(host.database, host.clock(), batchSize);
  return due.filter(({ worldId }) => !host.node.advancing.has(worldId));
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
