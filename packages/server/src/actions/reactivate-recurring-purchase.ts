// reactivateRecurringPurchase: a cancellation of a monthly product is taken back (section 5.3).
import { reactivate } from '../domain/subscription-commands.ts';
import type { Host } from '../host/host.ts';
import type { ServerCall } from './call.ts';
import { changeSubscription } from './change-subscription.ts';

export async function reactivateRecurringPurchase(
  host: Host,
  call: ServerCall,
  input: { productId: string; purchaseToken: string },
): Promise<void> {
  const { market, absent } = call;
  const { productId, purchaseToken } = input;
  const wanted = { productId, purchaseToken, market, type: 'auto', absent } as const;
  await changeSubscription(host, call, wanted, (subscription, now) =>
    reactivate(subscription, 'developer', now),
  );
}
