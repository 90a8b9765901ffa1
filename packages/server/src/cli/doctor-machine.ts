// What `till doctor` finds out about the machine: Node, ports, folder, free disk.
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import type { Settings } from '../settings.ts';
import { sqliteFileOf } from '../store/open.ts';
import { sizeText } from './figures.ts';
import type { Finding } from './finding.ts';

const oldestNode = 24;
const answerWithinMs = 2_000;
const leastFreeBytes = 64 * 1024 ** 2;
const fewFreeBytes = 1024 ** 3;

export function checkNode(): Finding {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) >= oldestNode) return { name: 'node', level: 'ok', text: node };
  const remedy = '`npm start` and `npm run till` bring their own';
  return { name: 'node', level: 'FAIL', text: `${node}, and Till needs ${oldestNode} or later`, remedy };
}

export async function checkPorts(settings: Settings): Promise<Finding[]> {
  const { host, port, controlHost, controlPort, environment } = settings;
  const server = await checkPort('port', host, port, '--port');
  if (environment === 'sandbox') return [server];
  return [server, await checkPort('control port', controlHost, controlPort, '--control-port')];
}

async function checkPort(name: string, host: string, port: number, flag: string): Promise<Finding> {
  if (port === 0) return { name, level: 'ok', text: 'any free one' };
  const code = await listenFailure(host, port);
  if (code === undefined) return { name, level: 'ok', text: `${port} is free` };
  if (code !== 'EADDRINUSE') {
    const remedy = code === 'EACCES' ? `take one above 1023 with ${flag}` : 'set --host to an own address';
    return { name, level: 'FAIL', text: `${host}:${port} cannot be listened on: ${code}`, remedy };
  }
  if (await isTill(host, port)) return { name, level: 'ok', text: `${port} is held by a running Till` };
  const remedy = `stop that program, or choose another port with ${flag}`;
  return { name, level: 'FAIL', text: `${port} is held by another program`, remedy };
}

/** The code of what stands in the way, undefined where nothing does. */
function listenFailure(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(undefined)));
  });
}

async function isTill(host: string, port: number): Promise<boolean> {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const address = reachable.includes(':') ? `[${reachable}]` : reachable;
  try {
    const answer = await fetch(`http://${address}:${port}/healthz`, {
      signal: AbortSignal.timeout(answerWithinMs),
      redirect: 'error',
    });
    const body = (await answer.json()) as { status?: unknown } | null;
    return answer.status === 200 && body?.status === 'ok';
  } catch {
    return false;
  }
}

/** Of a SQLite database only; PostgreSQL keeps its own disk. */
export function checkDisk(databaseUrl: string): Finding[] {
  const file = sqliteFileOf(databaseUrl);
  if (file === undefined || file === ':memory:') return [];
  const folder = existingFolder(dirname(resolve(file)));
  return [checkFolder(folder), checkSpace(folder, existsSync(file) ? statSync(file).size : 0)];
}

/** The folder itself, or the nearest one above it where it has yet to be made. */
function existingFolder(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : existingFolder(dirname(folder));
}

/** Rights tell less than a try: a file system may be mounted for reading, or full. */
function checkFolder(folder: string): Finding {
  const name = 'folder';
  try {
    const made = mkdtempSync(join(folder, '.till-doctor-'));
    try {
      const handle = openSync(join(made, 'try'), 'wx');
      writeSync(handle, 'a try');
      closeSync(handle);
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
    return { name, level: 'ok', text: `${folder} can be written` };
  } catch (error) {
    const remedy = 'give its user the right to write there, or choose another file with --database-url';
    return { name, level: 'FAIL', text: `${folder} cannot be written: ${(error as Error).message}`, remedy };
  }
}

function checkSpace(folder: string, databaseBytes: number): Finding {
  const name = 'free disk';
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const text = `${sizeText(free)} free, the database has ${sizeText(databaseBytes)}`;
  if (free < leastFreeBytes) {
    return { name, level: 'FAIL', text, remedy: 'make room: writes stop when the disk is full' };
  }
  if (free < fewFreeBytes || free < databaseBytes) {
    return { name, level: 'warn', text, remedy: 'make room soon: a backup here needs as much again' };
  }
  return { name, level: 'ok', text };
}
