// deferSubscription: the next payment of a subscription is put off (section 6.4).
import { defer } from '../domain/subscription-commands.ts';
import type { Host } from '../host/host.ts';
import type { ServerCall } from './call.ts';
import { changeSubscription } from './change-subscription.ts';

export async function deferSubscription(
  host: Host,
  call: ServerCall,
  input: { productId: string; purchaseToken: string; deferPeriod: number },
): Promise<void> {
  const { market, absent } = call;
  const { productId, purchaseToken, deferPeriod } = input;
  const wanted = { productId, purchaseToken, market, type: 'subscription', absent } as const;
  await changeSubscription(host, call, wanted, (subscription, now) =>
    defer(subscription, { deferPeriod, cause: 'developer' }, now),
  );
}
