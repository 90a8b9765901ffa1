// How a subscription begins: bought, or in the place of another.
import type { Environment } from '@till/protocol/codes';
import { endOfPeriod, nextPayment, paymentAfterTrial } from './billing-calendar.ts';
import { acknowledgeWithinMs } from './policy.ts';
import type { Terms } from './product.ts';
import type { PurchaseOrder } from './purchase.ts';
import { type Begun, entry, paymentOf, scheduled } from './subscription.ts';

/** A subscription that is about to be bought. Its terms have no trial and no promotion where the buyer gets none. */
export interface SubscriptionOrder extends PurchaseOrder {
  type: 'auto' | 'subscription';
  calendar: Environment;
  terms: Terms;
  priceSeq: number;
}

/** How a subscription begins: what is paid for it, and how far that reaches. */
export interface Begin {
  what: 'purchased' | 'switched';
  paidMicros: number;
  shownPriceMicros: number;
  nextPaymentAt: number;
  periodStartAt: number;
  periodValueMicros: number;
  creditMicros: number;
  trial: boolean;
  promotional: boolean;
  promotionLeft: number;
  linkedPurchaseToken: string | null;
  detail: string | null;
}

/** The first payment was made, or the free trial begins. */
export function subscribe(order: SubscriptionOrder, mustAcknowledge: boolean): Begun {
  const { terms, purchaseTime: at } = order;
  const trial = terms.trialDays > 0;
  const promotional = !trial && terms.promotion !== null;
  const price = promotional ? (terms.promotion?.priceMicros ?? 0) : order.priceMicros;
  return begin(order, mustAcknowledge, {
    what: 'purchased',
    paidMicros: trial ? 0 : price,
    shownPriceMicros: trial ? 0 : price,
    nextPaymentAt: trial
      ? paymentAfterTrial(order, at, terms.trialDays)
      : nextPayment(order, at, terms.period),
    periodStartAt: at,
    periodValueMicros: trial ? 0 : price,
    creditMicros: 0,
    trial,
    promotional,
    promotionLeft: (terms.promotion?.payments ?? 0) - (promotional ? 1 : 0),
    linkedPurchaseToken: null,
    detail: trial ? `a free trial of ${terms.trialDays} day${terms.trialDays === 1 ? '' : 's'}` : null,
  });
}

/** A subscription as it is at first, with its first payment. */
export function begin(
  { quantity, ...order }: SubscriptionOrder,
  mustAcknowledge: boolean,
  { what, detail, paidMicros, ...given }: Begin,
): Begun {
  const { purchaseId, orderId, purchaseTime: at, ...common } = order;
  const expiresAt = endOfPeriod(order, given.nextPaymentAt);
  const subscription = scheduled({
    ...common,
    ...given,
    paymentOutcome: 'approve',
    status: 'active',
    renewing: true,
    paymentFailed: false,
    startTime: at,
    changedAt: at,
    firstPurchaseId: purchaseId,
    firstPaidMicros: paidMicros,
    acknowledgedAt: null,
    acknowledgeBy: mustAcknowledge ? at + acknowledgeWithinMs : null,
    cycle: 0,
    lastPurchaseId: purchaseId,
    lastPaidMicros: paidMicros,
    priceChanges: [],
    pause: null,
    switchTo: null,
    // of what was cancelled and changed on its payment day, that day has come
    attemptAt: Math.max(given.nextPaymentAt, at),
    expiresAt,
    endsAt: expiresAt,
    cancelledAt: null,
    cancelReason: null,
    voidedAt: null,
    chargeCount: 1,
    openCharge: null,
    dueAt: null,
    leaseUntil: 0,
    entryCount: 0,
    rev: 1,
  });
  const payment = paymentOf(subscription, { purchaseId, orderId, at, amountMicros: paidMicros });
  const cause = what === 'purchased' ? 'buyer' : 'time';
  const happened = entry(subscription, what, at, cause, { amountMicros: paidMicros, detail });
  return { subscription, entries: [happened], payments: [{ ...payment, acknowledgedAt: null }] };
}
