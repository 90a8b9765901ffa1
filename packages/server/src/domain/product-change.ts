// A buyer goes from one subscription product to another (section 11.6): what the rest is worth, and what it becomes.
import type { ProductChangeMode } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import {
  longestConversion,
  nextDay,
  nextPayment,
  nominalUnits,
  paymentAfter,
  unitsBetween,
} from './billing-calendar.ts';
import type { Charge } from './charge.ts';
import { firstPurchaseToken } from './identifiers.ts';
import { payable } from './money.ts';
import type { Terms } from './product.ts';
import {
  type Begun,
  changed,
  endNow,
  entry,
  type Subscription,
  type SubscriptionChange,
  type SwitchTo,
  scheduled,
} from './subscription.ts';
import { begin, type SubscriptionOrder } from './subscription-begin.ts';

/** The product that the buyer wants instead. */
export interface Target {
  productId: string;
  priceMicros: number;
  currency: string;
  terms: Terms;
  priceSeq: number;
}

/** The names of the purchase that begins the new subscription. */
export interface Names {
  purchaseId: string;
  purchaseToken: string;
  orderId: string;
}

/** Both sides of a change that happens at once. */
export interface ProductChange {
  replaced: SubscriptionChange;
  begun: Begun;
}

/**
 * What the change costs now: nothing, but for the difference of the rest in mode `IMMEDIATE_AND_CHARGE_PRORATED_PRICE`.
 * Refusal: `InvalidState` where this subscription, or this target, cannot be changed so.
 */
export function changeProduct(
  before: Subscription,
  target: Target,
  given: {
    mode: Exclude<ProductChangeMode, 'DEFERRED'>;
    names: Names;
    mustAcknowledge: boolean;
    developerPayload: string | null;
  },
  now: number,
): ProductChange {
  refuseUnchangeable(before, target, given.mode);
  const rest = restOf(before, now);
  const order = orderOf(before, target, given, now);
  const promotion = given.mode === 'IMMEDIATE_WITH_TIME_PRORATION' ? target.terms.promotion : null;
  const common = {
    what: 'purchased',
    shownPriceMicros: target.priceMicros,
    periodStartAt: nextDay(before, now),
    trial: false,
    promotional: false,
    promotionLeft: promotion?.payments ?? 0,
    linkedPurchaseToken: before.purchaseToken,
    detail: `a change from ${before.productId}, ${given.mode}`,
  } as const;
  const begun = begin(order, given.mustAcknowledge, {
    ...common,
    ...(given.mode === 'IMMEDIATE_WITH_TIME_PRORATION'
      ? converted(before, target, rest, now)
      : kept(before, target, rest, given.mode)),
  });
  return { replaced: replace(before, begun.subscription, now), begun };
}

/** The change happens with the next payment; until then everything stays. Refusal: `InvalidState`. */
export function scheduleSwitch(
  before: Subscription,
  target: Target,
  given: { mustAcknowledge: boolean },
  now: number,
): SubscriptionChange {
  refuseUnchangeable(before, target, 'DEFERRED');
  if (!before.renewing) {
    throw new Refusal('InvalidState', {
      detail: 'it is cancelled, so there is no next payment to change with',
    });
  }
  const { productId, priceMicros, priceSeq } = target;
  const terms: Terms = { ...target.terms, trialDays: 0, promotion: null };
  const switchTo: SwitchTo = { productId, priceMicros, terms, priceSeq, ...given };
  const detail = `to ${productId}`;
  return changed(
    { ...before, switchTo, priceChanges: [], pause: null, attemptAt: before.nextPaymentAt },
    entry(before, 'switchScheduled', now, 'buyer', { detail }),
  );
}

/** The buyer has got the product elsewhere meanwhile: the subscription goes on as it is. */
export function dropSwitch(before: Subscription, at: number): SubscriptionChange {
  const detail = `the buyer has ${before.switchTo?.productId} already`;
  return changed({ ...before, switchTo: null }, entry(before, 'switchDropped', at, 'time', { detail }));
}

