// When a subscription is paid and how long what was paid lasts: real periods, and the sandbox's shortened ones.
import type { Environment, Market } from '@till/protocol/codes';
import { addDays, addMonths, atTimeOfDay, dayMs } from './calendar.ts';
import { commercialBilling, daysOfPausedMonth, longestConversionDays, sandboxBilling } from './policy.ts';
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

/** The end of a time that began with `at`: of the market's day, or of a second on shortened periods. */
export function endOfDay({ calendar, market }: Billing, at: number): number {
  return calendar === 'sandbox' ? at : atTimeOfDay(at, commercialBilling.endTimeMs, market);
}

/** When a pause of `count` weeks or months ends that follows the payment day of `paymentAt`: the charge of its last day. */
export function endOfPause(
  { calendar }: Billing,
  paymentAt: number,
  count: number,
  unit: 'week' | 'month',
): number {
  if (calendar === 'sandbox') return paymentAt + count * sandboxBilling.pauseUnitMs;
  return addDays(paymentAt, count * (unit === 'week' ? 7 : daysOfPausedMonth));
}

/** When a change of price made at `at` is told to running subscribers (section 11.5). */
export function endOfQuiet({ calendar }: Billing, at: number): number {
  if (calendar === 'sandbox') return at + sandboxBilling.priceQuietMs;
  return addDays(at, commercialBilling.priceQuietDays);
}

/** Until when a rise that was told at `toldAt` may be agreed to; the first payment from then on has the new price. */
export function endOfConsent({ calendar }: Billing, toldAt: number): number {
  if (calendar === 'sandbox') return toldAt + sandboxBilling.priceConsentMs;
  return addDays(toldAt, commercialBilling.priceConsentDays);
}

/** The instant from which a new price applies, as it is shown: midnight of its day (section 11.3). */
export function startOfPrice({ calendar, market }: Billing, at: number): number {
  return calendar === 'sandbox' ? at : atTimeOfDay(at, 0, market);
}

/** How many whole days, or milliseconds on shortened periods, lie between the days of two instants; never below 0. */
export function unitsBetween({ calendar, market }: Billing, from: number, until: number): number {
  if (calendar === 'sandbox') return Math.max(0, until - from);
  return Math.max(0, Math.round((atTimeOfDay(until, 0, market) - atTimeOfDay(from, 0, market)) / dayMs));
}

/** The length of a period in the same units, with months of 30 days: prices of different periods compare by it. */
export function nominalUnits({ calendar }: Pick<Billing, 'calendar'>, period: Period): number {
  return calendar === 'sandbox' ? sandboxBilling.periodMs[period] : nominalDays[period];
}

/** The day after the day of `at`; on shortened periods the instant itself. */
export function nextDay({ calendar }: Billing, at: number): number {
  return calendar === 'sandbox' ? at : addDays(at, 1);
}

/** The payment so many units after the begin of a converted period. */
export function paymentAfter({ calendar, market }: Billing, from: number, units: number): number {
  if (calendar === 'sandbox') return from + units;
  return atTimeOfDay(addDays(from, units), commercialBilling.paymentTimeMs, market);
}

/** As many units as a converted period may have. */
export function longestConversion({ calendar }: Pick<Billing, 'calendar'>): number {
  return longestConversionDays * (calendar === 'sandbox' ? dayMs : 1);
}

const nominalDays: Record<Period, number> = { P1W: 7, P1M: 30, P3M: 90, P6M: 180, P1Y: 360 };
