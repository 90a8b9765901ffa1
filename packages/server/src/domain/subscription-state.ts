// What a subscription's state means: where it stands, whether it may be used, what its buyer owes (section 11.1).
import type { SubscriptionState } from '@till/protocol/codes';
import { endOfDay, endOfPause } from './billing-calendar.ts';
import type { Subscription } from './subscription.ts';

/** Where a subscription stands, in the words of section 11.1. */
export function subscriptionState({ status, renewing }: Subscription): SubscriptionState {
  return status === 'active' && !renewing ? 'cancelScheduled' : status;
}

/** It has not ended: it may still be used, or paid for. */
export function isLive({ status }: Pick<Subscription, 'status'>): boolean {
  return status === 'active' || status === 'grace' || status === 'hold' || status === 'paused';
}

/**
 * The end of use as a server sees it at `now`. In grace that is the end of what was paid for while this lies ahead,
 * then the end of grace (section 11.2, the published snapshot; 11.1).
 */
export function expiryAt({ status, expiresAt, endsAt }: Subscription, now: number): number {
  return status === 'grace' && now > expiresAt && endsAt !== null ? endsAt : expiresAt;
}

/** May the buyer use it at `now`? */
export function mayUse(subscription: Subscription, now: number): boolean {
  const { status } = subscription;
  return (status === 'active' || status === 'grace') && now <= expiryAt(subscription, now);
}

/** Will a payment follow the running period? */
export function autoRenewing(subscription: Subscription): boolean {
  return subscription.renewing && isLive(subscription);
}

/** 0 not paid, 1 paid, 2 free trial, 3 a change of product waits; `null` once it has ended (section 6.1). */
export function paymentState(subscription: Subscription): 0 | 1 | 2 | 3 | null {
  if (!isLive(subscription)) return null;
  if (subscription.paymentFailed || subscription.status === 'paused') return 0;
  if (subscription.switchTo !== null) return 3;
  return subscription.trial ? 2 : 1;
}

/** A pause that is scheduled or runs: its first and last instant, and the payment that ends it (section 11.3). */
export function pauseOf(
  subscription: Subscription,
): { startsAt: number; endsAt: number; resumesAt: number } | null {
  const { pause, status, expiresAt, nextPaymentAt, calendar } = subscription;
  if (pause === null) return null;
  const resumesAt =
    status === 'paused' ? nextPaymentAt : endOfPause(subscription, nextPaymentAt, pause.count, pause.unit);
  const startsAt = calendar === 'sandbox' ? expiresAt : expiresAt + 1_000;
  return { startsAt, endsAt: endOfDay(subscription, resumesAt), resumesAt };
}
