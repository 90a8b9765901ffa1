// verifyNotification, signNotification and parseSubscriptionNotification: both versions, every way a body may come, forgeries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { notificationTypes } from '@till/protocol/notifications';
import fc from 'fast-check';
import {
  notificationTypeName,
  OneStoreInputError,
  OneStoreMessageError,
  OneStoreSignatureError,
  type PaymentNotification,
  parseSubscriptionNotification,
  signNotification,
  verifyNotification,
} from '../src/index.ts';
import { signatureOf } from '../src/license-keys.ts';
import { armoured, sharedPair, shortPair } from './license-key-pairs.ts';

const { licenseKey, privateKey } = sharedPair;
const vectors = JSON.parse(
  readFileSync(new URL('../../../conformance/vectors/notifications.json', import.meta.url), 'utf8'),
);
const published = (id: string) => vectors.messages.find((one: { id: string }) => one.id === id).json;
const paid: PaymentNotification = published('pns.3.1.0.example');
const paidOlder: PaymentNotification = published('pns.3.0.0.example');
const changed = published('sns.3.1.0.example');

/** Signs a text as it stands and puts the signature behind its last member. */
async function signedBody(text: string, key = privateKey): Promise<string> {
  return `${text.slice(0, -1)},"signature":"${await signatureOf(text, key)}"}`;
}

function refusedAs(kind: new (...given: never[]) => Error, member?: string) {
  return (error: unknown) => {
    assert.ok(error instanceof kind, inspect(error));
    if (member !== undefined) assert.equal((error as OneStoreMessageError).member, member);
    return true;
  };
}

test('a message of 3.1.0 names the app by its client ID, one of 3.0.0 by its package name', async () => {
  const newer = await verifyNotification(await signNotification(paid, privateKey), licenseKey);
  assert.equal(newer.clientId, '0000000001');
  if (newer.msgVersion === '3.1.0') assert.equal(newer.clientId.length, 10);
  const older = await verifyNotification(await signNotification(paidOlder, privateKey), licenseKey);
  assert.equal(older.packageName, 'com.onestore.pns');
  assert.equal(older.paymentTypeList[1]?.paymentMethod, 'ONESTORECASH');
});

test('a body is signed compactly, raw, with its signature last', async () => {
  const message = { ...paid, productName: '한글은?GOLD100(+20) é/漢 😀' };
  const body = await signNotification(message, privateKey);
  const { signature, ...rest } = JSON.parse(body);
  assert.equal(body, `${JSON.stringify(rest).slice(0, -1)},"signature":"${signature}"}`);
  assert.ok(body.includes('한글은?GOLD100(+20) é/漢 😀'));
  assert.equal(signature, await signatureOf(JSON.stringify(rest), privateKey));
  assert.deepEqual(await verifyNotification(body, licenseKey), JSON.parse(body));
  assert.deepEqual(await verifyNotification(Buffer.from(body), licenseKey), JSON.parse(body));
});

test('a key to sign with may be PEM, base64 or one of WebCrypto, of 1024 bits too', async () => {
  const pair = shortPair();
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' };
  const der = Buffer.from(pair.privateKey, 'base64');
  const imported = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
  for (const key of [pair.privateKey, armoured('PRIVATE', pair.privateKey), imported]) {
    const body = await signNotification(paid, key);
    assert.equal((await verifyNotification(body, pair.licenseKey)).purchaseId, paid.purchaseId);
  }
  await assert.rejects(signNotification(paid, 'no key'), refusedAs(OneStoreInputError));
});

