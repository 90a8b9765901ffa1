// getRecurringPurchaseDetails: the state of a monthly product (section 5.1).
import type { Host } from '../host/host.ts';
import type { ServerCall } from './call.ts';
import { readSubscription } from './change-subscription.ts';
import type { SeenSubscription } from './get-subscription-detail.ts';

export async function getRecurringPurchaseDetails(
  host: Host,
  call: ServerCall,
  input: { productId: string; purchaseToken: string },
): Promise<SeenSubscription> {
  const { market, absent } = call;
  const { productId, purchaseToken } = input;
  const wanted = { productId, purchaseToken, market, type: 'auto', absent } as const;
  return { subscription: await readSubscription(host, call, wanted), call };
}
