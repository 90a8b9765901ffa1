// Monthly products and subscriptions, each with what its token stands for now.
import type { Subscription } from '../domain/subscription.ts';
import { type Query, type Row, Stale, type Value } from './database.ts';
import { readTerms } from './products.ts';

const columns = `app_id, purchase_token, world_id, product_id, type, market, country, buyer_id,
  developer_payload, product_name, calendar, terms, price_micros, currency, payment_method, payment_outcome,
  status, renewing, trial, payment_failed, start_time, first_purchase_id, first_paid_micros, acknowledged_at,
  acknowledge_by, cycle, last_purchase_id, last_paid_micros, next_payment_at, attempt_at, expires_at, ends_at,
  cancelled_at, cancel_reason, voided_at, linked_purchase_token, charge_count, open_charge, due_at, lease_until,
  entry_count, rev, promotion_left, promotional, period_start_at, period_value_micros, credit_micros,
  shown_price_micros, price_seq, price_changes, pause, switch_to, changed_at`;
const columnCount = columns.split(',').length;
const placeholders = Array.from({ length: columnCount }, (_, index) => `$${index + 1}`).join(', ');

/** Where a subscription is found again. */
export interface SubscriptionKey {
  appId: string;
  purchaseToken: string;
}

/** Throws `Conflict` where the token is taken or the buyer has the product already. */
export async function insertSubscription(query: Query, subscription: Subscription): Promise<void> {
  await query.run(`insert into subscription (${columns}) values (${placeholders})`, toValues(subscription));
}

/** Saves what may change of a subscription, if nobody has changed it since it was read. */
export async function saveSubscription(query: Query, subscription: Subscription): Promise<void> {
  const saved = await query.run(
    `update subscription set price_micros = $1, payment_method = $2, payment_outcome = $3, status = $4,
       renewing = $5, trial = $6, payment_failed = $7, acknowledged_at = $8, acknowledge_by = $9, cycle = $10,
       last_purchase_id = $11, last_paid_micros = $12, next_payment_at = $13, attempt_at = $14, expires_at = $15,
       ends_at = $16, cancelled_at = $17, cancel_reason = $18, voided_at = $19, charge_count = $20,
       open_charge = $21, due_at = $22, entry_count = $23, promotion_left = $24, promotional = $25,
       period_start_at = $26, period_value_micros = $27, credit_micros = $28, shown_price_micros = $29,
       price_seq = $30, price_changes = $31, pause = $32, switch_to = $33, changed_at = $34, rev = rev + 1
     where app_id = $35 and purchase_token = $36 and rev = $37`,
    [
      subscription.priceMicros,
      subscription.paymentMethod,
      subscription.paymentOutcome,
      subscription.status,
      Number(subscription.renewing),
      Number(subscription.trial),
      Number(subscription.paymentFailed),
      subscription.acknowledgedAt,
      subscription.acknowledgeBy,
      subscription.cycle,
      subscription.lastPurchaseId,
      subscription.lastPaidMicros,
      subscription.nextPaymentAt,
      subscription.attemptAt,
      subscription.expiresAt,
      subscription.endsAt,
      subscription.cancelledAt,
      subscription.cancelReason,
      subscription.voidedAt,
      subscription.chargeCount,
      subscription.openCharge,
      subscription.dueAt,
      subscription.entryCount,
      subscription.promotionLeft,
      Number(subscription.promotional),
      subscription.periodStartAt,
      subscription.periodValueMicros,
      subscription.creditMicros,
      subscription.shownPriceMicros,
      subscription.priceSeq,
      JSON.stringify(subscription.priceChanges),
      subscription.pause && JSON.stringify(subscription.pause),
      subscription.switchTo && JSON.stringify(subscription.switchTo),
      subscription.changedAt,
      subscription.appId,
      subscription.purchaseToken,
      subscription.rev,
    ],
  );
  if (saved === 0) throw new Stale('subscription');
}

