// getSubscriptionDetail: the state of a subscription (section 6.1).
import type { Subscription } from '../domain/subscription.ts';
import type { Host } from '../host/host.ts';
import type { ServerCall } from './call.ts';
import { readSubscription } from './change-subscription.ts';

export interface SeenSubscription {
  subscription: Subscription;
  call: ServerCall;
}

export async function getSubscriptionDetail(
  host: Host,
  call: ServerCall,
  input: { productId: string; purchaseToken: string },
): Promise<SeenSubscription> {
  const { market, absent } = call;
  const { productId, purchaseToken } = input;
  const wanted = { productId, purchaseToken, market, type: 'subscription', absent } as const;
  return { subscription: await readSubscription(host, call, wanted), call };
}
