// Payment days, reasoned out by hand from the rules of sections 11.3 and 11.4: each period, four years long. Not
// printed by the code that they judge: whoever adds a row counts it on a calendar.
import type { Market } from '@till/protocol/codes';
import type { Period } from '../../src/domain/product.ts';

/**
 * Dates of the market's own calendar. A line of `days` is a year, its columns are January to December: the days of
 * payment in that month, `..` for none. What is paid for ends at 23:59:59 of the next of them.
 */
export interface Run {
  because: string;
  period: Period;
  bought: string;
  days: string;
}

export const runs: readonly Run[] = [
  {
    because: 'each Thursday, over both kinds of February: 28 and 7 days are 6 March, 24 in 2028 and 7 are 2',
    period: 'P1W',
    bought: '2024-02-29 14:04:01.000',
    days: `
      2024 ..          ..           7,14,21,28   4,11,18,25   2,9,16,23,30 6,13,20,27   4,11,18,25   1,8,15,22,29 5,12,19,26   3,10,17,24,31 7,14,21,28  5,12,19,26
      2025 2,9,16,23,30 6,13,20,27  6,13,20,27   3,10,17,24   1,8,15,22,29 5,12,19,26   3,10,17,24,31 7,14,21,28  4,11,18,25   2,9,16,23,30  6,13,20,27  4,11,18,25
      2026 1,8,15,22,29 5,12,19,26  5,12,19,26   2,9,16,23,30 7,14,21,28   4,11,18,25   2,9,16,23,30 6,13,20,27   3,10,17,24   1,8,15,22,29  5,12,19,26  3,10,17,24,31
      2027 7,14,21,28  4,11,18,25   4,11,18,25   1,8,15,22,29 6,13,20,27   3,10,17,24   1,8,15,22,29 5,12,19,26   2,9,16,23,30 7,14,21,28    4,11,18,25  2,9,16,23,30
      2028 6,13,20,27  3,10,17,24   2            ..           ..           ..           ..           ..           ..           ..            ..          ..`,
  },
  {
    because: 'each Tuesday: bought in the last millisecond of a year, and paid on the leap day of 2028',
    period: 'P1W',
    bought: '2024-12-31 23:59:59.999',
    days: `
      2025 7,14,21,28  4,11,18,25   4,11,18,25   1,8,15,22,29 6,13,20,27   3,10,17,24   1,8,15,22,29 5,12,19,26   2,9,16,23,30 7,14,21,28    4,11,18,25  2,9,16,23,30
      2026 6,13,20,27  3,10,17,24   3,10,17,24,31 7,14,21,28  5,12,19,26   2,9,16,23,30 7,14,21,28   4,11,18,25   1,8,15,22,29 6,13,20,27    3,10,17,24  1,8,15,22,29
      2027 5,12,19,26  2,9,16,23    2,9,16,23,30 6,13,20,27   4,11,18,25   1,8,15,22,29 6,13,20,27   3,10,17,24,31 7,14,21,28  5,12,19,26    2,9,16,23,30 7,14,21,28
      2028 4,11,18,25  1,8,15,22,29 7,14,21,28   4,11,18,25   2,9,16,23,30 6,13,20,27   4,11,18,25   1,8,15,22,29 5,12,19,26   3,10,17,24,31 7,14,21,28  5,12,19,26`,
  },
  {
    because: 'a day that every month has stays for ever',
    period: 'P1M',
    bought: '2024-01-15 09:59:59.999',
    days: `
      2024 .. 15 15 15 15 15 15 15 15 15 15 15
      2025 15 15 15 15 15 15 15 15 15 15 15 15
      2026 15 15 15 15 15 15 15 15 15 15 15 15
      2027 15 15 15 15 15 15 15 15 15 15 15 15
      2028 15 .. .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: 'the 31st becomes 29 in the leap February and stays 29, until the next February makes it 28',
    period: 'P1M',
    bought: '2024-01-31 14:04:01.000',
    days: `
      2024 .. 29 29 29 29 29 29 29 29 29 29 29
      2025 29 28 28 28 28 28 28 28 28 28 28 28
      2026 28 28 28 28 28 28 28 28 28 28 28 28
      2027 28 28 28 28 28 28 28 28 28 28 28 28
      2028 28 .. .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because:
      '31 January, 28 February, then 28 March: the example of the rule; the leap day of 2028 brings nothing back',
    period: 'P1M',
    bought: '2025-01-31 00:00:00.000',
    days: `
      2025 .. 28 28 28 28 28 28 28 28 28 28 28
      2026 28 28 28 28 28 28 28 28 28 28 28 28
      2027 28 28 28 28 28 28 28 28 28 28 28 28
      2028 28 28 28 28 28 28 28 28 28 28 28 28
      2029 28 .. .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: 'from 31 March April leaves 30, and the next February, of a year that has no leap day, 28',
    period: 'P1M',
    bought: '2024-03-31 23:59:59.999',
    days: `
      2024 .. .. .. 30 30 30 30 30 30 30 30 30
      2025 30 28 28 28 28 28 28 28 28 28 28 28
      2026 28 28 28 28 28 28 28 28 28 28 28 28
      2027 28 28 28 28 28 28 28 28 28 28 28 28
      2028 28 28 28 .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: 'the 30th lacks only in February',
    period: 'P1M',
    bought: '2024-08-30 10:00:00.000',
    days: `
      2024 .. .. .. .. .. .. .. .. 30 30 30 30
      2025 30 28 28 28 28 28 28 28 28 28 28 28
      2026 28 28 28 28 28 28 28 28 28 28 28 28
      2027 28 28 28 28 28 28 28 28 28 28 28 28
      2028 28 28 28 28 28 28 28 28 .. .. .. ..`,
  },
  {
    because: 'a leap day goes on as the 29th for eleven months, then as the 28th, on 28 February 2028 too',
    period: 'P1M',
    bought: '2024-02-29 23:59:59.999',
    days: `
      2024 .. .. 29 29 29 29 29 29 29 29 29 29
      2025 29 28 28 28 28 28 28 28 28 28 28 28
      2026 28 28 28 28 28 28 28 28 28 28 28 28
      2027 28 28 28 28 28 28 28 28 28 28 28 28
      2028 28 28 .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: 'the 30th meets the leap February of 2028 first, then the short one of 2029',
    period: 'P1M',
    bought: '2027-12-30 12:00:00.000',
    days: `
      2028 30 29 29 29 29 29 29 29 29 29 29 29
      2029 29 28 28 28 28 28 28 28 28 28 28 28
      2030 28 28 28 28 28 28 28 28 28 28 28 28
      2031 28 28 28 28 28 28 28 28 28 28 28 28`,
  },
  {
    because: 'the last millisecond of a year is the 31st: January has one, February has not',
    period: 'P1M',
    bought: '2024-12-31 23:59:59.999',
    days: `
      2025 31 28 28 28 28 28 28 28 28 28 28 28
      2026 28 28 28 28 28 28 28 28 28 28 28 28
      2027 28 28 28 28 28 28 28 28 28 28 28 28
      2028 28 28 28 28 28 28 28 28 28 28 28 28`,
  },
  {
    because: 'the first millisecond of a year is the 1st',
    period: 'P1M',
    bought: '2025-01-01 00:00:00.000',
    days: `
      2025 .. 1 1 1 1 1 1 1 1 1 1 1
      2026 1 1 1 1 1 1 1 1 1 1 1 1
      2027 1 1 1 1 1 1 1 1 1 1 1 1
      2028 1 1 1 1 1 1 1 1 1 1 1 1
      2029 1 .. .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: 'April has no 31st, and from the 30th no month of this round is shorter',
    period: 'P3M',
    bought: '2024-01-31 14:04:01.000',
    days: `
      2024 .. .. .. 30 .. .. 30 .. .. 30 .. ..
      2025 30 .. .. 30 .. .. 30 .. .. 30 .. ..
      2026 30 .. .. 30 .. .. 30 .. .. 30 .. ..
      2027 30 .. .. 30 .. .. 30 .. .. 30 .. ..
      2028 30 .. .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: '30 November and three months is 28 February, and 28 it stays',
    period: 'P3M',
    bought: '2024-11-30 14:04:01.000',
    days: `
      2025 .. 28 .. .. 28 .. .. 28 .. .. 28 ..
      2026 .. 28 .. .. 28 .. .. 28 .. .. 28 ..
      2027 .. 28 .. .. 28 .. .. 28 .. .. 28 ..
      2028 .. 28 .. .. 28 .. .. 28 .. .. 28 ..`,
  },
  {
    because: 'the same a year before meets the leap day: 29, and a year later 28',
    period: 'P3M',
    bought: '2023-11-30 14:04:01.000',
    days: `
      2024 .. 29 .. .. 29 .. .. 29 .. .. 29 ..
      2025 .. 28 .. .. 28 .. .. 28 .. .. 28 ..
      2026 .. 28 .. .. 28 .. .. 28 .. .. 28 ..
      2027 .. 28 .. .. 28 .. .. 28 .. .. 28 ..`,
  },
  {
    because: 'a leap day keeps its 29 for three payments; in 2028 it has been 28 for three years',
    period: 'P3M',
    bought: '2024-02-29 00:00:00.000',
    days: `
      2024 .. .. .. .. 29 .. .. 29 .. .. 29 ..
      2025 .. 28 .. .. 28 .. .. 28 .. .. 28 ..
      2026 .. 28 .. .. 28 .. .. 28 .. .. 28 ..
      2027 .. 28 .. .. 28 .. .. 28 .. .. 28 ..
      2028 .. 28 .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: 'March has the 31st of December, June has not, and the December after it keeps the 30th',
    period: 'P3M',
    bought: '2024-12-31 23:59:59.999',
    days: `
      2025 .. .. 31 .. .. 30 .. .. 30 .. .. 30
      2026 .. .. 30 .. .. 30 .. .. 30 .. .. 30
      2027 .. .. 30 .. .. 30 .. .. 30 .. .. 30
      2028 .. .. 30 .. .. 30 .. .. 30 .. .. 30`,
  },
  {
    because: '31 August and half a year is 28 February; the August after it keeps the 28th',
    period: 'P6M',
    bought: '2024-08-31 14:04:01.000',
    days: `
      2025 .. 28 .. .. .. .. .. 28 .. .. .. ..
      2026 .. 28 .. .. .. .. .. 28 .. .. .. ..
      2027 .. 28 .. .. .. .. .. 28 .. .. .. ..
      2028 .. 28 .. .. .. .. .. 28 .. .. .. ..`,
  },
  {
    because: '31 August 2023 meets the leap day: 29 for two payments, 28 from then on',
    period: 'P6M',
    bought: '2023-08-31 14:04:01.000',
    days: `
      2024 .. 29 .. .. .. .. .. 29 .. .. .. ..
      2025 .. 28 .. .. .. .. .. 28 .. .. .. ..
      2026 .. 28 .. .. .. .. .. 28 .. .. .. ..
      2027 .. 28 .. .. .. .. .. 28 .. .. .. ..`,
  },
  {
    because: 'a leap day keeps its 29 for one payment, and 2028 does not give it back',
    period: 'P6M',
    bought: '2024-02-29 14:04:01.000',
    days: `
      2024 .. .. .. .. .. .. .. 29 .. .. .. ..
      2025 .. 28 .. .. .. .. .. 28 .. .. .. ..
      2026 .. 28 .. .. .. .. .. 28 .. .. .. ..
      2027 .. 28 .. .. .. .. .. 28 .. .. .. ..
      2028 .. 28 .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: '31 March, 30 September, and 30 March although March has a 31st',
    period: 'P6M',
    bought: '2024-03-31 14:04:01.000',
    days: `
      2024 .. .. .. .. .. .. .. .. 30 .. .. ..
      2025 .. .. 30 .. .. .. .. .. 30 .. .. ..
      2026 .. .. 30 .. .. .. .. .. 30 .. .. ..
      2027 .. .. 30 .. .. .. .. .. 30 .. .. ..
      2028 .. .. 30 .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: 'June makes the last day of the year its 30th',
    period: 'P6M',
    bought: '2024-12-31 23:59:59.999',
    days: `
      2025 .. .. .. .. .. 30 .. .. .. .. .. 30
      2026 .. .. .. .. .. 30 .. .. .. .. .. 30
      2027 .. .. .. .. .. 30 .. .. .. .. .. 30
      2028 .. .. .. .. .. 30 .. .. .. .. .. 30`,
  },
  {
    because: 'a leap day and a year is 28 February, also four years later when there is a 29th again',
    period: 'P1Y',
    bought: '2024-02-29 14:04:01.000',
    days: `
      2025 .. 28 .. .. .. .. .. .. .. .. .. ..
      2026 .. 28 .. .. .. .. .. .. .. .. .. ..
      2027 .. 28 .. .. .. .. .. .. .. .. .. ..
      2028 .. 28 .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: '28 February stays the 28th in a leap year: nothing is ever lengthened',
    period: 'P1Y',
    bought: '2023-02-28 14:04:01.000',
    days: `
      2024 .. 28 .. .. .. .. .. .. .. .. .. ..
      2025 .. 28 .. .. .. .. .. .. .. .. .. ..
      2026 .. 28 .. .. .. .. .. .. .. .. .. ..
      2027 .. 28 .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: 'every January has its 31st',
    period: 'P1Y',
    bought: '2024-01-31 00:00:00.000',
    days: `
      2025 31 .. .. .. .. .. .. .. .. .. .. ..
      2026 31 .. .. .. .. .. .. .. .. .. .. ..
      2027 31 .. .. .. .. .. .. .. .. .. .. ..
      2028 31 .. .. .. .. .. .. .. .. .. .. ..`,
  },
  {
    because: 'the last millisecond of a year is paid for on the last day of each',
    period: 'P1Y',
    bought: '2024-12-31 23:59:59.999',
    days: `
      2025 .. .. .. .. .. .. .. .. .. .. .. 31
      2026 .. .. .. .. .. .. .. .. .. .. .. 31
      2027 .. .. .. .. .. .. .. .. .. .. .. 31
      2028 .. .. .. .. .. .. .. .. .. .. .. 31`,
  },
];

