// Domain objects as the control API shows them.
import type { controlOperations } from '@till/protocol/control';
import type { ReplyOf } from '@till/protocol/shape';
import type { Happening } from '../actions/control/advance-clock.ts';
import type { Thing } from '../actions/control/audit-subject.ts';
import type { Listed } from '../actions/control/cursor.ts';
import type { SignedPurchase } from '../actions/control/read-purchase.ts';
import type { App } from '../domain/app.ts';
import type { AuditRow } from '../domain/audit.ts';
import { worldNow } from '../domain/clock.ts';
import { formatMoney } from '../domain/money.ts';
import type { Product } from '../domain/product.ts';
import { type Entry, entitled, type Purchase, purchaseState } from '../domain/purchase.ts';
import { shownPayload } from '../domain/purchase-data.ts';
import type { World } from '../domain/world.ts';
import type { Host } from '../host/host.ts';

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

export function app(found: App): ReplyOf<Control['readApp']> {
  return {
    clientId: found.clientId,
    worldId: found.worldId,
    packageName: found.packageName,
    title: found.title,
    market: found.market,
    generation: found.generation,
    blocked: found.blocked,
    licenseKey: found.licenseKey,
    notificationUrls: { payment: found.paymentUrl, subscription: found.subscriptionUrl },
    notificationVersion: found.notificationVersion,
    switches: found.switches,
    createdAt: found.createdAt,
  };
}

export function createdApp(made: { app: App; clientSecret: string }): ReplyOf<Control['createApp']> {
  return { ...app(made.app), clientSecret: made.clientSecret };
}

export function product(found: Product): ReplyOf<Control['readProduct']> {
  return {
    productId: found.productId,
    type: found.type,
    title: found.title,
    price: formatMoney(found.priceMicros),
    currency: found.currency,
    createdAt: found.createdAt,
  };
}

export function listedPurchase(found: Purchase, host: Host): ListedPurchase {
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
    acknowledged: found.acknowledgedAt !== null,
    consumed: found.consumedAt !== null,
    entitled: entitled(found),
    voidedTime: found.voidedAt,
    dueAt: found.dueAt,
  };
}

export function purchase(found: SignedPurchase, host: Host): ReplyOf<Control['voidPurchase']> {
  return { ...listedPurchase(found.purchase, host), ...found.receipt };
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

/** A thing as the audit keeps it: as the control API shows it, without what a device was signed. */
export function auditedThing(thing: Thing, host: Host): unknown {
  switch (thing.is) {
    case 'world':
      return world(thing.world, host);
    case 'app':
      return app(thing.app);
    case 'product':
      return product(thing.product);
    case 'purchase':
      return listedPurchase(thing.purchase, host);
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

const who: Record<Entry['cause'], string> = {
  buyer: 'The buyer',
  developer: 'The developer’s server',
  operator: 'The operator',
  time: 'Till',
};

function inWords(entry: Entry, amount: string): string {
  const because = entry.detail === null ? '' : `: ${entry.detail}`;
  const money = `${amount.replace('-', '')} ${entry.currency}`;
  switch (entry.what) {
    case 'purchased':
      return `${who[entry.cause]} paid ${money}.`;
    case 'acknowledged':
      return `${who[entry.cause]} acknowledged the purchase.`;
    case 'consumed':
      return `${who[entry.cause]} consumed the purchase.`;
    case 'voided':
      return `${who[entry.cause]} voided the purchase and ${money} went back${because}.`;
  }
}
