// Subscription notifications (SNS): read, with both spellings of `environment`. They are not signed.
import { environmentKeys, subscriptionNotification } from '@till/protocol/notifications';
import { OneStoreMessageError } from './message-errors.ts';
import { demandShape, type SubscriptionNotification } from './notification.ts';
import { objectOf, type RawBody, textOf } from './signed-text.ts';

/**
 * What a subscription notification says (section 9.6); `environment` is spelt rightly, however the body spells it. Anybody can send one:
 * take it as a hint to ask `getSubscriptionDetail`, and grant or take away nothing because of it alone. Throws
 * `OneStoreMessageError` where it is none.
 */
export function parseSubscriptionNotification(rawBody: RawBody): SubscriptionNotification {
  const body = objectOf(textOf(rawBody));
  if (body === undefined) {
    throw new OneStoreMessageError('the notification', { member: '', problem: 'is no object of JSON' });
  }
  const [right, wrong] = environmentKeys;
  const { [wrong]: misspelt, ...rest } = body;
  const message: Record<string, unknown> = { ...rest, [right]: body[right] ?? misspelt };
  demandShape('the notification', subscriptionNotification, message);
  return message as unknown as SubscriptionNotification;
}
