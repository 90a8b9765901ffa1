// Keys of repeated calls and places in the chains of the audit, on every database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { deleteForgottenAnswer, findAnswer, keepAnswer, takeAnswerKey } from '../../src/store/answers.ts';
import { appendAuditRow, listChain, loadAuditHead, takeAuditPlace } from '../../src/store/audit.ts';
import type { Database, Query } from '../../src/store/database.ts';
import { databases } from '../databases.ts';
import { type OpenStore, openStore } from './open-store.ts';

const dayMs = 86_400_000;
const row = (requestHash: string, createdAt: number) => ({ requestHash, sealedAnswer: null, createdAt });

for (const kind of databases) {
  describe(`answers and audit on ${kind.name}`, () => {
    let database: Database;
    let close: OpenStore['close'];

    before(async () => {
      ({ database, close } = await openStore(kind));
    });
    after(() => close());

    const take = (appId: string, keyHash: string, requestHash: string, now: number) =>
      database.transaction((query) =>
        takeAnswerKey(query, { appId, keyHash }, row(requestHash, now), now - dayMs),
      );

    test('of many that take one key at once exactly one gets it', async () => {
      const taken = await Promise.all(
        Array.from({ length: 20 }, (_, index) => take('app', 'key', `request ${index}`, 5 * dayMs)),
      );
      const winner = taken.indexOf(true);
      assert.deepEqual(
        taken.filter((got) => got),
        [true],
      );
      const found = await findAnswer(database, { appId: 'app', keyHash: 'key' }, 4 * dayMs);
      assert.deepEqual(found, row(`request ${winner}`, 5 * dayMs));
      assert.equal(await take('another app', 'key', 'request', 5 * dayMs), true);
    });

    test('a key is free again after its time, and what is late of its former use changes nothing', async () => {
      const key = { appId: 'app', keyHash: 'old' };
      assert.equal(await take('app', 'old', 'first', dayMs), true);
      assert.equal(await take('app', 'old', 'second', 2 * dayMs - 1), false);
      assert.equal(await findAnswer(database, key, dayMs), undefined);
      assert.equal(await take('app', 'old', 'second', 2 * dayMs), true);
      await database.transaction((query) => keepAnswer(query, key, 'of the first', dayMs));
      await database.transaction((query) => deleteForgottenAnswer(query, key, dayMs));
      assert.deepEqual(await findAnswer(database, key, dayMs), row('second', 2 * dayMs));
      await database.transaction((query) => keepAnswer(query, key, 'of the second', 2 * dayMs));
      assert.equal((await findAnswer(database, key, dayMs))?.sealedAnswer, 'of the second');
    });

    test('a key that was taken in a transaction that is rolled back is free', async () => {
      const failed = database.transaction(async (query) => {
        await takeAnswerKey(query, { appId: 'app', keyHash: 'back' }, row('request', dayMs), 0);
        throw new Error('refused');
      });
      await assert.rejects(failed, /refused/);
      assert.equal(await take('app', 'back', 'request', dayMs), true);
    });

    const append = async (query: Query, appId: string) => {
      const { rowCount, hash } = await takeAuditPlace(query, appId);
      const nothing = { worldId: null, clientId: null, productId: null, purchaseToken: null };
      const said = { at: 1, keyMark: '00000000', operation: 'createApp', requestId: 'r' };
      const views = { before: null, after: null };
      await appendAuditRow(query, {
        ...said,
        ...nothing,
        ...views,
        appId,
        seq: rowCount,
        hash: `${hash}${rowCount},`,
      });
    };

    test('many writers of one chain follow each other, and a rolled back one leaves no gap', async () => {
      const writers = Array.from({ length: 30 }, (_, index) =>
        database.transaction(async (query) => {
          await append(query, 'chain');
          if (index % 3 === 0) throw new Error('refused');
        }),
      );
      const settled = await Promise.allSettled(writers);
      assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 20);
      const rows = await listChain(database, 'chain', 0, 100);
      assert.deepEqual(
        rows.map(({ seq }) => seq),
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      for (const [index, { seq, hash }] of rows.entries()) {
        assert.equal(hash, `${rows[index - 1]?.hash ?? ''}${seq},`);
      }
      const head = await loadAuditHead(database, 'chain');
      assert.deepEqual(head, { appId: 'chain', rowCount: 20, hash: rows.at(-1)?.hash });
    });
  });
}
