// What goes on under the token of a monthly product or a subscription (section 11). Its payments are purchases.
import type {
  Environment,
  Market,
  PaymentMethod,
  PaymentOutcome,
  SubscriptionState,
} from '@till/protocol/codes';
import {
  endOfDay,
  endOfGrace,
  endOfPause,
  endOfPeriod,
  nextPayment,
  paymentAfterTrial,
} from './billing-calendar.ts';
import type { Cause, Entry } from './ledger.ts';
import { payable } from './money.ts';
import { acknowledgeWithinMs } from './policy.ts';
import type { Terms } from './product.ts';
import type { Purchase, PurchaseOrder } from './purchase.ts';

/** A change of price that waits for its day (section 11.5). */
export interface PriceChange {
  /** Counts the changes of one subscription, from 1. */
  seq: number;
  previousMicros: number;
  newMicros: number;
  /** When the price of the product was changed. */
  startedAt: number;
  /** When the buyer is told of it; before, nothing shows. */
  toldAt: number;
  told: boolean;
  /** A rise: it applies only where the buyer has agreed. */
  needsConsent: boolean;
  agreed: boolean;
  /** The first payment from then on has the new price, or ends the subscription. */
  dueAt: number;
}

/** A pause that is scheduled or runs: so many weeks or months after the paid period. */
export interface Pause {
  count: number;
  unit: 'week' | 'month';
}

/** A change of product that happens with the next payment. */
export interface SwitchTo {
  productId: string;
  priceMicros: number;
  terms: Terms;
  priceSeq: number;
  mustAcknowledge: boolean;
}

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
  status: 'active' | 'grace' | 'hold' | 'paused' | 'expired' | 'revoked';
  /** No cancellation has been asked for. */
  renewing: boolean;
  /** The running period is a free trial. */
  trial: boolean;
  /** Payments that the promotion still covers. */
  promotionLeft: number;
  /** The running period was paid at the price of the promotion. */
  promotional: boolean;
  /** The payment that is due was declined, or its answer is still missing at the end of the period. */
  paymentFailed: boolean;
  startTime: number;
  /** When something happened to it last. */
  changedAt: number;
  firstPurchaseId: string;
  firstPaidMicros: number;
  acknowledgedAt: number | null;
  /** When it is voided unless it has been acknowledged; only the first payment needs that. */
  acknowledgeBy: number | null;
  /** The latest payment, counted from 0. */
  cycle: number;
  lastPurchaseId: string;
  lastPaidMicros: number;
  /** The price of the running period, whatever was paid for it. */
  shownPriceMicros: number;
  /** From which day on the running period counts, and what it is worth: what a change of product converts. */
  periodStartAt: number;
  periodValueMicros: number;
  /** What a change of product left over: the next payments are less by it. */
  creditMicros: number;
  /** How many changes of its product's price it has been told of, or was bought after. */
  priceSeq: number;
  priceChanges: readonly PriceChange[];
  pause: Pause | null;
  switchTo: SwitchTo | null;
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
  /** The subscription that a change of product begins. */
  begun?: Begun | undefined;
}

/** A subscription that begins: with its first payment and what is written about it. */
export interface Begun {
  subscription: Subscription;
  entries: Entry[];
  payments: Purchase[];
}

/** A subscription that is about to be bought. Its terms have no trial and no promotion where the buyer gets none. */
export interface SubscriptionOrder extends PurchaseOrder {
  type: 'auto' | 'subscription';
  calendar: Environment;
  terms: Terms;
  priceSeq: number;
}

/** What time does next, in this order where two things fall due at once. */
export type Step = 'unacknowledged' | 'tell' | 'refuse' | 'charge' | 'end';

/** Where a subscription stands, in the words of section 11.1. */
export function subscriptionState({ status, renewing }: Subscription): SubscriptionState {
  return status === 'active' && !renewing ? 'cancelScheduled' : status;
}

