// Subscriptions for the tests of their rules: bought, brought through time, and guarded against mutation.
import assert from 'node:assert/strict';
import type { Charge, ChargeAnswer } from '../../src/domain/charge.ts';
import type { WorldClock } from '../../src/domain/clock.ts';
import type { Entry } from '../../src/domain/ledger.ts';
import { monthlyTerms, type Terms } from '../../src/domain/product.ts';
import type { Target } from '../../src/domain/product-change.ts';
import type { Purchase } from '../../src/domain/purchase.ts';
import {
  type Begun,
  nextStep,
  type Subscription,
  type SubscriptionChange,
} from '../../src/domain/subscription.ts';
import { type SubscriptionOrder, subscribe } from '../../src/domain/subscription-begin.ts';
import { answerCharge, openCharge } from '../../src/domain/subscription-charges.ts';
import { chargeDueAt, settleSubscription } from '../../src/domain/subscription-steps.ts';
import { anOrder } from '../store/things.ts';

/** 15 January 2026, 12:00:00 in Korea. */
export const start = Date.UTC(2026, 0, 15, 3);
export const minuteMs = 60_000;
export const dayMs = 86_400_000;

export type Given = Partial<Omit<SubscriptionOrder, 'terms'>> & {
  terms?: Partial<Terms>;
  mustAcknowledge?: boolean;
};

/** On real periods, for a month, without trial, grace and hold, and acknowledged, unless told otherwise. */
export function sold({ terms, mustAcknowledge = false, ...given }: Given = {}): SubscriptionChange {
  const { type: _, ...order } = anOrder({ purchaseTime: start, number: 1 });
  const change = subscribe(
    {
      ...order,
      type: 'subscription',
      calendar: 'commercial',
      priceSeq: 0,
      ...given,
      terms: { ...monthlyTerms, ...terms },
    },
    mustAcknowledge,
  );
  return checked(change);
}

export function bought(given: Given = {}): Subscription {
  return sold(given).subscription;
}

/** A product to change to: by the month, in won, unless told otherwise. */
export function targetOf({
  terms,
  ...given
}: Partial<Omit<Target, 'terms'>> & { terms?: Partial<Terms> } = {}): Target {
  const product = { productId: 'target', priceMicros: 2_000_000_000, currency: 'KRW', priceSeq: 0 };
  return { ...product, ...given, terms: { ...monthlyTerms, ...terms } };
}

export function frozenAt(now: number): WorldClock {
  return { at: now, base: 0, rate: 1, frozen: true, jumpedTo: now };
}

/** The names of the payment that this charge makes. */
export function namesOf({ number }: Charge): { purchaseId: string; orderId: string } {
  return { purchaseId: `payment ${number}`, orderId: `order ${number}` };
}

export interface Life {
  subscription: Subscription;
  entries: Entry[];
  payments: Purchase[];
  /** In the order in which they were first asked, as they were last answered. */
  charges: Map<number, Charge>;
  /** What a payment that a change of product waited for has begun. */
  begun?: Begun | undefined;
}

/** Everything that falls due up to `until`, each charge answered by `answer` (approved unless given). */
export function live(
  subscription: Subscription,
  until: number,
  given: {
    answer?: (charge: Charge) => ChargeAnswer;
    charges?: Map<number, Charge>;
    clock?: WorldClock;
  } = {},
): Life {
  const { answer = () => 'approved', charges = new Map(), clock = frozenAt(until) } = given;
  const life: Life = { subscription, entries: [], payments: [], charges };
  const take = (change: SubscriptionChange) => {
    life.subscription = checked(change).subscription;
    life.entries.push(...change.entries);
    life.payments.push(...change.payments);
    if (change.begun !== undefined) life.begun = change.begun;
  };
  for (let count = 0; ; count++) {
    assert.ok(count < 5_000, 'it comes to an end');
    take(settleSubscription(life.subscription, clock, until));
    const at = chargeDueAt(life.subscription, until);
    if (at === undefined) return life;
    const charge = asked(life, at);
    const answered = answerCharge(life.subscription, charge, answer(charge), namesOf(charge), at);
    charges.set(charge.number, deepFreeze(answered.charge));
    take(answered.change);
  }
}

/** The charge that is open, or a new one. */
function asked(life: Life, at: number): Charge {
  const { openCharge: open } = life.subscription;
  if (open !== null) return life.charges.get(open) ?? assert.fail(`charge ${open} is not known`);
  const opened = openCharge(life.subscription, at);
  life.subscription = deepFreeze(opened.subscription);
  return deepFreeze(opened.charge);
}

/** Asks for the payment that is due at `at` and leaves the answer open. */
export function inFlight(subscription: Subscription): {
  subscription: Subscription;
  charge: Charge;
  at: number;
} {
  const at = subscription.attemptAt ?? assert.fail('nothing is to be charged');
  const { charge, subscription: asking } = openCharge(subscription, at);
  const { change, charge: open } = answerCharge(asking, charge, 'unanswered', namesOf(charge), at);
  return { subscription: checked(change).subscription, charge: deepFreeze(open), at };
}

/** What holds after every change; frozen, so that whatever is done next throws where it writes into it. */
export function checked(change: SubscriptionChange): SubscriptionChange {
  const { subscription } = change;
  assert.equal(subscription.dueAt, nextStep(subscription)?.at ?? null, 'dueAt is when the next step is due');
  return deepFreeze(change);
}

export function deepFreeze<T>(thing: T): T {
  if (typeof thing === 'object' && thing !== null && !Object.isFrozen(thing)) {
    Object.freeze(thing);
    for (const member of Object.values(thing)) deepFreeze(member);
  }
  return thing;
}

/** What happened, without the words. */
export function whats(entries: readonly Entry[]): string[] {
  return entries.map(({ what }) => what);
}

/** What happened, each with its market's local time: `2026-02-15 10:00:00 renewed`. */
export function dated(entries: readonly Entry[], market: 'MKT_ONE' | 'MKT_GLB' = 'MKT_ONE'): string[] {
  return entries.map(({ at, what }) => `${localText(at, market)} ${what}`);
}

/** The market's own date and time of an instant, without milliseconds where there are none. */
export function localText(at: number, market: 'MKT_ONE' | 'MKT_GLB' = 'MKT_ONE'): string {
  const text = new Date(at + (market === 'MKT_ONE' ? 9 : 0) * 3_600_000).toISOString();
  return text.replace('T', ' ').replace('Z', '').replace('.000', '');
}

/** The instant of a market's own date and time. */
export function localInstant(text: string, market: 'MKT_ONE' | 'MKT_GLB' = 'MKT_ONE'): number {
  return Date.parse(`${text.replace(' ', 'T')}${market === 'MKT_ONE' ? '+09:00' : 'Z'}`);
}

export function sumOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { amountMicros }) => sum + amountMicros, 0);
}
