// An app that sells a subscription and a monthly product, in a world of its own: what tests of both begin with.
import type { Answer, TestApp, TestServer } from '../server.ts';
import { expectStatus } from '../server.ts';

/** Noon in UTC on 15 January 2026, 21:00 in Korea. */
export const noon = Date.UTC(2026, 0, 15, 12);
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** An instant of Korean time on a day of 2026, `korea(2, 15, 10)` for 15 February 10:00:00. */
export function korea(month: number, day: number, hour: number, minute = 0, second = 0): number {
  return Date.UTC(2026, month - 1, day, hour - 9, minute, second);
}

/** The last second of a day of 2026 in Korea. */
export function endOf(month: number, day: number): number {
  return korea(month, day, 23, 59, 59);
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

export interface Subscribers {
  readonly app: TestApp;
  /** A call about the app, below `/apps/{clientId}`. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  put(productId: string, product: Record<string, unknown>): Promise<Answer>;
  /** Buys `pass` unless told otherwise. */
  buy(given?: Record<string, unknown>): Promise<Json>;
  /** Buys it and has the first payment acknowledged, so that the three days do not void it. */
  subscribe(given?: Record<string, unknown>): Promise<Json>;
  create(given: Record<string, unknown>): Promise<Answer>;
  step(purchaseToken: string, what: string, body?: unknown): Promise<Answer>;
  pay(purchaseToken: string, payment: Record<string, unknown>): Promise<Answer>;
  read(purchaseToken: string): Promise<Json>;
  /** What has happened under a token, in words of one. */
  happened(purchaseToken: string): Promise<string[]>;
  advance(by: string): Promise<Json>;
  advanceTo(to: number): Promise<Json>;
}

/** On real periods unless told otherwise; `pass` costs 9900 a month, with three days of grace, `monthly` 4400. */
export async function openSubscribers(
  server: TestServer,
  {
    calendar = 'commercial',
    ...options
  }: { calendar?: 'commercial' | 'sandbox'; [name: string]: unknown } = {},
): Promise<Subscribers> {
  const worldId = await server.world({ now: noon, calendar });
  const app = await server.app({ worldId, ...options });
  const call = (method: string, path: string, body?: unknown) =>
    server.control(method, `/apps/${app.clientId}${path}?worldId=${worldId}`, body);
  const put = (productId: string, product: Record<string, unknown>) =>
    call('PUT', `/products/${productId}`, { title: 'A product', currency: 'KRW', ...product });
  const create = (given: Record<string, unknown>) => call('POST', '/purchases', given);
  const read = async (purchaseToken: string) =>
    expectStatus(await call('GET', `/purchases/${purchaseToken}`), 200);
  const advance = async (body: unknown) =>
    expectStatus(await server.control('POST', `/worlds/${worldId}/clock/advance`, body), 200);
  const buy = async (given = {}) => expectStatus(await create({ productId: 'pass', ...given }), 201);
  const step = (purchaseToken: string, what: string, body?: unknown) =>
    call('POST', `/purchases/${purchaseToken}/${what}`, body);
  expectStatus(await put('pass', aPass()), 200);
  expectStatus(await put('monthly', { type: 'auto', price: '4400' }), 200);
  return {
    app,
    call,
    put,
    create,
    read,
    buy,
    subscribe: async (given) => {
      const { purchaseToken } = await buy(given);
      return expectStatus(await step(purchaseToken, 'acknowledge'), 200);
    },
    step,
    pay: (purchaseToken, payment) => call('PUT', `/purchases/${purchaseToken}/payment`, payment),
    happened: async (purchaseToken) =>
      (await read(purchaseToken)).history.map(({ what }: { what: string }) => what),
    advance: (by) => advance({ by }),
    advanceTo: (to) => advance({ to }),
  };
}

/** A subscription for 9900 a month with three days of grace, or with other terms. */
export function aPass(terms: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: 'subscription',
    price: '9900',
    subscription: { period: 'P1M', gracePeriod: 'P3D', ...terms },
  };
}
