// The purchase as the device gets it: the members of the JSON text that the store signs.
import * as field from './fields.ts';
import type { Fields, Members } from './shape.ts';

/**
 * Section 12.2. What a V5 result lacks is optional: its query adds `purchaseState` and `recurringState`, and later
 * generations all of them.
 */
export const purchaseData = {
  orderId: field.orderId,
  packageName: field.packageName,
  productId: field.productId,
  purchaseTime: field.purchaseTime,
  purchaseState: {
    is: 'integer',
    optional: true,
    about: '0 purchased, 1 cancelled, 2 refunded; real texts of V5 have 1 for what was bought',
  },
  recurringState: {
    is: 'integer',
    optional: true,
    about: '0 a payment follows, 1 none follows, -1 a managed product',
  },
  purchaseId: field.purchaseId,
  developerPayload: { ...field.developerPayload, nullable: true },
  purchaseToken: { ...field.purchaseToken, optional: true },
  acknowledgeState: { ...field.acknowledgeState, optional: true },
  quantity: { is: 'integer', optional: true, about: 'quantity bought' },
} as const satisfies Fields;

/** What the text of a purchase holds. */
export type PurchaseData = Members<typeof purchaseData>;
