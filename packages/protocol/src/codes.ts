// The closed lists of values that the protocol names.

/** Markets (section 1.4). Without the header a request means `MKT_ONE`. */
export const marketCodes = ['MKT_ONE', 'MKT_GLB'] as const;
export type Market = (typeof marketCodes)[number];

/** Product types (section 3.4); `all` stands in paths only. */
export const productTypes = ['inapp', 'auto', 'subscription'] as const;
export type ProductType = (typeof productTypes)[number];

/** Payment methods of a purchase (section 9.4). */
export const paymentMethods = [
  'DCB',
  'PHONEBILL',
  'ONEPAY',
  'CREDITCARD',
  '11PAY',
  'NAVERPAY',
  'CULTURELAND',
  'OCB',
  'ONESTORECASH',
  'COUPON',
  'POINT',
  'TELCOMEMBERSHIP',
  'EWALLET',
  'BANKACCT',
  'PAYPAL',
  'MYCARD',
] as const;
export type PaymentMethod = (typeof paymentMethods)[number];

/** API generations (section 1.1): V5 is `/v2`, V6 `/v6`, V7 `/v7`. */
export const generations = ['v5', 'v6', 'v7'] as const;
export type Generation = (typeof generations)[number];

/** The two environments, which share no token and no purchase (section 1.2). */
export const environments = ['sandbox', 'commercial'] as const;
export type Environment = (typeof environments)[number];

/** Periods of a subscription (section 11.4), as spans of ISO 8601. */
export const subscriptionPeriods = ['P1W', 'P1M', 'P3M', 'P6M', 'P1Y'] as const;
export type SubscriptionPeriod = (typeof subscriptionPeriods)[number];

/** How the sandbox's payment gateway answers a charge; the answer to a `timeout` is lost and comes when it is asked again. */
export const paymentOutcomes = ['approve', 'decline', 'timeout'] as const;
export type PaymentOutcome = (typeof paymentOutcomes)[number];

/** States of a subscription or a monthly product (section 11.1). */
export const subscriptionStates = [
  'active',
  'cancelScheduled',
  'grace',
  'hold',
  'paused',
  'expired',
  'revoked',
] as const;
export type SubscriptionState = (typeof subscriptionStates)[number];

/** What a scheduled cancellation shows as its time: the end of use, as the published example does, or the request. */
export const scheduledCancelTimes = ['expiry', 'request'] as const;
export type ScheduledCancelTime = (typeof scheduledCancelTimes)[number];

/** How a buyer goes from one subscription product to another (section 11.6). */
export const productChangeModes = [
  'IMMEDIATE_WITH_TIME_PRORATION',
  'IMMEDIATE_AND_CHARGE_PRORATED_PRICE',
  'IMMEDIATE_WITHOUT_PRORATION',
  'DEFERRED',
] as const;
export type ProductChangeMode = (typeof productChangeModes)[number];
