// A world of a test: an isolated store with a clock of its own and an app in it.
/// <reference lib="esnext.disposable" preserve="true" />
import type { ControlClient, ControlReply } from '@till/client/control';
import { type AppOptions, type MadeApp, makeApp, type Place, TestApp } from './app.ts';
import { WorldClock } from './world-clock.ts';

/** An instant: epoch milliseconds, a `Date`, or a text that `Date` reads. */
export type Instant = number | Date | string;

export interface ClockOptions {
  /** What the clock shows at first; of a new world, default the machine's time. */
  now?: Instant | undefined;
  /** It stands still between advances; of a new world, default true. */
  frozen?: boolean | undefined;
  /** How many times faster than the machine's it runs. */
  rate?: number | undefined;
}

export interface WorldOptions extends ClockOptions {
  /** Default `commercial`, in which a month is a month; in `sandbox` it is five minutes. */
  calendar?: ControlReply<'readWorld'>['calendar'] | undefined;
  /** Makes client IDs, purchase tokens and order IDs repeat from run to run. */
  seed?: string | undefined;
  /** Its first app. */
  app?: AppOptions | undefined;
}

/** An isolated store with a clock, which is its first app as well: buy, decline and void here, or in a further `app()`. */
export class TestWorld extends TestApp {
  readonly #place: Place;
  #removed: Promise<void> | undefined;

  constructor(place: Place, app: MadeApp) {
    super(place, app);
    this.#place = place;
  }

  /** What its clock shows, epoch ms; an advance by another process is not known here. */
  now(): number {
    return this.#place.clock.now();
  }

  /**
   * Moves its clock forward by a span (`'P1M3D'`, ISO 8601) or to an instant, and answers when everything that fell due has happened, with
   * what that was, in time order.
   */
  async advance(by: string | { to: Instant }): Promise<ControlReply<'advanceClock'>> {
    const step = typeof by === 'string' ? { by } : { to: instantOf(by.to) };
    const advanced = await this.control.advanceClock({ worldId: this.worldId, ...step });
    this.#place.clock.hear({ now: advanced.now });
    return advanced;
  }

  /** Sets, freezes or unfreezes its clock; back only where nothing has happened later. */
  async setClock(change: ClockOptions): Promise<void> {
    const { clock } = await this.control.changeClock({ worldId: this.worldId, ...clockOf(change) });
    this.#place.clock.hear(clock);
  }

  /** What time alone will do next. */
  async agenda(): Promise<ControlReply<'readAgenda'>['items']> {
    return (await this.control.readAgenda({ worldId: this.worldId })).items;
  }

  /** A further app in this world, with products of its own. */
  async app(options: AppOptions = {}): Promise<TestApp> {
    return new TestApp(this.#place, await makeApp(this.#place, options));
  }

  /** Deletes it with all that lives in it; a second call waits for the first. A server that ends with the tests needs no such care. */
  remove(): Promise<void> {
    this.#removed ??= removeWorld(this.control, this.worldId);
    return this.#removed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }
}

/** Makes a world with an app in it: two requests. */
export async function makeWorld(
  { control, baseUrl, receiver }: Pick<Place, 'control' | 'baseUrl' | 'receiver'>,
  { now, frozen = true, rate, calendar = 'commercial', seed, app }: WorldOptions,
): Promise<TestWorld> {
  const made = await control.createWorld({
    clock: clockOf({ now, frozen, rate }),
    calendar,
    ...(seed === undefined ? {} : { seed }),
  });
  const place = { control, baseUrl, receiver, worldId: made.worldId, clock: new WorldClock(made.clock) };
  try {
    return new TestWorld(place, await makeApp(place, app));
  } catch (error) {
    await removeWorld(control, made.worldId).catch(() => {}); // why there is no app says more
    throw error;
  }
}

async function removeWorld(control: ControlClient, worldId: string): Promise<void> {
  await control.deleteWorld({ worldId });
}

/** What is not given is left out, so that the server decides. */
function clockOf({ now, frozen, rate }: ClockOptions): { now?: number; frozen?: boolean; rate?: number } {
  return {
    ...(now === undefined ? {} : { now: instantOf(now) }),
    ...(frozen === undefined ? {} : { frozen }),
    ...(rate === undefined ? {} : { rate }),
  };
}

function instantOf(instant: Instant): number {
  const at = new Date(instant).getTime();
  if (Number.isNaN(at)) throw new TypeError(`not an instant: ${String(instant)}`);
  return at;
}
