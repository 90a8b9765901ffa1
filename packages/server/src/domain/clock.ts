// A world's clock: what it shows, and how it is set, advanced, stopped and sped up by hand.

/**
 * All instants are epoch ms. The clock showed `at` when the machine's clock showed `base`; from there it runs
 * `rate` (a whole number from 1) times as fast, or stands still while `frozen`. `jumpedTo` is the
 * instant it was last set or advanced to by hand.
 */
export type WorldClock = { at: number; base: number; rate: number; frozen: boolean; jumpedTo: number };

/** What a hand may change; what is left out stays as it is. */
export type ClockChange = {
  now?: number | undefined;
  frozen?: boolean | undefined;
  rate?: number | undefined;
};

/** The clock that shows what the machine's clock shows. */
export const realClock: Readonly<WorldClock> = { at: 0, base: 0, rate: 1, frozen: false, jumpedTo: 0 };

/**
 * What the clock shows (epoch ms) when the machine's clock shows `machineNow`. It never shows less than `at`:
 * on a machine whose own clock lags behind, nothing may seem to lie in the future that was just carried out.
 */
export function worldNow(clock: WorldClock, machineNow: number): number {
  if (clock.frozen) return clock.at;
  return clock.at + Math.max(0, machineNow - clock.base) * clock.rate;
}

/** The clock after it was set or advanced to `to` (epoch ms): it stands there, or runs on from there as before. */
export function jumpTo(clock: WorldClock, to: number, machineNow: number): WorldClock {
  return { ...clock, at: to, base: machineNow, jumpedTo: to };
}

/**
 * The clock after a change by hand. Stopping, starting or changing its rate does not move it; `now` does.
 * Whether it may go back is not judged here: that depends on what has happened in the world.
 */
export function changeClock(clock: WorldClock, change: ClockChange, machineNow: number): WorldClock {
  const moved =
    change.now === undefined
      ? { ...clock, at: worldNow(clock, machineNow), base: machineNow }
      : jumpTo(clock, change.now, machineNow);
  return { ...moved, frozen: change.frozen ?? clock.frozen, rate: change.rate ?? clock.rate };
}

/**
 * The instant (epoch ms) to write on what fell due at `dueAt` and is carried out at `now`. Up to the latest
 * jump that is its own due instant, so that one long jump gives the history of many short ones. Later things
 * are late because nobody was there: dated back, they would slip behind the windows of those who poll.
 */
export function carriedOutAt(clock: WorldClock, dueAt: number, now: number): number {
  return dueAt <= clock.jumpedTo ? dueAt : now;
}
