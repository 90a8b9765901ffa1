// A documented request, sent to an app of its own on a running server, and how its answer is judged.
import assert from 'node:assert/strict';
import { type Answer, expectStatus, type TestApp, type TestServer } from '../packages/server/test/server.ts';

export interface Vector {
  id: string;
  operation: string;
  request: {
    method: string;
    path: string;
    headers: Record<string, string>;
    query?: Record<string, string>;
    json?: { developerPayload?: string };
    text?: string;
  };
  response: { status: number | null; json: unknown };
  compare: string;
  /** Members of a printed type that may be `null` all the same. */
  nullable?: readonly string[];
}

/** The values that the documents' call sample has; the token of a purchase is the server's to choose. */
export const documented = {
  clientId: 'com.onestore.game.goindol',
  productId: 'product01',
  purchaseToken: 'SANDBOXT000120004476',
};
const documentedToken = /680b3621-1234-1234-1234-8adfaef561b4|680b3512-1253-5642-1263-8adjbf651nb/;

/** An app of its own for one vector, in the market that the request names. */
export interface Scene {
  server: TestServer;
  app: TestApp;
  vector: Vector;
  buy(
    options?: Record<string, unknown>,
  ): Promise<{ productId: string; purchaseToken: string; purchaseId: string }>;
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  waitAnHour(): void;
}

/** In a world of its own; `world` says what is special about it. */
export async function openScene(
  server: TestServer,
  vector: Vector,
  waitAnHour: () => void,
  world: Record<string, unknown> = {},
): Promise<Scene> {
  const market = vector.request.headers['x-market-code'] ?? 'MKT_ONE';
  const { clientId } = documented;
  const app = await server.app({ worldId: await server.world(world), clientId, market });
  return {
    server,
    app,
    vector,
    waitAnHour,
    buy: (options) => server.buy(app, options),
    control: (method, path, body) =>
      server.control(method, `/apps/${clientId}${path}?worldId=${app.worldId}`, body),
  };
}

/** Makes the documented product one that is paid again and again. */
export async function sellRecurring(
  { control }: Scene,
  product: { type: 'auto' | 'subscription'; price: string; subscription?: Record<string, unknown> },
): Promise<void> {
  const path = `/products/${documented.productId}`;
  expectStatus(await control('DELETE', path), 204);
  expectStatus(await control('PUT', path, { title: 'A product', currency: 'KRW', ...product }), 200);
}

/** `named` fills the other places of the path. */
export function send(
  { server, app, vector }: Scene,
  token: string,
  purchaseToken: string,
  named: Record<string, string> = {},
): Promise<Answer> {
  const { method, path, headers, query = {}, json, text } = vector.request;
  const values: Record<string, string> = { ...documented, clientId: app.clientId, purchaseToken, ...named };
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(values[name])));
  const sent = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      value.replace(documentedToken, token),
    ]),
  );
  const body = text ?? json;
  return server.call(method, filled, { headers: sent, query, ...(body === undefined ? {} : { body }) });
}

/**
 * The same members, each of the printed JSON type; what a list's first row has, every row has. Members named in
 * `nullable` may be `null` where the documents print a value.
 */
export function assertShape(
  actual: unknown,
  printed: unknown,
  nullable: readonly string[] = [],
  path = 'body',
): void {
  assert.equal(kindOf(actual), kindOf(printed), path);
  if (Array.isArray(actual) && Array.isArray(printed)) {
    assert.ok(actual.length > 0, `${path} is empty`);
    for (const [index, row] of actual.entries()) assertShape(row, printed[0], nullable, `${path}[${index}]`);
  } else if (typeof actual === 'object' && actual !== null) {
    const [is, should] = [actual as Record<string, unknown>, printed as Record<string, unknown>];
    const names = Object.keys(should).filter((name) => name !== 'continuationKey' || name in is);
    assert.deepEqual(Object.keys(is).sort(), names.sort(), path);
    for (const name of names) {
      if (is[name] === null && nullable.includes(name)) continue;
      assertShape(is[name], should[name], nullable, `${path}.${name}`);
    }
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (Number.isInteger(value)) return 'integer';
  return value === null ? 'null' : typeof value;
}
