// Random lives of subscriptions: whatever is done in whatever order, the invariants hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '@till/protocol/errors';
import type { Charge, ChargeAnswer } from '../../src/domain/charge.ts';
import { monthlyTerms } from '../../src/domain/product.ts';
import type { Subscription, SubscriptionChange } from '../../src/domain/subscription.ts';
import {
  acknowledgeSubscription,
  announcePrice,
  answerPrice,
  cancel,
  changePayment,
  defer,
  pause,
  reactivate,
  resume,
  voidSubscription,
} from '../../src/domain/subscription-commands.ts';
import {
  autoRenewing,
  isLive,
  mayUse,
  paymentState,
  subscriptionState,
} from '../../src/domain/subscription-state.ts';
import { fc } from '../properties.ts';
import { bought, checked, type Given, type Life, live, sold, start, sumOf } from './subscriptions.ts';

const commands = {
  acknowledge: (before: Subscription, now: number) =>
    acknowledgeSubscription(before, { cause: 'developer' }, now),
  cancel: (before: Subscription, now: number) => cancel(before, 'developer', now),
  reactivate: (before: Subscription, now: number) => reactivate(before, 'buyer', now),
  defer: (before: Subscription, now: number) => defer(before, { deferPeriod: 3, cause: 'developer' }, now),
  void: (before: Subscription, now: number) =>
    voidSubscription(before, { reason: null, cause: 'operator' }, now),
  pay: (before: Subscription, now: number) => changePayment(before, { method: 'CREDITCARD' }, now),
  pause: (before: Subscription, now: number) =>
    pause(before, { count: 1, unit: before.terms.period === 'P1W' ? 'week' : 'month' }, now),
  resume,
  raise: (before: Subscription, now: number) => reprice(before, 1_500_000_000, now),
  raiseMore: (before: Subscription, now: number) => reprice(before, 1_900_000_000, now),
  cut: (before: Subscription, now: number) => reprice(before, 700_000_000, now),
  agree: (before: Subscription, now: number) => answerPrice(before, { agreed: true }, now),
  disagree: (before: Subscription, now: number) => answerPrice(before, { agreed: false }, now),
} as const;
function reprice(before: Subscription, priceMicros: number, at: number): SubscriptionChange {
  return announcePrice(before, { priceMicros, priceSeq: before.priceSeq + 1, at });
}

type Command = keyof typeof commands | 'wait';

interface Step {
  /** Before the command, in thousandths of the longest wait. */
  wait: number;
  what: Command;
}

const terms: fc.Arbitrary<NonNullable<Given['terms']>> = fc.record({
  period: fc.constantFrom('P1W', 'P1M', 'P3M', 'P6M', 'P1Y'),
  trialDays: fc.constantFrom(0, 0, 3, 30),
  graceDays: fc.constantFrom(0, 3, 7, 30),
  holdDays: fc.constantFrom(0, 7, 30),
  pausable: fc.boolean(),
  promotion: fc.constantFrom(null, null, { priceMicros: 100_000_000, payments: 2 }),
});
const givens: fc.Arbitrary<Given> = fc
  .record({
    type: fc.constantFrom('auto', 'subscription', 'subscription'),
    calendar: fc.constantFrom('commercial', 'commercial', 'sandbox'),
    market: fc.constantFrom('MKT_ONE', 'MKT_GLB'),
    purchaseTime: fc.integer({ min: start, max: start + 1_500 * 86_400_000 }),
    mustAcknowledge: fc.boolean(),
    terms,
  })
  .map((given) => (given.type === 'auto' ? { ...given, terms: monthlyTerms } : given));
const steps = fc.array(
  fc.record<Step>({
    wait: fc.oneof(fc.constant(0), fc.nat(20), fc.nat(1_000)),
    what: fc.constantFrom<Command[]>('wait', 'wait', ...(Object.keys(commands) as Command[])),
  }),
  { minLength: 1, maxLength: 14 },
);
const answers = fc.array(
  fc.constantFrom<ChargeAnswer[]>('approved', 'approved', 'approved', 'declined', 'declined', 'unanswered'),
  { minLength: 1, maxLength: 12 },
);

const planned = fc.array(fc.constantFrom<Command[]>('pause', 'raise', 'cut', 'defer'), { maxLength: 3 });

/** The longest wait of a step: two months, on the sandbox's clock twenty minutes. */
function longestWait({ calendar }: Given): number {
  return calendar === 'sandbox' ? 20 * 60_000 : 62 * 86_400_000;
}

/** The answer depends on the charge and on how often it was asked, as a gateway's does. */
function gateway(given: readonly ChargeAnswer[]) {
  return ({ number, unansweredCount }: Charge): ChargeAnswer =>
    given[(number * 7 + unansweredCount) % given.length] ?? 'approved';
}

test('no life breaks the rules: what is due, what is paid once, what goes back, what ends', () => {
  fc.assert(
    fc.property(givens, steps, answers, (given, taken, said) => {
      const first = sold(given);
      const life: Life = { ...first, charges: new Map() };
      const entries = [...first.entries];
      const payments = [...first.payments];
      const answer = gateway(said);
      let now = first.subscription.startTime;
      const take = (change: Pick<Life, 'subscription' | 'entries' | 'payments'>) => {
        assertStep(life.subscription, change, now);
        life.subscription = change.subscription;
        entries.push(...change.entries);
        payments.push(...change.payments);
      };
      const pass = () => take(live(life.subscription, now, { answer, charges: life.charges }));
      for (const { wait, what } of taken) {
        now += Math.floor((wait / 1_000) * longestWait(given));
        pass();
        const change = obey(what, life.subscription, now);
        if (change !== undefined) take(checked(change));
        pass();
        assertShown(life.subscription, now);
      }
      for (const [index, { at }] of entries.entries()) {
        assert.ok(at >= (entries[index - 1]?.at ?? 0), 'the history never goes back in time');
      }
      assertMoney(life, { entries, payments });
    }),
    { numRuns: 1_500 },
  );
});