/** The first two payment days of the same instant, in the order of the periods P1W, P1M, P3M, P6M, P1Y. */
export interface Midnight {
  because: string;
  /** In UTC. */
  instant: string;
  market: Market;
  days: readonly [P1W: string, P1M: string, P3M: string, P6M: string, P1Y: string];
}

export const midnights: readonly Midnight[] = [
  {
    because: 'the last millisecond of 31 January in Korea',
    instant: '2024-01-31T14:59:59.999Z',
    market: 'MKT_ONE',
    days: [
      '2024-02-07 2024-02-14',
      '2024-02-29 2024-03-29',
      '2024-04-30 2024-07-30',
      '2024-07-31 2025-01-31',
      '2025-01-31 2026-01-31',
    ],
  },
  {
    because: 'the first millisecond of 1 February in Korea',
    instant: '2024-01-31T15:00:00.000Z',
    market: 'MKT_ONE',
    days: [
      '2024-02-08 2024-02-15',
      '2024-03-01 2024-04-01',
      '2024-05-01 2024-08-01',
      '2024-08-01 2025-02-01',
      '2025-02-01 2026-02-01',
    ],
  },
  {
    because: 'Korea’s midnight is an afternoon elsewhere: still 31 January',
    instant: '2024-01-31T15:00:00.000Z',
    market: 'MKT_GLB',
    days: [
      '2024-02-07 2024-02-14',
      '2024-02-29 2024-03-29',
      '2024-04-30 2024-07-30',
      '2024-07-31 2025-01-31',
      '2025-01-31 2026-01-31',
    ],
  },
  {
    because: 'the last millisecond of 31 January in UTC',
    instant: '2024-01-31T23:59:59.999Z',
    market: 'MKT_GLB',
    days: [
      '2024-02-07 2024-02-14',
      '2024-02-29 2024-03-29',
      '2024-04-30 2024-07-30',
      '2024-07-31 2025-01-31',
      '2025-01-31 2026-01-31',
    ],
  },
  {
    because: 'the first millisecond of 1 February in UTC',
    instant: '2024-02-01T00:00:00.000Z',
    market: 'MKT_GLB',
    days: [
      '2024-02-08 2024-02-15',
      '2024-03-01 2024-04-01',
      '2024-05-01 2024-08-01',
      '2024-08-01 2025-02-01',
      '2025-02-01 2026-02-01',
    ],
  },
  {
    because: 'UTC’s midnight is a morning in Korea, where it has been 1 February for nine hours',
    instant: '2024-01-31T23:59:59.999Z',
    market: 'MKT_ONE',
    days: [
      '2024-02-08 2024-02-15',
      '2024-03-01 2024-04-01',
      '2024-05-01 2024-08-01',
      '2024-08-01 2025-02-01',
      '2025-02-01 2026-02-01',
    ],
  },
  {
    because: 'in Korea the leap day has just begun',
    instant: '2024-02-28T15:00:00.000Z',
    market: 'MKT_ONE',
    days: [
      '2024-03-07 2024-03-14',
      '2024-03-29 2024-04-29',
      '2024-05-29 2024-08-29',
      '2024-08-29 2025-02-28',
      '2025-02-28 2026-02-28',
    ],
  },
  {
    because:
      'in UTC it is 28 February: 28 February and a year is 28 February, and a week is 6 March by the leap day',
    instant: '2024-02-28T15:00:00.000Z',
    market: 'MKT_GLB',
    days: [
      '2024-03-06 2024-03-13',
      '2024-03-28 2024-04-28',
      '2024-05-28 2024-08-28',
      '2024-08-28 2025-02-28',
      '2025-02-28 2026-02-28',
    ],
  },
  {
    because: 'in Korea a new year has just begun',
    instant: '2027-12-31T15:00:00.000Z',
    market: 'MKT_ONE',
    days: [
      '2028-01-08 2028-01-15',
      '2028-02-01 2028-03-01',
      '2028-04-01 2028-07-01',
      '2028-07-01 2029-01-01',
      '2029-01-01 2030-01-01',
    ],
  },
  {
    because: 'in UTC it is the last day of the old one; February 2028 has a 29th to pay on',
    instant: '2027-12-31T15:00:00.000Z',
    market: 'MKT_GLB',
    days: [
      '2028-01-07 2028-01-14',
      '2028-01-31 2028-02-29',
      '2028-03-31 2028-06-30',
      '2028-06-30 2028-12-30',
      '2028-12-31 2029-12-31',
    ],
  },
];

