// The size of every field of every operation, from the table: at size it is looked up, one over it is refused.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { DigitsField, Field, IntegerField, TextField } from '@till/protocol/shape';
import { serverRows } from '../../src/http/routing.ts';
import { httpDatabases } from '../databases.ts';
import { type Answer, startServer, type TestServer } from '../server.ts';
import { type Given, lookedUp, requestOf, type ServerRow } from './requests.ts';
import { assertRefused, noon, openShop, type Shop, shopOf } from './shop.ts';

type Place = 'params' | 'query' | 'body';

interface Case {
  value: unknown;
  fits: boolean;
  what: string;
}

const plain = 'a';
const korean = '다';
const emoji = '😀';

/** Text of `length` characters, or of `length` bytes. */
function textOf(character: string, length: number, unit: 'characters' | 'bytes'): string {
  const size = unit === 'characters' ? 1 : Buffer.byteLength(character);
  return character.repeat(Math.floor(length / size)) + plain.repeat(length % size);
}

function textCases(field: TextField, isJson: boolean): Case[] {
  const sized = (['characters', 'bytes'] as const).flatMap((unit) => {
    const size = unit === 'characters' ? field.max : field.maxBytes;
    if (size === undefined) return [];
    return [plain, korean, emoji].flatMap((character) => [
      { value: textOf(character, size, unit), fits: true, what: `${size} ${unit} of ${character}` },
      { value: textOf(character, size + 1, unit), fits: false, what: `${size + 1} ${unit} of ${character}` },
    ]);
  });
  const nul = { value: 'a\0b', fits: false, what: 'NUL' };
  const shorter = { value: plain, fits: true, what: 'one character' };
  // bytes that stand for no character cannot be sent in a path, a query or a form
  if (!isJson) return [...sized, nul, shorter];
  return [...sized, nul, shorter, { value: '\ud800', fits: false, what: 'a lone surrogate' }];
}

function digitsCases(field: DigitsField): Case[] {
  const most = Math.min(field.max ?? Number.POSITIVE_INFINITY, 10 ** field.size - 1);
  // the range of a time is its list's own rule
  const atMost = field.size === 13 ? noon : most;
  return [
    { value: atMost, fits: true, what: 'the largest' },
    { value: most + 1, fits: false, what: 'one more than the largest' },
    { value: String(atMost).padStart(field.size + 1, '0'), fits: false, what: 'one digit too many' },
    { value: '', fits: false, what: 'nothing' },
    { value: '-1', fits: false, what: 'a sign' },
    ...(field.min === undefined
      ? []
      : [{ value: field.min - 1, fits: false, what: 'one less than allowed' }]),
  ];
}

function integerCases(field: IntegerField): Case[] {
  const [least, most] = [field.min ?? 0, field.max ?? Number.MAX_SAFE_INTEGER];
  return [
    { value: least, fits: true, what: 'the smallest' },
    { value: most, fits: true, what: 'the largest' },
    { value: least - 1, fits: false, what: 'one less' },
    { value: most + 1, fits: false, what: 'one more' },
    { value: least + 0.5, fits: false, what: 'a fraction' },
    { value: String(least), fits: false, what: 'a text' },
  ];
}

function casesOf(field: Field, isJson: boolean): Case[] {
  switch (field.is) {
    case 'text':
      return textCases(field, isJson);
    case 'digits':
      return digitsCases(field);
    case 'integer':
      return integerCases(field);
    case 'code':
      return [{ value: `${field.of[0]}x`, fits: false, what: 'another code' }];
    case 'boolean':
      return [{ value: 'true', fits: false, what: 'a text' }];
    default:
      throw new Error(`a ${field.is} needs cases of its own`);
  }
}

/** The other JSON types; only bodies have them. */
function typeCases(field: Field): Case[] {
  const others: unknown[] = [true, [], {}, ['a'], field.is === 'text' || field.is === 'code' ? 1 : 'a'];
  return others.map((value) => ({ value, fits: false, what: JSON.stringify(value) }));
}

const fieldsOf = ({ row }: ServerRow) =>
  (['params', 'query', 'body'] as const).flatMap((place) =>
    Object.entries(row[place] ?? {}).map(([name, field]) => ({ place, name, field })),
  );

