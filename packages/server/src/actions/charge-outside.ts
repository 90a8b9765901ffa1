// Asks a payment gateway outside for the payment of a subscription that is due.
import { type Charge, type ChargeAnswer, chargeQuestion } from '../domain/charge.ts';
import { worldNow } from '../domain/clock.ts';
import { chargeLeaseMs } from '../domain/policy.ts';
import type { Subscription, SubscriptionChange } from '../domain/subscription.ts';
import { answerCharge, openCharge } from '../domain/subscription-charges.ts';
import { chargeDueAt, happensAt } from '../domain/subscription-steps.ts';
import type { Host } from '../host/host.ts';
import { insertCharge, loadCharge, saveCharge } from '../store/charges.ts';
import type { Query } from '../store/database.ts';
import {
  leaseSubscription,
  loadSubscription,
  releaseSubscription,
  type SubscriptionKey,
} from '../store/subscriptions.ts';
import type { Call } from './call.ts';
import { drawNames, loadOpenCharge, proceed, tell, withFreshNames } from './carry-out.ts';
import { saveSubscriptionChange } from './save-subscription.ts';
import type { Happened } from './tell-change.ts';

/** What was done before the question, and the question, if there is one that nobody else asks just now. */
interface Opened {
  change: SubscriptionChange;
  charge: Charge | undefined;
}

/**
 * Asks for the payment that is due, unless another node does so, and tells what happened. The charge is written down
 * and leased before it is asked: after a crash anywhere it is asked again, by the same key.
 */
export async function chargeOutside(host: Host, call: Call, key: SubscriptionKey): Promise<Happened[]> {
  const happened: Happened[] = [];
  const opened = await withFreshNames((attempt) =>
    host.database.transaction((query) => open(host, query, call, key, attempt)),
  );
  if (opened === undefined) return happened;
  const { change, charge } = opened;
  tell(host, call, happened, change);
  if (charge === undefined) return happened;
  const { productId, buyerId } = change.subscription;
  const { clientId } = call.app;
  const answer = await host.gateway.ask(chargeQuestion(charge, { clientId, productId, buyerId }));
  const answered = { ...call, now: worldNow(call.clock, host.clock()) };
  const taken = await withFreshNames((attempt) =>
    host.database.transaction((query) => take(host, query, answered, { charge, answer, attempt })),
  );
  if (taken !== undefined) tell(host, call, happened, taken);
  return happened;
}

async function open(
  host: Host,
  query: Query,
  call: Call,
  key: SubscriptionKey,
  attempt: number,
): Promise<Opened | undefined> {
  const stored = await loadSubscription(query, key.appId, key.purchaseToken);
  if (stored === undefined) return undefined;
  const { change, behind } = await proceed(host, query, call, stored, attempt);
  const dueAt = chargeDueAt(change.subscription, call.now);
  if (dueAt === undefined || behind) {
    await saveSubscriptionChange(host, query, call, stored, change);
    return { change, charge: undefined };
  }
  const at = happensAt(change.subscription, call.clock, dueAt, call.now);
  const { subscription, charge } = await loadOrOpen(query, change.subscription, at);
  await saveSubscriptionChange(host, query, call, stored, { ...change, subscription });
  const now = host.clock();
  const leased = await leaseSubscription(query, key, { dueAt }, { now, until: now + chargeLeaseMs });
  return { change, charge: leased ? charge : undefined };
}

/** A charge without an answer is asked again; a new one is written down first. */
async function loadOrOpen(
  query: Query,
  subscription: Subscription,
  at: number,
): Promise<{ subscription: Subscription; charge: Charge }> {
  const known = await loadOpenCharge(query, subscription);
  if (known !== undefined) return { subscription, charge: known };
  const opened = openCharge(subscription, at);
  await insertCharge(query, opened.charge);
  return opened;
}

/** Applies the answer, unless somebody else has asked the same and was faster. */
async function take(
  host: Host,
  query: Query,
  call: Call,
  given: { charge: Charge; answer: ChargeAnswer; attempt: number },
): Promise<SubscriptionChange | undefined> {
  const { appId, purchaseToken, number } = given.charge;
  const stored = await loadSubscription(query, appId, purchaseToken);
  const charge = await loadCharge(query, appId, purchaseToken, number);
  if (stored?.openCharge !== number || charge?.state !== 'asked') return undefined;
  const at = happensAt(stored, call.clock, stored.attemptAt ?? call.now, call.now);
  const names = drawNames(host, call, charge, at, given.attempt);
  const answered = answerCharge(stored, charge, given.answer, names, at);
  await saveCharge(query, answered.charge);
  await saveSubscriptionChange(host, query, call, stored, answered.change);
  await releaseSubscription(query, given.charge);
  return answered.change;
}
