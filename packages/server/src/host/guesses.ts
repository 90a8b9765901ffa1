// Who guesses at client secrets: wrong answers come slower and slower, right ones never do.

/** As many wrong ones in a row are taken for mistakes. */
const freeGuesses = 5;
/** A row of wrong ones is over after this long without another. */
const rememberedMs = 600_000;
const firstDelayMs = 100;
const longestDelayMs = 2_000;
/** Pairs of client and address that are remembered; the one that was wrong longest ago goes when one more comes. */
const mostGuessers = 10_000;
/** Answers held back at a time; beyond them a wrong secret is answered at once, so that nobody can fill the server. */
const mostDelayed = 100;

interface Guesser {
  wrongCount: number;
  lastAt: number;
}

/** Counts wrong secrets by client ID and address. A delay says nothing: it comes after the secret was judged. */
export class Guesses {
  readonly #clock: () => number;
  readonly #guessers = new Map<string, Guesser>();
  #delayedCount = 0;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The right secret ends the row of wrong ones. */
  right(clientId: string, address: string): void {
    if (this.#guessers.size > 0) this.#guessers.delete(`${address}\n${clientId}`);
  }

  /** Counts one more wrong secret and tells how long its answer is to be held back, ms; 0 for the first ones. */
  wrong(clientId: string, address: string): number {
    const key = `${address}\n${clientId}`;
    const now = this.#clock();
    const known = this.#guessers.get(key);
    const inRow = known !== undefined && now - known.lastAt < rememberedMs;
    const wrongCount = inRow ? known.wrongCount + 1 : 1;
    this.#guessers.delete(key);
    this.#forgetOldest();
    this.#guessers.set(key, { wrongCount, lastAt: now });
    return delayOf(wrongCount);
  }

  /** Waits for `delayMs`, or not at all where too many are waiting; tells whether it waited. */
  async holdBack(delayMs: number): Promise<boolean> {
    if (delayMs === 0 || this.#delayedCount >= mostDelayed) return false;
    this.#delayedCount += 1;
    try {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    } finally {
      this.#delayedCount -= 1;
    }
    return true;
  }

  #forgetOldest(): void {
    if (this.#guessers.size < mostGuessers) return;
    const oldest = this.#guessers.keys().next().value;
    if (oldest !== undefined) this.#guessers.delete(oldest);
  }
}

function delayOf(wrongCount: number): number {
  if (wrongCount <= freeGuesses) return 0;
  return Math.min(firstDelayMs * 2 ** Math.min(wrongCount - freeGuesses - 1, 10), longestDelayMs);
}
