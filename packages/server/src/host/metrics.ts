// The metrics of a node, written for Prometheus. The library is loaded at the first scrape: most starts never need it.
import type { Registry } from 'prom-client';
import { Kept } from './kept.ts';
import type { Answered, Spread, Tally } from './tally.ts';

/** What the database is asked for a scrape; counts end at their bound. Spans are seconds. */
export interface Figures {
  duePurchases: number;
  overduePurchases: number;
  oldestOverdueSeconds: number;
  oldestUnconfirmedSeconds: number;
  voidsWithinADay: number;
  liveAccessTokens: number;
  waitingNotifications: number;
}

/** What this node knows without asking anybody. */
export interface NodeState {
  connections: { total: number; idle: number; waiting: number } | undefined;
  maintenance: boolean;
  /** The last write found the database unavailable. */
  writesFail: boolean;
  eventListeners: number;
}

export interface Build {
  version: string;
  environment: string;
  database: string;
}

/** Figures are kept this long, tokens longer: counting them walks over an index. */
const figuresKeptMs = 5_000;
const tokensKeptMs = 60_000;
/** A database that does not answer must not keep the scrape: monitoring matters most then. */
const figuresWithinMs = 2_000;
const eventLoopPrecisionMs = 20;

interface Sample {
  value: number;
  labels?: Record<string, string | number>;
  metricName?: string;
}

interface Family {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  samples: (tally: Tally, build: Build, state: NodeState, figures: Figures | undefined) => Sample[];
}

const families: readonly Family[] = [
  family('till_build_info', 'gauge', 'Version, environment and kind of database; always 1', (_, build) => [
    { value: 1, labels: { ...build } },
  ]),
  family('till_requests_total', 'counter', 'Requests answered, by operation and code', (tally) =>
    [...tally.operations].flatMap(([operation, { codes }]) =>
      [...codes].map(([code, value]) => ({ value, labels: { operation, code } })),
    ),
  ),
  family(
    'till_request_duration_seconds',
    'histogram',
    'From the request’s arrival to its answer, by operation',
    (tally) => [...tally.operations].flatMap(latencySamples),
  ),
  family('till_wrong_secrets_total', 'counter', 'Token calls with wrong credentials', (tally) => [
    { value: tally.wrongSecrets },
  ]),
  family(
    'till_wrong_secrets_delayed_total',
    'counter',
    'Token calls with wrong credentials whose answer was held back',
    (tally) => [{ value: tally.delayedSecrets }],
  ),
  family(
    'till_notification_attempts_total',
    'counter',
    'Attempts to deliver notifications, by kind and result',
    (tally) =>
      [...tally.notifications].map(([key, value]) => {
        const [kind = '', result = ''] = key.split(' ');
        return { value, labels: { kind, result } };
      }),
  ),
  family('till_notifications_dead_total', 'counter', 'Notifications that were given up', (tally) => [
    { value: tally.deadNotifications },
  ]),
  family('till_sqlite_commits_total', 'counter', 'Commits of SQLite', (tally, build) =>
    build.database === 'sqlite' ? [{ value: tally.commits.count }] : [],
  ),
  family(
    'till_sqlite_commit_transactions',
    'histogram',
    'Transactions that shared a commit',
    (tally, build) =>
      build.database === 'sqlite' ? spreadSamples('till_sqlite_commit_transactions', tally.commits, {}) : [],
  ),
  family('till_database_connections', 'gauge', 'Connections of the pools, by state', (_, __, state) =>
    Object.entries(state.connections ?? {}).map(([name, value]) => ({ value, labels: { state: name } })),
  ),
  family(
    'till_database_up',
    'gauge',
    'Whether the database answered for this scrape',
    (_, __, ___, figures) => [{ value: figures === undefined ? 0 : 1 }],
  ),
  family('till_maintenance', 'gauge', 'Whether maintenance is on for all', (_, __, { maintenance }) => [
    { value: maintenance ? 1 : 0 },
  ]),
  family(
    'till_writes_fail',
    'gauge',
    'Whether the last write found the database unavailable',
    (_, __, state) => [{ value: state.writesFail ? 1 : 0 }],
  ),
  family('till_event_listeners', 'gauge', 'Listeners to the stream of events', (_, __, state) => [
    { value: state.eventListeners },
  ]),
  figure(
    'till_due_purchases',
    'Purchases and subscriptions that time, or a payment, must change by now',
    'duePurchases',
  ),
  figure(
    'till_overdue_purchases',
    'Purchases and subscriptions due for more than a minute',
    'overduePurchases',
  ),
  figure('till_oldest_overdue_seconds', 'How long the oldest of them waits', 'oldestOverdueSeconds'),
  figure(
    'till_oldest_unconfirmed_purchase_seconds',
    'Age of the oldest purchase that nobody has acknowledged',
    'oldestUnconfirmedSeconds',
  ),
  figure(
    'till_purchases_voided_within_a_day',
    'Purchases that will be voided within 24 hours unless somebody acknowledges them',
    'voidsWithinADay',
  ),
  figure('till_waiting_notifications', 'Notifications that wait for an attempt', 'waitingNotifications'),
  figure('till_live_access_tokens', 'Access tokens whose life is not over', 'liveAccessTokens'),
];

