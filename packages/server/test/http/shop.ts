// One app of one seller in a world of its own, with a token: what nearly every test of the server API begins with.
import assert from 'node:assert/strict';
import { type ErrorCode, errorMessage, errors } from '@till/protocol/errors';
import type { Answer, CallOptions, TestApp, TestServer } from '../server.ts';

/** Noon in Korea on the last day of a long month: a month before it is no March day. */
export const noon = Date.UTC(2026, 2, 31, 3);
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export const succeeded = '{"result":{"code":"Success","message":"Request has been completed successfully."}}';

export interface Bought {
  purchaseToken: string;
  purchaseId: string;
  orderId: string;
  productId: string;
  purchaseTime: number;
}

export interface Shop {
  readonly server: TestServer;
  readonly app: TestApp;
  readonly token: string;
  /** A call with the shop's token, unless the options have another. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  buy(options?: Record<string, unknown>): Promise<Bought>;
  putProduct(productId: string): Promise<void>;
  change(change: Record<string, unknown>): Promise<void>;
  /** A call of the control API about the shop's app. */
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  details(purchase: Named, options?: CallOptions): Promise<Answer>;
  acknowledge(purchase: Named, options?: CallOptions): Promise<Answer>;
  consume(purchase: Named, options?: CallOptions): Promise<Answer>;
  voided(query?: Query, options?: CallOptions): Promise<Answer>;
  unconfirmed(query?: Query, options?: CallOptions): Promise<Answer>;
  void(purchase: Named): Promise<void>;
  advance(by: string): Promise<Answer>;
  /** Makes the purchase one of another product type, which cannot be bought by hand yet. */
  turnInto(type: 'auto' | 'subscription', purchase: Named): Promise<void>;
}

type Named = { productId: string; purchaseToken: string };
type Query = Record<string, string | number>;

/** A shop in a new world frozen at noon; `app` options name its market and so on. */
export async function openShop(server: TestServer, options: Record<string, unknown> = {}): Promise<Shop> {
  const worldId = await server.world({ now: noon });
  return shopOf(server, await server.app({ worldId, ...options }));
}

export async function shopOf(server: TestServer, app: TestApp): Promise<Shop> {
  const token = await server.token(app);
  const of = encodeURIComponent;
  const base = `/v7/apps/${of(app.clientId)}`;
  const call = (method: string, path: string, given: CallOptions = {}) =>
    server.call(method, path, { token, ...given });
  const product = (type: string, { productId, purchaseToken }: Named) =>
    `${base}/purchases/${type}/products/${of(productId)}/${of(purchaseToken)}`;
  const control = (method: string, path: string, body?: unknown) =>
    server.control(method, `/apps/${of(app.clientId)}${path}?worldId=${app.worldId}`, body);
  return {
    server,
    app,
    token,
    call,
    control,
    buy: (given) => server.buy(app, given),
    putProduct: async (productId) => {
      const product = { type: 'inapp', title: 'A product', price: '1100', currency: 'KRW' };
      assertStatus(await control('PUT', `/products/${of(productId)}`, product), 200);
    },
    change: async (change) => {
      assertStatus(await control('PATCH', '', change), 200);
    },
    details: (purchase, given) => call('GET', product('inapp', purchase), given),
    acknowledge: (purchase, given) => call('POST', `${product('all', purchase)}/acknowledge`, given),
    consume: (purchase, given) => call('POST', `${product('inapp', purchase)}/consume`, given),
    voided: (query = {}, given = {}) => call('GET', `${base}/voided-purchases`, { query, ...given }),
    unconfirmed: (query = {}, given = {}) =>
      call('GET', `${base}/unconfirmed-purchases`, { query, ...given }),
    void: async ({ purchaseToken }) => {
      assertStatus(await control('POST', `/purchases/${purchaseToken}/void`), 200);
    },
    advance: async (by) => {
      const answer = await server.advance(app.worldId, by);
      assertStatus(answer, 200);
      return answer;
    },
    turnInto: async (type, { purchaseToken }) => {
      const { database } = server.till.host;
      await database.run('update purchase set type = $1 where purchase_token = $2', [type, purchaseToken]);
    },
  };
}

export function assertStatus(answer: Answer, status: number): void {
  assert.equal(answer.status, status, answer.text);
}

/** The whole answer of a refusal: its status and every byte of its body. */
export function assertRefused(
  answer: { status: number; text: string },
  code: ErrorCode,
  fields: readonly string[] = [],
): void {
  const text = JSON.stringify({ error: { code, message: errorMessage(code, fields) } });
  assert.deepEqual({ status: answer.status, text: answer.text }, { status: errors[code].status, text });
}

export function assertSucceeded(answer: { status: number; text: string }): void {
  assert.deepEqual({ status: answer.status, text: answer.text }, { status: 200, text: succeeded });
}

export const inMarket = (market: string): CallOptions => ({ headers: { 'x-market-code': market } });
