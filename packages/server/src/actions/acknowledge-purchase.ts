// acknowledgePurchase: the seller confirms a purchase, or the first payment of a subscription (section 4.2).
import { acknowledge } from '../domain/purchase.ts';
import { acknowledgeSubscription } from '../domain/subscription-commands.ts';
import type { Host } from '../host/host.ts';
import type { ServerCall } from './call.ts';
import { changePurchase } from './change-purchase.ts';

export async function acknowledgePurchase(
  host: Host,
  call: ServerCall,
  input: { productId: string; purchaseToken: string; developerPayload?: string | null },
): Promise<void> {
  const { market, generation, absent, now } = call;
  const { productId, purchaseToken, developerPayload } = input;
  const given = { developerPayload, cause: 'developer' } as const;
  await changePurchase(
    host,
    call,
    { productId, purchaseToken, market, generation, absent },
    {
      purchase: (purchase) => acknowledge(purchase, given, now),
      subscription: (subscription, at) => acknowledgeSubscription(subscription, given, at),
    },
  );
}
