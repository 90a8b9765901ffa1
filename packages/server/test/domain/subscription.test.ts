// What a subscription is: bought, shown, used, and due.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  andThen,
  changed,
  entry,
  graceEnd,
  nextStep,
  type Subscription,
  unchanged,
} from '../../src/domain/subscription.ts';
import { cancel, voidSubscription } from '../../src/domain/subscription-commands.ts';
import {
  autoRenewing,
  expiryAt,
  mayUse,
  paymentState,
  subscriptionState,
} from '../../src/domain/subscription-state.ts';
import { bought, dayMs, live, minuteMs, sold, start } from './subscriptions.ts';

const payment = Date.parse('2026-02-15T10:00:00+09:00');
const paidUntil = Date.parse('2026-02-15T23:59:59+09:00');
const declined = { answer: () => 'declined' as const };
const terms = { graceDays: 7, holdDays: 30 };
const graceUntil = paidUntil + 7 * dayMs;

const active = bought({ terms });
const trial = bought({ terms: { ...terms, trialDays: 7 } });
const cancelScheduled = cancel(active, 'developer', start).subscription;
const grace = live(active, payment, declined).subscription;
const hold = live(active, graceUntil + 1, declined).subscription;
const lapsed = live(active, graceUntil + 30 * dayMs + 1, declined).subscription;
const expired = live(cancelScheduled, paidUntil + 1).subscription;
const revoked = voidSubscription(active, { reason: null, cause: 'operator' }, start + 5).subscription;

test('the first payment is a purchase of the token, with its money in the first entry', () => {
  const { subscription, entries, payments } = sold({ mustAcknowledge: true, developerPayload: 'order' });
  const { purchaseToken, firstPurchaseId, lastPurchaseId, startTime, cycle, chargeCount } = subscription;
  assert.deepEqual(
    [firstPurchaseId, lastPurchaseId, startTime, cycle, chargeCount],
    ['SANDBOX3000000000001', 'SANDBOX3000000000001', start, 0, 1],
  );
  assert.equal(subscription.linkedPurchaseToken, null);
  assert.deepEqual(entries, [
    {
      at: start,
      what: 'purchased',
      purchaseId: firstPurchaseId,
      amountMicros: 1_100_000_000,
      currency: 'KRW',
      cause: 'buyer',
      detail: null,
    },
  ]);
  assert.equal(payments.length, 1);
  const [purchase] = payments;
  assert.deepEqual(
    [purchase?.purchaseToken, purchase?.purchaseTime, purchase?.priceMicros, purchase?.acknowledgedAt],
    [purchaseToken, start, 1_100_000_000, null],
  );
  assert.equal(purchase?.developerPayload, 'order');
});

test('a free trial costs nothing, says so, and is paid for on the day that ends it', () => {
  const { subscription, entries, payments } = sold({ terms: { trialDays: 7 } });
  assert.deepEqual([subscription.trial, subscription.firstPaidMicros], [true, 0]);
  assert.equal(subscription.priceMicros, 1_100_000_000, 'the next payment is the whole price');
  assert.equal(entries[0]?.amountMicros, 0);
  assert.equal(entries[0]?.detail, 'a free trial of 7 days');
  assert.equal(payments[0]?.priceMicros, 0);
  assert.equal(subscription.nextPaymentAt, Date.parse('2026-01-22T10:00:00+09:00'));
});

test('only the first payment needs acknowledging, within 72 hours', () => {
  assert.equal(sold({ mustAcknowledge: true }).subscription.dueAt, start + 3 * dayMs);
  assert.equal(bought().acknowledgeBy, null);
  const { payments } = live(bought(), payment);
  assert.equal(payments[0]?.acknowledgedAt, payments[0]?.purchaseTime);
});

test('each state shows what the table of states says', () => {
  const shown = (subscription: Subscription, now: number) => [
    subscriptionState(subscription),
    autoRenewing(subscription),
    paymentState(subscription),
    expiryAt(subscription, now) >= now ? 'future' : 'past',
    mayUse(subscription, now),
  ];
  assert.deepEqual(shown(active, start), ['active', true, 1, 'future', true]);
  assert.deepEqual(shown(trial, start), ['active', true, 2, 'future', true]);
  assert.deepEqual(shown(cancelScheduled, start), ['cancelScheduled', false, 1, 'future', true]);
  assert.deepEqual(shown(grace, payment), ['grace', true, 0, 'future', true]);
  assert.deepEqual(shown(grace, graceUntil), ['grace', true, 0, 'future', true]);
  assert.deepEqual(shown(hold, graceUntil + 1), ['hold', true, 0, 'past', false]);
  assert.deepEqual(shown(lapsed, graceUntil + 30 * dayMs + 1), ['expired', false, null, 'past', false]);
  assert.deepEqual(shown(expired, paidUntil + 1), ['expired', false, null, 'past', false]);
  assert.deepEqual(shown(revoked, start + 6), ['revoked', false, null, 'past', false]);
  assert.equal(mayUse(revoked, start + 5), false, 'the use ends at once');
});

