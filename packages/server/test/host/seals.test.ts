// Seals: which keys close and open, and those made before a seal named its key.
import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createSeals, masterKeyId } from '../../src/host/seals.ts';

const [one, two, three] = [randomBytes(32), randomBytes(32), randomBytes(32)];

/** A seal as it was before it carried the ID of its key. */
function formerSeal(text: string, key: Uint8Array): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const bytes = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return `sealed:${Buffer.concat(bytes).toString('base64')}`;
}

test('a seal names its key and opens with it, whatever other keys are set', () => {
  const sealed = createSeals({ masterKey: one }).seal('text');
  assert.ok(sealed.startsWith(`sealed:${masterKeyId(one)}:`));
  for (const keys of [
    { masterKey: one },
    { masterKey: one, newMasterKey: two },
    { masterKey: two, formerMasterKey: one },
    { newMasterKey: three, masterKey: two, formerMasterKey: one },
  ]) {
    assert.equal(createSeals(keys).open(sealed), 'text');
  }
});

test('the new key seals as soon as it is set, a former one never', () => {
  assert.equal(createSeals({ masterKey: one, newMasterKey: two }).keyId, masterKeyId(two));
  assert.equal(createSeals({ masterKey: one, formerMasterKey: two }).keyId, masterKeyId(one));
  const onlyFormer = createSeals({ formerMasterKey: two });
  assert.deepEqual([onlyFormer.keyId, onlyFormer.seal('text')], [undefined, 'text']);
});

test('a seal without a name opens with whichever key made it, and is due to be made anew', () => {
  const former = formerSeal('text', one);
  const seals = createSeals({ newMasterKey: two, masterKey: three, formerMasterKey: one });
  assert.equal(seals.open(former), 'text');
  assert.equal(createSeals({ masterKey: one }).state(former), 'former');
  assert.equal(createSeals({ masterKey: two }).state(former), 'shut');
});

test('what is open stays readable, and every state has its name', () => {
  const seals = createSeals({ masterKey: one, newMasterKey: two });
  assert.equal(seals.open('text'), 'text');
  assert.equal(seals.state('text'), 'unsealed');
  assert.equal(seals.state(seals.seal('text')), 'current');
  assert.equal(seals.state(createSeals({ masterKey: one }).seal('text')), 'former');
  assert.equal(seals.state(createSeals({ masterKey: three }).seal('text')), 'shut');
});

test('a refusal tells which key is wanted, and none of the bytes', () => {
  const sealed = createSeals({ masterKey: one }).seal('text');
  const refused = (masterKey?: Uint8Array, stored = sealed) => {
    try {
      createSeals({ masterKey }).open(stored);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };
  assert.match(refused(), /TILL_MASTER_KEY is not set/);
  assert.match(refused(two), new RegExp(`sealed by master key ${masterKeyId(one)}.*${masterKeyId(two)}`));
  assert.match(refused(one, `${sealed.slice(0, -8)}AAAAAAA=`), /has been altered/);
  assert.match(refused(one, `sealed:${masterKeyId(one)}:AAAA`), /has been altered/);
  assert.ok(!refused(two).includes(one.toString('base64')) && !refused(two).includes(two.toString('base64')));
});
