// The purchase as the device gets it: a JSON string, signed with the app's key (section 12.2).
import type { Environment } from '@till/protocol/codes';
import type { App } from './app.ts';
import type { Purchase } from './purchase.ts';
import type { Subscription } from './subscription.ts';
import { autoRenewing } from './subscription-state.ts';

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
  shown: { purchase: Purchase; subscription: Subscription | null },
  app: Pick<App, 'packageName' | 'generation'>,
  given: { environment: Environment; bought: boolean },
): string {
  const { purchase, subscription } = shown;
  const { packageName, generation } = app;
  const { environment } = given;
  if (generation === 'v5') return v5PurchaseData(shown, packageName, given);
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

/**
 * As the real V5 samples have it: the result of a purchase, and what a later query answers, whose time is cut to whole
 * seconds.
 */
function v5PurchaseData(
  { purchase, subscription }: { purchase: Purchase; subscription: Subscription | null },
  packageName: string,
  { environment, bought }: { environment: Environment; bought: boolean },
): string {
  const { orderId, productId, purchaseTime, purchaseId } = purchase;
  const developerPayload = shownPayload(purchase.developerPayload, environment);
  if (bought) {
    return JSON.stringify({ orderId, packageName, productId, purchaseTime, purchaseId, developerPayload });
  }
  return JSON.stringify({
    ...{ orderId, packageName, productId, purchaseTime: purchaseTime - (purchaseTime % 1_000) },
    purchaseState: (subscription ?? purchase).voidedAt === null ? 0 : 1,
    recurringState: recurringState(subscription),
    ...{ purchaseId, developerPayload },
  });
}

/** 0 a payment follows, 1 none follows, -1 a managed product (sections 11.1, 12.2). */
function recurringState(subscription: Subscription | null): -1 | 0 | 1 {
  if (subscription === null) return -1;
  return autoRenewing(subscription) ? 0 : 1;
}
