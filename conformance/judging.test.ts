// How an answer is judged: by status and JSON, by kinds, by the fields of a row, by the code table.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer } from './caller.ts';
import { type Difference, differencesOfKind, differencesOfValue } from './comparing.ts';
import { differencesOfVector } from './documented-examples.ts';
import { describe as describeAnswer, describePlace } from './finding.ts';
import { differencesOfFields, differencesOfRefusal, generalDifferences, jsonType } from './judging.ts';
import { rowNamed } from './rows.ts';
import { type Compare, type Vector, vectors } from './vectors.ts';

function answerOf(status: number, body: unknown, type: string | null = jsonType): Answer {
  const headers = new Headers(type === null ? {} : { 'content-type': type });
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const parsed = typeof body === 'string' ? undefined : body;
  return { status, phrase: 'OK', headers, text, body: parsed, request: 'GET /x', at: 0 };
}

const told = (differences: readonly Difference[]) => differences.map(({ at, says }) => `${at}: ${says}`);

describe('Judging by value', () => {
  it('does not mind where members stand', () => {
    assert.deepEqual(differencesOfValue({ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] }, a: 1 }), []);
  });

  it('names the member that is other, missing or too much, by its path', () => {
    const differences = differencesOfValue({ a: { b: 2, d: 1 } }, { a: { b: 1, c: null } });
    assert.deepEqual(told(differences), [
      'member a.b: it is 2, not 1',
      'member a.c: it is missing',
      'member a.d: it is not documented',
    ]);
  });
});

describe('Judging by kind', () => {
  it('tells an integer, a fraction, a text, null, a list and an object apart', () => {
    const kinds = [1, 1.5, '1', null, [1], { a: 1 }, true];
    for (const actual of kinds) {
      for (const printed of kinds) {
        const differences = differencesOfKind({ a: actual }, { a: printed });
        assert.equal(differences.length === 0, actual === printed, `${actual} ${printed}`);
      }
    }
  });

  it('demands of every row what the first printed one has', () => {
    const printed = { list: [{ a: 1 }] };
    assert.deepEqual(told(differencesOfKind({ list: [{ a: 1 }, { a: '1' }] }, printed)), [
      'member list[1].a: it is text, not integer',
    ]);
    assert.deepEqual(told(differencesOfKind({ list: [] }, printed)), ['member list: it is an empty list']);
  });

  it('lets continuationKey be absent, and null stand where it may', () => {
    const printed = { continuationKey: 'x', a: 1 };
    assert.deepEqual(differencesOfKind({ a: 1 }, printed), []);
    assert.deepEqual(differencesOfKind({ a: null }, printed, ['a']), []);
    assert.equal(differencesOfKind({ a: null }, printed).length, 1);
  });
});

describe('Judging by the fields of a row', () => {
  const { reply = {} } = rowNamed('v7', 'getPurchaseDetails').row;
  const good = {
    ...{
      consumptionState: 0,
      developerPayload: 'order 6',
      purchaseState: 0,
      purchaseTime: 1_345_678_900_000,
    },
    ...{ purchaseId: '17070421461015116878', acknowledgeState: 0, quantity: 1 },
  };

  it('takes what is documented', () => {
    assert.deepEqual(differencesOfFields(good, reply), []);
    assert.deepEqual(differencesOfFields({ ...good, developerPayload: null }, reply), []);
  });

  for (const [member, value, says] of [
    ['purchaseId', 'x'.repeat(21), 'it has 21 characters, documented are 20'],
    ['developerPayload', '가'.repeat(67), 'it has 201 bytes, documented are 200'],
    ['purchaseTime', 13_456_789_000_000, 'it has more digits than 13'],
    ['quantity', 100, 'it has more digits than 2'],
    ['quantity', 1.5, 'it is number, not integer'],
    ['acknowledgeState', 2, '2 is none of 0, 1'],
    ['purchaseState', null, 'it is null, not integer'],
    ['purchaseState', undefined, 'it is missing'],
    ['extra', 1, 'it is not documented'],
    ['constructor', 1, 'it is not documented'],
    ['purchaseTime', 1_345_678_900, 'it has 10 digits, which is no time in milliseconds'],
  ] as const) {
    it(`names ${member} where ${says}`, () => {
      assert.deepEqual(told(differencesOfFields({ ...good, [member]: value }, reply)), [
        `member ${member}: ${says}`,
      ]);
    });
  }

  it('says what stands there where it is no object', () => {
    assert.deepEqual(told(differencesOfFields([], reply)), ['body: it is list, not object']);
    assert.deepEqual(told(differencesOfFields(undefined, reply)), ['body: it is nothing, not object']);
  });
});

