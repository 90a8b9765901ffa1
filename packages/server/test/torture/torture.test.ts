// A node that is killed at any moment loses nothing that it has acknowledged, and leaves nothing half done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../databases.ts';
import { Chance } from './chance.ts';
import { planOf, type Torture, torture } from './torture.ts';

/** What is killed when is the same in every run; `npm run torture` draws a seed of its own. */
const seed = Number(process.env.TILL_TEST_SEED ?? 7391);

function databaseOf(name: string): Torture['database'] {
  const found = databases.find((database) => database.name === name);
  assert.ok(found);
  return () => found.open();
}

test('every plan of two kills and more has one that comes with an answer, and at most its first half before', () => {
  for (let seed = 0; seed < 2_000; seed++) {
    for (const kills of [2, 3, 4, 12, 40]) {
      const plan = planOf(kills, new Chance(seed));
      assert.equal(plan.length, kills);
      const written = plan.indexOf('answer');
      assert.ok(written >= 0 && written <= kills / 2, `seed ${seed}: ${plan}`);
    }
  }
});

for (const { name, kills } of [
  { name: 'sqlite file', kills: 12 },
  { name: 'postgres', kills: 4 },
]) {
  test(`${name}: ${kills} kills under load lose no acknowledged write and leave none half done`, async (context) => {
    context.diagnostic(`seed ${seed}`);
    const summary = await torture({ kills, seed, database: databaseOf(name) });
    assert.deepEqual(summary.faults, []);
    assert.equal(summary.kills, kills);
    assert.ok(summary.acknowledged > 0, 'nothing was written');
  });
}

test('an answer before its commit is found by the same kills', async (context) => {
  context.diagnostic(`seed ${seed}`);
  const summary = await torture({ kills: 12, seed, database: databaseOf('sqlite file'), answerEarly: true });
  assert.ok(
    summary.faults.some((fault) => fault.startsWith('lost')),
    `found ${JSON.stringify(summary)}`,
  );
});
