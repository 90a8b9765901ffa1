// Lives of subscriptions for the walks: what is bought, what is done to it and when, all drawn by chance.
import type { Environment, Market, PaymentOutcome } from '@till/protocol/codes';
import fc from 'fast-check';
import type { Period, Terms } from '../../src/domain/product.ts';

export const minuteMs = 60_000;
export const dayMs = 86_400_000;
/** 12:00 in Korea on a day whose number shorter months do not have. */
const begin = Date.UTC(2026, 0, 31, 3);

export interface Command {
  at: number;
  what: 'acknowledge' | 'cancel' | 'reactivate' | 'defer' | 'void' | 'pay';
  /** Of a deferral: days, in shortened periods minutes. */
  count: number;
  /** Of `pay`: how the payments to come are answered. */
  answers: PaymentOutcome;
}

export interface Lived {
  type: 'auto' | 'subscription';
  market: Market;
  calendar: Environment;
  terms: Terms;
  mustAcknowledge: boolean;
  startAt: number;
  until: number;
  commands: Command[];
}

/** Longer than a year of real periods; of shortened ones some hours, seldom beyond the three days. */
const lengths: Record<Environment, fc.Arbitrary<number>> = {
  commercial: fc.integer({ min: 366 * dayMs, max: 430 * dayMs }),
  sandbox: fc.oneof(
    { weight: 15, arbitrary: fc.integer({ min: 30 * minuteMs, max: 300 * minuteMs }) },
    { weight: 1, arbitrary: fc.constant(73 * 60 * minuteMs) },
  ),
};

const days = (most: number) => fc.oneof(fc.constant(0), fc.integer({ min: 1, max: most }));
const subscribed: fc.Arbitrary<Pick<Lived, 'type' | 'terms'>> = fc.record({
  type: fc.constant('subscription' as const),
  terms: fc.record({
    period: fc.constantFrom<Period[]>('P1W', 'P1M', 'P3M', 'P6M', 'P1Y'),
    trialDays: days(40),
    graceDays: days(30),
    holdDays: days(30),
  }),
});
const monthly: fc.Arbitrary<Pick<Lived, 'type' | 'terms'>> = fc.constant({
  type: 'auto',
  terms: { period: 'P1M', trialDays: 0, graceDays: 0, holdDays: 0 },
});

/** Instants anywhere, and right before, at and behind those at which something is likely to fall due. */
function instant(calendar: Environment, startAt: number, length: number): fc.Arbitrary<number> {
  const unit = calendar === 'commercial' ? dayMs : minuteMs;
  const ofDay =
    calendar === 'commercial' ? [0, 600, 601, 1439 + 59 / 60, 1440].map((m) => m * minuteMs) : [0];
  const offset = calendar === 'commercial' ? -((startAt + 540 * minuteMs) % dayMs) : 0;
  const near = fc
    .tuple(
      fc.nat(Math.min(Math.floor(length / unit), 90)),
      fc.constantFrom(...ofDay),
      fc.constantFrom(0, 540 * minuteMs),
      fc.constantFrom(-1, 0, 1),
    )
    .map(([units, time, market, around]) => {
      const shift = calendar === 'commercial' ? market : 0;
      return startAt + offset + units * unit + Math.round(time) + shift + around;
    });
  return fc
    .oneof(
      fc.nat(length).map((past) => startAt + past),
      near,
    )
    .map((at) => Math.min(Math.max(at, startAt), startAt + length));
}

/** Payments go wrong often enough for grace and hold, and are made again. */
const whats = fc.constantFrom<Command['what'][]>(
  ...(['pay', 'pay', 'pay', 'pay', 'cancel', 'cancel', 'reactivate', 'reactivate'] as const),
  ...(['acknowledge', 'defer', 'defer', 'void'] as const),
);

export function commandsOf(
  calendar: Environment,
  startAt: number,
  length: number,
  most: number,
): fc.Arbitrary<Command[]> {
  const command: fc.Arbitrary<Command> = fc.record({
    at: instant(calendar, startAt, length),
    what: whats,
    count: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 20 }) }, fc.constant(365)),
    answers: fc.constantFrom<PaymentOutcome[]>('approve', 'decline', 'decline', 'timeout'),
  });
  return fc.tuple(fc.boolean(), fc.array(command, { maxLength: most })).map(([early, commands]) => {
    const all = commands.sort((one, other) => one.at - other.at);
    // otherwise nearly every life would end with its third day
    const confirm = { at: startAt, what: 'acknowledge', count: 1, answers: 'approve' } as const;
    return early ? [confirm, ...all] : all;
  });
}

const calendars = fc.constantFrom<Environment[]>('commercial', 'sandbox');
export const lengthsOf = (calendar: Environment) => lengths[calendar];
export const bought = fc.oneof({ weight: 3, arbitrary: subscribed }, { weight: 1, arbitrary: monthly });
export const markets = fc.constantFrom<Market[]>('MKT_ONE', 'MKT_GLB');

export const lives: fc.Arbitrary<Lived> = calendars
  .chain((calendar) => fc.tuple(fc.constant(calendar), fc.nat(dayMs), lengths[calendar]))
  .chain(([calendar, past, length]) => {
    const startAt = begin + past;
    return fc.record({
      calendar: fc.constant(calendar),
      startAt: fc.constant(startAt),
      until: fc.constant(startAt + length),
      bought,
      market: markets,
      mustAcknowledge: fc.boolean(),
      commands: commandsOf(calendar, startAt, length, 10),
    });
  })
  .map(({ bought: { type, terms }, ...life }) => ({ ...life, type, terms }));

/**
 * `fc.assert`, which tells how the run that failed is played again: by its seed and its path, which are read from
 * the environment.
 */
export async function holds<T>(
  name: string,
  property: fc.IProperty<T> | fc.IAsyncProperty<T>,
  numRuns: number,
  { TILL_TEST_SEED: seed, TILL_TEST_PATH: path }: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const given = {
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  };
  const result = await fc.check(property as fc.IAsyncProperty<T>, { numRuns, ...given });
  if (!result.failed) return;
  const again = `TILL_TEST_SEED=${result.seed} TILL_TEST_PATH=${result.counterexamplePath}`;
  const told = fc.defaultReportMessage(result as Parameters<typeof fc.defaultReportMessage>[0]);
  throw new Error(`${again} plays it again: ${name}\n${told}`, { cause: result.errorInstance });
}

/** The ends of steps: `count` of one length, or cut by chance. */
export function stepsBetween(from: number, until: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) =>
    Math.round(from + ((until - from) * (index + 1)) / count),
  );
}
