// A Till of the tests as the suite meets it: what `conform` is told of it, and an app with purchases to read from outside.
import { controlKey, expectStatus, type TestServer } from '../../packages/server/test/server.ts';
import type { ConformOptions } from '../conform.ts';

const bounds = { timeoutMs: 20_000, pauseMs: 0, mostRequests: 5_000 };

/** Everything the suite can ask a Till for. */
export function wholeRun({ url }: TestServer, options: Partial<ConformOptions> = {}): ConformOptions {
  const till = { controlUrl: url, controlKey };
  const generations = ['v7', 'v6', 'v5'] as const;
  return { baseUrl: url, till, generations, purchases: [], write: true, ...bounds, ...options };
}

/** As a developer runs it: with the credentials of an app and a purchase of each kind, read-only. */
export async function runFromOutside(
  server: TestServer,
  options: Partial<ConformOptions> = {},
): Promise<ConformOptions> {
  const worldId = await server.world({ frozen: false, calendar: 'commercial' });
  const app = await server.app({ worldId, market: options.market ?? 'MKT_ONE' });
  const path = (productId: string) => `/apps/${app.clientId}/products/${productId}?worldId=${worldId}`;
  const shared = { title: 'A product', price: '1100', currency: 'KRW' };
  const club = { ...shared, type: 'subscription', subscription: { period: 'P1M' } };
  expectStatus(await server.control('PUT', path('monthly'), { ...shared, type: 'auto' }), 200);
  expectStatus(await server.control('PUT', path('club'), club), 200);
  const bought = async (productId: string) => {
    const { purchaseToken } = await server.buy(app, { productId, developerPayload: 'the buyer’s own words' });
    return { productId, purchaseToken: String(purchaseToken) };
  };
  for (let count = 0; count < 2; count++) {
    const { purchaseToken } = await bought('product01');
    const voiding = `/apps/${app.clientId}/purchases/${purchaseToken}/void?worldId=${worldId}`;
    expectStatus(await server.control('POST', voiding), 200);
  }
  return {
    baseUrl: server.url,
    credentials: app,
    generations: ['v7'],
    purchases: [
      { kind: 'inapp', ...(await bought('product01')) },
      { kind: 'auto', ...(await bought('monthly')) },
      { kind: 'subscription', ...(await bought('club')) },
    ],
    write: false,
    ...bounds,
    ...options,
  };
}
