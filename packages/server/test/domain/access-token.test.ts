// How long an access token lives, and what an ended one is answered with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '@till/protocol/errors';
import {
  type AccessToken,
  checkLife,
  remainingSeconds,
  reusableFrom,
} from '../../src/domain/access-token.ts';
import { accessTokens } from '../../src/domain/policy.ts';

const issuedAt = Date.UTC(2026, 0, 15, 12);
const expiresAt = issuedAt + 3_600_000;
const dayMs = 86_400_000;
const token: AccessToken = {
  tokenHash: 'hash',
  appId: 'app',
  secretHash: 'secret',
  tokenId: 'id',
  epoch: 2,
  issuedAt,
  expiresAt,
};
const refusedWith = (code: ErrorCode) => ({ name: 'Refusal', code });

test('a token lives an hour and is handed out again while ten minutes of it remain', () => {
  assert.equal(accessTokens.lifeMs, 3_600_000);
  const lastReuse = expiresAt - 600_000;
  assert.ok(expiresAt >= reusableFrom(lastReuse));
  assert.ok(expiresAt < reusableFrom(lastReuse + 1));
});

test('the seconds that remain are whole ones, never more than there are', () => {
  assert.equal(remainingSeconds(expiresAt, issuedAt), 3600);
  assert.equal(remainingSeconds(expiresAt, issuedAt + 1), 3599);
  assert.equal(remainingSeconds(expiresAt, expiresAt - 999), 0);
});

test('a token works from its issue to the last millisecond before its end', () => {
  for (const now of [issuedAt, expiresAt - 1]) checkLife(token, 2, now);
});

test('at its end a token is AccessTokenExpired, for a day', () => {
  for (const now of [expiresAt, expiresAt + dayMs - 1]) {
    assert.throws(() => checkLife(token, 2, now), refusedWith('AccessTokenExpired'));
  }
});

test('a day after its end a token is not known any more', () => {
  assert.throws(() => checkLife(token, 2, expiresAt + dayMs), refusedWith('InvalidAccessToken'));
});

test('a token of another epoch has expired before its end, and is forgotten when all are', () => {
  assert.throws(() => checkLife(token, 3, issuedAt), refusedWith('AccessTokenExpired'));
  assert.throws(() => checkLife(token, 3, expiresAt + dayMs), refusedWith('InvalidAccessToken'));
});
