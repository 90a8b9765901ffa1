// What may be shown of a call: members that the row names and that are no secret, headers that are known to be harmless.
import type { Fields } from '@till/protocol/shape';

export const redacted = '[redacted]';

/** Members that open something, or belong to a buyer; a purchase token can be derived from the purchase ID. */
const secretMembers = new Set([
  'client_secret',
  'access_token',
  'purchaseToken',
  'purchaseId',
  'developerPayload',
  'continuationKey',
]);

const harmlessHeaders = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'connection',
  'content-length',
  'content-type',
  'host',
  'transfer-encoding',
  'user-agent',
  'x-market-code',
]);

/** Headers as they came, name and value in turn. Of `Authorization` only the scheme is shown, where it is the right one. */
export function redactHeaders(raw: readonly string[]): { name: string; value: string }[] {
  const headers: { name: string; value: string }[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name = '', value = ''] = raw.slice(index, index + 2);
    headers.push({ name, value: redactHeader(name.toLowerCase(), value) });
  }
  return headers;
}

function redactHeader(name: string, value: string): string {
  if (harmlessHeaders.has(name)) return value;
  return name === 'authorization' && value.startsWith('Bearer ') ? `Bearer ${redacted}` : redacted;
}

/** A JSON body as text, redacted; what cannot be read or is no object is redacted whole. */
export function redactBody(text: string, fields: Fields): string {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return redacted;
  return JSON.stringify(redactMembers(value as Record<string, unknown>, fields));
}

/** The members by the row's fields; one that the row does not name keeps its name alone. */
export function redactMembers(members: Record<string, unknown>, fields: Fields): Record<string, unknown> {
  const shown = Object.entries(members).map(([name, value]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined || secretMembers.has(name)) return [name, value === null ? null : redacted];
    // a secret that stands in the place of a code is a secret all the same
    if (field.is === 'code' && !field.of.includes(value as string)) return [name, redacted];
    if (field.is === 'object') return [name, redactInner(value, field.of)];
    if (field.is === 'list' && field.of.is === 'object' && Array.isArray(value)) {
      const { of } = field.of;
      return [name, value.map((item) => redactInner(item, of))];
    }
    return [name, typeof value === 'object' && value !== null ? redacted : value];
  });
  return Object.fromEntries(shown);
}

function redactInner(value: unknown, fields: Fields): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? redactMembers(value as Record<string, unknown>, fields) : redacted;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
