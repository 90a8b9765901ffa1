// listNotifications and readNotification: what was sent to an app's server, and what became of it.

import { Refusal } from '@till/protocol/errors';
import type { NotificationKind, NotificationStatus } from '@till/protocol/notifications';
import type { App } from '../../domain/app.ts';
import type { Notification } from '../../domain/notification.ts';
import type { Host } from '../../host/host.ts';
import * as store from '../../store/notifications.ts';
import { findCall } from '../call.ts';
import { type Listed, type ListedInput, readListed } from './cursor.ts';

/** A message, and the app that says where it goes. */
export interface ShownNotification {
  app: App;
  notification: Notification;
}

/** The latest first. A message stands where it was made, whatever becomes of it between two pages. */
export async function listNotifications(
  host: Host,
  input: ListedInput & {
    clientId: string;
    worldId?: string;
    status?: NotificationStatus;
    kind?: NotificationKind;
    purchaseToken?: string;
  },
): Promise<Listed<ShownNotification>> {
  const { app } = await findCall(host, host.database, input);
  const { status, kind, purchaseToken } = input;
  return readListed(
    input,
    [Number.MAX_SAFE_INTEGER, ''] as readonly [number, string],
    ({ notification }: ShownNotification) => [notification.createdAt, notification.notificationId] as const,
    async ([createdAt, notificationId], limit) => {
      const place = { createdAt, notificationId };
      const filter = { status, kind, purchaseToken };
      const page = await store.listNotifications(host.database, app.appId, filter, place, limit);
      return page.map((notification) => ({ app, notification }));
    },
  );
}

export interface NamedNotification {
  clientId: string;
  worldId?: string;
  notificationId: string;
}

export async function readNotification(host: Host, input: NamedNotification): Promise<ShownNotification> {
  const { app } = await findCall(host, host.database, input);
  const notification = await store.loadNotification(host.database, app.appId, input.notificationId);
  if (notification === undefined) throw unknownNotification();
  return { app, notification };
}

export function unknownNotification(): Refusal {
  return new Refusal('NoSuchData', { detail: 'no notification has this notificationId' });
}
