// Random walks over the rules of a subscription: however time is cut up, the same life comes of it, and a lawful one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '@till/protocol/errors';
import fc from 'fast-check';
import { type Charge, simulatedAnswer } from '../../src/domain/charge.ts';
import type { WorldClock } from '../../src/domain/clock.ts';
import type { Entry } from '../../src/domain/ledger.ts';
import type { Purchase } from '../../src/domain/purchase.ts';
import {
  mayUse,
  type Subscription,
  type SubscriptionChange,
  subscribe,
} from '../../src/domain/subscription.ts';
import * as commands from '../../src/domain/subscription-commands.ts';
import * as steps from '../../src/domain/subscription-steps.ts';
import { anOrder } from '../store/things.ts';
import { type Command, dayMs, holds, type Lived, lives, stepsBetween } from './subscription-lives.ts';
import { judge, mayUseAt, type Verdict } from './subscription-oracle.ts';

const runs = Number(process.env.TILL_TEST_RUNS ?? 2_000);

/** A life as it has come so far. The rules are given what they answered as it comes out of a database. */
interface Walk {
  subscription: Subscription;
  entries: Entry[];
  payments: Purchase[];
  charges: Charge[];
  refused: boolean[];
}

function begin(life: Lived): Walk {
  const { type, market, calendar, terms, mustAcknowledge, startAt: purchaseTime } = life;
  const order = { ...anOrder({ purchaseTime, market, priceMicros: 3_000_000 }), type, calendar, terms };
  const change = subscribe(order, mustAcknowledge);
  return { ...change, charges: [], refused: [] };
}

function take(walk: Walk, change: SubscriptionChange): void {
  if (change.subscription !== walk.subscription) walk.subscription = stored(change.subscription);
  walk.entries.push(...change.entries);
  walk.payments.push(...change.payments);
}

const stored = <T>(thing: T): T => Object.freeze(structuredClone(thing));
const clockAt = (at: number): WorldClock => ({ at, base: 0, rate: 1, frozen: true, jumpedTo: at });

/** Everything that is due by now; `crashes` reads each charge again before it is answered. */
function goTo(walk: Walk, now: number, crashes: boolean): void {
  for (;;) {
    take(walk, steps.settleSubscription(walk.subscription, clockAt(now), now));
    const at = steps.chargeDueAt(walk.subscription, now);
    if (at === undefined) return;
    let charge = walk.charges.find(({ number }) => number === walk.subscription.openCharge);
    if (charge === undefined) {
      const opened = steps.openCharge(walk.subscription, at);
      walk.subscription = stored(opened.subscription);
      charge = stored(opened.charge);
      walk.charges.push(charge);
      if (crashes) continue;
    }
    const { number } = charge;
    const names = { purchaseId: `purchase ${number}`, orderId: `order ${number}` };
    const answered = steps.answerCharge(walk.subscription, charge, simulatedAnswer(charge), names, at);
    walk.charges = walk.charges.map((one) => (one.number === number ? answered.charge : one));
    take(walk, answered.change);
  }
}

function carryOut(subscription: Subscription, { what, count, answers, at }: Command): SubscriptionChange {
  const cause = 'developer';
  switch (what) {
    case 'acknowledge':
      return commands.acknowledgeSubscription(subscription, { cause }, at);
    case 'cancel':
      return commands.cancel(subscription, cause, at);
    case 'reactivate':
      return commands.reactivate(subscription, cause, at);
    case 'defer':
      return commands.defer(subscription, { deferPeriod: count, cause }, at);
    case 'void':
      return commands.voidSubscription(subscription, { reason: null, cause: 'operator' }, at);
    case 'pay':
      return commands.changePayment(subscription, { outcome: answers }, at);
  }
}

/** Lives a life in these steps, and looks at it after each and at each command. */
function live(
  life: Lived,
  pauses: readonly number[],
  look: (walk: Walk, now: number) => void,
  crashes = false,
): Walk {
  const walk = begin(life);
  const instants = [...pauses.filter((at) => at < life.until), life.until].sort((a, b) => a - b);
  let next = 0;
  for (const now of instants) {
    for (let command = life.commands[next]; command && command.at <= now; command = life.commands[++next]) {
      goTo(walk, command.at, crashes);
      look(walk, command.at);
      const change = allowed(() => carryOut(walk.subscription, command));
      walk.refused.push(change === undefined);
      if (change !== undefined) take(walk, change);
      goTo(walk, command.at, crashes);
    }
    goTo(walk, now, crashes);
    look(walk, now);
  }
  return walk;
}

