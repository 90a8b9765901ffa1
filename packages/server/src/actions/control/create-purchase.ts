// createPurchase: a buyer buys a product in the store app.
import type { Market, PaymentMethod, PaymentOutcome } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { mustBeAcknowledged } from '../../domain/app.ts';
import {
  type Draw,
  type PurchaseIdentifiers,
  purchaseIdentifiers,
  uuidText,
} from '../../domain/identifiers.ts';
import type { Entry } from '../../domain/ledger.ts';
import type { Product } from '../../domain/product.ts';
import type { ProductChange } from '../../domain/product-change.ts';
import { buy, type Purchase, type PurchaseOrder, paidMicros } from '../../domain/purchase.ts';
import type { Receipt } from '../../domain/purchase-data.ts';
import type { Begun, Subscription } from '../../domain/subscription.ts';
import { type SubscriptionOrder, subscribe } from '../../domain/subscription-begin.ts';
import type { Host } from '../../host/host.ts';
import { countPurchaseDraw, loadApp } from '../../store/apps.ts';
import { Conflict, type Query } from '../../store/database.ts';
import { loadProduct } from '../../store/products.ts';
import { insertPurchase, insertReceipt } from '../../store/purchases.ts';
import { insertSubscription } from '../../store/subscriptions.ts';
import { hasHadTrial, insertTrial } from '../../store/trials.ts';
import { loadWorld } from '../../store/worlds.ts';
import { type Call, findCall } from '../call.ts';
import { notBefore } from '../change-subscription.ts';
import { beforehand } from '../recorded.ts';
import { tellChange } from '../tell-change.ts';
import { writeLedger } from '../write-ledger.ts';
import { tellNewPrice } from './change-price.ts';
import { clearWay, refuseOwned } from './owned.ts';
import { refuseOutcome, takePayment } from './pay.ts';
import { type SignedPurchase, show, signedNow } from './read-purchase.ts';
import {
  deferChange,
  findReplaced,
  Outdated,
  planChange,
  type Replaces,
  refuseTarget,
  saveReplaced,
} from './replace-subscription.ts';

export interface CreatePurchaseInput {
  clientId: string;
  worldId?: string;
  productId: string;
  buyerId?: string;
  quantity?: number;
  developerPayload?: string | null;
  productName?: string;
  payment?: { method?: PaymentMethod; outcome?: PaymentOutcome };
  market?: Market;
  country?: string;
  /** Only for the demo purchases, whose tokens are documented. */
  identifiers?: PurchaseIdentifiers;
  /** The subscription that this one takes the place of (section 11.6). */
  replaces?: Replaces;
}

/** What is about to be sold: a purchase, and what it begins where it is paid again and again. */
interface Sale {
  purchase: Purchase;
  subscription: Subscription | null;
  entries: Entry[];
  /** The subscription that ends with it. */
  replaced?: { planned: Subscription; change: ProductChange };
}

/** How often IDs are drawn again because they are taken. */
const attempts = 20;

/**
 * Refusals: `NoSuchData` for an unknown product, `PaymentDeclined`, `InvalidState` where the buyer owns the item.
 * Paying and signing happen before the transaction, which must not wait for anything but the database.
 */
export async function createPurchase(host: Host, input: CreatePurchaseInput): Promise<SignedPurchase> {
  refuseOutcome(host, input.payment?.outcome, 'payment.outcome');
  for (let attempt = 1; ; attempt++) {
    const asked = await readOrder(host, input);
    if (asked.replaced !== undefined && input.replaces?.mode === 'DEFERRED') {
      return waitForPayment(host, asked, asked.replaced);
    }
    const sale = await makeSale(host, input, asked);
    const wanted = { ...sale.purchase, replaces: asked.replaced?.purchaseToken };
    await clearWay(beforehand(host), asked.call, wanted);
    try {
      return await sell(host, asked.call, sale, input.payment?.outcome);
    } catch (error) {
      const again = error instanceof Conflict || error instanceof Outdated;
      if (!again || attempt === attempts) throw error;
      await refuseOwned(host.database, asked.call, wanted);
    }
  }
}

/** What the order is about, as it is now. */
interface Asked {
  call: Call;
  product: Product;
  /** The subscription whose place is to be taken. */
  replaced: Subscription | undefined;
}

async function readOrder(host: Host, input: CreatePurchaseInput): Promise<Asked> {
  const call = await findCall(host, host.database, input);
  const product = await findProduct(host, call, input.productId);
  if (input.replaces === undefined) return { call, product, replaced: undefined };
  const replaced = await findReplaced(host, call, input.replaces, input.buyerId);
  refuseTarget(product);
  refuseSeveral(input.quantity);
  return { call: notBefore(call, replaced), product, replaced };
}

/** Nothing is sold yet: the old subscription is answered, which waits for its next payment. */
async function waitForPayment(
  host: Host,
  { call, product }: Asked,
  replaced: Subscription,
): Promise<SignedPurchase> {
  const { buyerId, purchaseToken } = replaced;
  const { appId, productId, type } = product;
  await clearWay(beforehand(host), call, { appId, buyerId, productId, type, replaces: purchaseToken });
  const subscription = await deferChange(host, call, replaced, product);
  return signedNow(host, call, await show(host.database, call, { subscription }));
}

