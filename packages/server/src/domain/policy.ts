// Every duration and limit of the rules.

const second = 1000;
const hour = 3600 * second;

/** Access tokens (section 2.2); they live on the machine's clock. */
export const accessTokens = {
  /** How long one lives. */
  lifeMs: 3600 * second,
  /** A running token is handed out again while at least this much of its life remains. */
  reuseFromMs: 600 * second,
  /** How long an ended token is still known as expired (`AccessTokenExpired`), before it is unknown. */
  keptMs: 24 * hour,
  scope: 'DEFAULT',
} as const;

/** How long the first answer to an `Idempotency-Key` is given again, on the machine's clock. */
export const answersKeptMs = 24 * hour;

/** A purchase that nobody acknowledges or consumes is voided this long after it was made, on every calendar (4.2). */
export const acknowledgeWithinMs = 72 * hour;

/** A former client secret works this long where no overlap was asked for. */
export const secretOverlapMs = 24 * hour;

/** Rows of a page of the two lists where `maxResults` is not given (sections 4.4, 4.5). */
export const defaultMaxResults = 100;

const minute = 60 * second;

/** Subscriptions on real periods (sections 11.3, 11.4, 6.4). */
export const commercialBilling = {
  /** Time of day, in the market's offset, at which a payment falls due and a failed one is tried again. */
  paymentTimeMs: 10 * hour,
  /** Time of day at which the last day of a period, of grace and of hold ends. */
  endTimeMs: 24 * hour - second,
  deferUnitMs: 24 * hour,
  /** After a change of price nothing is said for so long, and then there is so long to agree (section 11.5). */
  priceQuietDays: 7,
  priceConsentDays: 30,
} as const;

/** Subscriptions on the sandbox's shortened periods (section 12.5). */
export const sandboxBilling = {
  periodMs: { P1W: 5 * minute, P1M: 5 * minute, P3M: 10 * minute, P6M: 15 * minute, P1Y: 30 * minute },
  trialMs: 3 * minute,
  graceMs: 5 * minute,
  holdMs: 10 * minute,
  /** A failed payment is tried again this often. */
  retryMs: minute,
  deferUnitMs: minute,
  priceQuietMs: 5 * minute,
  priceConsentMs: 5 * minute,
  /** A pause of a week or a month; not documented. */
  pauseUnitMs: 5 * minute,
} as const;

/** Longest account hold, in days, and the one of a subscription that asks for no other (section 11.4). */
export const accountHoldDays = 30;
/** Longest grace period and free trial of a product, in days; the documents name no bound. */
export const longestGraceDays = 30;
export const longestTrialDays = 366;

/** Weeks or months that a pause may last (section 11.4), and how many days a month of it has. */
export const longestPause = 3;
export const daysOfPausedMonth = 30;

/** Days of the new product that a change of product makes of the old one's rest at most: a hundred years. */
export const longestConversionDays = 36_500;

/** Payments that a promotion covers at most; the documents name no bound. */
export const longestPromotion = 99;

/** `deferPeriod` in units of the calendar (section 6.4). */
export const longestDeferral = 365;

/** A payment that got no answer is asked for again after this long, longer with each time, up to a day. */
export function askAgainAfterMs(unansweredCount: number): number {
  return Math.min(minute * 4 ** Math.max(0, unansweredCount - 1), 24 * hour);
}

/** How long the node that asks for a payment has it for itself, on the machine's clock. */
export const chargeLeaseMs = 30 * second;

/** Deliveries of notifications (section 9.1), on the world's clock. */
export const deliveries = {
  /** The n-th re-send follows n² times this after the attempt before it. */
  resendUnitMs: 30 * second,
  mostResends: 30,
  /** After the first attempt; the last re-sends of the schedule would lie behind it. */
  withinMs: 72 * hour,
  /** Attempts of a message that are remembered. */
  keptAttempts: 100,
  /** How long the node that sends a message has it for itself, on the machine's clock: longer than an attempt may take. */
  leaseMs: 20 * second,
  /** How long what was delivered or given up is kept, on the machine's clock. */
  keptMs: 30 * 24 * hour,
  /** How long a laboratory's delay is where it does not say. */
  standardDelay: 'PT1M',
} as const;

/** How long both license keys are known before the new one signs, where no overlap was asked for. */
export const licenseKeyOverlapMs = 7 * 24 * hour;
