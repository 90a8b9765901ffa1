// V5 consumePurchase: a managed product is used up, by the purchase's ID (section 8).
import type { Host } from '../../host/host.ts';
import type { ServerCall } from '../call.ts';
import { consumePurchase as consume } from '../consume-purchase.ts';
import { findPurchase, type NamedById } from './find-purchase.ts';

export async function consumePurchase(host: Host, call: ServerCall, input: NamedById): Promise<void> {
  const { productId, purchaseToken } = await findPurchase(host, call, input);
  await consume(host, call, { productId, purchaseToken });
}
