// A subscription's life as a story: a clock that is set to local dates, people who act, and scenes that show it all.
import assert from 'node:assert/strict';
import { type Answer, expectStatus, refusal, type TestApp, type TestServer } from '../server.ts';

export interface Plan {
  type: 'auto' | 'subscription';
  /** Of a subscription: `{ period, freeTrial?, gracePeriod?, accountHold?, promotion?, pausable? }`. */
  terms?: Record<string, unknown>;
  /** Local date and time of the first payment. */
  bought: string;
  market?: 'MKT_ONE' | 'MKT_GLB';
  /** Where both kinds of notifications go. */
  told?: string;
}

/** What both APIs must tell at a point of the story. Dates are the market's own, `2026-02-15 10:00:00`. */
export interface Scene {
  state: 'active' | 'cancelScheduled' | 'grace' | 'hold' | 'paused' | 'expired' | 'revoked';
  until: string;
  nextPayment: string;
  /** The first is 1. */
  payments: number;
  /** All that was paid and not given back, in won. */
  paid: number;
  /** What happened since the scene before, `date time sentence`. */
  told?: readonly string[];
  entitled?: boolean;
  paymentState?: 0 | 1 | 2 | 3 | null;
  cancelled?: { at: string; reason: 0 | 1 };
  /** What the latest payment cost. */
  lastPrice?: number;
  nextPrice?: number;
  acknowledged?: boolean;
  lastVoided?: boolean;
  /** First and last second of a pause, and the payment that ends it. */
  pause?: { from: string; to: string; resumes: string };
  promotion?: { price: number; payments: number };
  /** A new price that was told: the day from which it applies, and until when it may be agreed to. */
  newPrice?: { seq: number; from: number; to: number; applies: string; agreed: boolean; until: string };
  /** The token of the subscription that this one took the place of. */
  linked?: string;
}

export const price = 9900;

/** Opens a world whose clock stands at the first payment, with one app and one product in it. */
export async function begin(server: TestServer, plan: Plan): Promise<Story> {
  const market = plan.market ?? 'MKT_ONE';
  const now = instantOf(market, plan.bought);
  const worldId = await server.world({ now, calendar: 'commercial' });
  const app = await server.app({ worldId, market });
  if (plan.told !== undefined) await sendTo(server, app, plan.told);
  const story = new Story(server, app, market, plan, await server.token(app));
  await story.sells(String(price), plan.terms);
  return story;
}

/** Both kinds of notifications of an app go there. */
export async function sendTo(server: TestServer, { clientId, worldId }: TestApp, url: string): Promise<void> {
  const path = `/apps/${clientId}/notification-urls?worldId=${worldId}`;
  expectStatus(await server.control('PUT', path, { payment: url, subscription: url }), 200);
}

export class Story {
  purchaseToken = '';
  readonly #server: TestServer;
  readonly #app: TestApp;
  readonly #market: 'MKT_ONE' | 'MKT_GLB';
  readonly #plan: Plan;
  readonly #token: string;
  readonly #productId: string;
  #start = '';
  #toldCount = 0;

  constructor(
    server: TestServer,
    app: TestApp,
    market: 'MKT_ONE' | 'MKT_GLB',
    plan: Plan,
    token: string,
    productId = 'story',
  ) {
    this.#productId = productId;
    this.#server = server;
    this.#app = app;
    this.#market = market;
    this.#plan = plan;
    this.#token = token;
  }

  get app(): TestApp {
    return this.#app;
  }

