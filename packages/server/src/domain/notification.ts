// A message to the developer's server: its text, its schedule, what becomes of it (section 9).
import type { Environment } from '@till/protocol/codes';
import {
  type DeliveryResult,
  type EnvironmentKey,
  type NotificationFault,
  type NotificationKind,
  type NotificationStatus,
  type NotificationType,
  notificationTypes,
  type paymentNotification,
  type subscriptionNotification,
} from '@till/protocol/notifications';
import type { Members } from '@till/protocol/shape';
import type { App } from './app.ts';
import type { Happening } from './ledger.ts';
import { formatMoney } from './money.ts';
import { deliveries } from './policy.ts';
import { type Purchase, paidMicros } from './purchase.ts';
import { shownPayload } from './purchase-data.ts';
import type { Subscription } from './subscription.ts';

/** One attempt to deliver it. */
export interface Attempt {
  /** Epoch ms of the world's clock. */
  at: number;
  result: DeliveryResult;
  /** Where there was an answer. */
  httpStatus?: number;
  /** On the machine's clock. */
  durationMs: number;
  /** What the laboratory did to it. */
  fault?: NotificationFault;
}

/** Instants are epoch ms of the world's clock, but for `leaseUntil` and `settledAt`. */
export interface Notification {
  appId: string;
  /** Unique in the app: a cause has each message once. */
  notificationId: string;
  kind: NotificationKind;
  purchaseToken: string;
  /** The compact JSON without `signature`. */
  body: string;
  /** Of a payment notification, once it was signed. */
  signature: string | null;
  /** The number of the key that it is signed with. */
  signedBy: number | null;
  /** Where it was sent last. */
  url: string | null;
  status: NotificationStatus;
  attempts: readonly Attempt[];
  /** Attempts since it was made, or was sent again by hand; and when the first of them was. */
  tryCount: number;
  firstTryAt: number | null;
  nextAttemptAt: number | null;
  /** On the machine's clock: until then another node sends it. */
  leaseUntil: number;
  createdAt: number;
  /** On the machine's clock: when it was delivered or given up. */
  settledAt: number | null;
  rev: number;
}

/** The `notificationType` that a step of a subscription is told with (section 9.7); a step without one is not told. */
export const toldAs: Partial<Record<Happening, NotificationType>> = {
  purchased: notificationTypes.SUBSCRIPTION_PURCHASED,
  renewed: notificationTypes.SUBSCRIPTION_RENEWED,
  resumed: notificationTypes.SUBSCRIPTION_RENEWED,
  switched: notificationTypes.SUBSCRIPTION_RENEWED,
  recovered: notificationTypes.SUBSCRIPTION_RECOVERED,
  cancelled: notificationTypes.SUBSCRIPTION_CANCELED,
  held: notificationTypes.SUBSCRIPTION_ON_HOLD,
  graceStarted: notificationTypes.SUBSCRIPTION_IN_GRACE_PERIOD,
  reactivated: notificationTypes.SUBSCRIPTION_RESTARTED,
  priceConfirmed: notificationTypes.SUBSCRIPTION_PRICE_CHANGE_CONFIRMED,
  deferred: notificationTypes.SUBSCRIPTION_DEFERRED,
  paused: notificationTypes.SUBSCRIPTION_PAUSED,
  pauseScheduled: notificationTypes.SUBSCRIPTION_PAUSE_SCHEDULE_CHANGED,
  pauseWithdrawn: notificationTypes.SUBSCRIPTION_PAUSE_SCHEDULE_CHANGED,
  revoked: notificationTypes.SUBSCRIPTION_REVOKED,
  replaced: notificationTypes.SUBSCRIPTION_REVOKED,
  voided: notificationTypes.SUBSCRIPTION_REVOKED,
  expired: notificationTypes.SUBSCRIPTION_EXPIRED,
};

/**
 * How a payment notification tells it: a purchase came to be, or was cancelled. What was charged after the end and
 * went back at once never became a purchase, and is not told.
 */
