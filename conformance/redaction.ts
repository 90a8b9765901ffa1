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
    return shown.replaceAll(bearer, '$1 [access token]').replaceAll(uuid, '[uuid]');
  }

  #add(text: string, shownAs: string): void {
    if (text.length < shortestSecret || text === 'developerPayload') return;
    this.#longestFirst = undefined;
    // as it is, and as an address and a form have it
    for (const form of [text, text.isWellFormed() ? encodeURIComponent(text) : text]) {
      this.#replacements.set(form, shownAs);
    }
  }
}
