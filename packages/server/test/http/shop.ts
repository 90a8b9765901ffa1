// One app of one seller in a world of its own, with a token: what nearly every test of the server API begins with.
import assert from 'node:assert/strict';
import type { ProductType } from '@till/protocol/codes';
import { type ErrorCode, errorMessage, errors } from '@till/protocol/errors';
import type { Answer, CallOptions, TestApp, TestServer } from '../server.ts';

/** Noon in Korea on the last day of a long month: a month before it is no March day. */
export const noon = Date.UTC(2026, 2, 31, 3);
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

export const succeeded = '{"result":{"code":"Success","message":"Request has been completed successfully."}}';

export interface Bought {
  purchaseToken: string;
  purchaseId: string;
  orderId: string;
  productId: string;
  purchaseTime: number;
}

/** How long a subscription runs, what it costs at first, and what follows a payment that fails. */
export type Terms = Record<'period', string> &
  Partial<Record<'freeTrial' | 'gracePeriod' | 'accountHold', string>> & {
    promotion?: { price: string; cycles: number };
    pausable?: boolean;
  };

/** Calls about the token of a monthly product or of a subscription, by the path of its type. */
export interface Recurring {
  detail(purchase: Named, options?: CallOptions): Promise<Answer>;
  cancel(purchase: Named, options?: CallOptions): Promise<Answer>;
  reactivate(purchase: Named, options?: CallOptions): Promise<Answer>;
}

export interface Shop {
  readonly server: TestServer;
  readonly app: TestApp;
  readonly token: string;
  /** A call with the shop's token, unless the options have another. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  buy(options?: Record<string, unknown>): Promise<Bought>;
  /** Puts the monthly product `monthly01` and buys it. */
  buyMonthly(options?: Record<string, unknown>): Promise<Bought>;
  /** Puts the subscription `subscription01`, a weekly one unless `terms` say otherwise, and buys it. */
  subscribe(terms?: Partial<Terms>, options?: Record<string, unknown>): Promise<Bought>;
  /** Buys a product of this type. */
  buyA(type: ProductType, options?: Record<string, unknown>): Promise<Bought>;
  putProduct(productId: string, given?: Record<string, unknown>): Promise<void>;
  change(change: Record<string, unknown>): Promise<void>;
  /** A call of the control API about the shop's app. */
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  details(purchase: Named, options?: CallOptions): Promise<Answer>;
  acknowledge(purchase: Named, options?: CallOptions): Promise<Answer>;
  consume(purchase: Named, options?: CallOptions): Promise<Answer>;
  voided(query?: Query, options?: CallOptions): Promise<Answer>;
  unconfirmed(query?: Query, options?: CallOptions): Promise<Answer>;
  readonly monthly: Recurring;
  readonly subscription: Recurring;
  defer(purchase: Named, deferPeriod: unknown, options?: CallOptions): Promise<Answer>;
  /** The buyer pauses it for this span after the paid period. */
  pause(purchase: Named, span: string): Promise<void>;
  resume(purchase: Named): Promise<void>;
  /** Changes the price of a subscription for new buyers and for running ones. */
  changePrice(productId: string, price: string): Promise<void>;
  answerPrice(purchase: Named, agreed: boolean): Promise<void>;
  /** The buyer changes it for `subscription02`, at 900 won a week, with the next payment. */
  switchLater(purchase: Named): Promise<void>;
  void(purchase: Named): Promise<void>;
  /** How the next charges go: `approve`, `decline` or `timeout`. */
  pay(purchase: Named, outcome: string): Promise<void>;
  advance(by: string): Promise<Answer>;
  advanceTo(now: number): Promise<Answer>;
  /** Moves the frozen clock behind the server's back, as it stands when nothing has been carried out yet. */
  moveClock(now: number): Promise<void>;
  /** What happened to the purchase, in one word a step. */
  history(purchase: Named): Promise<string[]>;
}

export type Named = { productId: string; purchaseToken: string };
type Query = Record<string, string | number>;

