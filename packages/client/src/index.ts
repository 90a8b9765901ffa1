// What `@till/client` gives: the client of the server API, its errors, and the helpers around purchases.
export type { Environment, Generation, Market } from '@till/protocol/codes';
export type { ErrorCode } from '@till/protocol/errors';
export { OneStoreClient } from './client.ts';
export type { OneStoreClientV5 } from './client-v5.ts';
export type { OneStoreClientV6 } from './client-v6.ts';
export type { OneStoreClientV7 } from './client-v7.ts';
export type { Confirmation, SweepingClient, UnconfirmedPurchase } from './confirmation.ts';
export {
  type Entitlement,
  type EntitlementReason,
  type EntitlingReply,
  entitlement,
  isEntitled,
} from './entitlement.ts';
export {
  OneStoreAccessError,
  OneStoreApiError,
  OneStoreAuthenticationError,
  OneStoreError,
  OneStoreInputError,
  OneStoreMaintenanceError,
  OneStoreNetworkError,
  OneStoreNotFoundError,
  OneStorePayloadError,
  OneStorePaymentError,
  OneStoreReplyError,
  OneStoreRequestError,
  OneStoreServerError,
  OneStoreStateError,
  OneStoreTimeoutError,
  type Outcome,
} from './errors.ts';
export type { ActionReply, Input, OperationName, RefusalCode, Reply, RowOf } from './generations.ts';
export {
  type GrantedPurchase,
  type GrantOutcome,
  type GrantRecord,
  type GrantRecords,
  grantOnce,
  type ReverseOutcome,
  reverseOnce,
} from './grant-once.ts';
export type { LicenseKeys, SigningKey } from './license-keys.ts';
export type { List, Page } from './lists.ts';
export { OneStoreMessageError, OneStoreSignatureError } from './message-errors.ts';
export {
  notificationTypeName,
  type PaymentNotification,
  type SubscriptionNotification,
} from './notification.ts';
export { signNotification, type UnsignedNotification, verifyNotification } from './payment-notification.ts';
export type {
  CallOptions,
  CallSignal,
  Fetch,
  FetchRequest,
  FetchResponse,
  Logger,
  OneStoreClientSettings,
} from './settings.ts';
export type { RawBody } from './signed-text.ts';
export { parseSubscriptionNotification } from './subscription-notification.ts';
export {
  type SweepReport,
  type SweepSettings,
  type SweptPurchase,
  sweepUnconfirmed,
} from './sweep-unconfirmed.ts';
export type { StoredToken, TokenStore } from './token-store.ts';
export { type PurchaseData, type SignedPurchase, verifyPurchase } from './verify-purchase.ts';
