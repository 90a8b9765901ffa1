// Puts the rooms together: a purchase server that can be started and stopped, by the program, tests and embedders.
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Logger, pino } from 'pino';
import { learnMaintenance } from './actions/control/set-maintenance.ts';
import { sealingKeySetting } from './actions/rotate-signing-keys.ts';
import { simulatedAnswer } from './domain/charge.ts';
import { realClock } from './domain/clock.ts';
import { defaultWorldId } from './domain/world.ts';
import { Guesses } from './host/guesses.ts';
import type { Gateway, Host, Poster } from './host/host.ts';
import { createHttpGateway } from './host/http-gateway.ts';
import { createHttpPoster } from './host/http-poster.ts';
import { Known } from './host/known.ts';
import { createKeys, random, secrets, seeded } from './host/machine.ts';
import { Outbox } from './host/outbox.ts';
import { createSeals } from './host/seals.ts';
import { createSimulatedGateway, noGateway } from './host/simulated-gateway.ts';
import { Tally } from './host/tally.ts';
import { createTargetRules } from './host/target-rules.ts';
import { createWatch } from './host/watch.ts';
import { type Limits, standardLimits } from './http/connection.ts';
import { createServer } from './http/server.ts';
import { ownVersion } from './own-files.ts';
import { type Scheduler, startScheduler } from './scheduler/scheduler.ts';
import { knownControlKey, type Settings } from './settings.ts';
import type { Database } from './store/database.ts';
import { migrate } from './store/migrations.ts';
import { openDatabase } from './store/open.ts';
import { agreeOnSetting, environmentSetting, writeSetting } from './store/settings.ts';
import type { SqliteOptions } from './store/sqlite.ts';
import { watched } from './store/watched.ts';
import { insertWorld } from './store/worlds.ts';

export interface Till {
  readonly host: Host;
  /** Where the server API listens, `http://address:port`. */
  readonly url: string;
  /** Where the control API listens: the same address in sandbox, its own in commercial. */
  readonly controlUrl: string;
  /** Answers what is running, then closes; a second call waits for the first. */
  stop(): Promise<void>;
}

/** What tests and embedders may put in the place of the machine's own. */
export interface Parts {
  clock?: () => number;
  random?: (byteCount: number) => Uint8Array;
  log?: Logger;
  /** Who takes the money; what it answers counts instead of the settings'. */
  gateway?: Gateway;
  /** Who sends notifications, in the place of the program's own client. */
  poster?: Poster;
  /** How SQLite groups its commits, and who is told of them. */
  sqlite?: SqliteOptions;
  /** For tests and embedders that want to stand between the server and its database: what it makes is used instead. */
  wrapDatabase?: (database: Database) => Database;
  /** Told when the running server finds its database file damaged, and refuses every call from then on. */
  onDamage?: (error: Error) => void;
  /** How long clients may take; what is not given stays as it is. */
  limits?: Partial<Limits>;
  /** How long readiness is red before the server stops listening, so that a balancer can turn away; default 0. */
  drainMs?: number;
}

/** How long a node goes on with an app as it read it, where another node may have changed it since. */
const appsKnownForMs = 1_000;
/** Requests that still run this long after a stop was asked for are cut off. */
const stopWithinMs = 8_000;
const closeIdleEveryMs = 50;

/** Opens the database, brings it up to date, listens, and starts the scheduler. */
export async function createTill(settings: Settings, parts: Parts = {}): Promise<Till> {
  const log = parts.log ?? pino({ level: settings.logLevel });
  const node: Host['node'] = {
    maintenance: false,
    stopping: false,
    writesFail: false,
    advancing: new Set(),
    answering: new Map(),
  };
  const tally = new Tally();
  const opened = await openDatabase(settings.databaseUrl, counted(tally, parts.sqlite));
  let tellDamage: Parts['onDamage'];
  const database = watchedBy(node, parts.wrapDatabase?.(opened) ?? opened, log, (error) =>
    tellDamage?.(error),
  );
  try {
    const host = await createHost(settings, database, { node, tally }, log, parts);
    const servers = await listen(host, settings, { ...standardLimits, ...parts.limits });
    const scheduler = startScheduler(host);
    tellDamage = parts.onDamage; // before, the failed start tells it
    return running(host, servers, scheduler, parts.drainMs ?? 0);
  } catch (error) {
    await database.close();
    throw error;
  }
}

function counted(tally: Tally, options: SqliteOptions = {}): SqliteOptions {
  const onCommit = (closures: number) => {
    tally.commits.add(closures);
    options.onCommit?.(closures);
  };
  return { ...options, onCommit };
}

/** Readiness turns red with the first write that fails; the scheduler tries until one works again. */
function watchedBy(
  node: Host['node'],
  database: Database,
  log: Logger,
  tellDamage: (error: Error) => void,
): Database {
  return watched(database, {
    onFailedWrite: (error) => {
      if (!node.writesFail) log.error({ err: error }, 'the database takes no writes');
      node.writesFail = true;
    },
    onDamage: (error) => {
      log.fatal({ err: error }, 'the database is damaged: every call is refused');
      tellDamage(error);
    },
  });
}

