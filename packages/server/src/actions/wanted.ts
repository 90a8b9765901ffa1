// Which purchase or subscription a call means.
import type { Market, ProductType } from '@till/protocol/codes';
import type { ErrorCode } from '@till/protocol/errors';

/** What does not fit all that is given counts as absent. */
export interface Wanted {
  purchaseToken: string;
  productId?: string;
  market?: Market;
  type?: ProductType;
  absent: ErrorCode;
}

export function fits(
  found: { productId: string; market: Market; type: ProductType },
  wanted: Wanted,
): boolean {
  return (
    (wanted.productId === undefined || wanted.productId === found.productId) &&
    (wanted.market === undefined || wanted.market === found.market) &&
    (wanted.type === undefined || wanted.type === found.type)
  );
}
