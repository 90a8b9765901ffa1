// The demo app of a sandbox's first start: documented credentials, and purchases to try the calls on.

import { acknowledgePurchaseByHand } from './actions/control/acknowledge-purchase-by-hand.ts';
import { consumePurchaseByHand } from './actions/control/consume-purchase-by-hand.ts';
import { createApp } from './actions/control/create-app.ts';
import { createPurchase } from './actions/control/create-purchase.ts';
import { listApps } from './actions/control/list-apps.ts';
import { putProduct } from './actions/control/put-product.ts';
import { voidPurchase } from './actions/control/void-purchase.ts';
import type { Host } from './host/host.ts';

export const demo = {
  clientId: 'com.example.demo',
  clientSecret: 'dGlsbC1kZW1vLXNlY3JldC1mb3ItdGhlLXNhbmRib3g=',
  productId: 'gem_100',
  /** A purchase that nobody has acknowledged yet. */
  purchaseToken: 'SANDBOXT000000000001',
} as const;

const products = [
  { productId: 'gem_100', title: '100 gems', price: '1100' },
  { productId: 'no_ads', title: 'No ads, for good', price: '5500' },
  { productId: 'season_pass', title: 'Season pass', price: '9900' },
] as const;

type Step = (host: Host, purchase: { clientId: string; purchaseToken: string }) => Promise<unknown>;

const purchases: readonly { productId: string; buyerId: string; next?: Step }[] = [
  { productId: 'gem_100', buyerId: 'alice' },
  { productId: 'no_ads', buyerId: 'bob', next: acknowledgePurchaseByHand },
  { productId: 'gem_100', buyerId: 'carol', next: consumePurchaseByHand },
  { productId: 'season_pass', buyerId: 'dave', next: voidPurchase },
  { productId: 'season_pass', buyerId: 'erin' },
];

/** Makes the demo app where there is no app at all, and tells whether it did. */
export async function createDemo(host: Host): Promise<boolean> {
  const { items } = await listApps(host, { limit: 1 });
  if (host.environment !== 'sandbox' || items.length > 0) return false;
  const { clientId, clientSecret } = demo;
  await createApp(host, { clientId, clientSecret, title: 'Demo game' });
  for (const product of products) {
    await putProduct(host, { ...product, clientId, type: 'inapp', currency: 'KRW' });
  }
  for (const [index, purchase] of purchases.entries()) await buyDemo(host, purchase, index + 1);
  return true;
}

async function buyDemo(host: Host, purchase: (typeof purchases)[number], number: number): Promise<void> {
  const { clientId } = demo;
  const digits = String(number).padStart(12, '0');
  const identifiers = {
    purchaseId: `SANDBOX3${digits}`,
    purchaseToken: `SANDBOXT${digits}`,
    orderId: `ONESTORE7_${digits.padStart(30, '0')}`,
  };
  const { productId, buyerId } = purchase;
  const developerPayload = `order-${number}`;
  await createPurchase(host, { clientId, productId, buyerId, developerPayload, identifiers });
  await purchase.next?.(host, { clientId, purchaseToken: identifiers.purchaseToken });
}

/** The calls to paste after a start: a token, then the purchase is read, acknowledged and consumed. */
export function demoCalls(url: string): string {
  const { clientId, clientSecret, productId, purchaseToken } = demo;
  const app = `${url}/v7/apps/${clientId}/purchases`;
  const purchase = `products/${productId}/${purchaseToken}`;
  return [
    `TOKEN=$(curl -s ${url}/v7/oauth/token -d grant_type=client_credentials \\`,
    `  -d client_id=${clientId} -d client_secret=${clientSecret} \\`,
    `  | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `curl -sw '\\n' -H "Authorization: Bearer $TOKEN" \\`,
    `  ${app}/inapp/${purchase}`,
    `curl -sw '\\n' -H "Authorization: Bearer $TOKEN" -X POST \\`,
    `  ${app}/all/${purchase}/acknowledge`,
    `curl -sw '\\n' -H "Authorization: Bearer $TOKEN" -X POST \\`,
    `  ${app}/inapp/${purchase}/consume`,
  ].join('\n');
}
