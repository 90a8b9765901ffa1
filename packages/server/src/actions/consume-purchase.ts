// consumePurchase: a managed product is used up (section 4.3).
import { consume } from '../domain/purchase.ts';
import { refuseConsume } from '../domain/subscription-commands.ts';
import type { Host } from '../host/host.ts';
import type { ServerCall } from './call.ts';
import { changePurchase } from './change-purchase.ts';

export async function consumePurchase(
  host: Host,
  call: ServerCall,
  input: { productId: string; purchaseToken: string; developerPayload?: string | null },
): Promise<void> {
  const { market, generation, absent, now } = call;
  const { productId, purchaseToken, developerPayload } = input;
  await changePurchase(
    host,
    call,
    { productId, purchaseToken, market, generation, absent },
    {
      purchase: (purchase) => consume(purchase, { developerPayload, cause: 'developer' }, now),
      subscription: refuseConsume,
    },
  );
}
