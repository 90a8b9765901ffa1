// The rows of both tables hold together: what routing, checks, the client and the documents take for granted.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { controlOperations } from '@till/protocol/control';
import { controlErrors, errors } from '@till/protocol/errors';
import { operations } from '@till/protocol/operations';
import type { Field, Fields, Operation } from '@till/protocol/shape';

const prefixes: Record<string, string> = { v5: '/v2/', v6: '/v6/', v7: '/v7/' };

const serverRows = Object.entries(operations).flatMap(([generation, rows]) =>
  Object.entries(rows).map(([name, row]) => ({
    name: `${generation} ${name}`,
    generation,
    row: row as Operation,
  })),
);
const controlRows = Object.entries(controlOperations).map(([name, row]) => ({ name, row: row as Operation }));
const rows = [...serverRows, ...controlRows];

function namesIn(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name));
}

function checkField(field: Field, path: string): void {
  const { min, max, size, maxBytes } = { ...field } as { [name: string]: unknown };
  for (const bound of [min, max, size, maxBytes]) {
    assert.ok(bound === undefined || (Number.isSafeInteger(bound) && Number(bound) >= 0), path);
  }
  assert.ok(min === undefined || max === undefined || Number(min) <= Number(max), path);
  if (field.is === 'text' && field.pattern !== undefined) new RegExp(field.pattern, 'u');
  if (field.is === 'digits' && field.max !== undefined)
    assert.ok(String(field.max).length <= field.size, path);
  if (field.is === 'code') assert.equal(new Set(field.of).size, field.of.length, path);
  if (field.is === 'object') checkFields(field.of, path);
  if (field.is === 'list') checkField(field.of, `${path}[]`);
}

function checkFields(fields: Fields, path: string): void {
  for (const [name, field] of Object.entries(fields)) checkField(field, `${path}.${name}`);
}

