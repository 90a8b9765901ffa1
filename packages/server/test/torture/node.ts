// One node of Till as a child process: made warm, opened on a database, read, killed.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from './child.ts';

const file = fileURLToPath(new URL('./child.ts', import.meta.url));

export const controlKey = 'a-control-key-of-torture-0123456789abcdef';

export type Cell = string | number | null;
type Asked = Order extends infer One ? (One extends { id: number } ? Omit<One, 'id'> : never) : never;

export class Node {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #asked = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  #written = '';
  #count = 0;
  #url = '';
  #ended = false;

  /** Starts the process; it loads its modules and opens nothing yet. */
  constructor() {
    this.#child = fork(file, [], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#exited = once(this.#child, 'exit').then(() => this.#end());
    this.#child.on('message', (report: Report) => this.#settle(report));
    this.#child.on('error', () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#written = (this.#written + text).slice(-4000);
      });
    }
  }

  get url(): string {
    return this.#url;
  }

  /** Opens the database and listens; rejects where the process ends before. */
  async open(databaseUrl: string): Promise<void> {
    this.#url = String(await this.#ask({ what: 'open', databaseUrl, controlKey }));
  }

  /** Reads as the server itself reads. */
  async read(sql: string, values: (string | number)[] = []): Promise<Record<string, Cell>[]> {
    return (await this.#ask({ what: 'read', sql, values })) as Record<string, Cell>[];
  }

  async answerEarly(): Promise<void> {
    await this.#ask({ what: 'answer early' });
  }

  /** Sends SIGKILL at once and answers when the process is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async stop(): Promise<void> {
    await this.#ask({ what: 'stop' });
    await this.kill();
  }

  #ask(order: Asked): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#endedError());
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#child.send({ ...order, id }, (error) => {
        if (error !== null) this.#settle({ id, failure: error.message });
      });
    });
  }

  #settle({ id, answer, failure }: Report): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (failure === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(`${failure}\n${this.#written}`));
  }

  #end(): void {
    this.#ended = true;
    for (const { reject } of this.#asked.values()) reject(this.#endedError());
    this.#asked.clear();
  }

  #endedError(): Error {
    return new Error(`the node has ended; it wrote: ${this.#written}`);
  }
}
