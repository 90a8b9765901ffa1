// What must hold at every instant of a walk through the rules.
import assert from 'node:assert/strict';
import { isLive, mayUse } from '../../src/domain/subscription-state.ts';
import { type Lived, promotionMicros } from './subscription-lives.ts';
import type { Walk, Walked } from './subscription-walker.ts';

const payments = ['purchased', 'switched', 'renewed', 'recovered', 'resumed'];

export function checkWalk({ tokens }: Walk, life: Lived, now: number): void {
  for (const [index, walked] of tokens.entries()) {
    checkToken(walked, life, now);
    const newer = tokens[index + 1];
    if (newer !== undefined) checkReplaced(walked, newer, now);
  }
  assert.ok(tokens.filter(({ subscription }) => isLive(subscription)).length <= 1, 'one lives at the most');
  checkOffers(tokens);
}

function checkToken(walked: Walked, life: Lived, now: number): void {
  const { subscription, entries, payments: paid, charges } = walked;
  assert.ok(subscription.dueAt === null || subscription.dueAt > now, 'nothing is overdue');
  let balance = 0;
  let last = life.startAt;
  for (const { at, amountMicros } of entries) {
    assert.ok(at >= last && at <= now, 'time does not go back');
    last = at;
    balance += amountMicros;
    assert.ok(balance >= 0, 'nobody gets back more than was paid');
  }
  assert.ok(subscription.changedAt >= last, 'it knows when something happened to it last');
  const made = entries.filter(({ what }) => payments.includes(what));
  assert.deepEqual(
    made.map(({ purchaseId, amountMicros, at }) => ({ purchaseId, amountMicros, at })),
    paid.map(({ purchaseId, priceMicros, purchaseTime }) => {
      return { purchaseId, amountMicros: priceMicros, at: purchaseTime };
    }),
  );
  const cycles = charges.filter(({ state }) => state === 'approved').map(({ cycle }) => cycle);
  assert.equal(new Set(cycles).size, cycles.length, 'no cycle is charged twice');
  const own = new Set(paid.map(({ purchaseId }) => purchaseId));
  const taken = charges.filter(({ purchaseId }) => purchaseId !== null && own.has(purchaseId)).length;
  assert.equal(taken, paid.length - 1, 'each payment but the first has its charge');
  const voids = entries.filter(({ what }) => what === 'voided').map(({ purchaseId }) => purchaseId);
  assert.equal(new Set(voids).size, voids.length, 'no payment is voided twice');
  const confirmed = entries.filter(({ what }) => what === 'acknowledged').length;
  assert.equal(confirmed, subscription.acknowledgedAt === null ? 0 : 1);
  assert.ok(subscription.creditMicros >= 0 && subscription.periodValueMicros >= 0);
  checkPauses(walked);
  checkPeriods(walked, now);
}

/** A pause that has begun is left by a payment, or by an end, and by nothing else. */
function checkPauses({ entries, subscription }: Walked): void {
  let paused = false;
  for (const { what } of entries) {
    assert.ok(!paused || !['renewed', 'recovered', 'paused'].includes(what), `${what} in a pause`);
    assert.ok(paused || what !== 'resumed', 'nothing was paused');
    if (what === 'paused') paused = true;
    else if (['resumed', 'held', 'expired', 'revoked', 'voided'].includes(what)) paused = false;
  }
  assert.equal(subscription.status === 'paused', paused);
}

/**
 * One payment comes after the other. Two of one instant are for two periods: one that was used in grace, or came of a
 * change, and the one that begins just then.
 */
function checkPeriods({ subscription, payments: paid }: Walked, now: number): void {
  for (const [index, { purchaseTime }] of paid.entries()) {
    const later = paid.slice(index + 1).map((next) => next.purchaseTime);
    assert.ok(later.every((at) => at >= purchaseTime));
    assert.ok(
      later.filter((at) => at === purchaseTime).length <= 1,
      'two payments at one instant at the most',
    );
  }
  if (!isLive(subscription)) {
    assert.equal(mayUse(subscription, now), false);
    return;
  }
  const { nextPaymentAt, status, expiresAt } = subscription;
  if (status === 'active') assert.ok(nextPaymentAt > (paid.at(-1)?.purchaseTime ?? 0) && expiresAt >= now);
}

/** From the instant of its `replaced` on the old one cannot be used, and the new one can. */
function checkReplaced(old: Walked, newer: Walked, now: number): void {
  const replaced = old.entries.filter(({ what }) => what === 'replaced');
  assert.equal(replaced.length, 1);
  assert.equal(replaced[0]?.at, newer.subscription.startTime);
  assert.equal(replaced[0]?.amountMicros, 0);
  assert.equal(newer.subscription.linkedPurchaseToken, old.subscription.purchaseToken);
  const { status, expiresAt, voidedAt } = old.subscription;
  assert.deepEqual([status, voidedAt], ['revoked', newer.subscription.startTime]);
  assert.ok(expiresAt <= newer.subscription.startTime);
  assert.ok(now <= newer.subscription.startTime || !mayUse(old.subscription, now), 'the old one is over');
}

/** The trial and the promotion of a product are for a buyer once, and the promotion for so many payments. */
function checkOffers(tokens: readonly Walked[]): void {
  const tasted = tokens.flatMap(({ subscription: { productId }, entries, payments: paid }) => {
    const free = entries.some(({ detail }) => detail?.startsWith('a free trial'));
    return free || paid.some(({ priceMicros }) => priceMicros === promotionMicros) ? [productId] : [];
  });
  assert.equal(new Set(tasted).size, tasted.length, 'one trial or promotion of a product');
  for (const { subscription, payments: paid } of tokens) {
    const promoted = paid.filter(({ priceMicros }) => priceMicros === promotionMicros).length;
    assert.ok(promoted + subscription.promotionLeft <= (subscription.terms.promotion?.payments ?? 0));
  }
}
