// Domain objects as API V5 shows them (section 8). No source has its bodies whole: what is rebuilt stands here alone.
import type { operations } from '@till/protocol/operations';
import type { ReplyOf } from '@till/protocol/shape';
import type { IssuedToken } from '../actions/get-access-token.ts';
import type { Page } from '../actions/page.ts';
import type { SeenPayment } from '../actions/v5/get-recurring-purchase-details.ts';
import { formatMoney } from '../domain/money.ts';
import type { Purchase } from '../domain/purchase.ts';
import { shownPayload } from '../domain/purchase-data.ts';
import type { Host } from '../host/host.ts';
import * as views from './views.ts';

type V5 = typeof operations.v5;

/** As a real answer had it (section 2.1). */
const scope = '/v2/purchase/*,/api/recurringpurchase/*,/api/purchase/*';

export function accessToken(issued: IssuedToken): ReplyOf<V5['getAccessToken']> {
  return { status: 'SUCCESS', ...views.v6AccessToken(issued), scope };
}

export function purchaseDetails(purchase: Purchase, host: Host): ReplyOf<V5['getPurchaseDetails']> {
  const { consumptionState, developerPayload, purchaseState, purchaseTime } = views.purchaseDetails(
    purchase,
    host,
  );
  return { consumptionState, developerPayload, purchaseState, purchaseTime };
}

export function recurringDetails(seen: SeenPayment, host: Host): ReplyOf<V5['getRecurringPurchaseDetails']> {
  const { startTime, expiryTime, nextPaymentTime, autoRenewing, cancelReason, cancelledTime } =
    views.recurringPurchaseDetails(seen, host);
  const { payment } = seen;
  return {
    ...{ startTime, expiryTime, nextPaymentTime, autoRenewing, cancelReason, cancelledTime },
    price: formatMoney(payment.priceMicros),
    developerPayload: shownPayload(payment.developerPayload, host.environment),
    purchaseState: payment.voidedAt === null ? 0 : 1,
  };
}

export function lastRecurringDetails(
  seen: SeenPayment,
  host: Host,
): ReplyOf<V5['getLastRecurringPurchaseDetails']> {
  return { purchaseId: seen.payment.purchaseId, ...recurringDetails(seen, host) };
}

export function voidedPurchases(page: Page): ReplyOf<V5['getVoidedPurchases']> {
  const { voidedPurchaseList, ...key } = views.voidedPurchases(page);
  const rows = voidedPurchaseList.map(({ purchaseId, purchaseTime, voidedTime }) => ({
    purchaseId,
    purchaseTime,
    voidedTime,
  }));
  return { ...key, voidedPurchaseList: rows };
}
