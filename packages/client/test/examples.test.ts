// The examples of the client, each run by its one command, and what it prints.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The lines that it prints; it has to end by itself, and say in its second line how it is run. */
async function linesOf(name: string): Promise<string[]> {
  const file = `examples/${name}.ts`;
  const [, command] = readFileSync(root + file, 'utf8').split('\n');
  assert.match(`${command}`, new RegExp(`npm run example -- ${file}$`));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], {
    cwd: root,
    timeout: 240_000,
  });
  assert.equal(stderr, '');
  return stdout.trimEnd().split('\n');
}

for (const [framework, name] of [
  ['plain Node', 'verify-and-grant'],
  ['Express', 'verify-and-grant-express'],
  ['Fastify', 'verify-and-grant-fastify'],
  ['Hono', 'verify-and-grant-hono'],
  ['the style of NestJS', 'verify-and-grant-nest'],
] as const) {
  test(`a receipt is verified and granted once in ${framework}`, async () => {
    assert.deepEqual(await linesOf(name), [
      'alice shows her receipt: 200 {"outcome":"granted"}',
      'alice shows it again: 200 {"outcome":"alreadyGranted"}',
      'bob shows the same one: 409 {"outcome":"ownedByAnother"}',
      'bob shows one that he changed: 400 {"outcome":"noReceipt"}',
      'bob shows nothing: 400 {"outcome":"noReceipt"}',
      'alice shows one that was paid back: 409 {"outcome":"cancelled"}',
      'alice has 100 gems; the purchase is consumed',
    ]);
  });
}

test('a server that is told of a cancellation takes back once, and asks the store about a subscription', async () => {
  const lines = await linesOf('receive-notifications');
  assert.deepEqual(lines.slice(0, 2), [
    'payment of gem COMPLETED: nothing to do; alice has 100 gems',
    'payment of gem CANCELED: reversed; alice has 0 gems',
  ]);
  assert.deepEqual(lines.slice(2, 4).sort(), [
    'club SUBSCRIPTION_PURCHASED: may be used (active)',
    'payment of club COMPLETED: nothing to do; alice has 0 gems',
  ]);
  assert.deepEqual(lines.slice(4), [
    'club SUBSCRIPTION_IN_GRACE_PERIOD: may be used (grace)',
    'club SUBSCRIPTION_ON_HOLD: may not be used (hold)',
    'a message that nobody signed: 400',
  ]);
});

test('the entitlement of a subscription follows a payment that fails and comes after all', async () => {
  assert.deepEqual(await linesOf('subscription-entitlement'), [
    '2026-01-15 bought: come in, active, until 2026-02-15',
    '2026-02-16 the payment failed yesterday: come in, grace, until 2026-02-18',
    '2026-02-21 three days of grace are over: stay out, hold, until 2026-02-18',
    '2026-02-21 the payment came after all: come in, active, until 2026-03-21',
    '2026-02-21 cancelled, and paid for: come in, cancelScheduled, until 2026-03-21',
    '2026-03-22 a month later: stay out, expired, until 2026-03-21',
  ]);
});

test('the sweep grants what nobody confirmed, and tells what is about to be cancelled', async () => {
  const unhappy = [
    '  for mallory: Error: no such account',
    '  next to be cancelled: 2026-01-18T01:00:00.000Z',
  ];
  assert.deepEqual(await linesOf('sweep-unconfirmed'), [
    'granted and consumed 1, failed 1, left alone 1',
    ...unhappy,
    'granted and consumed 0, failed 1, left alone 1',
    ...unhappy,
    'alice has 100 gems',
    'three days later the store has paid back 2',
    'granted and consumed 0, failed 0, left alone 0',
  ]);
});

test('a year of a subscription passes with twelve payments, each told', async () => {
  const lines = await linesOf('year-of-a-subscription');
  const renewed = lines.filter((line) => line.endsWith('renewed  4900 KRW'));
  assert.deepEqual(
    [renewed.length, renewed[0], renewed.at(-1)],
    [12, '2026-02-28T01:00  renewed  4900 KRW', '2027-01-28T01:00  renewed  4900 KRW'],
  );
  assert.equal(
    lines.at(-2),
    '12 renewals; told of 15 changes, the first SUBSCRIPTION_PURCHASED, the last SUBSCRIPTION_EXPIRED',
  );
  assert.match(`${lines.at(-1)}`, /^all of it in \d+ ms$/);
});
