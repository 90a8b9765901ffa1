// When a subscription is paid and how long what was paid lasts: real periods, and the sandbox's shortened ones.
import type { Environment, Market } from '@till/protocol/codes';
import { addDays, addMonths, atTimeOfDay } from './calendar.ts';
import { commercialBilling, sandboxBilling } from './policy.ts';
import type { Period } from './product.ts';

/** Which periods count, and whose days. All instants below are epoch ms. */
export interface Billing {
  calendar: Environment;
  market: Market;
}

/**
 * The payment one period after the payment (or the purchase) of the day of `from`: at 10:00:00 of the same day
 * number, or of a shorter month's last day, from which the payments after it count on (section 11.4).
 */
export function nextPayment({ calendar, market }: Billing, from: number, period: Period): number {
  if (calendar === 'sandbox') return from + sandboxBilling.periodMs[period];
  return atTimeOfDay(addPeriod(from, period, market), commercialBilling.paymentTimeMs, market);
}

/** The payment that ends a free trial of so many days that began at `from`. */
export function paymentAfterTrial({ calendar, market }: Billing, from: number, days: number): number {
  if (calendar === 'sandbox') return from + sandboxBilling.trialMs;
  return atTimeOfDay(addDays(from, days), commercialBilling.paymentTimeMs, market);
}

/** The last second of the period whose next payment falls on `paymentAt`: 23:59:59 of that day (section 11.3). */
export function endOfPeriod({ calendar, market }: Billing, paymentAt: number): number {
  if (calendar === 'sandbox') return paymentAt;
  return atTimeOfDay(paymentAt, commercialBilling.endTimeMs, market);
}

/** The last second of the grace that follows what was paid up to `paidUntil`. */
export function endOfGrace({ calendar }: Billing, paidUntil: number, days: number): number {
  return calendar === 'sandbox' ? paidUntil + sandboxBilling.graceMs : addDays(paidUntil, days);
}

/** The last second of the account hold that follows `expiresAt`. */
export function endOfHold({ calendar }: Billing, expiresAt: number, days: number): number {
  return calendar === 'sandbox' ? expiresAt + sandboxBilling.holdMs : addDays(expiresAt, days);
}

/** When a payment that failed at `failedAt` is tried again: at the next 10:00:00. */
export function nextAttempt({ calendar, market }: Billing, failedAt: number): number {
  if (calendar === 'sandbox') return failedAt + sandboxBilling.retryMs;
  const today = atTimeOfDay(failedAt, commercialBilling.paymentTimeMs, market);
  return today > failedAt ? today : addDays(today, 1);
}

/** A payment put off by `count` days, on the sandbox's calendar by minutes (section 6.4). */
export function deferPayment({ calendar }: Billing, paymentAt: number, count: number): number {
  const { deferUnitMs } = calendar === 'sandbox' ? sandboxBilling : commercialBilling;
  return paymentAt + count * deferUnitMs;
}

function addPeriod(from: number, period: Period, market: Market): number {
  switch (period) {
    case 'P1W':
      return addDays(from, 7);
    case 'P1M':
      return addMonths(from, 1, market);
    case 'P3M':
      return addMonths(from, 3, market);
    case 'P6M':
      return addMonths(from, 6, market);
    case 'P1Y':
      return addMonths(from, 12, market);
  }
}
