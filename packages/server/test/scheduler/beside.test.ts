// Work beside the passes: bounded, each thing once, waited for at the stop but not for ever.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Beside } from '../../src/scheduler/beside.ts';

function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

const fail = (error: unknown) => assert.fail(String(error));
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('begins no more than it may, and the next as soon as one has ended', async () => {
  const beside = new Beside(2, fail);
  const [first, second] = [gate(), gate()];
  beside.start('first', () => first.opened);
  beside.start('second', () => second.opened);
  assert.equal(beside.free, 0);
  beside.start('third', () => assert.fail('there is no place'));
  first.open();
  await settled();
  assert.equal(beside.free, 1);
  second.open();
  await beside.stop(1_000);
});

test('the same thing runs once at a time, and may run again afterwards', async () => {
  const beside = new Beside(9, fail);
  const first = gate();
  let times = 0;
  const work = async () => {
    times += 1;
    await first.opened;
  };
  beside.start('key', work);
  beside.start('key', work);
  assert.deepEqual([times, beside.free], [1, 8]);
  first.open();
  await settled();
  beside.start('key', work);
  assert.equal(times, 2);
  await beside.stop(1_000);
});

test('what fails is told, and gives its place free', async () => {
  const told: unknown[] = [];
  const beside = new Beside(1, (error) => told.push(error));
  const failure = new Error('no database');
  beside.start('key', () => Promise.reject(failure));
  await settled();
  assert.deepEqual([told, beside.free], [[failure], 1]);
});

test('a stop begins nothing more, waits for what runs, and tells nothing of what fails later', async () => {
  const beside = new Beside(2, fail);
  const [slow, stuck] = [gate(), gate()];
  let ended = false;
  beside.start('slow', async () => {
    await slow.opened;
    ended = true;
  });
  const stopped = beside.stop(5_000);
  beside.start('late', () => assert.fail('it is stopped'));
  assert.equal(beside.free, 0);
  slow.open();
  await stopped;
  assert.ok(ended);

  const other = new Beside(1, fail);
  other.start('stuck', async () => {
    await stuck.opened;
    throw new Error('the database is closed');
  });
  await other.stop(20);
  stuck.open();
  await settled();
});
