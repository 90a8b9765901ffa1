// acknowledgePurchase: the seller confirms a purchase (section 4.2).
import { acknowledge } from '../domain/purchase.ts';
import type { Host } from '../host/host.ts';
import type { ServerCall } from './call.ts';
import { changePurchase } from './change-purchase.ts';

export async function acknowledgePurchase(
  host: Host,
  call: ServerCall,
  input: { productId: string; purchaseToken: string; developerPayload?: string | null },
): Promise<void> {
  const { market, absent, now } = call;
  const { productId, purchaseToken, developerPayload } = input;
  await changePurchase(host, call, { productId, purchaseToken, market, absent }, (purchase) =>
    acknowledge(purchase, { developerPayload, cause: 'developer' }, now),
  );
}
