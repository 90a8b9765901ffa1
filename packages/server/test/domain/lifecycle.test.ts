// docs/lifecycle.md against the rules: a walk through everything that commands, time and answers can do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '@till/protocol/errors';
import type { Charge, ChargeAnswer } from '../../src/domain/charge.ts';
import { realClock } from '../../src/domain/clock.ts';
import type { Happening } from '../../src/domain/ledger.ts';
import { paymentToldAs, toldAs } from '../../src/domain/notification.ts';
import { monthlyTerms, type Terms } from '../../src/domain/product.ts';
import { changeProduct, dropSwitch, scheduleSwitch, type Target } from '../../src/domain/product-change.ts';
import {
  nextStep,
  type Subscription,
  type SubscriptionChange,
  unchanged,
} from '../../src/domain/subscription.ts';
import { subscribe } from '../../src/domain/subscription-begin.ts';
import { answerCharge, openCharge } from '../../src/domain/subscription-charges.ts';
import {
  acknowledgeSubscription,
  announcePrice,
  answerPrice,
  cancel,
  defer,
  pause,
  reactivate,
  resume,
  voidSubscription,
} from '../../src/domain/subscription-commands.ts';
import { subscriptionState } from '../../src/domain/subscription-state.ts';
import { settleSubscription } from '../../src/domain/subscription-steps.ts';
import { guidePayments, guideRows, lifecycleGuide } from '../lifecycle-guide.ts';
import { anOrder, noon } from '../store/things.ts';

const clock = { ...realClock, jumpedTo: Number.MAX_SAFE_INTEGER };

/** A subscription, the charge that waits for its answer, and what time it is. */
interface Place {
  subscription: Subscription;
  charge: Charge | undefined;
  now: number;
}

/** `from what to`, as in a row of the table. */
type Edge = string;

const ofMonth: Terms = { ...monthlyTerms, graceDays: 3, holdDays: 4 };
const sold: readonly { type: 'auto' | 'subscription'; terms: Terms }[] = [
  { type: 'auto', terms: monthlyTerms },
  { type: 'subscription', terms: { ...ofMonth, pausable: true } },
  { type: 'subscription', terms: { ...ofMonth, graceDays: 0, holdDays: 0, pausable: true } },
  { type: 'subscription', terms: ofMonth },
  { type: 'subscription', terms: { ...ofMonth, graceDays: 0 } },
  { type: 'subscription', terms: { ...ofMonth, holdDays: 0 } },
  { type: 'subscription', terms: { ...ofMonth, graceDays: 0, holdDays: 0 } },
];

test('every way from one state to another is in the table, and no other', () => {
  assert.deepEqual(tableEdges().sort(), [...walkedEdges()].sort());
});

test('its column Type is the notificationType that each step is told with', () => {
  for (const { what, type } of guideRows) {
    assert.equal(type, String(toldAs[what as Happening] ?? '–'), what);
  }
  const inTable = new Set(guideRows.map(({ what }) => what));
  assert.deepEqual(
    Object.keys(toldAs).filter((what) => !inTable.has(what)),
    [],
    'what is told is a step of the table',
  );
});

test('it names the steps that are told as payments', () => {
  assert.deepEqual(guidePayments, paymentToldAs);
});

test('the diagram shows each of them that leads to another state', () => {
  const between = tableEdges().filter((edge) => {
    const [from, , to] = edge.split(' ');
    return from !== to;
  });
  assert.deepEqual(diagramEdges().sort(), between.sort());
});

/** A row may name several states that the step starts from, and then leads back to each. */
function tableEdges(): Edge[] {
  return guideRows.flatMap(({ from, what, to }) => {
    if (from === '–') return [`[*] ${what} ${bare(to)}`];
    return from.split(', ').map((one) => `${bare(one)} ${what} ${to === 'the same' ? bare(one) : bare(to)}`);
  });
}

const bare = (code: string) => code.replaceAll('`', '');

function diagramEdges(): Edge[] {
  const lines = lifecycleGuide.matchAll(/^ {2}(\S+) --> (\S+) : (\w+)$/gm);
  return [...lines].map(([, from, to, what]) => `${from} ${what} ${to}`);
}

/** From each sale, every choice at every turn, as deep as it takes to see a failed payment run out and what follows. */
function walkedEdges(): Set<Edge> {
  const edges = new Set<Edge>();
  const seen = new Set<string>();
  const open: { place: Place; depth: number }[] = [];
  const reach = (
    from: string,
    change: SubscriptionChange,
    to: Omit<Place, 'subscription'>,
    depth: number,
  ) => {
    const { subscription } = change;
    const last = change.entries.at(-1);
    if (last !== undefined && last.what !== 'acknowledged') {
      edges.add(`${from} ${last.what} ${subscriptionState(subscription)}`);
    }
    for (const { what } of change.begun?.entries ?? []) edges.add(`[*] ${what} active`);
    const place = { subscription, ...to };
    if (depth === 0 || seen.has(keyOf(place))) return;
    seen.add(keyOf(place));
    open.push({ place, depth });
  };
  for (const { type, terms } of sold) {
    const order = { ...anOrder(), type, terms, calendar: 'commercial', priceSeq: 0 } as const;
    reach('[*]', subscribe(order, true), { charge: undefined, now: noon }, 60);
  }
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { place, depth } = next;
    const from = subscriptionState(place.subscription);
    for (const { change, ...to } of choices(place)) reach(from, change, to, depth - 1);
  }
  return edges;
}

