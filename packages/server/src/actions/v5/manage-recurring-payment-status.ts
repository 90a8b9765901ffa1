// V5 manageRecurringPaymentStatus: a monthly product's automatic payment is ended, or goes on (section 8).
import { cancel, reactivate } from '../../domain/subscription-commands.ts';
import type { Host } from '../../host/host.ts';
import type { ServerCall } from '../call.ts';
import { changeSubscription } from '../change-subscription.ts';
import { findPurchase, type NamedById } from './find-purchase.ts';

const rules = { cancel, reactivate } as const;

export async function manageRecurringPaymentStatus(
  host: Host,
  call: ServerCall,
  input: NamedById & { action: 'cancel' | 'reactivate' },
): Promise<void> {
  const { purchaseToken } = await findPurchase(host, call, input, { type: 'auto' });
  await changeSubscription(host, call, { purchaseToken, absent: call.absent }, (subscription) =>
    rules[input.action](subscription, 'developer', call.now),
  );
}
