// Subscriptions and trials in the store: saves, one of a product for a buyer, the lease of a charge, deletion.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Conflict, type Database, Stale } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrations.ts';
import { openDatabase } from '../../src/store/open.ts';
import {
  deleteSubscriptions,
  insertSubscription,
  leaseSubscription,
  loadOwnedSubscription,
  loadSubscription,
  saveSubscription,
} from '../../src/store/subscriptions.ts';
import { deleteTrials, deleteTrialsOfBuyer, hasHadTrial, insertTrial } from '../../src/store/trials.ts';
import { databases } from '../databases.ts';
import { aSubscription, noon } from './things.ts';

for (const kind of databases) {
  describe(`subscriptions in the store on ${kind.name}`, () => {
    let database: Database;
    let drop: () => Promise<void>;

    before(async () => {
      const opened = await kind.open();
      drop = opened.drop;
      database = await openDatabase(opened.url);
      await migrate(database, noon);
    });
    after(async () => {
      await database.close();
      await drop();
    });

    const insert = (...given: Parameters<typeof aSubscription>) =>
      insertSubscription(database, aSubscription(...given));
    const load = (appId: string, number = 1) =>
      loadSubscription(database, appId, aSubscription({ number }).purchaseToken);

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

    for (const status of ['active', 'grace', 'hold', 'expired', 'revoked'] as const) {
      const live = status === 'active' || status === 'grace' || status === 'hold';
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
