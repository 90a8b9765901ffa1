// V5 getVoidedPurchases: what was cancelled of the purchases made within a range of time (section 8; 13, row 13).
import type { Purchase } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import { listVoidedByPurchaseTime } from '../../store/purchases.ts';
import type { ServerCall } from '../call.ts';
import { type List, type ListInput, type Page, readPage } from '../page.ts';
import { settleDueOfApp } from '../settle-due.ts';

/** How many days before now a start may lie (section 8). */
const reachDays = 30;

export async function getVoidedPurchases(host: Host, call: ServerCall, input: ListInput): Promise<Page> {
  await settleDueOfApp(host, call);
  const scope = { appId: call.app.appId, market: call.market, subscriptions: false };
  const list: List = {
    name: 'v5 getVoidedPurchases',
    timeOf: (purchase: Purchase) => purchase.purchaseTime,
    read: (after, until, limit) => listVoidedByPurchaseTime(host.database, scope, after, until, limit),
    reachDays,
  };
  return readPage(host, call, list, input);
}