function allowed(rule: () => SubscriptionChange): SubscriptionChange | undefined {
  try {
    return rule();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

test('a year in one jump leaves what 365 days, steps by chance and crashes between any two steps leave', () =>
  holds(
    'a year in one jump',
    fc.property(lives, fc.array(fc.nat(430 * dayMs), { maxLength: 40 }), (life, cuts) => {
      const { startAt, until } = life;
      const look = () => {};
      const jumped = live(life, [], look);
      const length = until - startAt;
      const byChance = cuts.map((cut) => startAt + (cut % length)).sort((a, b) => a - b);
      assert.deepEqual(live(life, stepsBetween(startAt, until, 365), look), jumped);
      assert.deepEqual(live(life, byChance, look), jumped);
      assert.deepEqual(live(life, byChance, look, true), jumped);
    }),
    runs,
  ));

test('no walk charges a cycle twice, loses money or an entry, goes back in time or leaves anything overdue', () =>
  holds(
    'no walk charges a cycle twice',
    fc.property(lives, (life) => {
      live(life, stepsBetween(life.startAt, life.until, 40), (walk, now) => checkLaws(walk, life, now));
    }),
    runs,
  ));

test('at every instant of a walk it may be used exactly where the protocol says so', () =>
  holds(
    'at every instant of a walk',
    fc.property(lives, (life) => {
      const verdict = judge(life);
      const edges = verdict.mayUse.flat().flatMap((at) => [at - 1, at, at + 1]);
      const pauses = [...stepsBetween(life.startAt, life.until, 40), ...edges]
        .filter((at) => at >= life.startAt && at <= life.until)
        .sort((a, b) => a - b);
      const seen: [number, boolean][] = [];
      const walk = live(life, pauses, (present, now) => {
        // before the commands of an instant it is still as it was
        if (life.commands.some(({ at }) => at === now)) return;
        seen.push([now, mayUse(present.subscription, now)]);
      });
      assert.deepEqual(
        seen,
        seen.map(([at]) => [at, mayUseAt(verdict, at)]),
      );
      checkAgainst(verdict, walk);
    }),
    runs,
  ));

test('a payment so late in a long grace that its period is over makes its day the payment day', () => {
  const terms = { period: 'P1W', trialDays: 0, graceDays: 30, holdDays: 30 } as const;
  const startAt = Date.UTC(2026, 0, 1, 3);
  const pay = (onDay: number, answers: 'approve' | 'decline'): Command => {
    return { at: startAt + onDay * dayMs, what: 'pay', count: 1, answers };
  };
  const life: Lived = {
    ...{ type: 'subscription', market: 'MKT_ONE', calendar: 'commercial', terms, mustAcknowledge: false },
    ...{ startAt, until: startAt + 40 * dayMs, commands: [pay(1, 'decline'), pay(30, 'approve')] },
  };
  const { entries, subscription } = live(life, [], (walk, now) => checkLaws(walk, life, now));
  const renewals = entries.filter(({ what }) => what === 'renewed').map(({ at }) => at);
  const ten = Date.UTC(2026, 0, 1, 1);
  assert.deepEqual(renewals, [startAt + 30 * dayMs, ten + 37 * dayMs]);
  assert.equal(subscription.nextPaymentAt, ten + 44 * dayMs);
});

test('the same life is drawn again by the seed and the path that a failure tells', async () => {
  const fails = fc.property(lives, ({ terms }) => terms.holdDays < 20);
  const failure = async (environment: NodeJS.ProcessEnv) => {
    const error = await holds('a test', fails, 1_000, environment).catch((thrown: Error) => thrown);
    assert.ok(error instanceof Error);
    return error.message;
  };
  const message = await failure({});
  const [, seed, path] = /^TILL_TEST_SEED=(\S+) TILL_TEST_PATH=(\S+) /.exec(message) ?? [];
  assert.ok(seed !== undefined && path !== undefined);
  const counterexample = (text: string) => /Counterexample: (.*)/.exec(text)?.[1];
  const again = await failure({ TILL_TEST_SEED: seed, TILL_TEST_PATH: path });
  assert.ok(counterexample(message)?.includes('holdDays'));
  assert.equal(counterexample(again), counterexample(message));
});

function checkAgainst(verdict: Verdict, { entries, refused }: Walk): void {
  const paid = entries.filter(({ what }) => what === 'renewed' || what === 'recovered');
  assert.deepEqual(
    paid.map(({ at }) => at),
    verdict.paidAt,
  );
  assert.deepEqual(refused, verdict.refused);
}

function checkLaws({ subscription, entries, payments, charges }: Walk, life: Lived, now: number): void {
  assert.ok(subscription.dueAt === null || subscription.dueAt > now, 'nothing is overdue');
  let balance = 0;
  let last = life.startAt;
  for (const { at, amountMicros } of entries) {
    assert.ok(at >= last && at <= now, 'time does not go back');
    last = at;
    balance += amountMicros;
    assert.ok(balance >= 0, 'nobody gets back more than was paid');
  }
  const paid = entries.filter(({ what }) => ['purchased', 'renewed', 'recovered'].includes(what));
  assert.deepEqual(
    paid.map(({ purchaseId, amountMicros, at }) => ({ purchaseId, amountMicros, at })),
    payments.map(({ purchaseId, priceMicros, purchaseTime }) => {
      return { purchaseId, amountMicros: priceMicros, at: purchaseTime };
    }),
  );
  const cycles = charges.filter(({ state }) => state === 'approved').map(({ cycle }) => cycle);
  assert.equal(new Set(cycles).size, cycles.length, 'no cycle is charged twice');
  assert.equal(charges.filter(({ purchaseId }) => purchaseId !== null).length, payments.length - 1);
  const voids = entries.filter(({ what }) => what === 'voided').map(({ purchaseId }) => purchaseId);
  assert.equal(new Set(voids).size, voids.length, 'no payment is voided twice');
  const confirmed = entries.filter(({ what }) => what === 'acknowledged').length;
  assert.equal(confirmed, subscription.acknowledgedAt === null ? 0 : 1);
}
