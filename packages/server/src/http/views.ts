// Domain objects as the server API shows them.
import type { Environment } from '@till/protocol/codes';
import type { operations } from '@till/protocol/operations';
import type { ReplyOf } from '@till/protocol/shape';
import type { IssuedToken } from '../actions/get-access-token.ts';
import type { Page } from '../actions/page.ts';
import { accessTokens } from '../domain/policy.ts';
import type { Purchase } from '../domain/purchase.ts';
import { shownPayload } from '../domain/purchase-data.ts';
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

export function purchaseDetails(purchase: Purchase, host: Host): ReplyOf<V7['getPurchaseDetails']> {
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

function purchaseState(purchase: Purchase): number {
  return purchase.voidedAt === null ? 0 : 1;
}

/** The member is absent on the last page. */
function keyOf(page: Page): { continuationKey?: string } {
  return page.continuationKey === undefined ? {} : { continuationKey: page.continuationKey };
}