test('one long wait leaves what many short ones leave', () => {
  fc.assert(
    fc.property(
      givens,
      planned,
      answers,
      fc.array(fc.nat(1_000), { maxLength: 20 }),
      (given, plan, said, waits) => {
        const first = bought(given);
        const before = plan.reduce((present, what) => {
          return obey(what, present, first.startTime)?.subscription ?? present;
        }, first);
        const end = before.startTime + 6 * longestWait(given);
        const jumped = live(before, end, { answer: gateway(said) });
        const stops = waits.map(
          (wait) => before.startTime + Math.floor((wait / 1_000) * (end - before.startTime)),
        );
        const charges = new Map();
        const walked: Pick<Life, 'subscription' | 'entries'> = { subscription: before, entries: [] };
        for (const stop of [...stops.sort((one, other) => one - other), end]) {
          const { subscription, entries } = live(walked.subscription, stop, {
            answer: gateway(said),
            charges,
          });
          walked.subscription = subscription;
          walked.entries.push(...entries);
        }
        assert.deepEqual(walked, { subscription: jumped.subscription, entries: jumped.entries });
        assert.deepEqual(charges, jumped.charges);
      },
    ),
    { numRuns: 500 },
  );
});

/** What the command makes of it; undefined where it is refused. */
function obey(what: Command, before: Subscription, now: number): SubscriptionChange | undefined {
  if (what === 'wait') return undefined;
  try {
    return commands[what](before, now);
  } catch (error) {
    assert.ok(error instanceof Refusal, 'a rule refuses by name or not at all');
    return undefined;
  }
}

/** What ended never comes back, and costs nothing more. */
function assertStep(
  before: Subscription,
  { subscription, entries, payments }: Pick<Life, 'subscription' | 'entries' | 'payments'>,
  now: number,
): void {
  if (!isLive(before)) {
    assert.ok(!isLive(subscription));
    assert.deepEqual(payments, []);
    assert.ok(sumOf(entries) <= 0);
  }
  const { purchaseToken, startTime, firstPurchaseId, terms: promised } = before;
  assert.deepEqual(
    [subscription.purchaseToken, subscription.startTime, subscription.firstPurchaseId, subscription.terms],
    [purchaseToken, startTime, firstPurchaseId, promised],
  );
  for (const { at } of entries) assert.ok(at <= now, 'nothing happens in the future');
}

/** Once everything is done that is due, what is shown fits together. */
function assertShown(subscription: Subscription, now: number): void {
  const { dueAt, renewing, openCharge, attemptAt, expiresAt } = subscription;
  assert.ok(dueAt === null || dueAt > now, 'nothing is left that is due');
  const state = subscriptionState(subscription);
  const ended = state === 'expired' || state === 'revoked';
  assert.equal(paymentState(subscription) === null, ended);
  assert.equal(autoRenewing(subscription), !ended && state !== 'cancelScheduled');
  assert.equal(
    mayUse(subscription, now),
    state !== 'hold' && state !== 'paused' && !ended,
    'it may be used as long as its state says',
  );
  if (ended) assert.ok(expiresAt <= now);
  // what has ended waits for a missing answer, or for the three days of its first payment, and for nothing else
  if (ended && openCharge === null) assert.equal(dueAt, subscription.acknowledgeBy);
  if (!ended) assert.notEqual(subscription.endsAt, null, 'every state that runs has an end');
  if (!renewing && openCharge === null) assert.equal(attemptAt, null, 'what was cancelled is not charged');
}

/** Each cycle is paid once, each payment goes back at most once, and no charge makes two of them. */
function assertMoney(
  { subscription, charges }: Life,
  { entries, payments }: Pick<Life, 'entries' | 'payments'>,
): void {
  assert.ok(sumOf(entries) >= 0, 'never more goes back than was paid');
  assert.equal(new Set(payments.map(({ purchaseId }) => purchaseId)).size, payments.length);
  assert.equal(payments.length, subscription.cycle + 1);
  assert.equal(payments.at(-1)?.purchaseId, subscription.lastPurchaseId);
  const paidCycles = [...charges.values()].filter(({ purchaseId }) => purchaseId !== null);
  assert.deepEqual(
    paidCycles.map(({ cycle }) => cycle),
    Array.from({ length: subscription.cycle }, (_, index) => index + 1),
    'each cycle after the first is paid by one charge',
  );
  const expected = new Map(payments.map(({ purchaseId, priceMicros }) => [purchaseId, priceMicros]));
  for (const { what, purchaseId, amountMicros } of entries) {
    if (what !== 'voided') continue;
    assert.equal(-amountMicros, expected.get(purchaseId), `${purchaseId} goes back once and whole`);
    expected.delete(purchaseId);
  }
  const kept = [...expected.values()].reduce((sum, micros) => sum + micros, 0);
  assert.equal(sumOf(entries), kept, 'the ledger is what was paid and has not gone back');
}
