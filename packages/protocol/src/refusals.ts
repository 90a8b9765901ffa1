// Which codes an operation may answer: those that every operation of its kind may, and those that its row names.
import { type ErrorCode, errors } from './errors.ts';
import { isControlWrite } from './idempotency.ts';
import type { Operation } from './shape.ts';

/** What every call with checked input may run into, whoever calls. */
const always = [
  'ServiceMaintenance',
  'ResourceNotFound',
  'UnauthorizedAccess',
  'InvalidContentType',
  'BadRequest',
  'RequiredValueNotExist',
  'InvalidRequest',
  'InternalError',
] as const satisfies readonly ErrorCode[];

/** What no row has to name, by what a caller shows. An open call reads nothing of its request. */
export const commonRefusals = {
  accessToken: [
    ...always,
    'InvalidAuthorizationHeader',
    'InvalidAccessToken',
    'AccessTokenExpired',
    'AccessBlocked',
  ],
  credentials: [...always, 'AccessBlocked'],
  controlKey: [...always, 'InvalidAccessToken'],
  open: ['InternalError'],
} as const satisfies Record<Operation['access'], readonly ErrorCode[]>;

/**
 * Every code that a request with the method and the path of this row may be answered with, in order of precedence.
 * Another method on the same path is `MethodNotAllowed`, which is nobody's operation.
 */
export function refusalsOf(row: Operation): ErrorCode[] {
  const may = new Set<ErrorCode>([...commonRefusals[row.access], ...(row.refusals ?? [])]);
  if (row.sandboxOnly === true) may.add('NotInCommercial');
  // a key that was used for another request
  if (isControlWrite(row)) may.add('InvalidState');
  return (Object.keys(errors) as ErrorCode[]).filter((code) => may.has(code));
}
