// Bodies and their content type on the calls that may carry one (sections 1.3, 4.2; 13, row 15).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { httpDatabases } from '../databases.ts';
import { chunked, exchange } from '../raw-http.ts';
import { startServer, type TestServer } from '../server.ts';
import { assertAnsweredWithoutBody, bodyRows, lookedUp, requestOf, tokenRows } from './requests.ts';
import { assertRefused, openShop, type Shop } from './shop.ts';

const json = 'Content-Type: application/json';
const rowsWithBody = bodyRows.filter(({ row }) => row.body !== undefined);
const bodylessRows = bodyRows.filter(({ row }) => row.body === undefined);

for (const database of httpDatabases) {
  for (const strict of [false, true]) {
    describe(`Bodies on ${database.name}${strict ? ' with strictContentType' : ''}`, () => {
      let server: TestServer;
      let shop: Shop;
      before(async () => {
        server = await startServer(database, { strictContentType: strict });
        shop = await openShop(server);
      });
      after(() => server.stop());

      const send = (row: (typeof tokenRows)[number], lines: string[], body: string | Uint8Array = '') => {
        const { method, path } = requestOf(row, shop.app);
        const all = [`Authorization: Bearer ${shop.token}`, ...lines];
        return exchange(server.url, `${method} ${path}`, all, body);
      };
      const sized = (body: string | Uint8Array) => `Content-Length: ${Buffer.byteLength(body)}`;

      for (const row of tokenRows) {
        const { generation, name } = row;

        if (strict) {
          it(`${generation} ${name} demands a content type without a body too`, async () => {
            assertRefused(await send(row, []), 'InvalidContentType');
            assertRefused(await send(row, ['Content-Type: text/plain']), 'InvalidContentType');
            assertAnsweredWithoutBody(row, await send(row, [json, sized('')]));
          });
          continue;
        }

        const verb = row.row.bodyRequired === true ? 'asks for its body' : 'passes without a body';
        it(`${generation} ${name} ${verb}, whatever the content type`, async () => {
          const types = ['application/json', 'application/json;charset=UTF-8', 'text/plain', 'nonsense', ''];
          for (const lines of [[], ...types.map((type) => [`Content-Type: ${type}`])]) {
            assertAnsweredWithoutBody(row, await send(row, lines));
          }
        });
      }

      if (strict) {
        it('lets an app turn the demand off for itself', async () => {
          const lenient = await openShop(server);
          await lenient.change({ switches: { strictContentType: false } });
          assert.equal((await lenient.voided()).status, 200);
          assert.equal((await lenient.acknowledge(await lenient.buy())).status, 200);
        });
        return;
      }

      it('lets an app turn the demand on for itself', async () => {
        const strictShop = await openShop(server);
        const purchase = await strictShop.buy();
        await strictShop.change({ switches: { strictContentType: true } });
        assertRefused(await strictShop.voided(), 'InvalidContentType');
        assertRefused(await strictShop.consume(purchase), 'InvalidContentType');
        const typed = { headers: { 'content-type': 'application/json' } };
        assert.equal((await strictShop.voided({}, typed)).status, 200);
        assert.equal((await strictShop.consume(purchase, typed)).status, 200);
      });

      for (const row of bodylessRows) {
        it(`${row.generation} ${row.name} looks at the type of a body that it does not ask for, not into it`, async () => {
          for (const body of ['{}', '{', '[]', 'x', '{"developerPayload":1}']) {
            const answer = await send(row, [json, sized(body)], body);
            assert.equal(answer.status, lookedUp(row.row), `${body}: ${answer.text}`);
            for (const lines of [[], ['Content-Type: text/plain'], ['Content-Type: application/json2']]) {
              assertRefused(await send(row, [...lines, sized(body)], body), 'InvalidContentType');
            }
          }
        });
      }

      for (const row of rowsWithBody) {
        const { generation, name } = row;
        const passes = async (lines: string[], body: string | Uint8Array = '') => {
          const answer = await send(row, lines, body);
          assert.equal(answer.status, lookedUp(row.row), `${lines}: ${answer.text}`);
        };

        /** The members that a body must have, and those of `extra`. */
        const bodyWith = (extra: object = {}) => {
          const { body = '{}' } = requestOf(row, shop.app);
          return JSON.stringify({ ...extra, ...JSON.parse(body) });
        };

        it(`${generation} ${name} takes an empty body, chunked or announced as empty, for none`, async () => {
          const empty = chunked();
          for (const type of [[], [json], ['Content-Type: text/plain']]) {
            assertAnsweredWithoutBody(row, await send(row, [...type, 'Content-Length: 0']));
            assertAnsweredWithoutBody(row, await send(row, [...type, empty.line], empty.body));
          }
        });

        it(`${generation} ${name} accepts JSON with any parameter of the type`, async () => {
          const types = ['application/json', 'Application/JSON', 'application/json;charset=UTF-8'];
          const parameters = [
            'application/json; charset=utf-8',
            'application/json ; x=1',
            'application/json;charset="x"',
          ];
          for (const type of [...types, ...parameters]) {
            const body = bodyWith();
            await passes([`Content-Type: ${type}`, sized(body)], body);
            const known = bodyWith({ developerPayload: null });
            const chunks = chunked(known.slice(0, 11), known.slice(11));
            await passes([`Content-Type: ${type}`, chunks.line], chunks.body);
          }
        });

        it(`${generation} ${name} refuses a body of another type, or of none, with InvalidContentType`, async () => {
          const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/json2', 'json', ''];
          for (const lines of [[], ...types.map((type) => [`Content-Type: ${type}`])]) {
            assertRefused(await send(row, [...lines, sized('{}')], '{}'), 'InvalidContentType');
            const chunks = chunked('{}');
            assertRefused(await send(row, [...lines, chunks.line], chunks.body), 'InvalidContentType');
          }
        });

        it(`${generation} ${name} accepts an object with unknown members, in any spelling of JSON`, async () => {
          for (const body of [
            bodyWith(),
            ` ${bodyWith().replaceAll(/[{}]/g, ' $& ')} `,
            bodyWith({ x: [1] }),
            bodyWith({ developerPayload: null }),
            `\n${bodyWith({ y: {} }).replace('"y"', '"__proto__"')}\t`,
          ]) {
            await passes([json, sized(body)], body);
          }
        });

        it(`${generation} ${name} refuses what is not JSON, or is no object, with BadRequest`, async () => {
          const bodies = [
            '{',
            '{"a":1,}',
            'x',
            ' ',
            '{}{}',
            "{'a':1}",
            '[]',
            '[{}]',
            '"x"',
            '1',
            'true',
            'null',
          ];
          for (const body of bodies) {
            assertRefused(await send(row, [json, sized(body)], body), 'BadRequest');
          }
        });

        it(`${generation} ${name} refuses what is not UTF-8 with BadRequest`, async () => {
          for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]]) {
            const body = Buffer.concat([Buffer.from('{"x":"'), Buffer.from(bytes), Buffer.from('"}')]);
            assertRefused(await send(row, [json, sized(body)], body), 'BadRequest');
          }
        });

        it(`${generation} ${name} judges the type of a body that is too large before its size`, async () => {
          const chunks = chunked('x'.repeat(40_000), 'x'.repeat(40_000));
          const lines = ['Content-Type: text/plain', chunks.line];
          assertRefused(await send(row, lines, chunks.body), 'InvalidContentType');
        });

        it(`${generation} ${name} takes 64 KiB and refuses a byte more with BadRequest`, async () => {
          const fits = bodyWith({ x: 'x'.repeat(64 * 1024 - bodyWith({ x: '' }).length) });
          assert.equal(fits.length, 64 * 1024);
          const chunks = chunked(fits.slice(0, 40_000), fits.slice(40_000));
          await passes([json, sized(fits)], fits);
          await passes([json, chunks.line], chunks.body);
          const over = `${fits} `;
          const overChunks = chunked(over.slice(0, 40_000), over.slice(40_000));
          assertRefused(await send(row, [json, sized(over)], over), 'BadRequest');
          assertRefused(await send(row, [json, overChunks.line], overChunks.body), 'BadRequest');
        });
      }
    });
  }
}