/** Months apart from their history are alike: what may come next is the same. */
function keyOf({ subscription, charge, now }: Place): string {
  const { type, terms, status, renewing, paymentFailed, acknowledgedAt, voidedAt } = subscription;
  const { pause, switchTo, priceChanges } = subscription;
  const step = nextStep(subscription);
  return JSON.stringify([
    ...[type, terms, status, renewing, paymentFailed, acknowledgedAt === null, voidedAt === null],
    ...[pause === null, switchTo === null, priceChanges.map(({ told, agreed }) => [told, agreed])],
    ...[charge?.unansweredCount, step?.step, step && step.at <= now, subscription.openCharge === null],
    Math.min(8, Math.round(((step?.at ?? now) - now) / 86_400_000)),
    status === 'grace' || status === 'hold'
      ? Math.round(((subscription.endsAt ?? now) - now) / 86_400_000)
      : 0,
    priceChanges.map(({ dueAt, toldAt }) => [
      dueAt <= (subscription.attemptAt ?? now),
      Math.max(-1, Math.round((toldAt - now) / 86_400_000)),
    ]),
  ]);
}

function* choices(place: Place): Generator<Place & { change: SubscriptionChange }> {
  const { subscription, charge, now } = place;
  const moved = (change: SubscriptionChange, given: Partial<Place> = {}) => ({
    ...{ ...place, ...given, subscription: change.subscription },
    change,
  });
  for (const command of commands) {
    const change = orRefused(() => command(subscription, now));
    if (change !== undefined) yield moved(change);
  }
  if (charge !== undefined) {
    for (const answer of ['approved', 'declined', 'unanswered'] satisfies ChargeAnswer[]) {
      const names = { purchaseId: `payment ${charge.number}`, orderId: `order ${charge.number}` };
      const answered = answerCharge(subscription, charge, answer, names, now);
      yield moved(answered.change, { charge: undefined });
    }
    return;
  }
  const step = nextStep(subscription);
  if (step === undefined) return;
  const later = Math.max(step.at, now);
  for (const days of [3, 6]) {
    const shortlyBefore = later - days * 86_400_000;
    if (shortlyBefore > now) yield moved(unchanged(subscription), { now: shortlyBefore });
  }
  if (step.step !== 'charge') yield moved(settleSubscription(subscription, clock, later), { now: later });
  else yield asked(place, later);
}

/** The gateway is asked, for the first time or again. */
function asked(place: Place, now: number): Place & { change: SubscriptionChange } {
  const { subscription } = place;
  const opened = openCharge(subscription, now);
  const again = subscription.openCharge !== null;
  const kept = again ? subscription : opened.subscription;
  const charge = again
    ? { ...opened.charge, unansweredCount: 9, number: subscription.openCharge ?? 0 }
    : opened.charge;
  return { subscription: kept, charge, now, change: { subscription: kept, entries: [], payments: [] } };
}

const target: Target = {
  productId: 'another',
  priceMicros: 5_000_000_000,
  currency: 'KRW',
  terms: ofMonth,
  priceSeq: 0,
};

const commands: readonly ((subscription: Subscription, now: number) => SubscriptionChange)[] = [
  (subscription, now) => acknowledgeSubscription(subscription, { cause: 'developer' }, now),
  (subscription, now) => cancel(subscription, 'buyer', now),
  (subscription, now) => reactivate(subscription, 'buyer', now),
  (subscription, now) => defer(subscription, { deferPeriod: 3, cause: 'developer' }, now),
  (subscription, now) => pause(subscription, { count: 1, unit: 'month' }, now),
  (subscription, now) => resume(subscription, now),
  (subscription, now) => {
    const priceMicros = subscription.priceMicros + 1_000_000;
    return announcePrice(subscription, { priceMicros, priceSeq: 1, at: now });
  },
  (subscription, now) => answerPrice(subscription, { agreed: true }, now),
  (subscription, now) => answerPrice(subscription, { agreed: false }, now),
  (subscription, now) => scheduleSwitch(subscription, target, { mustAcknowledge: false }, now),
  (subscription, now) => {
    const names = { purchaseId: 'purchase', purchaseToken: 'another token', orderId: 'order' };
    const mode = 'IMMEDIATE_WITHOUT_PRORATION';
    const given = { mode, names, mustAcknowledge: false, developerPayload: null } as const;
    const { replaced, begun } = changeProduct(subscription, target, given, now);
    return { ...replaced, begun };
  },
  (subscription, now) =>
    subscription.switchTo === null || subscription.openCharge !== null
      ? unchanged(subscription)
      : dropSwitch(subscription, now),
  (subscription, now) => voidSubscription(subscription, { reason: null, cause: 'operator' }, now),
];

function orRefused(rule: () => SubscriptionChange): SubscriptionChange | undefined {
  try {
    return rule();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
