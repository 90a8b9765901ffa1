// What a node counts of its own work: plain numbers, so that counting costs a request next to nothing.

/** Upper bounds of latencies, seconds; delayed answers to wrong secrets reach 2. */
const latencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Upper bounds of how many transactions share a commit. */
const groupBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** How many values lay below each bound, and their sum. */
export class Spread {
  readonly bounds: readonly number[];
  /** One more than there are bounds: the last counts what lies above them all. */
  readonly counts: number[];
  count = 0;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    let place = 0;
    while (place < this.bounds.length && value > (this.bounds[place] as number)) place += 1;
    this.counts[place] = (this.counts[place] as number) + 1;
    this.count += 1;
    this.sum += value;
  }
}

export interface Answered {
  /** How many answers had which code; `Success` where none was refused. */
  readonly codes: Map<string, number>;
  /** Seconds. */
  readonly latency: Spread;
}

/** Names come from the tables alone, so that there are never more of them than rows and codes. */
export class Tally {
  readonly operations = new Map<string, Answered>();
  readonly commits = new Spread(groupBounds);
  /** Wrong client secrets, and how many of their answers were held back. */
  wrongSecrets = 0;
  delayedSecrets = 0;

  /** Attempts to deliver notifications, by kind and result; and messages that were given up. */
  readonly notifications = new Map<string, number>();
  deadNotifications = 0;

  notified(kind: string, result: string): void {
    const key = `${kind} ${result}`;
    this.notifications.set(key, (this.notifications.get(key) ?? 0) + 1);
  }

  /** `latencyMs` is undefined for what has no latency, such as a stream that somebody listened to. */
  answered(operation: string, code: string, latencyMs: number | undefined): void {
    let of = this.operations.get(operation);
    if (of === undefined) {
      of = { codes: new Map(), latency: new Spread(latencyBounds) };
      this.operations.set(operation, of);
    }
    of.codes.set(code, (of.codes.get(code) ?? 0) + 1);
    if (latencyMs !== undefined) of.latency.add(latencyMs / 1000);
  }
}
