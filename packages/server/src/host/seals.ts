// Seals: signing keys under AES-256-GCM, each carrying the ID of the master key that closed it.
import * as crypto from 'node:crypto';

/** 32 bytes each; which of them are set decides what a seal is made with and what opens. */
export interface MasterKeys {
  /** `TILL_MASTER_KEY`. */
  masterKey?: Uint8Array | undefined;
  /** `TILL_NEW_MASTER_KEY`: the one to come; seals are made with it as soon as it is set. */
  newMasterKey?: Uint8Array | undefined;
  /** `TILL_FORMER_MASTER_KEY`: opens what an older backup brings along. */
  formerMasterKey?: Uint8Array | undefined;
}

/** Where a stored key stands: under the key that seals now, under another one that opens, open, or shut to us. */
export type SealState = 'current' | 'former' | 'unsealed' | 'shut';

export interface Seals {
  /** The ID of the key that seals; undefined where none is set and keys are stored as they are. */
  readonly keyId: string | undefined;
  seal(text: string): string;
  /** Throws where no key that is set opens it. */
  open(stored: string): string;
  state(stored: string): SealState;
}

interface MasterKey {
  id: string;
  bytes: Uint8Array;
}

interface Sealed {
  /** Undefined on seals made before they carried one. */
  id: string | undefined;
  bytes: Buffer;
}

const prefix = 'sealed:';
const nonceLength = 12;
const tagLength = 16;

export function createSeals({ masterKey, newMasterKey, formerMasterKey }: MasterKeys): Seals {
  const keys = [newMasterKey, masterKey, formerMasterKey]
    .filter((bytes) => bytes !== undefined)
    .map((bytes) => ({ id: masterKeyId(bytes), bytes }));
  const sealing = newMasterKey === undefined && masterKey === undefined ? undefined : keys[0];
  return {
    keyId: sealing?.id,
    seal: (text) => (sealing === undefined ? text : close(text, sealing)),
    open: (stored) => {
      const opened = openWith(stored, keys);
      if (opened === undefined) throw new Error(shutReason(stored, keys));
      return opened.text;
    },
    state: (stored) => {
      const opened = openWith(stored, keys);
      if (opened === undefined) return 'shut';
      if (opened.by === undefined) return 'unsealed';
      return opened.by === sealing && sealedOf(stored)?.id === sealing.id ? 'current' : 'former';
    },
  };
}

/** Names a master key without telling anything of it: 12 hexadecimal digits of an HMAC-SHA256. */
export function masterKeyId(bytes: Uint8Array): string {
  return crypto.createHmac('sha256', bytes).update('till master key').digest('hex').slice(0, 12);
}

function close(text: string, { id, bytes }: MasterKey): string {
  const nonce = crypto.randomBytes(nonceLength);
  const cipher = crypto.createCipheriv('aes-256-gcm', bytes, nonce);
  const parts = [nonce, cipher.update(text, 'utf8'), cipher.final()];
  return `${prefix}${id}:${Buffer.concat([...parts, cipher.getAuthTag()]).toString('base64')}`;
}

function sealedOf(stored: string): Sealed | undefined {
  if (!stored.startsWith(prefix)) return undefined;
  const [, id, text = ''] = /^(?:([0-9a-f]{12}):)?(.*)$/s.exec(stored.slice(prefix.length)) ?? [];
  return { id, bytes: Buffer.from(text, 'base64') };
}

/** What is not sealed is open to everybody, and opened by no key. */
function openWith(
  stored: string,
  keys: readonly MasterKey[],
): { text: string; by: MasterKey | undefined } | undefined {
  const sealed = sealedOf(stored);
  if (sealed === undefined) return { text: stored, by: undefined };
  for (const key of keys) {
    if (sealed.id !== undefined && sealed.id !== key.id) continue;
    const text = decrypted(sealed.bytes, key.bytes);
    if (text !== undefined) return { text, by: key };
  }
  return undefined;
}

function decrypted(bytes: Buffer, key: Uint8Array): string | undefined {
  if (bytes.length < nonceLength + tagLength) return undefined;
  const cipher = crypto.createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceLength));
  cipher.setAuthTag(bytes.subarray(-tagLength));
  try {
    const text = cipher.update(bytes.subarray(nonceLength, -tagLength), undefined, 'utf8');
    return text + cipher.final('utf8');
  } catch {
    return undefined;
  }
}

function shutReason(stored: string, keys: readonly MasterKey[]): string {
  if (keys.length === 0) return 'a signing key is sealed, but TILL_MASTER_KEY is not set';
  const id = sealedOf(stored)?.id;
  const known = keys.some((key) => key.id === id);
  if (known) return `a signing key sealed by master key ${id} has been altered`;
  const whose = id === undefined ? 'another master key' : `master key ${id}`;
  return `a signing key is sealed by ${whose}, and TILL_MASTER_KEY is ${keys.map((key) => key.id).join(', ')}`;
}
