// Fills a database for the measurements, by the store's own functions.
import { randomBytes } from 'node:crypto';
import type { Environment } from '@till/protocol/codes';
import type { App } from '../packages/server/src/domain/app.ts';
import { buy, type PurchaseOrder, voidPurchase } from '../packages/server/src/domain/purchase.ts';
import { secrets } from '../packages/server/src/host/machine.ts';
import { testKeyPair } from '../packages/server/src/host/test-key-pair.ts';
import { insertApp } from '../packages/server/src/store/apps.ts';
import { insertCredential } from '../packages/server/src/store/credentials.ts';
import type { Database, Query } from '../packages/server/src/store/database.ts';
import { putProduct } from '../packages/server/src/store/products.ts';
import { insertPurchase, insertReceipt } from '../packages/server/src/store/purchases.ts';
import { insertWorld } from '../packages/server/src/store/worlds.ts';

export const productId = 'product01';
const rowsAtOnce = 2_000;

/** 44 characters, another one for each app. */
export const clientSecretOf = (app: number) => Buffer.from(`bench${app}`.padEnd(32, '-')).toString('base64');
export const clientIdOf = (app: number) => `com.example.bench${app}`;
export const tokenOf = (app: number, number: number) =>
  `SANDBOXT${String(app).padStart(5, '0')}${String(number).padStart(7, '0')}`;

export interface Population {
  apps: number;
  purchasesPerApp: number;
  /** Bought by now, epoch ms. */
  at: number;
  voided?: boolean;
  /** The number of the first app. */
  firstApp?: number;
}

/** Makes apps with a product and purchases each. */
export async function seed(database: Database, population: Population): Promise<void> {
  const { apps, purchasesPerApp, at, voided = false, firstApp = 0 } = population;
  for (let app = firstApp; app < firstApp + apps; app++) {
    const made = appOf(app, at);
    await database.transaction(async (query) => {
      await insertApp(query, made);
      await insertCredential(query, made.appId, secrets.hash(clientSecretOf(app)), at);
      const product = { appId: made.appId, productId, type: 'inapp', title: 'A product' } as const;
      await putProduct(query, {
        ...product,
        priceMicros: 1_100_000_000,
        currency: 'KRW',
        terms: null,
        priceSeq: 0,
        priceChange: null,
        createdAt: at,
        rev: 1,
      });
    });
    for (let from = 0; from < purchasesPerApp; from += rowsAtOnce) {
      const until = Math.min(from + rowsAtOnce, purchasesPerApp);
      await database.transaction((query) => insertSome(query, made, app, { from, until, at, voided }));
    }
  }
}

async function insertSome(
  query: Query,
  app: App,
  number: number,
  range: { from: number; until: number; at: number; voided: boolean },
): Promise<void> {
  for (let index = range.from; index < range.until; index++) {
    const { purchase } = buy(orderOf(app, number, index, range.at), true);
    const stored = { ...purchase, entryCount: 1 };
    await insertReceipt(query, stored, { purchaseData: 'x'.repeat(300), signature: 'x'.repeat(344) });
    const given = { reason: null, cause: 'operator' } as const;
    const row = range.voided ? voidPurchase(stored, given, range.at - 1_000_000 + index).purchase : stored;
    await insertPurchase(query, row);
  }
}

function orderOf(app: App, number: number, index: number, at: number): PurchaseOrder {
  const purchaseToken = tokenOf(number, index);
  return {
    appId: app.appId,
    worldId: 'default',
    purchaseToken,
    purchaseId: purchaseToken.replace('SANDBOXT', 'SANDBOX3'),
    orderId: `ONESTORE7_${purchaseToken.slice(8).padStart(30, '0')}`,
    productId,
    type: 'inapp',
    market: 'MKT_ONE',
    country: 'KR',
    buyerId: `buyer-${number}-${index}`,
    quantity: 1,
    developerPayload: `order-${index}`,
    productName: null,
    priceMicros: 1_100_000_000,
    currency: 'KRW',
    paymentMethod: 'ONEPAY',
    purchaseTime: at,
  };
}

/** A world whose clock stands still. */
export async function insertBenchWorld(
  query: Query,
  { worldId, now, calendar }: { worldId: string; now: number; calendar: Environment },
): Promise<void> {
  const clock = { at: now, base: now, rate: 1, frozen: true, jumpedTo: now };
  const rest = { seed: null, drawnCount: 0, maintenance: false, createdAt: now, rev: 1 };
  await insertWorld(query, { worldId, clock, calendar, ...rest });
}

/** An app without products; tells its key. */
export async function insertBenchApp(
  query: Query,
  { number, at, worldId }: { number: number; at: number; worldId: string },
): Promise<string> {
  const app = { ...appOf(number, at), worldId };
  await insertApp(query, app);
  return app.appId;
}

function appOf(number: number, at: number): App {
  return {
    appId: `app-${number}-${randomBytes(4).toString('hex')}`,
    worldId: 'default',
    clientId: clientIdOf(number),
    packageName: clientIdOf(number),
    title: 'Bench',
    market: 'MKT_ONE',
    generation: 'v7',
    blocked: false,
    licenseKey: testKeyPair.licenseKey,
    signingKey: testKeyPair.signingKey,
    keyNumber: 0,
    nextKey: null,
    paymentUrl: null,
    subscriptionUrl: null,
    notificationVersion: '3.1.0',
    faulty: false,
    switches: {},
    tokenEpoch: 0,
    drawnCount: 0,
    createdAt: at,
    rev: 1,
  };
}
