// The real outside: the machine's randomness, hashes and RSA keys.
import * as crypto from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyPair, Keys, Secrets } from './host.ts';
import { createSeals, type MasterKeys, type Seals } from './seals.ts';
import { testKeyPair } from './test-key-pair.ts';

const generateKeyPair = promisify(crypto.generateKeyPair);
/** Parsed keys that are kept: parsing one costs more than half a signature. */
const keptKeyCount = 1000;

export function random(byteCount: number): Uint8Array {
  return crypto.randomBytes(byteCount);
}

/** HMAC-SHA256 in counter mode over the label. */
export function seeded(seed: string, label: string): (byteCount: number) => Uint8Array {
  let block = 0;
  let rest = Buffer.alloc(0);
  return (byteCount) => {
    while (rest.length < byteCount) {
      rest = Buffer.concat([rest, crypto.createHmac('sha256', seed).update(`${label}\n${block++}`).digest()]);
    }
    const drawn = rest.subarray(0, byteCount);
    rest = rest.subarray(byteCount);
    return drawn;
  };
}

export const secrets: Secrets = {
  hash: (text) => crypto.hash('sha256', text, 'base64url'),
  hmac: (key, text) => crypto.createHmac('sha256', key).update(text).digest(),
  equal: (a, b) =>
    crypto.timingSafeEqual(crypto.hash('sha256', a, 'buffer'), crypto.hash('sha256', b, 'buffer')),
  seal: (text, key) => createSeals({ masterKey: key }).seal(text),
  unseal: (sealed, key) => {
    const seals = createSeals({ masterKey: key });
    return seals.state(sealed) === 'shut' ? undefined : seals.open(sealed);
  },
};

/** RSA keys of apps. With a master key the private halves are sealed before they are stored. */
export function createKeys(masterKeys: MasterKeys = {}): Keys {
  const seals = createSeals(masterKeys);
  const parsed = new Map<string, crypto.KeyObject>();
  const open = (signingKey: string) => {
    const known = parsed.get(signingKey);
    if (known !== undefined) return known;
    const der = Buffer.from(seals.open(signingKey), 'base64');
    const key = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const oldest = parsed.size >= keptKeyCount ? parsed.keys().next().value : undefined;
    if (oldest !== undefined) parsed.delete(oldest);
    parsed.set(signingKey, key);
    return key;
  };
  return {
    create: () => createPair(seals),
    shared: testKeyPair,
    sign: (signingKey, text) =>
      new Promise((resolve, reject) => {
        crypto.sign('sha512', Buffer.from(text), open(signingKey), (error, signature) =>
          error === null ? resolve(signature.toString('base64')) : reject(error),
        );
      }),
  };
}

async function createPair(seals: Seals): Promise<KeyPair> {
  const { publicKey, privateKey } = await generateKeyPair('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  return {
    licenseKey: publicKey.toString('base64'),
    signingKey: seals.seal(privateKey.toString('base64')),
  };
}
