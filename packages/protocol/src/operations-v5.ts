// The server API of generation V5: by purchase ID and package name (section 8). What its answers held is rebuilt.
import * as field from './fields.ts';
import { v7 } from './operations-v7.ts';
import type { Operations } from './shape.ts';

const called = { access: 'accessToken', key: 'packageName', section: '8' } as const;
const purchase = { purchaseId: field.purchaseId, packageName: field.packageName } as const;

const details = {
  consumptionState: v7.getPurchaseDetails.reply.consumptionState,
  developerPayload: { ...field.developerPayload, nullable: true },
  purchaseState: field.purchaseState,
  purchaseTime: field.purchaseTime,
} as const;

const { startTime, expiryTime, nextPaymentTime, autoRenewing, cancelReason, cancelledTime } =
  v7.getRecurringPurchaseDetails.reply;
const recurring = {
  ...{ startTime, expiryTime, nextPaymentTime, autoRenewing, cancelReason, cancelledTime },
  price: { is: 'text', about: 'amount of the payment, a decimal string (spec-notes 81)' },
  developerPayload: { ...field.developerPayload, nullable: true },
  purchaseState: field.purchaseState,
} as const;

/** API V5 (`/v2`), section 8. */
export const v5 = {
  getAccessToken: {
    ...v7.getAccessToken,
    path: '/v2/oauth/token',
    reply: { status: { is: 'text', max: 7, about: '`SUCCESS`' }, ...v7.getAccessToken.reply },
  },
  getPurchaseDetails: {
    ...called,
    method: 'GET',
    path: '/v2/purchase/details/{purchaseId}/{packageName}',
    params: purchase,
    reply: details,
    refusals: ['NoSuchData'],
    absent: 'NoSuchData',
    about: 'Reads the purchase of a managed product.',
  },
  getPurchaseDetailsByProductId: {
    ...called,
    method: 'GET',
    path: '/v2/purchase/details-by-productid/{purchaseId}/{packageName}/{productId}',
    params: { ...purchase, productId: field.productId },
    reply: details,
    refusals: ['NoSuchData'],
    absent: 'NoSuchData',
    about: 'Reads the purchase of a managed product, if it is of this product.',
  },
  getRecurringPurchaseDetails: {
    ...called,
    method: 'GET',
    path: '/v2/purchase/recurring-details/{purchaseId}/{packageName}',
    params: purchase,
    reply: recurring,
    refusals: ['NoSuchData'],
    absent: 'NoSuchData',
    about: 'Reads the state of a monthly product, by any of its payments.',
  },
  getLastRecurringPurchaseDetails: {
    ...called,
    method: 'GET',
    path: '/v2/purchase/last-recurring-details/{purchaseId}/{packageName}',
    params: purchase,
    reply: { purchaseId: { ...field.purchaseId, about: 'of the latest payment' }, ...recurring },
    refusals: ['NoSuchData'],
    absent: 'NoSuchData',
    about: 'Reads the latest payment of a monthly product, whichever of its payments is named.',
  },
  manageRecurringPaymentStatus: {
    ...called,
    method: 'POST',
    path: '/v2/purchase/manage-payment-status/{purchaseId}/{packageName}/{action}',
    params: { ...purchase, action: field.paymentAction },
    reply: field.result,
    idempotent: true,
    refusals: ['NoSuchData', 'InvalidPurchaseState'],
    absent: 'NoSuchData',
    about: 'Ends the automatic payment of a monthly product, or takes that back.',
  },
  getVoidedPurchases: {
    ...called,
    method: 'GET',
    path: '/v2/purchase/voided-purchases/{packageName}',
    params: { packageName: field.packageName },
    query: v7.getVoidedPurchases.query,
    reply: {
      continuationKey: field.continuationKey,
      voidedPurchaseList: {
        is: 'list',
        of: {
          is: 'object',
          of: {
            purchaseId: field.purchaseId,
            purchaseTime: field.purchaseTime,
            voidedTime: { is: 'integer', size: 13, about: 'time of the cancellation, epoch ms' },
          },
        },
        about: 'ascending by `purchaseTime`, then `purchaseId`',
      },
    },
    about: 'Lists the cancelled purchases that were made within a range of time, 30 days back at most.',
  },
  consumePurchase: {
    ...called,
    method: 'POST',
    path: '/v2/purchase/consume/{purchaseId}/{packageName}',
    params: purchase,
    reply: field.result,
    idempotent: true,
    refusals: ['InvalidPurchaseState', 'InvalidConsumeState'],
    absent: 'InvalidPurchaseState',
    about: 'Uses a managed product up, so that it can be bought again.',
  },
} as const satisfies Operations;
