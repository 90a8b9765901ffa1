// The statements one closure of a transaction may run: none after a failure, none after its end.
import type { Query, Row, Value } from './database.ts';

/** Given to a transaction's closure in place of the connection itself; alike in both drivers. */
export class ClosureQuery implements Query {
  readonly #query: Query;
  #ended = false;
  /** The first statement that failed; PostgreSQL would refuse every later one, so we do everywhere. */
  failure: unknown;

  constructor(query: Query) {
    this.#query = query;
  }

  all(sql: string, values?: readonly Value[]): Promise<Row[]> {
    return this.#guarded(() => this.#query.all(sql, values));
  }

  run(sql: string, values?: readonly Value[]): Promise<number> {
    return this.#guarded(() => this.#query.run(sql, values));
  }

  /** Runs the closure; a failed statement it has swallowed is thrown after all. */
  async finish<T>(work: (query: Query) => Promise<T>): Promise<T> {
    try {
      const answer = await work(this);
      if (this.failure !== undefined) throw this.failure;
      return answer;
    } finally {
      this.#ended = true;
    }
  }

  /** No statement after this: the closure is given up although it may still be waiting for something. */
  end(): void {
    this.#ended = true;
  }

  async #guarded<T>(statement: () => Promise<T>): Promise<T> {
    if (this.#ended) throw new Error('a statement came after the end of its transaction');
    if (this.failure !== undefined) throw this.failure;
    try {
      return await statement();
    } catch (error) {
      this.failure ??= error;
      throw error;
    }
  }
}
