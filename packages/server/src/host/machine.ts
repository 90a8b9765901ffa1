// The real outside: the machine's randomness, hashes and RSA keys.
import * as crypto from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyPair, Keys, Secrets } from './host.ts';
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
};

/** RSA keys of apps. With a master key (32 bytes) the private halves are sealed by AES-256-GCM before they are stored. */
export function createKeys(masterKey?: Uint8Array): Keys {
  const parsed = new Map<string, crypto.KeyObject>();
  const open = (signingKey: string) => {
    const known = parsed.get(signingKey);
    if (known !== undefined) return known;
    const der = Buffer.from(unseal(signingKey, masterKey), 'base64');
    const key = crypto.createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const oldest = parsed.size >= keptKeyCount ? parsed.keys().next().value : undefined;
    if (oldest !== undefined) parsed.delete(oldest);
    parsed.set(signingKey, key);
    return key;
  };
  return {
    create: () => createPair(masterKey),
    shared: testKeyPair,
    sign: (signingKey, text) =>
      new Promise((resolve, reject) => {
        crypto.sign('sha512', Buffer.from(text), open(signingKey), (error, signature) =>
          error === null ? resolve(signature.toString('base64')) : reject(error),
        );
      }),
  };
}

async function createPair(masterKey: Uint8Array | undefined): Promise<KeyPair> {
  const { publicKey, privateKey } = await generateKeyPair('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  const signingKey = privateKey.toString('base64');
  return {
    licenseKey: publicKey.toString('base64'),
    signingKey: masterKey === undefined ? signingKey : seal(signingKey, masterKey),
  };
}

const sealed = 'sealed:';

function seal(text: string, masterKey: Uint8Array): string {
  const nonce = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv('aes-256-gcm', masterKey, nonce);
  const parts = [nonce, cipher.update(text, 'utf8'), cipher.final()];
  return sealed + Buffer.concat([...parts, cipher.getAuthTag()]).toString('base64');
}

function unseal(stored: string, masterKey: Uint8Array | undefined): string {
  if (!stored.startsWith(sealed)) return stored;
  if (masterKey === undefined) throw new Error('a signing key is sealed, but TILL_MASTER_KEY is not set');
  const bytes = Buffer.from(stored.slice(sealed.length), 'base64');
  const cipher = crypto.createDecipheriv('aes-256-gcm', masterKey, bytes.subarray(0, 12));
  cipher.setAuthTag(bytes.subarray(-16));
  return cipher.update(bytes.subarray(12, -16), undefined, 'utf8') + cipher.final('utf8');
}
