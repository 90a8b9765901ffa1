// The x-market-code header on every operation (section 1.4).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { marketCodes } from '@till/protocol/codes';
import { errors } from '@till/protocol/errors';
import { serverRows } from '../../src/http/routing.ts';
import { httpDatabases } from '../databases.ts';
import { exchange } from '../raw-http.ts';
import { type CallOptions, startServer, type TestServer } from '../server.ts';
import { lookedUp, requestOf, soldAs, tokenRows } from './requests.ts';
import { assertRefused, type Bought, inMarket, openShop, type Shop } from './shop.ts';

for (const database of httpDatabases) {
  describe(`x-market-code on ${database.name}`, () => {
    let server: TestServer;
    let shop: Shop;
    before(async () => {
      server = await startServer(database);
      shop = await openShop(server);
    });
    after(() => server.stop());

    for (const row of serverRows) {
      const send = (...lines: string[]) => {
        const { method, path, headers, body = '' } = requestOf(row, shop.app);
        const all = [
          `Authorization: Bearer ${shop.token}`,
          ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
          `Content-Length: ${Buffer.byteLength(body)}`,
          ...lines,
        ];
        return exchange(server.url, `${method} ${path}`, all, body);
      };

      it(`${row.generation} ${row.name} takes both markets, and no header`, async () => {
        for (const lines of [[], ...marketCodes.map((market) => [`x-market-code: ${market}`])]) {
          const answer = await send(...lines);
          assert.equal(answer.status, lookedUp(row.row), answer.text);
        }
        assert.equal((await send('X-Market-Code:MKT_GLB')).status, lookedUp(row.row));
      });

      it(`${row.generation} ${row.name} refuses an unknown or doubled market`, async () => {
        for (const wrong of ['MKT_STM', 'MKT_GLC', 'mkt_one', 'KR', '', 'MKT_ONE,', 'MKT_ONE MKT_ONE']) {
          assertRefused(await send(`x-market-code: ${wrong}`), 'InvalidRequest', ['x-market-code']);
        }
        const twice = await send('x-market-code: MKT_ONE', 'x-market-code: MKT_ONE');
        assertRefused(twice, 'InvalidRequest', ['x-market-code']);
      });
    }

    for (const { name, generation, row } of tokenRows) {
      if (row.absent === undefined) continue;
      const absent = row.absent;
      it(`${generation} ${name} takes a purchase of the other market for absent`, async () => {
        const market = await openShop(server, { market: 'MKT_GLB' });
        const type = soldAs(row);
        const [korean, global] = [await market.buyA(type, { market: 'MKT_ONE' }), await market.buyA(type)];
        const ask = (purchase: Bought, options: CallOptions = {}) => {
          const request = requestOf({ name, generation, row }, market.app, { params: { ...purchase } });
          const { method, path, body } = request;
          const headers = { ...request.headers, ...options.headers };
          return market.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
        };
        for (const purchase of [korean, global]) {
          const [mine, other] = purchase === korean ? ['MKT_ONE', 'MKT_GLB'] : ['MKT_GLB', 'MKT_ONE'];
          assertRefused(await ask(purchase, inMarket(String(other))), absent);
          const found = await ask(purchase, inMarket(String(mine)));
          assert.equal(found.status, 200, found.text);
        }
        assertRefused(await ask(global), absent);
        assert.notEqual(errors[absent].status, 200);
      });
    }
  });
}