test('in grace the expiry is the end of what was paid for while that lies ahead, then the end of grace', () => {
  assert.equal(expiryAt(grace, payment), paidUntil);
  assert.equal(expiryAt(grace, paidUntil), paidUntil);
  assert.equal(expiryAt(grace, paidUntil + 1), graceUntil);
  assert.equal(expiryAt(hold, graceUntil + 1), graceUntil);
});

test('a free trial whose payment failed is not paid for', () => {
  const failed = live(trial, trial.nextPaymentAt, declined).subscription;
  assert.deepEqual([failed.status, paymentState(failed)], ['grace', 0]);
});

test('a monthly product and a product without grace have none', () => {
  assert.equal(graceEnd(active), graceUntil);
  assert.equal(graceEnd(bought()), undefined);
  assert.equal(graceEnd(bought({ type: 'auto', terms })), undefined);
});

test('the last instant of a state still belongs to it: it is due one millisecond after its end', () => {
  assert.deepEqual(nextStep(cancelScheduled), { at: paidUntil + 1, step: 'end' });
  assert.equal(live(cancelScheduled, paidUntil).subscription.status, 'active');
  assert.equal(live(cancelScheduled, paidUntil + 1).subscription.status, 'expired');
  assert.ok(mayUse(cancelScheduled, paidUntil));
});

test('where two steps are due at once the acknowledgement comes first, then the charge, then the end', () => {
  const at = start + dayMs;
  const step = (given: Partial<Subscription>) =>
    nextStep({ ...active, acknowledgeBy: null, attemptAt: null, endsAt: null, ...given });
  assert.deepEqual(step({ acknowledgeBy: at, attemptAt: at, endsAt: at - 1 }), {
    at,
    step: 'unacknowledged',
  });
  assert.deepEqual(step({ attemptAt: at, endsAt: at - 1 }), { at, step: 'charge' });
  assert.deepEqual(step({ attemptAt: at, endsAt: at - 2 }), { at: at - 1, step: 'end' });
  assert.equal(step({}), undefined);
});

test('what has ended is never due again', () => {
  for (const subscription of [lapsed, expired, revoked]) assert.equal(subscription.dueAt, null);
});

test('a minute of the sandbox is a month: paid again when it expires, which still is an instant of use', () => {
  const shortened = bought({ calendar: 'sandbox' });
  assert.deepEqual(
    [shortened.nextPaymentAt, shortened.expiresAt, shortened.endsAt],
    [start + 5 * minuteMs, start + 5 * minuteMs, start + 5 * minuteMs],
  );
  assert.equal(nextStep(shortened)?.step, 'charge');
});

test('two changes become one, in their order', () => {
  const first = changed(active, entry(active, 'declined', 1, 'time'));
  const both = andThen(first, (subscription) =>
    changed(subscription, entry(subscription, 'held', 2, 'time')),
  );
  assert.deepEqual(
    both.entries.map(({ at, what }) => [at, what]),
    [
      [1, 'declined'],
      [2, 'held'],
    ],
  );
  assert.deepEqual(andThen(first, unchanged).entries, first.entries);
});

test('an entry is about the latest payment, without money, unless it says otherwise', () => {
  assert.deepEqual(entry(active, 'held', 9, 'time'), {
    ...{ at: 9, what: 'held', purchaseId: active.lastPurchaseId, amountMicros: 0 },
    ...{ currency: 'KRW', cause: 'time', detail: null },
  });
  const given = { amountMicros: -5, detail: 'why', purchaseId: 'other' };
  assert.deepEqual(entry(active, 'voided', 9, 'operator', given), {
    ...{ at: 9, what: 'voided', purchaseId: 'other', amountMicros: -5 },
    ...{ currency: 'KRW', cause: 'operator', detail: 'why' },
  });
});
