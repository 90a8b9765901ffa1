// The one way in which a purchase changes: load, settle, apply a rule, save with its entries.
import { Refusal } from '@till/protocol/errors';
import type { Entry } from '../domain/ledger.ts';
import { type Change, type Purchase, settle } from '../domain/purchase.ts';
import type { Subscription, SubscriptionChange } from '../domain/subscription.ts';
import type { Host } from '../host/host.ts';
import { insertCharge } from '../store/charges.ts';
import type { Query } from '../store/database.ts';
import { loadPurchase, savePurchase } from '../store/purchases.ts';
import type { Call } from './call.ts';
import { changeSubscriptionIn, type SubscriptionRule, whenCaughtUp } from './change-subscription.ts';
import { refund } from './save-subscription.ts';
import { tellChange, tellSubscription } from './tell-change.ts';
import { fits, type Wanted } from './wanted.ts';
import { writeLedger } from './write-ledger.ts';

/** What a call does to the purchase of a managed product, and what to a monthly product or a subscription. */
export interface Rules {
  purchase: (purchase: Purchase) => Change;
  subscription: SubscriptionRule;
}

/** What a token stands for: a managed product's purchase, or a subscription with its payments. */
export type Held = { purchase: Purchase } | { subscription: Subscription };

/** With what happened to it. */
export type Changed =
  | { purchase: Purchase; entries: readonly Entry[] }
  | Pick<SubscriptionChange, 'subscription' | 'entries' | 'begun'>;

/** The purchase with everything applied that is due by time alone; it may not be stored so yet. */
export async function loadSettled(query: Query, call: Call, wanted: Wanted): Promise<Change> {
  const stored = await findPurchase(query, call, wanted);
  return settle(stored, call.clock, call.now);
}

/** Applies the rule that fits to what the token stands for, settled, in one transaction. */
export async function changePurchase(host: Host, call: Call, wanted: Wanted, rules: Rules): Promise<Changed> {
  const changed = await whenCaughtUp(host, call, wanted, (attempt) =>
    host.database.transaction((query) => changeIn(host, query, call, wanted, rules, attempt)),
  );
  if ('purchase' in changed) tellChange(host, call, changed.purchase, changed.entries);
  else tellSubscription(host, call, changed);
  return changed;
}

async function changeIn(
  host: Host,
  query: Query,
  call: Call,
  wanted: Wanted,
  rules: Rules,
  attempt: number,
): Promise<Changed> {
  const stored = await findPurchase(query, call, wanted);
  if (stored.type !== 'inapp') {
    const { subscription: rule } = rules;
    return changeSubscriptionIn(host, query, call, wanted, { rule, attempt });
  }
  const settled = settle(stored, call.clock, call.now);
  const change = rules.purchase(settled.purchase);
  const entries = [...settled.entries, ...change.entries];
  const purchase = await saveChange(host, query, call, { purchase: change.purchase, entries });
  return { purchase, entries };
}

/** Saves the purchase where its `rev` is as read, and writes what happened into the ledger. */
async function saveChange(
  host: Host,
  query: Query,
  call: Call,
  { purchase, entries }: Change,
): Promise<Purchase> {
  if (entries.length === 0) return purchase;
  const counted = { ...purchase, entryCount: purchase.entryCount + entries.length };
  await savePurchase(query, counted);
  for (const entry of entries) {
    if (entry.amountMicros < 0)
      await insertCharge(query, refund(host, purchase, entry, { number: 1, cycle: 0 }));
  }
  const count = purchase.entryCount;
  await writeLedger(host, query, call, { thing: purchase, count, entries, payments: [purchase] });
  return { ...counted, rev: counted.rev + 1 };
}

async function findPurchase(query: Query, call: Call, wanted: Wanted): Promise<Purchase> {
  const stored = await loadPurchase(query, call.app.appId, wanted.purchaseToken);
  if (stored === undefined || !fits(stored, wanted)) throw new Refusal(wanted.absent);
  return stored;
}
