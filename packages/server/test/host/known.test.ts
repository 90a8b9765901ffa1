// What a node remembers of tokens, apps and secrets, and when it forgets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppInWorld } from '../../src/domain/app.ts';
import { realClock } from '../../src/domain/clock.ts';
import { Known } from '../../src/host/known.ts';
import { anApp } from '../store/things.ts';

const now = 1_000_000;

function appOf(appId: string, clock = { ...realClock }): AppInWorld {
  return { app: anApp({ appId, worldId: `world of ${appId}` }), clock, seed: null, maintenance: false };
}

function tokenOf(tokenHash: string) {
  const life = { issuedAt: now, expiresAt: now + 3_600_000 };
  return { tokenHash, appId: 'a', secretHash: 's', tokenId: 'i', epoch: 0, ...life };
}

test('an app is known until it is changed here, however long that takes where there is no other node', () => {
  const known = new Known(0);
  const app = appOf('a');
  known.rememberApp(app, now, known.version);
  assert.equal(known.app('a', now + 1e12), app);
  known.forgetApp('a');
  assert.equal(known.app('a', now), undefined);
});

test('where there are other nodes an app is known for the bound and not a millisecond longer', () => {
  const known = new Known(1_000);
  const app = appOf('a');
  known.rememberApp(app, now, known.version);
  assert.equal(known.app('a', now + 999), app);
  assert.equal(known.app('a', now + 1_000), undefined);
});

test('an app that was read before a change is not remembered after it', () => {
  const known = new Known(0);
  const { version } = known;
  known.forgetApp('another');
  known.rememberApp(appOf('a'), now, version);
  assert.equal(known.app('a', now), undefined);
});

test('an app whose world has not the real clock is never remembered', () => {
  const known = new Known(0);
  for (const clock of [
    { ...realClock, frozen: true },
    { ...realClock, rate: 2 },
    { ...realClock, at: 5, base: 3 },
  ]) {
    known.rememberApp(appOf('a', clock), now, known.version);
    assert.equal(known.app('a', now), undefined);
  }
});

test('a world that changes takes its apps along and leaves the others', () => {
  const known = new Known(0);
  known.rememberApp(appOf('a'), now, known.version);
  known.rememberApp(appOf('b'), now, known.version);
  known.forgetWorld('world of a');
  assert.equal(known.app('a', now), undefined);
  assert.notEqual(known.app('b', now), undefined);
});

test('a secret is known only while its app is known as it was then', () => {
  const known = new Known(0);
  const app = appOf('a');
  const secret = { app, secretExpiresAt: null, accessToken: 'text', token: tokenOf('t') };
  known.rememberSecret('client', 'hash', secret);
  assert.equal(known.secret('client', 'hash', now), undefined);
  known.rememberApp(app, now, known.version);
  assert.equal(known.secret('client', 'hash', now), secret);
  assert.equal(known.secret('client', 'another', now), undefined);
  known.forgetApp('a');
  known.rememberApp(appOf('a'), now, known.version);
  assert.equal(known.secret('client', 'hash', now), undefined);
});

test('of twenty thousand and one tokens the oldest is forgotten', () => {
  const known = new Known(0);
  for (let number = 0; number <= 20_000; number++) known.rememberToken(tokenOf(`t${number}`));
  assert.equal(known.token('t0'), undefined);
  assert.equal(known.token('t1')?.tokenHash, 't1');
  assert.equal(known.token('t20000')?.tokenHash, 't20000');
});