/** A shop in a new world frozen at noon; `options` are the app's (its market and so on), `world` the world's. */
export async function openShop(
  server: TestServer,
  options: Record<string, unknown> = {},
  world: Record<string, unknown> = {},
): Promise<Shop> {
  const worldId = await server.world({ now: noon, ...world });
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
  const putProduct = async (productId: string, given: Record<string, unknown> = {}) => {
    const product = { type: 'inapp', title: 'A product', price: '1100', currency: 'KRW', ...given };
    assertStatus(await control('PUT', `/products/${of(productId)}`, product), 200);
  };
  const buy = (given?: Record<string, unknown>) => server.buy(app, given);
  const buyMonthly: Shop['buyMonthly'] = async (given) => {
    await putProduct('monthly01', { type: 'auto' });
    return buy({ productId: 'monthly01', ...given });
  };
  const subscribe: Shop['subscribe'] = async (terms, given) => {
    const subscription = { period: 'P1W', ...terms };
    await putProduct('subscription01', { type: 'subscription', price: '610', subscription });
    return buy({ productId: 'subscription01', ...given });
  };
  const recurring = (type: string): Recurring => ({
    detail: (purchase, given) => call('GET', product(type, purchase), given),
    cancel: (purchase, given) => call('POST', `${product(type, purchase)}/cancel`, given),
    reactivate: (purchase, given) => call('POST', `${product(type, purchase)}/reactivate`, given),
  });
  return {
    server,
    app,
    token,
    call,
    control,
    buy,
    buyMonthly,
    subscribe,
    buyA: (type, given) =>
      type === 'inapp' ? buy(given) : type === 'auto' ? buyMonthly(given) : subscribe({}, given),
    putProduct,
    change: async (change) => {
      assertStatus(await control('PATCH', '', change), 200);
    },
    details: (purchase, given) => call('GET', product('inapp', purchase), given),
    acknowledge: (purchase, given) => call('POST', `${product('all', purchase)}/acknowledge`, given),
    consume: (purchase, given) => call('POST', `${product('inapp', purchase)}/consume`, given),
    voided: (query = {}, given = {}) => call('GET', `${base}/voided-purchases`, { query, ...given }),
    unconfirmed: (query = {}, given = {}) =>
      call('GET', `${base}/unconfirmed-purchases`, { query, ...given }),
    monthly: recurring('auto'),
    subscription: recurring('subscription'),
    defer: (purchase, deferPeriod, given) =>
      call('POST', `${product('subscription', purchase)}/defer`, { body: { deferPeriod }, ...given }),
    pause: async ({ purchaseToken }, span) => {
      assertStatus(await control('POST', `/purchases/${purchaseToken}/pause`, { for: span }), 200);
    },
    resume: async ({ purchaseToken }) => {
      assertStatus(await control('POST', `/purchases/${purchaseToken}/resume`), 200);
    },
    changePrice: async (productId, price) => {
      assertStatus(await control('POST', `/products/${of(productId)}/price`, { price }), 200);
    },
    answerPrice: async ({ purchaseToken }, agreed) => {
      assertStatus(await control('POST', `/purchases/${purchaseToken}/price-consent`, { agreed }), 200);
    },
    switchLater: async ({ purchaseToken }) => {
      const product = { type: 'subscription', price: '900', subscription: { period: 'P1W' } };
      await putProduct('subscription02', product);
      const change = { productId: 'subscription02', replaces: { purchaseToken, mode: 'DEFERRED' } };
      assertStatus(await control('POST', '/purchases', change), 201);
    },
    void: async ({ purchaseToken }) => {
      assertStatus(await control('POST', `/purchases/${purchaseToken}/void`), 200);
    },
    pay: async ({ purchaseToken }, outcome) => {
      assertStatus(await control('PUT', `/purchases/${purchaseToken}/payment`, { outcome }), 200);
    },
    advance: async (by) => {
      const answer = await server.advance(app.worldId, by);
      assertStatus(answer, 200);
      return answer;
    },
    advanceTo: async (to) => {
      const answer = await server.control('POST', `/worlds/${app.worldId}/clock/advance`, { to });
      assertStatus(answer, 200);
      return answer;
    },
    moveClock: async (now) => {
      const { database } = server.till.host;
      const sql = 'update world set clock_at = $1, clock_jumped_to = $1 where world_id = $2';
      await database.run(sql, [now, app.worldId]);
    },
    history: async ({ purchaseToken }) => {
      const answer = await control('GET', `/purchases/${purchaseToken}`);
      assertStatus(answer, 200);
      return answer.body.history.map(({ what }: { what: string }) => what);
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
