// Domain objects as the server API shows them.
import type { Environment } from '@till/protocol/codes';
import type { operations } from '@till/protocol/operations';
import type { ReplyOf } from '@till/protocol/shape';
import { choice } from '../actions/call.ts';
import type { IssuedToken } from '../actions/get-access-token.ts';
import type { SeenSubscription } from '../actions/get-subscription-detail.ts';
import type { Page } from '../actions/page.ts';
import { endOfConsent, startOfPrice } from '../domain/billing-calendar.ts';
import { formatMoney } from '../domain/money.ts';
import { accessTokens } from '../domain/policy.ts';
import type { Purchase, PurchaseDetails } from '../domain/purchase.ts';
import { shownPayload } from '../domain/purchase-data.ts';
import type { Subscription } from '../domain/subscription.ts';
import { nextPrice } from '../domain/subscription-price.ts';
import { autoRenewing, expiryAt, pauseOf, paymentState } from '../domain/subscription-state.ts';
import type { Host } from '../host/host.ts';

type V7 = typeof operations.v7;

export function accessToken(issued: IssuedToken): ReplyOf<V7['getAccessToken']> {
  return {
    client_id: issued.clientId,
    access_token: issued.accessToken,
    token_type: 'bearer',
    expires_in: issued.expiresInSeconds,
    scope: accessTokens.scope,
  };
}

/** In paths before V7 the package name stands where the client ID does (section 1.1). */
export function v6AccessToken(issued: IssuedToken): ReplyOf<V7['getAccessToken']> {
  return { ...accessToken(issued), client_id: issued.packageName };
}

export function purchaseDetails(purchase: PurchaseDetails, host: Host): ReplyOf<V7['getPurchaseDetails']> {
  return {
    consumptionState: purchase.consumedAt === null ? 0 : 1,
    developerPayload: shownPayload(purchase.developerPayload, host.environment),
    purchaseState: purchaseState(purchase),
    purchaseTime: purchase.purchaseTime,
    purchaseId: purchase.purchaseId,
    acknowledgeState: purchase.acknowledgedAt === null ? 0 : 1,
    quantity: purchase.quantity,
  };
}

/** The body examples drop the `The` that the code table prints (section 3.1). */
export function success(): ReplyOf<V7['consumePurchase']> {
  return { result: { code: 'Success', message: 'Request has been completed successfully.' } };
}

export function recurringPurchaseDetails(
  seen: SeenSubscription,
  host: Host,
): ReplyOf<V7['getRecurringPurchaseDetails']> {
  const { subscription, call } = seen;
  return {
    startTime: subscription.startTime,
    expiryTime: expiryAt(subscription, call.now),
    nextPaymentTime: subscription.nextPaymentAt,
    autoRenewing: autoRenewing(subscription),
    cancelReason: subscription.cancelReason,
    cancelledTime: cancelledTime(seen, host),
    acknowledgeState: subscription.acknowledgedAt === null ? 0 : 1,
    lastPurchaseId: subscription.lastPurchaseId,
    lastPurchaseState: subscription.voidedAt === null ? 0 : 1,
  };
}

export function subscriptionDetail(seen: SeenSubscription, host: Host): ReplyOf<V7['getSubscriptionDetail']> {
  const { subscription, call } = seen;
  const { developerPayload, shownPriceMicros } = subscription;
  const pause = pauseOf(subscription);
  const nextPriceMicros = nextPrice(subscription);
  return {
    acknowledgementState: subscription.acknowledgedAt === null ? 0 : 1,
    ...(developerPayload === null ? {} : { developerPayload }),
    autoRenewing: autoRenewing(subscription),
    paymentState: paymentState(subscription),
    lastPurchaseId: subscription.lastPurchaseId,
    linkedPurchaseToken: subscription.linkedPurchaseToken,
    priceAmount: formatMoney(shownPriceMicros),
    priceAmountMicros: shownPriceMicros,
    nextPriceAmount: formatMoney(nextPriceMicros),
    nextPriceAmountMicros: nextPriceMicros,
    nextPaymentTimeMillis: subscription.nextPaymentAt,
    pauseStartTimeMillis: pause?.startsAt ?? null,
    pauseEndTimeMillis: pause?.endsAt ?? null,
    priceCurrencyCode: currencyCode(subscription),
    countryCode: subscription.country,
    startTimeMillis: subscription.startTime,
    expiryTimeMillis: expiryAt(subscription, call.now),
    autoResumeTimeMillis: pause?.resumesAt ?? null,
    cancelledTimeMillis: cancelledTime(seen, host),
    cancelReason: subscription.cancelReason,
    promotionPrice: promotionPrice(subscription),
    priceChange: priceChange(subscription),
  };
}

