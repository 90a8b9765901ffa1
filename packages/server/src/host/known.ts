// What a node remembers of tokens and apps, so that a request it has seen the like of begins without a read.
import type { AccessToken } from '../domain/access-token.ts';
import type { AppInWorld } from '../domain/app.ts';

/** A secret that was right, and the token that runs for it; `app` is the app as it was then. */
export interface KnownSecret {
  app: AppInWorld;
  /** When the secret ends, epoch ms of the machine's clock. */
  secretExpiresAt: number | null;
  accessToken: string;
  token: AccessToken;
}

interface KnownApp {
  app: AppInWorld;
  readAt: number;
}

/** Entries of each kind; the oldest goes when one more comes. */
const mostEntries = 20_000;

/**
 * Tokens never change, so they are kept until there are too many. Apps do: a change on this node is forgotten at
 * once, one on another node is seen after `boundMs` (0 where there is no other node: then there is no bound).
 * An app whose world has not the real clock is never remembered: its clock is read with each request.
 */
export class Known {
  readonly #boundMs: number;
  readonly #tokens = new Map<string, AccessToken>();
  readonly #apps = new Map<string, KnownApp>();
  readonly #secrets = new Map<string, KnownSecret>();
  /** Counts what was forgotten: what was read before is not remembered after. */
  version = 0;

  constructor(boundMs: number) {
    this.#boundMs = boundMs;
  }

  token(tokenHash: string): AccessToken | undefined {
    return this.#tokens.get(tokenHash);
  }

  app(appId: string, machineNow: number): AppInWorld | undefined {
    const known = this.#apps.get(appId);
    if (known === undefined) return undefined;
    if (this.#boundMs > 0 && machineNow - known.readAt >= this.#boundMs) return undefined;
    return known.app;
  }

  /** Only while the app is still known as it was when the secret was. */
  secret(clientId: string, secretHash: string, machineNow: number): KnownSecret | undefined {
    const known = this.#secrets.get(`${clientId}\n${secretHash}`);
    return known?.app === this.app(known?.app.app.appId ?? '', machineNow) ? known : undefined;
  }

  rememberToken(token: AccessToken): void {
    remember(this.#tokens, token.tokenHash, token);
  }

  /** `version` as it was before the app was read. */
  rememberApp(app: AppInWorld, machineNow: number, version: number): void {
    if (version !== this.version || !runsWithTheMachine(app)) return;
    remember(this.#apps, app.app.appId, { app, readAt: machineNow });
  }

  rememberSecret(clientId: string, secretHash: string, known: KnownSecret): void {
    remember(this.#secrets, `${clientId}\n${secretHash}`, known);
  }

  forgetApp(appId: string): void {
    this.version += 1;
    this.#apps.delete(appId);
  }

  /** A world has changed: its apps are found by walking over all, which is rare enough. */
  forgetWorld(worldId: string): void {
    this.version += 1;
    for (const [appId, { app }] of this.#apps) {
      if (app.app.worldId === worldId) this.#apps.delete(appId);
    }
  }
}

function runsWithTheMachine({ clock }: AppInWorld): boolean {
  return !clock.frozen && clock.rate === 1 && clock.at === clock.base;
}

function remember<T>(entries: Map<string, T>, key: string, value: T): void {
  if (entries.size >= mostEntries && !entries.has(key)) {
    const oldest = entries.keys().next().value;
    if (oldest !== undefined) entries.delete(oldest);
  }
  entries.set(key, value);
}
