// Charges in the store: each question and its answer once, no cycle paid twice, what is asked again, deletion.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  deleteCharges,
  insertCharge,
  leaseCharge,
  listCharges,
  listUnanswered,
  loadCharge,
  loadPaidCharge,
  saveCharge,
} from '../../src/store/charges.ts';
import { Conflict, type Database, Stale } from '../../src/store/database.ts';
import { insertSubscription } from '../../src/store/subscriptions.ts';
import { databases } from '../databases.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { aCharge, aSubscription, noon } from './things.ts';

for (const kind of databases) {
  describe(`charges in the store on ${kind.name}`, () => {
    let database: Database;
    let close: OpenStore['close'];

    before(async () => {
      ({ database, close } = await openStore(kind));
    });
    after(() => close());

    const insert = (...given: Parameters<typeof aCharge>) => insertCharge(database, aCharge(...given));

    test('charges come back as they went in, in the order of their numbers', async () => {
      const first = aCharge({ appId: 'same', number: 0, kind: 'purchase', cycle: 0, purchaseId: 'one' });
      const second = aCharge({
        appId: 'same',
        paymentMethod: 'MYCARD',
        outcome: 'timeout',
        state: 'returned',
        unansweredCount: 2,
        answeredAt: noon + 1,
        askAgainAt: noon + 2,
      });
      await insertCharge(database, second);
      await insertCharge(database, first);
      assert.deepEqual(await listCharges(database, 'same', 'token'), [first, second]);
      assert.deepEqual(await loadCharge(database, 'same', 'token', 1), second);
      assert.equal(await loadCharge(database, 'same', 'token', 2), undefined);
      assert.deepEqual(await listCharges(database, 'same', 'another token'), []);
    });

    test('a question that is written down already stays as it is', async () => {
      const charge = aCharge({ appId: 'twice' });
      await insertCharge(database, charge);
      await insertCharge(database, { ...charge, amountMicros: 5, askedAt: noon + 1 });
      assert.deepEqual(await loadCharge(database, 'twice', 'token', 1), charge);
    });

    test('a second approved charge of one cycle is a Conflict, whether written or saved so', async () => {
      const appId = 'cycles';
      await insert({ appId, number: 1, state: 'approved' });
      await assert.rejects(() => insert({ appId, number: 2, state: 'approved' }), Conflict);
      await insert({ appId, number: 2 });
      const approved = aCharge({ appId, number: 2, state: 'approved' });
      await assert.rejects(() => saveCharge(database, approved), Conflict);
      await saveCharge(database, { ...approved, state: 'declined' });
      await insert({ appId, number: 3, cycle: 2, state: 'approved' });
      await insert({ appId, purchaseToken: 'another token', state: 'approved' });
      await insert({ appId: 'cycles of another', state: 'approved' });
      const refund = { appId, kind: 'refund', state: 'approved' } as const;
      await insert({ ...refund, number: 4 });
      await insert({ ...refund, number: 5 });
    });

    test('an answer is saved once; of an answered charge it is Stale', async () => {
      const appId = 'answers';
      const asked = aCharge({ appId, askAgainAt: noon });
      await insertCharge(database, asked);
      const unanswered = { ...asked, unansweredCount: 1, askAgainAt: noon + 60_000 };
      await saveCharge(database, unanswered);
      assert.deepEqual(await loadCharge(database, appId, 'token', 1), unanswered);
      const answered = {
        ...unanswered,
        state: 'approved',
        purchaseId: 'paid',
        answeredAt: noon + 5,
        askAgainAt: null,
      } as const;
      await saveCharge(database, answered);
      for (const state of ['asked', 'approved', 'declined', 'returned'] as const) {
        await assert.rejects(() => saveCharge(database, { ...answered, state, answeredAt: noon + 9 }), Stale);
      }
      assert.deepEqual(await loadCharge(database, appId, 'token', 1), answered);
      await assert.rejects(() => saveCharge(database, { ...asked, number: 7 }), Stale);
    });

    test('what is asked again comes the earliest first, up to an instant, within a bound', async () => {
      const appId = 'again';
      for (const [number, askAgainAt] of [
        [1, 30],
        [2, 10],
        [3, 20],
        [4, null],
      ] as const) {
        await insert({ appId, number, askAgainAt, kind: 'refund' });
      }
      const list = async (now: number, limit: number) =>
        (await listUnanswered(database, 'refund', now, limit)).map(({ number }) => number);
      assert.deepEqual(await list(9, 9), []);
      assert.deepEqual(await list(20, 9), [2, 3]);
      assert.deepEqual(await list(99, 2), [2, 3]);
      assert.deepEqual(await list(99, 9), [2, 3, 1]);
      assert.deepEqual(await listUnanswered(database, 'purchase', 99, 9), []);
    });

    test('a question that is asked again belongs to the first who leases it, until then', async () => {
      const refund = aCharge({ appId: 'leased', kind: 'refund', askAgainAt: 10 });
      await insertCharge(database, refund);
      assert.deepEqual(
        [await leaseCharge(database, refund, 40), await leaseCharge(database, refund, 50)],
        [true, false],
      );
      const leased = { ...refund, askAgainAt: 40 };
      assert.deepEqual(await loadCharge(database, 'leased', refund.purchaseToken, refund.number), leased);
      await saveCharge(database, { ...leased, state: 'approved', askAgainAt: null });
      assert.equal(await leaseCharge(database, leased, 60), false);
    });

    test('what a refund gives back is the charge of its cycle that took something, or may have', async () => {
      const given = { appId: 'paid', askAgainAt: null } as const;
      await insert({ ...given, number: 0, cycle: 0, kind: 'purchase', state: 'returned' });
      await insert({ ...given, number: 1, cycle: 0, kind: 'refund', state: 'approved' });
      await insert({ ...given, number: 2, cycle: 1, kind: 'renewal', state: 'declined' });
      await insert({ ...given, number: 3, cycle: 1, kind: 'renewal', state: 'approved' });
      const numberOf = async (cycle: number) => {
        const refund = aCharge({ ...given, number: 9, cycle, kind: 'refund', purchaseId: `of ${cycle}` });
        return (await loadPaidCharge(database, refund))?.number;
      };
      assert.deepEqual([await numberOf(0), await numberOf(1), await numberOf(2)], [0, 3, undefined]);
    });

    test('what a refund of a switch gives back was asked for under the token of the one before', async () => {
      const appId = 'switched';
      const linkedPurchaseToken = 'the one before';
      const begun = aSubscription({ appId, linkedPurchaseToken });
      await insertSubscription(database, begun);
      const asked = {
        appId,
        purchaseToken: linkedPurchaseToken,
        askAgainAt: null,
        state: 'approved',
      } as const;
      await insert({ ...asked, number: 0, cycle: 0, kind: 'purchase', purchaseId: 'its first' });
      await insert({ ...asked, number: 1, cycle: 1, kind: 'renewal', purchaseId: begun.firstPurchaseId });
      const refund = {
        ...asked,
        purchaseToken: begun.purchaseToken,
        number: 1,
        cycle: 0,
        kind: 'refund',
      } as const;
      const paid = await loadPaidCharge(database, aCharge({ ...refund, purchaseId: begun.firstPurchaseId }));
      assert.deepEqual([paid?.purchaseToken, paid?.number], [linkedPurchaseToken, 1]);
      const elsewhere = aCharge({ ...refund, appId: 'another', purchaseId: begun.firstPurchaseId });
      assert.equal(await loadPaidCharge(database, elsewhere), undefined);
    });

    test('an app’s charges go some at a time, and no other app’s', async () => {
      for (const appId of ['deleted', 'left']) {
        for (const purchaseToken of ['a', 'b', 'c']) {
          for (const number of [0, 1]) await insert({ appId, purchaseToken, number });
        }
      }
      let deleted = 0;
      for (let batch = 0; batch < 7; batch++) deleted += await deleteCharges(database, 'deleted', 2);
      assert.equal(deleted, 6);
      assert.equal(await deleteCharges(database, 'deleted', 2), 0);
      assert.equal((await listCharges(database, 'left', 'b')).length, 2);
    });

    // only SQLite tells its plan in words
    if (kind.name === 'postgres') return;
    test('what is asked again is read from its own index, in order', async () => {
      const plans: string[] = [];
      const explained = {
        run: database.run,
        all: async (sql: string, values?: readonly (string | number | null)[]) => {
          const rows = await database.all(`explain query plan ${sql}`, values);
          plans.push(rows.map(({ detail }) => String(detail)).join('; '));
          return [];
        },
      };
      await listUnanswered(explained, 'refund', noon, 1);
      assert.match(plans[0] ?? '', /SEARCH .*USING INDEX charge_open /);
      assert.doesNotMatch(plans[0] ?? '', /TEMP B-TREE|SCAN/);
    });
  });
}
