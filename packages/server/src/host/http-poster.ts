// Sends notifications: one POST for each attempt, by Node's own client, which follows no redirect and knows no proxy.
import { lookup as systemLookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import type { LookupFunction } from 'node:net';
import type { DeliveryResult } from '@till/protocol/notifications';
import { Blocked, checkedLookup } from './checked-lookup.ts';
import type { Post, Posted, Poster } from './host.ts';
import type { TargetRules } from './target-rules.ts';

export interface PosterOptions {
  rules: TargetRules;
  /** From the first packet, or the question for its address, to the end of the handshake; default 5 s. */
  connectWithinMs?: number;
  /** From there to the end of the answer, all in all; default 10 s. */
  answerWithinMs?: number;
  /** Certificates to trust in the place of the machine's. */
  ca?: string;
  /** Looks up addresses; the machine's way where it is not given. */
  lookup?: typeof systemLookup;
  /** The machine's clock. */
  clock?: () => number;
}

/** Of an answer nothing but its status counts; more than this is not even read. */
const longestAnswerBytes = 64 * 1024;
const longestHeadersBytes = 16 * 1024;
/** How many connections to one receiver are kept open, and for how long (ms) where nobody uses them. */
export const keeping = { keepAlive: true, maxFreeSockets: 8, timeout: 4_000 };

/** Agents of its own: the shared ones may take a proxy from the environment. */
interface Agents {
  http: http.Agent;
  https: https.Agent;
}

interface Client {
  options: Required<Pick<PosterOptions, 'rules' | 'connectWithinMs' | 'answerWithinMs' | 'clock'>>;
  /** Whose connections are kept for the next message; and whose are made anew for each. */
  kept: Agents;
  fresh: Agents;
  lookup: LookupFunction;
  /** Nothing is begun any more. */
  closed: boolean;
}

export function createHttpPoster(options: PosterOptions): Poster {
  const { rules, ca, lookup = systemLookup } = options;
  const { connectWithinMs = 5_000, answerWithinMs = 10_000, clock = Date.now } = options;
  const client: Client = {
    options: { rules, connectWithinMs, answerWithinMs, clock },
    kept: agentsOf(keeping, ca),
    fresh: agentsOf({ keepAlive: false }, ca),
    lookup: checkedLookup(rules, lookup),
    closed: false,
  };
  return {
    post: (post) => send(client, post),
    refusalOf: (url) => rules.refusalOf(url),
    close: () => {
      client.closed = true;
      for (const { http, https } of [client.kept, client.fresh]) {
        http.destroy();
        https.destroy();
      }
    },
  };
}

function agentsOf(options: http.AgentOptions, ca: string | undefined): Agents {
  return {
    http: new http.Agent(options),
    https: new https.Agent(ca === undefined ? options : { ...options, ca }),
  };
}

/** A kept connection may be closed by the receiver in the very moment of the next message: then once more by a new one. */
async function send(client: Client, post: Post): Promise<Posted> {
  const started = performance.now();
  const until = started + client.options.answerWithinMs;
  let attempt = await sendOnce(client, post, until, true);
  if (attempt === 'stale') attempt = await sendOnce(client, post, until, false);
  const durationMs = Math.round(performance.now() - started);
  if (attempt === 'stale') return { result: 'connection', durationMs };
  return { ...attempt, durationMs };
}

type Outcome = Omit<Posted, 'durationMs'> | 'stale';

function sendOnce(client: Client, post: Post, until: number, kept: boolean): Promise<Outcome> {
  const { rules, connectWithinMs } = client.options;
  if (client.closed) return Promise.resolve({ result: 'connection' });
  if (rules.refusalOf(post.url) !== undefined) return Promise.resolve({ result: 'blocked' });
  const url = new URL(post.url);
  const secure = url.protocol === 'https:';
  return new Promise((resolve) => {
    const request = begin(client, url, post, kept);
    let outcome: Outcome | undefined;
    let connecting = false;
    const timers: NodeJS.Timeout[] = [];
    const end = (ended: Outcome) => {
      outcome ??= ended;
      for (const timer of timers) clearTimeout(timer);
      resolve(outcome);
    };
    const giveUp = () => {
      end({ result: 'timeout' });
      request.destroy();
    };
    timers.push(setTimeout(giveUp, Math.max(0, until - performance.now())));
    request.on('socket', (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(giveUp, connectWithinMs);
      timers.push(timer);
      if (secure) socket.once('connect', () => (connecting = true));
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        connecting = false;
        clearTimeout(timer);
      });
    });
    request.on('response', (response) => {
      outcome = outcomeOf(response.statusCode ?? 0);
      readAway(response, () => end(outcome as Outcome));
    });
    request.on('upgrade', (_, socket) => {
      socket.destroy();
      end({ result: 'refused', httpStatus: 101 });
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (kept && request.reusedSocket && lost.has(error.code ?? '')) return end('stale');
      end({ result: connecting ? 'tls' : resultOf(error) });
    });
    request.end(post.body);
  });
}

/** The machine's clock, not the world's: the receiver compares it with its own. */
function begin(client: Client, url: URL, { id, body }: Post, kept: boolean): http.ClientRequest {
  const secure = url.protocol === 'https:';
  const agents = kept ? client.kept : client.fresh;
  const options: https.RequestOptions = {
    method: 'POST',
    agent: secure ? agents.https : agents.http,
    lookup: client.lookup,
    maxHeaderSize: longestHeadersBytes,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(client.options.clock() / 1000)),
    },
  };
  return secure ? https.request(url, options) : http.request(url, options);
}

/** Only 200 counts; a redirect is told apart because people set addresses that redirect. */
function outcomeOf(httpStatus: number): Exclude<Outcome, 'stale'> {
  if (httpStatus === 200) return { result: 'delivered', httpStatus };
  const redirect = httpStatus >= 300 && httpStatus < 400 && httpStatus !== 304;
  return { result: redirect ? 'redirect' : 'refused', httpStatus };
}

/** Reads the answer to its end, so that the connection can be kept, or cuts it off. */
function readAway(response: http.IncomingMessage, done: () => void): void {
  let byteCount = 0;
  response.on('data', (chunk: Buffer) => {
    byteCount += chunk.length;
    if (byteCount > longestAnswerBytes) response.destroy();
  });
  response.on('error', () => {}); // the status is known
  response.on('close', done);
}

/** What a connection says that the other side has closed. */
const lost = new Set(['ECONNRESET', 'EPIPE']);

function resultOf(error: NodeJS.ErrnoException): DeliveryResult {
  if (error instanceof Blocked) return 'blocked';
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'tooLarge';
  if (/^(ERR_TLS|ERR_SSL|EPROTO)/.test(error.code ?? '')) return 'tls';
  return 'connection';
}
