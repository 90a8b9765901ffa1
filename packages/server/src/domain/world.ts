// A world: an isolated store with a clock of its own.
import type { Environment } from '@till/protocol/codes';
import type { WorldClock } from './clock.ts';

export interface World {
  worldId: string;
  clock: WorldClock;
  /** Shortened or real periods of subscriptions. */
  calendar: Environment;
  /** Makes ids and tokens repeat. */
  seed: string | null;
  /** How many apps a seeded world has drawn identifiers for. */
  drawnCount: number;
  /** The server API answers `ServiceMaintenance` for its apps. */
  maintenance: boolean;
  /** Epoch ms on the machine's clock. */
  createdAt: number;
  rev: number;
}

/** The world that is always there, on the real clock. */
export const defaultWorldId = 'default';
