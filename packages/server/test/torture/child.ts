// The process that is killed: loads Till, waits for the word, then serves and lets the parent read its database.
import { setTimeout as wait } from 'node:timers/promises';
import { pino } from 'pino';
import { readSettings } from '../../src/settings.ts';
import type { Database, Query } from '../../src/store/database.ts';
import { createTill, type Till } from '../../src/till.ts';

/** What the parent may ask for; every answer carries the `id` of what was asked. */
export type Order = { id: number } & (
  | { what: 'open'; databaseUrl: string; controlKey: string }
  | { what: 'read'; sql: string; values: (string | number)[] }
  | { what: 'answer early' }
  | { what: 'stop' }
);
export type Report = { id: number; answer?: unknown; failure?: string };

/** How long a planted early answer is ahead of its write: longer than any machine takes to kill upon an answer. */
const earlyByMs = 30_000;

let till: Till | undefined;
let early = false;

process.on('message', async (order: Order) => {
  const report: Report = { id: order.id };
  try {
    report.answer = await carryOut(order);
  } catch (error) {
    report.failure = error instanceof Error ? error.message : String(error);
  }
  process.send?.(report);
});
// whoever would kill this process is gone, so it goes too
process.on('disconnect', () => process.exit(1));

async function carryOut(order: Order): Promise<unknown> {
  if (order.what === 'open') {
    const args = ['--port', '0', '--database-url', order.databaseUrl, '--control-key', order.controlKey];
    const log = pino({ level: 'error' }, pino.destination({ dest: 2, sync: true }));
    till = await createTill(readSettings(args, {}), { log, wrapDatabase });
    return till.url;
  }
  if (order.what === 'read') return till?.host.database.all(order.sql, order.values);
  if (order.what === 'stop') return till?.stop();
  early = true;
  return undefined;
}

/** The fault that the check must find: an answer for what is only written a moment later. */
function wrapDatabase(database: Database): Database {
  const transaction = <T>(work: (query: Query) => Promise<T>) =>
    early ? answerEarly(database, work) : database.transaction(work);
  return {
    ...database,
    run: (sql, values) => transaction((query) => query.run(sql, values)),
    transaction,
  };
}

class Rehearsed extends Error {}

async function answerEarly<T>(database: Database, work: (query: Query) => Promise<T>): Promise<T> {
  let answer: { of: T } | undefined;
  try {
    await database.transaction(async (query) => {
      answer = { of: await work(query) };
      throw new Rehearsed();
    });
  } catch (error) {
    if (!(error instanceof Rehearsed)) throw error;
  }
  if (answer === undefined) throw new Error('the rehearsal gave no answer');
  wait(earlyByMs).then(() => database.transaction(work).catch(() => {}));
  return answer.of;
}
