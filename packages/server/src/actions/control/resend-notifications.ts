// resendNotification, resendNotifications and sendTestNotification: what is sent by hand.
import { Refusal } from '@till/protocol/errors';
import type { NotificationKind, NotificationStatus } from '@till/protocol/notifications';
import { notificationTypes } from '@till/protocol/notifications';
import type { App } from '../../domain/app.ts';
import { uuidText } from '../../domain/identifiers.ts';
import {
  type Notification,
  newNotification,
  paymentBody,
  sendAgain,
  subscriptionBody,
} from '../../domain/notification.ts';
import type { Purchase } from '../../domain/purchase.ts';
import type { Host } from '../../host/host.ts';
import type { Query } from '../../store/database.ts';
import {
  insertNotification,
  listNotifications,
  loadNotification,
  saveNotification,
} from '../../store/notifications.ts';
import { type Call, choice, findCall } from '../call.ts';
import { type NamedNotification, type ShownNotification, unknownNotification } from './list-notifications.ts';

/** Messages of one transaction. */
const messagesAtOnce = 200;
/** Those that wait come first: what is made to wait must not be met again, and what has been settled since is let be. */
const statusesInTurn = ['pending', 'dead', 'delivered'] as const;

export async function resendNotification(host: Host, input: NamedNotification): Promise<ShownNotification> {
  const shown = await host.database.transaction(async (query) => {
    const { app, now } = await findCall(host, query, input);
    const stored = await loadNotification(query, app.appId, input.notificationId);
    if (stored === undefined) throw unknownNotification();
    refuseNowhere(app, stored.kind);
    return { app, notification: await again(query, stored, now) };
  });
  host.outbox.wake(shown.app.appId);
  return shown;
}

async function again(query: Query, stored: Notification, now: number): Promise<Notification> {
  const notification = sendAgain(stored, now);
  await saveNotification(query, notification);
  return notification;
}

/** Page by page, the latest first; what has no address any more is left as it is. */
export async function resendNotifications(
  host: Host,
  input: { clientId: string; worldId?: string; from: number; to: number; status?: NotificationStatus },
): Promise<{ count: number }> {
  const call = await findCall(host, host.database, input);
  const { app } = call;
  if (input.from > input.to) {
    throw new Refusal('InvalidRequest', { fields: ['from', 'to'], detail: 'from lies behind to' });
  }
  if (app.paymentUrl === null && app.subscriptionUrl === null) refuseNowhere(app, 'payment');
  const statuses = input.status === undefined ? statusesInTurn : [input.status];
  const began = host.clock();
  let count = 0;
  for (const status of statuses) count += await resendAll(host, call, { ...input, status, began });
  host.outbox.wake(app.appId);
  return { count };
}

async function resendAll(
  host: Host,
  { app, now }: Call,
  { from, to, status, began }: { from: number; to: number; status: NotificationStatus; began: number },
): Promise<number> {
  let place = { createdAt: to + 1, notificationId: '' };
  let count = 0;
  for (;;) {
    const page = await host.database.transaction(async (query) => {
      const found = await listNotifications(query, app.appId, { status }, place, messagesAtOnce);
      const within = found.filter(({ createdAt }) => createdAt >= from);
      const sendable = within.filter(
        ({ kind, settledAt }) => urlOf(app, kind) !== null && (settledAt ?? 0) <= began,
      );
      for (const message of sendable) await again(query, message, now);
      return { last: within.at(-1), more: within.length === messagesAtOnce, count: sendable.length };
    });
    count += page.count;
    if (page.last === undefined || !page.more) return count;
    place = page.last;
  }
}

/** A message of a purchase that does not exist; everything else about it is real. */
export async function sendTestNotification(
  host: Host,
  input: { clientId: string; worldId?: string; kind?: NotificationKind },
): Promise<ShownNotification> {
  const kind = input.kind ?? 'payment';
  const purchaseToken = `TEST${uuidText(host.random(16)).replaceAll('-', '').slice(0, 16).toUpperCase()}`;
  const shown = await host.database.transaction(async (query) => {
    const call = await findCall(host, query, input);
    const { app, now } = call;
    refuseNowhere(app, kind);
    const body =
      kind === 'payment' ? testPayment(host, call, purchaseToken) : testState(host, call, purchaseToken);
    const sender = { app, environment: host.environment };
    const notification = newNotification(sender, kind, { purchaseToken, number: 0, at: now }, body);
    await insertNotification(query, notification);
    return { app, notification };
  });
  host.outbox.wake(shown.app.appId);
  return shown;
}

function testPayment(host: Host, { app, now }: Call, purchaseToken: string): string {
  const purchase: Purchase = {
    ...{
      appId: app.appId,
      worldId: app.worldId,
      purchaseToken,
      purchaseId: purchaseToken,
      orderId: purchaseToken,
    },
    ...{
      productId: 'till.test',
      type: 'inapp',
      market: app.market,
      country: 'KR',
      buyerId: 'test',
      quantity: 1,
    },
    ...{ developerPayload: 'test', productName: null, priceMicros: 1_000_000_000, currency: 'KRW' },
    ...{ paymentMethod: 'ONEPAY', purchaseTime: now, acknowledgedAt: null, consumedAt: null, voidedAt: null },
    ...{ voidReason: null, dueAt: null, entryCount: 0, rev: 1 },
  };
  const billingKey = '0'.repeat(128);
  const sender = { app, environment: host.environment };
  return paymentBody(sender, purchase, { purchaseState: 'COMPLETED', billingKey });
}

function testState(host: Host, { app, now }: Call, purchaseToken: string): string {
  return subscriptionBody(
    { app, environment: host.environment },
    { purchaseToken, productId: 'till.test', market: app.market },
    { at: now, notificationType: notificationTypes.SUBSCRIPTION_PURCHASED },
    choice(host, app.switches, 'snsEnvironmentKey'),
  );
}

function urlOf(app: App, kind: NotificationKind): string | null {
  return kind === 'payment' ? app.paymentUrl : app.subscriptionUrl;
}

function refuseNowhere(app: App, kind: NotificationKind): void {
  if (urlOf(app, kind) !== null) return;
  throw new Refusal('InvalidState', { detail: `the app has no address for ${kind} notifications` });
}
