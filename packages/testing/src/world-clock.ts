// What a world's clock shows, as far as this process has heard of it.
import type { ControlReply } from '@till/client/control';

type Shown = ControlReply<'createWorld'>['clock'];

/** Goes on from what the server told last; an advance by another process is not known here. */
export class WorldClock {
  #shown: Shown;
  #heardAt = Date.now();

  constructor(shown: Shown) {
    this.#shown = shown;
  }

  /** Epoch ms. */
  now(): number {
    const { now, frozen, rate } = this.#shown;
    return frozen ? now : now + (Date.now() - this.#heardAt) * rate;
  }

  hear(told: Partial<Shown>): void {
    this.#shown = { ...this.#shown, ...told };
    this.#heardAt = Date.now();
  }
}
