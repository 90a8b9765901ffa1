// Messages to the developer's server: their bytes, which step is told with what, and when they are sent again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Market } from '@till/protocol/codes';
import { notificationTypes } from '@till/protocol/notifications';
import type { Happening } from '../../src/domain/ledger.ts';
import {
  type Attempt,
  attempted,
  billingLabel,
  givenUp,
  type Notification,
  newNotification,
  paymentBody,
  paymentToldAs,
  resendAfterMs,
  type Sender,
  sendAgain,
  subscriptionBody,
  toldAs,
  withSignature,
} from '../../src/domain/notification.ts';
import { anApp, aPurchase, noon } from '../store/things.ts';

// biome-ignore lint/suspicious/noExplicitAny: published messages are compared as text
type Json = any;
const vectors = JSON.parse(
  readFileSync(new URL('../../../../conformance/vectors/notifications.json', import.meta.url), 'utf8'),
);
const published = (id: string): Json => vectors.messages.find((one: Json) => one.id === id).json;

const hourMs = 3_600_000;

const commercial = (notificationVersion: '3.0.0' | '3.1.0'): Sender => {
  const names = { clientId: '0000000001', packageName: 'com.onestore.pns' };
  return { app: anApp({ ...names, notificationVersion }), environment: 'commercial' };
};
const sandbox = (notificationVersion: '3.0.0' | '3.1.0'): Sender => {
  return { ...commercial(notificationVersion), environment: 'sandbox' };
};

/** The purchase of a published payment message. */
function purchaseOf(message: Json) {
  const { productId, purchaseId, developerPayload, purchaseTimeMillis, purchaseToken, marketCode } = message;
  return aPurchase({
    ...{ productId, purchaseId, developerPayload, purchaseTime: purchaseTimeMillis, purchaseToken },
    ...{ productName: message.productName, priceMicros: Number(message.price) * 1_000_000 },
    ...{ paymentMethod: 'DCB', market: marketCode as Market },
  });
}