/** A free trial, the day that ends it, and the two monthly payments after the first. */
export const trials: readonly { because: string; bought: string; trialDays: number; days: string }[] = [
  {
    because: 'a week from 24 January is the 31st, from which the leap February leaves 29',
    bought: '2024-01-24 18:00:00.000',
    trialDays: 7,
    days: '2024-01-31 2024-02-29 2024-03-29',
  },
  {
    because: '14 days from 20 February are 5 March in a leap year',
    bought: '2024-02-20 00:00:00.000',
    trialDays: 14,
    days: '2024-03-05 2024-04-05 2024-05-05',
  },
  {
    because: '14 days from 20 February are 6 March in any other',
    bought: '2025-02-20 23:59:59.999',
    trialDays: 14,
    days: '2025-03-06 2025-04-06 2025-05-06',
  },
  {
    because: 'a month of 30 days over the end of a year',
    bought: '2024-12-02 10:00:00.000',
    trialDays: 30,
    days: '2025-01-01 2025-02-01 2025-03-01',
  },
];

/** Bought for a month and never paid again: the last days of what is paid for, of the grace and of the hold. */
export const failures: readonly {
  because: string;
  bought: string;
  graceDays: number;
  holdDays: number;
  days: string;
}[] = [
  {
    because: 'over a short February: 28 + 7 is 7 March, and 30 days more are 6 April',
    bought: '2025-01-31 14:04:01.000',
    graceDays: 7,
    holdDays: 30,
    days: '2025-02-28 2025-03-07 2025-04-06',
  },
  {
    because: 'over a leap day: 27 + 3 is 1 March, and 30 days more are the 31st',
    bought: '2024-01-27 14:04:01.000',
    graceDays: 3,
    holdDays: 30,
    days: '2024-02-27 2024-03-01 2024-03-31',
  },
  {
    because: 'over the end of a year: 25 December + 10 is 4 January, and a week more the 11th',
    bought: '2024-11-25 14:04:01.000',
    graceDays: 10,
    holdDays: 7,
    days: '2024-12-25 2025-01-04 2025-01-11',
  },
];
