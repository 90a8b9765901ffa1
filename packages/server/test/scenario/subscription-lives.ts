// Lives of subscriptions for the walks: what is bought, what is done to it and when, all drawn by chance.
import type { Environment, Market, PaymentOutcome, ProductChangeMode } from '@till/protocol/codes';
import fc from 'fast-check';
import { monthlyTerms, type Period, type Terms } from '../../src/domain/product.ts';

export const minuteMs = 60_000;
export const dayMs = 86_400_000;
/** 12:00 in Korea on a day whose number shorter months do not have. */
const begin = Date.UTC(2026, 0, 31, 3);

const whats = [
  ...(['acknowledge', 'cancel', 'reactivate', 'defer', 'void', 'pay'] as const),
  ...(['pause', 'resume', 'price', 'agree', 'disagree', 'change'] as const),
];
export type What = (typeof whats)[number];

export interface Command {
  at: number;
  what: What;
  /** Of a deferral: days, in shortened periods minutes. Of a pause: its weeks or months. */
  count: number;
  /** Of `pay`: how the payments to come are answered. */
  answers: PaymentOutcome;
  /** Of a change: which product becomes of it. Of `price`: the product whose price changes, -1 for the present one. */
  product: number;
  mode: ProductChangeMode;
  priceMicros: number;
  /** Meant for the first token of a life that may have gone on under others. */
  first: boolean;
}

/** What can be bought, and become of it. */
export interface Offer {
  terms: Terms;
  priceMicros: number;
}

export interface Lived extends Offer {
  type: 'auto' | 'subscription';
  market: Market;
  calendar: Environment;
  mustAcknowledge: boolean;
  startAt: number;
  until: number;
  /** The products that it can be changed to, numbered from 1; what was bought first is 0. */
  others: Offer[];
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

const wonMicros = 1_000_000;
/** Such that a dearer one costs less a day in some periods, and rests leave something below a coin. */
const prices = fc.constantFrom(700, 1_100, 2_000, 3_000, 4_999, 36_000).map((won) => won * wonMicros);
/** No other price is so low, so a payment of it can be told. */
export const promotionMicros = 100 * wonMicros;

const days = (most: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: most }) },
  );
const promotions = fc.integer({ min: 1, max: 3 }).map((payments) => {
  return { priceMicros: promotionMicros, payments };
});
const terms: fc.Arbitrary<Terms> = fc
  .record({
    period: fc.constantFrom<Period[]>('P1W', 'P1M', 'P1M', 'P3M', 'P6M', 'P1Y'),
    trialDays: days(40),
    graceDays: days(30),
    holdDays: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 })),
    promotion: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: promotions }),
    pausable: fc.constantFrom(true, true, false),
  })
  .map((given) => ({ ...given, pausable: given.pausable && given.period !== 'P1Y' }));
export const offers: fc.Arbitrary<Offer> = fc.record({ terms, priceMicros: prices });
/** How many products there are to change to. */
export const otherCount = 3;

