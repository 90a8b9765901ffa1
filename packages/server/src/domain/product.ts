// A product that an app sells.
import type { ProductType, SubscriptionPeriod } from '@till/protocol/codes';

export type Period = SubscriptionPeriod;

/** What a monthly product or a subscription promises (section 11.4). Whoever bought keeps the terms of that day. */
export interface Terms {
  period: Period;
  /** Days that cost nothing before the first payment; 0 for none. */
  trialDays: number;
  /** Days of use after a payment failed; 0 for none. */
  graceDays: number;
  /** Days without use in which a failed payment may still be made up for; 0 for none. */
  holdDays: number;
  /** A lower price for the first payments. */
  promotion: { priceMicros: number; payments: number } | null;
  /** The buyer may pause it. */
  pausable: boolean;
}

export interface Product {
  appId: string;
  productId: string;
  type: ProductType;
  title: string;
  /** Of one piece or one period, in micros of `currency`. */
  priceMicros: number;
  currency: string;
  /** Of what is paid again and again; a managed product has none. */
  terms: Terms | null;
  /** Counts the changes of price that running subscribers have been told of. */
  priceSeq: number;
  /** A change of price that has not reached all running subscribers yet. */
  priceChange: { priceMicros: number; at: number } | null;
  createdAt: number;
  rev: number;
}

/** A monthly product knows neither trial nor grace nor hold (section 11.8). */
export const monthlyTerms: Readonly<Terms> = {
  period: 'P1M',
  trialDays: 0,
  graceDays: 0,
  holdDays: 0,
  promotion: null,
  pausable: false,
};
