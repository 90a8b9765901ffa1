// What the calls about monthly products and subscriptions share: whom they find, and when it is in Korea.
import type { Answer, CallOptions, TestServer } from '../server.ts';
import { assertRefused, type Bought, inMarket, type Named, openShop, type Shop } from './shop.ts';

export type RecurringType = 'auto' | 'subscription';
export type Ask = (shop: Shop, purchase: Named, options?: CallOptions) => Promise<Answer>;

/** An instant of the spring of 2026 in Korea. */
export function korea(month: number, day: number, hour: number, minute = 0, second = 0): number {
  return Date.UTC(2026, month - 1, day, hour - 9, minute, second);
}

/** A shop whose world runs on real periods. */
export function openCommercialShop(
  server: TestServer,
  options: Record<string, unknown> = {},
  world: Record<string, unknown> = {},
): Promise<Shop> {
  return openShop(server, options, { calendar: 'commercial', ...world });
}

/** The names of one purchase changed so that nothing has them, or something of another type, product or market. */
async function astray(shop: Shop, type: RecurringType, purchase: Bought): Promise<Named[]> {
  const other = type === 'auto' ? await shop.subscribe() : await shop.buyMonthly();
  const managed = await shop.buy();
  return [
    { ...purchase, purchaseToken: 'SANDBOXT999999999999' },
    { ...purchase, purchaseToken: purchase.purchaseId },
    { ...purchase, purchaseToken: purchase.purchaseToken.toLowerCase() },
    { ...purchase, productId: 'product01' },
    { ...purchase, productId: other.productId },
    { ...purchase, productId: purchase.productId.toUpperCase() },
    { ...purchase, purchaseToken: managed.purchaseToken },
    { ...purchase, purchaseToken: other.purchaseToken },
    managed,
    other,
  ];
}

/**
 * Every way in which a call can miss its purchase is answered with `NoSuchData`, whatever the state of what was
 * missed, and leaves it as it was.
 */
export async function assertFindsNothingElse(
  server: TestServer,
  type: RecurringType,
  ask: Ask,
): Promise<void> {
  const shop = await openShop(server);
  const purchase = await shop.buyA(type);
  for (const named of await astray(shop, type, purchase)) {
    assertRefused(await ask(shop, named), 'NoSuchData');
  }
  assertRefused(await ask(shop, purchase, inMarket('MKT_GLB')), 'NoSuchData');
  const stranger = await openShop(server);
  await stranger.buyA(type);
  assertRefused(await ask(stranger, purchase), 'NoSuchData');
  const told = await shop.history(purchase);
  await shop.void(purchase);
  assertRefused(await ask(shop, { ...purchase, productId: 'product01' }), 'NoSuchData');
  assertRefused(await ask(shop, purchase, inMarket('MKT_GLB')), 'NoSuchData');
  if (told.length !== 1) throw new Error(`something happened to it: ${told}`);
}
