// Reads on PostgreSQL outside a transaction: many on the wire of a connection at once, answered in order.
import pg from 'pg';

/** Connections that reads share; a slow read delays only those behind it on its own. */
const sharedCount = 4;

interface Shared {
  client: Promise<pg.PoolClient>;
  /** Reads that have not been answered yet. */
  waiting: number;
}

/** What the pool has for a query, run on the connection with the fewest reads before it. */
export class PostgresReader {
  readonly #pool: pg.Pool;
  #shared: Shared[] = [];

  /** The pool must be one of its own, of clients that pipeline: a connection taken here stays taken. */
  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** A read that met a broken connection is asked once more on a new one: it has changed nothing. */
  async query<R extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<R>> {
    try {
      return await this.#ask(config);
    } catch (error) {
      if (error instanceof pg.DatabaseError) throw error;
      return this.#ask(config);
    }
  }

  async #ask<R extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<R>> {
    const shared = this.#leastBusy();
    shared.waiting += 1;
    try {
      const client = await shared.client;
      return await client.query<R>(config);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) this.#drop(shared);
      throw error;
    } finally {
      shared.waiting -= 1;
    }
  }

  get connectionCount(): number {
    return this.#shared.length;
  }

  /** Connections without a read on its way. */
  get idleCount(): number {
    return this.#shared.filter(({ waiting }) => waiting === 0).length;
  }

  async end(): Promise<void> {
    const taken = await Promise.allSettled(this.#shared.splice(0).map(({ client }) => client));
    for (const one of taken) if (one.status === 'fulfilled') one.value.release(true);
    await this.#pool.end();
  }

  #leastBusy(): Shared {
    const least = this.#shared.reduce<Shared | undefined>(
      (best, one) => (best === undefined || one.waiting < best.waiting ? one : best),
      undefined,
    );
    if (least !== undefined && (least.waiting === 0 || this.#shared.length === sharedCount)) return least;
    const added: Shared = { client: this.#pool.connect(), waiting: 0 };
    this.#shared.push(added);
    return added;
  }

  /** A broken connection: those behind it fail too, the next read makes a new one. */
  #drop(shared: Shared): void {
    const place = this.#shared.indexOf(shared);
    if (place === -1) return;
    this.#shared.splice(place, 1);
    shared.client.then(
      (client) => client.release(true),
      () => {},
    );
  }
}
