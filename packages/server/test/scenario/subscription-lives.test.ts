// What the lives drawn for the walks are worth: everything meets everything else in them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Happening } from '../../src/domain/ledger.ts';
import { type Lived, lives, promotionMicros } from './subscription-lives.ts';
import { live, type Walk } from './subscription-walker.ts';

/** What a life may go through; `changed` is a change of product at once, `promoted` a payment of the promotion. */
const main = [
  ...(['renewed', 'promoted', 'declined', 'graceStarted', 'held', 'recovered', 'cancelled'] as const),
  ...(['reactivated', 'deferred', 'pauseScheduled', 'pauseWithdrawn', 'paused', 'resumed'] as const),
  ...(['priceTold', 'priceConfirmed', 'priceRefused', 'switchScheduled', 'switched', 'changed'] as const),
] satisfies (Happening | 'promoted' | 'changed')[];

/** The drawn lives do not hang on chance here: what must occur in them occurs each time. */
const sample = fc.sample(lives, { seed: 5, numRuns: 4_000 }).map((life) => ({
  life,
  walk: live(life, [], () => {}),
}));

function words({ tokens }: Walk): string[] {
  return tokens.flatMap(({ entries }, index) =>
    entries.flatMap(({ what, amountMicros }) => [
      what === 'purchased' && index > 0 ? 'changed' : what,
      ...(amountMicros === promotionMicros ? ['promoted'] : []),
    ]),
  );
}

test('each of what may happen to a subscription comes before and after each other in some life', () => {
  const pairs = new Set<string>();
  for (const { walk } of sample) {
    const before = new Set<string>();
    for (const word of words(walk)) {
      for (const earlier of before) pairs.add(`${earlier} ${word}`);
      before.add(word);
    }
  }
  const missing = main
    .flatMap((first) => main.map((second) => `${first} ${second}`))
    .filter((pair) => !pairs.has(pair));
  assert.deepEqual(missing, []);
});

/** Is there a life in which this command was refused, or carried out, while it stood so? */
function meets(what: Lived['commands'][number]['what'], refused: boolean, stood: RegExp): boolean {
  return sample.some(({ life, walk }) =>
    life.commands.some((command, index) => {
      if (command.what !== what || walk.refused[index] !== refused || command.first) return false;
      const before = { ...life, until: command.at, commands: life.commands.slice(0, index) };
      const { subscription, entries } = live(before, [], () => {}).tokens.at(-1) ?? assert.fail();
      const { status, promotional, pause, switchTo, priceChanges, trial } = subscription;
      const words = [
        ...[status, promotional && 'promotion', trial && 'trial', pause && 'pause', switchTo && 'switch'],
        ...[
          priceChanges.some(({ told }) => told) && 'told',
          priceChanges.some(({ told }) => !told) && 'quiet',
        ],
        entries.at(-1)?.what,
      ];
      return stood.test(words.filter((word) => typeof word === 'string').join(' '));
    }),
  );
}

for (const [what, refused, stood] of [
  ['pause', false, /told/],
  ['pause', false, /quiet/],
  ['pause', false, /promotion/],
  ['pause', false, /trial/],
  ['pause', false, /deferred/],
  ['pause', true, /switch/],
  ['pause', true, /grace|hold/],
  ['resume', false, /paused.*told/],
  ['resume', false, /active.* pause /],
  ['price', false, /paused/],
  ['price', false, /grace/],
  ['price', false, /hold/],
  ['price', false, /promotion/],
  ['price', false, /switch/],
  ['agree', false, /paused/],
  ['agree', false, /grace/],
  ['agree', false, /pause /],
  ['change', true, /grace/],
  ['change', true, /hold/],
  ['change', true, /paused/],
  ['change', true, /promotion/],
  ['change', true, / pause /],
  ['change', false, /trial/],
  ['change', false, /told/],
  ['change', false, /quiet/],
  ['change', false, /switch/],
  ['change', false, /deferred/],
  ['cancel', false, / pause /],
  ['cancel', false, /switch/],
  ['cancel', false, /paused/],
  ['defer', false, / pause /],
  ['defer', false, /switch/],
  ['defer', false, /promotion/],
  ['void', false, /paused/],
  ['void', false, /switch/],
] as const) {
  test(`in some life ${what} is ${refused ? 'refused' : 'carried out'} where it stands ${stood.source.trim()}`, () => {
    assert.ok(meets(what, refused, stood));
  });
}
