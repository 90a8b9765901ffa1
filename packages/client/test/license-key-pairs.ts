// Key pairs for tests of signatures, as the store writes them: base64 of X.509 SubjectPublicKeyInfo and of PKCS#8.
import { generateKeyPairSync } from 'node:crypto';
import { testKeyPair } from '../../server/src/host/test-key-pair.ts';

export interface LicenseKeyPair {
  licenseKey: string;
  privateKey: string;
}

/** The one that apps of Till's test worlds share; making one of 2048 bits takes long. */
export const sharedPair: LicenseKeyPair = {
  licenseKey: testKeyPair.licenseKey,
  privateKey: testKeyPair.signingKey,
};

/** A new one of 1024 bits, the size of the keys that the store is known to have issued. */
export function shortPair(): LicenseKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  return { licenseKey: publicKey.toString('base64'), privateKey: privateKey.toString('base64') };
}

/** As a PEM file has it. */
export function armoured(kind: 'PUBLIC' | 'PRIVATE', base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${kind} KEY-----`, ...lines, `-----END ${kind} KEY-----`, ''].join('\n');
}
