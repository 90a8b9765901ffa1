// Going on with a continuationKey, alike in the two lists (sections 4.4, 4.5; 13, row 33).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { exchange } from '../raw-http.ts';
import { startServer, type TestServer } from '../server.ts';
import { idsOf, lists, walk } from './lists.ts';
import { assertRefused, assertStatus, dayMs, inMarket, noon, openShop, shopOf } from './shop.ts';

/** Whole numbers below `below` that look random and repeat with the seed. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

for (const database of httpDatabases) {
  for (const list of lists) {
    describe(`${list.name} in pages on ${database.name}`, () => {
      let server: TestServer;
      before(async () => {
        server = await startServer(database);
      });
      after(() => server.stop());

      it('gives 100 rows where maxResults is not given', async () => {
        const shop = await openShop(server);
        const made = await list.fill(shop, 101);
        const first = await list.ask(shop);
        assert.equal(idsOf(list, first).length, 100);
        const rest = await list.ask(shop, { continuationKey: first.body.continuationKey });
        assert.deepEqual([...idsOf(list, first), ...idsOf(list, rest)], made.sort());
        assert.ok(!('continuationKey' in rest.body));
      });

      it('sends a key only while more rows exist', async () => {
        const shop = await openShop(server);
        const made = (await list.fill(shop, 4)).sort();
        assert.ok(!('continuationKey' in (await list.ask(shop, { maxResults: 4 })).body));
        const first = await list.ask(shop, { maxResults: 2 });
        assert.match(first.text, /^\{"continuationKey":"[!-~]{1,41}","/);
        const { continuationKey } = first.body;
        const second = await list.ask(shop, { maxResults: 2, continuationKey });
        assert.deepEqual([...idsOf(list, first), ...idsOf(list, second)], made);
        assert.ok(!('continuationKey' in second.body));
      });

      it('lets maxResults change from page to page', async () => {
        const shop = await openShop(server);
        const made = await list.fill(shop, 12);
        assert.deepEqual(await walk(list, shop, [1, 3, 2]), made.sort());
      });

      it('answers the same page for the same key again', async () => {
        const shop = await openShop(server);
        await list.fill(shop, 3);
        const { continuationKey } = (await list.ask(shop, { maxResults: 1 })).body;
        const [one, two] = [
          await list.ask(shop, { continuationKey }),
          await list.ask(shop, { continuationKey }),
        ];
        assert.equal(one.text, two.text);
        assert.equal(idsOf(list, one).length, 2);
      });

      it('refuses a time along with the key unless it equals the key’s', async () => {
        const shop = await openShop(server);
        await list.fill(shop, 3);
        const range = { startTime: noon - dayMs, endTime: noon };
        const first = await list.ask(shop, { ...range, maxResults: 1 });
        const { continuationKey } = first.body;
        assertStatus(await list.ask(shop, { ...range, continuationKey }), 200);
        assertStatus(await list.ask(shop, { startTime: range.startTime, continuationKey }), 200);
        assertStatus(await list.ask(shop, { endTime: range.endTime, continuationKey }), 200);
        for (const other of [{ startTime: noon }, { endTime: noon - 1 }, { startTime: 0, endTime: noon }]) {
          const answer = await list.ask(shop, { ...other, continuationKey });
          assertRefused(answer, 'InvalidRequest', ['continuationKey']);
        }
      });

      it('carries the first call’s now in the key', async () => {
        const shop = await openShop(server);
        const made = await list.fill(shop, 3);
        const { continuationKey } = (await list.ask(shop, { maxResults: 1 })).body;
        await shop.advance('PT1H');
        await list.fill(shop, 2);
        const rest = idsOf(list, await list.ask(shop, { continuationKey }));
        assert.deepEqual(rest, made.sort().slice(1));
        assertStatus(await list.ask(shop, { continuationKey, endTime: noon }), 200);
      });

      it('refuses a key of another app, another call or another market', async () => {
        const [shop, other] = [await openShop(server), await openShop(server)];
        await list.fill(shop, 2);
        await list.fill(other, 2);
        const { continuationKey } = (await list.ask(shop, { maxResults: 1 })).body;
        const query = { continuationKey };
        const [another] = lists.filter((one) => one.name !== list.name);
        assert.ok(another);
        for (const answer of [
          await list.ask(other, query),
          await another.ask(shop, query),
          await list.ask(shop, query, inMarket('MKT_GLB')),
        ]) {
          assertRefused(answer, 'InvalidRequest', ['continuationKey']);
        }
        assertStatus(await list.ask(shop, query), 200);
      });

      it('refuses a key with any character altered, dropped or added', async () => {
        const shop = await openShop(server);
        await list.fill(shop, 2);
        const { continuationKey: key } = (await list.ask(shop, { maxResults: 1 })).body;
        const altered = Array.from({ length: key.length }, (_, at) => {
          const character = key[at] === 'A' ? 'B' : 'A';
          return key.slice(0, at) + character + key.slice(at + 1);
        });
        const keys = [...altered, key.slice(1), key.slice(0, -1), `${key}A`, `${key}=`, `${key}\0`, '', 'x'];
        const answers = await Promise.all(keys.map((continuationKey) => list.ask(shop, { continuationKey })));
        for (const answer of answers) assertRefused(answer, 'InvalidRequest', ['continuationKey']);
      });

      it('meets every row of the first page’s time once while rows come and go between pages', async () => {
        const shop = await openShop(server);
        const draw = seeded(list.name.length + 7);
        const made = await list.fill(shop, 5);
        for (let step = 0; step < 4; step++) {
          await shop.advance(`PT${1 + draw(90)}M`);
          made.push(...(await list.fill(shop, 1 + draw(8))));
        }
        const added: string[] = [];
        const met = await walk(list, shop, [1 + draw(4), 1 + draw(4), 1 + draw(4)], async () => {
          if (draw(2) === 0) await shop.advance(`PT${draw(60)}S`);
          added.push(...(await list.fill(shop, draw(3))));
        });
        assert.equal(new Set(met).size, met.length);
        assert.deepEqual(
          made.filter((purchaseId) => !met.includes(purchaseId)),
          [],
        );
        assert.deepEqual(
          met.filter((purchaseId) => !made.includes(purchaseId) && !added.includes(purchaseId)),
          [],
        );
      });

      it('accepts a key percent-encoded', async () => {
        const shop = await openShop(server);
        await list.fill(shop, 2);
        const { continuationKey } = (await list.ask(shop, { maxResults: 1 })).body;
        const encoded = [...continuationKey]
          .map((character) => `%${character.charCodeAt(0).toString(16)}`)
          .join('');
        const line = `GET /v7/apps/${shop.app.clientId}/${list.path}?continuationKey=${encoded}`;
        const answer = await exchange(server.url, line, [`Authorization: Bearer ${shop.token}`]);
        assert.equal(answer.status, 200, answer.text);
      });
    });
  }
  describe(`Lists in commercial on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database, { environment: 'commercial', masterKey: randomBytes(32) });
    });
    after(() => server.stop());

    for (const list of lists) {
      it(`${list.name} goes on with a key in each market’s own pages`, async () => {
        const shop = await shopOf(server, await server.app());
        const made = await list.fill(shop, 5);
        await list.fill(shop, 2, { market: 'MKT_GLB' });
        const met = await walk(list, shop, [2]);
        assert.deepEqual(met.toSorted(), made.toSorted());
      });
    }
  });
}
