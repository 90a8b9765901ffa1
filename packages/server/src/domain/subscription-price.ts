// What the payments of a subscription cost: promotion, changes of price, credit (sections 11.5 to 11.7).
import { payable } from './money.ts';
import type { PriceChange, Subscription } from './subscription.ts';

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

/** What of the credit goes into a payment of this price; what is below a coin stays. */
export function creditIn(subscription: Subscription, priceMicros: number): number {
  return Math.min(payable(subscription.creditMicros, subscription.currency), priceMicros);
}

/** From its day on, a rise where it was agreed to. */
export function applies({ needsConsent, agreed, dueAt }: PriceChange, at: number): boolean {
  return at >= dueAt && (agreed || !needsConsent);
}

/** A payment at `at` would have a price that the buyer has not agreed to. */
export function consentMissing(subscription: Subscription, at: number): boolean {
  const { priceChanges, promotionLeft, switchTo } = subscription;
  if (promotionLeft > 0 || switchTo !== null) return false;
  const newest = priceChanges.filter(({ dueAt }) => at >= dueAt).at(-1);
  return newest?.needsConsent === true && !newest.agreed;
}
