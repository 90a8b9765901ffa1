// A running Till as tests see it: where it is, its worlds, its end.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Fetch } from '@till/client';
import { ControlClient, OneStoreNotFoundError } from '@till/client/control';
import { Receiver } from './receiver.ts';
import { makeWorld, type TestWorld, type WorldOptions } from './world.ts';

/** Where a Till is reached; the line that `till serve --ephemeral` prints is one. */
export interface Address {
  /** Of the server API. */
  baseUrl: string;
  /** Of the control API; default `baseUrl`. */
  controlUrl?: string;
  /** Default `till`, the key that a sandbox on its own machine has by default. */
  controlKey?: string;
}

/** A running Till. Its worlds never see each other, so that tests share one and run side by side. */
export class TestTill {
  /** Where the server API listens, `http://127.0.0.1:PORT`. */
  readonly baseUrl: string;
  /** Everything that the control API can do. */
  readonly control: ControlClient;
  readonly #address: Required<Address>;
  readonly #stop: () => Promise<void>;
  readonly #receiver = new Receiver();
  #stopped: Promise<void> | undefined;

  constructor(address: Required<Address>, stop: () => Promise<void>, fetch?: Fetch) {
    this.#address = address;
    this.baseUrl = address.baseUrl.replace(/\/+$/, '');
    const { controlUrl, controlKey } = address;
    this.control = new ControlClient({ baseUrl: controlUrl, controlKey, fetch });
    this.#stop = stop;
  }

  /** What `connectTill` in another process needs, the control key among it. */
  get address(): Required<Address> {
    return { ...this.#address };
  }

  /** A new world with an app in it, frozen at `now` unless told otherwise. */
  world(options: WorldOptions = {}): Promise<TestWorld> {
    const { control, baseUrl } = this;
    return makeWorld({ control, baseUrl, receiver: this.#receiver }, options);
  }

  /** Ends the server, or, of one that runs elsewhere, deletes the worlds that were made here. A second call waits for the first. */
  stop(): Promise<void> {
    // the receiver last, so that nothing that is on its way fails
    this.#stopped ??= this.#stop().finally(() => this.#receiver.stop());
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Cleans up behind itself: the server and its other worlds go on. */
export class RemoteTill extends TestTill {
  readonly #made: TestWorld[];

  private constructor(address: Required<Address>, made: TestWorld[]) {
    super(address, () => removeAll(made));
    this.#made = made;
  }

  static async connect(address: Required<Address>): Promise<RemoteTill> {
    const till = new RemoteTill(address, []);
    await till.control.listWorlds({ limit: 1 });
    return till;
  }

  override async world(options: WorldOptions = {}): Promise<TestWorld> {
    const world = await super.world(options);
    this.#made.push(world);
    return world;
  }
}

/** One that cannot be removed keeps none of the others. */
async function removeAll(worlds: readonly TestWorld[]): Promise<void> {
  for (const removed of await Promise.allSettled(worlds.map((world) => world.remove()))) {
    if (removed.status === 'fulfilled') continue;
    if (!(removed.reason instanceof OneStoreNotFoundError)) throw removed.reason; // a test may have deleted it
  }
}
