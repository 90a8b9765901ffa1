// Shops for tests: one running Till, and for each test a world of its own with an app, a product and clients.

import type { controlOperations } from '@till/protocol/control';
import type { InputOf } from '@till/protocol/shape';
import { controlKey, startServer } from '../../server/test/server.ts';
import { ControlClient } from '../src/control.ts';
import { OneStoreClient, type OneStoreClientSettings } from '../src/index.ts';

type Product = Omit<InputOf<(typeof controlOperations)['putProduct']>, 'clientId' | 'productId' | 'worldId'>;
type AppSettings = InputOf<(typeof controlOperations)['createApp']>;
type Order = Partial<InputOf<(typeof controlOperations)['createPurchase']>>;

export type Shops = Awaited<ReturnType<typeof openShops>>;

const gem: Product = { type: 'inapp', title: 'A gem', price: '1100', currency: 'KRW' };

/** Starts a Till; each `open` is a world whose clock stands still, with the product `gem` and those given. */
export async function openShops() {
  const server = await startServer({ url: 'sqlite::memory:' });
  const control = new ControlClient({ baseUrl: server.url, controlKey });
  const open = async (settings: Partial<AppSettings> = {}, products: Record<string, Product> = {}) => {
    const { worldId } = await control.createWorld({ clock: { frozen: true }, calendar: 'commercial' });
    const app = await control.createApp({ ...settings, worldId });
    const named = { clientId: app.clientId, worldId };
    for (const [productId, product] of Object.entries({ gem, ...products })) {
      await control.putProduct({ ...named, productId, ...product });
    }
    const client = (given: Partial<OneStoreClientSettings<'v7'>> = {}) =>
      new OneStoreClient({
        clientId: app.clientId,
        clientSecret: app.clientSecret,
        environment: { baseUrl: server.url },
        ...given,
      });
    return {
      app,
      named,
      client,
      buy: (productId = 'gem', order: Order = {}) =>
        control.createPurchase({ ...order, ...named, productId }),
      now: async () => (await control.readWorld({ worldId })).clock.now,
      advance: (by: string) => control.advanceClock({ worldId, by }),
    };
  };
  return { control, open, close: () => server.stop() };
}
