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
