// The secrets that a test server saw, and the search for them in what must not hold any: logs, errors, metrics, history, audit.
import type { Answer, CallOptions } from './server.ts';

/** Something that nobody may read was written where somebody does. */
export class Leak extends Error {
  override name = 'Leak';
}

/** Shorter texts could stand anywhere by chance. */
const shortest = 12;

/** Texts found by their beginning, so that a long log is searched once, however many they are. */
class Texts {
  readonly #byStart = new Map<string, Set<string>>();

  add(text: unknown): void {
    if (typeof text !== 'string' || text.length < shortest || new Set(text).size < 4) return;
    // a documented example has the member's own name for its value
    if (text === 'developerPayload') return;
    // as it is, as JSON has it, as an address has it
    const forms = [
      text,
      JSON.stringify(text).slice(1, -1),
      text.isWellFormed() ? encodeURIComponent(text) : text,
    ];
    for (const form of forms) {
      const start = form.slice(0, shortest);
      this.#byStart.set(start, (this.#byStart.get(start) ?? new Set()).add(form));
    }
  }

  foundIn(text: string): string | undefined {
    for (let at = 0; at + shortest <= text.length; at++) {
      const candidates = this.#byStart.get(text.slice(at, at + shortest));
      for (const candidate of candidates ?? []) if (text.startsWith(candidate, at)) return candidate;
    }
    return undefined;
  }
}

export class SeenSecrets {
  /** Client secrets, access tokens, control keys: to be found nowhere. */
  readonly #secrets = new Texts();
  /** What belongs to buyers and sellers: not for logs, metrics and errors. */
  readonly #payloads = new Texts();
  readonly #purchaseTokens = new Texts();
  readonly #requests = new Set<string>();
  #hasSeen = false;

  addSecret(text: unknown): void {
    this.#secrets.add(text);
  }

  /** Paths of what the control API tells afterwards of the calls that were seen; none where there were none. */
  afterwards(): string[] {
    if (!this.#hasSeen) return [];
    return ['/metrics', '/control/v1/audit?limit=1000', ...[...this.#requests].slice(-5)];
  }

  /** Learns from a call, and throws a `Leak` where its own answer tells too much. */
  see(path: string, options: CallOptions, answer: Answer): void {
    this.#hasSeen = true;
    this.#learn(options, answer);
    if (answer.status >= 400) this.check(`the error of ${path.split('?', 1)}`, answer.text);
    const { history } = answer.body ?? {};
    if (history !== undefined) this.check('the history of a purchase', JSON.stringify(history));
  }

  #learn({ token, body: sent, headers, query }: CallOptions, { status, body }: Answer): void {
    // what was refused opened nothing, and a test may have guessed it from anywhere
    if (status < 400) {
      this.#secrets.add(token);
      this.#secrets.add(headers?.authorization?.replace(/^Bearer /, ''));
      this.#secrets.add(query?.client_secret);
      if (typeof sent === 'string') this.#secrets.add(new URLSearchParams(sent).get('client_secret'));
    }
    this.#payloads.add((sent as { developerPayload?: unknown } | undefined)?.developerPayload);
    if (typeof body !== 'object' || body === null) return;
    this.#secrets.add(body.clientSecret);
    this.#secrets.add(body.access_token);
    this.#payloads.add(body.developerPayload);
    this.#payloads.add(body.signature);
    this.#purchaseTokens.add(body.purchaseToken);
    if (body.clientSecret !== undefined && body.clientId !== undefined) {
      const of = encodeURIComponent(body.clientId);
      this.#requests.add(`/control/v1/apps/${of}/requests?worldId=${body.worldId}`);
    }
  }

  /** Throws a `Leak` that says where, and shows no more than the surroundings. */
  check(where: string, text: string, kinds: 'secrets' | 'all' | 'allAndTokens' = 'all'): void {
    const sought = [this.#secrets];
    if (kinds !== 'secrets') sought.push(this.#payloads);
    if (kinds === 'allAndTokens') sought.push(this.#purchaseTokens);
    for (const texts of sought) {
      const found = texts.foundIn(text);
      if (found === undefined) continue;
      const at = text.indexOf(found);
      throw new Leak(`${where} holds ${found}: …${text.slice(Math.max(0, at - 200), at + 100)}…`);
    }
  }
}
