// Signatures by WebCrypto: SHA512withRSA, with license keys and signing keys as the store writes them (section 9.5).
import { OneStoreInputError } from './errors.ts';

/** RSASSA-PKCS1-v1_5 with SHA-512; keys of 1024 bits, which the store has issued, as well as of 2048. */
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' } as const;

/** An app's license key, base64 of X.509 SubjectPublicKeyInfo with or without PEM armour; several while keys change: any may fit. */
export type LicenseKeys = string | readonly string[];

type WebCryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
/** A `CryptoKey`, whose name not every project's types know. */
export interface SigningKey {
  readonly type: string;
  readonly algorithm: object;
}

/** Imported keys by their text: importing costs as much as verifying. */
const imported = new Map<string, Promise<WebCryptoKey>>();
const keptKeys = 100;

/**
 * Has one of the keys signed one of the texts? Every pair is tried, whichever fits, and a signature that is not even base64 is
 * only one that does not fit. Throws `OneStoreInputError` where a key is none: that is a setting, and no forgery.
 */
export async function isSigned(
  texts: readonly string[],
  signature: string,
  licenseKey: LicenseKeys,
): Promise<boolean> {
  const keys = await Promise.all(listOf(licenseKey).map(verifyingKey));
  const bytes = bytesOf(signature) ?? new Uint8Array();
  const pairs = keys.flatMap((key) => texts.map((text) => ({ key, data: new TextEncoder().encode(text) })));
  const fits = await Promise.all(
    pairs.map(({ key, data }) => crypto.subtle.verify(algorithm.name, key, bytes, data)),
  );
  return fits.includes(true);
}

/** The signature of a text, base64. The key: PKCS#8, base64 with or without PEM armour, or one of WebCrypto's. */
export async function signatureOf(text: string, privateKey: string | SigningKey): Promise<string> {
  const key = typeof privateKey === 'string' ? await signingKey(privateKey) : (privateKey as WebCryptoKey);
  const signature = await crypto.subtle.sign(algorithm.name, key, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(signature)));
}

function listOf(licenseKey: LicenseKeys): readonly string[] {
  const keys = typeof licenseKey === 'string' ? [licenseKey] : licenseKey;
  if (!Array.isArray(keys) || keys.length === 0) throw misfit('licenseKey', 'no license key is given');
  return keys;
}

function verifyingKey(text: string): Promise<WebCryptoKey> {
  const known = imported.get(text);
  if (known !== undefined) return known;
  const key = importKey('spki', text, 'verify').catch(() => {
    imported.delete(text);
    throw misfit('licenseKey', 'the license key is no RSA public key in base64');
  });
  if (imported.size >= keptKeys) imported.clear();
  imported.set(text, key);
  return key;
}

function signingKey(text: string): Promise<WebCryptoKey> {
  return importKey('pkcs8', text, 'sign').catch(() => {
    throw misfit('privateKey', 'the private key is no RSA key, PKCS#8 in base64');
  });
}

async function importKey(
  format: 'spki' | 'pkcs8',
  text: string,
  use: 'verify' | 'sign',
): Promise<WebCryptoKey> {
  const bytes = bytesOf(text.replaceAll(/-----(BEGIN|END) [A-Z ]+-----/g, ''));
  if (bytes === undefined) throw new TypeError('not base64');
  return crypto.subtle.importKey(format, bytes, algorithm, false, [use]);
}

/** The bytes of base64, in which blanks and line ends do not count. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** Tells neither key nor text. */
function misfit(field: string, problem: string): OneStoreInputError {
  return new OneStoreInputError(undefined, problem, [field]);
}
