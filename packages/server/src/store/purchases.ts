// Purchases, and the two lists over them.
import type { Market } from '@till/protocol/codes';
import type { Purchase, PurchaseDetails, PurchaseState } from '../domain/purchase.ts';
import type { Receipt } from '../domain/purchase-data.ts';
import { type Query, type Row, Stale, type Value } from './database.ts';

const columns = `app_id, purchase_token, purchase_id, world_id, order_id, product_id, type, market, country,
  buyer_id, quantity, developer_payload, product_name, price_micros, currency, payment_method, purchase_time,
  acknowledged_at, consumed_at, voided_at, void_reason, due_at, entry_count, rev`;

const detailColumns = `purchase_id, product_id, type, market, quantity, developer_payload, price_micros, currency,
  purchase_time, acknowledged_at, consumed_at, voided_at, void_reason, due_at`;

/** Where a purchase is found again: the whole of its primary key. */
export interface PurchaseKey {
  appId: string;
  purchaseToken: string;
  purchaseId: string;
}

/** A place in a list ordered by time, then purchase ID. */
export interface Place {
  time: number;
  purchaseId: string;
}

/** Throws `Conflict` where the IDs are taken or the buyer owns the managed product already. */
export async function insertPurchase(query: Query, purchase: Purchase): Promise<void> {
  await query.run(
    `insert into purchase (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
       $16, $17, $18, $19, $20, $21, $22, $23, $24)`,
    [
      purchase.appId,
      purchase.purchaseToken,
      purchase.purchaseId,
      purchase.worldId,
      purchase.orderId,
      purchase.productId,
      purchase.type,
      purchase.market,
      purchase.country,
      purchase.buyerId,
      purchase.quantity,
      purchase.developerPayload,
      purchase.productName,
      purchase.priceMicros,
      purchase.currency,
      purchase.paymentMethod,
      purchase.purchaseTime,
      purchase.acknowledgedAt,
      purchase.consumedAt,
      purchase.voidedAt,
      purchase.voidReason,
      purchase.dueAt,
      purchase.entryCount,
      purchase.rev,
    ],
  );
}

/** Keeps the JSON that the device got and its signature, apart from the purchase, whose row is read all the time. */
export async function insertReceipt(query: Query, purchase: Purchase, receipt: Receipt): Promise<void> {
  await query.run(
    'insert into receipt (app_id, purchase_id, purchase_data, signature) values ($1, $2, $3, $4)',
    [purchase.appId, purchase.purchaseId, receipt.purchaseData, receipt.signature],
  );
}

/** Saves what may change of a purchase, if nobody has changed it since it was read. */
export async function savePurchase(query: Query, purchase: Purchase): Promise<void> {
  const saved = await query.run(
    `update purchase set acknowledged_at = $1, consumed_at = $2, voided_at = $3, void_reason = $4, due_at = $5,
       entry_count = $6, rev = rev + 1
     where app_id = $7 and purchase_token = $8 and purchase_id = $9 and rev = $10`,
    [
      purchase.acknowledgedAt,
      purchase.consumedAt,
      purchase.voidedAt,
      purchase.voidReason,
      purchase.dueAt,
      purchase.entryCount,
      purchase.appId,
      purchase.purchaseToken,
      purchase.purchaseId,
      purchase.rev,
    ],
  );
  if (saved === 0) throw new Stale('purchase');
}

/** Confirms one payment of a subscription, whose own row has been saved where its `rev` was as read. */
export async function acknowledgePayment(query: Query, key: PurchaseKey, at: number): Promise<void> {
  await query.run(
    `update purchase set acknowledged_at = $1, rev = rev + 1
     where app_id = $2 and purchase_token = $3 and purchase_id = $4`,
    [at, key.appId, key.purchaseToken, key.purchaseId],
  );
}

/** Voids one payment of a subscription, whose own row has been saved where its `rev` was as read. */
export async function voidPayment(
  query: Query,
  key: PurchaseKey,
  voided: { at: number; reason: string | null },
): Promise<void> {
  await query.run(
    `update purchase set voided_at = $1, void_reason = $2, rev = rev + 1
     where app_id = $3 and purchase_token = $4 and purchase_id = $5`,
    [voided.at, voided.reason, key.appId, key.purchaseToken, key.purchaseId],
  );
}

