// How many calls of the server API each minute had, in all and by app: what charts are drawn from.

const minuteMs = 60_000;
/** Minutes with calls that are remembered, of all apps together; the oldest go first. */
const mostMinutes = 100_000;

interface Minute {
  appId: string;
  at: number;
  requests: number;
  refusals: number;
}

interface OfApp {
  worldId: string;
  minutes: Minute[];
}

export interface Counts {
  requests: number;
  refusals: number;
}

/** All calls together, those that no app could be told of among them. */
const everything = '';

export class RequestCounts {
  readonly #apps = new Map<string, OfApp>();
  /** In the order in which they began. */
  #minutes: Minute[] = [];
  #first = 0;
  /** What happened before is not known, epoch ms. */
  #since: number;

  constructor(now: number) {
    this.#since = now;
  }

  get since(): number {
    return this.#since;
  }

  /** Counts a call at `now` of the machine's clock, epoch ms. */
  add(app: { appId: string; worldId: string } | undefined, refused: boolean, now: number): void {
    const at = now - (now % minuteMs);
    this.#count(everything, '', refused, at);
    if (app !== undefined) this.#count(app.appId, app.worldId, refused, at);
  }

  /** The minutes of one app, of the apps of a world, or of everything, in no order. */
  *minutesOf(which: { appId?: string | undefined; worldId?: string | undefined }): Iterable<Minute> {
    if (which.appId !== undefined || which.worldId === undefined) {
      yield* this.#apps.get(which.appId ?? everything)?.minutes ?? [];
      return;
    }
    for (const { worldId, minutes } of this.#apps.values()) {
      if (worldId === which.worldId) yield* minutes;
    }
  }

  #count(appId: string, worldId: string, refused: boolean, at: number): void {
    let app = this.#apps.get(appId);
    if (app === undefined) {
      app = { worldId, minutes: [] };
      this.#apps.set(appId, app);
    }
    let minute = app.minutes.at(-1);
    if (minute?.at !== at) {
      minute = { appId, at, requests: 0, refusals: 0 };
      app.minutes.push(minute);
      this.#minutes.push(minute);
      this.#forgetOldest();
    }
    minute.requests += 1;
    if (refused) minute.refusals += 1;
  }

  #forgetOldest(): void {
    if (this.#minutes.length - this.#first <= mostMinutes) return;
    const oldest = this.#minutes[this.#first] as Minute;
    this.#first += 1;
    this.#since = Math.max(this.#since, oldest.at + minuteMs);
    const app = this.#apps.get(oldest.appId);
    app?.minutes.shift();
    if (app?.minutes.length === 0) this.#apps.delete(oldest.appId);
    if (this.#first < mostMinutes) return;
    this.#minutes = this.#minutes.slice(this.#first);
    this.#first = 0;
  }
}
