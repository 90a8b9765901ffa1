// Where access tokens are kept for many processes: an interface for the user's own cache.

/** An access token and when it ends, epoch ms on the machine's clock. */
export interface StoredToken {
  accessToken: string;
  expiresAt: number;
}

/**
 * A cache that processes share, such as Redis or a table. It holds secrets: treat it like the place of a password. Where it
 * fails or hangs, the client asks the server instead; a store that is down stops no sale.
 */
export interface TokenStore {
  /** What was last set under this key, or nothing. Expired tokens may be answered; they are not used. */
  get(key: string): StoredToken | undefined | null | Promise<StoredToken | undefined | null>;
  /** Keeps a token, best no longer than until `expiresAt`. The key names host and client ID and holds no secret. */
  set(key: string, token: StoredToken): unknown;
}
