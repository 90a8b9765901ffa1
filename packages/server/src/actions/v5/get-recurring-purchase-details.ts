// V5 getRecurringPurchaseDetails and getLastRecurringPurchaseDetails: a monthly product by a payment's ID (section 8).
import { Refusal } from '@till/protocol/errors';
import type { Entry } from '../../domain/ledger.ts';
import type { Purchase } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import { loadPayment } from '../../store/purchases.ts';
import type { ServerCall } from '../call.ts';
import { readSubscriptionChange } from '../change-subscription.ts';
import type { SeenSubscription } from '../get-subscription-detail.ts';
import { findPurchase, type NamedById } from './find-purchase.ts';

/** The monthly product as it is now, and one of its payments. */
export interface SeenPayment extends SeenSubscription {
  payment: Purchase;
}

/** With the payment that was named. */
export async function getRecurringPurchaseDetails(
  host: Host,
  call: ServerCall,
  input: NamedById,
): Promise<SeenPayment> {
  return see(host, call, input, () => input.purchaseId);
}

/** With the latest payment, whichever was named. */
export async function getLastRecurringPurchaseDetails(
  host: Host,
  call: ServerCall,
  input: NamedById,
): Promise<SeenPayment> {
  return see(host, call, input, ({ lastPurchaseId }) => lastPurchaseId);
}

async function see(
  host: Host,
  call: ServerCall,
  input: NamedById,
  which: (subscription: SeenSubscription['subscription']) => string,
): Promise<SeenPayment> {
  const { appId, purchaseToken } = await findPurchase(host, call, input, { type: 'auto' });
  const wanted = { purchaseToken, absent: call.absent };
  const { subscription, entries } = await readSubscriptionChange(host, call, wanted);
  // read after the state, which may have made or voided it
  const purchaseId = which(subscription);
  const payment = await loadPayment(host.database, { appId, purchaseToken, purchaseId });
  if (payment === undefined) throw new Refusal(call.absent);
  return { subscription, payment: settled(payment, entries), call };
}

/** A void that is due but not stored yet is shown as if it had been, as the monthly product itself is. */
function settled(payment: Purchase, entries: readonly Entry[]): Purchase {
  const happened = entries.find(
    ({ what, purchaseId }) => what === 'voided' && purchaseId === payment.purchaseId,
  );
  return happened === undefined ? payment : { ...payment, voidedAt: happened.at };
}