test('blanks between members, a signature in another place and escaped letters change nothing', async () => {
  const body = await signNotification({ ...paid, productName: '다이아 100/é' }, privateKey);
  const parsed = JSON.parse(body);
  const { signature, ...rest } = parsed;
  const bodies = [
    JSON.stringify(parsed, undefined, 2),
    JSON.stringify(parsed, undefined, '\t').replaceAll('\n', '\r\n'),
    JSON.stringify({ signature, ...rest }),
    body.replaceAll(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
    body.replaceAll('/', '\\/'),
    body.replace('"signature"', '"\\u0073ignature"'),
    `\ufeff${body}`,
  ];
  for (const one of bodies) {
    assert.deepEqual(await verifyNotification(Buffer.from(one), licenseKey), parsed, one);
  }
});

test('the text that was signed is the text that came, where parsing and writing anew would make another', async () => {
  const text = JSON.stringify(paid).replace(/,"signature":"[^"]*"/, '');
  const odd = [
    `${text.slice(0, -1)},"20":"a","3":"b"}`,
    `${text.slice(0, -1)},"price":"1"}`,
    `${text.slice(0, -1)},"serial":12345678901234567890,"rate":1.50e+2}`,
    `${text.slice(0, -1)},"nested":{"2":[1,{"1":"\\u00e9\\/"}],"signature":"inner"}}`,
    `${text.slice(0, -1)},"__proto__":{"polluted":true}}`,
    `${text.slice(0, -1)},"quoted":"a\\"},\\"signature\\":\\"b"}`,
  ];
  for (const one of odd) {
    const message = await verifyNotification(await signedBody(one), licenseKey);
    assert.equal(message.purchaseId, paid.purchaseId);
    assert.equal('polluted' in message, false);
  }
});

test('any change of a signed body is refused, and any message survives its signing', async () => {
  const body = await signNotification({ ...paid, developerPayload: 'é한"\\/\u2028' }, privateKey);
  const value = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.constant(null));
  // names that end in blanks lose them, as they do in replies
  const name = fc.string().filter((text) => text.trim() === text);
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, value), fc.nat(), fc.nat(94), async (extra, at, code) => {
      const { signature: _, ...others } = extra;
      const whole = await signNotification({ ...others, ...paid }, privateKey);
      assert.deepEqual(await verifyNotification(whole, licenseKey), JSON.parse(whole));
      const place = at % body.indexOf(',"signature"');
      const altered = body.slice(0, place) + String.fromCharCode(33 + code) + body.slice(place + 1);
      if (altered === body) return;
      await assert.rejects(verifyNotification(altered, licenseKey), refusedAs(OneStoreSignatureError));
    }),
    { numRuns: 60, seed: Number(process.env.TILL_TEST_SEED ?? 20_260_101) },
  );
});

test('what is no signed message is refused, always in the same words', async () => {
  const body = await signNotification(paid, privateKey);
  const { signature, ...unsigned } = JSON.parse(body);
  const forged = [
    '',
    'null',
    '[]',
    '"text"',
    '{}',
    '{"signature":""}',
    '['.repeat(100_000),
    JSON.stringify(unsigned),
    JSON.stringify({ ...unsigned, signature: 17 }),
    JSON.stringify({ ...unsigned, signature: '' }),
    JSON.stringify({ ...unsigned, signature: 'no base64!' }),
    JSON.stringify({ ...unsigned, signature: btoa('x'.repeat(256)) }),
    JSON.stringify({ ...unsigned, purchaseState: 'CANCELED', signature }),
    JSON.stringify({ ...unsigned, added: 1, signature }),
    body.replace('{', `{"signature":${JSON.stringify(signature)},`),
    body.slice(0, -1),
    `${body}x`,
    Buffer.concat([Buffer.from(body), Buffer.from([0xff])]),
    await signNotification(paid, shortPair().privateKey),
    JSON.stringify(vectors.signature.text),
  ];
  for (const one of forged) {
    await assert.rejects(verifyNotification(one, licenseKey), (error) => {
      assert.ok(error instanceof OneStoreSignatureError, inspect(error));
      assert.equal(error.message, 'the signature of the notification does not fit');
      return true;
    });
  }
  const { text, signature: sample, licenseKey: samplesKey } = vectors.signature;
  const published = `${text.slice(0, -1)},"signature":"${sample}"}`;
  await assert.rejects(verifyNotification(published, samplesKey), refusedAs(OneStoreSignatureError));
});

