// The app that a run calls as: its credentials, its purchases, and the parts that every request of it has.
import type { Generation, Market, ProductType } from '@till/protocol/codes';
import { marketHeader } from '@till/protocol/fields';
import type { Request } from '../caller.ts';
import { fillPath, type NamedRow } from '../rows.ts';

/** A purchase that may be read, and with `--write` changed. V5 names it by its ID. */
export interface NamedPurchase {
  kind: ProductType;
  productId: string;
  purchaseToken: string;
  purchaseId?: string;
}

export interface Account {
  clientId: string;
  clientSecret: string;
  packageName: string;
  market: Market | undefined;
  purchases: NamedPurchase[];
  /** The present of the server, epoch ms. */
  now(): number;
}

/** A purchase that no server has, so that nothing can be changed by a probe. */
export const absent = {
  productId: 'no.such.product',
  purchaseToken: 'NOSUCHPURCHASE000000',
  purchaseId: 'NOSUCHPURCHASE000000',
} as const;

export interface Named {
  productId?: string;
  purchaseToken?: string;
  purchaseId?: string;
}

/** A documented request of this row: its path, its headers, and what `given` changes; a header without a value is left out. */
export function requestOf(
  { row }: NamedRow,
  account: Account,
  token: string,
  named: Named = absent,
  given: Partial<Request> & { action?: string } = {},
): Request {
  const { action = 'cancel', headers, ...rest } = given;
  const { clientId, packageName, market } = account;
  const sent = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    [marketHeader]: market ?? '',
    ...headers,
  };
  return {
    method: row.method,
    path: fillPath(row.path, { clientId, packageName, action, ...named }),
    headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== '')),
    ...rest,
  };
}

/** The row that reads a purchase of this kind; V5 reads by the ID. */
export function readingRowName(generation: Generation, kind: ProductType): string | undefined {
  if (kind === 'inapp') return 'getPurchaseDetails';
  if (kind === 'auto') return 'getRecurringPurchaseDetails';
  return generation === 'v7' ? 'getSubscriptionDetail' : undefined;
}

/** The other market, whose purchases are not to be seen in this one. */
export function otherMarket(market: Market | undefined): Market {
  return market === 'MKT_GLB' ? 'MKT_ONE' : 'MKT_GLB';
}
