// The codes of the documents, letter for letter (section 10), in the order in which Till answers them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  controlErrors,
  type ErrorCode,
  errorMessage,
  errors,
  Refusal,
  serverErrors,
} from '@till/protocol/errors';

/** As printed, from the first to the last in precedence. */
const documented = [
  ['ServiceMaintenance', 503, 'System maintenance is in progress.'],
  ['ResourceNotFound', 404, 'The requested resource could not be found.'],
  ['MethodNotAllowed', 405, 'HTTP method not supported.'],
  ['InvalidAuthorizationHeader', 400, 'Authorization header is invalid.'],
  ['InvalidAccessToken', 401, 'Access token is invalid.'],
  ['AccessTokenExpired', 401, 'Access token has expired.'],
  ['AccessBlocked', 403, 'The request was blocked.'],
  ['UnauthorizedAccess', 403, 'Not authorized to this API.'],
  ['InvalidContentType', 415, 'The request content-type is invalid.'],
  ['BadRequest', 400, 'The request are invalid.'],
  ['RequiredValueNotExist', 400, 'Request parameters are required.'],
  ['InvalidRequest', 400, 'Request parameters are invalid.'],
  ['NoSuchData', 404, 'The requested data could not be found.'],
  ['InvalidPurchaseState', 409, 'Purchase history does not exist or is not completed.'],
  [
    'InvalidConsumeState',
    409,
    'The purchase consumption status cannot be changed or has already been changed.',
  ],
  [
    'DeveloperPayloadNotMatch',
    400,
    'The request developerPayload does not match the value passed in the purchase request.',
  ],
  ['InternalError', 500, 'An undefined error has occurred.'],
];

describe('Errors', () => {
  it('are the seventeen codes of the documents with their statuses and messages, in order of precedence', () => {
    const table = Object.entries(serverErrors).map(([code, { status, message }]) => [code, status, message]);
    assert.deepEqual(table, documented);
    assert.equal(table.length, 17);
  });

  it('have four codes more on the control API', () => {
    assert.equal(Object.keys(controlErrors).length, 4);
    assert.equal(Object.keys(errors).length, 21);
  });

  it('have a status of 4xx or 5xx and one sentence each', () => {
    for (const { status, message } of Object.values(errors)) {
      assert.ok(status >= 400 && status < 600);
      assert.match(message, /^[A-Z].*[^ ]\.$/);
    }
  });

  it('list names in brackets with blanks inside, and no brackets without names', () => {
    assert.equal(
      errorMessage('InvalidRequest', ['field1', 'field2']),
      'Request parameters are invalid. [ field1, field2 ]',
    );
    assert.equal(
      errorMessage('RequiredValueNotExist', ['field1']),
      'Request parameters are required. [ field1 ]',
    );
    for (const code of Object.keys(errors) as ErrorCode[]) {
      assert.equal(errorMessage(code), errors[code].message);
    }
  });

  it('are thrown as refusals that carry a code, names and a detail', () => {
    const refusal = new Refusal('InvalidRequest', { fields: ['startTime'], detail: 'it is too early' });
    assert.ok(refusal instanceof Error);
    assert.deepEqual(
      [refusal.code, refusal.fields, refusal.detail, refusal.message],
      ['InvalidRequest', ['startTime'], 'it is too early', 'InvalidRequest: it is too early'],
    );
    assert.deepEqual(new Refusal('NoSuchData').fields, []);
  });
});
