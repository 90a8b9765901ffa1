// The last calls of the server API, app by app, as this node answered them. They live in memory and nowhere else.
import { type Call, CallSlots } from './call-slots.ts';

export const mostOfApp = 1_000;
/** Calls of all apps together, and bytes of them: one that has been quiet longest loses its calls first. */
const mostCalls = 2_000;
const mostBytes = 4 * 1024 * 1024;
/** So few are not worth a move. */
const fewPlaces = 32;

interface OfApp {
  clientId: string;
  /** The app that called before this one and the one that called after; the head of the ring stands between both ends. */
  before: OfApp;
  after: OfApp;
  /** Numbers of their slots. */
  calls: number[];
  /** Where the oldest stands; what lies before it is gone. */
  first: number;
}

export class LastCalls {
  readonly #apps = new Map<string, OfApp>();
  /** A map in the order of calls would step over every app that has moved to its end. */
  readonly #head = newApp('');
  readonly #slots = new CallSlots();
  #callCount = 0;
  #byteCount = 0;

  /** A call that nobody has proved to be the app's (a wrong secret) is kept only where the app is known already. */
  add(call: Call, proved: boolean): void {
    const { clientId } = call;
    let app = this.#apps.get(clientId);
    if (app === undefined) {
      if (!proved) return;
      app = newApp(clientId);
      this.#apps.set(clientId, app);
    }
    moveBehind(this.#head.before, app);
    const slot = this.#slots.put(call);
    app.calls.push(slot);
    this.#callCount += 1;
    this.#byteCount += this.#slots.size(slot);
    if (app.calls.length - app.first > mostOfApp) this.#dropOldest(app);
    while (this.#callCount > mostCalls || this.#byteCount > mostBytes) this.#dropOldest(this.#head.after);
  }

  /** Calls of an app, the latest first. */
  list(clientId: string, appId: string): Call[] {
    const app = this.#apps.get(clientId);
    if (app === undefined) return [];
    const calls = app.calls.slice(app.first).reverse();
    return calls
      .map((slot) => this.#slots.get(slot))
      .filter((call) => call.appId === undefined || call.appId === appId);
  }

  /** The places of dropped calls are given back in one move, once they are half of the list. */
  #dropOldest(app: OfApp): void {
    const slot = app.calls[app.first] as number;
    app.first += 1;
    this.#callCount -= 1;
    this.#byteCount -= this.#slots.size(slot);
    this.#slots.free(slot);
    if (app.first === app.calls.length) {
      unlink(app);
      this.#apps.delete(app.clientId);
    } else if (app.first >= fewPlaces && app.first * 2 >= app.calls.length) {
      app.calls = app.calls.slice(app.first);
      app.first = 0;
    }
  }
}

/** Alone in a ring of its own. */
function newApp(clientId: string): OfApp {
  const app = { clientId, calls: [], first: 0 } as unknown as OfApp;
  app.before = app;
  app.after = app;
  return app;
}

function moveBehind(last: OfApp, app: OfApp): void {
  if (last === app) return;
  unlink(app);
  app.before = last;
  app.after = last.after;
  app.after.before = app;
  last.after = app;
}

function unlink({ before, after }: OfApp): void {
  before.after = after;
  after.before = before;
}
