// A buyer goes to another product: the old subscription ends and a new one begins, at once or with the next payment.
import type { ProductChangeMode } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import { mustBeAcknowledged } from '../../domain/app.ts';
import type { PurchaseIdentifiers } from '../../domain/identifiers.ts';
import type { Product } from '../../domain/product.ts';
import {
  changeProduct,
  type ProductChange,
  scheduleSwitch,
  type Target,
} from '../../domain/product-change.ts';
import { type Subscription, unchanged } from '../../domain/subscription.ts';
import type { Host } from '../../host/host.ts';
import type { Query } from '../../store/database.ts';
import { loadPurchase } from '../../store/purchases.ts';
import { loadSubscription } from '../../store/subscriptions.ts';
import type { Call } from '../call.ts';
import { changeSubscription } from '../change-subscription.ts';
import { beforehand } from '../recorded.ts';
import { saveSubscriptionChange } from '../save-subscription.ts';

/** Something happened to the old subscription after its change had been planned. */
export class Outdated extends Error {
  override name = 'Outdated';
}

export interface Replaces {
  purchaseToken: string;
  mode: ProductChangeMode;
}

/** The subscription that is to be replaced, with everything that is due carried out and stored. */
export async function findReplaced(
  host: Host,
  call: Call,
  { purchaseToken }: Replaces,
  buyerId: string | undefined,
): Promise<Subscription> {
  const stored = await loadPurchase(host.database, call.app.appId, purchaseToken);
  if (stored?.type === 'inapp') {
    throw new Refusal('InvalidState', { fields: ['replaces'], detail: 'only a subscription can be changed' });
  }
  const wanted = { purchaseToken, absent: 'NoSuchData' } as const;
  const replaced = await changeSubscription(beforehand(host), call, wanted, unchanged);
  if (buyerId === undefined || buyerId === replaced.buyerId) return replaced;
  throw new Refusal('InvalidState', { fields: ['buyerId'], detail: 'another buyer has the subscription' });
}

/** `DEFERRED`: the subscription waits for its next payment. */
export function deferChange(
  host: Host,
  call: Call,
  replaced: Subscription,
  product: Product,
): Promise<Subscription> {
  const { purchaseToken } = replaced;
  const mustAcknowledge = mustBeAcknowledged(call.app);
  return changeSubscription(host, call, { purchaseToken, absent: 'NoSuchData' }, (subscription, now) =>
    scheduleSwitch(subscription, targetOf(product), { mustAcknowledge }, now),
  );
}

/** What a change at once makes of both sides; nothing is stored yet. */
export function planChange(
  call: Call,
  replaced: Subscription,
  product: Product,
  given: {
    mode: Exclude<ProductChangeMode, 'DEFERRED'>;
    names: PurchaseIdentifiers;
    developerPayload: string | null;
  },
): ProductChange {
  const mustAcknowledge = mustBeAcknowledged(call.app);
  return changeProduct(replaced, targetOf(product), { ...given, mustAcknowledge }, call.now);
}

/** Stores the old side, in the transaction of the new one. Whatever happened to it since it was planned undoes the plan. */
export async function saveReplaced(
  host: Host,
  query: Query,
  call: Call,
  planned: Subscription,
  { replaced }: ProductChange,
): Promise<void> {
  const stored = await loadSubscription(query, planned.appId, planned.purchaseToken);
  if (stored?.rev !== planned.rev) throw new Outdated();
  await saveSubscriptionChange(host, query, call, stored, replaced);
}

/** Refusal: `InvalidState` for a monthly or a managed product. */
export function refuseTarget(product: Product): void {
  targetOf(product);
}

function targetOf({ productId, type, terms, priceMicros, currency, priceSeq }: Product): Target {
  if (type !== 'subscription' || terms === null) {
    throw new Refusal('InvalidState', {
      fields: ['productId'],
      detail: 'only a subscription can take its place',
    });
  }
  return { productId, priceMicros, currency, terms, priceSeq };
}
