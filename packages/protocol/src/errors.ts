// Every code that Till can answer, with its status and message, and the one error that carries it.

/**
 * The codes of the server API in order of precedence: when two apply, the upper one is answered.
 * Status and message are the documents' (section 10); the order is Till's, where they are silent.
 */
export const serverErrors = {
  ServiceMaintenance: { status: 503, message: 'System maintenance is in progress.' },
  ResourceNotFound: { status: 404, message: 'The requested resource could not be found.' },
  MethodNotAllowed: { status: 405, message: 'HTTP method not supported.' },
  InvalidAuthorizationHeader: { status: 400, message: 'Authorization header is invalid.' },
  InvalidAccessToken: { status: 401, message: 'Access token is invalid.' },
  AccessTokenExpired: { status: 401, message: 'Access token has expired.' },
  AccessBlocked: { status: 403, message: 'The request was blocked.' },
  UnauthorizedAccess: { status: 403, message: 'Not authorized to this API.' },
  InvalidContentType: { status: 415, message: 'The request content-type is invalid.' },
  BadRequest: { status: 400, message: 'The request are invalid.' },
  RequiredValueNotExist: { status: 400, message: 'Request parameters are required.' },
  InvalidRequest: { status: 400, message: 'Request parameters are invalid.' },
  NoSuchData: { status: 404, message: 'The requested data could not be found.' },
  InvalidPurchaseState: { status: 409, message: 'Purchase history does not exist or is not completed.' },
  InvalidConsumeState: {
    status: 409,
    message: 'The purchase consumption status cannot be changed or has already been changed.',
  },
  DeveloperPayloadNotMatch: {
    status: 400,
    message: 'The request developerPayload does not match the value passed in the purchase request.',
  },
  InternalError: { status: 500, message: 'An undefined error has occurred.' },
} as const;

/** The codes that only the control API answers. */
export const controlErrors = {
  NotInCommercial: { status: 403, message: 'Test controls do not exist in the commercial environment.' },
  PaymentDeclined: { status: 402, message: 'The payment was declined.' },
  AlreadyExists: { status: 409, message: 'Something with this name exists already.' },
  InvalidState: { status: 409, message: 'The present state does not allow this.' },
} as const;

export const errors = { ...serverErrors, ...controlErrors } as const;

export type ServerErrorCode = keyof typeof serverErrors;
export type ErrorCode = keyof typeof errors;

/** The error body of both faces (section 3.2); `fields` only on the control API. */
export interface ErrorBody {
  error: { code: ErrorCode; message: string; fields?: string[] };
}

/**
 * An expected "no", named by its wire code. `fields` are the names for the bracket list of
 * `InvalidRequest` and `RequiredValueNotExist`; `detail` goes to the log and, on the control API
 * (whose callers hold the key of the house), into the message. It never carries a secret or a payload.
 */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly code: ErrorCode;
  readonly fields: readonly string[];
  readonly detail: string | undefined;

  constructor(code: ErrorCode, given: { fields?: readonly string[]; detail?: string } = {}) {
    super(given.detail === undefined ? code : `${code}: ${given.detail}`);
    this.code = code;
    this.fields = given.fields ?? [];
    this.detail = given.detail;
  }
}

/** The message as the wire has it: with the bracket list of names where there are any (section 3.2). */
export function errorMessage(code: ErrorCode, fields: readonly string[] = []): string {
  const { message } = errors[code];
  return fields.length === 0 ? message : `${message} [ ${fields.join(', ')} ]`;
}
