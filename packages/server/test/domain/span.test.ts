// ISO 8601 durations of the control API.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addMonths } from '../../src/domain/calendar.ts';
import { addSpan, parseSpan, spanMs } from '../../src/domain/span.ts';
import { fc } from '../properties.ts';

test('reads each unit, alone and together', () => {
  assert.deepEqual(parseSpan('P30D'), { months: 0, ms: 2_592_000_000 });
  assert.deepEqual(parseSpan('PT5M'), { months: 0, ms: 300_000 });
  assert.deepEqual(parseSpan('P1DT12H'), { months: 0, ms: 129_600_000 });
  assert.deepEqual(parseSpan('P2W'), { months: 0, ms: 1_209_600_000 });
  assert.deepEqual(parseSpan('PT1S'), { months: 0, ms: 1_000 });
  assert.deepEqual(parseSpan('P1M'), { months: 1, ms: 0 });
  assert.deepEqual(parseSpan('P1Y'), { months: 12, ms: 0 });
  assert.deepEqual(parseSpan('P1Y2M3DT4H5M6S'), { months: 14, ms: 273_906_000 });
});

test('an M before the T is months, after it minutes', () => {
  assert.deepEqual(parseSpan('P3MT3M'), { months: 3, ms: 180_000 });
});

test('a span of no length is a span', () => {
  assert.deepEqual(parseSpan('P0D'), { months: 0, ms: 0 });
  assert.deepEqual(parseSpan('PT0S'), { months: 0, ms: 0 });
});

const refused = ['', 'P', 'PT', 'P1DT', '1D', 'D', 'P1', 'P1.5D', 'P1,5D', 'PT0.5S', '-P1D', 'P-1D', '+P1D'];
const misspelt = [
  'P1H',
  'PT1D',
  'P1D1M',
  'PT1S1M',
  'P1D1D',
  'p1d',
  'P1d',
  ' P1D',
  'P1D ',
  'P1D\n',
  'P1DT1HT1M',
  'P١D',
];
for (const text of [...refused, ...misspelt]) {
  test(`refuses ${JSON.stringify(text)} as a span`, () => assert.equal(parseSpan(text), undefined));
}

test('a hundred years are accepted and any more is refused', () => {
  for (const text of ['P100Y', 'P1200M', 'P99Y12M', 'P36525D', 'PT3155760000S', 'P0000000100Y']) {
    assert.ok(parseSpan(text), text);
  }
  for (const text of ['P101Y', 'P1201M', 'P100YT1S', 'P36525DT1S', 'PT3155760001S', 'P99999999999D']) {
    assert.equal(parseSpan(text), undefined, text);
  }
});

test('what is written as a span is read as its parts', () => {
  const part = (max: number) => fc.integer({ min: 0, max });
  fc.assert(
    fc.property(
      part(9),
      part(20),
      part(60),
      part(40),
      part(100),
      part(100),
      (years, months, days, hours, minutes, seconds) => {
        const text = `P${years}Y${months}M${days}DT${hours}H${minutes}M${seconds}S`;
        const ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
        assert.deepEqual(parseSpan(text), { months: years * 12 + months, ms });
      },
    ),
  );
});

test('any other text is refused without failing', () => {
  const text = fc.string({ unit: fc.constantFrom(...'PT0129YMWDHS.-'), maxLength: 12 });
  fc.assert(
    fc.property(text, (value) => {
      const span = parseSpan(value);
      assert.ok(span === undefined || (Number.isSafeInteger(span.ms) && Number.isSafeInteger(span.months)));
      assert.ok(span === undefined || /^P.*[YMWDHS]$/.test(value));
    }),
  );
});

test('adds the months in the market first and the rest after them', () => {
  const at = Date.parse('2026-01-31T00:00:00Z');
  const span = { months: 1, ms: 86_400_000 };
  assert.equal(addSpan(at, span, 'MKT_GLB'), Date.parse('2026-03-01T00:00:00Z'));
  const korean = Date.parse('2026-01-31T15:00:00Z');
  assert.equal(addSpan(korean, { months: 1, ms: 1 }, 'MKT_ONE'), addMonths(korean, 1, 'MKT_ONE') + 1);
});

test('a span with months has no fixed length', () => {
  assert.equal(spanMs({ months: 0, ms: 86_400_000 }), 86_400_000);
  assert.equal(spanMs({ months: 1, ms: 0 }), undefined);
});
