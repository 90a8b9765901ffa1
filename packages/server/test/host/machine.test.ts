// The machine's randomness, hashes and keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKeys, random, secrets, seeded } from '../../src/host/machine.ts';
import { isSigned } from '../signatures.ts';

/** Published purchases of the V5 sandbox, and the key that signed them all. */
const publishedKey =
  'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCep+OL3gQfFqJvLzUOo5cZ5/Ct2kHEgc92zOepXShFiGhpWo2r' +
  'E/BH7O30bV/aCa5E5rHpjQFh2OKW/uQdX79KrgMv/+laRA1ntkF5rf9P48tcti3LLmngnUjrr+rzR+aIMrr4t676' +
  'bWIy5KM7B0c71GswYNj52LiAkJ+qIt4ItQIDAQAB';
const published: { name: string; text: string; signature: string }[] = [
  {
    name: 'managed purchase result',
    text:
      '{"orderId":"ONESTORE7_000000000000000000000000014386","packageName":"com.toast.android.i' +
      'ap.onestore.v17.sample","productId":"ruby_10","purchaseTime":1526277473939,"purchaseId":' +
      '"SANDBOX3000000016384","developerPayload":"developer payload"}',
    signature:
      'E86XEhTRR+v5Ypc/O9ZEmNcs0dSeh7B+UZF3wNsfLIvBDMvN/BAGZZo6D8e/zHKkhIgrI7wr9kUeftFByDGc66Av' +
      'DVsA/QnvxBh8FRRpRChJMPWuZ+4Bx4BXFR4HrbWiUWni+357l0EdlIRlI0tjCZd47VMe0jhkHCjuwGEiphI=',
  },
  {
    name: 'auto purchase result',
    text:
      '{"orderId":"ONESTORE7_000000000000000000000000014382","packageName":"com.toast.android.i' +
      'ap.onestore.v17.sample","productId":"character_ryan","purchaseTime":1526277163076,"purch' +
      'aseId":"SANDBOX3000000016380","developerPayload":"developer payload"}',
    signature:
      'cB/J+pMpsE9HR7te3nEZWOjdKH4zsrIzEByeQLtfmDT5LCzFcPBMZMdgiYQ2cuNeS9PBcPn993JWJLMnSG9/qWea' +
      'qF+i2ZZpucE+O0cuIMaSB1V5rcgjm/9hIImCiq4mXq26uMz8z9pjm2ndP8fdQw7sDy9De7j3fAVt2wAZ9aE=',
  },
  {
    name: 'auto purchase query',
    text:
      '{"orderId":"ONESTORE7_000000000000000000000000014382","packageName":"com.toast.android.i' +
      'ap.onestore.v17.sample","productId":"character_ryan","purchaseTime":1526277162000,"purch' +
      'aseState":1,"recurringState":0,"purchaseId":"SANDBOX3000000016380","developerPayload":"d' +
      'eveloper payload"}',
    signature:
      'FRy5K1nsVZ22jc/XhhHOGYxEZgxe2CXLwr/cOW162s1Q1A05NxIJDKumEgA1XGpv15yKjJAja6pNobYyrXngsTyX' +
      'NA7GBK/mfP+7qVPes68tH1vzxm07T2rmHLdNgNFAdMbkEwX56Ux/VEA2cP9kbkVGSc/eZu0wZaRu2XMINuc=',
  },
];

const sha256OfAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

for (const { name, text, signature } of published) {
  test(`the published ${name} is signed by the published key, and no altered one is`, () => {
    assert.ok(isSigned(publishedKey, text, signature));
    assert.ok(!isSigned(publishedKey, text.replace('developer payload', 'developer payloae'), signature));
    assert.ok(!isSigned(publishedKey, `${text}\n`, signature));
  });
}

test('the machine draws as many bytes as are asked for, and never the same', () => {
  assert.equal(random(0).length, 0);
  const drawn = Array.from({ length: 1_000 }, () => hexOf(random(16)));
  assert.equal(new Set(drawn).size, drawn.length);
  assert.ok(drawn.every((text) => text.length === 32));
});