export class Metrics {
  readonly #tally: Tally;
  readonly #build: Build;
  readonly #figures: Kept<Figures>;
  /** How many tokens live, kept for longer than the rest. */
  readonly liveTokens: Kept<number>;

  constructor(tally: Tally, build: Build, clock: () => number) {
    this.#tally = tally;
    this.#build = build;
    this.#figures = new Kept(figuresKeptMs, clock);
    this.liveTokens = new Kept(tokensKeptMs, clock);
  }

  /** The text of a scrape. Where the database does not answer in time, its figures are left out. */
  async text(state: NodeState, ask: () => Promise<Figures>): Promise<string> {
    const [{ Registry }, process, figures] = await Promise.all([
      import('prom-client'),
      processMetrics(),
      inTime(this.#figures.get(ask)),
    ]);
    const registry = new Registry();
    for (const { name, type, help, samples } of families) {
      const values = samples(this.#tally, this.#build, state, figures);
      if (values.length === 0) continue;
      const metric = { name, type, help, aggregator: 'sum', get: async () => ({ name, type, help, values }) };
      registry.registerMetric(metric as never);
    }
    return `${await registry.metrics()}\n${await process.metrics()}`;
  }
}

let ofProcess: Promise<Registry> | undefined;

/** The process has one event loop and one memory, however many servers run in it. */
function processMetrics(): Promise<Registry> {
  ofProcess ??= import('prom-client').then(({ Registry, collectDefaultMetrics }) => {
    const register = new Registry();
    collectDefaultMetrics({ register, eventLoopMonitoringPrecision: eventLoopPrecisionMs });
    return register;
  });
  return ofProcess;
}

async function inTime(figures: Promise<Figures>): Promise<Figures | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, figuresWithinMs, undefined);
  });
  try {
    return await Promise.race([figures, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function family(name: string, type: Family['type'], help: string, samples: Family['samples']): Family {
  return { name, type, help, samples };
}

function figure(name: string, help: string, of: keyof Figures): Family {
  return family(name, 'gauge', help, (_, __, ___, figures) =>
    figures === undefined ? [] : [{ value: figures[of] }],
  );
}

function latencySamples([operation, { latency }]: [string, Answered]): Sample[] {
  return spreadSamples('till_request_duration_seconds', latency, { operation });
}

/** Buckets of Prometheus count everything below their bound. */
function spreadSamples(name: string, spread: Spread, labels: Record<string, string>): Sample[] {
  let below = 0;
  const buckets = spread.counts.map((count, place) => {
    below += count;
    const le = spread.bounds[place] ?? '+Inf';
    return { metricName: `${name}_bucket`, value: below, labels: { le, ...labels } };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, value: spread.sum, labels },
    { metricName: `${name}_count`, value: spread.count, labels },
  ];
}
