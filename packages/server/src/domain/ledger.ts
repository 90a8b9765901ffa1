// The ledger: what happened to a purchase or a subscription, and the money that moved.

export type Cause = 'buyer' | 'developer' | 'operator' | 'time';

/** Everything that can happen, in the words of the history and the events. */
export type Happening =
  | 'purchased'
  | 'acknowledged'
  | 'consumed'
  | 'voided'
  | 'renewed'
  | 'recovered'
  | 'declined'
  | 'graceStarted'
  | 'held'
  | 'cancelled'
  | 'reactivated'
  | 'deferred'
  | 'expired'
  | 'revoked'
  | 'paymentChanged'
  | 'charged'
  | 'refunded'
  | 'pauseScheduled'
  | 'paused'
  | 'pauseWithdrawn'
  | 'resumed'
  | 'priceTold'
  | 'priceConfirmed'
  | 'priceRefused'
  | 'switchScheduled'
  | 'switchDropped'
  | 'switched'
  | 'replaced';

/** One line of the ledger: a step, and the money that moved with it (negative: back to the buyer). */
export interface Entry {
  at: number;
  what: Happening;
  purchaseId: string;
  amountMicros: number;
  currency: string;
  cause: Cause;
  detail: string | null;
}