describe('a payment notification', () => {
  for (const version of ['3.1.0', '3.0.0'] as const) {
    const message = published(`pns.${version}.example`);
    const { signature, billingKey } = message;
    const tell = (sender: Sender) =>
      paymentBody(sender, purchaseOf(message), { purchaseState: 'COMPLETED', billingKey });
    // a payment has one method here, and the published message mixes a sandbox into a commercial version
    const paymentTypeList = [{ paymentMethod: 'DCB', amount: '10000' }];

    test(`${version}D is byte for byte the published message, its members in their order`, () => {
      const expected = { ...message, msgVersion: `${version}D`, paymentTypeList };
      assert.equal(withSignature(tell(sandbox(version)), signature), JSON.stringify(expected));
    });

    test(`${version} is the same in the commercial environment, which knows no test phone`, () => {
      const expected = { ...message, paymentTypeList, isTestMdn: false, environment: 'COMMERCIAL' };
      assert.equal(withSignature(tell(commercial(version)), signature), JSON.stringify(expected));
    });
  }

  const given = { purchaseState: 'COMPLETED', billingKey: 'F'.repeat(128) } as const;

  test('has a productName only where the purchase has one', () => {
    const without = JSON.parse(paymentBody(sandbox('3.1.0'), aPurchase(), given));
    assert.ok(!('productName' in without));
    const named = aPurchase({ productName: '금화 100개' });
    assert.equal(JSON.parse(paymentBody(sandbox('3.1.0'), named, given)).productName, '금화 100개');
  });

  test('has Korean text, emoji and / as they are, and escapes nothing but what JSON must', () => {
    const text = paymentBody(
      sandbox('3.1.0'),
      aPurchase({ productName: '금화/100개 🎁', developerPayload: '주문/1 "😀" \\ \n' }),
      given,
    );
    assert.ok(text.includes('"productName":"금화/100개 🎁",'));
    assert.ok(text.includes('"developerPayload":"주문/1 \\"😀\\" \\\\ \\n",'));
    assert.ok(!text.includes('\\/') && !text.includes('\\u'));
    assert.ok(!/[,:] /.test(text.replace(/"developerPayload":"(?:[^"\\]|\\.)*"/, '')), 'no blanks');
  });

  test('of several pieces tells the price of all, and of nothing a price of 0', () => {
    const price = (priceMicros: number, quantity: number) => {
      const told = JSON.parse(paymentBody(sandbox('3.1.0'), aPurchase({ priceMicros, quantity }), given));
      assert.equal(told.paymentTypeList[0].amount, told.price);
      return told.price;
    };
    assert.deepEqual(
      [price(1_100_000_000, 3), price(0, 1), price(1_990_000, 1), price(1_990_000, 3)],
      ['3300', '0', '1.99', '5.97'],
    );
  });

  test('without a payload has the empty one in the sandbox and null in commercial', () => {
    const payload = (sender: Sender) => JSON.parse(paymentBody(sender, aPurchase(), given)).developerPayload;
    assert.deepEqual([payload(sandbox('3.1.0')), payload(commercial('3.1.0'))], ['', null]);
  });

  test('of a cancellation differs from that of the payment by its purchaseState alone', () => {
    const told = (purchaseState: 'COMPLETED' | 'CANCELED') =>
      paymentBody(sandbox('3.1.0'), aPurchase(), { ...given, purchaseState });
    assert.equal(told('CANCELED'), told('COMPLETED').replace('"COMPLETED"', '"CANCELED"'));
  });

  test('has a billing key for each buyer and method of an app', () => {
    const label = (buyerId: string, paymentMethod: 'DCB' | 'ONEPAY', clientId = 'one') =>
      billingLabel(aPurchase({ buyerId, paymentMethod, purchaseTime: noon + 1 }), { clientId });
    assert.equal(
      label('a', 'DCB'),
      billingLabel(aPurchase({ buyerId: 'a', paymentMethod: 'DCB' }), { clientId: 'one' }),
    );
    const others = [label('b', 'DCB'), label('a', 'ONEPAY'), label('a', 'DCB', 'two'), label('a', 'DCB')];
    assert.equal(new Set(others).size, 4);
  });
});

describe('a subscription notification', () => {
  const message = published('sns.3.1.0.example');
  const { purchaseToken, productId, notificationType } = message.subscriptionNotification;
  const thing = { purchaseToken, productId, market: message.marketCode };
  const happened = { at: message.eventTimeMillis, notificationType };
  const { environmenmt, marketCode, ...others } = message;

  test('is byte for byte the published message where the app wants its spelling', () => {
    assert.equal(
      subscriptionBody(commercial('3.1.0'), thing, happened, 'environmenmt'),
      JSON.stringify(message),
    );
  });

  test('spells environment as the table does otherwise, at the same place', () => {
    assert.equal(
      subscriptionBody(commercial('3.1.0'), thing, happened, 'environment'),
      JSON.stringify({ ...others, environment: environmenmt, marketCode }),
    );
  });

  test('names the app by its package name in 3.0.0, and the sandbox by a D', () => {
    const told = (sender: Sender) =>
      Object.entries(JSON.parse(subscriptionBody(sender, thing, happened, 'environment'))).slice(0, 2);
    const head = (version: string, ...name: string[]) => [['msgVersion', version], name];
    assert.deepEqual(told(commercial('3.0.0')), head('3.0.0', 'packageName', 'com.onestore.pns'));
    assert.deepEqual(told(sandbox('3.0.0')), head('3.0.0D', 'packageName', 'com.onestore.pns'));
    assert.deepEqual(told(sandbox('3.1.0')), head('3.1.0D', 'clientId', '0000000001'));
    const { environment } = JSON.parse(subscriptionBody(sandbox('3.1.0'), thing, happened, 'environment'));
    assert.equal(environment, 'SANDBOX');
  });
});

/** Everything that can happen, and what is told of it: its type (section 9.7), and how a payment is told (9.3). */
const happenings: Record<Happening, readonly [type: number | null, payment: string | null]> = {
  purchased: [4, 'COMPLETED'],
  renewed: [2, 'COMPLETED'],
  resumed: [2, 'COMPLETED'],
  switched: [2, 'COMPLETED'],
  recovered: [1, 'COMPLETED'],
  voided: [12, 'CANCELED'],
  revoked: [12, null],
  replaced: [12, null],
  cancelled: [3, null],
  reactivated: [7, null],
  held: [5, null],
  graceStarted: [6, null],
  priceConfirmed: [8, null],
  deferred: [9, null],
  paused: [10, null],
  pauseScheduled: [11, null],
  pauseWithdrawn: [11, null],
  expired: [13, null],
  acknowledged: [null, null],
  consumed: [null, null],
  declined: [null, null],
  paymentChanged: [null, null],
  charged: [null, null],
  refunded: [null, null],
  priceTold: [null, null],
  priceRefused: [null, null],
  switchScheduled: [null, null],
  switchDropped: [null, null],
};

test('each happening has its type and its payment, or is not told', () => {
  for (const [what, told] of Object.entries(happenings)) {
    const happening = what as Happening;
    assert.deepEqual([toldAs[happening] ?? null, paymentToldAs[happening] ?? null], told, what);
  }
});

test('each of the thirteen types is told by some happening', () => {
  const told = new Set(Object.values(toldAs));
  assert.deepEqual(
    [...told].sort((a, b) => a - b),
    Object.values(notificationTypes).sort((a, b) => a - b),
  );
  assert.equal(told.size, 13);
});

test('the payment of a cause stands before its state, and a later cause behind both', () => {
  const name = (kind: 'payment' | 'subscription', number: number) =>
    newNotification(sandbox('3.1.0'), kind, { purchaseToken: 'T', number, at: noon }, '{}').notificationId;
  const names = [name('payment', 9), name('subscription', 9), name('payment', 10), name('payment', 100)];
  assert.deepEqual(names, names.toSorted());
  assert.equal(names[0], 'T-000009-payment');
});

describe('the schedule', () => {
  const made = newNotification(
    sandbox('3.1.0'),
    'payment',
    { purchaseToken: 'T', number: 0, at: noon },
    '{}',
  );
  const failed = (at: number): Attempt => ({ at, result: 'refused', httpStatus: 500, durationMs: 1 });
  /** Every attempt is made when it is due, or so much later, until nothing follows. */
  const failAll = (message: Notification, lateMs = 0) => {
    const instants: number[] = [];
    let last = message;
    while (last.nextAttemptAt !== null) {
      instants.push(last.nextAttemptAt + lateMs);
      last = attempted(last, failed(last.nextAttemptAt + lateMs), noon);
    }
    return { instants, last };
  };

  test('is the published one: 30, 120, 270 and 480 seconds after the attempt before', () => {
    const { published: attempts } = vectors.retry;
    const at = attempts.map((one: Json) => Date.parse(`${one.at.replace(' ', 'T')}+09:00`));
    const begun = { ...made, nextAttemptAt: at[0] };
    assert.deepEqual(failAll(begun).instants.slice(0, at.length), at);
    assert.deepEqual([1, 2, 3, 4].map(resendAfterMs), [30_000, 120_000, 270_000, 480_000]);
  });

  test('ends before the 72nd hour where each attempt fails at once: after 29 re-sends', () => {
    const { instants, last } = failAll(made);
    assert.equal(instants.length, 30);
    const [, ...resends] = instants;
    resends.forEach((at, index) => {
      assert.equal(at - (instants[index] ?? 0), 30_000 * (index + 1) ** 2);
    });
    assert.ok((instants.at(-1) ?? 0) - noon <= 72 * hourMs);
    assert.ok((instants.at(-1) ?? 0) - noon + resendAfterMs(30) > 72 * hourMs);
    assert.deepEqual([last.status, last.settledAt, last.tryCount], ['dead', noon, 30]);
    assert.deepEqual(
      last.attempts.map(({ at }) => at),
      instants,
    );
  });

  test('ends earlier where attempts are late, and counts the 72 hours from the first', () => {
    const { instants, last } = failAll(made, hourMs);
    assert.ok(instants.length < 30);
    assert.ok((last.attempts.at(-1)?.at ?? 0) - (instants[0] ?? 0) <= 73 * hourMs);
    assert.equal(last.status, 'dead');
  });

  test('never has more than 30 re-sends, however fast they come', () => {
    const hurried = { ...made, tryCount: 30, firstTryAt: noon };
    assert.equal(attempted({ ...hurried, tryCount: 29 }, failed(noon), noon).status, 'pending');
    assert.equal(attempted(hurried, failed(noon), noon).status, 'dead');
  });

  test('is over with the first 200, and begins anew by hand without losing its log', () => {
    const once = attempted(made, failed(noon), noon);
    const received: Attempt = { at: noon + 30_000, result: 'delivered', httpStatus: 200, durationMs: 2 };
    const delivered = attempted(once, received, noon + 1);
    assert.deepEqual([delivered.status, delivered.nextAttemptAt], ['delivered', null]);
    const again = sendAgain(delivered, noon + hourMs);
    assert.deepEqual([again.status, again.nextAttemptAt], ['pending', noon + hourMs]);
    const { instants, last } = failAll(again);
    assert.equal(instants[0], noon + hourMs);
    assert.equal(instants.length, 30);
    assert.deepEqual(last.attempts.slice(0, 2), [failed(noon), received]);
  });

  test('keeps the last 100 attempts', () => {
    let message = made;
    for (let round = 0; round < 4; round++) message = failAll(sendAgain(message, noon)).last;
    assert.equal(message.attempts.length, 100);
    const lost = { at: noon, result: 'blocked', durationMs: 0, fault: 'drop' } as const;
    assert.deepEqual(givenUp(message, noon, lost).attempts, [...message.attempts.slice(1), lost]);
  });
});
