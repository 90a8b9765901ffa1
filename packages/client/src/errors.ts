// What a call may throw, one class for each kind of failure. No message, stack or member holds a token or a secret.
import type { ErrorCode } from '@till/protocol/errors';

/**
 * What became of an action whose reply was lost: `notCarriedOut` where its state was read afterwards and is as before,
 * `unknown` where nobody could tell. Repeat neither without reading first what the purchase says.
 */
export type Outcome = 'notCarriedOut' | 'unknown';

/** Whatever this package throws of its own; each kind is a class below. */
export class OneStoreError extends Error {
  override name = 'OneStoreError';
  /** The operation's name in the table; `undefined` where it was none. */
  readonly operation: string | undefined;
  /** The same call may succeed later as it is. The client has tried again as often as it may. */
  readonly retryable: boolean = false;
  /** Of an action whose reply was lost; `undefined` where the server answered, or nothing was sent. */
  outcome: Outcome | undefined = undefined;

  constructor(operation: string | undefined, message: string) {
    super(operation === undefined ? message : `${operation}: ${message}`);
    this.operation = operation;
  }
}

/** The input does not fit the operation; nothing was sent. */
export class OneStoreInputError extends OneStoreError {
  override name = 'OneStoreInputError';
  /** The names of the members or settings that do not fit. */
  readonly fields: readonly string[];

  constructor(operation: string | undefined, message: string, fields: readonly string[]) {
    super(operation, message);
    this.fields = fields;
  }
}

/** No connection, or it broke before the reply was whole. */
export class OneStoreNetworkError extends OneStoreError {
  override name = 'OneStoreNetworkError';
  override readonly retryable = true;
  /** What the runtime called it (`ECONNREFUSED`), where it gave a name. */
  readonly reason: string | undefined;

  constructor(operation: string, reason: string | undefined) {
    super(operation, `no reply, the connection failed${reason === undefined ? '' : ` (${reason})`}`);
    this.reason = reason;
  }
}

/** No reply within `timeoutMs`, or none that counts within `deadlineMs`. */
export class OneStoreTimeoutError extends OneStoreError {
  override name = 'OneStoreTimeoutError';
  override readonly retryable = true;
  /** The limit that passed, ms. */
  readonly limitMs: number;

  constructor(operation: string, limitMs: number) {
    super(operation, `no reply within ${limitMs} ms`);
    this.limitMs = limitMs;
  }
}

