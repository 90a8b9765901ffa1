// Things as the rules and the store hold them, with what a test does not care about filled in.
import type { App } from '../../src/domain/app.ts';
import type { Charge } from '../../src/domain/charge.ts';
import { monthlyTerms, type Product } from '../../src/domain/product.ts';
import { buy, type Purchase, type PurchaseOrder } from '../../src/domain/purchase.ts';
import type { Subscription } from '../../src/domain/subscription.ts';
import { subscribe } from '../../src/domain/subscription-begin.ts';
import type { World } from '../../src/domain/world.ts';

export const noon = Date.UTC(2026, 0, 15, 12);

/** An order whose names are made from `number`. */
export function anOrder({
  number = 1,
  ...given
}: Partial<PurchaseOrder> & { number?: number } = {}): PurchaseOrder {
  const digits = String(number).padStart(12, '0');
  return {
    appId: 'app',
    worldId: 'world',
    purchaseToken: `SANDBOXT${digits}`,
    purchaseId: `SANDBOX3${digits}`,
    orderId: `ONESTORE7_${digits.padStart(30, '0')}`,
    productId: 'product01',
    type: 'inapp',
    market: 'MKT_ONE',
    country: 'KR',
    buyerId: `buyer ${number}`,
    quantity: 1,
    developerPayload: null,
    productName: null,
    priceMicros: 1_100_000_000,
    currency: 'KRW',
    paymentMethod: 'ONEPAY',
    purchaseTime: noon,
    ...given,
  };
}

/** A purchase as it was bought, or with these members changed since. */
export function aPurchase({ number = 1, ...given }: Partial<Purchase> & { number?: number } = {}): Purchase {
  return { ...buy(anOrder({ ...given, number }), true).purchase, ...given };
}

/** A monthly subscription as it was bought, or with these members changed since. */
export function aSubscription({
  number = 1,
  ...given
}: Partial<Subscription> & { number?: number } = {}): Subscription {
  const order = {
    ...anOrder({ number, productId: 'pass' }),
    type: 'subscription',
    calendar: 'commercial',
    terms: { ...monthlyTerms, graceDays: 3, holdDays: 30 },
    priceSeq: 0,
  } as const;
  return { ...subscribe(order, true).subscription, ...given };
}

/** The charge of a renewal that has no answer yet, or with these members changed. */
export function aCharge(given: Partial<Charge> = {}): Charge {
  return {
    appId: 'app',
    purchaseToken: 'token',
    number: 1,
    kind: 'renewal',
    cycle: 1,
    purchaseId: null,
    amountMicros: 9_900_000_000,
    currency: 'KRW',
    paymentMethod: 'ONEPAY',
    outcome: 'approve',
    state: 'asked',
    unansweredCount: 0,
    askedAt: noon,
    answeredAt: null,
    askAgainAt: null,
    ...given,
  };
}

export function aWorld(given: Partial<World> = {}): World {
  return {
    worldId: 'world',
    clock: { at: noon, base: 0, rate: 1, frozen: true, jumpedTo: noon },
    calendar: 'sandbox',
    seed: null,
    drawnCount: 0,
    maintenance: false,
    createdAt: noon,
    rev: 1,
    ...given,
  };
}

export function anApp(given: Partial<App> = {}): App {
  const clientId = given.clientId ?? 'client';
  return {
    appId: 'app',
    worldId: 'world',
    clientId,
    packageName: clientId,
    title: 'An app',
    market: 'MKT_ONE',
    generation: 'v7',
    blocked: false,
    licenseKey: 'public half',
    signingKey: 'private half',
    keyNumber: 0,
    nextKey: null,
    paymentUrl: null,
    subscriptionUrl: null,
    notificationVersion: '3.1.0',
    faulty: false,
    switches: {},
    tokenEpoch: 0,
    drawnCount: 0,
    createdAt: noon,
    rev: 1,
    ...given,
  };
}

export function aProduct(given: Partial<Product> = {}): Product {
  return {
    appId: 'app',
    productId: 'product01',
    type: 'inapp',
    title: 'A product',
    priceMicros: 1_100_000_000,
    currency: 'KRW',
    terms: null,
    priceSeq: 0,
    priceChange: null,
    createdAt: noon,
    rev: 1,
    ...given,
  };
}