describe('Operations', () => {
  it('are the six of V7 for managed products', () => {
    const paths = Object.entries(operations.v7).map(
      ([name, { method, path }]) => `${name} ${method} ${path}`,
    );
    const product = '/v7/apps/{clientId}/purchases';
    for (const documented of [
      'getAccessToken POST /v7/oauth/token',
      `getPurchaseDetails GET ${product}/inapp/products/{productId}/{purchaseToken}`,
      `acknowledgePurchase POST ${product}/all/products/{productId}/{purchaseToken}/acknowledge`,
      `consumePurchase POST ${product}/inapp/products/{productId}/{purchaseToken}/consume`,
      'getVoidedPurchases GET /v7/apps/{clientId}/voided-purchases',
      'getUnconfirmedPurchases GET /v7/apps/{clientId}/unconfirmed-purchases',
    ]) {
      assert.ok(paths.includes(documented), documented);
    }
  });

  it('have the sizes of the documents', () => {
    const { clientId, productId, purchaseToken } = operations.v7.getPurchaseDetails.params;
    assert.deepEqual([clientId.max, productId.max, purchaseToken.max], [128, 150, 20]);
    const { continuationKey, startTime, endTime, maxResults } = operations.v7.getVoidedPurchases.query;
    assert.deepEqual(
      [continuationKey.max, startTime.size, endTime.size, maxResults.size, maxResults.min, maxResults.max],
      [41, 13, 13, 3, 1, 999],
    );
    const unconfirmed = operations.v7.getUnconfirmedPurchases.query.maxResults;
    assert.deepEqual([unconfirmed.min, unconfirmed.max], [1, 100]);
    assert.equal(operations.v7.acknowledgePurchase.body.developerPayload.maxBytes, 200);
    assert.equal(operations.v7.consumePurchase.body.developerPayload.maxBytes, 200);
  });

  it('name the members of their answers in the order of the documents', () => {
    const members = (row: { reply: Fields }) => Object.keys(row.reply);
    const rowsOf = (field: Field) =>
      field.is === 'list' && field.of.is === 'object' ? Object.keys(field.of.of) : [];
    const { v7 } = operations;
    assert.deepEqual(members(v7.getAccessToken), [
      'client_id',
      'access_token',
      'token_type',
      'expires_in',
      'scope',
    ]);
    assert.deepEqual(members(v7.getPurchaseDetails), [
      'consumptionState',
      'developerPayload',
      'purchaseState',
      'purchaseTime',
      'purchaseId',
      'acknowledgeState',
      'quantity',
    ]);
    assert.deepEqual(members(v7.getVoidedPurchases), ['continuationKey', 'voidedPurchaseList']);
    assert.deepEqual(rowsOf(v7.getVoidedPurchases.reply.voidedPurchaseList), [
      'purchaseId',
      'purchaseTime',
      'voidedTime',
      'purchaseToken',
      'marketCode',
    ]);
    assert.deepEqual(members(v7.getUnconfirmedPurchases), ['continuationKey', 'unconfirmedPurchaseList']);
    assert.deepEqual(rowsOf(v7.getUnconfirmedPurchases.reply.unconfirmedPurchaseList), [
      'type',
      'orderId',
      'productId',
      'purchaseToken',
      'purchaseId',
      'purchaseTime',
      'purchaseState',
      'developerPayload',
      'quantity',
      'marketCode',
    ]);
  });

  for (const { name, row } of rows) {
    it(`${name} describes each value of its path, and no other`, () => {
      assert.deepEqual(Object.keys(row.params ?? {}).sort(), namesIn(row.path).sort());
      for (const field of Object.values(row.params ?? {})) {
        const isSized = field.is === 'code' || (field.is === 'text' && field.max !== undefined);
        assert.ok(isSized, 'a path value has a size');
        assert.ok(field.optional === undefined && field.nullable === undefined);
      }
    });

    it(`${name} gives each value one place`, () => {
      const places = [row.params, row.query, row.body].flatMap((fields) => Object.keys(fields ?? {}));
      assert.equal(new Set(places).size, places.length);
    });

    it(`${name} has fields that can be kept`, () => {
      for (const fields of [row.params, row.query, row.body, row.reply]) checkFields(fields ?? {}, name);
      for (const field of Object.values(row.query ?? {})) {
        assert.ok(['text', 'digits', 'code'].includes(field.is), 'a query holds text');
        assert.equal(field.optional, true, 'a query can be left out');
      }
    });

    it(`${name} has a body only where its method may carry one, and demands it where a member is required`, () => {
      if (row.method === 'GET') assert.equal(row.body, undefined);
      const required = Object.values(row.body ?? {}).some((field) => field.optional !== true);
      if (required) assert.equal(row.bodyRequired, true);
      if (row.bodyRequired === true) assert.ok(row.body);
    });

    it(`${name} answers a body unless its status is 204`, () => {
      assert.equal(row.reply === undefined && row.replyAs !== 'text', row.status === 204);
    });

    it(`${name} names refusals that exist, once, and says what it does and where`, () => {
      const refusals = row.refusals ?? [];
      for (const code of refusals) assert.ok(code in errors, code);
      assert.equal(new Set(refusals).size, refusals.length);
      assert.match(row.about, /^[A-Z].*\.$/s);
      assert.notEqual(row.section, '');
    });
  }

  for (const { name, generation, row } of serverRows) {
    it(`${name} lies under the prefix of its generation and shows a token or credentials`, () => {
      assert.ok(row.path.startsWith(String(prefixes[generation])), row.path);
      assert.equal(row.access, row.form === true ? 'credentials' : 'accessToken');
      assert.equal(row.sandboxOnly, undefined);
    });

    it(`${name} names its app in the path, where a token is shown`, () => {
      assert.equal(row.key !== undefined, row.access === 'accessToken');
      if (row.key !== undefined) assert.ok(namesIn(row.path).includes(row.key));
    });

    it(`${name} says what an absent purchase is answered with, where its path names one`, () => {
      const one = namesIn(row.path).some((value) => value === 'purchaseToken' || value === 'purchaseId');
      assert.equal(row.absent !== undefined, one);
      if (row.absent !== undefined) assert.ok(row.refusals?.includes(row.absent));
    });

    it(`${name} refuses with codes of the documents only`, () => {
      for (const code of row.refusals ?? []) assert.ok(!(code in controlErrors), code);
    });
  }

  for (const { name, row } of controlRows) {
    it(`${name} lies under /control/v1 and needs the key, or is a health call`, () => {
      if (row.access === 'open') assert.match(row.path, /^\/(\w+z|metrics)$/);
      else assert.ok(row.access === 'controlKey' && row.path.startsWith('/control/v1/'));
    });
  }

  it('have no method and path twice', () => {
    const routes = rows.map(({ row }) => `${row.method} ${row.path.replaceAll(/\{\w+\}/g, '{}')}`);
    assert.equal(new Set(routes).size, routes.length);
  });
});
