// Till's extension for lost replies: a call that carries an Idempotency-Key is carried out once.
import type { Operation, TextField } from './shape.ts';

/** The request header: the same key and the same request give the first answer again, for a day. */
export const idempotencyKeyHeader = 'Idempotency-Key';
/** Answered with `true` where the answer is one that was given before. */
export const idempotentReplayHeader = 'idempotent-replay';

/** What the header may hold: visible ASCII. */
export const idempotencyKey = {
  is: 'text',
  max: 255,
  pattern: '^[\\x21-\\x7E]{1,255}$',
  optional: true,
  about: 'names this call; the caller chooses it, best a UUID',
} as const satisfies TextField;

/** Whether the operation reads the header: every write of the control API, and what the server API's rows say. */
export function takesIdempotencyKey(row: Operation): boolean {
  return row.idempotent === true || isControlWrite(row);
}

/** Whether the operation changes something through the control API; each such call leaves a row in the audit. */
export function isControlWrite({ access, method }: Operation): boolean {
  return access === 'controlKey' && method !== 'GET';
}
