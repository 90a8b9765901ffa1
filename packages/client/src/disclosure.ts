// What may be told of a failure: its name, and a server's own words without the secrets that it repeats.

/** The text without the secrets, as they are and as an address or a form spells them. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.flatMap(spellingsOf).reduce((left, secret) => left.replaceAll(secret, '[removed]'), text);
}

function spellingsOf(secret: string): string[] {
  if (secret === '') return [];
  const escaped = encodeURIComponent(secret);
  return [secret, escaped, escaped.replaceAll(/%../g, (byte) => byte.toLowerCase())];
}

/** The name of what failed (`ECONNREFUSED`); runtimes put the address, with its purchase token, into their messages. */
export function reasonOf(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const name = cause?.code ?? code; // `fetch` hides the system's name of it one deeper
  return typeof name === 'string' && /^[A-Za-z][A-Za-z0-9_]{1,63}$/.test(name) ? name : undefined;
}