/** The purchase of this ID, which is unique in its app. */
export async function findPurchaseById(
  query: Query,
  appId: string,
  purchaseId: string,
): Promise<Purchase | undefined> {
  const [row] = await query.all(`select ${columns} from purchase where app_id = $1 and purchase_id = $2`, [
    appId,
    purchaseId,
  ]);
  return row && toPurchase(row);
}

/** One payment of many under a token. */
export async function loadPayment(query: Query, key: PurchaseKey): Promise<Purchase | undefined> {
  const [row] = await query.all(
    `select ${columns} from purchase where app_id = $1 and purchase_token = $2 and purchase_id = $3`,
    [key.appId, key.purchaseToken, key.purchaseId],
  );
  return row && toPurchase(row);
}

/** The purchase of a token, without what only a change needs: each column of the row adds to what a read costs. */
export async function loadPurchaseDetails(
  query: Query,
  appId: string,
  purchaseToken: string,
): Promise<PurchaseDetails | undefined> {
  const [row] = await query.all(
    `select ${detailColumns} from purchase where app_id = $1 and purchase_token = $2 limit 1`,
    [appId, purchaseToken],
  );
  return row && toDetails(row);
}

/**
 * The purchase of a managed product, which has its token for itself; of a monthly product or a subscription any of
 * its payments, which are alike in product, type, market and buyer (section 1.1).
 */
export async function loadPurchase(
  query: Query,
  appId: string,
  purchaseToken: string,
): Promise<Purchase | undefined> {
  const rows = await query.all(
    `select ${columns} from purchase where app_id = $1 and purchase_token = $2 limit 1`,
    [appId, purchaseToken],
  );
  return rows[0] && toPurchase(rows[0]);
}

/** The managed product's purchase that the buyer owns: neither consumed nor voided. */
export async function loadOwned(
  query: Query,
  appId: string,
  buyerId: string,
  productId: string,
): Promise<Purchase | undefined> {
  const [row] = await query.all(
    `select ${columns} from purchase where app_id = $1 and buyer_id = $2 and product_id = $3
       and type = 'inapp' and consumed_at is null and voided_at is null`,
    [appId, buyerId, productId],
  );
  return row && toPurchase(row);
}

/** Whose voided purchases are meant; the generations before V7 know no subscriptions. */
export interface VoidedScope {
  appId: string;
  market: Market;
  subscriptions: boolean;
}

/** Voided purchases of a market, after a place and up to a time, ascending by time of the void. */
export async function listVoided(
  query: Query,
  scope: VoidedScope,
  after: Place,
  until: number,
  limit: number,
): Promise<Purchase[]> {
  const rows = await query.all(
    `select ${columns} from purchase
     where app_id = $1 and market = $2 and voided_at is not null and (type <> 'subscription' or $7 = 1)
       and voided_at >= $3 and (voided_at > $3 or purchase_id > $4) and voided_at <= $5
     order by voided_at, purchase_id limit $6`,
    [scope.appId, scope.market, after.time, after.purchaseId, until, limit, Number(scope.subscriptions)],
  );
  return rows.map(toPurchase);
}

/** The same of purchases made after a place and up to a time, ascending by time of the purchase. */
export async function listVoidedByPurchaseTime(
  query: Query,
  scope: VoidedScope,
  after: Place,
  until: number,
  limit: number,
): Promise<Purchase[]> {
  const rows = await query.all(
    `select ${columns} from purchase
     where app_id = $1 and market = $2 and voided_at is not null and (type <> 'subscription' or $7 = 1)
       and purchase_time >= $3 and (purchase_time > $3 or purchase_id > $4) and purchase_time <= $5
     order by purchase_time, purchase_id limit $6`,
    [scope.appId, scope.market, after.time, after.purchaseId, until, limit, Number(scope.subscriptions)],
  );
  return rows.map(toPurchase);
}

/**
 * Purchases of a market that nobody has acknowledged, after a place and up to a time, ascending by time. One
 * that is overdue at `now` is out, whether or not its void has been carried out yet. So is the first payment
 * of a subscription that was voided since: nobody can acknowledge it any more.
 */
export async function listUnconfirmed(
  query: Query,
  scope: { appId: string; market: Market; now: number },
  after: Place,
  until: number,
  limit: number,
): Promise<Purchase[]> {
  const rows = await query.all(
    `select ${columns} from purchase
     where app_id = $1 and market = $2 and acknowledged_at is null and voided_at is null
       and purchase_time >= $3 and (purchase_time > $3 or purchase_id > $4) and purchase_time <= $5
       and (due_at is null or due_at > $6)
       and not exists (select 1 from subscription
         where subscription.app_id = $1 and subscription.purchase_token = purchase.purchase_token
           and (subscription.acknowledge_by <= $6 or subscription.voided_at is not null))
     order by purchase_time, purchase_id limit $7`,
    [scope.appId, scope.market, after.time, after.purchaseId, until, scope.now, limit],
  );
  return rows.map(toPurchase);
}

