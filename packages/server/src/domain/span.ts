// Spans of the control API: ISO 8601 durations such as `P30D`, `PT5M` or `P1M`.

import type { Market } from '@till/protocol/codes';
import { addMonths, dayMs } from './calendar.ts';

/** A length of time: calendar months, whose length depends on where they start, and then milliseconds. */
export type Span = { months: number; ms: number };

// Ten digits hold a hundred years in seconds.
const unitsPattern = (units: string) => Array.from(units, (unit) => `(?:(\\d{1,10})${unit})?`).join('');

// Each lookahead asks for at least one part behind its letter.
const spanPattern = new RegExp(`^P(?=\\d|T)${unitsPattern('YMWD')}(?:T(?=\\d)${unitsPattern('HMS')})?$`);

const hourMs = 3_600_000;
const minuteMs = 60_000;
const secondMs = 1_000;

// A year of 365.25 days, used for the bound alone, makes a month a whole number of milliseconds.
const averageMonthMs = (365.25 * dayMs) / 12;
const longestSpanMs = 1_200 * averageMonthMs;

/**
 * Reads an ISO 8601 duration: years, months, weeks, days, hours, minutes, seconds, in whole numbers.
 * Undefined for anything else (fractions, signs, `P`, `PT`, small letters) and beyond a hundred years.
 * `P0D` is a span of no length: whether that makes sense is for the one who asked.
 */
export function parseSpan(text: string): Span | undefined {
  const parts = spanPattern.exec(text);
  if (!parts) return undefined;
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0));
  const span = {
    months: years * 12 + months,
    ms: (weeks * 7 + days) * dayMs + hours * hourMs + minutes * minuteMs + seconds * secondMs,
  };
  return span.months * averageMonthMs + span.ms <= longestSpanMs ? span : undefined;
}

/** The instant (epoch ms) a span after `at`: its months first, in the market's calendar, then the rest. */
export function addSpan(at: number, span: Span, market: Market): number {
  return addMonths(at, span.months, market) + span.ms;
}

/** The length in ms of a span that is as long wherever it starts; undefined when it holds months. */
export function spanMs(span: Span): number | undefined {
  return span.months === 0 ? span.ms : undefined;
}
