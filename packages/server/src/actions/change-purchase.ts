// The one way in which a purchase changes: load, settle, apply a rule, save with its entries.
import type { Market, ProductType } from '@till/protocol/codes';
import { type ErrorCode, Refusal } from '@till/protocol/errors';
import { type Change, type Purchase, settle } from '../domain/purchase.ts';
import type { Host } from '../host/host.ts';
import type { Query } from '../store/database.ts';
import { appendEntries } from '../store/ledger.ts';
import { loadPurchase, savePurchase } from '../store/purchases.ts';
import type { Call } from './call.ts';
import { tellChange } from './tell-change.ts';

/** Which purchase is meant; what does not fit all that is given counts as absent. */
export interface Wanted {
  purchaseToken: string;
  productId?: string;
  market?: Market;
  type?: ProductType;
  absent: ErrorCode;
}

/** The purchase with everything applied that is due by time alone; it may not be stored so yet. */
export async function loadSettled(query: Query, call: Call, wanted: Wanted): Promise<Change> {
  const stored = await loadPurchase(query, call.app.appId, wanted.purchaseToken);
  if (stored === undefined || !fits(stored, wanted)) throw new Refusal(wanted.absent);
  return settle(stored, call.clock, call.now);
}

/** Applies a rule to the settled purchase in one transaction. Where nothing happens, nothing is written. */
export async function changePurchase(
  host: Host,
  call: Call,
  wanted: Wanted,
  rule: (purchase: Purchase) => Change,
): Promise<Change> {
  const changed = await host.database.transaction(async (query) => {
    const settled = await loadSettled(query, call, wanted);
    const change = rule(settled.purchase);
    const entries = [...settled.entries, ...change.entries];
    const purchase = await saveChange(query, { purchase: change.purchase, entries });
    return { purchase, entries };
  });
  tellChange(host, call, changed);
  return changed;
}

/** Saves the purchase where its `rev` is as read, and writes what happened into the ledger. */
export async function saveChange(query: Query, { purchase, entries }: Change): Promise<Purchase> {
  if (entries.length === 0) return purchase;
  const counted = { ...purchase, entryCount: purchase.entryCount + entries.length };
  await savePurchase(query, counted);
  await appendEntries(query, purchase, purchase.entryCount, entries);
  return { ...counted, rev: counted.rev + 1 };
}

function fits(purchase: Purchase, wanted: Wanted): boolean {
  return (
    (wanted.productId === undefined || wanted.productId === purchase.productId) &&
    (wanted.market === undefined || wanted.market === purchase.market) &&
    (wanted.type === undefined || wanted.type === purchase.type)
  );
}