export interface PurchaseFilter {
  type?: string | undefined;
  state?: PurchaseState | undefined;
  buyerId?: string | undefined;
  productId?: string | undefined;
  q?: string | undefined;
}

const stateConditions: Record<PurchaseState, string> = {
  voided: 'voided_at is not null',
  consumed: 'voided_at is null and consumed_at is not null',
  acknowledged: 'voided_at is null and consumed_at is null and acknowledged_at is not null',
  purchased: 'voided_at is null and consumed_at is null and acknowledged_at is null',
};

/** Purchases of an app that fit, before a place, the latest first. `q` is the start of any text that names one. */
export async function searchPurchases(
  query: Query,
  appId: string,
  filter: PurchaseFilter,
  before: Place,
  limit: number,
): Promise<Purchase[]> {
  const values: Value[] = [appId, before.time, before.purchaseId, limit];
  const fits = (value: string, condition: (placeholder: string) => string) => {
    values.push(value);
    return condition(`$${values.length}`);
  };
  const conditions = [
    filter.type && fits(filter.type, (value) => `type = ${value}`),
    filter.buyerId && fits(filter.buyerId, (value) => `buyer_id = ${value}`),
    filter.productId && fits(filter.productId, (value) => `product_id = ${value}`),
    filter.state && stateConditions[filter.state],
    filter.q && fits(filter.q, startsWith),
  ].filter((condition) => condition !== undefined && condition !== '');
  const rows = await query.all(
    `select ${columns} from purchase
     where app_id = $1 and purchase_time <= $2 and (purchase_time < $2 or purchase_id < $3)
       ${conditions.map((condition) => `and ${condition}`).join(' ')}
     order by purchase_time desc, purchase_id desc limit $4`,
    values,
  );
  return rows.map(toPurchase);
}

// substr instead of LIKE: the two databases differ in the case of LIKE, and a payload may hold its wildcards
function startsWith(value: string): string {
  const named = ['purchase_token', 'purchase_id', 'order_id', 'product_id', 'buyer_id', 'developer_payload'];
  return `(${named.map((column) => `substr(${column}, 1, length(${value})) = ${value}`).join(' or ')})`;
}

/** Deletes the receipts of some purchases of an app and tells how many; 0 when there are none left. */
export async function deleteReceipts(query: Query, appId: string, limit: number): Promise<number> {
  return query.run(
    `delete from receipt where app_id = $1 and purchase_id in
       (select purchase_id from receipt where app_id = $1 limit $2)`,
    [appId, limit],
  );
}

/** Deletes some purchases of an app and tells how many; 0 when there are none left. */
export async function deletePurchases(query: Query, appId: string, limit: number): Promise<number> {
  return query.run(
    `delete from purchase where app_id = $1 and purchase_id in
       (select purchase_id from purchase where app_id = $1 limit $2)`,
    [appId, limit],
  );
}

function toDetails(row: Row): PurchaseDetails {
  return {
    purchaseId: String(row.purchase_id),
    productId: String(row.product_id),
    type: row.type as Purchase['type'],
    market: row.market as Purchase['market'],
    quantity: Number(row.quantity),
    developerPayload: row.developer_payload as string | null,
    priceMicros: Number(row.price_micros),
    currency: String(row.currency),
    purchaseTime: Number(row.purchase_time),
    acknowledgedAt: row.acknowledged_at as number | null,
    consumedAt: row.consumed_at as number | null,
    voidedAt: row.voided_at as number | null,
    voidReason: row.void_reason as string | null,
    dueAt: row.due_at as number | null,
  };
}

function toPurchase(row: Row): Purchase {
  return {
    ...toDetails(row),
    appId: String(row.app_id),
    purchaseToken: String(row.purchase_token),
    worldId: String(row.world_id),
    orderId: String(row.order_id),
    country: String(row.country),
    buyerId: String(row.buyer_id),
    productName: row.product_name as string | null,
    paymentMethod: row.payment_method as Purchase['paymentMethod'],
    entryCount: Number(row.entry_count),
    rev: Number(row.rev),
  };
}
