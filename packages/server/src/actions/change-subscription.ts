// The one way in which a subscription changes: load, carry out what is due, apply a rule, save with its entries.
import { Refusal } from '@till/protocol/errors';
import { andThen, type Subscription, type SubscriptionChange } from '../domain/subscription.ts';
import { chargeDueAt, settleSubscription } from '../domain/subscription-steps.ts';
import type { Host } from '../host/host.ts';
import type { Query } from '../store/database.ts';
import { loadSubscription } from '../store/subscriptions.ts';
import type { Call } from './call.ts';
import { carryOut, proceed, withFreshNames } from './carry-out.ts';
import { beforehand } from './recorded.ts';
import { saveSubscriptionChange } from './save-subscription.ts';
import { tellSubscription } from './tell-change.ts';
import { fits, type Wanted } from './wanted.ts';

export type SubscriptionRule = (subscription: Subscription, now: number) => SubscriptionChange;

/** More was due than one transaction does: it has to be carried out first. */
class Behind extends Error {}

/**
 * The subscription as it is now. A charge that is overdue is made first where the gateway answers at once; where it
 * does not, the subscription is shown up to that charge.
 */
export async function readSubscription(host: Host, call: Call, wanted: Wanted): Promise<Subscription> {
  const { subscription } = await readSubscriptionChange(host, call, wanted);
  return subscription;
}

/** The same with what has happened to it but is not stored yet. */
export async function readSubscriptionChange(
  host: Host,
  call: Call,
  wanted: Wanted,
): Promise<SubscriptionChange> {
  const settled = await loadSettledSubscription(host.database, call, wanted);
  const overdue = chargeDueAt(settled.subscription, call.now) !== undefined;
  if (!overdue || host.gateway.answerAtOnce === undefined) return settled;
  await carryOut(host, call, settled.subscription);
  return loadSettledSubscription(host.database, call, wanted);
}

/** With everything applied that is due by time alone; it may not be stored so yet. */
export async function loadSettledSubscription(
  query: Query,
  call: Call,
  wanted: Wanted,
): Promise<SubscriptionChange> {
  return settleSubscription(await findSubscription(query, call, wanted), call.clock, call.now);
}

/** Applies a rule to the settled subscription, in one transaction. Where nothing happens, nothing is written. */
export async function changeSubscription(
  host: Host,
  call: Call,
  wanted: Wanted,
  rule: SubscriptionRule,
): Promise<Subscription> {
  return whenCaughtUp(host, call, wanted, async (attempt) => {
    const changed = await host.database.transaction((query) =>
      changeSubscriptionIn(host, query, call, wanted, { rule, attempt }),
    );
    tellSubscription(host, call, changed);
    return changed.subscription;
  });
}

/** Runs a transaction that changes a subscription; what is overdue for longer than one can do is carried out before. */
export async function whenCaughtUp<T>(
  host: Host,
  call: Call,
  { purchaseToken }: Pick<Wanted, 'purchaseToken'>,
  run: (attempt: number) => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await withFreshNames(run);
    } catch (error) {
      if (!(error instanceof Behind)) throw error;
      await carryOut(beforehand(host), call, { appId: call.app.appId, purchaseToken });
    }
  }
}

/** Within the caller's transaction. What the rule makes due at once, such as a payment tried again, happens too. */
export async function changeSubscriptionIn(
  host: Host,
  query: Query,
  call: Call,
  wanted: Wanted,
  { rule, attempt }: { rule: SubscriptionRule; attempt: number },
): Promise<SubscriptionChange> {
  const stored = await findSubscription(query, call, wanted);
  const present = notBefore(call, stored);
  const before = await proceed(host, query, present, stored, attempt);
  if (before.behind) throw new Behind();
  const ruled = andThen(before.change, (subscription) => rule(subscription, present.now));
  const after = await proceed(host, query, present, ruled.subscription, attempt);
  const change = andThen(ruled, () => after.change);
  return { ...change, subscription: await saveSubscriptionChange(host, query, call, stored, change) };
}

/** The clock of a node may lag behind another's: nothing happens to a subscription before what has happened already. */
export function notBefore(call: Call, { changedAt }: Pick<Subscription, 'changedAt'>): Call {
  return changedAt > call.now ? { ...call, now: changedAt } : call;
}

async function findSubscription(query: Query, call: Call, wanted: Wanted): Promise<Subscription> {
  const stored = await loadSubscription(query, call.app.appId, wanted.purchaseToken);
  if (stored === undefined || !fits(stored, wanted)) throw new Refusal(wanted.absent);
  return stored;
}
