// The examples and lists of the documents that no request can judge: against the tables, and against each other.
import assert from 'node:assert/strict';
import { constants, publicDecrypt } from 'node:crypto';
import { describe, it } from 'node:test';
import { marketCodes, paymentMethods, productChangeModes, productTypes } from '@till/protocol/codes';
import { serverErrors } from '@till/protocol/errors';
import {
  notificationTypes,
  paymentNotification,
  subscriptionNotification,
} from '@till/protocol/notifications';
import { operations } from '@till/protocol/operations';
import { refusalsOf } from '@till/protocol/refusals';
import type { Operation } from '@till/protocol/shape';
import { isSigned, publicKey } from '../packages/server/test/signatures.ts';
import { differencesOfFields } from './judging.ts';
import { preconditions } from './preconditions.ts';
import { rows } from './rows.ts';
import notifications from './vectors/notifications.json' with { type: 'json' };
import tables from './vectors/tables.json' with { type: 'json' };
import signatureFile from './vectors/v5-signatures.json' with { type: 'json' };
import { isForInformation, snapshotIds, snapshots, vectors } from './vectors.ts';

describe('The documented examples', () => {
  it('have an ID each, and a precondition where a server may be asked', () => {
    const ids = [...vectors, ...snapshots].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const asked = vectors.filter((vector) => !isForInformation(vector)).map(({ id }) => id);
    assert.deepEqual(Object.keys(preconditions).sort(), asked.sort());
  });

  it('name the method and the path of an operation of the table', () => {
    const asked = [...vectors, ...snapshots].filter((vector) => !isForInformation(vector));
    for (const { id, operation, request } of asked) {
      const found = rows.find(
        ({ row }) => row.method === request.method && patternOf(row.path).test(request.path),
      );
      assert.deepEqual([found?.generation, found?.name], [id.split('.', 1)[0], operation], id);
    }
  });

  it('say what is left open by numbers of the notes', () => {
    for (const { id, open = {} } of vectors) {
      for (const [place, note] of Object.entries(open)) {
        assert.match(place, /^(\*|status|body|member \w+)$/, id);
        assert.ok(Number.isInteger(note) && note > 0, id);
      }
    }
  });
});