export const paymentToldAs: Partial<Record<Happening, 'COMPLETED' | 'CANCELED'>> = {
  purchased: 'COMPLETED',
  renewed: 'COMPLETED',
  recovered: 'COMPLETED',
  resumed: 'COMPLETED',
  switched: 'COMPLETED',
  voided: 'CANCELED',
};

/** Whose message it is, and how it speaks. */
export interface Sender {
  app: Pick<App, 'appId' | 'clientId' | 'packageName' | 'notificationVersion'>;
  environment: Environment;
}

/** A message about the entry with this number under a token. */
export function newNotification(
  { app }: Sender,
  kind: NotificationKind,
  entry: { purchaseToken: string; number: number; at: number },
  body: string,
): Notification {
  const { purchaseToken, number, at } = entry;
  return {
    appId: app.appId,
    notificationId: `${purchaseToken}-${String(number).padStart(6, '0')}-${kind}`,
    ...{ kind, purchaseToken, body, signature: null, signedBy: null, url: null, status: 'pending' },
    ...{ attempts: [], tryCount: 0, firstTryAt: null, nextAttemptAt: at, leaseUntil: 0, createdAt: at },
    ...{ settledAt: null, rev: 1 },
  };
}

type PaymentBody = Omit<Members<typeof paymentNotification>, 'signature'>;

/** The text of a payment notification, without its signature: compact, the members in the documented order (9.3). */
export function paymentBody(
  sender: Sender,
  purchase: Purchase,
  { purchaseState, billingKey }: { purchaseState: 'COMPLETED' | 'CANCELED'; billingKey: string },
): string {
  const { environment } = sender;
  const price = formatMoney(paidMicros(purchase));
  const body: PaymentBody = {
    ...head(sender),
    productId: purchase.productId,
    messageType: 'SINGLE_PAYMENT_TRANSACTION',
    purchaseId: purchase.purchaseId,
    developerPayload: shownPayload(purchase.developerPayload, environment),
    purchaseTimeMillis: purchase.purchaseTime,
    purchaseState,
    price,
    priceCurrencyCode: purchase.currency,
    ...(purchase.productName === null ? {} : { productName: purchase.productName }),
    paymentTypeList: [{ paymentMethod: purchase.paymentMethod, amount: price }],
    billingKey,
    isTestMdn: environment === 'sandbox',
    purchaseToken: purchase.purchaseToken,
    environment: environmentName(environment),
    marketCode: purchase.market,
  };
  return JSON.stringify(body);
}

type SubscriptionBody = Omit<Members<typeof subscriptionNotification>, 'environment'>;

/** The text of a subscription notification (section 9.6); how it spells `environment` is the app's choice. */
export function subscriptionBody(
  sender: Sender,
  { purchaseToken, productId, market }: Pick<Subscription, 'purchaseToken' | 'productId' | 'market'>,
  { at, notificationType }: { at: number; notificationType: NotificationType },
  environmentKey: EnvironmentKey,
): string {
  const body: SubscriptionBody & { [K in EnvironmentKey]?: string } = {
    ...head(sender),
    eventTimeMillis: at,
    subscriptionNotification: { version: '1', notificationType, purchaseToken, productId },
    [environmentKey]: environmentName(sender.environment),
    marketCode: market,
  };
  return JSON.stringify(body);
}

/** Version 3.1.0 names the app by its client ID, 3.0.0 by its package name; the sandbox marks both (section 9.2). */
function head({ app, environment }: Sender) {
  const { notificationVersion, clientId, packageName } = app;
  const msgVersion = environment === 'sandbox' ? (`${notificationVersion}D` as const) : notificationVersion;
  return notificationVersion === '3.0.0' ? { msgVersion, packageName } : { msgVersion, clientId };
}

function environmentName(environment: Environment) {
  return environment === 'sandbox' ? 'SANDBOX' : 'COMMERCIAL';
}

