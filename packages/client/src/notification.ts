// What a notification is: the members of its table, with the app named as the version of the message names it.
import type {
  NotificationTypeName,
  paymentNotification,
  subscriptionNotification,
} from '@till/protocol/notifications';
import { notificationTypes } from '@till/protocol/notifications';
import type { Fields, Members } from '@till/protocol/shape';
import { OneStoreMessageError } from './message-errors.ts';
import { checkReply } from './reply.ts';

/** 3.1.0 names the app by its client ID, 3.0.0 by its package name; a `D` behind it means the sandbox (section 9.2). */
type NamedByVersion<Message extends { msgVersion: string }> = Omit<
  Message,
  'msgVersion' | 'clientId' | 'packageName'
> &
  (
    | { msgVersion: '3.1.0' | '3.1.0D'; clientId: string; packageName?: never }
    | { msgVersion: '3.0.0' | '3.0.0D'; packageName: string; clientId?: never }
  );

/** A payment was completed or cancelled (section 9.3). */
export type PaymentNotification = NamedByVersion<Members<typeof paymentNotification>>;

/** The state of a subscription changed (section 9.6). */
export type SubscriptionNotification = NamedByVersion<Members<typeof subscriptionNotification>>;

/** The name of a `notificationType` (section 9.7): `SUBSCRIPTION_RENEWED` for 2. `undefined` for one that the tables do not know yet. */
export function notificationTypeName(type: number): NotificationTypeName | undefined {
  const names = Object.keys(notificationTypes) as NotificationTypeName[];
  return names.find((name) => notificationTypes[name] === type);
}

/** The app's name that each version of the messages has. */
function appKeyOf(msgVersion: unknown): 'clientId' | 'packageName' | undefined {
  if (msgVersion === '3.1.0' || msgVersion === '3.1.0D') return 'clientId';
  return msgVersion === '3.0.0' || msgVersion === '3.0.0D' ? 'packageName' : undefined;
}

/** Throws `OneStoreMessageError` where a message does not have the members of its table, or is of a version without one. */
export function demandShape(what: string, fields: Fields, message: Record<string, unknown>): void {
  const appKey = appKeyOf(message.msgVersion);
  if (appKey === undefined) {
    throw new OneStoreMessageError(what, { member: 'msgVersion', problem: 'is none of the known versions' });
  }
  const app = { [appKey]: { is: 'text' } } as const;
  const misfit = checkReply({ ...fields, ...app }, message);
  if (misfit !== undefined) throw new OneStoreMessageError(what, misfit);
}
