// What PostgreSQL's errors tell of a row is taken off them: messages and stacks of errors are logged, values are not.
import type { DatabaseError } from 'pg';

/** The parts that quote rows, parameters or the statement's surroundings. */
const telling = ['detail', 'hint', 'where', 'internalQuery', 'dataType'] as const;
/** Data exceptions, class 22: their message quotes the value that did not fit. */
const quotesValue = /^22/;

/** The same error, without any value: `detail` would hold the failing row, a message of class 22 the value itself. */
export function withoutValues<E extends DatabaseError>(error: E): E {
  for (const part of telling) delete error[part];
  if (!quotesValue.test(error.code ?? '')) return error;
  const { message, stack } = error;
  error.message = message.replace(/".*"/s, '"…"').replace(/: 0x.*$/s, '');
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
  return error;
}
