// verifyPurchase: on real signatures of the store, on what a running Till signs, and while license keys change.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  OneStoreInputError,
  OneStoreMessageError,
  OneStoreSignatureError,
  verifyPurchase,
} from '../src/index.ts';
import { signatureOf } from '../src/license-keys.ts';
import { armoured, sharedPair, shortPair } from './license-key-pairs.ts';
import { openShops } from './shop.ts';

const path = new URL('../../../conformance/vectors/v5-signatures.json', import.meta.url);
const { signatures } = JSON.parse(readFileSync(path, 'utf8'));
const [real] = signatures;
const given = { purchaseData: real.text, signature: real.signature, licenseKey: real.licenseKey };

for (const { id, text: purchaseData, signature, licenseKey, expected } of signatures) {
  if (expected === 'valid') {
    test(`takes the real signature ${id}, by a key of 1024 bits`, async () => {
      const purchase = await verifyPurchase({ purchaseData, signature, licenseKey });
      assert.deepEqual(purchase, JSON.parse(purchaseData));
      assert.equal(purchase.purchaseTime, JSON.parse(purchaseData).purchaseTime);
      const bytes = new TextEncoder().encode(purchaseData);
      assert.deepEqual(await verifyPurchase({ purchaseData: bytes, signature, licenseKey }), purchase);
    });
  }
  if (expected === 'invalid') {
    test(`refuses ${id}, in which one letter is another`, () =>
      assert.rejects(verifyPurchase({ purchaseData, signature, licenseKey }), OneStoreSignatureError));
  }
}

test('takes what Till signs for V5 and V7, with the members of each', async () => {
  const shops = await openShops();
  try {
    for (const generation of ['v5', 'v7'] as const) {
      const shop = await shops.open({ generation, packageName: 'com.example.game' });
      const { purchaseData, signature, purchaseToken } = await shop.buy('gem', {
        developerPayload: '한글/é',
      });
      const { licenseKey } = shop.app;
      assert.ok(purchaseData !== undefined && signature !== undefined);
      const purchase = await verifyPurchase({ purchaseData, signature, licenseKey });
      assert.equal(purchase.developerPayload, '한글/é');
      assert.equal(purchase.packageName, 'com.example.game');
      assert.equal(purchase.purchaseToken, generation === 'v5' ? undefined : purchaseToken);
    }
  } finally {
    await shops.close();
  }
});

test('counts several license keys while they change, in PEM armour or not, and nothing beyond them', async () => {
  const [former, other] = [shortPair(), shortPair()];
  const signed = async (privateKey: string) => ({
    purchaseData: real.text,
    signature: await signatureOf(real.text, privateKey),
  });
  const licenseKey = [former.licenseKey, armoured('PUBLIC', sharedPair.licenseKey)];
  for (const { privateKey } of [former, sharedPair]) {
    const purchase = await verifyPurchase({ ...(await signed(privateKey)), licenseKey });
    assert.equal(purchase.productId, 'ruby_10');
  }
  await assert.rejects(
    verifyPurchase({ ...(await signed(other.privateKey)), licenseKey }),
    OneStoreSignatureError,
  );
});

test('tells nothing of what it was given, whatever is wrong with it, and says the same of it', async () => {
  const wrong = [
    { ...given, signature: '' },
    { ...given, signature: 'not base64 at all!' },
    { ...given, signature: `${given.signature.slice(0, -8)}AAAAAAA=` },
    { ...given, signature: btoa('short') },
    { ...given, signature: undefined as unknown as string },
    { ...given, purchaseData: `${given.purchaseData} ` },
    { ...given, purchaseData: '' },
    { ...given, purchaseData: 'not JSON' },
    { ...given, purchaseData: new Uint8Array([0xff, 0xfe]) },
    { ...given, purchaseData: '\ud800' },
  ];
  for (const one of wrong) {
    await assert.rejects(verifyPurchase(one), (error) => {
      assert.ok(error instanceof OneStoreSignatureError, inspect(error));
      assert.equal(error.message, 'the signature of the purchase does not fit');
      return true;
    });
  }
});

test('a license key that is none is a mistake of the settings and no forged purchase', async () => {
  for (const licenseKey of ['', 'a key', btoa('no key'), [], [given.licenseKey, 'a key']]) {
    await assert.rejects(verifyPurchase({ ...given, licenseKey }), (error) => {
      assert.ok(error instanceof OneStoreInputError);
      assert.deepEqual(error.fields, ['licenseKey']);
      assert.ok(!inspect(error).includes('a key'));
      return true;
    });
  }
});

test('names the member that a signed text lacks', async () => {
  const purchaseData = '{"orderId":"1","productId":"gem"}';
  const signature = await signatureOf(purchaseData, sharedPair.privateKey);
  await assert.rejects(
    verifyPurchase({ purchaseData, signature, licenseKey: sharedPair.licenseKey }),
    (error) => error instanceof OneStoreMessageError && error.member === 'packageName',
  );
});