export async function loadSubscription(
  query: Query,
  appId: string,
  purchaseToken: string,
): Promise<Subscription | undefined> {
  const [row] = await query.all(
    `select ${columns} from subscription where app_id = $1 and purchase_token = $2`,
    [appId, purchaseToken],
  );
  return row && toSubscription(row);
}

/** The subscription of the product that the buyer has and that had not ended when it was saved. */
export async function loadOwnedSubscription(
  query: Query,
  appId: string,
  buyerId: string,
  productId: string,
): Promise<Subscription | undefined> {
  const [row] = await query.all(
    `select ${columns} from subscription where app_id = $1 and buyer_id = $2 and product_id = $3
       and status in ('active', 'grace', 'hold', 'paused')`,
    [appId, buyerId, productId],
  );
  return row && toSubscription(row);
}

/** Subscriptions that the buyer has and whose next payment will be one of this product instead. */
export async function listWaiting(
  query: Query,
  appId: string,
  buyerId: string,
  productId: string,
): Promise<Subscription[]> {
  const rows = await query.all(
    `select ${columns} from subscription where app_id = $1 and buyer_id = $2 and switch_to is not null
       and status in ('active', 'grace', 'hold', 'paused')`,
    [appId, buyerId],
  );
  return rows.map(toSubscription).filter(({ switchTo }) => switchTo?.productId === productId);
}

/** Live subscriptions of a product that have not been told of a change of price yet, by their tokens. */
export async function listUntold(
  query: Query,
  product: { appId: string; productId: string; priceSeq: number },
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await query.all(
    `select purchase_token from subscription where app_id = $1 and product_id = $2 and purchase_token > $3
       and price_seq < $4 and status in ('active', 'grace', 'hold', 'paused')
     order by purchase_token limit $5`,
    [product.appId, product.productId, after, product.priceSeq, limit],
  );
  return rows.map((row) => String(row.purchase_token));
}

/**
 * Takes the charge that is due for this node: no other asks for it until `leaseUntil`, on the machine's clock. False
 * where another node has it, or where it is not due as it was read.
 */
export async function leaseSubscription(
  query: Query,
  { appId, purchaseToken }: SubscriptionKey,
  asRead: { dueAt: number },
  lease: { now: number; until: number },
): Promise<boolean> {
  const leased = await query.run(
    `update subscription set lease_until = $1
     where app_id = $2 and purchase_token = $3 and due_at = $4 and lease_until <= $5`,
    [lease.until, appId, purchaseToken, asRead.dueAt, lease.now],
  );
  return leased === 1;
}

/** The charge has been answered, or asked in vain: the next one may be asked as soon as it is due. */
export async function releaseSubscription(
  query: Query,
  { appId, purchaseToken }: SubscriptionKey,
): Promise<void> {
  await query.run('update subscription set lease_until = 0 where app_id = $1 and purchase_token = $2', [
    appId,
    purchaseToken,
  ]);
}

/** Deletes some subscriptions of an app that is deleted, and tells how many; 0 when there are none left. */
export async function deleteSubscriptions(query: Query, appId: string, limit: number): Promise<number> {
  return query.run(
    `delete from subscription where app_id = $1 and purchase_token in
       (select purchase_token from subscription where app_id = $1 limit $2)`,
    [appId, limit],
  );
}

