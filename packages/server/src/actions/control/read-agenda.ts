// readAgenda: what time alone will do next in a world.
import { nextStep, type Step, type Subscription } from '../../domain/subscription.ts';
import type { Host } from '../../host/host.ts';
import { loadApp } from '../../store/apps.ts';
import { type Due, listDue } from '../../store/due.ts';
import { loadSubscription } from '../../store/subscriptions.ts';
import type { Happening } from './advance-clock.ts';
import { findWorld } from './find-world.ts';

const defaultLimit = 100;

export async function readAgenda(
  host: Host,
  input: { worldId: string; limit?: number },
): Promise<Happening[]> {
  const { worldId } = await findWorld(host.database, input.worldId);
  const limit = input.limit ?? defaultLimit;
  const due = await listDue(host.database, worldId, Number.MAX_SAFE_INTEGER, limit);
  const clientIds = new Map<string, string>();
  for (const { appId } of due) {
    if (clientIds.has(appId)) continue;
    const found = await loadApp(host.database, appId);
    clientIds.set(appId, found?.app.clientId ?? '');
  }
  const items = due.map(async (one) => {
    const { appId, dueAt, purchaseToken, productId } = one;
    const what = await whatIsDue(host, one);
    return { at: dueAt, what, clientId: clientIds.get(appId) ?? '', purchaseToken, productId };
  });
  return Promise.all(items);
}

const words: Record<Exclude<Step, 'end'>, string> = {
  unacknowledged: 'voided',
  tell: 'priceTold',
  refuse: 'priceRefused',
  charge: 'charge',
};

/** In the words of the history, where time alone decides; what a charge brings depends on its answer. */
async function whatIsDue(host: Host, { is, appId, purchaseToken }: Due): Promise<string> {
  if (is === 'purchase') return 'voided';
  const subscription = await loadSubscription(host.database, appId, purchaseToken);
  const step = subscription && nextStep(subscription)?.step;
  if (subscription === undefined || step === undefined) return 'nothing';
  return step === 'end' ? endInWords(subscription) : words[step];
}

function endInWords({ status, renewing, type, terms, pause }: Subscription): string {
  if (status === 'hold') return 'cancelled';
  if (status === 'active' && pause !== null) return 'paused';
  if (status === 'active' && (!renewing || type === 'auto')) return 'expired';
  return terms.holdDays > 0 ? 'held' : 'expired';
}
