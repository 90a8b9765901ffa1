// The days of the judge of subscriptions, as the market counts them, and the minutes of shortened periods.
import type { Terms } from '../../src/domain/product.ts';
import { dayMs as day, type Lived, minuteMs as minute } from './subscription-lives.ts';

const sandboxMinutes = { P1W: 5, P1M: 5, P3M: 10, P6M: 15, P1Y: 30 };
const months = { P1W: 0, P1M: 1, P3M: 3, P6M: 6, P1Y: 12 };
const nominalDays = { P1W: 7, P1M: 30, P3M: 90, P6M: 180, P1Y: 360 };

export type Days = ReturnType<typeof daysOf>;

export function daysOf({ market, calendar }: Pick<Lived, 'market' | 'calendar'>, terms: Terms) {
  const offset = market === 'MKT_ONE' ? 540 * minute : 0;
  const midnight = (at: number) => Math.floor((at + offset) / day) * day - offset;
  const tenOf = (at: number) => midnight(at) + 600 * minute;
  const real = calendar === 'commercial';
  const later = (at: number, count: number) => {
    const date = new Date(at + offset);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + count];
    const longest = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    return Date.UTC(year, month, Math.min(date.getUTCDate(), longest), 10) - offset;
  };
  const endOfDay = (at: number) => (real ? midnight(at) + day - 1000 : at);
  const pausedUnit = real ? (terms.period === 'P1W' ? 7 : 30) * day : 5 * minute;
  return {
    period: (at: number) => {
      if (!real) return at + sandboxMinutes[terms.period] * minute;
      return terms.period === 'P1W' ? tenOf(at + 7 * day) : later(at, months[terms.period]);
    },
    trial: (at: number) => (real ? tenOf(at + terms.trialDays * day) : at + 3 * minute),
    endOfDay,
    /** The last instant of the period that ends with this payment. */
    last: endOfDay,
    grace: (last: number) => last + (real ? terms.graceDays * day : 5 * minute),
    hold: (last: number) => last + (real ? terms.holdDays * day : 10 * minute),
    retry: (at: number) => {
      if (!real) return at + minute;
      return tenOf(at) > at ? tenOf(at) : tenOf(at + day);
    },
    defer: (payday: number, count: number) => payday + count * (real ? day : minute),
    /** The payment that ends a pause of so many weeks or months after this payment day. */
    resume: (payday: number, count: number) => payday + count * pausedUnit,
    quiet: (at: number) => at + (real ? 7 * day : 5 * minute),
    consent: (toldAt: number) => toldAt + (real ? 30 * day : 5 * minute),
    tomorrow: (at: number) => (real ? at + day : at),
    /** Whole days, or milliseconds of shortened periods. */
    between: (from: number, to: number) =>
      Math.max(0, real ? Math.round((midnight(to) - midnight(from)) / day) : to - from),
    nominal: (period: Terms['period']) => (real ? nominalDays[period] : sandboxMinutes[period] * minute),
    paydayAfter: (from: number, count: number) => (real ? tenOf(from + count * day) : from + count),
  };
}
