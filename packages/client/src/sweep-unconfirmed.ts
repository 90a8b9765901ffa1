// The watchdog of acknowledgements: what nobody confirms within three days is cancelled by the store, and the sale is lost.
import type { Market } from '@till/protocol/codes';
import {
  type Confirmation,
  confirmed,
  type SweepingClient,
  type UnconfirmedPurchase,
} from './confirmation.ts';
import { OneStoreInputError } from './errors.ts';
import { Limits } from './limits.ts';
import { type CallOptions, type CallSignal, longestMs } from './settings.ts';

export interface SweepSettings {
  /**
   * Gives the buyer what was bought, at most once per purchase however often it is called: `grantOnce` does that. Other nodes may be at
   * the same purchase. `false` leaves it unconfirmed; what it throws does so too, and is reported.
   */
  grant: (purchase: UnconfirmedPurchase) => unknown;
  /** How managed products are confirmed, default `acknowledge`; all others are acknowledged. */
  confirm?: Confirmation | ((purchase: UnconfirmedPurchase) => Confirmation) | undefined;
  /** How long one grant may take, ms; default 60,000. One that takes longer counts as failed and must still happen at most once. */
  grantTimeoutMs?: number | undefined;
  /** Purchases in hand at a time; default 4. */
  concurrency?: number | undefined;
  /** The market that is swept; default the client's. */
  market?: Market | undefined;
  /** Ends the sweep; what is in hand is finished first. */
  signal?: CallSignal | undefined;
}

export interface SweptPurchase {
  purchase: UnconfirmedPurchase;
  /** When the store cancels it, epoch ms: 72 hours after it was bought (section 13, row 31). */
  expiresAt: number;
}

export interface SweepReport {
  /** Granted and confirmed, by this node or by another one meanwhile. */
  granted: SweptPurchase[];
  /** What threw: before the grant, or after it (`granted`), when only the confirmation is missing. The next sweep tries again. */
  failed: (SweptPurchase & { error: unknown; granted: boolean })[];
  /** What `grant` answered `false` for. */
  left: SweptPurchase[];
  /** Cancelled between the grant and its confirmation: take the grant back (`reverseOnce`). */
  cancelled: SweptPurchase[];
  /** Of what is still unconfirmed, that which the store cancels first. */
  nextToExpire: SweptPurchase | undefined;
  /** Set where an empty list does not mean that nothing waits, and says why. */
  unsupportedMarket: string | undefined;
}

const confirmWithinMs = 72 * 60 * 60 * 1_000;

const koreanOnly =
  'nothing is listed for MKT_GLB, but the list may cover purchases of MKT_ONE only (section 4.5): ' +
  'confirm global purchases when they are made, and read those that you know of';

/**
 * Walks the unconfirmed purchases, calls `grant` for each, then acknowledges or consumes it. May run on many nodes at a time, at any
 * interval well below three days. Throws what the list throws, and the signal's reason, after what is in hand was finished.
 */
export async function sweepUnconfirmed(
  client: SweepingClient,
  settings: SweepSettings,
): Promise<SweepReport> {
  refuseUnfit(settings);
  const { concurrency = 4, signal, market = client.market } = settings;
  const options: CallOptions = { signal, market };
  const swept: Swept[] = [];
  const inHand = new Set<Promise<void>>();
  let listed = 0;
  try {
    for await (const purchase of client.unconfirmedPurchases({}, options)) {
      listed += 1;
      if (signal?.aborted) throw signal.reason;
      const one = sweep(client, purchase, settings, options).then((done) => {
        swept.push(done);
        inHand.delete(one);
      });
      inHand.add(one);
      if (inHand.size >= concurrency) await Promise.race(inHand);
    }
  } finally {
    await Promise.all(inHand);
  }
  return reportOf(swept, market === 'MKT_GLB' && listed === 0 ? koreanOnly : undefined);
}

type Swept = SweptPurchase &
  ({ outcome: 'granted' | 'left' | 'cancelled' } | { outcome: 'failed'; error: unknown; granted: boolean });

function refuseUnfit({ concurrency = 1, grantTimeoutMs = 1 }: SweepSettings): void {
  const fields = [
    ...(concurrency >= 1 ? [] : ['concurrency']),
    ...(grantTimeoutMs > 0 && grantTimeoutMs <= longestMs ? [] : ['grantTimeoutMs']),
  ];
  if (fields.length === 0) return;
  throw new OneStoreInputError('sweepUnconfirmed', `settings that do not fit: ${fields.join(', ')}`, fields);
}

/** Never throws. */
async function sweep(
  client: SweepingClient,
  purchase: UnconfirmedPurchase,
  { grant, confirm = 'acknowledge', grantTimeoutMs = 60_000 }: SweepSettings,
  options: CallOptions,
): Promise<Swept> {
  const swept = { purchase, expiresAt: purchase.purchaseTime + confirmWithinMs };
  let granted = false;
  try {
    const limits = new Limits('grant', { timeoutMs: grantTimeoutMs, deadlineMs: grantTimeoutMs });
    if ((await limits.within(async () => grant(purchase))) === false) return { ...swept, outcome: 'left' };
    granted = true;
    const wanted = typeof confirm === 'function' ? confirm(purchase) : confirm;
    const how = purchase.type === 'inapp' ? wanted : 'acknowledge';
    return { ...swept, outcome: await confirmed(client, purchase, how, options) };
  } catch (error) {
    return { ...swept, outcome: 'failed', error, granted };
  }
}

function reportOf(swept: readonly Swept[], unsupportedMarket: string | undefined): SweepReport {
  const of = (outcome: Swept['outcome']) =>
    swept
      .filter((one) => one.outcome === outcome)
      .map(({ purchase, expiresAt }) => ({ purchase, expiresAt }));
  const failed = swept.filter((one) => one.outcome === 'failed').map(({ outcome: _, ...one }) => one);
  const left = of('left');
  const [nextToExpire] = [...failed, ...left]
    .map(({ purchase, expiresAt }) => ({ purchase, expiresAt }))
    .sort((one, other) => one.expiresAt - other.expiresAt);
  return {
    granted: of('granted'),
    failed,
    left,
    cancelled: of('cancelled'),
    nextToExpire,
    unsupportedMarket,
  };
}
