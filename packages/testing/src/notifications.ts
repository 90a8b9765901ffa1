// The notifications that an app was sent, read as its own server would read them.
import {
  type PaymentNotification,
  parseSubscriptionNotification,
  type SubscriptionNotification,
  verifyNotification,
} from '@till/client';
import type { ControlClient, ControlInput, ControlReply } from '@till/client/control';
import { allOf } from './all-of.ts';

type Row = ControlReply<'readNotification'>;
export type NotificationKind = Row['kind'];

interface Messages {
  payment: PaymentNotification;
  subscription: SubscriptionNotification;
}

/** A notification as the control API shows it (its text, where it went, every attempt), and the message that the text holds. */
export type TestNotification<Kind extends NotificationKind = NotificationKind> = {
  [K in Kind]: Omit<Row, 'kind'> & { kind: K; message: Messages[K] };
}[Kind];
/** Which of them: the members of `listNotifications` beside the app. */
export type NotificationFilter<Kind extends NotificationKind = NotificationKind> = Omit<
  ControlInput<'listNotifications'>,
  'clientId' | 'worldId' | 'limit' | 'cursor' | 'kind'
> & { kind?: Kind };

/** An app, and through what it is reached. */
interface Place {
  readonly control: ControlClient;
  readonly clientId: string;
  readonly worldId: string;
  /** The key that it was made with. */
  readonly licenseKey: string;
}

/**
 * Everything that was put on the line, oldest first. Throws a `OneStoreSignatureError` where a message does not bear the signature of the
 * app, and an error where the app has no address, because nothing is written then.
 */
export async function sentTo(place: Place, filter: NotificationFilter): Promise<TestNotification[]> {
  const { control, clientId, worldId } = place;
  const [rows, app] = await Promise.all([
    allOf(control.listNotifications({ clientId, worldId, ...filter })),
    control.readApp({ clientId, worldId }),
  ]);
  const { payment, subscription } = app.notificationUrls;
  if (rows.length === 0 && payment === null && subscription === null) {
    throw new Error(
      `${clientId} has no address for notifications, so it is sent none: call receiveNotifications() before the purchases`,
    );
  }
  const next = app.nextLicenseKey?.licenseKey;
  const keys = [place.licenseKey, app.licenseKey, ...(next === undefined ? [] : [next])];
  return Promise.all(
    rows
      .filter(wasSent)
      .reverse()
      .map((row) => withMessage(row, keys)),
  );
}

/** One that is delayed or dropped on purpose has not been on the line. */
function wasSent({ attempts }: Row): boolean {
  return attempts.some(({ fault }) => fault !== 'drop');
}

async function withMessage(row: Row, keys: readonly string[]): Promise<TestNotification> {
  if (row.kind === 'payment') {
    return { ...row, kind: 'payment', message: await verifyNotification(row.body, keys) };
  }
  return { ...row, kind: 'subscription', message: parseSubscriptionNotification(row.body) };
}
