// cancelRecurringPurchase: no further payment of a monthly product (section 5.2).
import { cancel } from '../domain/subscription-commands.ts';
import type { Host } from '../host/host.ts';
import type { ServerCall } from './call.ts';
import { changeSubscription } from './change-subscription.ts';

export async function cancelRecurringPurchase(
  host: Host,
  call: ServerCall,
  input: { productId: string; purchaseToken: string },
): Promise<void> {
  const { market, absent } = call;
  const { productId, purchaseToken } = input;
  const wanted = { productId, purchaseToken, market, type: 'auto', absent } as const;
  await changeSubscription(host, call, wanted, (subscription, now) => cancel(subscription, 'developer', now));
}