/** The payment that a switch waited for was made: the new product begins with it, under a token of its own. */
export function switchProduct(
  before: Subscription,
  to: SwitchTo,
  { amountMicros }: Charge,
  given: { names: { purchaseId: string; orderId: string }; at: number; paidFrom: number },
): SubscriptionChange {
  const { at, paidFrom } = given;
  const { purchaseId, orderId } = given.names;
  const names = { purchaseId, orderId, purchaseToken: firstPurchaseToken(purchaseId, 'subscription') };
  const target: Target = { ...to, currency: before.currency };
  const order = orderOf(before, target, { names, developerPayload: before.developerPayload }, at);
  const begun = begin(order, to.mustAcknowledge, {
    what: 'switched',
    paidMicros: amountMicros,
    shownPriceMicros: to.priceMicros,
    nextPaymentAt: nextPayment(before, paidFrom, to.terms.period),
    periodStartAt: paidFrom,
    periodValueMicros: to.priceMicros,
    creditMicros: before.creditMicros - (to.priceMicros - amountMicros),
    trial: false,
    promotional: false,
    promotionLeft: 0,
    linkedPurchaseToken: before.purchaseToken,
    detail: `a change from ${before.productId}`,
  });
  const replaced = replace({ ...before, openCharge: null }, begun.subscription, at);
  return { ...replaced, begun: before.renewing ? begun : cancelled(begun, before.cancelReason, at) };
}

/** It was cancelled while the answer of its payment was missing: it is used to the end of what is paid for. */
function cancelled(begun: Begun, cancelReason: Subscription['cancelReason'], at: number): Begun {
  const none = { renewing: false, attemptAt: null, cancelledAt: at, cancelReason };
  return { ...begun, subscription: scheduled({ ...begun.subscription, ...none }) };
}

/** The rest of the running period: whole days behind today, and what they are worth. */
export function restOf(before: Subscription, now: number): { units: number; valueMicros: number } {
  const all = unitsBetween(before, before.periodStartAt, before.nextPaymentAt);
  const units = Math.min(all, unitsBetween(before, nextDay(before, now), before.nextPaymentAt));
  const valueMicros = all === 0 ? 0 : share(before.periodValueMicros, units, all);
  return { units, valueMicros };
}

/**
 * `IMMEDIATE_WITH_TIME_PRORATION`: the rest becomes days of the new product. What no whole day can be had for, or more
 * days than anybody will see, is credit.
 */
function converted(
  before: Subscription,
  { priceMicros, terms }: Target,
  { valueMicros }: { valueMicros: number },
  now: number,
) {
  const nominal = nominalUnits(before, terms.period);
  const value = writable(valueMicros + before.creditMicros);
  const had = priceMicros === 0 ? 0 : share(value, nominal, priceMicros);
  const units = Math.min(had, longestConversion(before));
  const periodValueMicros = Math.min(value, shareUp(units, priceMicros, nominal));
  const creditMicros = value - periodValueMicros;
  const nextPaymentAt = paymentAfter(before, nextDay(before, now), units);
  return { paidMicros: 0, nextPaymentAt, periodValueMicros, creditMicros };
}

/** The two modes that keep the payment day: with the difference of the rest charged now, or without. */
function kept(
  before: Subscription,
  target: Target,
  { units, valueMicros }: { units: number; valueMicros: number },
  mode: 'IMMEDIATE_AND_CHARGE_PRORATED_PRICE' | 'IMMEDIATE_WITHOUT_PRORATION',
) {
  const { nextPaymentAt, creditMicros, currency } = before;
  const wanted = mode === 'IMMEDIATE_WITHOUT_PRORATION' ? 0 : costOf(before, target, units) - valueMicros;
  const paidMicros = payable(writable(Math.max(0, wanted)), currency);
  return { paidMicros, nextPaymentAt, periodValueMicros: valueMicros + paidMicros, creditMicros };
}