/** The text on the wire: `signature` is the last member of what it signs (section 9.5). */
export function withSignature(body: string, signature: string): string {
  return `${body.slice(0, -1)},"signature":${JSON.stringify(signature)}}`;
}

/** What it looks like now: as it was sent, or as it will be but for the signature. */
export function sentText({ body, signature }: Pick<Notification, 'body' | 'signature'>): string {
  return signature === null ? body : withSignature(body, signature);
}

/** The billing key of a buyer's payment method is the same at every payment; so is what it is drawn by. */
export function billingLabel(
  { buyerId, paymentMethod }: Purchase,
  { clientId }: Pick<App, 'clientId'>,
): string {
  return `billing key ${clientId} ${paymentMethod} ${buyerId}`;
}

/** The message after an attempt: received, to be sent again, or given up (section 9.1). */
export function attempted(before: Notification, attempt: Attempt, machineNow: number): Notification {
  const tryCount = before.tryCount + 1;
  const firstTryAt = before.firstTryAt ?? attempt.at;
  const attempts = logged(before, attempt);
  // another node had the message when its lease ended, and got it through
  if (before.status === 'delivered') return { ...before, attempts };
  const tried = { ...before, attempts, tryCount, firstTryAt, leaseUntil: 0 };
  const settled = { nextAttemptAt: null, settledAt: machineNow };
  if (attempt.result === 'delivered') return { ...tried, ...settled, status: 'delivered' };
  const nextAttemptAt = attempt.at + resendAfterMs(tryCount);
  const over = tryCount > deliveries.mostResends || nextAttemptAt > firstTryAt + deliveries.withinMs;
  if (over) return { ...tried, ...settled, status: 'dead' };
  return { ...tried, status: 'pending', nextAttemptAt };
}

function logged({ attempts }: Notification, attempt: Attempt): readonly Attempt[] {
  return [...attempts, attempt].slice(-deliveries.keptAttempts);
}

/** The `n`-th re-send follows 30·n² seconds after the attempt before it (section 9.1). */
export function resendAfterMs(n: number): number {
  return deliveries.resendUnitMs * n * n;
}

/** Never to be sent: the laboratory lost it, or the app has no address for it any more. */
export function givenUp(before: Notification, machineNow: number, attempt?: Attempt): Notification {
  const attempts = attempt === undefined ? before.attempts : logged(before, attempt);
  return { ...before, attempts, status: 'dead', nextAttemptAt: null, leaseUntil: 0, settledAt: machineNow };
}

/** Kept back until `until`. */
export function putOff(before: Notification, until: number): Notification {
  return { ...before, nextAttemptAt: until, leaseUntil: 0 };
}

/** Sent again now, whatever became of it; the schedule begins anew, the log of its attempts stays. */
export function sendAgain(before: Notification, now: number): Notification {
  const anew = { status: 'pending', tryCount: 0, firstTryAt: null, settledAt: null } as const;
  return { ...before, ...anew, nextAttemptAt: now };
}

/** What the laboratory does to messages, and to how many more. */
export interface Fault {
  number: number;
  kind: NotificationKind | 'any';
  fault: NotificationFault;
  timesLeft: number | null;
  /** A span of ISO 8601. */
  delay: string | null;
}

/**
 * Can it be done to this message? Only what is signed can have a wrong signature, and only what was never kept back can
 * be kept back.
 */
export function fits({ kind, fault }: Fault, message: Notification): boolean {
  if (kind !== 'any' && kind !== message.kind) return false;
  if (fault === 'wrongSignature') return message.kind === 'payment';
  if (fault === 'delay' || fault === 'reorder')
    return message.tryCount === 0 && message.nextAttemptAt === message.createdAt;
  return true;
}

/** A valid text that tells of another purchase than the one that was signed. */
export function altered(text: string, purchaseToken: string): string {
  const other = purchaseToken.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  return text.replaceAll(JSON.stringify(purchaseToken), JSON.stringify(other));
}

/** Half of it. */
export function truncated(text: string): string {
  return text.slice(0, Math.floor(text.length / 2));
}
