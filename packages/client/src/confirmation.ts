// Confirming one purchase: acknowledge or consume it, and where that is refused, ask the purchase how it stands.
import type { Market } from '@till/protocol/codes';
import type { Reply } from './generations.ts';
import type { CallOptions } from './settings.ts';

export type Confirmation = 'acknowledge' | 'consume';

/** A row of `getUnconfirmedPurchases`. */
export type UnconfirmedPurchase = Reply<'v7', 'getUnconfirmedPurchases'>['unconfirmedPurchaseList'][number];

type Named = Pick<UnconfirmedPurchase, 'productId' | 'purchaseToken'>;

/** Of a `OneStoreClient` of V7 what is used of it. */
export interface SweepingClient {
  readonly market?: Market | undefined;
  unconfirmedPurchases(
    input: { startTime?: number; endTime?: number },
    options: CallOptions,
  ): AsyncIterable<UnconfirmedPurchase>;
  acknowledgePurchase(input: Named, options: CallOptions): Promise<unknown>;
  consumePurchase(input: Named, options: CallOptions): Promise<unknown>;
  getPurchaseDetails(input: Named, options: CallOptions): Promise<Reply<'v7', 'getPurchaseDetails'>>;
  getRecurringPurchaseDetails(
    input: Named,
    options: CallOptions,
  ): Promise<Reply<'v7', 'getRecurringPurchaseDetails'>>;
  getSubscriptionDetail(input: Named, options: CallOptions): Promise<Reply<'v7', 'getSubscriptionDetail'>>;
}

/** A refusal may be another node's doing, so the purchase itself is asked before it counts as a failure. */
export async function confirmed(
  client: SweepingClient,
  { productId, purchaseToken, type }: UnconfirmedPurchase,
  how: Confirmation,
  options: CallOptions,
): Promise<'granted' | 'cancelled'> {
  const named = { productId, purchaseToken };
  try {
    await (how === 'consume'
      ? client.consumePurchase(named, options)
      : client.acknowledgePurchase(named, options));
    return 'granted';
  } catch (error) {
    if (!isStateRefusal(error)) throw error;
    const now = await readState(client, type, named, options);
    if (now.cancelled) return 'cancelled';
    if (how === 'consume' ? now.consumed : now.acknowledged) return 'granted';
    throw error;
  }
}

function isStateRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return code === 'InvalidPurchaseState' || code === 'InvalidConsumeState';
}

interface State {
  cancelled: boolean;
  acknowledged: boolean;
  consumed: boolean;
}

async function readState(
  client: SweepingClient,
  type: UnconfirmedPurchase['type'],
  named: Named,
  options: CallOptions,
): Promise<State> {
  if (type === 'inapp') {
    const reply = await client.getPurchaseDetails(named, options);
    const consumed = reply.consumptionState === 1;
    return {
      cancelled: reply.purchaseState !== 0,
      acknowledged: consumed || reply.acknowledgeState === 1,
      consumed,
    };
  }
  if (type === 'auto') {
    const reply = await client.getRecurringPurchaseDetails(named, options);
    return {
      cancelled: reply.lastPurchaseState !== 0,
      acknowledged: reply.acknowledgeState === 1,
      consumed: false,
    };
  }
  const reply = await client.getSubscriptionDetail(named, options);
  return {
    cancelled: reply.paymentState === null,
    acknowledged: reply.acknowledgementState === 1,
    consumed: false,
  };
}
