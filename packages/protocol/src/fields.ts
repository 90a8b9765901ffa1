// Fields that several operations share, each written once.
import { marketCodes, productTypes } from './codes.ts';

/** Path values of the V7 resource endpoints (section 3.3). Sizes are maxima, in characters. */
export const clientId = { is: 'text', max: 128, about: 'client ID of the calling app' } as const;
export const productId = { is: 'text', max: 150, about: 'in-app product ID' } as const;
export const purchaseToken = { is: 'text', max: 20, about: 'purchase token' } as const;

/** The app key of the paths before V7 (sections 7, 8). */
export const packageName = { is: 'text', max: 128, about: 'package name of the calling app' } as const;
/** What manageRecurringPaymentStatus does (section 8). */
export const paymentAction = {
  is: 'code',
  of: ['cancel', 'reactivate'],
  about: 'end the automatic payment, or take that back',
} as const;

/** The developer's own identifier of a purchase: at most 200 bytes of UTF-8 (section 12.3). */
export const developerPayload = {
  is: 'text',
  maxBytes: 200,
  about: 'identifier supplied by the developer at purchase',
} as const;
export const givenDeveloperPayload = {
  ...developerPayload,
  optional: true,
  nullable: true,
  about: 'compared with the one of the purchase; absent, null and empty mean "not given"',
} as const;

export const purchaseId = { is: 'text', max: 20, about: 'purchase ID' } as const;
export const orderId = { is: 'text', max: 40, about: 'payment ID' } as const;
export const purchaseTime = { is: 'integer', size: 13, about: 'time of the purchase, epoch ms' } as const;
export const purchaseState = {
  is: 'integer',
  size: 1,
  about: '0 purchase completed, 1 cancelled',
} as const;
export const acknowledgeState = {
  is: 'integer',
  size: 1,
  about: '0 not acknowledged, 1 acknowledged',
} as const;
/** An amount as the server API writes it: a decimal string, and the same in millionths (section 6.1). */
export const amount = { is: 'text', about: 'amount, a decimal string' } as const;
export const amountMicros = { is: 'integer', about: 'the same amount times 1,000,000' } as const;
export const instant = { is: 'integer', size: 13 } as const;
export const cancelReason = {
  is: 'integer',
  size: 1,
  nullable: true,
  about: '0 asked for by the buyer or the developer, 1 anything else; `null` where nothing was cancelled',
} as const;
/** Of deferSubscription: days, on the sandbox's calendar minutes (section 6.4). */
export const deferPeriod = {
  is: 'integer',
  min: 1,
  max: 365,
  about: 'days, on the sandbox’s calendar minutes',
} as const;

export const marketCode = { is: 'code', of: marketCodes, about: 'market of the purchase' } as const;
export const productType = { is: 'code', of: productTypes, about: 'product type' } as const;

/** The market of a request (section 1.4): a header of every call of the server API. */
export const marketHeader = 'x-market-code';

/** The range of a list, in epoch ms (sections 4.4, 4.5). */
export const startTime = {
  is: 'digits',
  size: 13,
  optional: true,
  about: 'start of the range, epoch ms',
} as const;
export const endTime = {
  is: 'digits',
  size: 13,
  optional: true,
  about: 'end of the range, epoch ms',
} as const;
export const continuationKey = {
  is: 'text',
  max: 41,
  optional: true,
  about: 'key of the previous page; there while more rows exist',
} as const;

/** The success wrapper of the actions (section 3.1). */
export const result = {
  result: {
    is: 'object',
    of: { code: { is: 'text', about: '`Success`' }, message: { is: 'text' } },
  },
} as const;
