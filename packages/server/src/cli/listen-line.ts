// The line that `till listen` prints for a message: when, what, of which purchase, and whether its signature fits.
import { verify } from 'node:crypto';
import { notificationTypes } from '@till/protocol/notifications';
import type { AppReply } from './listen-control.ts';
import type { Arrived } from './listen-receiver.ts';

/** `none`: subscription notifications have none (section 9.6). */
export type Verdict = 'license key' | 'next license key' | 'unfit' | 'none';

type Members = Record<string, unknown>;

/** Held against both keys while one follows the other. */
export function verdictOn(body: string, { licenseKey, nextLicenseKey }: AppReply): Verdict {
  const message = messageIn(body);
  if (message === undefined) return 'unfit';
  if ('subscriptionNotification' in message) return 'none';
  const { signature, ...signed } = message;
  const text = JSON.stringify(signed);
  const fits = (key: string) =>
    typeof signature === 'string' &&
    verify(
      'RSA-SHA512',
      Buffer.from(text),
      `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----`,
      Buffer.from(signature, 'base64'),
    );
  if (fits(licenseKey)) return 'license key';
  return nextLicenseKey !== undefined && fits(nextLicenseKey.licenseKey) ? 'next license key' : 'unfit';
}

/** `again`: a message with this `webhook-id` came before. */
export function lineOf(
  { body, forwarded }: Arrived,
  { at, verdict, again, colours }: { at: Date; verdict: Verdict; again: boolean; colours: boolean },
): string {
  const paint = (colour: number, text: string) => (colours ? `\u001b[${colour}m${text}\u001b[0m` : text);
  const parts = [at.toTimeString().slice(0, 8), ...whatOf(messageIn(body), body)];
  parts.push(paint(verdictColours[verdict], verdictTexts[verdict]));
  if (again) parts.push(paint(33, 'came before'));
  if (forwarded !== undefined) parts.push(paint(forwarded === 200 ? 32 : 31, `forwarded: ${forwarded}`));
  return parts.join('  ');
}

const verdictTexts: Record<Verdict, string> = {
  'license key': 'signature valid',
  'next license key': 'signature valid, by the license key that follows',
  unfit: 'SIGNATURE INVALID',
  none: 'no signature (none is sent)',
};
const verdictColours: Record<Verdict, number> = {
  'license key': 32,
  'next license key': 32,
  unfit: 31,
  none: 2,
};

function whatOf(message: Members | undefined, body: string): string[] {
  if (message === undefined) return [`no JSON object, ${Buffer.byteLength(body)} bytes`];
  const { subscriptionNotification: state } = message;
  if (typeof state === 'object' && state !== null) {
    const { notificationType, productId, purchaseToken } = state as Members;
    const name = Object.entries(notificationTypes).find(([, type]) => type === notificationType)?.[0];
    const what = `${name ?? 'unknown type'} (${shown(notificationType)})`;
    return ['SNS', what, shown(productId), `token ${shown(purchaseToken)}`];
  }
  const { purchaseState, productId, purchaseId, purchaseToken, price, priceCurrencyCode } = message;
  const amount = `${shown(price)} ${shown(priceCurrencyCode)}`;
  const purchase = `purchase ${shown(purchaseId)}  token ${shown(purchaseToken)}`;
  return ['PNS', shown(purchaseState), shown(productId), amount, purchase];
}

const longestShown = 200;

/** Anybody can send anything here: what could steer a terminal is not written to one. */
function shown(value: unknown): string {
  if (value === undefined) return '?';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.slice(0, longestShown).replaceAll(/\p{C}/gu, '?');
}

function messageIn(body: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : undefined;
  } catch {
    return undefined;
  }
}
