// May the buyer use it now, and why: from the reply of the call that reads a purchase, and the time.
import type { operations } from '@till/protocol/operations';
import type { ReplyOf } from '@till/protocol/shape';
import { OneStoreInputError } from './errors.ts';

type V7 = (typeof operations)['v7'];
type V5 = (typeof operations)['v5'];

/** What counts of `getPurchaseDetails`, in every generation. */
export type ManagedReply = Pick<ReplyOf<V7['getPurchaseDetails']>, 'consumptionState' | 'purchaseState'>;
/** What counts of `getRecurringPurchaseDetails`. */
export type MonthlyReply = Pick<
  ReplyOf<V7['getRecurringPurchaseDetails']>,
  'expiryTime' | 'lastPurchaseState' | 'autoRenewing'
>;
/** The same in V5, of both calls that read a monthly product. */
export type MonthlyReplyV5 = Pick<
  ReplyOf<V5['getRecurringPurchaseDetails']>,
  'expiryTime' | 'purchaseState' | 'autoRenewing'
>;
/** What counts of `getSubscriptionDetail`. */
export type SubscriptionReply = Pick<
  ReplyOf<V7['getSubscriptionDetail']>,
  'expiryTimeMillis' | 'paymentState' | 'autoRenewing' | 'pauseStartTimeMillis' | 'pauseEndTimeMillis'
>;
export type EntitlingReply = ManagedReply | MonthlyReply | MonthlyReplyV5 | SubscriptionReply;

/**
 * Entitled: `purchased` a managed product that is not used up; `active` paid for, a payment follows; `freePeriod` the same, not paid
 * for yet; `changesProduct` paid for, another product follows; `cancelScheduled` paid for, no payment follows; `grace` the
 * payment failed and the store still tries.
 * Not entitled: `consumed`; `cancelled` the money went back; `hold` the payment failed for longer; `paused` by the buyer;
 * `expired` its time is over, or it was ended before.
 */
export type EntitlementReason =
  | 'purchased'
  | 'active'
  | 'freePeriod'
  | 'changesProduct'
  | 'cancelScheduled'
  | 'grace'
  | 'consumed'
  | 'cancelled'
  | 'hold'
  | 'paused'
  | 'expired';

export interface Entitlement {
  entitled: boolean;
  why: EntitlementReason;
  /** The last instant of use that the store knows of, epoch ms; a managed product has none. */
  until: number | undefined;
}

/** The 3rd of March 1973 in ms, and the year 5138 in seconds: whatever is less was not meant as ms. */
const leastPlausibleMs = 100_000_000_000;

/**
 * May the buyer use it at `now` (epoch ms)? The end of use belongs to it (section 5.1). A purchase that nobody acknowledged counts.
 * Throws `OneStoreInputError` where `now` cannot be milliseconds.
 */
export function isEntitled(reply: EntitlingReply, now: number): boolean {
  return entitlement(reply, now).entitled;
}

/** As `isEntitled`, with the reason and the end. */
export function entitlement(reply: EntitlingReply, now: number): Entitlement {
  if (!(Number.isFinite(now) && now >= leastPlausibleMs)) {
    throw new OneStoreInputError(undefined, '`now` is to be epoch milliseconds', ['now']);
  }
  if ('expiryTimeMillis' in reply) return ofSubscription(reply, now);
  if ('expiryTime' in reply) return ofMonthly(reply, now);
  return ofManaged(reply);
}

function ofManaged({ purchaseState, consumptionState }: ManagedReply): Entitlement {
  if (purchaseState !== 0) return { entitled: false, why: 'cancelled', until: undefined };
  const entitled = consumptionState === 0;
  return { entitled, why: entitled ? 'purchased' : 'consumed', until: undefined };
}

/** Both halves of the documented test: not at its end, and the latest payment stands (section 13, row 21). */
function ofMonthly(reply: MonthlyReply | MonthlyReplyV5, now: number): Entitlement {
  const until = reply.expiryTime;
  const latest = 'lastPurchaseState' in reply ? reply.lastPurchaseState : reply.purchaseState;
  if (latest !== 0) return { entitled: false, why: 'cancelled', until };
  if (until < now) return { entitled: false, why: 'expired', until };
  return { entitled: true, why: reply.autoRenewing ? 'active' : 'cancelScheduled', until };
}

/** Section 11.1: in grace the end of use lies ahead, on hold and paused behind. */
function ofSubscription(reply: SubscriptionReply, now: number): Entitlement {
  const until = reply.expiryTimeMillis;
  const entitled = until >= now && reply.paymentState !== null;
  return { entitled, why: entitled ? whyEntitled(reply) : whyNot(reply, now), until };
}

function whyEntitled({ autoRenewing, paymentState }: SubscriptionReply): EntitlementReason {
  if (paymentState === 0) return 'grace';
  if (!autoRenewing) return 'cancelScheduled';
  if (paymentState === 2) return 'freePeriod';
  return paymentState === 3 ? 'changesProduct' : 'active';
}

function whyNot(reply: SubscriptionReply, now: number): EntitlementReason {
  if (!reply.autoRenewing) return 'expired';
  const { pauseStartTimeMillis: start, pauseEndTimeMillis: end } = reply;
  return start !== null && end !== null && start <= now && now <= end ? 'paused' : 'hold';
}
