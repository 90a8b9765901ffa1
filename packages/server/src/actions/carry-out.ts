// Carries out what is due of a subscription: the steps of time, and the charges that are answered at once.
import type { Charge, ChargeAnswer } from '../domain/charge.ts';
import { drawOrderId, drawPurchaseId } from '../domain/identifiers.ts';
import { dropSwitch } from '../domain/product-change.ts';
import { andThen, type Subscription, type SubscriptionChange, unchanged } from '../domain/subscription.ts';
import { answerCharge, openCharge } from '../domain/subscription-charges.ts';
import { chargeDueAt, happensAt, settleSubscription } from '../domain/subscription-steps.ts';
import type { Host } from '../host/host.ts';
import { insertCharge, loadCharge, saveCharge } from '../store/charges.ts';
import { Conflict, type Query } from '../store/database.ts';
import { loadOwnedSubscription, loadSubscription, type SubscriptionKey } from '../store/subscriptions.ts';
import type { Call } from './call.ts';
import { saveSubscriptionChange } from './save-subscription.ts';
import { type Happened, tellSubscription } from './tell-change.ts';

/** Charges of one subscription in one transaction, so that none holds the others up for long. */
const chargesAtOnce = 50;
/** How often the names of a payment are drawn again because they are taken. */
const attempts = 20;

/** How far the steps of time and the charges that are answered at once have brought it. */
export interface Progress {
  change: SubscriptionChange;
  /** More is due than one transaction does. */
  behind: boolean;
}

/**
 * Does everything that is due, in transactions of a bounded size, `rounds` at most; tells what happened. What only a
 * gateway outside can answer stays due: nobody who waits for this waits for the gateway.
 */
export async function carryOut(
  host: Host,
  call: Call,
  key: SubscriptionKey,
  rounds = Number.POSITIVE_INFINITY,
): Promise<Happened[]> {
  const happened: Happened[] = [];
  for (let round = 0; round < rounds; round++) {
    const progress = await withFreshNames((attempt) =>
      host.database.transaction((query) => catchUp(host, query, call, key, attempt)),
    );
    if (progress === undefined) break;
    tell(host, call, happened, progress.change);
    if (!progress.behind) break;
  }
  return happened;
}

async function catchUp(
  host: Host,
  query: Query,
  call: Call,
  key: SubscriptionKey,
  attempt: number,
): Promise<Progress | undefined> {
  const stored = await loadSubscription(query, key.appId, key.purchaseToken);
  if (stored === undefined) return undefined;
  const progress = await proceed(host, query, call, stored, attempt);
  await saveSubscriptionChange(host, query, call, stored, progress.change);
  return progress;
}

/** As far as possible within one transaction. What only a gateway outside can answer stays due. */
export async function proceed(
  host: Host,
  query: Query,
  call: Call,
  stored: Subscription,
  attempt: number,
): Promise<Progress> {
  let change = unchanged(stored);
  for (let charges = 0; ; charges++) {
    change = andThen(change, (present) => settleSubscription(present, call.clock, call.now));
    const dueAt = chargeDueAt(change.subscription, call.now);
    if (dueAt === undefined) return { change, behind: false };
    if (charges === chargesAtOnce) return { change, behind: true };
    const dropped = await dropTakenSwitch(query, call, change.subscription, dueAt);
    if (dropped !== undefined) {
      change = andThen(change, () => dropped);
      continue;
    }
    const answered = await chargeAtOnce(host, query, call, change.subscription, { dueAt, attempt });
    if (answered === undefined) return { change, behind: false };
    change = andThen(change, () => answered);
  }
}

/** A change of product that waits for this payment, although the buyer has the product by now, is dropped before it. */
async function dropTakenSwitch(
  query: Query,
  call: Call,
  subscription: Subscription,
  dueAt: number,
): Promise<SubscriptionChange | undefined> {
  const { appId, buyerId, switchTo, openCharge } = subscription;
  if (switchTo === null || openCharge !== null) return undefined;
  const owned = await loadOwnedSubscription(query, appId, buyerId, switchTo.productId);
  return owned && dropSwitch(subscription, happensAt(subscription, call.clock, dueAt, call.now));
}

/** Runs it again while the names it drew turn out to be taken. */
export async function withFreshNames<T>(run: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(attempt);
    } catch (error) {
      if (!(error instanceof Conflict) || attempt === attempts) throw error;
    }
  }
}

/** The charge and its answer; undefined where the gateway must be asked outside. */
async function chargeAtOnce(
  host: Host,
  query: Query,
  call: Call,
  subscription: Subscription,
  { dueAt, attempt }: { dueAt: number; attempt: number },
): Promise<SubscriptionChange | undefined> {
  const at = happensAt(subscription, call.clock, dueAt, call.now);
  const known = await loadOpenCharge(query, subscription);
  const asked = known === undefined ? openCharge(subscription, at) : { subscription, charge: known };
  const answer = answerOf(host, asked.charge);
  if (answer === undefined) return undefined;
  const names = drawNames(host, call, asked.charge, at, attempt);
  const answered = answerCharge(asked.subscription, asked.charge, answer, names, at);
  await (known === undefined ? insertCharge : saveCharge)(query, answered.charge);
  return answered.change;
}

/** What costs nothing needs no gateway. */
function answerOf(host: Host, charge: Charge): ChargeAnswer | undefined {
  return charge.amountMicros === 0 ? 'approved' : host.gateway.answerAtOnce?.(charge);
}

/** The charge that has no answer yet. */
export async function loadOpenCharge(query: Query, subscription: Subscription): Promise<Charge | undefined> {
  const { appId, purchaseToken, openCharge } = subscription;
  return openCharge === null ? undefined : loadCharge(query, appId, purchaseToken, openCharge);
}

/** In a seeded world the same charge always draws the same names, in whatever order things are carried out. */
export function drawNames(
  host: Host,
  { app, seed }: Call,
  { purchaseToken, number }: Charge,
  at: number,
  attempt: number,
): { purchaseId: string; orderId: string } {
  const label = `renewal ${app.clientId} ${purchaseToken} ${number} ${attempt}`;
  const draw = seed === null ? host.random : host.seeded(seed, label);
  const purchaseId = drawPurchaseId({ environment: host.environment, at }, draw);
  return { purchaseId, orderId: drawOrderId(draw) };
}

/** Adds it to what happened, and tells those who listen. */
export function tell(host: Host, call: Call, happened: Happened[], change: SubscriptionChange): void {
  happened.push(...tellSubscription(host, call, change));
}
