// The time range of a listing call: what was asked for, what is derived, what is refused.

import type { Market } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { addDays, addMonths } from './calendar.ts';

/** The times of a request, epoch ms; either may be left out. */
export type GivenRange = { startTime?: number | undefined; endTime?: number | undefined };

/** A whole range, epoch ms; both ends belong to it. With the start after the end it is empty. */
export type ListRange = { startTime: number; endTime: number };

/** How many days before now a start may lie in V6 and V7: the longest month (protocol 13 row 14). */
export const listReachDays = 31;

/**
 * The range of getVoidedPurchases and getUnconfirmedPurchases (protocol 4.4, 4.5; 13 rows 12, 14, 35).
 * A missing end is one calendar month of the market away from the given one, and clamped to what may be
 * asked for; with neither it is the month up to now. Refuses `InvalidRequest` with the names of the times
 * that lie before the earliest start (`startTime` alone) or after now, and with both when they are swapped.
 */
export function listRange(
  given: GivenRange,
  now: number,
  market: Market,
  reachDays: number = listReachDays,
): ListRange {
  // No request can name an instant before 0, so nothing derived lies there either.
  const earliestStart = Math.max(0, addDays(now, -reachDays));
  const fields = refusedTimes(given, earliestStart, now);
  if (fields.length > 0) throw new Refusal('InvalidRequest', { fields });
  const endTime = given.endTime ?? derivedEnd(given.startTime, now, market);
  const startTime = given.startTime ?? Math.max(earliestStart, addMonths(endTime, -1, market));
  return { startTime, endTime };
}

function derivedEnd(startTime: number | undefined, now: number, market: Market): number {
  return startTime === undefined ? now : Math.min(now, addMonths(startTime, 1, market));
}

/** Names each time that does not fit once, in the order of the documents. */
function refusedTimes(given: GivenRange, earliestStart: number, now: number): string[] {
  const { startTime, endTime } = given;
  const swapped = startTime !== undefined && endTime !== undefined && startTime > endTime;
  const startRefused = startTime !== undefined && (startTime < earliestStart || startTime > now);
  const endRefused = endTime !== undefined && endTime > now;
  const fields: string[] = [];
  if (startRefused || swapped) fields.push('startTime');
  if (endRefused || swapped) fields.push('endTime');
  return fields;
}