test('a seeded draw repeats for the same seed and label', () => {
  const take = (draw: (byteCount: number) => Uint8Array) =>
    [1, 31, 32, 33, 100].map((count) => hexOf(draw(count)));
  const first = take(seeded('seed', 'label'));
  assert.deepEqual(take(seeded('seed', 'label')), first);
  assert.deepEqual(
    first.map((text) => text.length / 2),
    [1, 31, 32, 33, 100],
  );
});

test('a seeded draw goes on where it stopped: the sizes of the draws do not change the bytes', () => {
  const [whole, pieces] = [seeded('seed', 'label'), seeded('seed', 'label')];
  const taken = [3, 40, 0, 7, 64].map((count) => hexOf(pieces(count))).join('');
  assert.equal(hexOf(whole(114)), taken);
});

test('seeded draws differ by seed and by label', () => {
  const drawn = [
    ['seed', 'label'],
    ['seed', 'label 1'],
    ['seed 1', 'label'],
    ['', ''],
    ['seedl', 'abel'],
  ].map(([seed = '', label = '']) => hexOf(seeded(seed, label)(32)));
  assert.equal(new Set(drawn).size, drawn.length);
});

test('hashes are SHA-256 and codes are HMAC-SHA256, as everybody computes them', () => {
  assert.equal(secrets.hash('abc'), Buffer.from(sha256OfAbc, 'hex').toString('base64url'));
  // RFC 4231, test case 2
  const code = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  assert.equal(hexOf(secrets.hmac('Jefe', 'what do ya want for nothing?')), code);
});

test('texts are equal only when they are the same, whatever their lengths', () => {
  assert.ok(secrets.equal('', ''));
  assert.ok(secrets.equal('비밀', '비밀'));
  for (const [a, b] of [
    ['', 'a'],
    ['a', 'A'],
    ['secret', 'secret '],
    ['secre', 'secret'],
  ] as const) {
    assert.ok(!secrets.equal(a, b));
  }
});

test('a signature verifies with the public half over exactly the bytes that were signed', async () => {
  const keys = createKeys();
  const pair = await keys.create();
  for (const { licenseKey, signingKey } of [pair, keys.shared]) {
    const signature = await keys.sign(signingKey, '{"주문":"1"}');
    assert.ok(isSigned(licenseKey, '{"주문":"1"}', signature));
    assert.ok(!isSigned(licenseKey, '{"주문":"1"} ', signature));
    assert.equal(await keys.sign(signingKey, '{"주문":"1"}'), signature);
  }
  assert.notEqual(pair.licenseKey, keys.shared.licenseKey);
});

test('a sealed key opens with its master key only, and hides the private half', async () => {
  const masterKey = Buffer.alloc(32, 1);
  const { licenseKey, signingKey } = await createKeys({ masterKey }).create();
  assert.match(signingKey, /^sealed:[0-9a-f]{12}:[A-Za-z0-9+/]+=*$/);
  assert.ok(isSigned(licenseKey, 'text', await createKeys({ masterKey }).sign(signingKey, 'text')));
  await assert.rejects(() => createKeys({ masterKey: Buffer.alloc(32, 2) }).sign(signingKey, 'text'));
  await assert.rejects(() => createKeys().sign(signingKey, 'text'), /TILL_MASTER_KEY is not set/);
});

test('a sealed key that was altered does not open', async () => {
  const masterKey = Buffer.alloc(32, 1);
  const { signingKey } = await createKeys({ masterKey }).create();
  const [, id, sealed = ''] = signingKey.split(':');
  const bytes = Buffer.from(sealed, 'base64');
  for (const at of [0, 12, bytes.length >> 1, bytes.length - 1]) {
    const altered = Buffer.from(bytes);
    altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
    const text = `sealed:${id}:${altered.toString('base64')}`;
    await assert.rejects(() => createKeys({ masterKey }).sign(text, 'text'), /has been altered/);
  }
});

test('a key that was stored before there was a master key still signs', async () => {
  const { licenseKey, signingKey } = await createKeys().create();
  assert.ok(
    isSigned(
      licenseKey,
      'text',
      await createKeys({ masterKey: Buffer.alloc(32, 1) }).sign(signingKey, 'text'),
    ),
  );
});
