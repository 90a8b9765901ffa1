// Purchases and their ledger in the store: saves, unique items, the two lists, deletion.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Conflict, type Database, Stale } from '../../src/store/database.ts';
import { appendEntries, deleteEntries, latestEntryAt, listEntries } from '../../src/store/ledger.ts';
import {
  deletePurchases,
  deleteReceipts,
  insertPurchase,
  insertReceipt,
  listUnconfirmed,
  listVoided,
  loadOwned,
  loadPurchase,
  savePurchase,
  searchPurchases,
} from '../../src/store/purchases.ts';
import { insertWorld, listRunningWorlds } from '../../src/store/worlds.ts';
import { databases } from '../databases.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { aPurchase, aWorld, noon } from './things.ts';

const dueMs = 259_200_000;
const market = 'MKT_ONE';

for (const kind of databases) {
  describe(`purchases in the store on ${kind.name}`, () => {
    let database: Database;
    let close: OpenStore['close'];

    before(async () => {
      ({ database, close } = await openStore(kind));
    });
    after(() => close());

    const idsOf = (found: { purchaseId: string }[]) =>
      found.map(({ purchaseId }) => Number(purchaseId.slice(8)));
    const insertAll = (given: ReturnType<typeof aPurchase>[]) =>
      database.transaction(async (query) => {
        for (const purchase of given) await insertPurchase(query, purchase);
      });

    test('a purchase comes back as it went in', async () => {
      const purchase = aPurchase({
        appId: 'same',
        developerPayload: '주문 🎁',
        productName: '이름',
        acknowledgedAt: noon + 1,
        consumedAt: noon + 2,
        voidedAt: noon + 3,
        voidReason: 'why',
        dueAt: null,
        entryCount: 4,
        rev: 5,
      });
      await insertAll([purchase]);
      assert.deepEqual(await loadPurchase(database, 'same', purchase.purchaseToken), purchase);
      assert.equal(await loadPurchase(database, 'another', purchase.purchaseToken), undefined);
    });

    test('a save counts the rev on and keeps what never changes', async () => {
      const purchase = aPurchase({ appId: 'saved' });
      await insertAll([purchase]);
      const changed = { ...purchase, acknowledgedAt: noon + 5, dueAt: null, entryCount: 2 };
      await savePurchase(database, { ...changed, priceMicros: 1, buyerId: 'another' });
      assert.deepEqual(await loadPurchase(database, 'saved', purchase.purchaseToken), { ...changed, rev: 2 });
    });

    test('a save on an old rev is Stale and changes nothing', async () => {
      const purchase = aPurchase({ appId: 'stale' });
      await insertAll([purchase]);
      await savePurchase(database, { ...purchase, acknowledgedAt: noon + 5 });
      const stored = await loadPurchase(database, 'stale', purchase.purchaseToken);
      await assert.rejects(() => savePurchase(database, { ...purchase, consumedAt: noon + 6 }), Stale);
      await assert.rejects(() => savePurchase(database, { ...purchase, appId: 'nobody' }), Stale);
      assert.deepEqual(await loadPurchase(database, 'stale', purchase.purchaseToken), stored);
    });

    test('a managed item is owned once by a buyer, until it is consumed or voided', async () => {
      const owned = { appId: 'owned', buyerId: 'alice' };
      await insertAll([
        aPurchase({ ...owned, number: 1, consumedAt: noon }),
        aPurchase({ ...owned, number: 2, voidedAt: noon }),
        aPurchase({ ...owned, number: 3, acknowledgedAt: noon }),
        aPurchase({ ...owned, number: 4, productId: 'product02' }),
        aPurchase({ ...owned, number: 5, buyerId: 'bob' }),
        aPurchase({ ...owned, number: 6, appId: 'owned too' }),
        aPurchase({ ...owned, number: 7, type: 'subscription' }),
      ]);
      const third = await loadOwned(database, 'owned', 'alice', 'product01');
      assert.equal(third?.purchaseId, 'SANDBOX3000000000003');
      await assert.rejects(() => insertAll([aPurchase({ ...owned, number: 8 })]), Conflict);
      await savePurchase(database, { ...third, consumedAt: noon });
      assert.equal(await loadOwned(database, 'owned', 'alice', 'product01'), undefined);
      await insertAll([aPurchase({ ...owned, number: 8 })]);
    });

    test('a purchase ID and a token are an app’s once, and may be another app’s', async () => {
      const purchase = aPurchase({ appId: 'unique' });
      await insertAll([purchase, { ...purchase, appId: 'unique too' }]);
      const buyerId = 'another';
      await assert.rejects(() => insertAll([{ ...purchase, buyerId, purchaseToken: 'new' }]), Conflict);
      await assert.rejects(() => insertAll([{ ...purchase, buyerId }]), Conflict);
    });

    test('voided purchases come in the order of time and ID, from a place to a time, of one market', async () => {
      const appId = 'voids';
      const at: [number: number, voidedAt: number | null][] = [
        [5, noon + 1],
        [3, noon + 2],
        [4, noon + 2],
        [1, noon + 2],
        [2, noon + 3],
        [6, noon + 4],
        [7, null],
      ];
      await insertAll([
        ...at.map(([number, voidedAt]) => aPurchase({ appId, number, voidedAt })),
        aPurchase({ appId, number: 8, voidedAt: noon + 2, market: 'MKT_GLB' }),
        aPurchase({ appId: 'another', number: 9, voidedAt: noon + 2 }),
      ]);
      const list = async (time: number, purchaseId: string, until: number, limit = 100) =>
        idsOf(
          await listVoided(
            database,
            { appId, market, subscriptions: true },
            { time, purchaseId },
            until,
            limit,
          ),
        );
      assert.deepEqual(await list(0, '', noon + 9), [5, 1, 3, 4, 2, 6]);
      assert.deepEqual(await list(noon + 2, '', noon + 3), [1, 3, 4, 2]);
      assert.deepEqual(await list(noon + 2, 'SANDBOX3000000000003', noon + 3), [4, 2]);
      assert.deepEqual(await list(noon + 2, 'SANDBOX3000000000003', noon + 3, 1), [4]);
      assert.deepEqual(await list(noon + 5, '', noon + 9), []);
    });

    test('voided purchases hold subscriptions only where the scope wants them', async () => {
      const appId = 'voided of each type';
      const types = ['inapp', 'auto', 'subscription'] as const;
      await insertAll(
        types.map((type, index) => aPurchase({ appId, type, number: index + 1, voidedAt: noon + index })),
      );
      const place = { time: 0, purchaseId: '' };
      const list = async (subscriptions: boolean, limit = 9) =>
        idsOf(await listVoided(database, { appId, market, subscriptions }, place, noon + 9, limit));
      assert.deepEqual(await list(true), [1, 2, 3]);
      assert.deepEqual(await list(false), [1, 2]);
      assert.deepEqual(await list(false, 2), [1, 2]);
    });

    test('unconfirmed purchases leave out what is acknowledged, consumed, voided or overdue', async () => {
      const appId = 'unconfirmed';
      const now = noon + dueMs;
      await insertAll([
        aPurchase({ appId, number: 4, purchaseTime: noon + 1 }),
        aPurchase({ appId, number: 2, purchaseTime: noon + 1 }),
        aPurchase({ appId, number: 3, purchaseTime: noon + 2 }),
        aPurchase({ appId, number: 1, purchaseTime: noon }),
        aPurchase({ appId, number: 5, purchaseTime: noon + 2, acknowledgedAt: noon }),
        aPurchase({ appId, number: 6, purchaseTime: noon + 2, acknowledgedAt: noon, consumedAt: noon }),
        aPurchase({ appId, number: 7, purchaseTime: noon + 2, voidedAt: noon }),
        aPurchase({ appId, number: 8, purchaseTime: noon + 2, market: 'MKT_GLB' }),
        aPurchase({ appId, number: 9, purchaseTime: noon, dueAt: null }),
      ]);
      const list = async (time: number, purchaseId: string, until: number, limit = 100) =>
        idsOf(await listUnconfirmed(database, { appId, market, now }, { time, purchaseId }, until, limit));
      assert.deepEqual(await list(0, '', now), [9, 2, 4, 3]);
      assert.deepEqual(await list(noon + 1, 'SANDBOX3000000000002', now), [4, 3]);
      assert.deepEqual(await list(noon + 1, '', noon + 1), [2, 4]);
      assert.deepEqual(await list(0, '', now, 2), [9, 2]);
    });

    test('the running worlds come by name with their clocks, page by page, and no frozen one', async () => {
      const clock = { at: noon, base: 5, rate: 1_000, frozen: false, jumpedTo: noon };
      for (const worldId of ['run a', 'run b', 'run c']) {
        await insertWorld(database, aWorld({ worldId, clock }));
      }
      await insertWorld(database, aWorld({ worldId: 'run frozen', clock: { ...clock, frozen: true } }));
      const first = await listRunningWorlds(database, '', 2);
      assert.deepEqual(
        first.map((world) => [world.worldId, world.clock]),
        [
          ['run a', clock],
          ['run b', clock],
        ],
      );
      const rest = await listRunningWorlds(database, 'run b', 2);
      assert.deepEqual(
        rest.map((world) => world.worldId),
        ['run c'],
      );
    });

    test('receipts are kept apart from their purchases and go some at a time', async () => {
      const receipt = { purchaseData: '{"productId":"다이아"}', signature: 'c2ln' };
      for (const number of [1, 2, 3]) {
        await insertReceipt(database, aPurchase({ appId: 'receipts', number }), receipt);
      }
      const rows = await database.all('select purchase_data, signature from receipt where app_id = $1', [
        'receipts',
      ]);
      assert.equal(rows.length, 3);
      assert.deepEqual(rows[0], { purchase_data: receipt.purchaseData, signature: receipt.signature });
      const deleted = [];
      for (let batch = 0; batch < 3; batch++) deleted.push(await deleteReceipts(database, 'receipts', 2));
      assert.deepEqual(deleted, [2, 1, 0]);
    });

    test('a ledger is kept in its order, without gap or double, and tells when something last happened', async () => {
      const named = { appId: 'ledger', purchaseToken: 'token' };
      const line = (what: 'purchased' | 'consumed' | 'voided', at: number) =>
        ({
          at,
          what,
          purchaseId: 'id',
          amountMicros: -5,
          currency: 'KRW',
          cause: 'time',
          detail: '왜',
        }) as const;
      assert.equal(await latestEntryAt(database, 'ledger'), undefined);
      await appendEntries(database, named, 0, [line('purchased', 7), line('consumed', 9)]);
      await appendEntries(database, named, 2, [line('voided', 8)]);
      await assert.rejects(() => appendEntries(database, named, 2, [line('voided', 10)]), Conflict);
      const entries = await listEntries(database, 'ledger', 'token');
      assert.deepEqual(entries, [line('purchased', 7), line('consumed', 9), line('voided', 8)]);
      assert.deepEqual(await listEntries(database, 'another', 'token'), []);
      assert.equal(await latestEntryAt(database, 'ledger'), 9);
    });

    test('an app’s purchases and entries are deleted some at a time, and no other app’s', async () => {
      const of = (appId: string, number: number) => aPurchase({ appId, number });
      await insertAll([1, 2, 3, 4, 5].flatMap((number) => [of('deleted', number), of('left', number)]));
      for (const appId of ['deleted', 'left']) {
        for (const token of ['a', 'b', 'c']) {
          const entry = { at: 1, what: 'voided', purchaseId: 'id', amountMicros: 0 } as const;
          const whole = { ...entry, currency: 'KRW', cause: 'time', detail: null } as const;
          await appendEntries(database, { appId, purchaseToken: token }, 0, [whole, whole]);
        }
      }
      const deleted = [];
      for (let batch = 0; batch < 4; batch++) deleted.push(await deletePurchases(database, 'deleted', 2));
      assert.deepEqual(deleted, [2, 2, 1, 0]);
      let entries = 0;
      for (let some = -1; some !== 0; entries += some) some = await deleteEntries(database, 'deleted', 2);
      assert.equal(entries, 6);
      const left = await searchPurchases(database, 'left', {}, { time: noon + 1, purchaseId: '' }, 9);
      assert.equal(left.length, 5);
      assert.equal((await listEntries(database, 'left', 'b')).length, 2);
    });

    // only SQLite tells its plan in words
    if (kind.name === 'postgres') return;
    test('each list reads its own index in order and sorts nothing', async () => {
      const plans: string[] = [];
      const explained = {
        run: database.run,
        all: async (sql: string, values?: readonly (string | number | null)[]) => {
          const rows = await database.all(`explain query plan ${sql}`, values);
          plans.push(rows.map(({ detail }) => String(detail)).join('; '));
          return [];
        },
      };
      const place = { time: noon, purchaseId: '' };
      await listVoided(explained, { appId: 'a', market, subscriptions: true }, place, noon, 1);
      await listUnconfirmed(explained, { appId: 'a', market, now: noon }, place, noon, 1);
      await loadOwned(explained, 'a', 'b', 'c');
      await latestEntryAt(explained, 'a');
      const indexes = ['purchase_voided', 'purchase_unconfirmed', 'purchase_owned', 'ledger_latest'];
      for (const [number, index] of indexes.entries()) {
        assert.match(plans[number] ?? '', new RegExp(`SEARCH .*USING (COVERING )?INDEX ${index}`));
        assert.doesNotMatch(plans[number] ?? '', /TEMP B-TREE|SCAN (p|purchase|ledger)\b/);
      }
    });
  });
}
