// Sends what the outbox holds: each app for itself, bounded in all, so that a dead or slow receiver holds up nobody else.
import {
  deliverLane,
  findAppsToDrain,
  findLanes,
  findWaitingApp,
  type Lane,
} from '../actions/deliver-app.ts';
import type { Host } from '../host/host.ts';
import type { OutboxWorker } from '../host/outbox.ts';

/** Messages in flight on one node, and to one app. */
const mostAtOnce = 256;
const mostOfApp = 8;
/** An app whose receiver ran into a time limit gets so many until one of them is answered in time. */
const mostOfSlowApp = 1;
/** Apps that one pass looks at; the next pass goes on behind them. */
const appsAPass = 100;
/** A stop waits this long for answers; what comes later is sent again after the next start. */
const stopWithinMs = 3_000;
const markWithinMs = 1_000;
/** Where other nodes send what is due, one who waits for it looks again after this long. */
const lookAgainMs = 50;

export interface Deliveries extends OutboxWorker {
  /** Looks for what nobody was woken for: re-sends that fall due, what another node or a stop has left. */
  pass(): Promise<void>;
  stop(): Promise<void>;
}

/** Who sends what an app has, and what makes it look again. */
interface Worker {
  bell: Bell;
  done: Promise<void>;
}

export function createDeliveries(host: Host): Deliveries {
  const places = new Places(mostAtOnce);
  const running = new Map<string, Worker>();
  const slow = new Set<string>();
  let stopped = false;
  let cursor = '';

  /** One worker for an app; who comes while it runs makes it look once more. */
  const run = (appId: string): Promise<void> => {
    const known = running.get(appId);
    known?.bell.ring();
    if (known !== undefined) return known.done;
    const bell = new Bell();
    const done = deliverAll(host, appId, { places, slow, bell, stopped: () => stopped }).finally(() =>
      running.delete(appId),
    );
    running.set(appId, { bell, done });
    return done;
  };
  const wake = (appId: string) => {
    if (stopped) return;
    run(appId).catch((error) => {
      if (!stopped) host.log.error({ err: error, appId }, 'the notifications of an app were not sent');
    });
  };
  const pass = async () => {
    for (let looked = 0; looked < appsAPass && !stopped; looked++) {
      const waiting = await findWaitingApp(host, cursor);
      cursor = waiting?.appId ?? '';
      if (waiting === undefined) return;
      if (waiting.due) wake(waiting.appId);
    }
  };
  const drain = async (worldId: string, until: number) => {
    for (let turn = 0; !stopped; turn++) {
      const appIds = await findAppsToDrain(host, worldId, until);
      if (appIds.length === 0) return;
      if (turn > 0) await after(lookAgainMs);
      await Promise.all(appIds.map(run));
    }
  };
  const stop = async () => {
    stopped = true;
    const all = Promise.allSettled([...running.values()].map(({ done }) => done));
    await Promise.race([all, after(stopWithinMs, true)]);
    host.poster.close();
    // what was cut off is marked, so that the next start need not wait for its lease
    await Promise.race([all, after(markWithinMs, true)]);
  };
  return { wake, pass, drain, stop };
}

/** Until nothing is due that this node could send. */
async function deliverAll(
  host: Host,
  appId: string,
  { places, slow, bell, stopped }: { places: Places; slow: Set<string>; bell: Bell; stopped: () => boolean },
): Promise<void> {
  const lanes = new Map<string, Promise<void>>();
  let failure: { error: unknown } | undefined;
  const start = (lane: Lane) => {
    const running = deliverLane(host, lane, stopped)
      .then(
        ({ timedOut }) => {
          if (timedOut) slow.add(appId);
          else slow.delete(appId);
        },
        (error: unknown) => {
          failure = { error };
        },
      )
      .finally(() => {
        lanes.delete(lane.purchaseToken);
        places.leave();
      });
    lanes.set(lane.purchaseToken, running);
  };
  while (!stopped() && failure === undefined) {
    bell.still();
    const found = await findLanes(host, appId);
    const free = found.filter(({ purchaseToken }) => !lanes.has(purchaseToken));
    if (free.length === 0 && lanes.size === 0 && !bell.rings) return;
    for (const lane of free) {
      while (lanes.size >= (slow.has(appId) ? mostOfSlowApp : mostOfApp)) await Promise.race(lanes.values());
      await places.enter();
      start(lane);
    }
    // what comes meanwhile need not wait for answers that hang
    if (free.length === 0) await Promise.race([...lanes.values(), bell.heard()]);
  }
  await Promise.all(lanes.values());
  if (failure !== undefined) throw failure.error;
}

/** Rung while somebody works, it is heard when they look up next. */
class Bell {
  rings = false;
  #hear: (() => void) | undefined;

  ring(): void {
    this.rings = true;
    this.#hear?.();
  }

  still(): void {
    this.rings = false;
  }

  heard(): Promise<void> {
    if (this.rings) return Promise.resolve();
    return new Promise((resolve) => {
      this.#hear = resolve;
    });
  }
}

/** So many at a time; who comes later waits, in order. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async enter(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

function after(ms: number, unref = false): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    if (unref) timer.unref();
  });
}
