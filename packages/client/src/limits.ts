// The limits of one call: its deadline, its caller's signal, and the waits between its tries.
import { OneStoreTimeoutError } from './errors.ts';
import type { CallSignal } from './settings.ts';

const longestWaitMs = 10_000;

/** Counts on the monotonic clock, so that a clock that is set cannot end or prolong a call. */
export class Limits {
  readonly operation: string;
  readonly timeoutMs: number;
  readonly signal: CallSignal | undefined;
  readonly #deadlineMs: number;
  readonly #endsAt: number;

  constructor(
    operation: string,
    given: { timeoutMs: number; deadlineMs: number; signal?: CallSignal | undefined },
  ) {
    this.operation = operation;
    this.timeoutMs = given.timeoutMs;
    this.signal = given.signal;
    this.#deadlineMs = given.deadlineMs;
    this.#endsAt = performance.now() + given.deadlineMs;
  }

  leftMs(): number {
    return this.#endsAt - performance.now();
  }

  /** Runs `work` with a signal that ends it; throws what ended it: the caller's reason, or a `OneStoreTimeoutError`. */
  async within<T>(work: (signal: AbortSignal) => Promise<T>, ownMs = this.timeoutMs): Promise<T> {
    throwIfAborted(this.signal);
    const leftMs = this.leftMs();
    if (leftMs <= 0) throw this.#passed(this.#deadlineMs);
    const limitMs = ownMs < leftMs ? ownMs : this.#deadlineMs;
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended: (() => void) | undefined;
    // some runtimes leave a body that stalls alone when the signal is aborted, so the end does not hang on `work`
    const end = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#passed(limitMs)), Math.min(ownMs, leftMs));
      ended = () => reject(this.signal?.reason);
      this.signal?.addEventListener('abort', ended);
    });
    try {
      return await Promise.race([work(ending.signal), end]);
    } catch (error) {
      ending.abort(); // what was begun and is not wanted any more, such as the rest of a reply that does not fit
      throw error;
    } finally {
      clearTimeout(timer);
      if (ended !== undefined) this.signal?.removeEventListener('abort', ended);
    }
  }

  /** Waits before a repetition; tells `false` at once where the wait would outlast the deadline. */
  async pause(waitMs: number): Promise<boolean> {
    if (waitMs >= this.leftMs()) return false;
    await this.within((signal) => sleep(waitMs, signal), Number.POSITIVE_INFINITY);
    return true;
  }

  #passed(limitMs: number): OneStoreTimeoutError {
    return new OneStoreTimeoutError(this.operation, limitMs);
  }
}

/** The wait before repetition `tried` (0 the first): it doubles, and half of it is left to chance so that many do not come at once. */
export function backoff(tried: number, firstMs: number, askedMs = 0, random = Math.random): number {
  const whole = Math.min(longestWaitMs, firstMs * 2 ** tried);
  return Math.max(whole / 2 + (whole / 2) * random(), askedMs);
}

/** What `Retry-After` asks for, ms: seconds, or a date. */
export function retryAfterMs(header: string | null, now = Date.now): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now());
}

function throwIfAborted(signal: CallSignal | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
}
