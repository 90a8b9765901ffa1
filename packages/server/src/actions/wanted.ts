// Which purchase or subscription a call means.
import type { Generation, Market, ProductType } from '@till/protocol/codes';
import type { ErrorCode } from '@till/protocol/errors';

/** What does not fit all that is given counts as absent. */
export interface Wanted {
  purchaseToken: string;
  productId?: string;
  market?: Market;
  type?: ProductType;
  /** Of the API that asks. */
  generation?: Generation;
  absent: ErrorCode;
}

/** Only V7 does (section 1.1). */
export function knowsSubscriptions(generation: Generation | undefined): boolean {
  return generation === undefined || generation === 'v7';
}

export function fits(
  found: { productId: string; market: Market; type: ProductType },
  wanted: Wanted,
): boolean {
  return (
    (wanted.productId === undefined || wanted.productId === found.productId) &&
    (wanted.market === undefined || wanted.market === found.market) &&
    (wanted.type === undefined || wanted.type === found.type) &&
    (found.type !== 'subscription' || knowsSubscriptions(wanted.generation))
  );
}
