// The last calls of the server API, app by app, as this node answered them. They live in memory and nowhere else.

export interface Call {
  /** The app by its access token; undefined for a token call, which knows a client ID only. */
  appId: string | undefined;
  clientId: string;
  /** On the machine's clock, epoch ms. */
  at: number;
  requestId: string;
  operation: string;
  status: number;
  code: string;
  durationMs: number;
  headers: readonly string[];
  /** Undefined where it was empty, a byte count where it was too large to keep. */
  requestBody: string | number | undefined;
  replyBody: string | number | undefined;
}

export const mostOfApp = 1_000;
/**
 * Calls of all apps together, and characters of them: one that has been quiet longest loses its calls first. More
 * would live longer than a busy server's garbage does, and double what it holds.
 */
const mostCalls = 2_000;
const mostCharacters = 4 * 1024 * 1024;
const charactersOfCall = 500;

interface OfApp {
  calls: Call[];
  /** Where the oldest stands; what lies before it is gone. */
  first: number;
}

export class LastCalls {
  /** By client ID, the one that called longest ago first. */
  readonly #apps = new Map<string, OfApp>();
  #latest: string | undefined;
  #callCount = 0;
  #characterCount = 0;

  /** A call that nobody has proved to be the app's (a wrong secret) is kept only where the app is known already. */
  add(call: Call, proved: boolean): void {
    const { clientId } = call;
    let app = this.#apps.get(clientId);
    if (app === undefined) {
      if (!proved) return;
      app = { calls: [], first: 0 };
      this.#apps.set(clientId, app);
    } else if (this.#latest !== clientId) {
      this.#apps.delete(clientId);
      this.#apps.set(clientId, app);
    }
    this.#latest = clientId;
    app.calls.push(call);
    this.#callCount += 1;
    this.#characterCount += size(call);
    if (app.calls.length - app.first > mostOfApp) this.#dropOldest(clientId, app);
    while (this.#callCount > mostCalls || this.#characterCount > mostCharacters) this.#dropQuietest();
  }

  /** Calls of an app, the latest first. */
  list(clientId: string, appId: string): Call[] {
    const app = this.#apps.get(clientId);
    if (app === undefined) return [];
    const calls = app.calls.slice(app.first).reverse();
    return calls.filter((call) => call.appId === undefined || call.appId === appId);
  }

  #dropQuietest(): void {
    const [quietest] = this.#apps;
    if (quietest === undefined) return;
    this.#dropOldest(...quietest);
  }

  /** The place of a dropped call is given back a thousand calls later, all of them in one move. */
  #dropOldest(clientId: string, app: OfApp): void {
    const call = app.calls[app.first] as Call;
    (app.calls as unknown[])[app.first] = undefined;
    app.first += 1;
    this.#callCount -= 1;
    this.#characterCount -= size(call);
    if (app.first === app.calls.length) this.#apps.delete(clientId);
    else if (app.first >= mostOfApp) {
      app.calls = app.calls.slice(app.first);
      app.first = 0;
    }
  }
}

function size({ requestBody, replyBody }: Call): number {
  const length = (body: Call['replyBody']) => (typeof body === 'string' ? body.length : 0);
  return charactersOfCall + length(requestBody) + length(replyBody);
}
