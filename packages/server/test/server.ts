// A running Till for tests: a real server on a free port over a fresh database, and short ways to call it.
import { pino } from 'pino';
import type { Gateway } from '../src/host/host.ts';
import type { Settings } from '../src/settings.ts';
import { readSettings } from '../src/settings.ts';
import { createTill, type Parts, type Till } from '../src/till.ts';
import type { TestDatabase } from './databases.ts';
import { checkDocumented } from './documented.ts';
import { SeenSecrets } from './secrets.ts';

export const controlKey = 'a-control-key-of-tests-0123456789abcdef';

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
  body: any;
  text: string;
}

export interface CallOptions {
  token?: string | undefined;
  headers?: Record<string, string>;
  /** An object is sent as JSON with its content type, a string as it is, without one. */
  body?: unknown;
  query?: Record<string, string | number>;
}

export interface TestApp {
  clientId: string;
  clientSecret: string;
  licenseKey: string;
  packageName: string;
  worldId: string;
}

export interface TestServer {
  readonly till: Till;
  readonly url: string;
  /** Everything the server logged, line by line; `stop` searches it for the secrets that went through here. */
  readonly logged: string[];
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** A call of the control API, below `/control/v1`, with the key. */
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  /** A new world, frozen at `now` unless told otherwise. */
  world(options?: {
    now?: number;
    frozen?: boolean;
    rate?: number;
    [name: string]: unknown;
  }): Promise<string>;
  /** A new app in a world with one product `product01` at 1100 KRW. */
  app(options?: { worldId?: string; [name: string]: unknown }): Promise<TestApp>;
  /** An access token through the token call. */
  token(app: { clientId: string; clientSecret: string }): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  buy(app: { clientId: string; worldId: string }, options?: Record<string, unknown>): Promise<any>;
  advance(worldId: string, by: string): Promise<Answer>;
  /** Ends it, and throws a `Leak` where its log, its metrics or its audit holds a secret that it saw. */
  stop(): Promise<void>;
}

/** A payment gateway outside of Till that takes whatever it is asked for. */
export const approvingGateway: Gateway = { takesMoney: true, ask: async () => 'approved' };

/** The commercial environment has no gateway of its own; a test that cares gives another. */
function partsFor({ environment }: Partial<Settings>, parts: Parts): Parts {
  return environment === 'commercial' ? { gateway: approvingGateway, ...parts } : parts;
}

/** Starts a server on a fresh database; `reopen` a stopped one's database by giving its `databaseUrl`. */
export async function startServer(
  database: TestDatabase | { url: string },
  settings: Partial<Settings> = {},
  parts: Parts = {},
): Promise<TestServer> {
  const opened = 'open' in database ? await database.open() : { url: database.url, drop: async () => {} };
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const base = readSettings(['--port', '0', '--control-key', controlKey, '--database-url', opened.url], {});
  const till = await createTill(
    { ...base, controlPort: 0, ...settings },
    { log, ...partsFor(settings, parts) },
  );
  const seen = new SeenSecrets();
  const key = settings.controlKey ?? controlKey;
  seen.addSecret(key);
  const watched = async (base: string, method: string, path: string, options: CallOptions) => {
    const answer = await send(base, method, path, options);
    seen.see(path, options, answer);
    return answer;
  };
  const call = (method: string, path: string, options: CallOptions = {}) =>
    watched(till.url, method, path, options);
  const control = (method: string, path: string, body?: unknown) =>
    watched(till.controlUrl, method, `/control/v1${path}`, {
      body,
      headers: { authorization: `Bearer ${key}` },
    });
  const server: TestServer = {
    till,
    url: till.url,
    logged,
    call,
    control,
    world: async ({ now, frozen = true, rate = 1, ...rest } = {}) => {
      const clock = now === undefined ? { frozen, rate } : { now, frozen, rate };
      return expectStatus(await control('POST', '/worlds', { clock, ...rest }), 201).worldId;
    },
    app: async (options = {}) => {
      const app = expectStatus(await control('POST', '/apps', options), 201);
      await putProduct(control, app, 'product01');
      return app;
    },
    token: async ({ clientId, clientSecret }) => {
      const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const body = new URLSearchParams(form).toString();
      return expectStatus(await call('POST', '/v7/oauth/token', { headers, body }), 200).access_token;
    },
    buy: async ({ clientId, worldId }, options = {}) => {
      const path = `/apps/${clientId}/purchases?worldId=${worldId}`;
      return expectStatus(await control('POST', path, { productId: 'product01', ...options }), 201);
    },
    advance: (worldId, by) => control('POST', `/worlds/${worldId}/clock/advance`, { by }),
    stop: async () => {
      const told = await toldAfterwards(till.controlUrl, key, seen.afterwards());
      await till.stop();
      await opened.drop();
      seen.check('the log', logged.join(''), 'allAndTokens');
      for (const [path, text] of told)
        seen.check(path, text, path === '/metrics' ? 'allAndTokens' : 'secrets');
    },
  };
  return server;
}

/** What the running server tells of the calls it had; nothing where it is stopped, or broken as its test wanted it. */
async function toldAfterwards(
  base: string,
  key: string,
  paths: readonly string[],
): Promise<[path: string, text: string][]> {
  const told: [string, string][] = [];
  for (const path of paths) {
    const headers = { authorization: `Bearer ${key}` };
    const answer = await fetch(`${base}${path}`, { headers, signal: AbortSignal.timeout(20_000) })
      .then(async (given) => ({ status: given.status, text: await given.text() }))
      .catch(() => {});
    if (answer === undefined) return told;
    if (answer.status === 200) told.push([path, answer.text]);
  }
  return told;
}

/** What a refusal told: its status, its code, then the names of its fields. */
export function refusal({ status, body }: Answer): [number, string, ...string[]] {
  return [status, body?.error?.code, ...(body?.error?.fields ?? [])];
}

async function putProduct(
  control: TestServer['control'],
  app: { clientId: string; worldId: string },
  productId: string,
): Promise<void> {
  const path = `/apps/${app.clientId}/products/${productId}?worldId=${app.worldId}`;
  const product = { type: 'inapp', title: 'A product', price: '1100', currency: 'KRW' };
  expectStatus(await control('PUT', path, product), 200);
}

async function send(base: string, method: string, path: string, options: CallOptions): Promise<Answer> {
  const { token, body, query = {} } = options;
  const headers: Record<string, string> = { ...options.headers };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body !== undefined && typeof body !== 'string') headers['content-type'] ??= 'application/json';
  const parameters = new URLSearchParams(
    Object.entries(query).map(([name, value]) => [name, String(value)] as [string, string]),
  );
  const search = parameters.size === 0 ? '' : `?${parameters}`;
  const response = await fetch(`${base}${path}${search}`, {
    method,
    headers,
    redirect: 'manual',
    // as bytes: fetch would give a text a content type of its own
    ...(body === undefined
      ? {}
      : { body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }),
  });
  const text = await response.text();
  const answer = { status: response.status, headers: response.headers, body: parse(text), text };
  checkDocumented(method, path, answer);
  return answer;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The body of an answer that must have this status. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export function expectStatus(answer: Answer, status: number): any {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${answer.text}`);
  return answer.body;
}
