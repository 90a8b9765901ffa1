// Stores what happened to a subscription: its row, its payments, the ledger, and what goes back to the buyer.
import type { Charge } from '../domain/charge.ts';
import type { Entry } from '../domain/ledger.ts';
import type { Purchase } from '../domain/purchase.ts';
import type { Begun, Subscription, SubscriptionChange } from '../domain/subscription.ts';
import { announcePrice } from '../domain/subscription-commands.ts';
import type { Host } from '../host/host.ts';
import { insertCharge } from '../store/charges.ts';
import type { Query } from '../store/database.ts';
import { loadProduct } from '../store/products.ts';
import { acknowledgePayment, insertPurchase, voidPayment } from '../store/purchases.ts';
import { insertSubscription, saveSubscription } from '../store/subscriptions.ts';
import type { Call } from './call.ts';
import { writeLedger } from './write-ledger.ts';

/** Saves the subscription where its `rev` is as read. Where nothing changed, nothing is written. */
export async function saveSubscriptionChange(
  host: Host,
  query: Query,
  call: Call,
  stored: Subscription,
  { subscription, entries, payments, begun }: SubscriptionChange,
): Promise<Subscription> {
  if (subscription === stored) return stored;
  const refunds = refundsOf(host, subscription, entries);
  const chargeCount = subscription.chargeCount + refunds.length;
  const counted = { ...subscription, chargeCount, entryCount: subscription.entryCount + entries.length };
  await saveSubscription(query, counted);
  for (const payment of payments) await insertPurchase(query, payment);
  for (const entry of entries) await applyToPayment(query, subscription, entry);
  for (const refund of refunds) await insertCharge(query, refund);
  const count = subscription.entryCount;
  await writeLedger(host, query, call, { thing: subscription, count, entries, payments });
  if (begun !== undefined) await saveBegun(host, query, call, begun);
  return { ...counted, rev: counted.rev + 1 };
}

/** A subscription that begins. A change of price that came while it waited is told from now on (section 11.5). */
export async function saveBegun(host: Host, query: Query, call: Call, begun: Begun): Promise<void> {
  const { appId, productId, startTime } = begun.subscription;
  const product = await loadProduct(query, appId, productId);
  const { subscription } =
    product === undefined ? begun : announcePrice(begun.subscription, { ...product, at: startTime });
  await insertSubscription(query, { ...subscription, entryCount: begun.entries.length });
  const { entries, payments } = begun;
  for (const payment of payments) await insertPurchase(query, payment);
  await writeLedger(host, query, call, { thing: subscription, count: 0, entries, payments });
}

/** The charge that a first payment is, approved and numbered 0. */
export function firstCharge(purchase: Purchase, amountMicros: number): Charge {
  const { appId, purchaseToken, purchaseId, currency, paymentMethod, purchaseTime } = purchase;
  return {
    ...{ appId, purchaseToken, number: 0, kind: 'purchase', cycle: 0, purchaseId, amountMicros, currency },
    ...{ paymentMethod, outcome: 'approve', state: 'approved', unansweredCount: 0 },
    ...{ askedAt: purchaseTime, answeredAt: purchaseTime, askAgainAt: null },
  };
}

/** A refund for money that goes back; the sandbox's gateway takes it at once, another is asked for it afterwards. */
export function refund(
  host: Host,
  thing: Pick<Purchase, 'appId' | 'purchaseToken' | 'paymentMethod'>,
  entry: Entry,
  given: { number: number; cycle: number },
): Charge {
  const { appId, purchaseToken, paymentMethod } = thing;
  const { purchaseId, currency, at } = entry;
  const atOnce = host.gateway.answerAtOnce !== undefined;
  return {
    ...{ appId, purchaseToken, ...given, kind: 'refund', purchaseId, currency, paymentMethod },
    ...{ amountMicros: -entry.amountMicros, outcome: 'approve', unansweredCount: 0, askedAt: at },
    ...(atOnce
      ? { state: 'approved', answeredAt: at, askAgainAt: null }
      : { state: 'asked', answeredAt: null, askAgainAt: host.clock() }),
  };
}

function refundsOf(host: Host, subscription: Subscription, entries: readonly Entry[]): Charge[] {
  return entries
    .filter(({ amountMicros }) => amountMicros < 0)
    .map((entry, index) => {
      const number = subscription.chargeCount + index;
      return refund(host, subscription, entry, { number, cycle: cycleOf(subscription, entry) });
    });
}

/** Which payment goes back: the one voided, or one that was confirmed too late to become a payment. */
function cycleOf({ firstPurchaseId, cycle }: Subscription, { what, purchaseId }: Entry): number {
  if (what === 'refunded') return cycle + 1;
  return purchaseId === firstPurchaseId ? 0 : cycle;
}

/** The payment that an entry is about follows it. */
async function applyToPayment(query: Query, subscription: Subscription, entry: Entry): Promise<void> {
  const { appId, purchaseToken } = subscription;
  const { purchaseId, at, detail } = entry;
  const key = { appId, purchaseToken, purchaseId };
  if (entry.what === 'acknowledged') await acknowledgePayment(query, key, at);
  if (entry.what === 'voided' || entry.what === 'replaced')
    await voidPayment(query, key, { at, reason: detail });
}
