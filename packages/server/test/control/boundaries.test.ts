// The size of every field of every operation of the control API, from the table: one over it is refused by its name.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { controlOperations } from '@till/protocol/control';
import type { Field, Fields, Operation } from '@till/protocol/shape';
import { httpDatabases } from '../databases.ts';
import { refusal, startServer, type TestServer } from '../server.ts';

const rows = Object.entries(controlOperations as Record<string, Operation>).filter(
  ([, { access, replyAs }]) => access === 'controlKey' && replyAs !== 'events',
);

/** A value that fits, so that the one field under test is all that does not. */
function sample(field: Field): unknown {
  switch (field.is) {
    case 'text':
      return sampleText(field);
    case 'code':
      return field.of[0];
    case 'integer':
    case 'digits':
      return field.min ?? 0;
    case 'boolean':
      return true;
    case 'object':
      return needed(field.of);
    case 'list':
      return [];
  }
}

function sampleText({ pattern }: Field & { is: 'text' }): string {
  const fits = ['nothing', 'P1D', '1100', 'KRW', 'KR', 'http://localhost/x'];
  const found = fits.find((text) => pattern === undefined || new RegExp(pattern).test(text));
  if (found === undefined) throw new Error(`no sample for ${pattern}`);
  return found;
}

function needed(fields: Fields = {}): Record<string, unknown> {
  const entries = Object.entries(fields).filter(([, field]) => field.optional !== true);
  return Object.fromEntries(entries.map(([name, field]) => [name, sample(field)]));
}

/** Values that do not fit, with those that only a body can carry. */
function wrong(field: Field, isBody: boolean): unknown[] {
  const lists = field.is === 'list' ? [] : [[], ['a']];
  const others = isBody ? [...lists, field.is === 'boolean' ? 'true' : true] : [];
  const objects = isBody && field.is !== 'object' ? [{}] : [];
  return [...values(field, isBody), ...others, ...objects];
}

function values(field: Field, isBody: boolean): unknown[] {
  switch (field.is) {
    case 'text':
      return [...texts(field), 'a\0b', ...(isBody ? ['\ud800', 1] : [])];
    case 'integer':
      return [(field.min ?? 0) - 1, (field.max ?? Number.MAX_SAFE_INTEGER) + 1, 0.5, 1e20, '1'];
    case 'digits':
      return [
        (field.max ?? 10 ** field.size - 1) + 1,
        '-1',
        '1e3',
        '1.5',
        '',
        '1'.repeat(field.size + 1),
        'x',
      ];
    case 'code':
      return [`${field.of[0]}x`, '', '😀'];
    case 'boolean':
      return isBody ? [1, 'yes'] : ['yes'];
    default:
      return isBody ? ['x', 1] : [];
  }
}

/** One over the size in letters, in Korean and in emoji; a size counts characters or bytes. */
function texts({ min, max, maxBytes, pattern }: Field & { is: 'text' }): string[] {
  const sizes = [max, maxBytes].filter((size) => size !== undefined);
  const over = sizes.flatMap((size) => ['a', '다', '😀'].map((character) => character.repeat(size + 1)));
  return [...over, ...(min === undefined ? [] : ['']), ...(pattern === undefined ? [] : ['😀', '\n', 'a b'])];
}

interface Place {
  part: 'params' | 'query' | 'body';
  /** The names from the part down to the field. */
  path: string[];
  field: Field;
}

function placesOf(row: Operation): Place[] {
  return (['params', 'query', 'body'] as const).flatMap((part) => placesIn(part, row[part] ?? {}, []));
}

function placesIn(part: Place['part'], fields: Fields, above: string[]): Place[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const here: Place = { part, path: [...above, name], field };
    return [here, ...placesIn(part, fieldsIn(field), [...here.path, ...(field.is === 'list' ? ['0'] : [])])];
  });
}

/** The members of an object, or of each object of a list. */
function fieldsIn(field: Field): Fields {
  const of = field.is === 'list' ? field.of : field;
  return of.is === 'object' ? of.of : {};
}

/** The same object with this value at this place; what is around it has all that it needs. */
function withValue(
  whole: Record<string, unknown>,
  fields: Fields,
  [name = '', ...rest]: string[],
  value: unknown,
): Record<string, unknown> {
  const field = fields[name];
  if (rest.length === 0 || field === undefined) return { ...whole, [name]: value };
  if (field.is === 'list') {
    const inside = fieldsIn(field);
    return { ...whole, [name]: [withValue(needed(inside), inside, rest.slice(1), value)] };
  }
  if (field.is !== 'object') return { ...whole, [name]: value };
  const around = (whole[name] ?? needed(field.of)) as Record<string, unknown>;
  return { ...whole, [name]: withValue(around, field.of, rest, value) };
}

for (const database of httpDatabases) {
  describe(`sizes of the control API on ${database.name}`, () => {
    let server: TestServer;
    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const send = (row: Operation, parts: Record<Place['part'], Record<string, unknown>>) => {
      const path = row.path.replace('/control/v1', '').replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        return encodeURIComponent(String(parts.params[name]));
      });
      const query = new URLSearchParams(
        Object.entries(parts.query).map(([name, value]) => [name, String(value)] as [string, string]),
      );
      return server.control(row.method, `${path}?${query}`, row.body === undefined ? undefined : parts.body);
    };

    for (const [name, row] of rows) {
      const places = placesOf(row);
      if (places.length === 0) continue;
      it(`${name} measures ${places.map(({ path }) => path.join('.')).join(', ')}`, async () => {
        const fits = { params: needed(row.params), query: needed(row.query), body: needed(row.body) };
        for (const { part, path, field } of places) {
          for (const value of wrong(field, part === 'body')) {
            // an empty value in a path is another path
            if (part === 'params' && value === '') continue;
            const answer = await send(row, {
              ...fits,
              [part]: withValue(fits[part], row[part] ?? {}, path, value),
            });
            const shown = `${path.join('.')} ${JSON.stringify(value).slice(0, 60)}: ${answer.text}`;
            const [status, code, ...fields] = refusal(answer);
            assert.deepEqual([status, code], [400, 'InvalidRequest'], shown);
            assert.deepEqual(fields, [path.join('.')], shown);
          }
        }
      });
    }

    it('counts a developerPayload of emoji in bytes and a title in characters', async () => {
      const app = await server.app({ worldId: await server.world(), title: '😀'.repeat(200) });
      const { developerPayload } = await server.buy(app, { developerPayload: '😀'.repeat(50) });
      assert.equal(developerPayload, '😀'.repeat(50));
    });
  });
}
