// Group commit: closures that wait together run one after the other and share one commit.
import { ClosureQuery } from './closure.ts';
import {
  Damaged,
  type Query,
  type Row,
  Stale,
  transactionAttempts,
  Unavailable,
  type Value,
} from './database.ts';
import { type Connection, isIoFailure } from './sqlite-connection.ts';

type Work<T> = (query: Query) => Promise<T>;
type Settle = () => void;

interface WriterOptions {
  onCommit?: (closures: number) => void;
  groupSize?: number;
  fault?: () => void;
}

interface Job {
  work: Work<unknown>;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

/** Bounds how long one group keeps the event loop and how much is lost if its commit fails. */
const mostInGroup = 256;

export class Writer {
  readonly #connection: Connection;
  readonly #onCommit: ((closures: number) => void) | undefined;
  readonly #groupSize: number;
  readonly #fault: (() => void) | undefined;
  readonly #statements: Query;
  #waiting: Job[] = [];
  #reads: Settle[] = [];
  #running = false;
  #scheduled = false;
  #closed = false;
  /** A commit failed in the disk: its pages may stand in the log, whole, although it was refused. */
  #logInDoubt = false;
  #onIdle: Settle | undefined;

  constructor(connection: Connection, options: WriterOptions = {}) {
    this.#connection = connection;
    this.#onCommit = options.onCommit;
    this.#groupSize = options.groupSize ?? mostInGroup;
    this.#fault = options.fault;
    this.#statements = {
      all: async (sql, values) => this.#within().all(sql, values),
      run: async (sql, values) => this.#within().run(sql, values),
    };
  }

  transaction<T>(work: Work<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as Job['resolve'], reject });
      this.#schedule();
    });
  }

  /** Reads on the writer's own connection between two groups, so that nothing uncommitted is seen. */
  all(sql: string, values?: readonly Value[]): Promise<Row[]> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const read = () => {
        try {
          resolve(this.#connection.all(sql, values));
        } catch (error) {
          reject(error);
        }
      };
      if (this.#running) this.#reads.push(read);
      else read();
    });
  }

  /** Answers when everything that was waiting is committed; what comes later is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    if (!this.#running && !this.#scheduled) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
  }

  #schedule(): void {
    if (this.#running || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  async #turn(): Promise<void> {
    this.#scheduled = false;
    this.#running = true;
    const settle = await this.#commitGroup(this.#waiting.splice(0, this.#groupSize));
    this.#running = false;
    for (const settleOne of [...settle, ...this.#reads.splice(0)]) settleOne();
    if (this.#waiting.length > 0) this.#schedule();
    else this.#onIdle?.();
  }

  /**
   * Runs the group and tells how to settle each of its jobs, for the time after the commit. A refusal waits
   * for it too: it may rest on what an earlier closure of the group wrote.
   */
  async #commitGroup(group: readonly Job[]): Promise<Settle[]> {
    const settle: Settle[] = [];
    try {
      this.#rollBack();
      this.#clearLog();
      this.#connection.run('begin immediate');
      for (const job of group) settle.push(await this.#finish(job));
      this.#commit();
    } catch (error) {
      this.#rollBack();
      this.#tryToClearLog();
      const cause = commitFailure(error);
      return group.map((job) => () => job.reject(cause));
    }
    this.#onCommit?.(group.length);
    return settle;
  }

  #commit(): void {
    try {
      if (this.#fault !== undefined) this.#connection.failWith(this.#fault);
      this.#connection.run('commit');
    } catch (error) {
      this.#logInDoubt ||= isIoFailure(error);
      throw error;
    }
  }

  /**
   * After a failed sync the system may call the next one good although the pages never reached the disk, and a
   * crash would bring the refused commit back from the log. So everything that was ever acknowledged is first
   * written to the file itself, synced there, and the log emptied; until that works nothing else is stored.
   */
  #clearLog(): void {
    if (!this.#logInDoubt) return;
    const [outcome] = this.#connection.all('pragma wal_checkpoint(truncate)');
    if (outcome?.busy !== 0) throw new Unavailable('the log of a failed commit is still being read');
    this.#logInDoubt = false;
  }

  /** Runs one closure in its savepoint, again while it finds its row `Stale`. */
  async #finish(job: Job): Promise<Settle> {
    for (let attempt = 1; ; attempt++) {
      this.#connection.run('savepoint closure');
      const outcome = await this.#outcome(job.work);
      if (!('error' in outcome)) {
        this.#connection.run('release closure');
        return () => job.resolve(outcome.answer);
      }
      this.#connection.run('rollback to closure');
      this.#connection.run('release closure');
      const again = outcome.error instanceof Stale && attempt < transactionAttempts;
      if (!again) return () => job.reject(outcome.error);
    }
  }

  async #outcome(work: Work<unknown>): Promise<{ answer: unknown } | { error: unknown }> {
    const query = new ClosureQuery(this.#statements);
    try {
      return { answer: await withinThisTurn(query.finish(work)) };
    } catch (error) {
      return { error };
    } finally {
      query.end();
    }
  }

  /** SQLite may have rolled all back by itself; a statement would then be committed on its own. */
  #within(): Connection {
    if (!this.#connection.inTransaction) throw new Unavailable('SQLite has given the transaction up');
    return this.#connection;
  }

  /** At once, so that a crash has next to no time to find the refused commit; what fails is tried by the next group. */
  #tryToClearLog(): void {
    try {
      this.#clearLog();
    } catch {
      // The log stays in doubt, and the failure that led here is the one to tell.
    }
  }

  #rollBack(): void {
    try {
      if (this.#connection.inTransaction) this.#connection.run('rollback');
    } catch {
      // The failure that led here is the one to tell; the next `begin` fails if this one matters.
    }
  }
}

/**
 * A closure that awaits only its own statements is done before the event loop turns. One that awaits
 * anything else would hold everybody's commit up, or wait for itself for ever, so it is refused.
 */
function withinThisTurn<T>(closure: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const turned = setImmediate(() => {
      reject(new Error('a transaction may await nothing but its own statements'));
    });
    closure.then(resolve, reject).finally(() => clearImmediate(turned));
  });
}

function commitFailure(error: unknown): Unavailable {
  if (error instanceof Damaged) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new Unavailable(`nothing was stored: ${reason}`, { cause: error });
}

function closedError(): Unavailable {
  return new Unavailable('the database is closed');
}
