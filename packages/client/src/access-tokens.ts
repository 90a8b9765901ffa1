// The access token of a client: asked for once however many calls wait, renewed in time, shared where there is a store.
import type { StoredToken, TokenStore } from './token-store.ts';

/** A token is renewed when less of its life remains (section 2.2). */
export const renewWithinMs = 600_000;
/** After a renewal failed, a token that still lives goes on for so long before the next try. */
const leaveAloneMs = 10_000;

export interface TokenSource {
  /** Under which name the store keeps it; holds no secret. */
  key: string;
  store: TokenStore | undefined;
  /** Asks the server. */
  ask(): Promise<{ accessToken: string; expiresIn: number }>;
  /** Bounds what the store may take, well within the deadline of a call. */
  bounded<T>(work: Promise<T>): Promise<T>;
  /** Told what went wrong without stopping anything. */
  warn(message: string, error: unknown): void;
  now?: () => number;
}

interface HeldToken extends StoredToken {
  renewAt: number;
}

export class AccessTokens {
  readonly #source: TokenSource;
  readonly #now: () => number;
  #held: HeldToken | undefined;
  #renewing: Promise<HeldToken> | undefined;
  #refused: string | undefined;

  constructor(source: TokenSource) {
    this.#source = source;
    this.#now = source.now ?? Date.now;
  }

  /** The token at hand, where it has enough life left: most calls find one and wait for nothing. */
  atHand(): string | undefined {
    const held = this.#held;
    if (held === undefined || held.accessToken === this.#refused) return undefined;
    return this.#now() < held.renewAt ? held.accessToken : undefined;
  }

  /** A token with enough life left. Where a renewal fails, the former one goes on while it lives. */
  async take(): Promise<string> {
    const atHand = this.atHand();
    if (atHand !== undefined) return atHand;
    const held = this.#held;
    if (held === undefined || held.accessToken === this.#refused) return (await this.#renew()).accessToken;
    try {
      return (await this.#renew()).accessToken;
    } catch (error) {
      if (this.#now() >= held.expiresAt) throw error;
      this.#source.warn('the access token could not be renewed and goes on while it lives', error);
      held.renewAt = Math.min(held.expiresAt, this.#now() + leaveAloneMs);
      return held.accessToken;
    }
  }

  /** Another token than the one that the server refused. */
  async replace(refused: string): Promise<string> {
    const held = this.#held;
    if (held !== undefined && held.accessToken !== refused) return held.accessToken;
    this.#refused = refused;
    return (await this.#renew()).accessToken;
  }

  /** Takes in a token that was asked for by other ways. */
  async keep(accessToken: string, expiresIn: number): Promise<void> {
    await this.#hold({ accessToken, expiresAt: this.#now() + expiresIn * 1000 });
  }

  #renew(): Promise<HeldToken> {
    this.#renewing ??= this.#fetch().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #fetch(): Promise<HeldToken> {
    const stored = await this.#stored();
    if (stored !== undefined) return this.#remember(stored);
    // the life counts from before the question, so that no token is taken for alive that is not
    const askedAt = this.#now();
    const { accessToken, expiresIn } = await this.#source.ask();
    return this.#hold({ accessToken, expiresAt: askedAt + expiresIn * 1000 });
  }

  /** What another process has put there, if it still counts. */
  async #stored(): Promise<StoredToken | undefined> {
    const { store, key, bounded, warn } = this.#source;
    if (store === undefined) return undefined;
    try {
      const found = await bounded(Promise.resolve(store.get(key)));
      const { accessToken, expiresAt } = found ?? {};
      if (typeof accessToken !== 'string' || typeof expiresAt !== 'number') return undefined;
      if (accessToken === this.#refused) return undefined;
      return expiresAt - this.#now() >= renewWithinMs ? { accessToken, expiresAt } : undefined;
    } catch (error) {
      warn('the token store could not be read', error);
      return undefined;
    }
  }

  async #hold(token: StoredToken): Promise<HeldToken> {
    const { store, key, bounded, warn } = this.#source;
    // what the server hands out again after it refused it counts once more: it would answer the same for ever
    if (token.accessToken === this.#refused) this.#refused = undefined;
    const held = this.#remember(token);
    try {
      await bounded(Promise.resolve(store?.set(key, token)));
    } catch (error) {
      warn('the token store could not be written', error);
    }
    return held;
  }

  /** A token that was short-lived from the start is used for half of its life instead of being asked for with every call. */
  #remember(token: StoredToken): HeldToken {
    const lifeMs = token.expiresAt - this.#now();
    const marginMs = lifeMs > renewWithinMs ? renewWithinMs : lifeMs / 2;
    this.#held = { ...token, renewAt: token.expiresAt - marginMs };
    return this.#held;
  }
}
