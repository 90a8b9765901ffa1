// What goes on under the token of a monthly product or a subscription (section 11). Its payments are purchases.
import type {
  Environment,
  Market,
  PaymentMethod,
  PaymentOutcome,
  SubscriptionState,
} from '@till/protocol/codes';
import { endOfGrace, endOfPeriod, nextPayment, paymentAfterTrial } from './billing-calendar.ts';
import type { Cause, Entry } from './ledger.ts';
import { acknowledgeWithinMs } from './policy.ts';
import type { Terms } from './product.ts';
import type { Purchase, PurchaseOrder } from './purchase.ts';

/** Instants are epoch ms of the world's clock, money is micros of `currency`. */
export interface Subscription {
  appId: string;
  worldId: string;
  purchaseToken: string;
  productId: string;
  type: 'auto' | 'subscription';
  market: Market;
  country: string;
  buyerId: string;
  developerPayload: string | null;
  productName: string | null;
  /** Real or shortened periods: the world's choice when it was bought. */
  calendar: Environment;
  terms: Terms;
  /** Of the next payment. */
  priceMicros: number;
  currency: string;
  paymentMethod: PaymentMethod;
  /** How the sandbox's gateway answers the next charges. */
  paymentOutcome: PaymentOutcome;
  status: 'active' | 'grace' | 'hold' | 'expired' | 'revoked';
  /** No cancellation has been asked for. */
  renewing: boolean;
  /** The running period is a free trial. */
  trial: boolean;
  /** The payment that is due was declined, or its answer is still missing at the end of the period. */
  paymentFailed: boolean;
  startTime: number;
  firstPurchaseId: string;
  firstPaidMicros: number;
  acknowledgedAt: number | null;
  /** When it is voided unless it has been acknowledged; only the first payment needs that. */
  acknowledgeBy: number | null;
  /** The latest payment, counted from 0. */
  cycle: number;
  lastPurchaseId: string;
  lastPaidMicros: number;
  /** The day of the next payment; on hold, the next attempt. After a cancellation, when it would have been. */
  nextPaymentAt: number;
  /** When the gateway is asked next; `null` where it is not. */
  attemptAt: number | null;
  /** The last instant of what was paid for, or of the grace behind it once that is over. */
  expiresAt: number;
  /** The last instant of the present state: of the paid period, the grace or the hold. */
  endsAt: number | null;
  cancelledAt: number | null;
  /** 0: the buyer or the developer asked for it, 1: anything else. */
  cancelReason: 0 | 1 | null;
  voidedAt: number | null;
  linkedPurchaseToken: string | null;
  chargeCount: number;
  /** The number of the charge that has no answer yet. */
  openCharge: number | null;
  /** The earliest instant at which time alone, or a charge, changes it. */
  dueAt: number | null;
  /** On the machine's clock: until then the charge is another node's to ask for. */
  leaseUntil: number;
  entryCount: number;
  rev: number;
}

/** What a rule returns: the subscription as it is now, what happened to it, and the payments that were made. */
export interface SubscriptionChange {
  subscription: Subscription;
  entries: Entry[];
  payments: Purchase[];
}

/** A subscription that is about to be bought. `trialDays` is 0 where the buyer gets no free trial. */
export interface SubscriptionOrder extends PurchaseOrder {
  type: 'auto' | 'subscription';
  calendar: Environment;
  terms: Terms;
}

/** What time does next, in this order where two things fall due at once. */
export type Step = 'unacknowledged' | 'charge' | 'end';

/** Where a subscription stands, in the words of section 11.1. */
export function subscriptionState({ status, renewing }: Subscription): SubscriptionState {
  return status === 'active' && !renewing ? 'cancelScheduled' : status;
}

/** It has not ended: it may still be used, or paid for. */
export function isLive({ status }: Pick<Subscription, 'status'>): boolean {
  return status === 'active' || status === 'grace' || status === 'hold';
}

/**
 * The end of use as a server sees it at `now`. In grace that is the end of what was paid for while this lies ahead,
 * then the end of grace (section 11.2, the published snapshot; 11.1).
 */
export function expiryAt({ status, expiresAt, endsAt }: Subscription, now: number): number {
  return status === 'grace' && now > expiresAt && endsAt !== null ? endsAt : expiresAt;
}

/** May the buyer use it at `now`? */
export function mayUse(subscription: Subscription, now: number): boolean {
  const { status } = subscription;
  return (status === 'active' || status === 'grace') && now <= expiryAt(subscription, now);
}

/** Will a payment follow the running period? */
export function autoRenewing(subscription: Subscription): boolean {
  return subscription.renewing && isLive(subscription);
}

/** 0 not paid, 1 paid, 2 free trial; `null` once it has ended (section 6.1). */
export function paymentState(subscription: Subscription): 0 | 1 | 2 | null {
  if (!isLive(subscription)) return null;
  if (subscription.paymentFailed) return 0;
  return subscription.trial ? 2 : 1;
}

