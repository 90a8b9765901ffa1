// What must not stand in a report: secrets and access tokens not at all, what names a purchase or a buyer in part only.

/** Shorter texts stand anywhere by chance. */
const shortestSecret = 6;
const uuid = /\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi;
const bearer = /\b(bearer)\s*<?[^\s",<>]+>?/gi;

/** Members of requests and answers whose values open something, or belong to a buyer. */
const secretMembers = new Set(['client_secret', 'clientSecret', 'access_token', 'developerPayload']);
const partlyShown = new Set([
  'purchaseToken',
  'linkedPurchaseToken',
  'purchaseId',
  'lastPurchaseId',
  'orderId',
]);

/** Learns what went through the calls of a run, and takes it out of every text of the report. */
export class Redaction {
  readonly #replacements = new Map<string, string>();
  #longestFirst: readonly [string, string][] | undefined;

  /** A text that opens something; `name` stands in its place. */
  addSecret(text: string, name: string): void {
    this.#add(text, `[${name}]`);
  }

  /** A text that names a purchase: its beginning and its end remain, so that it can be found again by whoever knows it. */
  addPartly(text: string): void {
    if (text.length >= 12) this.#add(text, `${text.slice(0, 8)}…${text.slice(-4)}`);
  }

  /** Learns from the members of whatever was sent or answered, however deep they stand. */
  learn(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (typeof member !== 'string') this.learn(member);
      else if (secretMembers.has(name)) this.addSecret(member, name);
      else if (partlyShown.has(name)) this.addPartly(member);
    }
  }

  text(text: string): string {
    let shown = text;
    this.#longestFirst ??= [...this.#replacements].sort(([a], [b]) => b.length - a.length);
    for (const [found, shownAs] of this.#longestFirst) shown = shown.replaceAll(found, shownAs);
    const redacted = shown.replaceAll(bearer, '$1 [access token]').replaceAll(uuid, '[uuid]');
    // what could steer a terminal is not written to one
    return redacted.replaceAll(/\p{C}/gu, '?');
  }

  #add(given: string, shownAs: string): void {
    const text = given.trim();
    if (text.length < shortestSecret || text === 'developerPayload') return;
    this.#longestFirst = undefined;
    for (const spelling of spellingsOf(text)) this.#replacements.set(spelling, shownAs);
  }
}

/** As it is, as an address, a form and JSON have it, and as a form is read in which a plus sign was not escaped. */
function spellingsOf(text: string): string[] {
  const wellFormed = text.toWellFormed();
  const form = new URLSearchParams({ '': wellFormed }).toString().slice(1);
  const escaped = [encodeURIComponent(wellFormed), form];
  const small = escaped.map((one) => one.replaceAll(/%../g, (sign) => sign.toLowerCase()));
  return [text, ...escaped, ...small, JSON.stringify(text).slice(1, -1), text.replaceAll('+', ' ')];
}
