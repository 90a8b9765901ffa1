// The server API of generation V6: the rows of V7, on its own paths, by the app's package name (section 7).
import * as field from './fields.ts';
import { v7 } from './operations-v7.ts';
import type { Operations } from './shape.ts';

const app = '/v6/apps/{packageName}';
const product = {
  packageName: field.packageName,
  productId: field.productId,
  purchaseToken: field.purchaseToken,
} as const;
const ofProduct = { key: 'packageName', params: product, section: '7' } as const;

const getAccessToken = { ...v7.getAccessToken, path: '/v6/oauth/token' } as const;
const consumePurchase = {
  ...v7.consumePurchase,
  ...ofProduct,
  path: `${app}/purchases/all/products/{productId}/{purchaseToken}/consume`,
} as const;

/** API V6 (`/v6`), section 7. It knows no subscriptions and no list of unconfirmed purchases. */
export const v6 = {
  getAccessToken,
  /** The documents give both verbs (section 13, row 5). */
  getAccessTokenByPut: { ...getAccessToken, method: 'PUT' },
  getPurchaseDetails: {
    ...v7.getPurchaseDetails,
    ...ofProduct,
    path: `${app}/purchases/inapp/products/{productId}/{purchaseToken}`,
  },
  acknowledgePurchase: {
    ...v7.acknowledgePurchase,
    ...ofProduct,
    path: `${app}/purchases/all/products/{productId}/{purchaseToken}/acknowledge`,
  },
  consumePurchase,
  /** The path of V7 is taken too (section 13, row 17). */
  consumePurchaseUnderInapp: {
    ...consumePurchase,
    path: `${app}/purchases/inapp/products/{productId}/{purchaseToken}/consume`,
  },
  getVoidedPurchases: {
    ...v7.getVoidedPurchases,
    key: 'packageName',
    path: `${app}/voided-purchases`,
    params: { packageName: field.packageName },
    section: '7',
  },
  getRecurringPurchaseDetails: {
    ...v7.getRecurringPurchaseDetails,
    ...ofProduct,
    path: `${app}/purchases/auto/products/{productId}/{purchaseToken}`,
  },
  cancelRecurringPurchase: {
    ...v7.cancelRecurringPurchase,
    ...ofProduct,
    path: `${app}/purchases/auto/products/{productId}/{purchaseToken}/cancel`,
  },
  reactivateRecurringPurchase: {
    ...v7.reactivateRecurringPurchase,
    ...ofProduct,
    path: `${app}/purchases/auto/products/{productId}/{purchaseToken}/reactivate`,
  },
} as const satisfies Operations;
