// What the laboratory does to the messages of an app on purpose.
import type { Fault } from '../domain/notification.ts';
import type { Query, Row } from './database.ts';

export async function listFaults(query: Query, appId: string): Promise<Fault[]> {
  const rows = await query.all(
    `select number, kind, fault, times_left, delay from notification_fault where app_id = $1
       and (times_left is null or times_left > 0) order by number`,
    [appId],
  );
  return rows.map(toFault);
}

/** Puts these in the place of what was there. */
export async function replaceFaults(query: Query, appId: string, faults: readonly Fault[]): Promise<void> {
  await query.run('delete from notification_fault where app_id = $1', [appId]);
  for (const { number, kind, fault, timesLeft, delay } of faults) {
    await query.run(
      `insert into notification_fault (app_id, number, kind, fault, times_left, delay)
       values ($1, $2, $3, $4, $5, $6)`,
      [appId, number, kind, fault, timesLeft, delay],
    );
  }
}

/** Counts one more use; false where it is used up, or gone. */
export async function useFault(query: Query, appId: string, { number, fault }: Fault): Promise<boolean> {
  const used = await query.run(
    `update notification_fault set times_left = times_left - 1
     where app_id = $1 and number = $2 and fault = $3 and (times_left is null or times_left > 0)`,
    [appId, number, fault],
  );
  return used === 1;
}

function toFault(row: Row): Fault {
  return {
    number: Number(row.number),
    kind: row.kind as Fault['kind'],
    fault: row.fault as Fault['fault'],
    timesLeft: row.times_left as number | null,
    delay: row.delay as string | null,
  };
}
