// Domain objects as the control API shows them.
import type { controlOperations } from '@till/protocol/control';
import type { ReplyOf } from '@till/protocol/shape';
import type { Happening } from '../actions/control/advance-clock.ts';
import type { Thing } from '../actions/control/audit-subject.ts';
import type { Listed } from '../actions/control/cursor.ts';
import type { ShownNotification } from '../actions/control/list-notifications.ts';
import type { ShownPurchase, SignedPurchase } from '../actions/control/read-purchase.ts';
import { type App, signingPair } from '../domain/app.ts';
import type { AuditRow } from '../domain/audit.ts';
import { worldNow } from '../domain/clock.ts';
import type { Entry } from '../domain/ledger.ts';
import { formatMoney } from '../domain/money.ts';
import { type Fault, sentText } from '../domain/notification.ts';
import type { Product, Terms } from '../domain/product.ts';
import { entitled, type PurchaseState, purchaseState } from '../domain/purchase.ts';
import { shownPayload } from '../domain/purchase-data.ts';
import type { Subscription } from '../domain/subscription.ts';
import { nextPrice } from '../domain/subscription-price.ts';
import { autoRenewing, expiryAt, mayUse, pauseOf, subscriptionState } from '../domain/subscription-state.ts';
import type { World } from '../domain/world.ts';
import type { Host } from '../host/host.ts';
import { inWords } from './history-words.ts';

type Control = typeof controlOperations;
type ListedAudit = ReplyOf<Control['listAudit']>['items'][number];
type ListedPurchase = ReplyOf<Control['listPurchases']>['items'][number];
type HistoryEntry = ReplyOf<Control['readPurchase']>['history'][number];

export function world(found: World, host: Host): ReplyOf<Control['readWorld']> {
  const { clock, seed } = found;
  return {
    worldId: found.worldId,
    clock: { now: worldNow(clock, host.clock()), frozen: clock.frozen, rate: clock.rate },
    calendar: found.calendar,
    ...(seed === null ? {} : { seed }),
    createdAt: found.createdAt,
  };
}

export function app(found: App, host: Host): ReplyOf<Control['readApp']> {
  const { licenseKey } = signingPair(found, host.clock());
  const { nextKey } = found;
  const next = nextKey === null || nextKey.licenseKey === licenseKey ? undefined : nextKey;
  return {
    clientId: found.clientId,
    worldId: found.worldId,
    packageName: found.packageName,
    title: found.title,
    market: found.market,
    generation: found.generation,
    blocked: found.blocked,
    licenseKey,
    ...(next && { nextLicenseKey: { licenseKey: next.licenseKey, signsFrom: next.signsFrom } }),
    notificationUrls: { payment: found.paymentUrl, subscription: found.subscriptionUrl },
    notificationVersion: found.notificationVersion,
    switches: found.switches,
    createdAt: found.createdAt,
  };
}

export function createdApp(
  made: { app: App; clientSecret: string },
  host: Host,
): ReplyOf<Control['createApp']> {
  return { ...app(made.app, host), clientSecret: made.clientSecret };
}

export function product(found: Product): ReplyOf<Control['readProduct']> {
  return {
    productId: found.productId,
    type: found.type,
    title: found.title,
    price: formatMoney(found.priceMicros),
    currency: found.currency,
    ...(found.type === 'subscription' && found.terms !== null
      ? { subscription: shownTerms(found.terms) }
      : {}),
    createdAt: found.createdAt,
  };
}

function shownTerms({ period, trialDays, graceDays, holdDays, promotion, pausable }: Terms) {
  const days = (count: number) => `P${count}D`;
  const offer = promotion && { price: formatMoney(promotion.priceMicros), cycles: promotion.payments };
  return {
    period,
    freeTrial: days(trialDays),
    gracePeriod: days(graceDays),
    accountHold: days(holdDays),
    pausable,
    ...(offer === null ? {} : { promotion: offer }),
  };
}

export function listedPurchase(shown: ShownPurchase, host: Host): ListedPurchase {
  const { purchase: found, subscription } = shown;
  return {
    purchaseToken: found.purchaseToken,
    purchaseId: found.purchaseId,
    orderId: found.orderId,
    productId: found.productId,
    type: found.type,
    state: purchaseState(found),
    buyerId: found.buyerId,
    quantity: found.quantity,
    developerPayload: shownPayload(found.developerPayload, host.environment),
    productName: found.productName,
    purchaseTime: found.purchaseTime,
    market: found.market,
    country: found.country,
    price: formatMoney(found.priceMicros),
    currency: found.currency,
    paymentMethod: found.paymentMethod,
    acknowledged: (subscription ?? found).acknowledgedAt !== null,
    consumed: found.consumedAt !== null,
    ...entitlement(shown),
    voidedTime: found.voidedAt,
    dueAt: (subscription ?? found).dueAt,
    ...(subscription === null ? {} : { subscription: shownSubscription(subscription, shown.now) }),
  };
}

function shownSubscription(found: Subscription, now: number) {
  return {
    state: subscriptionState(found),
    autoRenewing: autoRenewing(found),
    period: found.terms.period,
    calendar: found.calendar,
    startTime: found.startTime,
    expiryTime: expiryAt(found, now),
    nextPaymentTime: found.nextPaymentAt,
    nextPrice: formatMoney(nextPrice(found)),
    paymentCount: found.cycle + 1,
    freeTrial: found.trial,
    paymentFailed: found.paymentFailed,
    nextCharge: found.attemptAt,
    nextOutcome: found.paymentOutcome,
    cancelledTime: found.cancelledAt,
    cancelReason: found.cancelReason,
    linkedPurchaseToken: found.linkedPurchaseToken,
    promotionPaymentsLeft: found.promotionLeft,
    credit: formatMoney(found.creditMicros),
    resumeTime: pauseOf(found)?.resumesAt ?? null,
    switchTo: found.switchTo?.productId ?? null,
    newPrice: shownChange(found),
  };
}