describe('Judging by the code table', () => {
  const refusal = (code: string, message: string) => ({ error: { code, message } });

  it('takes a refusal with its own status and message, with names or without', () => {
    const invalid = refusal('InvalidRequest', 'Request parameters are invalid. [ startTime, endTime ]');
    assert.deepEqual(generalDifferences(answerOf(400, invalid)), []);
    assert.deepEqual(
      differencesOfRefusal(answerOf(400, invalid), 'InvalidRequest', ['startTime', 'endTime']),
      [],
    );
  });

  it('names a code that is not in the table, and a wrapper that is another', () => {
    const unknown = generalDifferences(answerOf(400, refusal('Nothing', 'x')));
    assert.deepEqual(told(unknown), ['member error.code: "Nothing" is not in the code table']);
    const wrapper = generalDifferences(answerOf(400, { error: 'invalid_client' }));
    assert.deepEqual(told(wrapper), ['member error: it is text, not object']);
  });

  it('bears a code that is no text', () => {
    const odd = { error: { code: { toString: 1, valueOf: 1 }, message: [] } };
    assert.deepEqual(told(generalDifferences(answerOf(400, odd))), [
      'member error.code: it is object, not text',
      'member error.message: it is list, not text',
    ]);
    const [, ...codes] = told(differencesOfRefusal(answerOf(404, odd), 'NoSuchData'));
    assert.deepEqual(codes, []);
    assert.equal(describeAnswer(answerOf(400, odd)).slice(0, 12), '400 {error: ');
  });

  it('names the header where there is none', () => {
    const differences = told(generalDifferences(answerOf(200, {}, null)));
    assert.deepEqual(differences, [`header content-type: the header is absent, not ${jsonType}`]);
  });
});

describe('Judging an example', () => {
  const [example] = vectors.filter(({ id }) => id === 'v7.error.NoSuchData.table');
  const { json } = (example as Vector).response;
  const judge = (compare: Compare, answer: Answer) =>
    told(differencesOfVector({ ...(example as Vector), compare }, answer));

  it('is strict by `exact`, looks at kinds by `shape`, and at the route by `route`', () => {
    const other = { error: { code: 'NoSuchData', message: 'Nothing.' } };
    assert.deepEqual(judge('exact', answerOf(404, json)), []);
    assert.equal(judge('exact', answerOf(404, other)).length, 1);
    assert.deepEqual(judge('shape', answerOf(404, other)), []);
    assert.deepEqual(judge('route', answerOf(404, other)), ['status: the status is 404, not 200']);
    assert.deepEqual(judge('route', answerOf(200, [])), ['body: it is no JSON object']);
  });

  it('finds by `parser` what was printed by mistake and is sent all the same', () => {
    assert.deepEqual(judge('parser', answerOf(404, json)), ['*: it is answered as printed']);
    assert.deepEqual(judge('parser', answerOf(400, json)), []);
  });
});

describe('An answer in words', () => {
  it('holds kinds, codes and names, and nobody’s values', () => {
    const body = { developerPayload: 'of a buyer', list: [{ at: 1 }, { at: 2 }], none: [], empty: '' };
    assert.equal(
      describeAnswer(answerOf(200, body)),
      '200 {developerPayload: text, list: 2 of {at: integer}, none: an empty list, empty: ""}',
    );
    const refused = {
      error: { code: 'InvalidRequest', message: 'Request parameters are invalid. [ a, b ]' },
    };
    assert.equal(describeAnswer(answerOf(400, refused)), '400 InvalidRequest [ a, b ]');
    assert.equal(describeAnswer(answerOf(502, '<h1>', 'text/html')), '502, text/html, no JSON');
    assert.equal(describePlace(answerOf(200, body), 'member developerPayload'), 'text');
    for (const [developerPayload, kind] of [
      ['GOLD', 'text'],
      [170_001, 'integer'],
      ['', '""'],
      [null, 'null'],
    ]) {
      assert.equal(describePlace(answerOf(200, { developerPayload }), 'member developerPayload'), kind);
    }
    assert.equal(describePlace(answerOf(200, body), 'member list.0.at'), '1');
  });
});
