// createPurchase: a buyer buys a product in the store app.
import type { Market, PaymentMethod } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { mustBeAcknowledged } from '../../domain/app.ts';
import {
  type Draw,
  type PurchaseIdentifiers,
  purchaseIdentifiers,
  uuidText,
} from '../../domain/identifiers.ts';
import type { Product } from '../../domain/product.ts';
import { buy, type Change, type Purchase, paidMicros, settle } from '../../domain/purchase.ts';
import type { Receipt } from '../../domain/purchase-data.ts';
import type { Host } from '../../host/host.ts';
import { countPurchaseDraw, loadApp } from '../../store/apps.ts';
import { Conflict, type Query } from '../../store/database.ts';
import { appendEntries } from '../../store/ledger.ts';
import { loadProduct } from '../../store/products.ts';
import { insertPurchase, insertReceipt, loadOwned } from '../../store/purchases.ts';
import { type Call, findCall } from '../call.ts';
import { saveChange } from '../change-purchase.ts';
import { beforehand } from '../recorded.ts';
import { tellChange } from '../tell-change.ts';
import { type SignedPurchase, signedNow } from './read-purchase.ts';

export interface CreatePurchaseInput {
  clientId: string;
  worldId?: string;
  productId: string;
  buyerId?: string;
  quantity?: number;
  developerPayload?: string | null;
  productName?: string;
  payment?: { method?: PaymentMethod; outcome?: 'approve' | 'decline' | 'timeout' };
  market?: Market;
  country?: string;
  /** Only for the demo purchases, whose tokens are documented. */
  identifiers?: PurchaseIdentifiers;
}

/** How often IDs are drawn again because they are taken. */
const attempts = 20;

/**
 * Refusals: `NoSuchData` for an unknown product, `PaymentDeclined`, `InvalidState` where the buyer owns the item.
 * Signing happens before the transaction, which must not wait for anything but the database.
 */
export async function createPurchase(host: Host, input: CreatePurchaseInput): Promise<SignedPurchase> {
  pay(host, input.payment?.outcome);
  for (let attempt = 1; ; attempt++) {
    const call = await findCall(host, host.database, input);
    const product = await findProduct(host, call, input.productId);
    const draw = await drawFor(host, call);
    const bought = order(host, call, product, input, draw);
    const signed = await signedNow(host, call, bought.purchase);
    try {
      let settled: Change | undefined;
      await host.database.transaction(async (query) => {
        settled = await clearWay(query, call, bought.purchase);
        return store(query, bought, signed.receipt);
      });
      if (settled !== undefined) tellChange(host, call, settled);
      tellChange(host, call, bought);
      return signed;
    } catch (error) {
      if (!(error instanceof Conflict) || attempt === attempts) throw error;
      await refuseOwned(host.database, call, bought.purchase);
    }
  }
}

function pay(host: Host, outcome: 'approve' | 'decline' | 'timeout' | undefined): void {
  if (outcome === undefined) return;
  if (host.environment === 'commercial') {
    throw new Refusal('NotInCommercial', { fields: ['payment.outcome'] });
  }
  if (outcome === 'decline') throw new Refusal('PaymentDeclined');
  if (outcome === 'timeout') throw new Refusal('PaymentDeclined', { detail: 'the payment timed out' });
}

async function findProduct(host: Host, call: Call, productId: string): Promise<Product> {
  const product = await loadProduct(host.database, call.app.appId, productId);
  if (product === undefined) throw new Refusal('NoSuchData', { detail: 'no product has this productId' });
  return product;
}

function order(host: Host, call: Call, product: Product, input: CreatePurchaseInput, draw: Draw): Change {
  const { app, now } = call;
  const { type, productId, priceMicros, currency } = product;
  const quantity = input.quantity ?? 1;
  if (!Number.isSafeInteger(paidMicros({ priceMicros, quantity }))) {
    throw new Refusal('InvalidRequest', { fields: ['quantity'], detail: 'the amount is too large' });
  }
  const { environment } = host;
  const names = input.identifiers ?? purchaseIdentifiers({ environment, at: now, type }, draw);
  const ordered = {
    ...names,
    appId: app.appId,
    worldId: app.worldId,
    productId,
    type,
    market: input.market ?? app.market,
    country: input.country ?? 'KR',
    buyerId: input.buyerId ?? `buyer-${uuidText(draw(16))}`,
    quantity,
    developerPayload: input.developerPayload || null,
    productName: input.productName ?? null,
    priceMicros,
    currency,
    paymentMethod: input.payment?.method ?? ('ONEPAY' as const),
    purchaseTime: now,
  };
  return buy(ordered, mustBeAcknowledged(app));
}

/** A seeded world's next names, counted first, so that no two purchases are ever drawn the same ones. */
async function drawFor(host: Host, { app, seed }: Call): Promise<Draw> {
  if (seed === null) return host.random;
  const { database } = beforehand(host);
  const count = await database.transaction((query) => countPurchaseDraw(query, app.appId));
  return host.seeded(seed, `purchase ${app.clientId} ${count}`);
}

/** Returns the purchase, by which the record of the call names it. */
async function store(query: Query, { purchase, entries }: Change, receipt: Receipt): Promise<Purchase> {
  await insertPurchase(query, { ...purchase, entryCount: entries.length });
  await insertReceipt(query, purchase, receipt);
  await appendEntries(query, purchase, 0, entries);
  return purchase;
}

/** Refuses what stands in the way; answers the void of the item's former purchase, where that is overdue. */
async function clearWay(
  query: Query,
  call: Call,
  { appId, buyerId, productId }: Purchase,
): Promise<Change | undefined> {
  await refuseDeleted(query, appId);
  const owned = await loadOwned(query, appId, buyerId, productId);
  return owned && settleOwned(query, call, owned);
}

/** A purchase without its app could never be reached again. */
async function refuseDeleted(query: Query, appId: string): Promise<void> {
  if ((await loadApp(query, appId)) !== undefined) return;
  throw new Refusal('NoSuchData', { detail: 'the app has been deleted meanwhile' });
}

/** An overdue purchase of the same item no longer stands in the way; its void is stored first. */
async function settleOwned(query: Query, call: Call, owned: Purchase): Promise<Change> {
  const settled = settle(owned, call.clock, call.now);
  if (settled.purchase.voidedAt === null) throw alreadyOwned();
  await saveChange(query, settled);
  return settled;
}

/** After a conflict: was it the IDs, which are drawn again, or does the buyer own the item by now? */
async function refuseOwned(query: Query, call: Call, { appId, buyerId, productId }: Purchase): Promise<void> {
  const owned = await loadOwned(query, appId, buyerId, productId);
  if (owned !== undefined && settle(owned, call.clock, call.now).purchase.voidedAt === null) {
    throw alreadyOwned();
  }
}

function alreadyOwned(): Refusal {
  return new Refusal('InvalidState', { detail: 'the buyer already owns this item' });
}
