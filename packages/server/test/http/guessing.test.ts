// Guessing at client secrets becomes slow, and neither the answer's time nor the delay tells what is right.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { Guesses } from '../../src/host/guesses.ts';
import { httpDatabases } from '../databases.ts';
import { expectStatus, refusal, startServer, type TestApp, type TestServer } from '../server.ts';
import { openShop } from './shop.ts';

const minuteMs = 60_000;

test('five wrong secrets are free, then answers come later and later, up to two seconds', () => {
  const guesses = new Guesses(() => 0);
  const delays = Array.from({ length: 12 }, () => guesses.wrong('client', 'address'));
  assert.deepEqual(delays, [0, 0, 0, 0, 0, 100, 200, 400, 800, 1600, 2000, 2000]);
});

test('wrong secrets count by client and address, and no longer than ten minutes after the last', () => {
  const machine = { now: 0 };
  const guesses = new Guesses(() => machine.now);
  const wrong = (client: string, address: string) => guesses.wrong(client, address);
  for (let count = 0; count < 6; count++) wrong('one', 'here');
  assert.equal(wrong('one', 'here'), 200);
  assert.equal(wrong('one', 'there'), 0);
  assert.equal(wrong('two', 'here'), 0);
  machine.now += 10 * minuteMs - 1;
  assert.equal(wrong('one', 'here'), 400);
  machine.now += 10 * minuteMs;
  assert.equal(wrong('one', 'here'), 0);
  for (let count = 0; count < 5; count++) wrong('one', 'here');
  guesses.right('one', 'here');
  assert.equal(wrong('one', 'here'), 0);
});

test('what is remembered is bounded: who was wrong longest ago is forgotten first', () => {
  const guesses = new Guesses(() => 0);
  for (let count = 0; count < 6; count++) guesses.wrong('first', 'a');
  for (let count = 0; count < 6; count++) guesses.wrong('second', 'a');
  for (let other = 0; other < 9_998; other++) guesses.wrong(`other ${other}`, 'a');
  assert.equal(guesses.wrong('second', 'a'), 200); // the table is full, and both are still in it
  guesses.wrong('one more', 'a');
  assert.equal(guesses.wrong('first', 'a'), 0);
  assert.equal(guesses.wrong('second', 'a'), 400);
});

test('no more than 100 answers are held back at a time; the others are given at once', async () => {
  const guesses = new Guesses(() => 0);
  const held = Array.from({ length: 100 }, () => guesses.holdBack(200));
  assert.equal(await guesses.holdBack(200), false);
  assert.deepEqual(new Set(await Promise.all(held)), new Set([true]));
  assert.equal(await guesses.holdBack(1), true);
  assert.equal(await guesses.holdBack(0), false);
});

