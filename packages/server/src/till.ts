// Puts the rooms together: a purchase server that can be started and stopped, by the program, tests and embedders.
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Logger, pino } from 'pino';
import { learnMaintenance } from './actions/control/set-maintenance.ts';
import { realClock } from './domain/clock.ts';
import { defaultWorldId } from './domain/world.ts';
import type { Host } from './host/host.ts';
import { Known } from './host/known.ts';
import { createKeys, random, secrets, seeded } from './host/machine.ts';
import { createServer } from './http/server.ts';
import { type Scheduler, startScheduler } from './scheduler/scheduler.ts';
import { knownControlKey, type Settings } from './settings.ts';
import type { Database } from './store/database.ts';
import { migrate } from './store/migrations.ts';
import { openDatabase } from './store/open.ts';
import { agreeOnSetting } from './store/settings.ts';
import type { SqliteOptions } from './store/sqlite.ts';
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
  /** How SQLite groups its commits, and who is told of them. */
  sqlite?: SqliteOptions;
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
  const database = await openDatabase(settings.databaseUrl, parts.sqlite);
  try {
    const host = await createHost(settings, database, log, parts);
    const servers = await listen(host, settings);
    const scheduler = startScheduler(host);
    return running(host, servers, scheduler, parts.drainMs ?? 0);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function createHost(settings: Settings, database: Database, log: Logger, parts: Parts): Promise<Host> {
  const { environment, tokenReuse, strictContentType, unconfirmedGlobal, masterKey } = settings;
  const clock = parts.clock ?? Date.now;
  await migrate(database, clock());
  const proposed = Buffer.from(random(32)).toString('base64url');
  const listKey = await database.transaction((query) => agreeOnSetting(query, 'continuation-key', proposed));
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
    choices: { tokenReuse, strictContentType, unconfirmedGlobal },
    database,
    clock,
    random: parts.random ?? random,
    seeded,
    secrets,
    keys: createKeys(masterKey),
    listKey,
    log,
    // SQLite has no other node that could change anything
    known: new Known(database.kind === 'sqlite' ? 0 : appsKnownForMs),
    node: { maintenance: false, stopping: false, advancing: new Set() },
  };
  await learnMaintenance(host);
  return host;
}

interface Servers {
  server: FastifyInstance;
  url: string;
  controlServer: FastifyInstance | undefined;
  controlUrl: string;
}

/** One port in sandbox; in commercial the control API has its own, which need not be reachable from outside. */
async function listen(host: Host, settings: Settings): Promise<Servers> {
  const control = { key: settings.controlKey, known: settings.controlKey === knownControlKey };
  if (host.environment === 'sandbox') {
    const server = createServer(host, { serverApi: true, control });
    const url = await listenOn(server, settings.host, settings.port);
    return { server, url, controlServer: undefined, controlUrl: url };
  }
  const controlServer = createServer(host, { serverApi: false, control });
  const controlUrl = await listenOn(controlServer, settings.controlHost, settings.controlPort);
  try {
    const server = createServer(host, { serverApi: true });
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
  await new Promise((resolve) => setTimeout(resolve, drainMs));
  const all = [servers.server, servers.controlServer].filter((server) => server !== undefined);
  const cutOff = setTimeout(() => {
    for (const server of all) server.server.closeAllConnections();
  }, stopWithinMs);
  // a connection whose last request is answered meanwhile would be kept alive, and the stop with it
  const closeIdle = setInterval(() => {
    for (const server of all) server.server.closeIdleConnections();
  }, closeIdleEveryMs);
  await Promise.all(all.map((server) => server.close()));
  clearTimeout(cutOff);
  clearInterval(closeIdle);
  await scheduler.stop();
  await host.database.close();
}
