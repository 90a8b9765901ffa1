// A paid order, and the rules of a managed product's purchase: bought, acknowledged, consumed, voided.
import type { Market, PaymentMethod, ProductType } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { carriedOutAt, type WorldClock } from './clock.ts';
import type { Cause, Entry } from './ledger.ts';
import { acknowledgeWithinMs } from './policy.ts';

/** One paid order. Instants are epoch ms of the world's clock, money is micros of `currency`. */
export interface Purchase {
  appId: string;
  worldId: string;
  purchaseToken: string;
  purchaseId: string;
  orderId: string;
  productId: string;
  type: ProductType;
  market: Market;
  country: string;
  buyerId: string;
  quantity: number;
  developerPayload: string | null;
  productName: string | null;
  /** Of one piece. */
  priceMicros: number;
  currency: string;
  paymentMethod: PaymentMethod;
  purchaseTime: number;
  acknowledgedAt: number | null;
  consumedAt: number | null;
  voidedAt: number | null;
  voidReason: string | null;
  /** The earliest instant at which time alone would change it. */
  dueAt: number | null;
  entryCount: number;
  rev: number;
}

/** A purchase that is about to be made: before it is signed, stored and written into the ledger. */
export type PurchaseOrder = Omit<
  Purchase,
  'acknowledgedAt' | 'consumedAt' | 'voidedAt' | 'voidReason' | 'dueAt' | 'entryCount' | 'rev'
>;

/** What a rule returns: the thing as it is now, and what happened to it. Nothing happened: no entries. */
export interface Change<P = Purchase> {
  purchase: P;
  entries: Entry[];
}

export type PurchaseState = 'purchased' | 'acknowledged' | 'consumed' | 'voided';

/** Where a purchase stands; the later step hides the earlier one. */
export function purchaseState(purchase: Purchase): PurchaseState {
  if (purchase.voidedAt !== null) return 'voided';
  if (purchase.consumedAt !== null) return 'consumed';
  return purchase.acknowledgedAt === null ? 'purchased' : 'acknowledged';
}

/** May the buyer use it now? A consumed item is used up, a voided one was taken back. */
export function entitled(purchase: Purchase): boolean {
  return purchase.voidedAt === null && purchase.consumedAt === null;
}

/** A completed payment: the purchase begins, and so does the time in which it must be acknowledged (section 4.2). */
export function buy(order: PurchaseOrder, mustAcknowledge: boolean): Change {
  const purchase: Purchase = {
    ...order,
    acknowledgedAt: null,
    consumedAt: null,
    voidedAt: null,
    voidReason: null,
    dueAt: mustAcknowledge ? order.purchaseTime + acknowledgeWithinMs : null,
    entryCount: 0,
    rev: 1,
  };
  return changed(purchase, entry(purchase, 'purchased', order.purchaseTime, 'buyer', paidMicros(order)));
}

/**
 * Confirms a purchase; confirming again changes nothing (section 13, row 24).
 * Refusals: `InvalidPurchaseState`, `DeveloperPayloadNotMatch`.
 */
export function acknowledge(
  purchase: Purchase,
  given: { developerPayload?: string | null | undefined; cause: Cause },
  now: number,
): Change {
  checkCompleted(purchase);
  checkPayload(purchase, given.developerPayload);
  if (purchase.acknowledgedAt !== null) return { purchase, entries: [] };
  const acknowledged = { ...purchase, acknowledgedAt: now, dueAt: null };
  return changed(acknowledged, entry(purchase, 'acknowledged', now, given.cause));
}

/**
 * Uses a managed product up; this counts as acknowledging (section 4.3). The state is judged before the payload
 * (section 13, row 23). Refusals: `InvalidPurchaseState`, `InvalidConsumeState`, `DeveloperPayloadNotMatch`.
 */
export function consume(
  purchase: Purchase,
  given: { developerPayload?: string | null | undefined; cause: Cause },
  now: number,
): Change {
  checkCompleted(purchase);
  if (purchase.consumedAt !== null || purchase.type !== 'inapp') throw new Refusal('InvalidConsumeState');
  checkPayload(purchase, given.developerPayload);
  const acknowledgedAt = purchase.acknowledgedAt ?? now;
  const consumed = { ...purchase, consumedAt: now, acknowledgedAt, dueAt: null };
  return changed(consumed, entry(purchase, 'consumed', now, given.cause));
}

/** As much of a purchase as must be known to void it. */
export type Voidable = Pick<
  Purchase,
  'purchaseId' | 'quantity' | 'priceMicros' | 'currency' | 'voidedAt' | 'voidReason' | 'dueAt'
>;

/** What is told of a purchase, and what must be known to settle it. */
export type PurchaseDetails = Voidable &
  Pick<
    Purchase,
    'productId' | 'type' | 'market' | 'developerPayload' | 'purchaseTime' | 'acknowledgedAt' | 'consumedAt'
  >;

/** Takes a purchase back and returns the money. A second time is refused with `InvalidState`. */
export function voidPurchase<P extends Voidable>(
  purchase: P,
  given: { reason: string | null; cause: Cause },
  at: number,
): Change<P> {
  if (purchase.voidedAt !== null) {
    throw new Refusal('InvalidState', { detail: 'the purchase is voided already' });
  }
  const voided = { ...purchase, voidedAt: at, voidReason: given.reason, dueAt: null };
  return changed(voided, entry(purchase, 'voided', at, given.cause, -paidMicros(purchase), given.reason));
}

/** Applies what is due by time alone up to `now`: the void of a purchase that nobody acknowledged in time. */
export function settle<P extends Voidable>(purchase: P, clock: WorldClock, now: number): Change<P> {
  if (purchase.dueAt === null || purchase.dueAt > now) return { purchase, entries: [] };
  const at = carriedOutAt(clock, purchase.dueAt, now);
  return voidPurchase(purchase, { reason: 'not acknowledged within three days', cause: 'time' }, at);
}

/** What the buyer paid in all. */
export function paidMicros(purchase: Pick<Purchase, 'priceMicros' | 'quantity'>): number {
  return purchase.priceMicros * purchase.quantity;
}

function checkCompleted(purchase: Purchase): void {
  if (purchase.voidedAt !== null) throw new Refusal('InvalidPurchaseState');
}

/** Absent, `null` and empty mean "not given" (section 4.2). */
export function checkPayload(
  purchase: Pick<Purchase, 'developerPayload'>,
  given: string | null | undefined,
): void {
  if (given === undefined || given === null || given === '') return;
  if (given !== (purchase.developerPayload ?? '')) throw new Refusal('DeveloperPayloadNotMatch');
}

function changed<P>(purchase: P, happened: Entry): Change<P> {
  return { purchase, entries: [happened] };
}

function entry(
  purchase: Pick<Purchase, 'purchaseId' | 'currency'>,
  what: Entry['what'],
  at: number,
  cause: Cause,
  amountMicros = 0,
  detail: string | null = null,
): Entry {
  const { purchaseId, currency } = purchase;
  return { at, what, purchaseId, amountMicros, currency, cause, detail };
}
