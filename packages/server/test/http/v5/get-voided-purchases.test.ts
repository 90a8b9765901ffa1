// getVoidedPurchases of V5: by the time of the purchase, 30 days back (section 8; 13, rows 12, 13, 14).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../../databases.ts';
import { startServer, type TestServer } from '../../server.ts';
import { idsOf, type List, lists, walk } from '../lists.ts';
import { type OlderShop, openOlderShop } from '../older.ts';
import { korea } from '../recurring.ts';
import { assertRefused, assertStatus, dayMs, hourMs, inMarket, minuteMs, noon } from '../shop.ts';

const [v7List] = lists as readonly [List];
const list: List = {
  ...v7List,
  ask: (shop, query, options) => (shop as OlderShop).v5.voided(query, options),
};
const v5 = { generation: 'v5' };

for (const database of httpDatabases) {
  describe(`V5 getVoidedPurchases on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    it('answers its three members in their order', async () => {
      const shop = await openOlderShop(server, v5);
      assert.equal((await shop.v5.voided()).text, '{"voidedPurchaseList":[]}');
      const purchase = await shop.buy();
      await shop.advance('PT1H');
      await shop.void(purchase);
      assert.equal(
        (await shop.v5.voided()).text,
        `{"voidedPurchaseList":[{"purchaseId":"${purchase.purchaseId}","purchaseTime":${noon},` +
          `"voidedTime":${noon + hourMs}}]}`,
      );
    });

    it('sorts by the time of the purchase, then by purchase ID, whatever was voided first', async () => {
      const shop = await openOlderShop(server, v5);
      const bought = [await shop.buy(), await shop.buy()];
      await shop.advance('PT1H');
      bought.push(await shop.buy(), await shop.buy());
      for (const purchase of bought.toReversed()) {
        await shop.void(purchase);
        await shop.advance('PT1M');
      }
      const made = bought.map(({ purchaseId }) => purchaseId);
      const sorted = [...made.slice(0, 2).sort(), ...made.slice(2).sort()];
      assert.deepEqual(idsOf(list, await shop.v5.voided()), sorted);
      assert.notDeepEqual(idsOf(v7List, await shop.voided()), sorted);
    });

    it('takes its range over the time of the purchase, both ends included', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buy();
      await shop.advance('P2D');
      await shop.void(purchase);
      const found = async (startTime: number, endTime: number) =>
        idsOf(list, await shop.v5.voided({ startTime, endTime })).length;
      assert.equal(await found(noon, noon), 1);
      assert.equal(await found(noon - 1, noon - 1), 0);
      assert.equal(await found(noon + 1, noon + 2 * dayMs), 0);
      assert.equal(await found(noon - dayMs, noon + 2 * dayMs), 1);
    });

    it('does not show what was bought before its range and voided within', async () => {
      const shop = await openOlderShop(server, v5);
      const [old, young] = [await shop.buy(), await shop.buy()];
      await shop.advance('P29D');
      const late = await shop.buy();
      await shop.void(old);
      await shop.advance('P1D');
      assert.deepEqual(idsOf(list, await shop.v5.voided({ startTime: noon })), [old.purchaseId]);
      await shop.advance('PT1S');
      for (const purchase of [young, late]) await shop.void(purchase);
      assert.deepEqual(idsOf(list, await shop.v5.voided()), [late.purchaseId]);
      assert.equal(idsOf(v7List, await shop.voided()).length, 3);
    });

    it('accepts a start of up to 30 days ago and refuses an older one', async () => {
      const shop = await openOlderShop(server, v5);
      const earliest = noon - 30 * dayMs;
      assertStatus(await shop.v5.voided({ startTime: earliest }), 200);
      assertStatus(await shop.v5.voided({ startTime: earliest, endTime: noon }), 200);
      for (const startTime of [earliest - 1, noon - 31 * dayMs, 0]) {
        assertRefused(await shop.v5.voided({ startTime }), 'InvalidRequest', ['startTime']);
      }
    });

    it('refuses a time after now, and a start after the end, with their names', async () => {
      const shop = await openOlderShop(server, v5);
      assertRefused(await shop.v5.voided({ startTime: noon + 1 }), 'InvalidRequest', ['startTime']);
      assertRefused(await shop.v5.voided({ endTime: noon + 1 }), 'InvalidRequest', ['endTime']);
      const swapped = { startTime: noon, endTime: noon - 1 };
      assertRefused(await shop.v5.voided(swapped), 'InvalidRequest', ['startTime', 'endTime']);
    });

    it('derives a limit that is not given a calendar month away, never further back than 30 days', async () => {
      // now is the first of March: a month before it is 28 days, a month before the last of March 30
      const start = korea(2, 1, 12);
      const shop = await openOlderShop(server, v5, { now: start });
      const first = await shop.buy();
      await shop.void(first);
      await shop.advanceTo(korea(3, 1, 12));
      assert.deepEqual(idsOf(list, await shop.v5.voided()), [first.purchaseId]);
      await shop.advanceTo(korea(3, 1, 12) + 1);
      assert.deepEqual(idsOf(list, await shop.v5.voided()), []);
      assert.deepEqual(idsOf(list, await shop.v5.voided({ endTime: korea(3, 1, 12) })), [first.purchaseId]);
      assert.deepEqual(idsOf(list, await shop.v5.voided({ startTime: start })), [first.purchaseId]);
      // a start alone ends a calendar month later
      const later = await shop.buy();
      await shop.void(later);
      await shop.advanceTo(korea(3, 2, 12));
      assert.deepEqual(idsOf(list, await shop.v5.voided({ startTime: start })), [first.purchaseId]);
      const ids = [first.purchaseId, later.purchaseId];
      assert.deepEqual(idsOf(list, await shop.v5.voided({ startTime: start + 1 })), ids.slice(1));
    });

    it('clamps a derived start to 30 days where a calendar month has 31', async () => {
      const shop = await openOlderShop(server, v5, { now: korea(3, 1, 12) });
      const [early] = await list.fill(shop, 1);
      await shop.advanceTo(korea(3, 31, 12));
      assert.deepEqual(idsOf(list, await shop.v5.voided()), [early]);
      await shop.advanceTo(korea(4, 1, 11));
      assert.deepEqual(idsOf(list, await shop.v5.voided()), []);
      assert.deepEqual(idsOf(list, await shop.v5.voided({ endTime: korea(3, 30, 12) })), []);
    });

    it('answers an empty list for an end alone that is older than 30 days', async () => {
      const shop = await openOlderShop(server, v5);
      for (const endTime of [noon - 30 * dayMs - 1, 0]) {
        assert.equal((await shop.v5.voided({ endTime })).text, '{"voidedPurchaseList":[]}');
      }
    });

    it('refuses a value that does not fit with its name, and counts to 999', async () => {
      const shop = await openOlderShop(server, v5);
      for (const maxResults of ['0', 1000, '-1', '', '1.0', '0001']) {
        assertRefused(await shop.v5.voided({ maxResults }), 'InvalidRequest', ['maxResults']);
      }
      for (const maxResults of [1, '001', 999]) assertStatus(await shop.v5.voided({ maxResults }), 200);
      for (const wrong of ['', 'now', `0${noon}`]) {
        assertRefused(await shop.v5.voided({ startTime: wrong }), 'InvalidRequest', ['startTime']);
      }
      const path = `/v2/purchase/voided-purchases/${shop.packageName}?maxResults=1&maxResults=1`;
      assertRefused(await shop.call('GET', path), 'InvalidRequest', ['maxResults']);
    });

    it('gives 100 rows by default and goes on by its key alone, over several in one instant', async () => {
      const shop = await openOlderShop(server, v5);
      const made = (await list.fill(shop, 103)).sort();
      const first = await shop.v5.voided();
      assert.match(first.text, /^\{"continuationKey":"[!-~]{1,41}","voidedPurchaseList":\[/);
      assert.deepEqual(idsOf(list, first), made.slice(0, 100));
      const { continuationKey } = first.body;
      await shop.advance('PT1H');
      await list.fill(shop, 2);
      const rest = await shop.v5.voided({ continuationKey });
      assert.deepEqual(idsOf(list, rest), made.slice(100));
      assert.ok(!('continuationKey' in rest.body));
      assertStatus(await shop.v5.voided({ continuationKey, endTime: noon }), 200);
      const other = await shop.v5.voided({ continuationKey, endTime: noon - 1 });
      assertRefused(other, 'InvalidRequest', ['continuationKey']);
    });

    it('walks its pages of any size in one order, past subscriptions as if they were not there', async () => {
      const shop = await openOlderShop(server, v5);
      const made: string[] = [];
      for (let minute = 0; minute < 4; minute++) {
        const pass = await shop.subscribe();
        const bought = [await shop.buy(), await shop.buyMonthly(), await shop.buy()];
        for (const purchase of [pass, ...bought]) await shop.void(purchase);
        made.push(...bought.map(({ purchaseId }) => purchaseId).sort());
        await shop.advance('PT1M');
      }
      for (const sizes of [[1], [2], [5, 1]]) assert.deepEqual(await walk(list, shop, sizes), made);
    });

    it('refuses a key of another app, another market or of V7’s and V6’s lists', async () => {
      const [shop, stranger] = [await openOlderShop(server, v5), await openOlderShop(server, v5)];
      await list.fill(shop, 2);
      const keyOf = async (ask: OlderShop['v5']['voided']) =>
        (await ask({ maxResults: 1 })).body.continuationKey;
      const key = { continuationKey: await keyOf(shop.v5.voided) };
      for (const answer of [
        await stranger.v5.voided(key),
        await shop.v5.voided(key, inMarket('MKT_GLB')),
        await shop.voided(key),
        await shop.v6.voided(key),
        await shop.unconfirmed(key),
        await shop.v5.voided({ continuationKey: await keyOf(shop.voided) }),
        await shop.v5.voided({ continuationKey: await keyOf(shop.v6.voided) }),
      ]) {
        assertRefused(answer, 'InvalidRequest', ['continuationKey']);
      }
      assertStatus(await shop.v5.voided(key), 200);
    });

    it('lists the payment of a monthly product that was voided, by the time of that payment', async () => {
      const shop = await openOlderShop(server, v5);
      const purchase = await shop.buyMonthly();
      await shop.advance('PT12M');
      const { purchaseId } = (await shop.v5.lastRecurringDetails(purchase)).body;
      await shop.void(purchase);
      assert.deepEqual((await shop.v5.voided()).body.voidedPurchaseList, [
        { purchaseId, purchaseTime: noon + 10 * minuteMs, voidedTime: noon + 12 * minuteMs },
      ]);
    });

    it('carries out what is overdue before it answers, and voids nothing of a V5 app', async () => {
      const [old, young] = [await openOlderShop(server, v5), await openOlderShop(server)];
      const [, purchase] = [await old.buy(), await young.buy()];
      for (const shop of [old, young]) await shop.moveClock(noon + 3 * dayMs);
      assert.deepEqual(idsOf(list, await old.v5.voided()), []);
      assert.deepEqual(idsOf(list, await young.v5.voided()), [purchase.purchaseId]);
    });

    it('lists only the market of the header', async () => {
      const shop = await openOlderShop(server, v5);
      const [one, global] = [await shop.buy(), await shop.buy({ market: 'MKT_GLB' })];
      for (const purchase of [one, global]) await shop.void(purchase);
      assert.deepEqual(idsOf(list, await shop.v5.voided()), [one.purchaseId]);
      assert.deepEqual(idsOf(list, await shop.v5.voided({}, inMarket('MKT_GLB'))), [global.purchaseId]);
    });
  });
}