async function sell(
  host: Host,
  call: Call,
  sale: Sale,
  outcome: PaymentOutcome | undefined,
): Promise<SignedPurchase> {
  const charged = sale.subscription?.firstPaidMicros ?? paidMicros(sale.purchase);
  const recordCharge = await takePayment(host, call, sale.purchase, charged, outcome);
  const signed = await signedNow(host, call, { ...sale, now: call.now }, true);
  await host.database.transaction(async (query) => {
    await refuseDeleted(query, sale.purchase.appId);
    await recordCharge(query);
    if (sale.replaced !== undefined) {
      await saveReplaced(host, query, call, sale.replaced.planned, sale.replaced.change);
    }
    return store(host, query, call, sale, signed.receipt);
  });
  tellSale(host, call, sale);
  if (sale.subscription !== null) await tellNewPrice(host, call, sale.subscription);
  return signed;
}

function tellSale(host: Host, call: Call, { purchase, entries, replaced }: Sale): void {
  if (replaced !== undefined) {
    tellChange(host, call, replaced.planned, replaced.change.replaced.entries);
  }
  tellChange(host, call, purchase, entries);
}

async function findProduct(host: Host, call: Call, productId: string): Promise<Product> {
  const product = await loadProduct(host.database, call.app.appId, productId);
  if (product === undefined) throw new Refusal('NoSuchData', { detail: 'no product has this productId' });
  return product;
}

async function makeSale(
  host: Host,
  input: CreatePurchaseInput,
  { call, product, replaced }: Asked,
): Promise<Sale> {
  const draw = await drawFor(host, call);
  const ordered = order(host, call, product, input, draw);
  const { type, terms } = product;
  if (type === 'inapp' || terms === null) {
    return { ...buy(ordered, mustBeAcknowledged(call.app)), subscription: null };
  }
  refuseSeveral(ordered.quantity);
  const { buyerId, appId } = { ...ordered, ...replaced };
  const offers = terms.trialDays > 0 || terms.promotion !== null;
  const had = offers && (await hasHadTrial(host.database, { appId, buyerId, productId: product.productId }));
  const given = had ? { ...terms, trialDays: 0, promotion: null } : terms;
  if (replaced !== undefined) return planSale(call, replaced, { ...product, terms: given }, input, ordered);
  const world = await loadWorld(host.database, call.app.worldId);
  const recurring: SubscriptionOrder = {
    ...ordered,
    type,
    calendar: world?.calendar ?? host.environment,
    terms: given,
    priceSeq: product.priceSeq,
  };
  return saleOf(subscribe(recurring, mustBeAcknowledged(call.app)));
}

function refuseSeveral(quantity = 1): void {
  if (quantity === 1) return;
  const detail = 'what renews is bought once at a time';
  throw new Refusal('InvalidRequest', { fields: ['quantity'], detail });
}

/** The new subscription and, with it, the end of the old one. */
function planSale(
  call: Call,
  planned: Subscription,
  product: Product,
  { replaces, developerPayload }: CreatePurchaseInput,
  { purchaseId, purchaseToken, orderId }: PurchaseOrder,
): Sale {
  const mode = replaces?.mode;
  if (mode === undefined || mode === 'DEFERRED') throw new Error('a change that is not made at once');
  const names = { purchaseId, purchaseToken, orderId };
  const given = { mode, names, developerPayload: developerPayload || null };
  const change = planChange(call, planned, product, given);
  return { ...saleOf(change.begun), replaced: { planned, change } };
}

function saleOf({ subscription, entries, payments: [purchase] }: Begun): Sale {
  if (purchase === undefined) throw new Error('a sale without its payment');
  return { purchase, subscription, entries };
}

function order(
  host: Host,
  call: Call,
  product: Product,
  input: CreatePurchaseInput,
  draw: Draw,
): PurchaseOrder {
  const { app, now } = call;
  const { type, productId, priceMicros, currency } = product;
  const quantity = input.quantity ?? 1;
  if (!Number.isSafeInteger(paidMicros({ priceMicros, quantity }))) {
    throw new Refusal('InvalidRequest', { fields: ['quantity'], detail: 'the amount is too large' });
  }
  const { environment } = host;
  const names = input.identifiers ?? purchaseIdentifiers({ environment, at: now, type }, draw);
  return {
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
}

/** A seeded world's next names, counted first, so that no two purchases are ever drawn the same ones. */
async function drawFor(host: Host, { app, seed }: Call): Promise<Draw> {
  if (seed === null) return host.random;
  const { database } = beforehand(host);
  const count = await database.transaction((query) => countPurchaseDraw(query, app.appId));
  return host.seeded(seed, `purchase ${app.clientId} ${count}`);
}

/** Returns the purchase, by which the record of the call names it. */
async function store(
  host: Host,
  query: Query,
  call: Call,
  { purchase, subscription, entries }: Sale,
  receipt: Receipt,
): Promise<Purchase> {
  const entryCount = entries.length;
  await insertPurchase(query, { ...purchase, entryCount: subscription === null ? entryCount : 0 });
  if (subscription !== null) {
    await insertSubscription(query, { ...subscription, entryCount });
    const { trial, promotional, promotionLeft, startTime } = subscription;
    if (trial || promotional || promotionLeft > 0) await insertTrial(query, subscription, startTime);
  }
  await insertReceipt(query, purchase, receipt);
  await writeLedger(host, query, call, { thing: purchase, count: 0, entries, payments: [purchase] });
  return purchase;
}

/** A purchase without its app could never be reached again. */
async function refuseDeleted(query: Query, appId: string): Promise<void> {
  if ((await loadApp(query, appId)) !== undefined) return;
  throw new Refusal('NoSuchData', { detail: 'the app has been deleted meanwhile' });
}
