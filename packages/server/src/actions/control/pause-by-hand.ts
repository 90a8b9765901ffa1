// pauseByHand: the buyer pauses a subscription for weeks or months.
import { Refusal } from '@till/protocol/errors';
import { dayMs } from '../../domain/calendar.ts';
import { parseSpan } from '../../domain/span.ts';
import type { Pause } from '../../domain/subscription.ts';
import { pause } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import { changePurchaseByHand, onlyRecurring } from './change-purchase-by-hand.ts';
import type { NamedPurchase, SignedPurchase } from './read-purchase.ts';

export async function pauseByHand(
  host: Host,
  input: NamedPurchase & { for: string },
): Promise<SignedPurchase> {
  const length = readLength(input.for);
  return changePurchaseByHand(host, input, {
    purchase: onlyRecurring,
    subscription: (subscription, now) => pause(subscription, length, now),
  });
}

/** Whole weeks (`P2W`) or whole months (`P1M`). */
function readLength(text: string): Pause {
  const { months = 0, ms = 0 } = parseSpan(text) ?? {};
  if (months > 0 && ms === 0) return { count: months, unit: 'month' };
  const weeks = ms / (7 * dayMs);
  if (months === 0 && weeks >= 1 && Number.isInteger(weeks)) return { count: weeks, unit: 'week' };
  throw new Refusal('InvalidRequest', { fields: ['for'], detail: 'whole weeks (P2W) or whole months (P1M)' });
}