async function createHost(
  settings: Settings,
  database: Database,
  { node, tally }: { node: Host['node']; tally: Tally },
  log: Logger,
  parts: Parts,
): Promise<Host> {
  const { environment, tokenReuse, strictContentType, unconfirmedGlobal, scheduledCancelTime } = settings;
  const { snsEnvironmentKey } = settings;
  const clock = parts.clock ?? Date.now;
  await migrate(database, clock());
  const proposed = Buffer.from(random(32)).toString('base64url');
  const listKey = await database.transaction(async (query) => {
    refuseOther(environment, await agreeOnSetting(query, environmentSetting, environment));
    await writeSetting(query, sealingKeySetting, createSeals(settings).keyId ?? '');
    return agreeOnSetting(query, 'continuation-key', proposed);
  });
  await database.transaction((query) =>
    insertWorld(query, {
      worldId: defaultWorldId,
      clock: { ...realClock },
      calendar: environment,
      seed: null,
      drawnCount: 0,
      maintenance: false,
      createdAt: clock(),
      rev: 1,
    }),
  );
  const host: Host = {
    environment,
    choices: { tokenReuse, strictContentType, unconfirmedGlobal, scheduledCancelTime, snsEnvironmentKey },
    database,
    clock,
    random: parts.random ?? random,
    seeded,
    secrets,
    keys: createKeys(settings),
    gateway: parts.gateway ?? gatewayOf(settings, log),
    poster: parts.poster ?? posterOf(settings, clock),
    outbox: new Outbox(),
    listKey,
    log,
    // SQLite has no other node that could change anything
    known: new Known(database.kind === 'sqlite' ? 0 : appsKnownForMs),
    guesses: new Guesses(clock),
    watch: createWatch(tally, { version: ownVersion(), environment, database: database.kind }, clock),
    node,
  };
  await learnMaintenance(host);
  return host;
}

/** Test controls over real purchases, or a demo app whose secret everybody knows for money: neither may happen by mistake. */
function refuseOther(environment: Settings['environment'], former: string): void {
  if (environment === former) return;
  throw new Error(
    `the database belongs to ${former}, this start is ${environment}: set TILL_ENVIRONMENT right, or give it a database of its own by TILL_DATABASE_URL`,
  );
}

function posterOf(settings: Settings, clock: () => number): Poster {
  const { environment, notificationHttp, notificationRanges } = settings;
  const rules = createTargetRules({ environment, http: notificationHttp, allowed: notificationRanges });
  return createHttpPoster({ rules, clock });
}

function gatewayOf({ environment, gatewayUrl: url, gatewaySecret: secret }: Settings, log: Logger): Gateway {
  if (environment === 'sandbox') return createSimulatedGateway(simulatedAnswer);
  return url === '' ? noGateway : createHttpGateway({ url, secret, log });
}

interface Servers {
  server: FastifyInstance;
  url: string;
  controlServer: FastifyInstance | undefined;
  controlUrl: string;
}

/** One port in sandbox; in commercial the control API has its own, which need not be reachable from outside. */
async function listen(host: Host, settings: Settings, limits: Limits): Promise<Servers> {
  const control = { key: settings.controlKey, known: settings.controlKey === knownControlKey };
  if (host.environment === 'sandbox') {
    const server = createServer(host, { serverApi: true, control }, limits);
    const url = await listenOn(server, settings.host, settings.port);
    return { server, url, controlServer: undefined, controlUrl: url };
  }
  const controlServer = createServer(host, { serverApi: false, control }, limits);
  const controlUrl = await listenOn(controlServer, settings.controlHost, settings.controlPort);
  try {
    const server = createServer(host, { serverApi: true }, limits);
    return { server, url: await listenOn(server, settings.host, settings.port), controlServer, controlUrl };
  } catch (error) {
    await controlServer.close();
    throw error;
  }
}

async function listenOn(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw error;
  }
  const { address, family, port: bound } = server.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}

function running(host: Host, servers: Servers, scheduler: Scheduler, drainMs: number): Till {
  const { url, controlUrl } = servers;
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= stopAll(host, servers, scheduler, drainMs);
    return stopped;
  };
  return { host, url, controlUrl, stop };
}

async function stopAll(host: Host, servers: Servers, scheduler: Scheduler, drainMs: number): Promise<void> {
  host.node.stopping = true;
  host.watch.events.end();
  await new Promise((resolve) => setTimeout(resolve, drainMs));
  const all = [servers.server, servers.controlServer].filter((server) => server !== undefined);
  const cutOff = setTimeout(
    () => {
      for (const server of all) server.server.closeAllConnections();
    },
    Math.max(0, stopWithinMs - drainMs),
  );
  // a connection whose last request is answered meanwhile would be kept alive, and the stop with it
  const closeIdle = setInterval(() => {
    for (const server of all) server.server.closeIdleConnections();
  }, closeIdleEveryMs);
  // together: a gateway that does not answer must not hold up both of them in turn
  await Promise.all([...all.map((server) => server.close()), scheduler.stop()]);
  clearTimeout(cutOff);
  clearInterval(closeIdle);
  await host.database.close();
}