/** It has not ended: it may still be used, or paid for. */
export function isLive({ status }: Pick<Subscription, 'status'>): boolean {
  return status === 'active' || status === 'grace' || status === 'hold' || status === 'paused';
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

/** 0 not paid, 1 paid, 2 free trial, 3 a change of product waits; `null` once it has ended (section 6.1). */
export function paymentState(subscription: Subscription): 0 | 1 | 2 | 3 | null {
  if (!isLive(subscription)) return null;
  if (subscription.paymentFailed || subscription.status === 'paused') return 0;
  if (subscription.switchTo !== null) return 3;
  return subscription.trial ? 2 : 1;
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

/** What a payment at `at` costs: the promotion's price, or the one that applies by then. */
export function priceAt(subscription: Subscription, at: number): number {
  const { promotionLeft, terms, priceMicros, priceChanges, switchTo } = subscription;
  if (switchTo !== null) return switchTo.priceMicros;
  if (promotionLeft > 0 && terms.promotion !== null) return terms.promotion.priceMicros;
  const applied = priceChanges.filter((change) => applies(change, at)).at(-1);
  return applied?.newMicros ?? priceMicros;
}

/** What the next payment will cost, as far as the buyer has been told. */
export function nextPrice(subscription: Subscription): number {
  const priceChanges = subscription.priceChanges.filter(({ told }) => told);
  const price = priceAt({ ...subscription, priceChanges }, subscription.nextPaymentAt);
  return price - creditIn(subscription, price);
}

/** A pause that is scheduled or runs: its first and last instant, and the payment that ends it (section 11.3). */
export function pauseOf(
  subscription: Subscription,
): { startsAt: number; endsAt: number; resumesAt: number } | null {
  const { pause, status, expiresAt, nextPaymentAt, calendar } = subscription;
  if (pause === null) return null;
  const resumesAt =
    status === 'paused' ? nextPaymentAt : endOfPause(subscription, nextPaymentAt, pause.count, pause.unit);
  const startsAt = calendar === 'sandbox' ? expiresAt : expiresAt + 1_000;
  return { startsAt, endsAt: endOfDay(subscription, resumesAt), resumesAt };
}

/** What of the credit goes into a payment of this price; what is below a coin stays. */
export function creditIn(subscription: Subscription, priceMicros: number): number {
  return Math.min(payable(subscription.creditMicros, subscription.currency), priceMicros);
}

/** From its day on, a rise where it was agreed to. */
export function applies({ needsConsent, agreed, dueAt }: PriceChange, at: number): boolean {
  return at >= dueAt && (agreed || !needsConsent);
}

/** A payment at `at` would have a price that the buyer has not agreed to. */
function consentMissing(subscription: Subscription, at: number): boolean {
  const { priceChanges, promotionLeft, switchTo } = subscription;
  if (promotionLeft > 0 || switchTo !== null) return false;
  const newest = priceChanges.filter(({ dueAt }) => at >= dueAt).at(-1);
  return newest?.needsConsent === true && !newest.agreed;
}

/** What falls due first, and when; undefined where nothing ever will. */
export function nextStep(subscription: Subscription): { at: number; step: Step } | undefined {
  const { acknowledgeBy, attemptAt, endsAt, openCharge } = subscription;
  const untold = subscription.priceChanges.find(({ told }) => !told);
  const steps: { at: number; step: Step }[] = [];
  if (acknowledgeBy !== null) steps.push({ at: acknowledgeBy, step: 'unacknowledged' });
  if (untold !== undefined) steps.push({ at: untold.toldAt, step: 'tell' });
  if (attemptAt !== null) {
    const refused = openCharge === null && consentMissing(subscription, attemptAt);
    steps.push({ at: attemptAt, step: refused ? 'refuse' : 'charge' });
  }
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

/** The use ends at `at`; an end that has passed already stays what it was (section 13, row 38). */
export function endNow(before: Subscription, at: number): Subscription {
  const expiresAt = Math.min(expiryAt(before, at), at);
  return { ...stopped(before), status: 'revoked', expiresAt, cancelledAt: at };
}

/** No further payment, and nothing that waited; only a charge that is still without an answer is followed up. */
export function stopped(before: Subscription): Subscription {
  const attemptAt = before.openCharge === null ? null : before.attemptAt;
  const nothing = { priceChanges: [], pause: null, switchTo: null };
  return { ...before, ...nothing, renewing: false, endsAt: null, attemptAt };
}

/** Nothing happened. */
export function unchanged(subscription: Subscription): SubscriptionChange {
  return { subscription, entries: [], payments: [] };
}

/** It changed, and this is what happened to it. */
export function changed(subscription: Subscription, ...entries: Entry[]): SubscriptionChange {
  const changedAt = Math.max(subscription.changedAt, ...entries.map(({ at }) => at));
  return { subscription: scheduled({ ...subscription, changedAt }), entries, payments: [] };
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
    begun: second.begun ?? first.begun,
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
