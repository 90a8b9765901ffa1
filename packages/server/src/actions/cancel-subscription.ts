// cancelSubscription: a subscription is cancelled (section 6.2).
import { cancel } from '../domain/subscription-commands.ts';
import type { Host } from '../host/host.ts';
import type { ServerCall } from './call.ts';
import { changeSubscription } from './change-subscription.ts';

export async function cancelSubscription(
  host: Host,
  call: ServerCall,
  input: { productId: string; purchaseToken: string },
): Promise<void> {
  const { market, absent } = call;
  const { productId, purchaseToken } = input;
  const wanted = { productId, purchaseToken, market, type: 'subscription', absent } as const;
  await changeSubscription(host, call, wanted, (subscription, now) => cancel(subscription, 'developer', now));
}
