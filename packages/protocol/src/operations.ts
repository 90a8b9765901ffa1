// The server API: one row for each operation of each generation. Everything else is derived from here.
import * as field from './fields.ts';
import type { Operations } from './shape.ts';

const product = {
  clientId: field.clientId,
  productId: field.productId,
  purchaseToken: field.purchaseToken,
} as const;

/** API V7 (`/v7`), sections 2 to 4. */
const v7 = {
  getAccessToken: {
    method: 'POST',
    path: '/v7/oauth/token',
    access: 'credentials',
    form: true,
    bodyRequired: true,
    body: {
      client_id: { is: 'text', min: 1, max: 255, about: 'client ID of the app' },
      client_secret: { is: 'text', min: 1, max: 255, about: 'its secret, percent-encoded or raw' },
      grant_type: { is: 'code', of: ['client_credentials'], about: 'fixed' },
    },
    reply: {
      client_id: { is: 'text', max: 255, about: 'client ID of the app' },
      access_token: { is: 'text', max: 36, about: 'lower-case UUID text' },
      token_type: { is: 'text', max: 6, about: '`bearer`' },
      expires_in: { is: 'integer', size: 10, about: 'seconds that the token still lives' },
      scope: { is: 'text', max: 1024, about: '`DEFAULT`' },
    },
    about: 'Issues an access token, or hands the running one out again while 600 s or more remain.',
    section: '2.1',
  },
  getPurchaseDetails: {
    method: 'GET',
    path: '/v7/apps/{clientId}/purchases/inapp/products/{productId}/{purchaseToken}',
    access: 'accessToken',
    key: 'clientId',
    params: product,
    reply: {
      consumptionState: { is: 'integer', size: 1, about: '0 not consumed, 1 consumed' },
      developerPayload: { ...field.developerPayload, nullable: true },
      purchaseState: field.purchaseState,
      purchaseTime: field.purchaseTime,
      purchaseId: field.purchaseId,
      acknowledgeState: field.acknowledgeState,
      quantity: { is: 'integer', size: 2, about: 'quantity bought' },
    },
    refusals: ['NoSuchData'],
    absent: 'NoSuchData',
    about: 'Reads the purchase of a managed product.',
    section: '4.1',
  },
  acknowledgePurchase: {
    method: 'POST',
    path: '/v7/apps/{clientId}/purchases/all/products/{productId}/{purchaseToken}/acknowledge',
    access: 'accessToken',
    key: 'clientId',
    params: product,
    body: { developerPayload: field.givenDeveloperPayload },
    reply: field.result,
    idempotent: true,
    refusals: ['InvalidPurchaseState', 'DeveloperPayloadNotMatch'],
    absent: 'InvalidPurchaseState',
    about: 'Confirms a purchase; one that nobody confirms is cancelled three days after it was made.',
    section: '4.2',
  },
  consumePurchase: {
    method: 'POST',
    path: '/v7/apps/{clientId}/purchases/inapp/products/{productId}/{purchaseToken}/consume',
    access: 'accessToken',
    key: 'clientId',
    params: product,
    body: { developerPayload: field.givenDeveloperPayload },
    reply: field.result,
    idempotent: true,
    refusals: ['InvalidPurchaseState', 'InvalidConsumeState', 'DeveloperPayloadNotMatch'],
    absent: 'InvalidPurchaseState',
    about: 'Uses a managed product up, so that it can be bought again; this confirms the purchase too.',
    section: '4.3',
  },
  getVoidedPurchases: {
    method: 'GET',
    path: '/v7/apps/{clientId}/voided-purchases',
    access: 'accessToken',
    key: 'clientId',
    params: { clientId: field.clientId },
    query: {
      continuationKey: field.continuationKey,
      startTime: field.startTime,
      endTime: field.endTime,
      maxResults: {
        is: 'digits',
        size: 3,
        min: 1,
        max: 999,
        optional: true,
        about: 'largest number of rows, default 100',
      },
    },
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
            purchaseToken: field.purchaseToken,
            marketCode: field.marketCode,
          },
        },
        about: 'ascending by `voidedTime`, then `purchaseId`',
      },
    },
    about: 'Lists the purchases cancelled within a range of time, of every product type.',
    section: '4.4',
  },
  getUnconfirmedPurchases: {
    method: 'GET',
    path: '/v7/apps/{clientId}/unconfirmed-purchases',
    access: 'accessToken',
    key: 'clientId',
    params: { clientId: field.clientId },
    query: {
      continuationKey: field.continuationKey,
      startTime: field.startTime,
      endTime: field.endTime,
      maxResults: {
        is: 'digits',
        size: 3,
        min: 1,
        max: 100,
        optional: true,
        about: 'largest number of rows, default 100',
      },
    },
    reply: {
      continuationKey: field.continuationKey,
      unconfirmedPurchaseList: {
        is: 'list',
        of: {
          is: 'object',
          of: {
            type: field.productType,
            orderId: field.orderId,
            productId: field.productId,
            purchaseToken: field.purchaseToken,
            purchaseId: field.purchaseId,
            purchaseTime: field.purchaseTime,
            purchaseState: field.purchaseState,
            developerPayload: { ...field.developerPayload, nullable: true },
            quantity: { is: 'integer', about: 'quantity bought' },
            marketCode: field.marketCode,
          },
        },
        about: 'ascending by `purchaseTime`, then `purchaseId`',
      },
    },
    about: 'Lists the purchases that are neither acknowledged nor consumed.',
    section: '4.5',
  },
} as const satisfies Operations;

export const operations = { v7 } as const;
