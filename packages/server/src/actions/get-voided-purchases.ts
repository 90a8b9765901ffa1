// getVoidedPurchases: what was cancelled within a range of time (section 4.4).
import type { Host } from '../host/host.ts';
import { listVoided } from '../store/purchases.ts';
import type { ServerCall } from './call.ts';
import { type ListInput, type Page, readPage } from './page.ts';
import { settleDueOfApp } from './settle-due.ts';
import { knowsSubscriptions } from './wanted.ts';

export async function getVoidedPurchases(host: Host, call: ServerCall, input: ListInput): Promise<Page> {
  await settleDueOfApp(host, call);
  const { app, market, generation } = call;
  const scope = { appId: app.appId, market, subscriptions: knowsSubscriptions(generation) };
  const list = {
    name: 'getVoidedPurchases',
    timeOf: (purchase: { voidedAt: number | null }) => purchase.voidedAt ?? 0,
    read: (after: Parameters<typeof listVoided>[2], until: number, limit: number) =>
      listVoided(host.database, scope, after, until, limit),
  };
  return readPage(host, call, list, input);
}
