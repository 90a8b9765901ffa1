// Ranges of time and sizes of pages, alike in the two lists (sections 4.4, 4.5; 13, rows 12, 14, 35).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { startServer, type TestServer } from '../server.ts';
import { idsOf, lists } from './lists.ts';
import { assertRefused, assertStatus, dayMs, noon, openShop } from './shop.ts';

for (const database of httpDatabases) {
  for (const list of lists) {
    describe(`${list.name} over a range on ${database.name}`, () => {
      let server: TestServer;
      before(async () => {
        server = await startServer(database);
      });
      after(() => server.stop());

      it('accepts a start of up to 31 days ago and refuses an older one', async () => {
        const shop = await openShop(server);
        const earliest = noon - 31 * dayMs;
        assertStatus(await list.ask(shop, { startTime: earliest }), 200);
        assertRefused(await list.ask(shop, { startTime: earliest - 1 }), 'InvalidRequest', ['startTime']);
        assertRefused(await list.ask(shop, { startTime: 0 }), 'InvalidRequest', ['startTime']);
        assertStatus(await list.ask(shop, { startTime: earliest, endTime: noon }), 200);
      });

      it('refuses a time after now', async () => {
        const shop = await openShop(server);
        assertStatus(await list.ask(shop, { startTime: noon, endTime: noon }), 200);
        assertRefused(await list.ask(shop, { startTime: noon + 1 }), 'InvalidRequest', ['startTime']);
        assertRefused(await list.ask(shop, { endTime: noon + 1 }), 'InvalidRequest', ['endTime']);
        const both = { startTime: noon + 1, endTime: noon + 2 };
        assertRefused(await list.ask(shop, both), 'InvalidRequest', ['startTime', 'endTime']);
      });

      it('refuses a start after the end with both names', async () => {
        const shop = await openShop(server);
        const swapped = { startTime: noon, endTime: noon - 1 };
        assertRefused(await list.ask(shop, swapped), 'InvalidRequest', ['startTime', 'endTime']);
      });

      it('clamps an end that it derives to now, and a start to the earliest allowed', async () => {
        const shop = await openShop(server);
        const [early] = await list.fill(shop, 1);
        assert.deepEqual(idsOf(list, await list.ask(shop, { startTime: noon - dayMs })), [early]);
        assert.deepEqual(idsOf(list, await list.ask(shop, { endTime: noon })), [early]);
        assert.deepEqual(idsOf(list, await list.ask(shop)), [early]);
      });

      it('answers an empty list for an end alone that is older than the earliest start', async () => {
        const shop = await openShop(server);
        await list.fill(shop, 1);
        for (const endTime of [noon - 31 * dayMs - 1, noon - 365 * dayMs, 0]) {
          assert.equal((await list.ask(shop, { endTime })).text, `{"${list.member}":[]}`);
        }
      });

      it('looks at the last calendar month of the market where no time is given', async () => {
        const shop = await openShop(server);
        const [purchaseId] = await list.fill(shop, 1);
        const sql = 'update purchase set due_at = null where purchase_id = $1';
        await server.till.host.database.run(sql, [String(purchaseId)]);
        // a month before the last of April lies in March, a month before the first of May does not
        await shop.advance('P30DT11H59M59S');
        assert.deepEqual(idsOf(list, await list.ask(shop)), [purchaseId]);
        await shop.advance('PT1S');
        assert.deepEqual(idsOf(list, await list.ask(shop)), []);
        assert.deepEqual(idsOf(list, await list.ask(shop, { startTime: noon })), [purchaseId]);
      });

      it('refuses a maxResults that does not fit', async () => {
        const shop = await openShop(server);
        const { most } = list;
        for (const maxResults of [
          '0',
          '00',
          '000',
          most + 1,
          1000,
          '0001',
          '-1',
          '+1',
          '1.0',
          '1e2',
          '0x1',
        ]) {
          assertRefused(await list.ask(shop, { maxResults }), 'InvalidRequest', ['maxResults']);
        }
        for (const maxResults of ['', ' ', ' 1', '1 ', 'one', '１', 'NaN']) {
          assertRefused(await list.ask(shop, { maxResults }), 'InvalidRequest', ['maxResults']);
        }
        for (const maxResults of [1, '01', '001', most]) {
          assertStatus(await list.ask(shop, { maxResults }), 200);
        }
      });

      it('refuses a time that is not 1 to 13 digits', async () => {
        const shop = await openShop(server);
        for (const wrong of ['', ' ', '-1', '1.5', 'now', `0${noon}`, '2026-03-31', '٣', `${noon}\0`]) {
          assertRefused(await list.ask(shop, { startTime: wrong }), 'InvalidRequest', ['startTime']);
          assertRefused(await list.ask(shop, { endTime: wrong }), 'InvalidRequest', ['endTime']);
        }
      });

      it('refuses a parameter that is given twice, and names all that do not fit', async () => {
        const shop = await openShop(server);
        const at = `/v7/apps/${shop.app.clientId}/${list.path}`;
        for (const [name, value] of Object.entries({
          startTime: noon,
          endTime: noon,
          maxResults: 1,
          continuationKey: 'x',
        })) {
          const answer = await shop.call('GET', `${at}?${name}=${value}&${name}=${value}`);
          assertRefused(answer, 'InvalidRequest', [name]);
        }
        assertRefused(
          await shop.call('GET', `${at}?maxResults=0&endTime=&startTime=x&continuationKey=${'x'.repeat(42)}`),
          'InvalidRequest',
          ['continuationKey', 'startTime', 'endTime', 'maxResults'],
        );
      });

      it('ignores parameters it does not know', async () => {
        const shop = await openShop(server);
        assertStatus(await list.ask(shop, { foo: 'x', StartTime: 'x', clientId: 'x', market: 'x' }), 200);
      });
    });
  }
}
