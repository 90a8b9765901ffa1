// The receiver of `till listen`: takes each message, has it shown, and hands it on where it is told to.
import { randomBytes } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** Below this path a receiver of `till listen` is found, and known as one. */
const mark = '/till-listen/';
const longestBodyBytes = 1024 * 1024;
/** Till waits 10 s for an answer, so whoever it is handed on to must be quicker. */
const forwardWithinMs = 9_000;

export interface Arrived {
  webhookId: string | undefined;
  body: string;
  /** What the address answered that it was handed on to; undefined where there is none. */
  forwarded: number | 'no answer' | undefined;
}

export interface Receiver {
  readonly url: string;
  close(): void;
}

/** Listens on a free port, or on `port`; an address of its own keeps what others send apart. */
export async function startReceiver(
  { address, port, forward }: { address: string; port: number; forward: URL | undefined },
  show: (arrived: Arrived) => Promise<void>,
): Promise<Receiver> {
  const path = `${mark}${randomBytes(8).toString('hex')}`;
  const server = http.createServer(async (request, response) => {
    try {
      if (request.url !== path) return answer(response, 404);
      if (request.method !== 'POST') return answer(response, 200); // somebody asks whether it is still there
      await receive(request, response, forward, show);
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenFailure(error, address, port)));
    server.listen(port, address, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  const host = isIP(address) === 6 ? `[${address}]` : address;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://${host}:${taken}${path}`, close };
}

/** Is it the address of a `till listen`, and does that still run? */
export async function isListening(url: string | null): Promise<'no' | 'yes' | 'left behind'> {
  if (url === null || !new URL(url).pathname.startsWith(mark)) return 'no';
  try {
    const { status } = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(3_000) });
    return status === 200 ? 'yes' : 'left behind';
  } catch {
    return 'left behind';
  }
}

async function receive(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  forward: URL | undefined,
  show: (arrived: Arrived) => Promise<void>,
): Promise<void> {
  const bytes = await bodyOf(request);
  if (bytes === undefined) return answer(response, 413);
  const handedOn = forward === undefined ? undefined : await handOn(forward, request, bytes);
  const webhookId = request.headers['webhook-id'];
  await show({
    webhookId: typeof webhookId === 'string' ? webhookId : undefined,
    body: bytes.toString('utf8'),
    forwarded: forward === undefined ? undefined : (handedOn?.statusCode ?? 'no answer'),
  });
  if (forward === undefined) return answer(response, 200);
  if (handedOn === undefined) return answer(response, 502); // so that it is sent again
  response.writeHead(handedOn.statusCode ?? 502, withoutHops(handedOn.rawHeaders));
  response.flushHeaders(); // the status counts, whatever becomes of the rest
  await pipeline(handedOn, response);
}

async function bodyOf(request: http.IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    byteCount += chunk.length;
    if (byteCount > longestBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The same bytes and the same headers but for those of the connection; a redirect is an answer, and not followed. */
function handOn(
  to: URL,
  { rawHeaders }: http.IncomingMessage,
  bytes: Buffer,
): Promise<http.IncomingMessage | undefined> {
  const headers = ['host', to.host, ...withoutHops(rawHeaders), 'content-length', String(bytes.length)];
  const client = to.protocol === 'https:' ? https : http;
  return new Promise((resolve) => {
    // an agent of its own knows no proxy of the environment
    const options = { method: 'POST', headers, agent: false, signal: AbortSignal.timeout(forwardWithinMs) };
    const request = client.request(to, options, (answered) => {
      answered.on('error', () => {}); // told when it is read
      resolve(answered);
    });
    request.on('error', () => resolve(undefined));
    request.end(bytes);
  });
}

/** What belongs to one connection is not handed on. */
const hops = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
]);

function withoutHops(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => !hops.has((rawHeaders[index - (index % 2)] ?? '').toLowerCase()));
}

function answer(response: http.ServerResponse, status: number): void {
  response
    .writeHead(status, { 'content-length': 0, ...(status === 413 ? { connection: 'close' } : {}) })
    .end();
}

function listenFailure({ code, message }: NodeJS.ErrnoException, address: string, port: number): Error {
  if (code === 'EADDRINUSE') {
    return new Error(`port ${port} of ${address} is in use; choose another with --receive-port`);
  }
  return new Error(`${address} cannot be listened on: ${code ?? message}`);
}
