// Worlds, apps, credentials, access tokens, products and settings in the store.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AccessToken } from '../../src/domain/access-token.ts';
import {
  deleteAccessToken,
  findAccessToken,
  findRunningToken,
  insertAccessToken,
  listEndedTokens,
} from '../../src/store/access-tokens.ts';
import {
  countPurchaseDraw,
  deleteAppRow,
  findApps,
  insertApp,
  listApps,
  listAppsOfWorld,
  loadApp,
  saveApp,
  saveKeys,
} from '../../src/store/apps.ts';
import {
  deleteCredentials,
  endCredentials,
  findCredential,
  insertCredential,
} from '../../src/store/credentials.ts';
import { Conflict, type Database, Stale } from '../../src/store/database.ts';
import { deleteUnboughtProduct, listProducts, loadProduct, putProduct } from '../../src/store/products.ts';
import { insertPurchase } from '../../src/store/purchases.ts';
import { agreeOnSetting, readSetting, writeSetting } from '../../src/store/settings.ts';
import { countAppDraw, insertWorld, listWorlds, loadWorld, saveWorld } from '../../src/store/worlds.ts';
import { databases } from '../databases.ts';
import { type OpenStore, openStore } from './open-store.ts';
import { anApp, aProduct, aPurchase, aWorld, noon } from './things.ts';

