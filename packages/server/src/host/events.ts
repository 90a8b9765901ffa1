// What happens on this node, told to those who listen; a short while of it is kept for who comes back.

export interface Happened {
  /** On the world's clock for a purchase, on the machine's for the rest, epoch ms. */
  at: number;
  what: string;
  clientId?: string | undefined;
  worldId?: string | undefined;
  purchaseToken?: string | undefined;
  productId?: string | undefined;
  operation?: string | undefined;
  requestId?: string | undefined;
}

export interface Event extends Happened {
  /** Where a listener goes on after it was cut off. */
  id: string;
}

export interface Listener {
  tell(event: Event): void;
  /** The server stops; nothing more is told. */
  end(): void;
}

export const mostListeners = 50;
/** Events kept for listeners that come back. */
const mostKept = 1_000;
/** After the last listener has gone, events are kept for this long; then telling costs nothing. */
const keptForMs = 60_000;

export class Events {
  /** Sets one run of a node apart from another. */
  readonly #run: string;
  readonly #clock: () => number;
  readonly #listeners = new Set<Listener>();
  #kept: Event[] = [];
  #count = 0;
  #quiet: NodeJS.Timeout | undefined;
  #wanted = false;
  #ended = false;

  constructor(run: string, clock: () => number) {
    this.#run = run;
    this.#clock = clock;
  }

  /** Whether there is anybody to tell; who has something to tell asks first. */
  get wanted(): boolean {
    return this.#wanted;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  get isFull(): boolean {
    return this.#listeners.size >= mostListeners;
  }

  tell(happened: Happened): void {
    if (!this.#wanted) return;
    this.#count += 1;
    const event = { id: `${this.#run}-${this.#count}`, ...happened };
    this.#kept.push(event);
    if (this.#kept.length > 2 * mostKept) this.#kept = this.#kept.slice(-mostKept);
    for (const listener of this.#listeners) listener.tell(event);
  }

  /**
   * Tells what happens from now on, and first what happened after the event `after`. Where that is not known any
   * more, the first event is `missed`. Answers how to stop listening.
   */
  listen(listener: Listener, after?: string): () => void {
    if (this.#ended) {
      listener.end();
      return () => {};
    }
    clearTimeout(this.#quiet);
    this.#wanted = true;
    for (const event of after === undefined ? [] : this.#since(after)) listener.tell(event);
    this.#listeners.add(listener);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#becomeQuiet();
    };
  }

  /** Ends every stream, so that a stop need not wait for them. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#quiet);
    this.#wanted = false;
    for (const listener of [...this.#listeners]) listener.end();
  }

  #since(after: string): Event[] {
    const [, run, number] = /^(.*)-(\d{1,15})$/.exec(after) ?? [];
    const last = Number(number);
    const firstKept = this.#count - this.#kept.length + 1;
    if (run === this.#run && last <= this.#count && last >= firstKept - 1) {
      return this.#kept.slice(last - firstKept + 1);
    }
    return [{ id: `${this.#run}-${this.#count}`, at: this.#clock(), what: 'missed' }];
  }

  #becomeQuiet(): void {
    if (this.#ended) return;
    this.#quiet = setTimeout(() => {
      this.#wanted = false;
      this.#kept = [];
      // what happens from now on is not counted: an ID given out so far must not seem to be the latest
      this.#count += 1;
    }, keptForMs).unref();
  }
}