/** While a payment of the promotion runs or is still to come. */
function promotionPrice({ terms, promotional, promotionLeft }: Subscription) {
  const { promotion } = terms;
  if (promotion === null || (!promotional && promotionLeft === 0)) return null;
  const { priceMicros, payments } = promotion;
  return {
    promotionPrice: formatMoney(priceMicros),
    promotionPriceMicros: priceMicros,
    promotionPeriod: payments,
  };
}

/** The first change of price that the buyer has been told of and that has not applied yet. */
function priceChange(subscription: Subscription) {
  const change = subscription.priceChanges.find(({ told }) => told);
  if (change === undefined) return null;
  const { seq, previousMicros, newMicros, needsConsent, agreed, dueAt, toldAt } = change;
  return {
    seq,
    previousPrice: formatMoney(previousMicros),
    previousPriceMicros: previousMicros,
    newPrice: formatMoney(newMicros),
    newPriceMicros: newMicros,
    applyTimeMillis: startOfPrice(subscription, dueAt),
    agreement: agreed || !needsConsent,
    agreementDueDateTimeMillis: endOfConsent(subscription, toldAt),
  };
}

/**
 * A scheduled cancellation shows the end of use, as the published example does, unless the app has chosen the time of
 * the request (section 13, row 20).
 */
function cancelledTime({ subscription, call }: SeenSubscription, host: Host): number | null {
  const { cancelledAt, expiresAt } = subscription;
  const { switches } = call.app;
  if (cancelledAt === null || choice(host, switches, 'scheduledCancelTime') === 'request') return cancelledAt;
  return Math.max(cancelledAt, expiresAt);
}

/** The won in Korea; elsewhere the product's own currency (section 13, row 28). */
function currencyCode({ market, currency }: Subscription): string {
  return market === 'MKT_ONE' ? 'KRW' : currency;
}

export function voidedPurchases(page: Page): ReplyOf<V7['getVoidedPurchases']> {
  return { ...keyOf(page), voidedPurchaseList: page.purchases.map(voidedPurchase) };
}

export function unconfirmedPurchases(page: Page, host: Host): ReplyOf<V7['getUnconfirmedPurchases']> {
  const rows = page.purchases.map((purchase) => unconfirmedPurchase(purchase, host.environment));
  return { ...keyOf(page), unconfirmedPurchaseList: rows };
}

function voidedPurchase(purchase: Purchase) {
  return {
    purchaseId: purchase.purchaseId,
    purchaseTime: purchase.purchaseTime,
    voidedTime: purchase.voidedAt ?? 0,
    purchaseToken: purchase.purchaseToken,
    marketCode: purchase.market,
  };
}

function unconfirmedPurchase(purchase: Purchase, environment: Environment) {
  return {
    type: purchase.type,
    orderId: purchase.orderId,
    productId: purchase.productId,
    purchaseToken: purchase.purchaseToken,
    purchaseId: purchase.purchaseId,
    purchaseTime: purchase.purchaseTime,
    purchaseState: purchaseState(purchase),
    developerPayload: shownPayload(purchase.developerPayload, environment),
    quantity: purchase.quantity,
    marketCode: purchase.market,
  };
}

function purchaseState(purchase: Pick<Purchase, 'voidedAt'>): number {
  return purchase.voidedAt === null ? 0 : 1;
}

/** The member is absent on the last page. */
function keyOf(page: Page): { continuationKey?: string } {
  return page.continuationKey === undefined ? {} : { continuationKey: page.continuationKey };
}