for (const database of httpDatabases) {
  describe(`Sizes of the table on ${database.name}`, () => {
    let server: TestServer;
    let shop: Shop;
    before(async () => {
      server = await startServer(database);
      shop = await openShop(server);
    });
    after(() => server.stop());

    const ask = (row: ServerRow, given: Given): Promise<Answer> => {
      const { method, path, headers, body } = requestOf(row, shop.app, given);
      return shop.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
    };

    for (const row of serverRows) {
      for (const { place, name, field } of fieldsOf(row)) {
        // the app's own key is compared with the token's before it is measured
        if (name === row.row.key) continue;
        const isJson = place === 'body' && row.row.form !== true;
        const cases = [...casesOf(field, isJson), ...(isJson ? typeCases(field) : [])];
        it(`${row.generation} ${row.name} measures ${name}`, async () => {
          for (const { value, fits, what } of cases) {
            // a key that Till did not make is refused whatever its size
            const refused = !fits || name === 'continuationKey';
            const answer = await ask(row, { [place]: { [name]: value } });
            if (refused) assertRefused(answer, 'InvalidRequest', [name]);
            else assert.equal(answer.status, lookedUp(row.row), `${what}: ${answer.text}`);
          }
        });
      }

      const missing = Object.entries(row.row.body ?? {}).filter(([, field]) => field.optional !== true);
      for (const [name] of missing) {
        it(`${row.generation} ${row.name} demands ${name}`, async () => {
          const answer = await ask(row, { body: { [name]: undefined } });
          assertRefused(answer, 'RequiredValueNotExist', [name]);
        });
      }

      it(`${row.generation} ${row.name} names every value that does not fit`, async () => {
        const measured = fieldsOf(row).filter(({ name }) => name !== row.row.key);
        const given: Record<Place, Record<string, unknown>> = { params: {}, query: {}, body: {} };
        for (const { place, name, field } of measured) {
          given[place][name] = casesOf(field, false).find(({ fits }) => !fits)?.value;
        }
        const names = measured.map(({ name }) => name);
        assertRefused(await ask(row, given), 'InvalidRequest', names);
      });
    }

    it('knows an app whose client ID has 128 characters', async () => {
      const clientId = `c${'0'.repeat(127)}`;
      const long = await shopOf(server, await server.app({ worldId: await server.world(), clientId }));
      assert.equal((await long.details(await long.buy())).status, 200);
      const answer = await long.call('GET', `/v7/apps/${clientId}0/voided-purchases`);
      assertRefused(answer, 'UnauthorizedAccess');
    });

    it('finds a monthly product and a subscription of 150 characters too', async () => {
      for (const [type, suffix] of [
        ['auto', '1'],
        ['subscription', '2'],
      ] as const) {
        const productId = `${emoji.repeat(149)}${suffix}`;
        const terms = type === 'auto' ? {} : { subscription: { period: 'P1M' } };
        await shop.putProduct(productId, { type, ...terms });
        const purchase = await shop.buy({ productId });
        const calls = type === 'auto' ? shop.monthly : shop.subscription;
        assert.equal((await calls.detail(purchase)).status, 200);
        assert.equal((await shop.acknowledge(purchase)).status, 200);
        assert.equal((await calls.cancel(purchase)).status, 200);
        assert.equal((await calls.reactivate(purchase)).status, 200);
      }
    });

    it('finds a product of 150 characters, also where those are more bytes', async () => {
      for (const character of [plain, korean, emoji]) {
        const productId = character.repeat(150);
        await shop.putProduct(productId);
        const purchase = await shop.buy({ productId });
        assert.equal((await shop.details(purchase)).status, 200);
        assert.equal((await shop.acknowledge(purchase)).status, 200);
        assert.equal((await shop.consume(purchase)).status, 200);
      }
    });

    it('matches a developerPayload of 200 bytes', async () => {
      for (const character of [plain, korean, emoji]) {
        const developerPayload = textOf(character, 200, 'bytes');
        const purchase = await shop.buy({ developerPayload });
        assert.equal((await shop.details(purchase)).body.developerPayload, developerPayload);
        assert.equal((await shop.acknowledge(purchase, { body: { developerPayload } })).status, 200);
        assert.equal((await shop.consume(purchase, { body: { developerPayload } })).status, 200);
        const subscription = await shop.subscribe({}, { developerPayload });
        assert.equal((await shop.subscription.detail(subscription)).body.developerPayload, developerPayload);
        assert.equal((await shop.acknowledge(subscription, { body: { developerPayload } })).status, 200);
      }
    });
  });
}
