// readPurchase: a purchase as it is now, signed, with its history.
import { signingPair } from '../../domain/app.ts';
import type { Entry } from '../../domain/ledger.ts';
import { type Purchase, settle } from '../../domain/purchase.ts';
import { purchaseData, type Receipt } from '../../domain/purchase-data.ts';
import type { Subscription } from '../../domain/subscription.ts';
import type { Host } from '../../host/host.ts';
import type { Query } from '../../store/database.ts';
import { listEntries } from '../../store/ledger.ts';
import { loadPayment, loadPurchase } from '../../store/purchases.ts';
import { type Call, findCall } from '../call.ts';
import { type Held, loadSettled } from '../change-purchase.ts';
import { loadSettledSubscription, readSubscriptionChange } from '../change-subscription.ts';

export interface NamedPurchase {
  clientId: string;
  worldId?: string;
  purchaseToken: string;
}

/** A purchase; of a monthly product or a subscription its latest payment, and the subscription itself. */
export interface ShownPurchase {
  purchase: Purchase;
  subscription: Subscription | null;
  /** When it was looked at, epoch ms of its world. */
  now: number;
}

export interface SignedPurchase extends ShownPurchase {
  receipt: Receipt;
}

export async function readPurchase(
  host: Host,
  input: NamedPurchase,
): Promise<SignedPurchase & { history: Entry[] }> {
  const call = await findCall(host, host.database, input);
  const { held, entries } = await readHeld(host, call, input.purchaseToken);
  const { appId, purchaseToken, entryCount } = 'purchase' in held ? held.purchase : held.subscription;
  const stored = await listEntries(host.database, appId, purchaseToken);
  // what is due but not stored yet is shown as the purchase itself is: as if it had been
  const history = [...stored.slice(0, entryCount), ...entries];
  return { ...(await signedNow(host, call, await show(host.database, call, held))), history };
}

async function readHeld(
  host: Host,
  call: Call,
  purchaseToken: string,
): Promise<{ held: Held; entries: Entry[] }> {
  const wanted = { purchaseToken, absent: 'NoSuchData' } as const;
  const { purchase, entries } = await loadSettled(host.database, call, wanted);
  if (purchase.type === 'inapp') return { held: { purchase }, entries };
  const change = await readSubscriptionChange(host, call, wanted);
  return { held: { subscription: change.subscription }, entries: change.entries };
}

/** With the latest payment of a subscription, which is not stored as settled but as it was paid. */
export async function show(query: Query, { now }: Pick<Call, 'now'>, held: Held): Promise<ShownPurchase> {
  if ('purchase' in held) return { purchase: held.purchase, subscription: null, now };
  const { subscription } = held;
  const { appId, purchaseToken, lastPurchaseId: purchaseId } = subscription;
  const purchase = await loadPayment(query, { appId, purchaseToken, purchaseId });
  if (purchase === undefined) throw new Error('a subscription without its latest payment');
  return { purchase, subscription, now };
}

/** As it is now, within any transaction; undefined where no purchase has the token. */
export async function showNow(
  query: Query,
  call: Call,
  purchaseToken: string,
): Promise<ShownPurchase | undefined> {
  const stored = await loadPurchase(query, call.app.appId, purchaseToken);
  if (stored === undefined) return undefined;
  if (stored.type === 'inapp') return show(query, call, settle(stored, call.clock, call.now));
  const wanted = { purchaseToken, absent: 'NoSuchData' } as const;
  return show(query, call, await loadSettledSubscription(query, call, wanted));
}

/** With the JSON that the device would get now, and its signature. */
export async function signedNow(
  host: Host,
  { app }: Call,
  shown: ShownPurchase,
  bought = false,
): Promise<SignedPurchase> {
  const data = purchaseData(shown, app, { environment: host.environment, bought });
  const signature = await host.keys.sign(signingPair(app, host.clock()).signingKey, data);
  return { ...shown, receipt: { purchaseData: data, signature } };
}
