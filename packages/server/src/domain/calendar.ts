// Months and days as a market counts them: in its fixed offset from UTC, never in a local time zone.
import type { Market } from '@till/protocol/codes';

/** One day in milliseconds. Neither offset knows summer time, so every day is as long. */
export const dayMs = 86_400_000;

const offsetsMs: Record<Market, number> = { MKT_ONE: 9 * 3_600_000, MKT_GLB: 0 };

/** How far the market's calendar is ahead of UTC, in milliseconds (protocol 1.4). */
export function marketOffsetMs(market: Market): number {
  return offsetsMs[market];
}

/**
 * The instant `count` calendar months after `at` (epoch ms; a negative count goes back): the same day
 * number and time of day in the market's offset, clipped to the last day of a shorter month (protocol 1.4, 13
 * row 14). Clipping loses the day: whoever counts on from a shortened month goes on with the shortened day.
 */
export function addMonths(at: number, count: number, market: Market): number {
  const offsetMs = marketOffsetMs(market);
  // The offset is added first, so the UTC parts of this date are the market's own day and time.
  const local = new Date(at + offsetMs);
  const year = local.getUTCFullYear();
  const month = local.getUTCMonth() + count;
  const midnight = Date.UTC(year, local.getUTCMonth(), local.getUTCDate());
  const timeOfDayMs = local.getTime() - midnight;
  const day = Math.min(local.getUTCDate(), lastDayOfMonth(year, month));
  return Date.UTC(year, month, day) + timeOfDayMs - offsetMs;
}

/** The instant `count` days after `at` (epoch ms; a negative count goes back); the same in every market. */
export function addDays(at: number, count: number): number {
  return at + count * dayMs;
}

/** The instant (epoch ms) at which the market's day of `at` is `timeOfDayMs` old. */
export function atTimeOfDay(at: number, timeOfDayMs: number, market: Market): number {
  const local = at + marketOffsetMs(market);
  return at - (((local % dayMs) + dayMs) % dayMs) + timeOfDayMs;
}

/** The month counts from 0 and may lie outside the year: day 0 of the next month is the last of this one. */
function lastDayOfMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
}
