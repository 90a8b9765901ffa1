// getUnconfirmedPurchases: what is neither acknowledged nor consumed (section 4.5).
import type { Host } from '../host/host.ts';
import { listUnconfirmed } from '../store/purchases.ts';
import { choice, type ServerCall } from './call.ts';
import { type ListInput, type Page, readPage } from './page.ts';

/** For `MKT_GLB` the list is empty unless the app or the server has chosen to serve it (section 13, row 36). */
export async function getUnconfirmedPurchases(host: Host, call: ServerCall, input: ListInput): Promise<Page> {
  const { app, market, now } = call;
  const served = market === 'MKT_ONE' || choice(host, app.switches, 'unconfirmedGlobal');
  const scope = { appId: app.appId, market, now };
  const list = {
    name: 'getUnconfirmedPurchases',
    timeOf: (purchase: { purchaseTime: number }) => purchase.purchaseTime,
    read: async (after: Parameters<typeof listUnconfirmed>[2], until: number, limit: number) =>
      served ? listUnconfirmed(host.database, scope, after, until, limit) : [],
  };
  return readPage(host, call, list, input);
}
