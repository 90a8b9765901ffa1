// Work that waits for somebody outside, and so runs beside the passes: bounded, and each thing once at a time.

export class Beside {
  readonly #most: number;
  readonly #failed: (error: unknown) => void;
  readonly #running = new Map<string, Promise<void>>();
  #stopped = false;

  /** `most` things at a time; `failed` is told what one of them throws. */
  constructor(most: number, failed: (error: unknown) => void) {
    this.#most = most;
    this.#failed = failed;
  }

  /** How many more may begin now. */
  get free(): number {
    return this.#stopped ? 0 : this.#most - this.#running.size;
  }

  /** Begins, and does not wait for the end. Nothing happens where the same runs already. */
  start(key: string, work: () => Promise<unknown>): void {
    if (this.free <= 0 || this.#running.has(key)) return;
    const running = work()
      .then(
        () => {},
        (error) => this.#tell(error),
      )
      .finally(() => this.#running.delete(key));
    this.#running.set(key, running);
  }

  /** Begins nothing more and waits for what runs, but no longer than `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#stopped = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([Promise.all(this.#running.values()), late]);
    clearTimeout(timer);
  }

  /** What ends after the stop finds its database closed, and is done again after the next start. */
  #tell(error: unknown): void {
    if (!this.#stopped) this.#failed(error);
  }
}