type Bought = Offer & Pick<Lived, 'type'>;
const subscribed: fc.Arbitrary<Bought> = offers.map((offer) => ({ ...offer, type: 'subscription' }));
const monthly: fc.Arbitrary<Bought> = prices.map((priceMicros) => {
  return { type: 'auto', terms: monthlyTerms, priceMicros };
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

const likely: Record<What, number> = {
  ...{ pay: 4, cancel: 2, reactivate: 3, acknowledge: 1, defer: 4, void: 1 },
  ...{ pause: 3, resume: 2, price: 4, agree: 3, disagree: 1, change: 5 },
};
const modes: readonly ProductChangeMode[] = [
  ...(['IMMEDIATE_WITH_TIME_PRORATION', 'IMMEDIATE_AND_CHARGE_PRORATED_PRICE'] as const),
  ...(['IMMEDIATE_WITHOUT_PRORATION', 'DEFERRED', 'DEFERRED'] as const),
];

type Deed = Omit<Command, 'at'>;
const deed: fc.Arbitrary<Deed> = fc.record({
  what: fc.oneof(...whats.map((what) => ({ weight: likely[what], arbitrary: fc.constant(what) }))),
  count: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 3 }) },
    { weight: 3, arbitrary: fc.integer({ min: 4, max: 20 }) },
    { weight: 1, arbitrary: fc.constant(365) },
  ),
  answers: fc.constantFrom<PaymentOutcome[]>('approve', 'approve', 'decline', 'decline', 'timeout'),
  product: fc.integer({ min: -1, max: otherCount }),
  mode: fc.constantFrom(...modes),
  priceMicros: prices,
  first: fc.oneof({ weight: 19, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
/** What often follows one upon the other: alone, each of the second would mostly come in vain. */
const habits: readonly Partial<Deed>[][] = [
  ...[[{}], [{}], [{}], [{ what: 'change' as const }]],
  [
    { what: 'pay', answers: 'decline' },
    { what: 'pay', answers: 'approve' },
  ],
  [{ what: 'pay', answers: 'decline' }, {}, { what: 'pay', answers: 'approve' }],
  [{ what: 'cancel' }, { what: 'reactivate' }],
  [{ what: 'pause', count: 1 }, { what: 'resume' }],
  [{ what: 'pause', count: 1 }],
  [{ what: 'price', product: -1 }, { what: 'agree' }],
  [{ what: 'price', product: -1 }, {}, { what: 'agree' }],
  [{ what: 'price', product: -1, priceMicros: 36_000 * wonMicros }, { what: 'disagree' }, { what: 'agree' }],
  [{ what: 'price', product: -1, priceMicros: 36_000 * wonMicros }, {}, { what: 'reactivate' }],
  [{ what: 'change', mode: 'DEFERRED' }, {}],
];

export function commandsOf(
  calendar: Environment,
  startAt: number,
  length: number,
  most: number,
): fc.Arbitrary<Command[]> {
  const unit = calendar === 'commercial' ? dayMs : minuteMs;
  const soon = fc
    .tuple(
      fc.oneof(fc.nat(4), fc.integer({ min: 5, max: 16 }), fc.integer({ min: 17, max: 40 })),
      fc.nat(unit),
    )
    .map(([units, past]) => units * unit + past);
  const when = fc.record({
    at: fc.oneof(
      { weight: 1, arbitrary: instant(calendar, startAt, length) },
      { weight: 5, arbitrary: fc.constant(undefined) },
    ),
    soon,
  });
  const habit = fc.constantFrom(...habits).chain((some) => {
    return fc.tuple(
      ...some.map((one) =>
        fc.tuple(
          deed.map((drawn) => ({ ...drawn, ...one })),
          when,
        ),
      ),
    );
  });
  return fc
    .tuple(fc.oneof(fc.constant(true), fc.boolean()), fc.array(habit, { maxLength: most }))
    .map(([early, drawn]) => {
      let before = startAt;
      const all = drawn.flat().map(([one, { at, soon }]): Command => {
        before = Math.min(at ?? before + soon, startAt + length);
        return { ...one, at: before };
      });
      all.sort((one, other) => one.at - other.at);
      // otherwise nearly every life would end with its third day
      return early ? [acknowledged(startAt), ...all] : all;
    });
}

/** Confirms what was bought, at this instant. */
export function acknowledged(at: number): Command {
  const nothing = { product: -1, mode: 'DEFERRED', priceMicros: 0, first: false } as const;
  return { at, what: 'acknowledge', count: 1, answers: 'approve', ...nothing };
}

const calendars = fc.constantFrom<Environment[]>('commercial', 'sandbox');
export const lengthsOf = (calendar: Environment) => lengths[calendar];
export const bought = fc.oneof({ weight: 7, arbitrary: subscribed }, { weight: 1, arbitrary: monthly });
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
      others: fc.array(offers, { minLength: otherCount, maxLength: otherCount }),
      mustAcknowledge: fc.boolean(),
      commands: commandsOf(calendar, startAt, length, 16),
    });
  })
  .map(({ bought: product, ...life }) => ({ ...life, ...product }));

/** The suite draws the same everywhere: what fails is then the change, not the day. */
const standardSeed = 20_260_101;

/**
 * `fc.assert`, which tells how the run that failed is played again: by its seed and its path, which are read from
 * the environment. Another seed draws other lives.
 */
export async function holds<T>(
  name: string,
  property: fc.IProperty<T> | fc.IAsyncProperty<T>,
  numRuns: number,
  { TILL_TEST_SEED: seed, TILL_TEST_PATH: path }: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const given = {
    seed: Number(seed ?? standardSeed),
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
