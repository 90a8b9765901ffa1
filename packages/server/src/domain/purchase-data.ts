// The purchase as the device gets it: a JSON string, signed with the app's key (section 12.2).
import type { Environment } from '@till/protocol/codes';
import type { Purchase } from './purchase.ts';
import { autoRenewing, type Subscription } from './subscription.ts';

/**
 * A purchase made without a payload has the empty one at the sandbox host and `null` at the commercial host
 * (section 13, row 37).
 */
export function shownPayload(developerPayload: string | null, environment: Environment): string | null {
  return developerPayload ?? (environment === 'sandbox' ? '' : null);
}

/** What the device got: the exact JSON text, and SHA512withRSA over it with the app's key, base64. */
export interface Receipt {
  purchaseData: string;
  signature: string;
}

/**
 * The exact JSON text to sign. The members are those of the documents; their order, which nobody documents for
 * V6 and V7, is that of the V5 samples with the later members behind.
 */
export function purchaseData(
  { purchase, subscription }: { purchase: Purchase; subscription: Subscription | null },
  packageName: string,
  environment: Environment,
): string {
  const { acknowledgedAt, voidedAt } = subscription ?? purchase;
  return JSON.stringify({
    orderId: purchase.orderId,
    packageName,
    productId: purchase.productId,
    purchaseTime: purchase.purchaseTime,
    purchaseState: voidedAt === null ? 0 : 1,
    recurringState: recurringState(subscription),
    purchaseId: purchase.purchaseId,
    developerPayload: shownPayload(purchase.developerPayload, environment),
    purchaseToken: purchase.purchaseToken,
    acknowledgeState: acknowledgedAt === null ? 0 : 1,
    quantity: purchase.quantity,
  });
}

/** 0 a payment follows, 1 none follows, -1 a managed product (sections 11.1, 12.2). */
function recurringState(subscription: Subscription | null): -1 | 0 | 1 {
  if (subscription === null) return -1;
  return autoRenewing(subscription) ? 0 : 1;
}
