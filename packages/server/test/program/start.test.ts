// Starting the program: what it prints, what it keeps, and that what people are told to paste works.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { databases } from '../databases.ts';
import { found, logLines, run, start, stop, temporaryFolder } from './program.ts';
import { answers, commandsOf, shell } from './shell.ts';

const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');
const demoPurchase = '/v7/apps/com.example.demo/purchases/inapp/products/gem_100/SANDBOXT000000000001';
const strongKey = 'a-control-key-for-the-program-0123456789';

function bannerCalls(out: string): string {
  return out.slice(out.indexOf('TOKEN='));
}

test('prints the port it got, and calls that read, acknowledge and consume a purchase', async (t) => {
  const program = await start(t);
  assert.match(program.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  await found(program, /(consume\n)/);
  const page = await fetch(await found(program, /lines to paste: (http:\S+)/));
  assert.match(await page.text(), /<!doctype html>/);
  const [details, acknowledged, consumed] = answers(await shell(bannerCalls(program.out())));
  assert.equal(details.consumptionState, 0);
  assert.equal(details.acknowledgeState, 0);
  assert.equal(details.purchaseId, 'SANDBOX3000000000001');
  assert.equal(details.developerPayload, 'order-1');
  assert.equal(acknowledged.result.code, 'Success');
  assert.equal(consumed.result.code, 'Success');
  const [after, , again] = answers(await shell(bannerCalls(program.out())));
  assert.equal(after.consumptionState, 1);
  assert.equal(after.acknowledgeState, 1);
  assert.equal(again.error.code, 'InvalidConsumeState');
});

test('every call of the README works as printed, one after the other', async (t) => {
  const program = await start(t);
  const given = answers(await shell(commandsOf(readme, program.url)));
  assert.deepEqual(
    given.filter((answer) => answer.error !== undefined),
    [],
  );
  const [
    details,
    acknowledged,
    consumed,
    bought,
    unconfirmed,
    world,
    app,
    product,
    purchase,
    advanced,
    voided,
    ...months
  ] = given;
  assert.equal(details.consumptionState, 0);
  assert.deepEqual([acknowledged.result.code, consumed.result.code], ['Success', 'Success']);
  assert.equal(bought.developerPayload, 'order-6');
  const waiting = unconfirmed.unconfirmedPurchaseList.map((row: { purchaseId: string }) => row.purchaseId);
  assert.ok(waiting.includes(bought.purchaseId) && !waiting.includes(details.purchaseId));
  assert.equal(world.clock.frozen, true);
  assert.equal(app.clientId, 'com.example.lab');
  assert.equal(product.productId, 'sword');
  assert.equal(advanced.happened[0].purchaseToken, purchase.purchaseToken);
  assert.equal(voided.voidedPurchaseList[0].purchaseToken, purchase.purchaseToken);
  const [year, ofYear, club, acknowledgedClub, paid, failing, failed, recovered, replies, ...none] = months;
  assert.deepEqual(
    [year.calendar, ofYear.clientId, club.subscription.period],
    ['commercial', 'com.example.year', 'P1M'],
  );
  assert.deepEqual([acknowledgedClub.acknowledged, failing.subscription.nextOutcome], [true, 'decline']);
  const whatOf = ({ happened }: { happened: { what: string }[] }) => happened.map(({ what }) => what);
  assert.deepEqual(whatOf(paid), ['renewed', 'renewed']);
  assert.ok(whatOf(failed).includes('graceStarted') && whatOf(failed).includes('held'));
  assert.deepEqual([recovered.entitled, recovered.subscription.paymentCount], [true, 4]);
  const reply = replies.items.find(
    ({ operation }: { operation: string }) => operation === 'getSubscriptionDetail',
  );
  assert.equal(JSON.parse(reply.body).lastPurchaseId, recovered.purchaseId);
  assert.deepEqual(none, []);
});

test('the README prints the calls of the banner', async (t) => {
  const program = await start(t);
  await found(program, /(consume\n)/);
  const plain = (text: string) => text.replace(/\s+/g, ' ');
  const calls = plain(bannerCalls(program.out()).trim().replaceAll(program.url, 'http://127.0.0.1:7575'));
  const blocks = [...readme.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, block]) => block);
  assert.ok(plain(blocks.join('')).includes(calls), calls);
});

test('the README tells every setting with its default', async (t) => {
  const { out } = await run(t, { args: ['--help'] }).ended();
  for (const [, flag = '', variable = ''] of out.matchAll(/^ {2}--(\S+) \S+\s+(TILL_\S+)/gm)) {
    assert.ok(readme.includes(`| \`--${flag}\` | \`${variable}\` |`), flag);
  }
});

