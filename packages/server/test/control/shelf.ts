// A shop with three subscription products and a buyer of the middle one: what tests of product changes begin with.
import { type Answer, expectStatus, type TestServer } from '../server.ts';
import { aPass, openSubscribers, type Subscribers } from './subscribers.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
type Json = any;

export interface Shelf {
  readonly shop: Subscribers & { pass: Record<string, unknown>; gold: Record<string, unknown> };
  /** Of alice’s `pass`, bought and acknowledged at noon on 15 January. */
  readonly purchaseToken: string;
  /** Changes it, or another, to `gold` unless told otherwise. */
  change(mode: string, productId?: string, given?: Json): Promise<Answer>;
  changed(mode: string, productId?: string, given?: Json): Promise<Json>;
  /** The purchases of a product, the latest first. */
  listed(productId: string): Promise<Json[]>;
  /** Every row that the app has, but for its record of calls. */
  rows(): Promise<Json>;
}

/** `silver` costs 4900 a month, `pass` 9900, `gold` 19800; `terms` are those of `pass`. */
export async function openShelf(
  server: TestServer,
  { terms = {}, ...options }: { calendar?: 'sandbox' | 'commercial'; terms?: Record<string, unknown> } = {},
): Promise<Shelf> {
  const shop = await openSubscribers(server, options);
  const pass = aPass(terms);
  const gold = { ...aPass(), price: '19800' };
  expectStatus(await shop.put('pass', pass), 200);
  expectStatus(await shop.put('silver', { ...aPass(), price: '4900' }), 200);
  expectStatus(await shop.put('gold', gold), 200);
  const { purchaseToken } = await shop.subscribe({ buyerId: 'alice' });
  const change = (mode: string, productId = 'gold', { of = purchaseToken, ...given }: Json = {}) =>
    shop.create({ productId, replaces: { purchaseToken: of, mode }, ...given });
  return {
    shop: { ...shop, pass, gold },
    purchaseToken,
    change,
    changed: async (mode, productId, given) => expectStatus(await change(mode, productId, given), 201),
    listed: async (productId) => {
      const path = `/apps/${shop.app.clientId}/purchases?${new URLSearchParams({ productId })}`;
      return expectStatus(await server.control('GET', path), 200).items;
    },
    rows: async () => {
      const { database } = server.till.host;
      const of = 'where app_id in (select app_id from app where client_id = $1)';
      const app = [shop.app.clientId];
      return {
        subscriptions: await database.all(`select * from subscription ${of} order by purchase_token`, app),
        purchases: await database.all(`select * from purchase ${of} order by purchase_id`, app),
        entries: await database.all(`select * from ledger ${of} order by purchase_token, seq`, app),
        charges: await database.all(`select * from charge ${of} order by purchase_token, number`, app),
        trials: await database.all(`select * from trial ${of} order by buyer_id, product_id`, app),
      };
    },
  };
}