function toValues(subscription: Subscription): Value[] {
  return [
    subscription.appId,
    subscription.purchaseToken,
    subscription.worldId,
    subscription.productId,
    subscription.type,
    subscription.market,
    subscription.country,
    subscription.buyerId,
    subscription.developerPayload,
    subscription.productName,
    subscription.calendar,
    JSON.stringify(subscription.terms),
    subscription.priceMicros,
    subscription.currency,
    subscription.paymentMethod,
    subscription.paymentOutcome,
    subscription.status,
    Number(subscription.renewing),
    Number(subscription.trial),
    Number(subscription.paymentFailed),
    subscription.startTime,
    subscription.firstPurchaseId,
    subscription.firstPaidMicros,
    subscription.acknowledgedAt,
    subscription.acknowledgeBy,
    subscription.cycle,
    subscription.lastPurchaseId,
    subscription.lastPaidMicros,
    subscription.nextPaymentAt,
    subscription.attemptAt,
    subscription.expiresAt,
    subscription.endsAt,
    subscription.cancelledAt,
    subscription.cancelReason,
    subscription.voidedAt,
    subscription.linkedPurchaseToken,
    subscription.chargeCount,
    subscription.openCharge,
    subscription.dueAt,
    subscription.leaseUntil,
    subscription.entryCount,
    subscription.rev,
    subscription.promotionLeft,
    Number(subscription.promotional),
    subscription.periodStartAt,
    subscription.periodValueMicros,
    subscription.creditMicros,
    subscription.shownPriceMicros,
    subscription.priceSeq,
    JSON.stringify(subscription.priceChanges),
    subscription.pause && JSON.stringify(subscription.pause),
    subscription.switchTo && JSON.stringify(subscription.switchTo),
    subscription.changedAt,
  ];
}

function toSubscription(row: Row): Subscription {
  return {
    appId: String(row.app_id),
    purchaseToken: String(row.purchase_token),
    worldId: String(row.world_id),
    productId: String(row.product_id),
    type: row.type as Subscription['type'],
    market: row.market as Subscription['market'],
    country: String(row.country),
    buyerId: String(row.buyer_id),
    developerPayload: row.developer_payload as string | null,
    productName: row.product_name as string | null,
    calendar: row.calendar as Subscription['calendar'],
    terms: readTerms(String(row.terms)),
    priceMicros: Number(row.price_micros),
    currency: String(row.currency),
    paymentMethod: row.payment_method as Subscription['paymentMethod'],
    paymentOutcome: row.payment_outcome as Subscription['paymentOutcome'],
    status: row.status as Subscription['status'],
    renewing: row.renewing === 1,
    trial: row.trial === 1,
    paymentFailed: row.payment_failed === 1,
    startTime: Number(row.start_time),
    firstPurchaseId: String(row.first_purchase_id),
    firstPaidMicros: Number(row.first_paid_micros),
    acknowledgedAt: row.acknowledged_at as number | null,
    acknowledgeBy: row.acknowledge_by as number | null,
    cycle: Number(row.cycle),
    lastPurchaseId: String(row.last_purchase_id),
    lastPaidMicros: Number(row.last_paid_micros),
    nextPaymentAt: Number(row.next_payment_at),
    attemptAt: row.attempt_at as number | null,
    expiresAt: Number(row.expires_at),
    endsAt: row.ends_at as number | null,
    cancelledAt: row.cancelled_at as number | null,
    cancelReason: row.cancel_reason as Subscription['cancelReason'],
    voidedAt: row.voided_at as number | null,
    linkedPurchaseToken: row.linked_purchase_token as string | null,
    chargeCount: Number(row.charge_count),
    openCharge: row.open_charge as number | null,
    dueAt: row.due_at as number | null,
    leaseUntil: Number(row.lease_until),
    entryCount: Number(row.entry_count),
    rev: Number(row.rev),
    promotionLeft: Number(row.promotion_left),
    promotional: row.promotional === 1,
    periodStartAt: Number(row.period_start_at),
    periodValueMicros: Number(row.period_value_micros),
    creditMicros: Number(row.credit_micros),
    shownPriceMicros: Number(row.shown_price_micros),
    priceSeq: Number(row.price_seq),
    priceChanges: JSON.parse(String(row.price_changes)) as Subscription['priceChanges'],
    pause: row.pause === null ? null : (JSON.parse(String(row.pause)) as Subscription['pause']),
    switchTo: row.switch_to === null ? null : (JSON.parse(String(row.switch_to)) as Subscription['switchTo']),
    changedAt: Number(row.changed_at),
  };
}
