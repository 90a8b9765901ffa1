// Random walks over the rules of a subscription: however time is cut up, the same life comes of it, and a lawful one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { monthlyTerms } from '../../src/domain/product.ts';
import { mayUse } from '../../src/domain/subscription-state.ts';
import { acknowledged, dayMs, holds, type Lived, lives, stepsBetween } from './subscription-lives.ts';
import { judge, mayUseAt, type Verdict } from './subscription-oracle.ts';
import { checkWalk } from './subscription-walk-laws.ts';
import { live, type Walk, type Walked } from './subscription-walker.ts';

const runs = Number(process.env.TILL_TEST_RUNS ?? 2_000);

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
      assert.deepEqual(live(life, byChance, look, { crashes: true }), jumped);
    }),
    runs,
  ));

test('no walk charges a cycle twice, loses money or an entry, goes back in time or leaves anything overdue', () =>
  holds(
    'no walk charges a cycle twice',
    fc.property(lives, (life) => {
      live(life, stepsBetween(life.startAt, life.until, 40), (walk, now) => checkWalk(walk, life, now));
    }),
    runs,
  ));

test('at every instant of a walk it may be used exactly where the protocol says so', () =>
  holds(
    'at every instant of a walk',
    fc.property(lives, (life) => {
      const verdict = judge(life);
      const edges = verdict.tokens
        .flatMap((judged) => judged.mayUse.flat())
        .flatMap((at) => [at - 1, at, at + 1]);
      const pauses = [...stepsBetween(life.startAt, life.until, 40), ...edges]
        .filter((at) => at >= life.startAt && at <= life.until)
        .sort((a, b) => a - b);
      const seen: [at: number, token: number, mayUse: boolean][] = [];
      const walk = live(life, pauses, ({ tokens }, now) => {
        // before the commands of an instant it is still as it was
        if (life.commands.some(({ at }) => at === now)) return;
        for (const [index, { subscription }] of tokens.entries()) {
          seen.push([now, index, mayUse(subscription, now)]);
        }
      });
      assert.equal(walk.tokens.length, verdict.tokens.length);
      assert.deepEqual(
        seen,
        seen.map(([at, index]) => {
          const judged = verdict.tokens[index];
          return [at, index, judged !== undefined && mayUseAt(judged, at)];
        }),
      );
      checkAgainst(verdict, walk);
    }),
    runs,
  ));

test('a payment so late in a long grace that its period is over makes its day the payment day', () => {
  const terms = { ...monthlyTerms, period: 'P1W', graceDays: 30, holdDays: 30 } as const;
  const startAt = Date.UTC(2026, 0, 1, 3);
  const pay = (onDay: number, answers: 'approve' | 'decline') => {
    return { ...acknowledged(startAt + onDay * dayMs), what: 'pay', answers } as const;
  };
  const life: Lived = {
    ...{ type: 'subscription', market: 'MKT_ONE', calendar: 'commercial', terms, mustAcknowledge: false },
    ...{ priceMicros: 3_000_000_000, others: [] },
    ...{ startAt, until: startAt + 40 * dayMs, commands: [pay(1, 'decline'), pay(30, 'approve')] },
  };
  const { tokens } = live(life, [], (walk, now) => checkWalk(walk, life, now));
  const [{ entries, subscription } = assert.fail('nothing bought')] = tokens;
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

function checkAgainst(verdict: Verdict, { tokens, refused }: Walk): void {
  const paid = ({ payments, subscription }: Walked) => {
    const made = payments.map(({ purchaseTime, priceMicros }) => [purchaseTime, priceMicros]);
    return [subscription.productId, ...made];
  };
  assert.deepEqual(
    tokens.map(paid),
    verdict.tokens.map((judged) => [`product${judged.product}`, ...judged.paid]),
  );
  assert.deepEqual(refused, verdict.refused);
}