/** The first change of price that waits, told or not. */
function shownChange({ priceChanges: [change] }: Subscription) {
  if (change === undefined) return null;
  const { newMicros, toldAt, told, needsConsent, agreed, dueAt } = change;
  return { price: formatMoney(newMicros), toldAt, told, needsConsent, agreed, dueAt };
}

/** May the buyer use it now, and why, or why not? Of a subscription that is asked whichever payment is shown. */
function entitlement({ purchase, subscription, now }: ShownPurchase): { entitled: boolean; why: string } {
  if (subscription === null) {
    const why = whyPurchase[purchaseState(purchase)];
    return { entitled: entitled(purchase), why };
  }
  return { entitled: mayUse(subscription, now), why: whySubscription(subscription, now) };
}

const whyPurchase: Record<PurchaseState, string> = {
  purchased: 'It is paid for; nobody has acknowledged it yet.',
  acknowledged: 'It is paid for and acknowledged.',
  consumed: 'It is used up.',
  voided: 'It was voided and the money went back.',
};

function whySubscription(found: Subscription, now: number): string {
  const until = inWordsAt(expiryAt(found, now));
  switch (subscriptionState(found)) {
    case 'active':
      if (found.paymentFailed) return `The payment failed; what was paid for lasts until ${until}.`;
      return found.trial ? `The free trial lasts until ${until}.` : `It is paid for until ${until}.`;
    case 'cancelScheduled':
      return `It is cancelled and paid for until ${until}.`;
    case 'grace':
      return `The payment failed; it may be used until ${inWordsAt(found.endsAt ?? found.expiresAt)}.`;
    case 'hold':
      return `The payment failed and the use ended ${until}; the account hold waits for a payment.`;
    case 'paused':
      return `It is paused; the use ended ${until}.`;
    case 'expired':
      return `It expired ${until}.`;
    case 'revoked':
      return `It was ended ${until}.`;
  }
}

function inWordsAt(at: number): string {
  return new Date(at).toISOString();
}

export function purchase(found: SignedPurchase, host: Host): ReplyOf<Control['voidPurchase']> {
  return { ...listedPurchase(found, host), ...found.receipt };
}

export function purchaseWithHistory(
  found: SignedPurchase & { history: Entry[] },
  host: Host,
): ReplyOf<Control['readPurchase']> {
  return { ...purchase(found, host), history: found.history.map(historyEntry) };
}

export function agenda(items: Happening[]): ReplyOf<Control['readAgenda']> {
  return { items };
}

export function notification({ app, notification }: ShownNotification): ReplyOf<Control['readNotification']> {
  const { notificationId, kind, purchaseToken, status, attempts, nextAttemptAt, createdAt } = notification;
  const url = kind === 'payment' ? app.paymentUrl : app.subscriptionUrl;
  return {
    ...{ notificationId, kind, purchaseToken, body: sentText(notification) },
    url: status === 'pending' ? url : (notification.url ?? url),
    status,
    attempts: [...attempts],
    ...(nextAttemptAt === null ? {} : { nextAttemptAt }),
    createdAt,
  };
}

export function faults(found: readonly Fault[]): ReplyOf<Control['readNotificationFaults']> {
  return {
    items: found.map(({ kind, fault, timesLeft, delay }) => ({
      kind,
      fault,
      ...(timesLeft === null ? {} : { times: timesLeft }),
      ...(delay === null ? {} : { delay }),
    })),
  };
}

/** A thing as the audit keeps it: as the control API shows it, without what a device was signed. */
export function auditedThing(thing: Thing, host: Host): unknown {
  switch (thing.is) {
    case 'world':
      return world(thing.world, host);
    case 'app':
      return app(thing.app, host);
    case 'product':
      return product(thing.product);
    case 'purchase':
      return listedPurchase(thing.shown, host);
    case 'notification': {
      const { body: _, ...shown } = notification(thing.shown);
      return shown;
    }
    case 'faults':
      return { clientId: thing.app.clientId, ...faults(thing.faults) };
    case 'maintenance':
      return thing.maintenance;
  }
}

export function auditRow(row: AuditRow): ListedAudit {
  const { at, operation, worldId, clientId, productId, purchaseToken, requestId, before, after } = row;
  const named = { worldId, clientId, productId, purchaseToken };
  const place = { chain: row.appId, seq: row.seq, hash: row.hash };
  return { at, key: row.keyMark, operation, ...named, requestId, before, after, ...place };
}

/** A list of anything, each item by its own view. */
export function listOf<T, R>(view: (item: T, host: Host) => R) {
  return (listed: Listed<T>, host: Host): { items: R[]; nextCursor?: string } => {
    const items = listed.items.map((item) => view(item, host));
    return listed.nextCursor === undefined ? { items } : { items, nextCursor: listed.nextCursor };
  };
}

function historyEntry(entry: Entry): HistoryEntry {
  const sign = entry.amountMicros < 0 ? '-' : '';
  const amount = sign + formatMoney(Math.abs(entry.amountMicros));
  return {
    at: entry.at,
    what: entry.what,
    purchaseId: entry.purchaseId,
    amount,
    currency: entry.currency,
    cause: entry.cause,
    text: inWords(entry, amount),
  };
}
