// What a node can tell of itself: its counts, its metrics, the last calls, what happens.
import { randomUUID } from 'node:crypto';
import { Events } from './events.ts';
import { LastCalls } from './last-calls.ts';
import { type Build, Metrics } from './metrics.ts';
import { RequestCounts } from './request-counts.ts';
import type { Tally } from './tally.ts';

export interface Watch {
  readonly tally: Tally;
  readonly metrics: Metrics;
  readonly calls: LastCalls;
  readonly counts: RequestCounts;
  readonly events: Events;
}

export function createWatch(tally: Tally, build: Build, clock: () => number): Watch {
  // sets this start of the node apart from others
  const run = randomUUID().slice(0, 13);
  return {
    tally,
    metrics: new Metrics(tally, build, clock),
    calls: new LastCalls(),
    counts: new RequestCounts(clock()),
    events: new Events(run, clock),
  };
}
