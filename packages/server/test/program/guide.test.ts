// The guide: every command in it works as printed, and its settings are those of the program.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { settingRows } from '../../src/settings.ts';
import { start } from './program.ts';
import { answers, commandsOf, shell } from './shell.ts';

const guide = readFileSync(new URL('../../../../docs/guide.md', import.meta.url), 'utf8');

const whatOf = ({ happened }: { happened: { what: string }[] }) => happened.map(({ what }) => what);

test('every command of the guide works as printed, one after the other', async (t) => {
  const program = await start(t);
  const given = answers(await shell(commandsOf(guide, program.url)));
  const [world, product, details, acknowledged, consumed, bobs, unconfirmed, nothingVoided, ...later] = given;
  assert.equal(world.clock.now, 1_767_225_600_000);
  assert.equal(product.productId, 'sword');
  assert.deepEqual([details.purchaseState, details.developerPayload], [0, 'order-1']);
  assert.deepEqual([acknowledged.result.code, consumed.result.code], ['Success', 'Success']);
  assert.equal(unconfirmed.unconfirmedPurchaseList[0].purchaseToken, bobs.purchaseToken);
  assert.deepEqual(nothingVoided.voidedPurchaseList, []);

  const [agenda, advanced, voided, ...afterwards] = later;
  assert.equal(agenda.items[0].purchaseToken, bobs.purchaseToken);
  assert.equal(advanced.happened[0].purchaseToken, bobs.purchaseToken);
  assert.equal(voided.voidedPurchaseList[0].purchaseToken, bobs.purchaseToken);

  const [club, confirmed, renewed, detail, failing, grace, hold, recovered, ...clubs] = afterwards;
  assert.deepEqual([club.type, confirmed.result.code], ['subscription', 'Success']);
  assert.deepEqual(whatOf(renewed), ['renewed']);
  assert.deepEqual([detail.autoRenewing, detail.paymentState, detail.acknowledgementState], [true, 1, 1]);
  assert.equal(failing.subscription.nextOutcome, 'decline');
  assert.ok(whatOf(grace).includes('graceStarted') && whatOf(hold).includes('held'));
  assert.deepEqual([recovered.entitled, recovered.subscription.state], [true, 'active']);

  const [deferred, cancelled, reactivated, ...changes] = clubs;
  for (const done of [deferred, cancelled, reactivated]) assert.equal(done.result.code, 'Success');

  const [gold, changed, dearer, paused, next, ...troubles] = changes;
  assert.deepEqual([gold.price, gold.subscription.pausable, dearer.price], ['9900', true, '12900']);
  assert.match(changed.linkedPurchaseToken, /^SANDBOXT\d{12}$/);
  assert.equal(paused.subscription.newPrice.needsConsent, true);
  assert.ok(paused.subscription.resumeTime > paused.subscription.expiryTime);
  assert.deepEqual(next.items.map(({ what }: { what: string }) => what).slice(0, 1), ['priceTold']);

  const [declined, closed, maintenance, opened, expired, ...rest] = troubles;
  assert.equal(declined.error.code, 'PaymentDeclined');
  assert.deepEqual([closed.on, opened.on], [true, false]);
  assert.equal(maintenance.error.code, 'ServiceMaintenance');
  assert.equal(expired.error.code, 'AccessTokenExpired');

  const [refunded, blockedApp, blocked, history, ...none] = rest;
  assert.equal(refunded.state, 'voided');
  assert.equal(blockedApp.blocked, true);
  assert.equal(blocked.error.code, 'AccessBlocked');
  assert.deepEqual(
    history.history.map((step: { what: string }) => step.what),
    ['purchased', 'acknowledged', 'consumed', 'voided'],
  );
  assert.deepEqual(none, []);
});

test('the guide tells what each setting is', () => {
  const [, table = ''] = guide.split('<!-- settings -->');
  for (const { env, byDefault, about } of settingRows) {
    const line = table.split('\n').find((row) => row.includes(`| \`${env}\` |`)) ?? '';
    assert.ok(line.includes(`| ${about.replaceAll('|', '\\|')} |`), env);
    assert.ok(line.includes(byDefault === '' ? '| none |' : `| \`${byDefault}\` |`), env);
  }
  assert.equal(table.match(/`TILL_/g)?.length, settingRows.length);
});
