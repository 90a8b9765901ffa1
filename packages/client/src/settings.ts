// What a client is made with and what a call may set for itself, checked once and completed.
import {
  type Environment,
  type Generation,
  generations,
  type Market,
  marketCodes,
} from '@till/protocol/codes';
import { OneStoreInputError } from './errors.ts';
import type { TokenStore } from './token-store.ts';

/** As much of an `AbortSignal` as is used; any real one fits. */
export interface CallSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** What is handed to `fetch`. Redirects are never followed: they would carry a token to another host. */
export interface FetchRequest {
  method: string;
  headers: Record<string, string>;
  body?: string;
  redirect: 'manual';
  // biome-ignore lint/suspicious/noExplicitAny: an AbortSignal, whose name not every project's types know
  signal: any;
}

export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
  text(): Promise<string>;
}

/** The global `fetch`, or anything that answers like it. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchResponse>;

/** `console` is one. No detail holds a token, a secret or a purchase token. */
export interface Logger {
  debug?(message: string, details: Record<string, unknown>): void;
  warn?(message: string, details: Record<string, unknown>): void;
}

export interface OneStoreClientSettings<G extends Generation = Generation> {
  /** Client ID of the app, from the developer center; it fills the paths of V7. */
  clientId: string;
  clientSecret: string;
  /** The store's own hosts, or `{ baseUrl }` for any other server, a Till among them. */
  environment: Environment | { baseUrl: string };
  /** Sent as `x-market-code` with every call. Without it a call means `MKT_ONE`; global purchases need `MKT_GLB`. */
  market?: Market | undefined;
  /** The API generation; default `v7`. It decides which methods there are. */
  generation?: G | undefined;
  /** Fills the paths of V5 and V6; default the client ID, which it is for apps registered before 2025-03-20. */
  packageName?: string | undefined;
  /** How long one try may take, ms; default 10,000. */
  timeoutMs?: number | undefined;
  /** How long a call may take with all its tries and waits, ms; default 30,000. */
  deadlineMs?: number | undefined;
  /** How often a call is tried again; default 3. */
  maxRetries?: number | undefined;
  /** The wait before the first repetition, ms; it doubles with each, and half of it is left to chance. Default 200. */
  backoffMs?: number | undefined;
  /** What a reply of an undocumented shape does: `throw` a `OneStoreReplyError` (default), or `warn` in the log and pass. */
  unfitReplies?: 'throw' | 'warn' | undefined;
  fetch?: Fetch | undefined;
  logger?: Logger | undefined;
  /** Where access tokens are shared between processes; each client keeps its own otherwise. */
  tokenStore?: TokenStore | undefined;
  /** The store's time, epoch ms, by which the reach of lists is judged; default the machine's. A test's world has its own. */
  now?: (() => number) | undefined;
}

/** What one call sets for itself. */
export interface CallOptions {
  /** Ends the call, which then throws the signal's reason. */
  signal?: CallSignal | undefined;
  timeoutMs?: number | undefined;
  deadlineMs?: number | undefined;
  maxRetries?: number | undefined;
  market?: Market | undefined;
  /** Sent with actions. A Till carries the same key out once; the real store does not know it. 1 to 255 visible ASCII characters. */
  idempotencyKey?: string | undefined;
}

/** Hosts of section 1.2. Apps of the older hosts that call V7 there give `{ baseUrl }`. */
const hosts: Record<Environment, { v7: string; older: string }> = {
  commercial: { v7: 'https://iap-apis.onestore.net', older: 'https://apis.onestore.co.kr' },
  sandbox: { v7: 'https://sbpp.onestore.net', older: 'https://sbpp.onestore.co.kr' },
};

/** No timer waits longer. */
export const longestMs = 2 ** 31 - 1;

/** The settings with their defaults. */
export interface Completed {
  clientId: string;
  clientSecret: string;
  generation: Generation;
  /** Where paths are put after; without a slash at its end. */
  baseUrl: string;
  /** What the app's name in a path is. */
  appName: string;
  market: Market | undefined;
  timeoutMs: number;
  deadlineMs: number;
  maxRetries: number;
  backoffMs: number;
  unfitReplies: 'throw' | 'warn';
  fetch: Fetch;
  logger: Logger;
  tokenStore: TokenStore | undefined;
  now: () => number;
}

/** Throws a `OneStoreInputError` that names what does not fit. */
export function completed(given: OneStoreClientSettings): Completed {
  const { clientId, clientSecret, environment, generation = 'v7', packageName = clientId } = given;
  const baseUrl = baseUrlOf(environment, generation);
  const fields = [
    ...unfit('generation', generations.includes(generation)),
    ...unfit('environment', baseUrl !== undefined),
    ...unfit('clientId', isName(clientId)),
    ...unfit('clientSecret', isName(clientSecret)),
    ...unfit('packageName', isName(packageName)),
    ...unfitOptions(given),
  ];
  if (fields.length > 0 || baseUrl === undefined) {
    throw new OneStoreInputError(undefined, `settings that do not fit: ${fields.join(', ')}`, fields);
  }
  return {
    ...{ clientId, clientSecret, generation, baseUrl, market: given.market, tokenStore: given.tokenStore },
    appName: generation === 'v7' ? clientId : packageName,
    timeoutMs: given.timeoutMs ?? 10_000,
    deadlineMs: given.deadlineMs ?? 30_000,
    maxRetries: given.maxRetries ?? 3,
    backoffMs: given.backoffMs ?? 200,
    unfitReplies: given.unfitReplies ?? 'throw',
    // called on nothing, as some runtimes demand, and looked up late, so that one that is put in its place is used
    fetch: given.fetch ?? ((url, request) => globalThis.fetch(url, request)),
    logger: given.logger ?? {},
    now: given.now ?? Date.now,
  };
}

/** The names of the limits and the market that do not fit, of a client's settings or of one call. */
export function unfitOptions(options: CallOptions & { backoffMs?: number | undefined }): string[] {
  const { market, timeoutMs = 1, deadlineMs = 1, maxRetries = 0, backoffMs = 0 } = options;
  return [
    ...unfit('market', market === undefined || marketCodes.includes(market)),
    ...unfit('timeoutMs', timeoutMs > 0 && timeoutMs <= longestMs),
    ...unfit('deadlineMs', deadlineMs > 0 && deadlineMs <= longestMs),
    ...unfit('maxRetries', Number.isInteger(maxRetries) && maxRetries >= 0),
    ...unfit('backoffMs', backoffMs >= 0 && backoffMs <= longestMs),
  ];
}

function unfit(name: string, fits: boolean): string[] {
  return fits ? [] : [name];
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** Without a slash at its end; `undefined` where it is no address that paths can be put after. */
function baseUrlOf(
  environment: OneStoreClientSettings['environment'],
  generation: Generation,
): string | undefined {
  if (typeof environment === 'string') {
    return Object.hasOwn(hosts, environment)
      ? hosts[environment][generation === 'v7' ? 'v7' : 'older']
      : undefined;
  }
  const baseUrl = environment?.baseUrl;
  return isAddress(baseUrl) ? baseUrl.replace(/\/+$/, '') : undefined;
}

/** Something that paths can be put after. */
export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\/[^/?#@]+(\/[^?#]*)?$/.test(value) && URL.canParse(value);
}
