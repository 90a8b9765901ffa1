// The Authorization header on every operation that takes a token (section 2.3).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { serverRows } from '../../src/http/routing.ts';
import { httpDatabases } from '../databases.ts';
import { exchange } from '../raw-http.ts';
import { startServer, type TestServer } from '../server.ts';
import { soldAs } from './requests.ts';
import { assertRefused, openShop } from './shop.ts';

const rows = serverRows.filter(({ row }) => row.access === 'accessToken');

function pathOf(
  path: string,
  clientId: string,
  { productId, purchaseToken, purchaseId } = {
    ...{ productId: 'product01', purchaseToken: 'SANDBOXT999999999999' },
    purchaseId: 'SANDBOX3999999999999',
  },
): string {
  return path
    .replace(/\{(clientId|packageName)\}/, clientId)
    .replace('{productId}', productId)
    .replace('{purchaseToken}', purchaseToken)
    .replace('{purchaseId}', purchaseId)
    .replace('{action}', 'cancel');
}

for (const database of httpDatabases) {
  describe(`Authorization on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    for (const { name, generation, row } of rows) {
      it(`${generation} ${name} refuses every malformed header with InvalidAuthorizationHeader`, async () => {
        const { app, token } = await openShop(server);
        const line = `${row.method} ${pathOf(row.path, app.clientId)}`;
        const malformed = [
          [],
          [`Authorization: ${token}`],
          [`Authorization: bearer ${token}`],
          [`Authorization: BEARER ${token}`],
          [`Authorization: Bearer <${token}>`],
          [`Authorization:Bearer${token}`],
          [`Authorization: Bearer  ${token}`],
          [`Authorization: Bearer\t${token}`],
          [`Authorization: Bearer ${token} x`],
          [`Authorization: Bearer ${token.slice(0, -1)}`],
          [`Authorization: Bearer ${token}0`],
          [`Authorization: Bearer ${token.replaceAll('-', '')}`],
          [`Authorization: Bearer ${token.slice(0, -1)}g`],
          ['Authorization: Bearer'],
          ['Authorization:'],
          [`Authorization: Basic ${token}`],
          [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`],
          [`Authorization: Bearer ${token}`, 'authorization: nonsense'],
          ['Authorization:', `Authorization: Bearer ${token}`],
        ];
        for (const lines of malformed) {
          assertRefused(await exchange(server.url, line, lines), 'InvalidAuthorizationHeader');
        }
      });

      it(`${generation} ${name} refuses a token nobody was given with InvalidAccessToken`, async () => {
        const { app, token } = await openShop(server);
        const path = pathOf(row.path, app.clientId);
        for (const unknown of [randomUUID(), '00000000-0000-0000-0000-000000000000', token.toUpperCase()]) {
          assertRefused(await server.call(row.method, path, { token: unknown }), 'InvalidAccessToken');
        }
      });

      it(`${generation} ${name} refuses a token past its life with AccessTokenExpired`, async () => {
        const shop = await openShop(server);
        await shop.control('POST', '/access-tokens/expire');
        assertRefused(await shop.call(row.method, pathOf(row.path, shop.app.clientId)), 'AccessTokenExpired');
      });

      it(`${generation} ${name} refuses another app’s path alike, whether or not anything is there`, async () => {
        const [shop, other] = [await openShop(server), await openShop(server)];
        const purchase = await other.buyA(soldAs(row));
        const paths = [
          pathOf(row.path, other.app.clientId, purchase),
          pathOf(row.path, other.app.clientId),
          pathOf(row.path, 'nobody'),
          pathOf(row.path, shop.app.clientId.toUpperCase().replace(/\d/, 'x')),
        ];
        for (const path of paths) assertRefused(await shop.call(row.method, path), 'UnauthorizedAccess');
      });
    }

    it('accepts a header without a blank after its colon, and its name in any case', async () => {
      const shop = await openShop(server);
      const line = `GET /v7/apps/${shop.app.clientId}/voided-purchases`;
      for (const name of ['Authorization:', 'authorization: ', 'AUTHORIZATION:   ']) {
        const answer = await exchange(server.url, line, [`${name}Bearer ${shop.token}`]);
        assert.equal(answer.status, 200, answer.text);
      }
    });

    it('accepts several tokens of one app side by side', async () => {
      const shop = await openShop(server);
      await shop.change({ switches: { tokenReuse: false } });
      const tokens = [shop.token, await server.token(shop.app), await server.token(shop.app)];
      for (const token of tokens) assert.equal((await shop.voided({}, { token })).status, 200);
    });
  });
}
