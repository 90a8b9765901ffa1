// Decimal strings and micros.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMoney, parseMoney } from '../../src/domain/money.ts';
import { fc } from '../properties.ts';

const golden: [amount: string, micros: number][] = [
  ['0', 0],
  ['1100', 1_100_000_000],
  ['4.99', 4_990_000],
  ['0.000001', 1],
  ['10.5', 10_500_000],
  ['100', 100_000_000],
  ['9007199254.740991', Number.MAX_SAFE_INTEGER],
];

for (const [amount, micros] of golden) {
  test(`${amount} is ${micros} micros, there and back`, () => {
    assert.equal(parseMoney(amount, 'USD'), micros);
    assert.equal(formatMoney(micros), amount);
  });
}

test('zeros at the end of the decimals are read and not written', () => {
  assert.equal(parseMoney('1100.00', 'KRW'), 1_100_000_000);
  assert.equal(parseMoney('4.990000', 'USD'), 4_990_000);
  assert.equal(formatMoney(4_990_000), '4.99');
});

const refused = [
  '',
  '.',
  '.5',
  '5.',
  '007',
  '00',
  '00.5',
  '-1',
  '+1',
  '1e3',
  '1,000',
  '1 ',
  ' 1',
  '1\n',
  '0x10',
  'NaN',
  '1.2.3',
  '٣',
];
for (const amount of refused) {
  test(`refuses ${JSON.stringify(amount)} as an amount`, () =>
    assert.equal(parseMoney(amount, 'USD'), undefined));
}

test('six decimals are accepted and a seventh is refused, be it a zero', () => {
  assert.equal(parseMoney('1.123456', 'USD'), 1_123_456);
  assert.equal(parseMoney('1.1234567', 'USD'), undefined);
  assert.equal(parseMoney('1.0000000', 'USD'), undefined);
});

test('the largest safe amount is accepted and one micro more is refused', () => {
  assert.equal(parseMoney('9007199254.740991', 'USD'), Number.MAX_SAFE_INTEGER);
  assert.equal(parseMoney('9007199254.740992', 'USD'), undefined);
  assert.equal(parseMoney('9007199254.999999', 'USD'), undefined);
  assert.equal(parseMoney('9999999999', 'USD'), undefined);
  assert.equal(parseMoney('10000000000', 'USD'), undefined);
});

test('a currency is three capital letters', () => {
  for (const currency of ['', 'US', 'USDX', 'usd', 'US1', 'USD ', 'USD\n']) {
    assert.equal(parseMoney('1', currency), undefined, JSON.stringify(currency));
  }
});

test('what was written is read as the same amount', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (micros) => {
      assert.equal(parseMoney(formatMoney(micros), 'USD'), micros);
      assert.doesNotMatch(formatMoney(micros), /\..*0$|\.$/);
    }),
  );
});

test('what is no amount in micros is never written', () => {
  for (const micros of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => formatMoney(micros), RangeError);
});
