// What `till doctor` says of settings; those that contradict each other are refused when they are read.
import { isLoopback, knownControlKey, type Settings } from '../settings.ts';
import type { Finding } from './finding.ts';

/** A key of random characters has more different ones than this in its 32 or more. */
const fewCharacters = 12;

export function checkSettings({ environment, host, databaseUrl }: Settings): Finding {
  const database = databaseUrl.startsWith('sqlite:') ? databaseUrl : 'PostgreSQL';
  return { name: 'settings', level: 'ok', text: `${environment} on ${host}, ${database}` };
}

/** Of the key only its length and its variety are told. */
export function checkControlKey(settings: Settings): Finding {
  const { controlKey, environment, host } = settings;
  const name = 'control key';
  if (controlKey === knownControlKey) {
    const text = 'the one that everybody knows; a sandbox on loopback may have it';
    return { name, level: 'ok', text };
  }
  const strong = { name, level: 'ok' as const, text: `${controlKey.length} characters` };
  if (environment === 'sandbox' && isLoopback(host)) return strong;
  if (new Set(controlKey).size > fewCharacters) return strong;
  return {
    name,
    level: 'warn',
    text: `${controlKey.length} characters, but few different ones: it can be guessed`,
    remedy: 'draw one: openssl rand -base64 32',
  };
}
