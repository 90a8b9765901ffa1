// Subscriptions and trials in the store: saves, one of a product for a buyer, the lease of a charge, deletion.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { monthlyTerms } from '../../src/domain/product.ts';
import { Conflict, type Database, Stale } from '../../src/store/database.ts';
import {
  deleteSubscriptions,
  insertSubscription,
  leaseSubscription,
  listUntold,
  listWaiting,
  loadOwnedSubscription,
  loadSubscription,
  saveSubscription,
} from '../../src/store/subscriptions.ts';
import { deleteTrials, deleteTrialsOfBuyer, hasHadTrial, insertTrial } from '../../src/store/trials.ts';
import { databases } from '../databases.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { aSubscription, noon } from './things.ts';

for (const kind of databases) {
  describe(`subscriptions in the store on ${kind.name}`, () => {
    let database: Database;
    let close: OpenStore['close'];

    before(async () => {
      ({ database, close } = await openStore(kind));
    });
    after(() => close());

    const insert = (...given: Parameters<typeof aSubscription>) =>
      insertSubscription(database, aSubscription(...given));
    const load = (appId: string, number = 1) =>
      loadSubscription(database, appId, aSubscription({ number }).purchaseToken);

    const priceChange = {
      seq: 1,
      previousMicros: 2,
      newMicros: 3,
      startedAt: noon + 4,
      toldAt: noon + 5,
      told: true,
      needsConsent: true,
      agreed: false,
      dueAt: noon + 6,
    };
    /** Every member unlike what it is by default, so that none can be mistaken for another. */
    const changedSince = {
      priceMicros: 1,
      paymentMethod: 'PAYPAL',
      paymentOutcome: 'timeout',
      status: 'hold',
      renewing: false,
      trial: true,
      paymentFailed: true,
      acknowledgedAt: noon + 1,
      acknowledgeBy: null,
      cycle: 2,
      lastPurchaseId: 'a later one',
      lastPaidMicros: 3,
      nextPaymentAt: noon + 4,
      attemptAt: noon + 5,
      expiresAt: noon + 6,
      endsAt: noon + 7,
      cancelledAt: noon + 8,
      cancelReason: 1,
      voidedAt: noon + 9,
      chargeCount: 10,
      openCharge: 9,
      dueAt: noon + 11,
      entryCount: 12,
      promotionLeft: 13,
      promotional: true,
      periodStartAt: noon + 14,
      periodValueMicros: 15,
      creditMicros: 16,
      shownPriceMicros: 17,
      priceSeq: 18,
      priceChanges: [priceChange, { ...priceChange, seq: 19, told: false, agreed: true }],
      pause: { count: 2, unit: 'week' },
      switchTo: {
        productId: '다른 상품',
        priceMicros: 20,
        terms: { ...monthlyTerms, pausable: true, promotion: { priceMicros: 21, payments: 22 } },
        priceSeq: 23,
        mustAcknowledge: false,
      },
      changedAt: noon + 24,
    } as const;

    test('a subscription comes back as it went in, with and without what may be missing', async () => {
      const full = aSubscription({
        ...changedSince,
        appId: 'same',
        developerPayload: '주문 🎁',
        productName: '이름',
        acknowledgeBy: noon + 2,
        linkedPurchaseToken: 'the one before',
        leaseUntil: noon + 13,
        rev: 14,
      });
      const bare = aSubscription({
        ...{ appId: 'same', number: 2, attemptAt: null, endsAt: null, dueAt: null, acknowledgeBy: null },
      });
      await insertSubscription(database, full);
      await insertSubscription(database, bare);
      assert.deepEqual(await load('same'), full);
      assert.deepEqual(await load('same', 2), bare);
      assert.equal(await load('same', 3), undefined);
      assert.equal(await load('another'), undefined);
    });

    test('a save keeps all that may change and raises rev; on an old rev it is Stale', async () => {
      const subscription = aSubscription({ appId: 'saved' });
      await insertSubscription(database, subscription);
      const changed = { ...subscription, ...changedSince };
      await saveSubscription(database, changed);
      assert.deepEqual(await load('saved'), { ...changed, rev: 2 });
      await assert.rejects(() => saveSubscription(database, { ...changed, cycle: 3 }), Stale);
      assert.deepEqual(await load('saved'), { ...changed, rev: 2 });
    });

    test('a token is there once in an app', async () => {
      await insert({ appId: 'tokens' });
      const another = { appId: 'tokens', buyerId: 'another buyer' };
      await assert.rejects(() => insert(another), Conflict);
      await insert({ ...another, appId: 'tokens 2' });
    });

    for (const status of ['active', 'grace', 'hold', 'paused', 'expired', 'revoked'] as const) {
      const live = status !== 'expired' && status !== 'revoked';
      test(`a buyer with one that is ${status} ${live ? 'has it, and gets no second' : 'may have another'}`, async () => {
        const appId = `owned ${status}`;
        const names = { appId, buyerId: 'buyer' };
        await insert({ ...names, status });
        const owned = await loadOwnedSubscription(database, appId, 'buyer', 'pass');
        assert.equal(owned?.purchaseToken, live ? 'SANDBOXT000000000001' : undefined);
        if (live) await assert.rejects(() => insert({ ...names, number: 2 }), Conflict);
        else await insert({ ...names, number: 2 });
        await insert({ ...names, number: 3, productId: 'another pass' });
        await insert({ ...names, number: 4, buyerId: 'another buyer' });
        assert.equal(await loadOwnedSubscription(database, appId, 'nobody', 'pass'), undefined);
      });
    }

    test('terms that were stored before there were promotions and pauses have neither', async () => {
      await insert({ appId: 'old terms' });
      const stored = '{"period":"P1M","trialDays":0,"graceDays":3,"holdDays":30}';
      await database.run('update subscription set terms = $1 where app_id = $2', [stored, 'old terms']);
      const { terms } = (await load('old terms')) ?? assert.fail();
      assert.deepEqual(terms, { ...monthlyTerms, graceDays: 3, holdDays: 30 });
    });

    test('who has not been told of a price is listed by token, page by page, while it lives', async () => {
      const appId = 'untold';
      const statuses = ['active', 'grace', 'hold', 'paused', 'expired', 'revoked'] as const;
      for (const [index, status] of statuses.entries()) await insert({ appId, number: index + 1, status });
      await insert({ appId, number: 7, priceSeq: 2 });
      await insert({ appId, number: 8, priceSeq: 1 });
      await insert({ appId, number: 9, productId: 'another pass' });
      await insert({ appId: 'another untold', number: 10 });
      const untold = async (after: string, limit: number, priceSeq = 2) => {
        const tokens = await listUntold(database, { appId, productId: 'pass', priceSeq }, after, limit);
        return tokens.map((token) => Number(token.slice(8)));
      };
      assert.deepEqual(await untold('', 99), [1, 2, 3, 4, 8]);
      assert.deepEqual(await untold('', 99, 1), [1, 2, 3, 4]);
      assert.deepEqual(await untold('', 99, 3), [1, 2, 3, 4, 7, 8]);
      assert.deepEqual(await untold('', 2), [1, 2]);
      assert.deepEqual(await untold(aSubscription({ number: 2 }).purchaseToken, 2), [3, 4]);
      assert.deepEqual(await untold(aSubscription({ number: 8 }).purchaseToken, 2), []);
    });

    test('what waits to become one of a product is found for its buyer, while it lives', async () => {
      const { switchTo } = changedSince;
      const names = { appId: 'waiting', buyerId: 'buyer' };
      await insert({ ...names, number: 1, switchTo });
      await insert({ ...names, number: 2, productId: 'b', switchTo: { ...switchTo, productId: 'pass' } });
      await insert({ ...names, number: 3, productId: 'c', switchTo, status: 'hold' });
      await insert({ ...names, number: 4, productId: 'd', switchTo, status: 'revoked' });
      await insert({ ...names, number: 5, productId: 'e' });
      await insert({ ...names, number: 6, buyerId: 'another', switchTo });
      await insert({ ...names, number: 7, appId: 'also waiting', switchTo });
      const waiting = async (productId: string) =>
        (await listWaiting(database, 'waiting', 'buyer', productId)).map(({ purchaseToken }) =>
          Number(purchaseToken.slice(8)),
        );
      assert.deepEqual((await waiting(switchTo.productId)).sort(), [1, 3]);
      assert.deepEqual([await waiting('pass'), await waiting('e')], [[2], []]);
    });

    test('a lease is taken once, for what is due as it was read, and again when it has ended', async () => {
      const subscription = aSubscription({ appId: 'leased', dueAt: noon });
      await insertSubscription(database, subscription);
      const lease = (dueAt: number, now: number) =>
        leaseSubscription(database, subscription, { dueAt }, { now, until: now + 30 });
      assert.equal(await lease(noon + 1, 1_000), false);
      const taken = await Promise.all([1, 2, 3, 4].map(() => lease(noon, 1_000)));
      assert.equal(taken.filter(Boolean).length, 1);
      assert.deepEqual([await lease(noon, 1_029), await lease(noon, 1_030)], [false, true]);
      // a lease changes nothing that a rule reads: whoever has read it before may still save
      await saveSubscription(database, subscription);
      assert.equal((await load('leased'))?.leaseUntil, 1_060);
    });

    test('an app’s subscriptions go some at a time, and no other app’s', async () => {
      for (const number of [1, 2, 3]) {
        for (const appId of ['deleted', 'left']) await insert({ appId, number });
      }
      const deleted = [];
      for (let batch = 0; batch < 3; batch++) deleted.push(await deleteSubscriptions(database, 'deleted', 2));
      assert.deepEqual(deleted, [2, 1, 0]);
      assert.ok((await load('left', 3)) && !(await load('deleted', 3)));
    });

    test('a free trial is had once by a buyer for a product, until it is reset', async () => {
      const trial = { appId: 'trials', buyerId: '구매자', productId: 'pass' };
      const others = [
        { ...trial, appId: 'other trials' },
        { ...trial, buyerId: 'another' },
        { ...trial, productId: 'another' },
      ];
      assert.equal(await hasHadTrial(database, trial), false);
      await insertTrial(database, trial, noon);
      assert.equal(await hasHadTrial(database, trial), true);
      await assert.rejects(() => insertTrial(database, trial, noon + 1), Conflict);
      for (const other of others) {
        assert.equal(await hasHadTrial(database, other), false);
        await insertTrial(database, other, noon);
      }
      await deleteTrialsOfBuyer(database, 'trials', '구매자');
      const had = await Promise.all([trial, ...others].map((one) => hasHadTrial(database, one)));
      assert.deepEqual(had, [false, true, true, false]);
      await insertTrial(database, trial, noon);
    });

    test('an app’s trials go some at a time, and no other app’s', async () => {
      for (const appId of ['deleted trials', 'left trials']) {
        for (const buyerId of ['a', 'b', 'c']) {
          for (const productId of ['x', 'y'])
            await insertTrial(database, { appId, buyerId, productId }, noon);
        }
      }
      let deleted = 0;
      for (let batch = 0; batch < 7; batch++) deleted += await deleteTrials(database, 'deleted trials', 2);
      assert.equal(deleted, 6);
      assert.equal(await deleteTrials(database, 'deleted trials', 2), 0);
      assert.equal(await hasHadTrial(database, { appId: 'left trials', buyerId: 'c', productId: 'y' }), true);
    });
  });
}
