// What getSubscriptionDetail answers about a weekly subscription, whole, so that a test names what differs.
import assert from 'node:assert/strict';
import type { CallOptions } from '../server.ts';
import { korea } from './recurring.ts';
import { type Bought, noon, type Shop } from './shop.ts';

type Instant = number | null;
interface PromotionPrice {
  promotionPrice: string;
  promotionPriceMicros: number;
  promotionPeriod: number;
}
interface PriceChange {
  seq: number;
  previousPrice: string;
  previousPriceMicros: number;
  newPrice: string;
  newPriceMicros: number;
  applyTimeMillis: number;
  agreement: boolean;
  agreementDueDateTimeMillis: number;
}

/** A weekly subscription bought on the last of March at noon, as it is until something happens to it. */
export const fresh = {
  acknowledgementState: 0,
  autoRenewing: true,
  paymentState: 1 as number | null,
  lastPurchaseId: '',
  linkedPurchaseToken: null as string | null,
  priceAmount: '610',
  priceAmountMicros: 610_000_000,
  nextPriceAmount: '610',
  nextPriceAmountMicros: 610_000_000,
  nextPaymentTimeMillis: korea(4, 7, 10),
  pauseStartTimeMillis: null as Instant,
  pauseEndTimeMillis: null as Instant,
  priceCurrencyCode: 'KRW',
  countryCode: 'KR',
  startTimeMillis: noon,
  expiryTimeMillis: korea(4, 7, 23, 59, 59),
  autoResumeTimeMillis: null as Instant,
  cancelledTimeMillis: null as Instant,
  cancelReason: null as number | null,
  promotionPrice: null as PromotionPrice | null,
  priceChange: null as PriceChange | null,
};
export const acknowledged = { acknowledgementState: 1 };

export type Detail = typeof fresh;
export type Day = readonly [month: number, day: number];

/** The whole answer, every byte of it. */
export async function assertDetail(
  shop: Shop,
  purchase: Bought,
  changes: Partial<Detail>,
  options?: CallOptions,
): Promise<void> {
  const { text, status } = await shop.subscription.detail(purchase, options);
  const expected = JSON.stringify({ ...fresh, lastPurchaseId: purchase.purchaseId, ...changes });
  assert.deepEqual([status, text], [200, expected]);
}

/** The same after another payment than the first, which has an ID of its own. */
export async function assertRenewed(
  shop: Shop,
  purchase: Bought,
  changes: Partial<Detail>,
  options?: CallOptions,
): Promise<void> {
  const { lastPurchaseId } = (await shop.subscription.detail(purchase, options)).body;
  assert.notEqual(lastPurchaseId, purchase.purchaseId);
  await assertDetail(shop, purchase, { lastPurchaseId, ...changes }, options);
}

export async function lastIdOf(shop: Shop, purchase: Bought): Promise<string> {
  return (await shop.subscription.detail(purchase)).body.lastPurchaseId;
}

/** The members that show what is paid for now, and what for the next payment. */
export function prices(now: number, next = now): Partial<Detail> {
  return {
    ...{ priceAmount: String(now), priceAmountMicros: Math.round(now * 1_000_000) },
    ...{ nextPriceAmount: String(next), nextPriceAmountMicros: Math.round(next * 1_000_000) },
  };
}

/** A payment at ten of this day of the spring of 2026, and the end of that day. */
export function paidUntil(month: number, day: number): Partial<Detail> {
  return {
    nextPaymentTimeMillis: korea(month, day, 10),
    expiryTimeMillis: korea(month, day, 23, 59, 59),
  };
}