/** What came is not the documented reply: another shape, or not even JSON. */
export class OneStoreReplyError extends OneStoreError {
  override name = 'OneStoreReplyError';
  override readonly retryable: boolean;
  /** The member that does not fit, as a path (`voidedPurchaseList[3].voidedTime`); `''` where the whole body does not. */
  readonly member: string;
  /** The HTTP status. */
  readonly status: number;
  readonly requestId: string | undefined;
  /** How long the server asks to wait, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(operation: string, given: ReplyFault) {
    const member = given.member === '' ? 'the body' : `\`${given.member}\``;
    super(operation, `the reply, status ${given.status}, does not fit: ${member} ${given.problem}`);
    this.member = given.member;
    this.status = given.status;
    this.requestId = given.requestId;
    this.retryAfterMs = given.retryAfterMs;
    this.retryable = given.status >= 500 || given.status === 429;
  }
}

export interface ReplyFault {
  member: string;
  problem: string;
  status: number;
  requestId: string | undefined;
  retryAfterMs?: number | undefined;
}

/** The server refused with one of the documented codes, or one that they do not list yet. */
export class OneStoreApiError extends OneStoreError {
  override name = 'OneStoreApiError';
  override readonly retryable: boolean;
  /** The code of section 10; branch on this and not on the status. */
  readonly code: ErrorCode | (string & {});
  /** The HTTP status. */
  readonly status: number;
  /** The names that `InvalidRequest` and `RequiredValueNotExist` put into brackets; otherwise empty. */
  readonly fields: readonly string[];
  /** The reply's `x-request-id`, where there is one. */
  readonly requestId: string | undefined;
  /** How long the server asks to wait, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(operation: string, refusal: Refusal) {
    super(operation, `${refusal.code}: ${refusal.message}`);
    this.code = refusal.code;
    this.status = refusal.status;
    this.fields = refusal.fields;
    this.requestId = refusal.requestId;
    this.retryAfterMs = refusal.retryAfterMs;
    this.retryable = refusal.status >= 500 || refusal.status === 429;
  }
}

export interface Refusal {
  code: string;
  message: string;
  status: number;
  fields: readonly string[];
  requestId: string | undefined;
  retryAfterMs: number | undefined;
}

/** `ServiceMaintenance`: nothing was carried out. */
export class OneStoreMaintenanceError extends OneStoreApiError {
  override name = 'OneStoreMaintenanceError';
}

/** The token does not count: `InvalidAccessToken` and `AccessTokenExpired`, a new one included, or `InvalidAuthorizationHeader`. */
export class OneStoreAuthenticationError extends OneStoreApiError {
  override name = 'OneStoreAuthenticationError';
}

/** The app may not do this: `UnauthorizedAccess` (of a token call: wrong credentials), `AccessBlocked`, `NotInCommercial`. */
export class OneStoreAccessError extends OneStoreApiError {
  override name = 'OneStoreAccessError';
}

/**
 * The request itself is wrong: `InvalidRequest` and `RequiredValueNotExist` name its members in `fields`; `BadRequest`,
 * `InvalidContentType`, `MethodNotAllowed`, `ResourceNotFound` point at the base address.
 */
export class OneStoreRequestError extends OneStoreApiError {
  override name = 'OneStoreRequestError';
}

/** `NoSuchData`: no such purchase for this app, product, market and environment. */
export class OneStoreNotFoundError extends OneStoreApiError {
  override name = 'OneStoreNotFoundError';
}

/** The purchase's state does not allow it: `InvalidPurchaseState`, `InvalidConsumeState` (consumed before). */
export class OneStoreStateError extends OneStoreApiError {
  override name = 'OneStoreStateError';
}

/** `DeveloperPayloadNotMatch`: the purchase was made for something else than you believe. */
export class OneStorePayloadError extends OneStoreApiError {
  override name = 'OneStorePayloadError';
}

/** `PaymentDeclined`, which only Till's control API answers. */
export class OneStorePaymentError extends OneStoreApiError {
  override name = 'OneStorePaymentError';
}

/** `InternalError`, or another failure of the server. */
export class OneStoreServerError extends OneStoreApiError {
  override name = 'OneStoreServerError';
}

const kinds: Record<ErrorCode, typeof OneStoreApiError> = {
  ServiceMaintenance: OneStoreMaintenanceError,
  ResourceNotFound: OneStoreRequestError,
  MethodNotAllowed: OneStoreRequestError,
  InvalidAuthorizationHeader: OneStoreAuthenticationError,
  InvalidAccessToken: OneStoreAuthenticationError,
  AccessTokenExpired: OneStoreAuthenticationError,
  AccessBlocked: OneStoreAccessError,
  UnauthorizedAccess: OneStoreAccessError,
  InvalidContentType: OneStoreRequestError,
  BadRequest: OneStoreRequestError,
  RequiredValueNotExist: OneStoreRequestError,
  InvalidRequest: OneStoreRequestError,
  NoSuchData: OneStoreNotFoundError,
  InvalidPurchaseState: OneStoreStateError,
  InvalidConsumeState: OneStoreStateError,
  DeveloperPayloadNotMatch: OneStorePayloadError,
  InternalError: OneStoreServerError,
  NotInCommercial: OneStoreAccessError,
  PaymentDeclined: OneStorePaymentError,
  AlreadyExists: OneStoreStateError,
  InvalidState: OneStoreStateError,
};

/** A refusal as the class of its kind. */
export function apiErrorOf(operation: string, refusal: Refusal): OneStoreApiError {
  const known = Object.hasOwn(kinds, refusal.code) ? kinds[refusal.code as ErrorCode] : undefined;
  const kind = known ?? (refusal.status >= 500 ? OneStoreServerError : OneStoreApiError);
  return new kind(operation, refusal);
}
