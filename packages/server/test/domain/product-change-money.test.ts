// Money over any chain of changes of product: none is created, and none is lost but less than a micro each time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '@till/protocol/errors';
import { nextPayment } from '../../src/domain/billing-calendar.ts';
import { changeProduct, scheduleSwitch, type Target } from '../../src/domain/product-change.ts';
import type { Purchase } from '../../src/domain/purchase.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import { defer } from '../../src/domain/subscription-commands.ts';
import { nextPrice } from '../../src/domain/subscription-price.ts';
import { isLive } from '../../src/domain/subscription-state.ts';
import { fc } from '../properties.ts';
import { bought, checked, dayMs, live, start, targetOf } from './subscriptions.ts';

const modes = [
  'IMMEDIATE_WITH_TIME_PRORATION',
  'IMMEDIATE_AND_CHARGE_PRORATED_PRICE',
  'IMMEDIATE_WITHOUT_PRORATION',
  'DEFERRED',
] as const;
const nominal = {
  commercial: { P1W: 7, P1M: 30, P3M: 90, P6M: 180, P1Y: 360 },
  sandbox: { P1W: 300_000, P1M: 300_000, P3M: 600_000, P6M: 900_000, P1Y: 1_800_000 },
};
const coins = { KRW: 1_000_000, USD: 10_000 };
const largest = 9_007_199_254_000_000;
/** Lines as long as a hundred years are walked no further than this. */
const longest = 500 * dayMs;

