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