  /** The product costs this and promises these terms to whoever buys it from now on. */
  async sells(amount: string, terms?: Record<string, unknown>, productId = 'story'): Promise<void> {
    const { clientId, worldId } = this.#app;
    const product = { type: this.#plan.type, title: 'A story', price: amount, currency: 'KRW' };
    const promised = terms === undefined ? {} : { subscription: terms };
    const path = `/apps/${clientId}/products/${productId}?worldId=${worldId}`;
    expectStatus(await this.#server.control('PUT', path, { ...product, ...promised }), 200);
  }

  /** The price changes for running subscribers too, in time. */
  async changesPrice(amount: string): Promise<void> {
    const { clientId, worldId } = this.#app;
    const path = `/apps/${clientId}/products/${this.#productId}/price?worldId=${worldId}`;
    expectStatus(await this.#server.control('POST', path, { price: amount }), 200);
  }

  /** The buyer wants another product instead. */
  changesTo(productId: string, mode: string, payment: Record<string, string> = {}): Promise<Answer> {
    const { clientId, worldId } = this.#app;
    const replaces = { purchaseToken: this.purchaseToken, mode };
    const body = { productId, buyerId: 'reader', payment, replaces };
    return this.#server.control('POST', `/apps/${clientId}/purchases?worldId=${worldId}`, body);
  }

  /** The subscription of this product that took this one's place: a story of its own, from its beginning. */
  async sequel(productId: string): Promise<Story> {
    const { clientId, worldId } = this.#app;
    const path = `/apps/${clientId}/purchases?worldId=${worldId}`;
    const { items } = expectStatus(await this.#server.control('GET', path), 200);
    const found = items.filter((item: { productId: string }) => item.productId === productId);
    assert.equal(found.length, 1, 'one payment of it so far');
    const next = new Story(this.#server, this.#app, this.#market, this.#plan, this.#token, productId);
    next.purchaseToken = found[0].purchaseToken;
    next.#start = localOf(this.#market, found[0].purchaseTime);
    return next;
  }

  /** The buyer pays for the first time, and the developer's server acknowledges it unless it sleeps. */
  async buys({ acknowledge = true } = {}): Promise<void> {
    const { purchaseToken, purchaseTime } = expectStatus(await this.triesToBuy(), 201);
    this.purchaseToken = purchaseToken;
    this.#start = localOf(this.#market, purchaseTime);
    this.#toldCount = 0;
    if (acknowledge) expectStatus(await this.acknowledges(), 200);
  }

  acknowledges(): Promise<Answer> {
    const { clientId } = this.#app;
    const path = `/v7/apps/${clientId}/purchases/all/products/${this.#productId}/${this.purchaseToken}/acknowledge`;
    return this.#call('POST', path);
  }

  triesToBuy(payment: Record<string, string> = {}): Promise<Answer> {
    const path = `/apps/${this.#app.clientId}/purchases?worldId=${this.#app.worldId}`;
    return this.#server.control('POST', path, { productId: 'story', buyerId: 'reader', payment });
  }

  /** The clock moves on to a local date and time, and everything that falls due happens. */
  async comes(date: string): Promise<void> {
    const path = `/worlds/${this.#app.worldId}/clock/advance`;
    expectStatus(await this.#server.control('POST', path, { to: instantOf(this.#market, date) }), 200);
  }

  /** `cancel`, `reactivate` and `defer` through the server API. */
  developer(action: 'cancel' | 'reactivate' | 'defer', body?: unknown): Promise<Answer> {
    return this.#call('POST', `${this.#detailPath()}/${action}`, body);
  }

  /** What the buyer does in the store app, and the operator in the developer centre. */
  async hand(
    action: 'cancel' | 'reactivate' | 'void' | 'payment' | 'pause' | 'resume' | 'price-consent',
    body?: unknown,
  ): Promise<Answer> {
    const method = action === 'payment' ? 'PUT' : 'POST';
    return this.#server.control(method, this.#controlPath(`/${action}`), body);
  }

  /** From now on the buyer's payments are answered so. */
  async pays(outcome: 'approve' | 'decline' | 'timeout', method = 'CREDITCARD'): Promise<void> {
    expectStatus(await this.hand('payment', { method, outcome }), 200);
  }

  /** The list of voided purchases, as the developer's server polls it. */
  async voidedIds(): Promise<string[]> {
    const answer = await this.#call('GET', `/v7/apps/${this.#app.clientId}/voided-purchases`);
    return expectStatus(answer, 200).voidedPurchaseList.map(
      ({ purchaseId }: { purchaseId: string }) => purchaseId,
    );
  }

  /** Everything that is told about it now is as the scene says. */
  async shows(scene: Scene): Promise<void> {
    const told = expectStatus(await this.#server.control('GET', this.#controlPath()), 200);
    const payments = paymentsOf(told.history);
    assert.equal(payments.length, scene.payments, 'payments');
    assert.deepEqual(await this.#listedPayments(), payments, 'each payment is a purchase under the token');
    const { state, autoRenewing, expiryTime, nextPaymentTime, paymentCount } = told.subscription;
    const usable = scene.state === 'active' || scene.state === 'cancelScheduled' || scene.state === 'grace';
    assert.deepEqual(
      { state, paymentCount, until: this.#local(expiryTime), nextPayment: this.#local(nextPaymentTime) },
      {
        state: scene.state,
        paymentCount: scene.payments,
        until: scene.until,
        nextPayment: scene.nextPayment,
      },
    );
    assert.equal(told.entitled, scene.entitled ?? usable, 'entitled');
    assert.equal(autoRenewing, renews(scene));
    assert.equal(told.purchaseId, payments.at(-1), 'the purchase shown is the latest payment');
    this.#checkHistory(told.history, scene);
    assert.deepEqual(
      expectStatus(await this.#call('GET', this.#detailPath()), 200),
      this.#plan.type === 'auto' ? this.#monthlyDetail(scene, payments) : this.#detail(scene, payments),
    );
  }

  #checkHistory(history: HistoryEntry[], { told = [], paid }: Scene): void {
    const since = history.slice(this.#toldCount);
    assert.deepEqual(
      since.map(({ at, text }) => `${this.#local(at)} ${text}`),
      told,
    );
    this.#toldCount = history.length;
    const moved = history.reduce((sum, { amount }) => sum + Number(amount), 0);
    assert.equal(moved, paid, 'the sum of the ledger');
  }

  #detail(scene: Scene, payments: readonly string[]): Record<string, unknown> {
    const { cancelled, pause, promotion } = scene;
    const { lastPrice: last = price, nextPrice: next = price } = scene;
    const unpaid = scene.state === 'grace' || scene.state === 'hold' || scene.state === 'paused';
    const ended = scene.state === 'expired' || scene.state === 'revoked';
    return {
      acknowledgementState: scene.acknowledged === false ? 0 : 1,
      autoRenewing: renews(scene),
      paymentState: scene.paymentState === undefined ? (ended ? null : unpaid ? 0 : 1) : scene.paymentState,
      lastPurchaseId: payments.at(-1),
      linkedPurchaseToken: scene.linked ?? null,
      priceAmount: String(last),
      priceAmountMicros: last * 1_000_000,
      nextPriceAmount: String(next),
      nextPriceAmountMicros: next * 1_000_000,
      nextPaymentTimeMillis: this.#instant(scene.nextPayment),
      pauseStartTimeMillis: pause === undefined ? null : this.#instant(pause.from),
      pauseEndTimeMillis: pause === undefined ? null : this.#instant(pause.to),
      priceCurrencyCode: 'KRW',
      countryCode: 'KR',
      startTimeMillis: this.#instant(this.#start),
      expiryTimeMillis: this.#instant(scene.until),
      autoResumeTimeMillis: pause === undefined ? null : this.#instant(pause.resumes),
      cancelledTimeMillis: cancelled === undefined ? null : this.#instant(cancelled.at),
      cancelReason: cancelled?.reason ?? null,
      promotionPrice:
        promotion === undefined
          ? null
          : {
              promotionPrice: String(promotion.price),
              promotionPriceMicros: promotion.price * 1_000_000,
              promotionPeriod: promotion.payments,
            },
      priceChange: this.#newPrice(scene.newPrice),
    };
  }

  #newPrice(told: Scene['newPrice']): Record<string, unknown> | null {
    if (told === undefined) return null;
    return {
      seq: told.seq,
      previousPrice: String(told.from),
      previousPriceMicros: told.from * 1_000_000,
      newPrice: String(told.to),
      newPriceMicros: told.to * 1_000_000,
      applyTimeMillis: this.#instant(told.applies),
      agreement: told.agreed,
      agreementDueDateTimeMillis: this.#instant(told.until),
    };
  }

  #monthlyDetail(scene: Scene, payments: readonly string[]): Record<string, unknown> {
    const { cancelled } = scene;
    return {
      startTime: this.#instant(this.#start),
      expiryTime: this.#instant(scene.until),
      nextPaymentTime: this.#instant(scene.nextPayment),
      autoRenewing: renews(scene),
      cancelReason: cancelled?.reason ?? null,
      cancelledTime: cancelled === undefined ? null : this.#instant(cancelled.at),
      acknowledgeState: scene.acknowledged === false ? 0 : 1,
      lastPurchaseId: payments.at(-1),
      lastPurchaseState: scene.lastVoided === true ? 1 : 0,
    };
  }

  /** As they are listed, the oldest first. */
  async #listedPayments(): Promise<string[]> {
    const { clientId, worldId } = this.#app;
    const path = `/apps/${clientId}/purchases?worldId=${worldId}&q=${this.purchaseToken}`;
    const { items } = expectStatus(await this.#server.control('GET', path), 200);
    return items.map(({ purchaseId }: { purchaseId: string }) => purchaseId).reverse();
  }

  #detailPath(): string {
    const { clientId } = this.#app;
    return `/v7/apps/${clientId}/purchases/${this.#plan.type}/products/${this.#productId}/${this.purchaseToken}`;
  }

  #controlPath(action = ''): string {
    const { clientId, worldId } = this.#app;
    return `/apps/${clientId}/purchases/${this.purchaseToken}${action}?worldId=${worldId}`;
  }

  #call(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { 'x-market-code': this.#market };
    return this.#server.call(method, path, { token: this.#token, headers, body });
  }

  #local(at: number): string {
    return localOf(this.#market, at);
  }

  #instant(date: string): number {
    return instantOf(this.#market, date);
  }
}

interface HistoryEntry {
  at: number;
  what: string;
  purchaseId: string;
  amount: string;
  text: string;
}

/** Refused with this status and code, because of these fields. */
export function assertRefused(answer: Answer, status: number, code: string, ...names: string[]): void {
  assert.deepEqual(refusal(answer), [status, code, ...names]);
}

/** The same sentence at the same time on so many days in a row. */
export function daily(first: string, count: number, sentence: string): string[] {
  const [date = '', time = ''] = first.split(' ');
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(Date.parse(`${date}T00:00:00Z`) + index * 86_400_000);
    return `${day.toISOString().slice(0, 10)} ${time} ${sentence}`;
  });
}

const paying = new Set(['purchased', 'renewed', 'recovered', 'resumed', 'switched']);

function paymentsOf(history: readonly HistoryEntry[]): string[] {
  return history.filter(({ what }) => paying.has(what)).map(({ purchaseId }) => purchaseId);
}

function renews({ state }: Scene): boolean {
  return state === 'active' || state === 'grace' || state === 'hold' || state === 'paused';
}

const offsetsMs = { MKT_ONE: 9 * 3_600_000, MKT_GLB: 0 };

function instantOf(market: keyof typeof offsetsMs, date: string): number {
  return Date.parse(`${date.replace(' ', 'T')}Z`) - offsetsMs[market];
}

function localOf(market: keyof typeof offsetsMs, at: number): string {
  const text = new Date(at + offsetsMs[market]).toISOString().replace('T', ' ').replace('Z', '');
  return text.replace('.000', '');
}
