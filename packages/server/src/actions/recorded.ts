// What a call leaves behind besides its change, in the transaction of that change.
import type { Host } from '../host/host.ts';
import type { Database, Query } from '../store/database.ts';

/** Runs the closure of a change with what belongs around it. Like the closure it may be run again from its start. */
export type Around = <T>(query: Query, work: (query: Query) => Promise<T>) => Promise<T>;

/**
 * Runs an action whose first transaction that commits, the one that decides, is run within `around`. What an action
 * stores before that it does with `beforehand(host)`; what comes after follows from the change. An action that
 * answers without a transaction has changed nothing, and `around` gets one of its own.
 */
export async function recorded<T>(
  host: Host,
  around: Around,
  action: (host: Host) => Promise<T>,
): Promise<T> {
  let decided = false;
  const transaction: Database['transaction'] = async (work) => {
    if (decided) return host.database.transaction(work);
    const answer = await host.database.transaction((query) => around(query, work));
    decided = true;
    return answer;
  };
  const database: Database = { ...host.database, transaction };
  const answer = await action({ ...host, database, unrecorded: beforehand(host) });
  if (!decided) await transaction(async () => undefined);
  return answer;
}

/** For what an action stores before the change that decides: counting a draw, deleting by batches. */
export function beforehand(host: Host): Host {
  return host.unrecorded ?? host;
}
