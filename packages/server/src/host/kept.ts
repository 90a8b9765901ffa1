// An answer that is kept for a while: those who ask in between share it.

interface Asked<T> {
  at: number;
  answer: Promise<T>;
}

export class Kept<T> {
  readonly #keptMs: number;
  readonly #clock: () => number;
  #asked: Asked<T> | undefined;

  constructor(keptMs: number, clock: () => number) {
    this.#keptMs = keptMs;
    this.#clock = clock;
  }

  /** The answer kept, or a new one; a failure is kept as long, so that what is broken is not asked all the time. */
  get(ask: () => Promise<T>): Promise<T> {
    const now = this.#clock();
    const kept = this.#asked;
    // a clock that was set back must not keep an answer for ever
    if (kept !== undefined && now >= kept.at && now - kept.at < this.#keptMs) return kept.answer;
    const answer = ask();
    answer.catch(() => {});
    this.#asked = { at: now, answer };
    return answer;
  }
}