/** What the new product costs for the rest of a period of the old one: the same part of its price, months as 30 days. */
function costOf(before: Subscription, { priceMicros, terms }: Target, units: number): number {
  const all = unitsBetween(before, before.periodStartAt, before.nextPaymentAt);
  if (all === 0) return 0;
  const whole = nextPayment(before, before.periodStartAt, before.terms.period) === before.nextPaymentAt;
  const nominal = whole ? nominalUnits(before, before.terms.period) : all;
  return share(share(priceMicros, nominal, nominalUnits(before, terms.period)), units, all);
}

/** It ends at once, without money: what is left of it went into the new one. */
function replace(before: Subscription, by: Subscription, at: number): SubscriptionChange {
  const replaced: Subscription = {
    ...endNow(before, at),
    acknowledgeBy: null,
    cancelReason: 1,
    voidedAt: at,
    periodValueMicros: 0,
    creditMicros: 0,
  };
  return changed(replaced, entry(before, 'replaced', at, 'buyer', { detail: `by ${by.purchaseToken}` }));
}

function refuseUnchangeable(before: Subscription, target: Target, mode: ProductChangeMode): void {
  const detail = whyNot(before, target, mode);
  if (detail !== undefined) throw new Refusal('InvalidState', { fields: ['replaces'], detail });
}

function whyNot(before: Subscription, target: Target, mode: ProductChangeMode): string | undefined {
  if (before.type !== 'subscription') return 'only a subscription can be changed';
  if (before.status !== 'active' || before.paymentFailed || before.openCharge !== null) {
    return 'only a running, paid subscription can be changed';
  }
  if (before.productId === target.productId) return 'it is of this product already';
  if (before.currency !== target.currency) return 'the products have different currencies';
  if (before.promotional || before.promotionLeft > 0) return 'it is on a promotion';
  if (before.pause !== null) return 'a pause is scheduled';
  if (mode === 'IMMEDIATE_AND_CHARGE_PRORATED_PRICE' && !isUpgrade(before, target)) {
    return 'this mode is for a product that costs more';
  }
  return undefined;
}

/** Prices of different periods compare by the day, months as 30 days. */
function isUpgrade(before: Subscription, target: Target): boolean {
  const of = (price: number, units: number) => BigInt(price) * BigInt(units);
  const [old, wanted] = [before.terms.period, target.terms.period];
  return (
    of(target.priceMicros, nominalUnits(before, old)) > of(before.priceMicros, nominalUnits(before, wanted))
  );
}

function orderOf(
  before: Subscription,
  target: Target,
  { names, developerPayload }: { names: Names; developerPayload: string | null },
  at: number,
): SubscriptionOrder {
  const { appId, worldId, market, country, buyerId, paymentMethod, calendar } = before;
  const { productId, priceMicros, currency, priceSeq } = target;
  return {
    ...{ appId, worldId, ...names, productId, type: 'subscription', market, country, buyerId, quantity: 1 },
    ...{ developerPayload, productName: null, priceMicros, currency, paymentMethod, purchaseTime: at },
    ...{ calendar, terms: { ...target.terms, trialDays: 0 }, priceSeq },
  };
}

function writable(micros: number): number {
  if (Number.isSafeInteger(micros)) return micros;
  throw new Refusal('InvalidState', { fields: ['replaces'], detail: 'the amount is too large' });
}

/** `amount * part / whole`, rounded down; exact, although the product may be beyond the safe integers. */
function share(amount: number, part: number, whole: number): number {
  return Number((BigInt(amount) * BigInt(part)) / BigInt(whole));
}

function shareUp(amount: number, part: number, whole: number): number {
  return Number((BigInt(amount) * BigInt(part) + BigInt(whole) - 1n) / BigInt(whole));
}
