// The calls of the generations before V7 on one shop, whose package name is not its client ID.
import { randomBytes } from 'node:crypto';
import type { Answer, CallOptions, TestServer } from '../server.ts';
import { type Bought, type Named, openShop, type Shop } from './shop.ts';

type Query = Record<string, string | number>;
type AskV6 = (purchase: Named, options?: CallOptions) => Promise<Answer>;
type AskV5 = (purchase: Pick<Bought, 'purchaseId'>, options?: CallOptions) => Promise<Answer>;
type AskList = (query?: Query, options?: CallOptions) => Promise<Answer>;

export interface V6 {
  details: AskV6;
  acknowledge: AskV6;
  /** Under `/all/`, as the table of changes has it. */
  consume: AskV6;
  /** Under `/inapp/`, as V7 has it. */
  consumeUnderInapp: AskV6;
  recurringDetails: AskV6;
  cancel: AskV6;
  reactivate: AskV6;
  voided: AskList;
}

export interface V5 {
  details: AskV5;
  detailsByProductId(
    purchase: Pick<Bought, 'purchaseId' | 'productId'>,
    options?: CallOptions,
  ): Promise<Answer>;
  recurringDetails: AskV5;
  lastRecurringDetails: AskV5;
  manage(purchase: Pick<Bought, 'purchaseId'>, action: string, options?: CallOptions): Promise<Answer>;
  consume: AskV5;
  voided: AskList;
}

/** A shop of the V7 calls, with those of V6 and V5 beside them. */
export interface OlderShop extends Shop {
  readonly packageName: string;
  readonly v6: V6;
  readonly v5: V5;
}

/** Its app is one of V6 unless `options` say otherwise. */
export async function openOlderShop(
  server: TestServer,
  options: Record<string, unknown> = {},
  world: Record<string, unknown> = {},
): Promise<OlderShop> {
  const packageName = `com.example.a${randomBytes(6).toString('hex')}`;
  const shop = await openShop(server, { generation: 'v6', packageName, ...options }, world);
  return { ...shop, packageName, v6: v6Of(shop, packageName), v5: v5Of(shop, packageName) };
}

/** As V6 calls it; `packageName` may be of another app. */
export function v6Of({ call }: Shop, packageName: string): V6 {
  const of = encodeURIComponent;
  const base = `/v6/apps/${packageName}`;
  const product = (type: string, { productId, purchaseToken }: Named) =>
    `${base}/purchases/${type}/products/${of(productId)}/${of(purchaseToken)}`;
  return {
    details: (purchase, given) => call('GET', product('inapp', purchase), given),
    acknowledge: (purchase, given) => call('POST', `${product('all', purchase)}/acknowledge`, given),
    consume: (purchase, given) => call('POST', `${product('all', purchase)}/consume`, given),
    consumeUnderInapp: (purchase, given) => call('POST', `${product('inapp', purchase)}/consume`, given),
    recurringDetails: (purchase, given) => call('GET', product('auto', purchase), given),
    cancel: (purchase, given) => call('POST', `${product('auto', purchase)}/cancel`, given),
    reactivate: (purchase, given) => call('POST', `${product('auto', purchase)}/reactivate`, given),
    voided: (query = {}, given = {}) => call('GET', `${base}/voided-purchases`, { query, ...given }),
  };
}

/** As V5 calls it, by the ID of a purchase. */
export function v5Of({ call }: Shop, packageName: string): V5 {
  const of = encodeURIComponent;
  const path = (name: string, purchaseId: string) => `/v2/purchase/${name}/${of(purchaseId)}/${packageName}`;
  return {
    details: ({ purchaseId }, given) => call('GET', path('details', purchaseId), given),
    detailsByProductId: ({ purchaseId, productId }, given) =>
      call('GET', `${path('details-by-productid', purchaseId)}/${of(productId)}`, given),
    recurringDetails: ({ purchaseId }, given) => call('GET', path('recurring-details', purchaseId), given),
    lastRecurringDetails: ({ purchaseId }, given) =>
      call('GET', path('last-recurring-details', purchaseId), given),
    manage: ({ purchaseId }, action, given) =>
      call('POST', `${path('manage-payment-status', purchaseId)}/${of(action)}`, given),
    consume: ({ purchaseId }, given) => call('POST', path('consume', purchaseId), given),
    voided: (query = {}, given = {}) =>
      call('GET', `/v2/purchase/voided-purchases/${packageName}`, { query, ...given }),
  };
}