type Step = { wait: number; what: (typeof modes)[number] | 'defer' | 'wait'; to: number };
const product = fc.record({
  /** In coins, up to the largest price that there is. */
  price: fc.oneof(
    fc.constantFrom(0, 1, 700),
    fc.nat(1_000),
    fc.integer({ min: 1_000, max: 100_000 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  ),
  period: fc.constantFrom('P1W', 'P1M', 'P3M', 'P6M', 'P1Y'),
});
const chains = fc.record({
  currency: fc.constantFrom('KRW', 'USD'),
  calendar: fc.constantFrom('commercial', 'commercial', 'sandbox'),
  market: fc.constantFrom('MKT_ONE', 'MKT_GLB'),
  purchaseTime: fc.integer({ min: start, max: start + 1_500 * dayMs }),
  products: fc.array(product, { minLength: 3, maxLength: 6 }),
  steps: fc.array(
    fc.record<Step>({
      wait: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(1_000)),
      what: fc.constantFrom(...modes, ...modes, 'defer', 'wait'),
      to: fc.nat(5),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

/** Counts what was charged, and what the time that has passed was worth. */
class Account {
  charged = 0n;
  used = 0n;
  readonly #coin: bigint;
  subscription: Subscription;

  constructor(first: Subscription, coin: number) {
    this.#coin = BigInt(coin);
    this.subscription = first;
    this.charged = BigInt(first.lastPaidMicros);
  }

  /** All that was charged is used up, in the running period, or credit; and every number can be written. */
  balance(): void {
    const { periodValueMicros, creditMicros } = this.subscription;
    assert.equal(this.charged, this.used + BigInt(periodValueMicros) + BigInt(creditMicros));
    for (const [name, value] of Object.entries(this.subscription)) {
      if (typeof value === 'number') assert.ok(Number.isSafeInteger(value) && value >= 0, `${name} ${value}`);
    }
    assert.ok(nextPrice(this.subscription) >= 0);
  }

  pays(payments: readonly Purchase[]): void {
    for (const { priceMicros } of payments) {
      assert.ok(Number.isSafeInteger(priceMicros) && priceMicros >= 0, 'an amount that can be paid');
      assert.equal(BigInt(priceMicros) % this.#coin, 0n, 'whole coins');
      this.charged += BigInt(priceMicros);
    }
  }

  /** Payments up to `now`, one after the other: with each the former period is used up. */
  passes(now: number): void {
    for (;;) {
      const { attemptAt, periodValueMicros } = this.subscription;
      if (attemptAt === null || attemptAt > now) return;
      const { subscription, payments, begun } = live(this.subscription, attemptAt);
      this.pays([...payments, ...(begun?.payments ?? [])]);
      this.used += BigInt(periodValueMicros);
      this.subscription = begun?.subscription ?? subscription;
      this.balance();
    }
  }

  /** A change at once: what it makes of the period must be what the days that are left are worth. */
  changes(target: Target, what: Exclude<Step['what'], 'DEFERRED' | 'defer' | 'wait'>, now: number): void {
    const before = this.subscription;
    const names = { purchaseId: 'next', purchaseToken: 'next', orderId: 'next' };
    const given = { mode: what, names, mustAcknowledge: false, developerPayload: null };
    const { replaced, begun } = changeProduct(before, target, given, now);
    const { subscription: after } = checked(begun);
    const paid = BigInt(begun.payments[0]?.priceMicros ?? -1);
    const worth = BigInt(after.periodValueMicros) + BigInt(after.creditMicros) - paid;
    const used = BigInt(before.periodValueMicros) + BigInt(before.creditMicros) - worth;
    const { left, all } = daysOf(before, now);
    // no more than is fair, and less than one micro is lost
    const unfair = used * all - BigInt(before.periodValueMicros) * (all - left);
    assert.ok(
      all === 0n ? used === BigInt(before.periodValueMicros) : unfair >= 0n && unfair < all,
      `${unfair}`,
    );
    this.pays(begun.payments);
    this.used += used;
    const paidOff = replaced.subscription;
    assert.deepEqual([isLive(paidOff), paidOff.periodValueMicros, paidOff.creditMicros], [false, 0, 0]);
    if (before.calendar === 'commercial')
      assert.ok(after.nextPaymentAt > now, 'a payment that is still to come');
    assert.ok(after.nextPaymentAt >= now && after.attemptAt !== null && after.attemptAt >= now);
    this.#checkMode(before, after, { target, what, paid, left, all });
    this.subscription = after;
  }

  #checkMode(
    before: Subscription,
    after: Subscription,
    {
      target,
      what,
      paid,
      left,
      all,
    }: { target: Target; what: string; paid: bigint; left: bigint; all: bigint },
  ): void {
    const lengths = nominal[before.calendar];
    const price = BigInt(target.priceMicros);
    const length = BigInt(lengths[target.terms.period]);
    if (what === 'IMMEDIATE_WITH_TIME_PRORATION') {
      assert.equal(paid, 0n);
      // what is left over buys no further day
      if (after.nextPaymentAt - after.startTime > 36_000 * dayMs || price === 0n) return;
      assert.ok(BigInt(after.creditMicros) * length <= price + length, `credit of ${after.creditMicros}`);
      return;
    }
    assert.equal(after.nextPaymentAt, before.nextPaymentAt, 'the payment day is kept');
    assert.equal(after.creditMicros, before.creditMicros);
    if (what === 'IMMEDIATE_WITHOUT_PRORATION') assert.equal(paid, 0n);
    else if (all > 0n) {
      // a period as long as one that is paid for counts as such: a month as 30 days
      const { period } = before.terms;
      const whole = nextPayment(before, before.periodStartAt, period) === before.nextPaymentAt;
      const of = whole ? BigInt(lengths[period]) : all;
      // (price * of / length - value) * left / all, times length and all
      const fair = (price * of - BigInt(before.periodValueMicros) * length) * left;
      const scale = length * all;
      const least = fair > 0n ? fair - (this.#coin + 2n) * scale : 0n;
      assert.ok(paid * scale >= least, 'less than one coin below the difference');
      assert.ok(paid * scale <= (fair > 0n ? fair : 0n) + scale, 'never more than the difference');
    }
  }
}

/** The days of the running period, and those behind the day of `now`; milliseconds on shortened periods. */
function daysOf(before: Subscription, now: number): { all: bigint; left: bigint } {
  const { calendar, market, periodStartAt, nextPaymentAt } = before;
  const offset = market === 'MKT_ONE' ? 9 * 3_600_000 : 0;
  const day = (at: number) => (calendar === 'sandbox' ? at : Math.floor((at + offset) / dayMs));
  const all = Math.max(0, day(nextPaymentAt) - day(periodStartAt));
  const left = Math.max(0, day(nextPaymentAt) - day(now) - (calendar === 'sandbox' ? 0 : 1));
  return { all: BigInt(all), left: BigInt(Math.min(all, left)) };
}

test('what was charged is what was used up, what runs and what is credit, over any chain of changes', () => {
  let changes = 0;
  fc.assert(
    fc.property(chains, ({ currency, calendar, market, purchaseTime, products, steps }) => {
      const coin = coins[currency];
      const targets = products.map(({ price, period }, index) => {
        const priceMicros = coin * Math.floor(price < 1 && price > 0 ? (largest / coin) * price : price);
        return targetOf({ productId: `product ${index}`, priceMicros, currency, terms: { period } });
      });
      const [{ productId, priceMicros, terms } = assert.fail()] = targets;
      const order = { currency, calendar, market, purchaseTime, productId, priceMicros, terms };
      const account = new Account(bought(order), coin);
      let now = purchaseTime;
      for (const { wait, what, to } of steps) {
        const step = calendar === 'sandbox' ? 40 * 60_000 : 400 * dayMs;
        now += Math.floor((wait / 1_000) ** 2 * step);
        if (account.subscription.nextPaymentAt > now + longest * 10) return;
        account.passes(now);
        const target = targets[to % targets.length] ?? assert.fail();
        try {
          if (what === 'defer') {
            const given = { deferPeriod: 1 + to, cause: 'developer' } as const;
            account.subscription = checked(defer(account.subscription, given, now)).subscription;
          } else if (what === 'DEFERRED') {
            const change = scheduleSwitch(account.subscription, target, { mustAcknowledge: false }, now);
            account.subscription = checked(change).subscription;
          } else if (what !== 'wait') {
            account.changes(target, what, now);
            changes += 1;
          }
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          assert.ok(['InvalidState', 'InvalidPurchaseState'].includes(error.code));
        }
        account.balance();
      }
    }),
    { numRuns: 5_000 },
  );
  assert.ok(changes > 10_000, `${changes} changes were made`);
});
