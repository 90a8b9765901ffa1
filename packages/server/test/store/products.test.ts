// Changes of price in the store: the product's new price, and which changes have not reached all subscribers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { monthlyTerms } from '../../src/domain/product.ts';
import { type Database, Stale } from '../../src/store/database.ts';
import {
  listUnfinishedPriceChanges,
  loadProduct,
  putProduct,
  saveProductPrice,
} from '../../src/store/products.ts';
import { databases } from '../databases.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { aProduct, noon } from './things.ts';

for (const kind of databases) {
  describe(`prices of products in the store on ${kind.name}`, () => {
    let database: Database;
    let close: OpenStore['close'];

    before(async () => {
      ({ database, close } = await openStore(kind));
    });
    after(() => close());

    const promotion = { priceMicros: 3, payments: 4 };
    const pass = (appId: string, productId = 'pass') =>
      aProduct({
        ...{ appId, productId, type: 'subscription' },
        terms: { ...monthlyTerms, graceDays: 3, pausable: true, promotion },
      });

    test('a product comes back with its promotion, its pause and a change of price', async () => {
      const product = { ...pass('whole'), priceSeq: 2, priceChange: { priceMicros: 5, at: noon + 6 } };
      await putProduct(database, product);
      assert.deepEqual(await loadProduct(database, 'whole', 'pass'), product);
    });

    test('a price is saved where nobody was faster; on an old rev it is Stale', async () => {
      const product = pass('saved');
      await putProduct(database, product);
      const changed = {
        ...product,
        ...{ priceMicros: 7, priceSeq: 1, priceChange: { priceMicros: 7, at: noon } },
      };
      await saveProductPrice(database, changed);
      assert.deepEqual(await loadProduct(database, 'saved', 'pass'), { ...changed, rev: 2 });
      await assert.rejects(() => saveProductPrice(database, { ...changed, priceSeq: 2 }), Stale);
      await saveProductPrice(database, { ...changed, title: 'unsaved', priceChange: null, rev: 2 });
      assert.deepEqual(await loadProduct(database, 'saved', 'pass'), {
        ...changed,
        priceChange: null,
        rev: 3,
      });
    });

    test('a product that is put again keeps its changes of price', async () => {
      const product = pass('again');
      await putProduct(database, product);
      const priceChange = { priceMicros: 7, at: noon };
      await saveProductPrice(database, { ...product, priceMicros: 7, priceSeq: 1, priceChange });
      await putProduct(database, { ...product, priceMicros: 8 });
      const found = await loadProduct(database, 'again', 'pass');
      assert.deepEqual([found?.priceMicros, found?.priceSeq, found?.priceChange], [8, 1, priceChange]);
      await saveProductPrice(database, { ...(found ?? product), priceChange: null });
    });

    test('of changes of price those are listed that have not reached everybody, some at a time', async () => {
      const names: [string, string][] = [
        ['b', 'pass'],
        ['a', 'zero'],
        ['a', 'pass'],
      ];
      for (const [appId, productId] of [...names, ['a', 'finished'] as [string, string]]) {
        await putProduct(database, pass(appId, productId));
      }
      const list = async (limit: number) =>
        (await listUnfinishedPriceChanges(database, limit))
          .filter(({ appId }) => appId !== 'whole')
          .map(({ appId, productId }) => [appId, productId]);
      assert.deepEqual(await list(9), []);
      for (const [appId, productId] of names) {
        const priceChange = { priceMicros: 9, at: noon };
        await saveProductPrice(database, { ...pass(appId, productId), priceSeq: 1, priceChange });
      }
      assert.deepEqual(await list(9), [names[2], names[1], names[0]]);
      assert.deepEqual(await list(1), [names[2]]);
      await saveProductPrice(database, { ...pass('a'), rev: 2, priceSeq: 1 });
      assert.deepEqual(await list(9), [names[1], names[0]]);
    });
  });
}
