// The messages that the store sends to the developer's server: of payments (PNS) and of subscriptions (SNS).
import { marketCodes, paymentMethods } from './codes.ts';
import * as field from './fields.ts';
import type { Fields } from './shape.ts';

/** Message versions (section 9.2). 3.1.0 names the app by its `clientId`, 3.0.0 by its `packageName`. */
export const notificationVersions = ['3.0.0', '3.1.0'] as const;
export type NotificationVersion = (typeof notificationVersions)[number];

/** What a message is about: a payment, or the state of a subscription; each has an address of its own (section 9.1). */
export const notificationKinds = ['payment', 'subscription'] as const;
export type NotificationKind = (typeof notificationKinds)[number];

/** How the example of section 9.6 spells `environment`, which its table spells rightly (section 13, row 16). */
export const environmentKeys = ['environment', 'environmenmt'] as const;
export type EnvironmentKey = (typeof environmentKeys)[number];

export const msgVersion = {
  is: 'code',
  of: ['3.0.0', '3.0.0D', '3.1.0', '3.1.0D'],
  about: 'message version; with `D` in the sandbox',
} as const;
export const environmentName = { is: 'code', of: ['SANDBOX', 'COMMERCIAL'], about: 'environment' } as const;

const app = {
  clientId: { ...field.clientId, optional: true, about: 'client ID of the app, from 3.1.0 on' },
  packageName: { ...field.packageName, optional: true, about: 'package name of the app, in 3.0.0' },
} as const;

/** Body of a payment notification, its members in the order in which they are sent (section 9.3). */
export const paymentNotification = {
  msgVersion,
  ...app,
  productId: field.productId,
  messageType: { is: 'code', of: ['SINGLE_PAYMENT_TRANSACTION'], about: 'fixed' },
  purchaseId: field.purchaseId,
  developerPayload: { ...field.developerPayload, nullable: true },
  purchaseTimeMillis: { is: 'integer', about: 'when the payment was completed, epoch ms' },
  purchaseState: { is: 'code', of: ['COMPLETED', 'CANCELED'], about: 'paid, or cancelled' },
  price: { is: 'text', about: 'amount, a decimal string' },
  priceCurrencyCode: { is: 'text', pattern: '^[A-Z]{3}$', about: 'ISO 4217 code' },
  productName: {
    is: 'text',
    optional: true,
    about: 'only where the developer gave a title of their own at the purchase',
  },
  paymentTypeList: {
    is: 'list',
    of: {
      is: 'object',
      of: {
        paymentMethod: { is: 'code', of: paymentMethods, about: 'payment method' },
        amount: { is: 'text', about: 'what was paid by it, a decimal string' },
      },
    },
    about: 'how it was paid',
  },
  billingKey: {
    is: 'text',
    pattern: '^[0-9A-F]{128}$',
    nullable: true,
    about: 'payment key for extended functions, 128 hex digits',
  },
  isTestMdn: { is: 'boolean', about: 'a test phone' },
  purchaseToken: field.purchaseToken,
  environment: environmentName,
  marketCode: { is: 'code', of: marketCodes, about: 'market of the purchase' },
  signature: { is: 'text', about: 'SHA512withRSA over the text without this member, base64' },
} as const satisfies Fields;

/** Body of a subscription notification; it has no signature (section 9.6). */
export const subscriptionNotification = {
  msgVersion,
  ...app,
  eventTimeMillis: { is: 'integer', about: 'when it happened, epoch ms' },
  subscriptionNotification: {
    is: 'object',
    of: {
      version: { is: 'text', about: 'version of this object, `1`' },
      notificationType: { is: 'integer', min: 1, max: 13, about: 'what happened (section 9.7)' },
      purchaseToken: field.purchaseToken,
      productId: field.productId,
    },
    about: 'what happened to which subscription',
  },
  environment: environmentName,
  marketCode: { is: 'code', of: marketCodes, about: 'market of the purchase' },
} as const satisfies Fields;

/** What a subscription notification tells (section 9.7). */
export const notificationTypes = {
  SUBSCRIPTION_RECOVERED: 1,
  SUBSCRIPTION_RENEWED: 2,
  SUBSCRIPTION_CANCELED: 3,
  SUBSCRIPTION_PURCHASED: 4,
  SUBSCRIPTION_ON_HOLD: 5,
  SUBSCRIPTION_IN_GRACE_PERIOD: 6,
  SUBSCRIPTION_RESTARTED: 7,
  SUBSCRIPTION_PRICE_CHANGE_CONFIRMED: 8,
  SUBSCRIPTION_DEFERRED: 9,
  SUBSCRIPTION_PAUSED: 10,
  SUBSCRIPTION_PAUSE_SCHEDULE_CHANGED: 11,
  SUBSCRIPTION_REVOKED: 12,
  SUBSCRIPTION_EXPIRED: 13,
} as const;
export type NotificationTypeName = keyof typeof notificationTypes;
export type NotificationType = (typeof notificationTypes)[NotificationTypeName];

/** How an attempt to deliver a message ended. Only status 200 delivers it (section 9.1). */
export const deliveryResults = [
  'delivered',
  'refused',
  'timeout',
  'connection',
  'tls',
  'blocked',
  'redirect',
  'tooLarge',
] as const;
export type DeliveryResult = (typeof deliveryResults)[number];

/** Where a message stands: waiting for its next attempt, received, or given up. */
export const notificationStatuses = ['pending', 'delivered', 'dead'] as const;
export type NotificationStatus = (typeof notificationStatuses)[number];

/** What the laboratory does to messages on purpose; sandbox only. */
export const notificationFaults = [
  'duplicate',
  'drop',
  'delay',
  'reorder',
  'wrongSignature',
  'alteredBody',
  'truncatedBody',
] as const;
export type NotificationFault = (typeof notificationFaults)[number];