/** The first payment was made, or the free trial begins. */
export function subscribe(order: SubscriptionOrder, mustAcknowledge: boolean): SubscriptionChange {
  const { calendar, terms, quantity, ...bought } = order;
  const at = order.purchaseTime;
  const trial = terms.trialDays > 0;
  const nextPaymentAt = trial
    ? paymentAfterTrial(order, at, terms.trialDays)
    : nextPayment(order, at, terms.period);
  const paidMicros = trial ? 0 : order.priceMicros;
  const expiresAt = endOfPeriod(order, nextPaymentAt);
  const { purchaseId, orderId, purchaseTime, ...common } = bought;
  const subscription = scheduled({
    ...common,
    calendar,
    terms,
    paymentOutcome: 'approve',
    status: 'active',
    renewing: true,
    trial,
    paymentFailed: false,
    startTime: purchaseTime,
    firstPurchaseId: purchaseId,
    firstPaidMicros: paidMicros,
    acknowledgedAt: null,
    acknowledgeBy: mustAcknowledge ? at + acknowledgeWithinMs : null,
    cycle: 0,
    lastPurchaseId: purchaseId,
    lastPaidMicros: paidMicros,
    nextPaymentAt,
    attemptAt: nextPaymentAt,
    expiresAt,
    endsAt: expiresAt,
    cancelledAt: null,
    cancelReason: null,
    voidedAt: null,
    linkedPurchaseToken: null,
    chargeCount: 1,
    openCharge: null,
    dueAt: null,
    leaseUntil: 0,
    entryCount: 0,
    rev: 1,
  });
  const payment = paymentOf(subscription, { purchaseId, orderId, at, amountMicros: paidMicros });
  const days = `${terms.trialDays} day${terms.trialDays === 1 ? '' : 's'}`;
  const detail = trial ? `a free trial of ${days}` : null;
  const happened = entry(subscription, 'purchased', at, 'buyer', { amountMicros: paidMicros, detail });
  return { subscription, entries: [happened], payments: [{ ...payment, acknowledgedAt: null }] };
}

/** What falls due first, and when; undefined where nothing ever will. */
export function nextStep(subscription: Subscription): { at: number; step: Step } | undefined {
  const { acknowledgeBy, attemptAt, endsAt } = subscription;
  const steps: { at: number; step: Step }[] = [];
  if (acknowledgeBy !== null) steps.push({ at: acknowledgeBy, step: 'unacknowledged' });
  if (attemptAt !== null) steps.push({ at: attemptAt, step: 'charge' });
  // the last instant of a state still belongs to it
  if (endsAt !== null) steps.push({ at: endsAt + 1, step: 'end' });
  return steps.reduce<{ at: number; step: Step } | undefined>(
    (first, next) => (first === undefined || next.at < first.at ? next : first),
    undefined,
  );
}

/** With `dueAt` as the rest of it says. */
export function scheduled(subscription: Subscription): Subscription {
  return { ...subscription, dueAt: nextStep(subscription)?.at ?? null };
}

/** Nothing happened. */
export function unchanged(subscription: Subscription): SubscriptionChange {
  return { subscription, entries: [], payments: [] };
}

/** It changed, and this is what happened to it. */
export function changed(subscription: Subscription, ...entries: Entry[]): SubscriptionChange {
  return { subscription: scheduled(subscription), entries, payments: [] };
}

/** Both changes as one: the second rule is given what the first one made. */
export function andThen(
  first: SubscriptionChange,
  rule: (subscription: Subscription) => SubscriptionChange,
): SubscriptionChange {
  const second = rule(first.subscription);
  return {
    subscription: second.subscription,
    entries: [...first.entries, ...second.entries],
    payments: [...first.payments, ...second.payments],
  };
}

/** Of the latest payment, unless another is named. */
export function entry(
  subscription: Subscription,
  what: Entry['what'],
  at: number,
  cause: Cause,
  given: { amountMicros?: number; detail?: string | null; purchaseId?: string } = {},
): Entry {
  const { amountMicros = 0, detail = null, purchaseId = subscription.lastPurchaseId } = given;
  return { at, what, purchaseId, amountMicros, currency: subscription.currency, cause, detail };
}

/** The purchase that a payment makes. Only the first of a subscription needs acknowledging (section 11.4). */
export function paymentOf(
  subscription: Subscription,
  payment: { purchaseId: string; orderId: string; at: number; amountMicros: number },
): Purchase {
  const { appId, worldId, purchaseToken, productId, type, market, country, buyerId } = subscription;
  const { developerPayload, productName, currency, paymentMethod } = subscription;
  const { purchaseId, orderId, at, amountMicros } = payment;
  return {
    ...{ appId, worldId, purchaseToken, purchaseId, orderId, productId, type, market, country, buyerId },
    ...{ quantity: 1, developerPayload, productName, priceMicros: amountMicros, currency, paymentMethod },
    ...{ purchaseTime: at, acknowledgedAt: at, consumedAt: null, voidedAt: null, voidReason: null },
    ...{ dueAt: null, entryCount: 0, rev: 1 },
  };
}

/** The end of the grace that begins with a failed payment; undefined where the product has none. */
export function graceEnd(subscription: Subscription): number | undefined {
  const { type, terms, expiresAt } = subscription;
  if (type === 'auto' || terms.graceDays === 0) return undefined;
  return endOfGrace(subscription, expiresAt, terms.graceDays);
}