for (const database of httpDatabases) {
  describe(`guessing on ${database.name}`, () => {
    let server: TestServer;

    before(async () => {
      server = await startServer(database);
    });
    after(() => server.stop());

    const call = async (clientId: string, clientSecret: string) => {
      const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
      const startedAt = performance.now();
      const answer = await server.call('POST', '/v7/oauth/token', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      });
      return { answer, ms: performance.now() - startedAt };
    };
    const newApp = async (): Promise<TestApp> => server.app({ worldId: await server.world() });
    const guess = async (clientId: string, times: number) => {
      for (let count = 0; count < times; count++) {
        const { answer } = await call(clientId, `wrong ${count}`);
        assert.deepEqual(refusal(answer), [403, 'UnauthorizedAccess']);
      }
    };

    test('the delays grow; the right secret gets through at once in the middle and ends the row', async () => {
      const app = await newApp();
      await guess(app.clientId, 5);
      const first = await call(app.clientId, 'wrong');
      const second = await call(app.clientId, 'wrong');
      // a timer never fires early, but for the rounding of its millisecond
      assert.ok(first.ms >= 99, `${first.ms}`);
      assert.ok(second.ms >= 199, `${second.ms}`);
      assert.deepEqual(refusal(second.answer), [403, 'UnauthorizedAccess']);
      const { tally } = server.till.host.watch;
      const judged = tally.wrongSecrets + 8;
      const held = Array.from({ length: 8 }, () => call(app.clientId, 'wrong')); // up to 2 s each
      // the right one ends the row, so it comes when all of them have been counted
      while (tally.wrongSecrets < judged) await wait(1);
      const right = await call(app.clientId, app.clientSecret);
      expectStatus(right.answer, 200);
      const heldMs = (await Promise.all(held)).map(({ ms }) => ms);
      assert.ok(right.ms < Math.max(...heldMs), `${right.ms} beside ${heldMs}`);
      assert.ok(Math.max(...heldMs) >= 1_999);
      // and again, from the node's memory
      const again = await call(app.clientId, app.clientSecret);
      expectStatus(again.answer, 200);
      const delayed = server.till.host.watch.tally.delayedSecrets;
      await guess(app.clientId, 5);
      assert.equal(server.till.host.watch.tally.delayedSecrets, delayed);
    });

    test('a client that does not exist is slowed down alike, and nobody else with it', async () => {
      const app = await newApp();
      const { tally } = server.till.host.watch;
      const before = tally.delayedSecrets;
      await guess('com.example.nobody', 6);
      assert.equal(tally.delayedSecrets, before + 1);
      await guess(app.clientId, 5);
      expectStatus((await call(app.clientId, app.clientSecret)).answer, 200);
      assert.equal(tally.delayedSecrets, before + 1);
    });

    test('a secret that has ended counts as wrong, a blocked app’s right one does not', async () => {
      const app = await newApp();
      const path = `/apps/${app.clientId}`;
      const made = await server.control('POST', `${path}/client-secrets`, { overlap: 'PT0S' });
      const { tally } = server.till.host.watch;
      const before = tally.wrongSecrets;
      assert.equal((await call(app.clientId, app.clientSecret)).answer.status, 403);
      assert.equal(tally.wrongSecrets, before + 1);
      expectStatus(await server.control('PATCH', path, { blocked: true }), 200);
      const { answer } = await call(app.clientId, expectStatus(made, 201).clientSecret);
      assert.deepEqual(refusal(answer), [403, 'AccessBlocked']);
      assert.equal(tally.wrongSecrets, before + 1);
    });

    test('answers take as long whether a client exists or how much of its secret is right', async (t) => {
      const app = await newApp();
      const [most, none] = [`${app.clientSecret.slice(0, -1)}!`, `!${app.clientSecret.slice(1)}`];
      const { guesses } = server.till.host;
      const { wrong } = guesses;
      guesses.wrong = () => 0; // the delay would hide what is measured
      try {
        await assertAlike(t, {
          'unknown client': () => call('com.example.nobody', none),
          'known client, secret wrong at its begin': () => call(app.clientId, none),
          'known client, secret wrong at its end': () => call(app.clientId, most),
        });
      } finally {
        guesses.wrong = wrong;
      }
    });

    test('answers take as long for another app’s purchase as for one that is not there', async (t) => {
      const [mine, theirs] = [await openShop(server), await openShop(server)];
      const foreign = await theirs.buy();
      const absent = { ...foreign, purchaseToken: 'SANDBOXT000000000000' };
      const timed = async (purchase: typeof foreign) => {
        const startedAt = performance.now();
        assert.deepEqual(refusal(await mine.details(purchase)), [404, 'NoSuchData']);
        return { ms: performance.now() - startedAt };
      };
      const own = await mine.buy();
      await assertAlike(t, { 'another app’s': () => timed(foreign), 'not there': () => timed(absent) });
      const startedAt = performance.now();
      expectStatus(await mine.details(own), 200);
      t.diagnostic(`own, once: ${(performance.now() - startedAt).toFixed(3)} ms`);
    });
  });
}

type Timed = () => Promise<{ ms: number }>;

/** Fails where they differ each time they are measured: noise may make them differ once, a reason always does. */
async function assertAlike(
  t: { diagnostic(text: string): void },
  calls: Record<string, Timed>,
): Promise<void> {
  const measured: Record<string, number>[] = [];
  for (let time = 0; time < 4; time++) {
    const medians = await interleaved(300, calls);
    for (const [name, ms] of Object.entries(medians)) t.diagnostic(`${name}: ${ms.toFixed(3)} ms`);
    if (areAlike(Object.values(medians))) return;
    measured.push(medians);
  }
  assert.fail(JSON.stringify(measured));
}

/** The median time of each call, ms, all of them asked in turn so that what disturbs one disturbs all. */
async function interleaved(rounds: number, calls: Record<string, Timed>): Promise<Record<string, number>> {
  const names = Object.keys(calls);
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  for (let round = -20; round < rounds; round++) {
    for (const [place] of names.entries()) {
      const name = names[(place + round + 20) % names.length] as string; // nobody is always the first
      const taken = await calls[name]?.();
      if (round >= 0 && taken !== undefined) times[name]?.push(taken.ms);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name] ?? [])]));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Noise of a busy machine is far below this; a secret compared byte by byte in a slow way, or a read more, is printed. */
const alikeWithinMs = 1;

function areAlike(times: readonly number[]): boolean {
  const [least, most] = [Math.min(...times), Math.max(...times)];
  return most - least < Math.max(alikeWithinMs, least / 2);
}
