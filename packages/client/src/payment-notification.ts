// Payment notifications (PNS): verified as the store signs them, and signed for tests.
import { paymentNotification } from '@till/protocol/notifications';
import { isSigned, type LicenseKeys, type SigningKey, signatureOf } from './license-keys.ts';
import { OneStoreSignatureError } from './message-errors.ts';
import { demandShape, type PaymentNotification } from './notification.ts';
import { type RawBody, signedText } from './signed-text.ts';

/**
 * What a payment notification says, or a `OneStoreSignatureError`: it never answers "no". Give the body as it was received. Section
 * 9.5: SHA512withRSA over the message without its signature, compact, in the order in which it came. A body with blanks or
 * escapes is tried as the store writes one. Several license keys are taken while they change. Throws
 * `OneStoreMessageError` where a signed message is of an unknown version or lacks a member, `OneStoreInputError` where a key is none.
 *
 * Messages come late, twice or never, and an old one stays valid: ask the server API for the present state.
 */
export async function verifyNotification(
  rawBody: RawBody,
  licenseKey: LicenseKeys,
): Promise<PaymentNotification> {
  const signed = signedText(rawBody);
  // what has no signature takes the same way as what has a wrong one
  const { texts, signature } = signed ?? { texts: [''], signature: '' };
  if (!(await isSigned(texts, signature, licenseKey)) || signed === undefined) {
    throw new OneStoreSignatureError('the notification');
  }
  demandShape('the notification', paymentNotification, signed.message);
  return signed.message as unknown as PaymentNotification;
}

/** A message to sign: whatever `verifyNotification` answers, with or without a signature of its own. */
export type UnsignedNotification = PaymentNotification extends infer Message
  ? Message extends PaymentNotification
    ? Omit<Message, 'signature'> & { signature?: string }
    : never
  : never;

/**
 * For your own tests: the body that the store would send, compact, with `signature` as its last member. The key is PKCS#8 in base64, with or
 * without PEM armour, or a `CryptoKey` that may sign RSASSA-PKCS1-v1_5 with SHA-512.
 */
export async function signNotification(
  message: UnsignedNotification,
  privateKey: string | SigningKey,
): Promise<string> {
  const { signature: _, ...rest } = message;
  const signature = await signatureOf(JSON.stringify(rest), privateKey);
  return JSON.stringify({ ...rest, signature });
}