/** Places of a path may be filled in an example. */
function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{(\w+)\}/g, '(\\{$1\\}|[\\w.%]+)')}$`);
}

describe('The published states', () => {
  it('are ten, each compared as a snapshot', () => {
    assert.equal(snapshots.length, 10);
    assert.ok(snapshots.every(({ compare }) => compare === 'snapshot'));
  });

  it('excuse members that they have, each with a reason', () => {
    for (const { excused, response } of snapshots) {
      for (const [name, reason] of Object.entries(excused)) {
        assert.ok(name in response.json && !snapshotIds.includes(name), name);
        assert.ok(reason.length > 20, reason);
      }
    }
  });
});

describe('The lists of the documents', () => {
  it('have the codes of the table, with their statuses and messages', () => {
    const printed = tables.codes.filter(({ code }) => code !== 'Success');
    const codes = printed.map(({ code, status, message }) => {
      const bare = message.replace(' [ field1, field2, ... ]', '');
      return [code, { status, message: bare }] as const;
    });
    assert.deepEqual(Object.fromEntries(codes), Object.fromEntries(Object.entries(serverErrors).sort()));
  });

  it('name for a code operations that may answer it', () => {
    for (const { code, operations: named } of tables.codes) {
      if (named === 'all' || code === 'Success') continue;
      for (const name of named.split(',')) {
        const row: Operation = operations.v7[name as keyof typeof operations.v7];
        assert.ok((refusalsOf(row) as string[]).includes(code), `${name} ${code}`);
      }
    }
  });

  it('have the product types, the markets, the payment methods and the modes of a change', () => {
    const { all, ...types } = tables.productTypes;
    assert.ok(all);
    assert.deepEqual(Object.keys(types), [...productTypes]);
    assert.deepEqual(Object.keys(tables.markets), [...marketCodes]);
    assert.deepEqual(tables.paymentMethods, [...paymentMethods]);
    const [unset, ...modes] = Object.values(tables.productChangeModes);
    assert.match(String(unset), /^UNKNOWN/);
    assert.deepEqual(modes, [...productChangeModes]);
  });

  it('number the notifications of subscriptions as the table does', () => {
    const numbered = Object.entries(tables.notificationTypes).map(([number, name]) => [name, Number(number)]);
    assert.deepEqual(Object.fromEntries(numbered), { ...notificationTypes });
  });

  it('have pairs of IDs that fit their sizes, the order 1998 before the purchase', () => {
    for (const { orderId, purchaseId } of tables.orderAndPurchaseIds) {
      assert.match(orderId, /^ONESTORE7_\d{30}$/);
      assert.match(purchaseId, /^SANDBOX3\d{12}$/);
      const apart = Number(purchaseId.slice('SANDBOX3'.length)) - Number(orderId.slice('ONESTORE7_'.length));
      assert.equal(apart, 1998);
    }
  });
});

describe('The published notifications', () => {
  for (const { id, service, headers, json, receiverStatus } of notifications.messages) {
    it(`${id} has the members of the table`, () => {
      // one example spells a member in its own way, which docs/spec-notes.md 16 is about
      const spelt = Object.entries(json).map(([name, value]) => [
        name.replace('environmenmt', 'environment'),
        value,
      ]);
      const body = Object.fromEntries(spelt);
      const fields = service === 'PNS' ? paymentNotification : subscriptionNotification;
      assert.deepEqual(differencesOfFields(body, fields), []);
      const app = body.msgVersion === '3.0.0' ? 'packageName' : 'clientId';
      assert.ok(app in body, app);
      assert.deepEqual([headers['Content-Type'], receiverStatus], ['application/json', 200]);
    });

    it(`${id} has its members in the order of the table`, () => {
      const names = Object.keys(json).map((name) => name.replace('environmenmt', 'environment'));
      const order = Object.keys(service === 'PNS' ? paymentNotification : subscriptionNotification);
      assert.deepEqual(
        names,
        order.filter((name) => names.includes(name)),
      );
    });
  }

  it('are sent again after 30 seconds times the square of the attempt, as the published times show', () => {
    const { published, maxResends, windowDays } = notifications.retry;
    const [first] = published;
    let at = Date.parse(`${first?.at}Z`);
    for (const { attempt, delaySeconds, at: printed } of published) {
      assert.equal(delaySeconds, 30 * attempt ** 2);
      at += delaySeconds * 1000;
      assert.equal(new Date(at).toISOString(), printed.replace(' ', 'T').concat('.000Z'));
    }
    const seconds = (count: number) => (30 * count * (count + 1) * (2 * count + 1)) / 6;
    assert.ok(seconds(maxResends - 1) < windowDays * 86_400 && seconds(maxResends) > windowDays * 86_400);
  });

  it('have a sample whose key and signature belong together, and whose text is another', () => {
    const { text, signature, licenseKey, expected, sha512Inside } = notifications.signature;
    assert.equal(isSigned(licenseKey, text, signature), expected === 'valid');
    const padding = constants.RSA_PKCS1_PADDING;
    const inside = publicDecrypt({ key: publicKey(licenseKey), padding }, Buffer.from(signature, 'base64'));
    assert.ok(inside.toString('hex').endsWith(sha512Inside));
  });
});

describe('The real signatures of V5', () => {
  for (const { id, text, signature, licenseKey, expected } of signatureFile.signatures) {
    it(`${id} is ${expected}`, () => {
      assert.equal(Buffer.from(signature, 'base64').length, 128);
      if (licenseKey !== null) assert.equal(isSigned(licenseKey, text, signature), expected === 'valid');
      else assert.equal(expected, 'unknown');
    });
  }
});
