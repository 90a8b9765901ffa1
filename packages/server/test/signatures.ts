// How an app checks a signature: SHA512withRSA with its license key, over the exact bytes of the text (section 12.2).
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

export function publicKey(licenseKey: string): KeyObject {
  return createPublicKey({ key: Buffer.from(licenseKey, 'base64'), format: 'der', type: 'spki' });
}

export function isSigned(licenseKey: string, text: string, signature: string): boolean {
  return verify('RSA-SHA512', Buffer.from(text), publicKey(licenseKey), Buffer.from(signature, 'base64'));
}