for (const kind of databases) {
  describe(`nouns in the store on ${kind.name}`, () => {
    let database: Database;
    let close: OpenStore['close'];

    before(async () => {
      ({ database, close } = await openStore(kind));
      await insertWorld(database, aWorld());
    });
    after(() => close());

    test('a world comes back as it went in, and a second of its name is not made', async () => {
      const clock = { at: 1, base: 2, rate: 3, frozen: false, jumpedTo: 4 };
      const world = aWorld({ worldId: 'w1', clock, calendar: 'commercial', seed: '씨', maintenance: true });
      assert.equal(await insertWorld(database, world), true);
      assert.equal(await insertWorld(database, aWorld({ worldId: 'w1' })), false);
      assert.deepEqual(await loadWorld(database, 'w1'), world);
      assert.equal(await loadWorld(database, 'w2'), undefined);
    });

    test('a world saved on an old rev is Stale', async () => {
      const world = aWorld({ worldId: 'w-stale' });
      await insertWorld(database, world);
      const clock = { ...world.clock, at: 5 };
      await saveWorld(database, { ...world, clock });
      await assert.rejects(() => saveWorld(database, { ...world, maintenance: true }), Stale);
      assert.deepEqual(await loadWorld(database, 'w-stale'), { ...world, clock, rev: 2 });
    });

    test('worlds are listed bytewise by name', async () => {
      for (const worldId of ['l-b', 'l-A', 'l-a', 'l_a']) await insertWorld(database, aWorld({ worldId }));
      const names = (await listWorlds(database, 'l', 4)).map(({ worldId }) => worldId);
      assert.deepEqual(names, ['l-A', 'l-a', 'l-b', 'l_a']);
    });

    test('draws of a world and of an app are counted one by one, also at the same time', async () => {
      await insertWorld(database, aWorld({ worldId: 'drawn' }));
      await insertApp(database, anApp({ appId: 'drawn', clientId: 'drawn', worldId: 'drawn' }));
      for (const count of [countAppDraw, countPurchaseDraw]) {
        const counts = await Promise.all(
          Array.from({ length: 20 }, () => database.transaction((query) => count(query, 'drawn'))),
        );
        assert.deepEqual(
          counts.sort((a, b) => Number(a) - Number(b)),
          Array.from({ length: 20 }, (_, index) => index),
        );
        assert.equal(await database.transaction((query) => count(query, 'nothing')), undefined);
      }
      const before = aWorld({ worldId: 'drawn' });
      await assert.rejects(() => saveWorld(database, before), Stale);
    });

    test('an app comes back as it went in, together with the clock of its world', async () => {
      const app = anApp({
        appId: 'a1',
        clientId: 'c1',
        blocked: true,
        paymentUrl: 'https://example.com/',
        switches: { tokenReuse: false, strictContentType: null },
        tokenEpoch: 3,
      });
      await insertApp(database, app);
      const { clock, seed, maintenance } = aWorld();
      assert.deepEqual(await loadApp(database, 'a1'), { app, clock, seed, maintenance });
      assert.equal(await loadApp(database, 'a2'), undefined);
    });

    test('an app saved on an old rev is Stale, and its keys change by a save of their own alone', async () => {
      const app = anApp({ appId: 'a-stale', clientId: 'c-stale' });
      await insertApp(database, app);
      await saveApp(database, { ...app, title: 'new', licenseKey: 'other', signingKey: 'other' });
      await assert.rejects(() => saveApp(database, app), Stale);
      const saved = { ...app, title: 'new', rev: 2 };
      assert.deepEqual((await loadApp(database, 'a-stale'))?.app, saved);
      const nextKey = { licenseKey: 'next public', signingKey: 'next private', signsFrom: 7 };
      const keys = { licenseKey: 'second', signingKey: 'second private', keyNumber: 1, nextKey };
      await saveKeys(database, { ...app, title: 'not saved', ...keys });
      assert.deepEqual((await loadApp(database, 'a-stale'))?.app, { ...saved, ...keys });
    });

    test('a client ID and a package name are unique within a world, and found in all', async () => {
      await insertWorld(database, aWorld({ worldId: 'world 2' }));
      await insertApp(database, anApp({ appId: 'u1', clientId: 'unique' }));
      await insertApp(database, anApp({ appId: 'u2', clientId: 'unique', worldId: 'world 2' }));
      await assert.rejects(() => insertApp(database, anApp({ appId: 'u3', clientId: 'unique' })), Conflict);
      const samePackage = anApp({ appId: 'u4', clientId: 'unique 4', packageName: 'unique' });
      await assert.rejects(() => insertApp(database, samePackage), Conflict);
      assert.equal((await findApps(database, 'unique')).length, 2);
      const [one, ...more] = await findApps(database, 'unique', 'world 2');
      assert.deepEqual([one?.app.appId, more], ['u2', []]);
      assert.deepEqual(await findApps(database, 'unique', 'world 3'), []);
    });

    test('apps are listed by client ID, then by world', async () => {
      for (const worldId of ['q1', 'q2']) await insertWorld(database, aWorld({ worldId }));
      for (const [appId, clientId, worldId] of [
        ['q-1', 'zz-a', 'q2'],
        ['q-2', 'zz-a', 'q1'],
        ['q-3', 'zz-b', 'q1'],
      ] as const) {
        await insertApp(database, anApp({ appId, clientId, worldId }));
      }
      const all = await listApps(database, { clientId: 'zz', worldId: '' }, 9);
      assert.deepEqual(
        all.map(({ appId }) => appId),
        ['q-2', 'q-1', 'q-3'],
      );
      const rest = await listApps(database, { clientId: 'zz-a', worldId: 'q1' }, 1);
      assert.deepEqual(
        rest.map(({ appId }) => appId),
        ['q-1'],
      );
      const ofWorld = await listAppsOfWorld(database, 'q1', 'zz-a', 9);
      assert.deepEqual(
        ofWorld.map(({ appId }) => appId),
        ['q-3'],
      );
    });

    test('a secret works until its end, and an earlier end stays', async () => {
      await insertApp(database, anApp({ appId: 's1', clientId: 'secretive' }));
      for (const hash of ['first', 'second']) await insertCredential(database, 's1', hash, noon);
      await endCredentials(database, 's1', noon + 10);
      await insertCredential(database, 's1', 'third', noon);
      await endCredentials(database, 's1', noon + 20);
      const works = async (hash: string, now: number) =>
        (await findCredential(database, 'secretive', hash, now)) !== undefined;
      assert.deepEqual([await works('first', noon + 9), await works('first', noon + 10)], [true, false]);
      assert.deepEqual([await works('third', noon + 19), await works('third', noon + 20)], [true, false]);
      assert.equal(await works('fourth', noon), false);
      assert.equal(await findCredential(database, 'another', 'third', noon), undefined);
      await deleteCredentials(database, 's1');
      assert.equal(await works('third', noon), false);
    });

    test('a token is found with its app by its hash, the longest-lived of a secret to be reused', async () => {
      await insertApp(database, anApp({ appId: 't1', clientId: 'tokens' }));
      const token = (tokenHash: string, given: Partial<AccessToken> = {}): AccessToken => ({
        tokenHash,
        appId: 't1',
        secretHash: 'secret',
        tokenId: `id of ${tokenHash}`,
        epoch: 0,
        issuedAt: noon,
        expiresAt: noon + 100,
        ...given,
      });
      const longest = token('longest', { expiresAt: noon + 200 });
      for (const one of [
        token('short'),
        longest,
        token('other secret', { secretHash: 'other', expiresAt: noon + 900 }),
        token('other epoch', { epoch: 1, expiresAt: noon + 900 }),
        token('long ago', { expiresAt: 10 }),
      ]) {
        await insertAccessToken(database, one);
      }
      const found = await findAccessToken(database, 'longest');
      assert.deepEqual(found?.token, longest);
      assert.equal(found?.appInWorld.app.clientId, 'tokens');
      assert.equal(await findAccessToken(database, 'nobody’s'), undefined);
      const credential = { appId: 't1', secretHash: 'secret', epoch: 0 };
      assert.deepEqual(await findRunningToken(database, credential, noon + 200), longest);
      assert.equal(await findRunningToken(database, credential, noon + 201), undefined);
      assert.deepEqual(await listEndedTokens(database, 11, 9), ['long ago']);
      assert.deepEqual(await listEndedTokens(database, 10, 9), []);
      await deleteAccessToken(database, 'long ago');
      assert.deepEqual(await listEndedTokens(database, 11, 9), []);
      await deleteAppRow(database, 't1');
      assert.equal(await findAccessToken(database, 'longest'), undefined);
    });

    test('a product put again changes, but keeps its type and when it was made', async () => {
      const product = aProduct({ appId: 'p1' });
      await putProduct(database, product);
      const other = { title: 'new', priceMicros: 5, currency: 'USD' };
      await putProduct(database, { ...product, ...other, type: 'auto', createdAt: noon + 9 });
      assert.deepEqual(await loadProduct(database, 'p1', 'product01'), { ...product, ...other, rev: 2 });
      assert.equal(await loadProduct(database, 'p2', 'product01'), undefined);
    });

    test('products are listed bytewise by ID, of one app', async () => {
      for (const productId of ['b', 'B', '가', 'a'])
        await putProduct(database, aProduct({ appId: 'p3', productId }));
      await putProduct(database, aProduct({ appId: 'p4' }));
      const list = async (after: string, limit: number) =>
        (await listProducts(database, 'p3', after, limit)).map(({ productId }) => productId);
      assert.deepEqual(await list('', 9), ['B', 'a', 'b', '가']);
      assert.deepEqual(await list('a', 1), ['b']);
    });

    test('a product is deleted while nobody has bought it', async () => {
      for (const productId of ['bought', 'unbought'])
        await putProduct(database, aProduct({ appId: 'p5', productId }));
      await insertPurchase(database, aPurchase({ appId: 'p5', productId: 'bought', voidedAt: noon }));
      assert.equal(await deleteUnboughtProduct(database, 'p5', 'bought'), false);
      assert.equal(await deleteUnboughtProduct(database, 'p5', 'unbought'), true);
      assert.equal(await deleteUnboughtProduct(database, 'p5', 'unbought'), false);
      assert.ok(await loadProduct(database, 'p5', 'bought'));
    });

    test('the first value of a setting that all agree on stays, and one that is written is replaced', async () => {
      assert.equal(await readSetting(database, 'agreed'), undefined);
      assert.equal(await agreeOnSetting(database, 'agreed', 'first'), 'first');
      assert.equal(await agreeOnSetting(database, 'agreed', 'second'), 'first');
      await writeSetting(database, 'agreed', 'third');
      assert.equal(await readSetting(database, 'agreed'), 'third');
    });
  });
}
