// One text for each value of JSON, whatever order its members came in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import { fc } from '../properties.ts';

/** The same value with the members of every object in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, part]) => [name, turned(part)] as const);
  return Object.fromEntries(members.reverse());
}

test('the order of members makes no difference, and nothing is lost', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(turned(value)), text);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('different values have different texts', () => {
  const values = [{ a: 1 }, { a: '1' }, { a: null }, {}, [], ['a', 1], [1, 'a'], { a: { b: 1 } }, 'a', null];
  assert.equal(new Set(values.map(canonicalJson)).size, values.length);
});

test('a member named __proto__ is a member like any other', () => {
  const given = JSON.parse('{"b":1,"__proto__":{"a":1}}');
  assert.equal(canonicalJson(given), '{"__proto__":{"a":1},"b":1}');
});
