// What goes on under the token of a monthly product or a subscription (section 11). Its payments are purchases.
import type { Environment, Market, PaymentMethod, PaymentOutcome } from '@till/protocol/codes';
import { endOfGrace } from './billing-calendar.ts';
import type { Cause, Entry } from './ledger.ts';
import type { Terms } from './product.ts';
import type { Purchase } from './purchase.ts';
import { consentMissing } from './subscription-price.ts';
import { expiryAt } from './subscription-state.ts';

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

/** What time does next, in this order where two things fall due at once. */
export type Step = 'unacknowledged' | 'tell' | 'refuse' | 'charge' | 'end';

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