test('both keys count while license keys change', async () => {
  const next = shortPair();
  const both = [licenseKey, next.licenseKey];
  for (const key of [privateKey, next.privateKey]) {
    assert.equal((await verifyNotification(await signNotification(paid, key), both)).price, '10000');
  }
  const body = await signNotification(paid, next.privateKey);
  await assert.rejects(verifyNotification(body, licenseKey), refusedAs(OneStoreSignatureError));
  await assert.rejects(verifyNotification(body, [...both, 'no key']), refusedAs(OneStoreInputError));
});

test('a signed message of a version or shape that nobody knows names the member', async () => {
  const { price: _, ...priceless } = paid;
  const cases: [message: object, member: string][] = [
    [{ ...paid, msgVersion: '4.0.0' }, 'msgVersion'],
    [{ ...paid, msgVersion: '3.0.0' }, 'packageName'],
    [{ ...paidOlder, msgVersion: '3.1.0D' }, 'clientId'],
    [{ ...paid, paymentTypeList: [{ paymentMethod: 'DCB', amount: 3000 }] }, 'paymentTypeList[0].amount'],
    [priceless, 'price'],
  ];
  for (const [message, member] of cases) {
    const body = await signNotification(message as PaymentNotification, privateKey);
    await assert.rejects(verifyNotification(body, licenseKey), refusedAs(OneStoreMessageError, member));
  }
});

test('a market, a method or a member that the tables do not know yet does not stop a sale', async () => {
  const message = {
    ...paid,
    marketCode: 'MKT_NEW',
    paymentTypeList: [{ paymentMethod: 'NEWPAY', amount: '1', more: true }],
    billingKey: null,
    developerPayload: null,
    serviceUserId: 'u',
  } as unknown as PaymentNotification;
  const verified = await verifyNotification(await signNotification(message, privateKey), licenseKey);
  assert.equal(verified.paymentTypeList[0]?.amount, '1');
});

test('a subscription notification is read with either spelling of its environment', () => {
  assert.equal('environment' in changed, false);
  const { environmenmt, ...rest } = changed;
  const right = { ...rest, environment: environmenmt };
  for (const body of [JSON.stringify(changed), Buffer.from(JSON.stringify(right, undefined, 1))]) {
    const message = parseSubscriptionNotification(body);
    assert.equal(message.environment, 'COMMERCIAL');
    assert.equal('environmenmt' in message, false);
    assert.equal(message.clientId, '0000000001');
    assert.equal(
      notificationTypeName(message.subscriptionNotification.notificationType),
      'SUBSCRIPTION_RECOVERED',
    );
  }
});

test('what is no subscription notification is refused with the member that does not fit', () => {
  const { environmenmt: _, ...rest } = changed;
  const cases: [body: string, member: string][] = [
    ['', ''],
    ['[]', ''],
    [JSON.stringify(rest), 'environment'],
    [JSON.stringify({ ...changed, subscriptionNotification: {} }), 'subscriptionNotification.version'],
    [JSON.stringify({ ...changed, msgVersion: undefined }), 'msgVersion'],
    [JSON.stringify(paid), 'eventTimeMillis'],
  ];
  for (const [body, member] of cases) {
    assert.throws(() => parseSubscriptionNotification(body), refusedAs(OneStoreMessageError, member));
  }
});

test('the thirteen types have a name each, and no other number has one', () => {
  const numbers = Object.values(notificationTypes);
  assert.deepEqual(
    numbers.toSorted((one, other) => one - other),
    Array.from({ length: 13 }, (_, at) => at + 1),
  );
  for (const [name, number] of Object.entries(notificationTypes)) {
    assert.equal(notificationTypeName(number), name);
  }
  assert.equal(notificationTypeName(14), undefined);
});
