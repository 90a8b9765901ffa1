// The outbox: messages to the developers' servers, and what became of them.
import type { NotificationKind, NotificationStatus } from '@till/protocol/notifications';
import type { Attempt, Notification } from '../domain/notification.ts';
import { type Query, type Row, Stale } from './database.ts';

const columns = `app_id, notification_id, kind, purchase_token, body, signature, signed_by, url, status, attempts,
  try_count, first_try_at, next_attempt_at, lease_until, created_at, settled_at, rev`;

/** Writes a message together with its cause. */
export async function insertNotification(query: Query, notification: Notification): Promise<void> {
  await query.run(
    `insert into notification (${columns})
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
    [
      notification.appId,
      notification.notificationId,
      notification.kind,
      notification.purchaseToken,
      notification.body,
      notification.signature,
      notification.signedBy,
      notification.url,
      notification.status,
      JSON.stringify(notification.attempts),
      notification.tryCount,
      notification.firstTryAt,
      notification.nextAttemptAt,
      notification.leaseUntil,
      notification.createdAt,
      notification.settledAt,
      notification.rev,
    ],
  );
}

/** Saves what became of a message, if nobody else has done something to it since it was read. */
export async function saveNotification(query: Query, notification: Notification): Promise<void> {
  const saved = await query.run(
    `update notification set signature = $1, signed_by = $2, url = $3, status = $4, attempts = $5, try_count = $6,
       first_try_at = $7, next_attempt_at = $8, lease_until = $9, settled_at = $10, rev = rev + 1
     where app_id = $11 and notification_id = $12 and rev = $13`,
    [
      notification.signature,
      notification.signedBy,
      notification.url,
      notification.status,
      JSON.stringify(notification.attempts),
      notification.tryCount,
      notification.firstTryAt,
      notification.nextAttemptAt,
      notification.leaseUntil,
      notification.settledAt,
      notification.appId,
      notification.notificationId,
      notification.rev,
    ],
  );
  if (saved === 0) throw new Stale('notification');
}

export async function loadNotification(
  query: Query,
  appId: string,
  notificationId: string,
): Promise<Notification | undefined> {
  const [row] = await query.all(
    `select ${columns} from notification where app_id = $1 and notification_id = $2`,
    [appId, notificationId],
  );
  return row && toNotification(row);
}

/** A message that is due, as much of it as choosing needs. */
export interface DueNotification {
  notificationId: string;
  purchaseToken: string;
  tryCount: number;
  nextAttemptAt: number;
  leaseUntil: number;
}

/** What an app has to send by `now`, the earliest first; of one purchase in the order of its causes. */
export async function listDueNotifications(
  query: Query,
  appId: string,
  now: number,
  limit: number,
): Promise<DueNotification[]> {
  const rows = await query.all(
    `select notification_id, purchase_token, try_count, next_attempt_at, lease_until from notification
     where app_id = $1 and next_attempt_at <= $2 order by next_attempt_at, notification_id limit $3`,
    [appId, now, limit],
  );
  return rows.map((row) => ({
    notificationId: String(row.notification_id),
    purchaseToken: String(row.purchase_token),
    tryCount: Number(row.try_count),
    nextAttemptAt: Number(row.next_attempt_at),
    leaseUntil: Number(row.lease_until),
  }));
}

/** The first app behind `afterAppId` that has something to send, now or later, and when it is due. */
export async function nextWaitingApp(
  query: Query,
  afterAppId: string,
): Promise<{ appId: string; dueAt: number } | undefined> {
  const [row] = await query.all(
    `select app_id, next_attempt_at from notification where app_id > $1 and next_attempt_at >= 0
     order by app_id, next_attempt_at limit 1`,
    [afterAppId],
  );
  return row && { appId: String(row.app_id), dueAt: Number(row.next_attempt_at) };
}

/** When an app has to send something next, epoch ms of its world; undefined where nothing waits. */
export async function nextDelivery(query: Query, appId: string): Promise<number | undefined> {
  const [row] = await query.all(
    `select next_attempt_at from notification where app_id = $1 and next_attempt_at >= 0
     order by next_attempt_at limit 1`,
    [appId],
  );
  return row && Number(row.next_attempt_at);
}

/**
 * Takes a message that is due at `dueAt` for this node until `until`, on the machine's clock; undefined where another
 * node has it or something has become of it.
 */
export async function leaseNotification(
  query: Query,
  { appId, notificationId, dueAt }: { appId: string; notificationId: string; dueAt: number },
  { now, until }: { now: number; until: number },
): Promise<Notification | undefined> {
  const [row] = await query.all(
    `update notification set lease_until = $1, rev = rev + 1
     where app_id = $2 and notification_id = $3 and next_attempt_at = $4 and lease_until <= $5
     returning ${columns}`,
    [until, appId, notificationId, dueAt, now],
  );
  return row && toNotification(row);
}

export interface NotificationFilter {
  status?: NotificationStatus | undefined;
  kind?: NotificationKind | undefined;
  purchaseToken?: string | undefined;
}

/** Messages of one purchase that are looked at: more than the longest history has. */
const mostOfPurchase = 10_000;

/**
 * Messages of an app that fit, before a place, the latest first. Each status is read from its own part of the index;
 * all of them in one statement, so that a message that goes from one to another meanwhile is not missed.
 */
export async function listNotifications(
  query: Query,
  appId: string,
  { status, kind, purchaseToken }: NotificationFilter,
  before: { createdAt: number; notificationId: string },
  limit: number,
): Promise<Notification[]> {
  const values = [appId, before.createdAt, before.notificationId, kind ?? '', limit];
  if (purchaseToken !== undefined) return listOfPurchase(query, values, status ?? '', purchaseToken);
  const rows = await (status === undefined
    ? query.all(listOfAll, values)
    : query.all(listOf('$6'), [...values, status]));
  return rows.map(toNotification);
}

const statuses: readonly NotificationStatus[] = ['pending', 'delivered', 'dead'];
const latestFirst = 'order by created_at desc, notification_id desc limit $5';
const listOf = (status: string) =>
  `select ${columns} from notification
   where app_id = $1 and status = ${status} and created_at <= $2 and (created_at < $2 or notification_id < $3)
     and ($4 = '' or kind = $4) ${latestFirst}`;
const listOfAll = `${statuses
  .map((status) => `select * from (${listOf(`'${status}'`)}) ${status}`)
  .join(' union all ')} ${latestFirst}`;

/** The name of a message begins with its purchase: there they are few, however many the app has. */
async function listOfPurchase(
  query: Query,
  values: readonly (string | number)[],
  status: string,
  purchaseToken: string,
): Promise<Notification[]> {
  const rows = await query.all(
    `select ${columns} from
       (select ${columns} from notification where app_id = $1 and notification_id > $6 and notification_id < $7
        order by notification_id desc limit $8) of_purchase
     where created_at <= $2 and (created_at < $2 or notification_id < $3)
       and ($4 = '' or kind = $4) and ($9 = '' or status = $9) and purchase_token = $10 ${latestFirst}`,
    // in bytes, a point follows the hyphen
    [...values, `${purchaseToken}-`, `${purchaseToken}.`, mostOfPurchase, status, purchaseToken],
  );
  return rows.map(toNotification);
}

/** Counts the messages of all apps that wait; no more than `most` are counted. */
export async function countWaiting(query: Query, most: number): Promise<number> {
  const [row] = await query.all(
    `select count(*) as number from
       (select app_id from notification where next_attempt_at >= 0
        order by app_id, next_attempt_at, notification_id limit $1) counted`,
    [most],
  );
  return Number(row?.number ?? 0);
}

/** Forgets some messages that were settled by `until`, on the machine's clock, and tells how many. */
export async function purgeNotifications(query: Query, until: number, limit: number): Promise<number> {
  const rows = await query.all(
    'select app_id, notification_id from notification where settled_at <= $1 order by settled_at limit $2',
    [until, limit],
  );
  for (const row of rows) {
    // unless it has been sent again meanwhile
    await query.run(
      'delete from notification where app_id = $1 and notification_id = $2 and settled_at <= $3',
      [String(row.app_id), String(row.notification_id), until],
    );
  }
  return rows.length;
}

/** Deletes some messages of an app that is deleted, and tells how many; 0 when there are none left. */
export async function deleteNotifications(query: Query, appId: string, limit: number): Promise<number> {
  return query.run(
    `delete from notification where app_id = $1 and notification_id in
       (select notification_id from notification where app_id = $1 limit $2)`,
    [appId, limit],
  );
}

function toNotification(row: Row): Notification {
  return {
    appId: String(row.app_id),
    notificationId: String(row.notification_id),
    kind: row.kind as NotificationKind,
    purchaseToken: String(row.purchase_token),
    body: String(row.body),
    signature: row.signature as string | null,
    signedBy: row.signed_by as number | null,
    url: row.url as string | null,
    status: row.status as NotificationStatus,
    attempts: JSON.parse(String(row.attempts)) as Attempt[],
    tryCount: Number(row.try_count),
    firstTryAt: row.first_try_at as number | null,
    nextAttemptAt: row.next_attempt_at as number | null,
    leaseUntil: Number(row.lease_until),
    createdAt: Number(row.created_at),
    settledAt: row.settled_at as number | null,
    rev: Number(row.rev),
  };
}
