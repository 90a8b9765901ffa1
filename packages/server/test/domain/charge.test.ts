// Questions to the payment gateway: their key, and how the sandbox answers them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paymentOutcomes } from '@till/protocol/codes';
import { chargeKey, chargeQuestion, refundQuestion, simulatedAnswer } from '../../src/domain/charge.ts';
import { askAgainAfterMs } from '../../src/domain/policy.ts';
import { answerCharge, openCharge } from '../../src/domain/subscription-charges.ts';
import { bought, dayMs, minuteMs, namesOf } from './subscriptions.ts';

const { subscription, charge } = openCharge(bought(), 1_000);

test('a question has one key however often it is asked, and no other has the same', () => {
  const again = answerCharge(subscription, charge, 'unanswered', namesOf(charge), 1_000).charge;
  assert.notDeepEqual(again, charge);
  assert.equal(chargeKey(again), chargeKey(charge));
  const others = [
    { ...charge, number: charge.number + 1 },
    { ...charge, purchaseToken: 'SANDBOXT000000000002' },
    { ...charge, appId: 'another app' },
  ];
  assert.equal(new Set([charge, ...others].map(chargeKey)).size, 4);
});

test('the sandbox answers as the buyer’s payment was told to, however often it is asked', () => {
  for (const [outcome, first, second] of [
    ['approve', 'approved', 'approved'],
    ['decline', 'declined', 'declined'],
    ['timeout', 'unanswered', 'approved'],
  ] as const) {
    assert.equal(simulatedAnswer({ ...charge, outcome }), first);
    assert.equal(simulatedAnswer({ ...charge, outcome, unansweredCount: 1 }), second);
  }
  assert.deepEqual([...paymentOutcomes].sort(), ['approve', 'decline', 'timeout']);
});

test('a payment without an answer is asked for again after a minute, then later and later, up to a day', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 100].map(askAgainAfterMs);
  assert.deepEqual(
    waits,
    [1, 4, 16, 64, 256, 1024, 1440, 1440].map((count) => count * minuteMs),
  );
  assert.equal(waits.at(-1), dayMs);
});

test('a renewal asks for the price of the next payment, by the buyer’s method, numbered under the token', () => {
  const asking = bought({ priceMicros: 9_900_000_000, paymentMethod: 'ONEPAY' });
  const opened = openCharge(asking, 5_000);
  assert.deepEqual(opened.charge, {
    appId: 'app',
    purchaseToken: asking.purchaseToken,
    number: 1,
    kind: 'renewal',
    cycle: 1,
    purchaseId: null,
    amountMicros: 9_900_000_000,
    currency: 'KRW',
    paymentMethod: 'ONEPAY',
    outcome: 'approve',
    state: 'asked',
    unansweredCount: 0,
    askedAt: 5_000,
    answeredAt: null,
    askAgainAt: null,
  });
  assert.deepEqual(opened.subscription, { ...asking, chargeCount: 2, openCharge: 1 });
});

test('an answer is written into its charge, and an approved one names the purchase it paid for', () => {
  const names = { purchaseId: 'payment', orderId: 'order' };
  const told = (answer: 'approved' | 'declined' | 'unanswered') => {
    const { state, purchaseId, answeredAt, unansweredCount } = answerCharge(
      subscription,
      charge,
      answer,
      names,
      7_000,
    ).charge;
    return [state, purchaseId, answeredAt, unansweredCount];
  };
  assert.deepEqual(told('approved'), ['approved', 'payment', 7_000, 0]);
  assert.deepEqual(told('declined'), ['declined', null, 7_000, 0]);
  assert.deepEqual(told('unanswered'), ['asked', null, null, 1]);
});

test('a gateway outside is told the same of a charge each time, and who pays for what', () => {
  const { clientId, productId, buyerId } = { clientId: 'client', productId: 'product01', buyerId: 'buyer 1' };
  const told = chargeQuestion(charge, { clientId, productId, buyerId });
  assert.deepEqual(told, {
    key: chargeKey(charge),
    kind: 'charge',
    purchaseToken: charge.purchaseToken,
    cycle: 1,
    amount: '1100',
    currency: 'KRW',
    paymentMethod: 'ONEPAY',
    askedAt: 1_000,
    ...{ clientId, productId, buyerId },
  });
  const again = answerCharge(subscription, charge, 'unanswered', namesOf(charge), 61_000).charge;
  assert.deepEqual(chargeQuestion(again, { clientId, productId, buyerId }), told);
});

test('a refund names the charge that goes back, and none where there was no gateway', () => {
  const refund = { ...charge, number: 2, kind: 'refund' } as const;
  assert.equal(refundQuestion(refund, charge).refundOf, chargeKey(charge));
  assert.equal(refundQuestion(refund, undefined).refundOf, null);
  assert.deepEqual(
    [refundQuestion(refund, charge).kind, refundQuestion(refund, charge).key],
    ['refund', chargeKey(refund)],
  );
});