test('a later start keeps the data and makes no second demo', async (t) => {
  const cwd = temporaryFolder(t);
  const first = await start(t, { cwd });
  await found(first, /(consume\n)/);
  await shell(bannerCalls(first.out()));
  const deleted = await fetch(`${first.url}/control/v1/apps/com.example.demo/purchases?limit=1000`, {
    headers: { authorization: 'Bearer till' },
  });
  const before = await deleted.json();
  await stop(first);
  const second = await start(t, { cwd });
  await found(second, /(as you left it)/);
  const [details] = answers(await shell(bannerCalls(second.out())));
  assert.equal(details.consumptionState, 1);
  const after = await fetch(`${second.url}/control/v1/apps/com.example.demo/purchases?limit=1000`, {
    headers: { authorization: 'Bearer till' },
  });
  assert.deepEqual(await after.json(), before);
});

test('an app of its own keeps the demo away for good', async (t) => {
  const cwd = temporaryFolder(t);
  const first = await start(t, { cwd });
  const headers = { authorization: 'Bearer till', 'content-type': 'application/json' };
  const body = JSON.stringify({ clientId: 'com.example.own' });
  await fetch(`${first.url}/control/v1/apps`, { method: 'POST', headers, body });
  await fetch(`${first.url}/control/v1/apps/com.example.demo`, {
    method: 'DELETE',
    headers: { authorization: 'Bearer till' },
  });
  await stop(first);
  const second = await start(t, { cwd });
  const apps = await fetch(`${second.url}/control/v1/apps`, { headers: { authorization: 'Bearer till' } });
  const { items } = (await apps.json()) as { items: { clientId: string }[] };
  assert.deepEqual(
    items.map((app) => app.clientId),
    ['com.example.own'],
  );
});

test('reads .env where it is started; a variable is stronger, a flag the strongest', async (t) => {
  const cwd = temporaryFolder(t);
  const lines = [
    'TILL_DATABASE_URL=sqlite::memory:',
    'TILL_LOG_LEVEL=wrong',
    'TILL_CONTROL_KEY=from-the-file',
  ];
  writeFileSync(join(cwd, '.env'), lines.join('\n'));
  const env = { TILL_LOG_LEVEL: 'warn', TILL_CONTROL_KEY: 'from-a-variable' };
  const program = await start(t, { cwd, env, args: ['--control-key', 'from-a-flag'] });
  const status = async (key: string) => {
    const answer = await fetch(`${program.url}/control/v1/worlds`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return answer.status;
  };
  assert.equal(await status('from-a-flag'), 200);
  assert.equal(await status('from-a-variable'), 401);
  assert.equal(await status('from-the-file'), 401);
  assert.deepEqual(logLines(program), []);
});

test('works on PostgreSQL, and keeps the data there', async (t) => {
  const database = databases.find(({ name }) => name === 'postgres');
  assert.ok(database);
  const { url, drop } = await database.open();
  t.after(drop);
  const env = { TILL_DATABASE_URL: url };
  const first = await start(t, { env });
  await found(first, /(consume\n)/);
  assert.equal(answers(await shell(bannerCalls(first.out())))[2].result.code, 'Success');
  await stop(first);
  const second = await start(t, { env });
  await found(second, /(as you left it)/);
  assert.equal(answers(await shell(bannerCalls(second.out())))[0].consumptionState, 1);
  await stop(second);
  assert.ok(!`${first.errors()}${second.errors()}`.includes(new URL(url).password));
});

test('commercial has a control API of its own port, no demo and no test controls', async (t) => {
  const env = {
    TILL_ENVIRONMENT: 'commercial',
    TILL_CONTROL_KEY: strongKey,
    TILL_CONTROL_PORT: '0',
    TILL_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  const program = await start(t, { env });
  const headers = { authorization: `Bearer ${strongKey}` };
  assert.notEqual(program.controlUrl, program.url);
  assert.equal((await fetch(`${program.url}/control/v1/worlds`, { headers })).status, 404);
  assert.equal((await fetch(`${program.controlUrl}${demoPurchase}`, { headers })).status, 404);
  const apps = await (await fetch(`${program.controlUrl}/control/v1/apps`, { headers })).json();
  assert.deepEqual(apps, { items: [] });
  const world = await fetch(`${program.controlUrl}/control/v1/worlds`, { method: 'POST', headers });
  assert.equal(world.status, 403);
  assert.doesNotMatch(program.out(), /TOKEN|demo/);
  assert.ok(!program.out().includes(strongKey) && !program.errors().includes(strongKey));
});

test('--help lists every setting, --version tells the version; neither starts anything', async (t) => {
  const help = await run(t, { args: ['--help'], env: { TILL_PORT: 'wrong' } }).ended();
  const settings = [
    'port',
    'host',
    'database-url',
    'environment',
    'control-key',
    'control-port',
    'control-host',
  ];
  settings.push('log-level', 'token-reuse', 'strict-content-type', 'unconfirmed-global', 'master-key');
  for (const name of settings) {
    assert.ok(help.out.includes(`--${name} `), name);
    assert.ok(help.out.includes(`TILL_${name.toUpperCase().replaceAll('-', '_')} `), name);
  }
  assert.equal(help.code, 0);
  assert.equal(help.errors, '');
  const version = await run(t, { args: ['--version'] }).ended();
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
});
