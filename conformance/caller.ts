// Sends one request at a time to a server that may belong to somebody else: bounded in number, time and size, with pauses.
import { setTimeout as wait } from 'node:timers/promises';
import type { Redaction } from './redaction.ts';

/** The run cannot go on: the bound of requests is reached, or the server does not answer any more. */
export class RunEnded extends Error {
  override name = 'RunEnded';
}

/** One request was not answered in time, or not in HTTP. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
}

export interface Request {
  method: string;
  /** With its path values filled in and escaped. */
  path: string;
  query?: Readonly<Record<string, string | number>> | string;
  headers?: Readonly<Record<string, string>>;
  /** An object goes as JSON, text and bytes as they are; none of them gets a content type by itself. */
  body?: unknown;
}

export interface Answer {
  status: number;
  /** The reason phrase behind the status. */
  phrase: string;
  headers: Headers;
  text: string;
  /** Undefined where the text is no JSON. */
  body: unknown;
  /** The request as a report may show it. */
  request: string;
  /** When it came, epoch ms on this machine's clock. */
  at: number;
}

export interface CallerOptions {
  baseUrl: string;
  /** How long an answer may take, ms. */
  timeoutMs: number;
  /** How long to wait before each request, ms. */
  pauseMs: number;
  /** How many requests a run may send. */
  mostRequests: number;
  /** Ends the run: no other request is sent. */
  signal?: AbortSignal;
}

const longestAnswer = 2 ** 20;
const longestWaitMs = 30_000;
/** So many requests in a row without an answer, or put off by the server, end the run. */
const mostFailures = 3;

export class Caller {
  readonly #options: CallerOptions;
  readonly #redaction: Redaction;
  #before: Promise<unknown> = Promise.resolve();
  #failures = 0;
  #waitMs = 0;
  /** How far the server's clock is ahead of this machine's, ms, by its latest `Date` header. */
  aheadMs = 0;
  /** How many requests were sent. */
  sentCount = 0;

  constructor(options: CallerOptions, redaction: Redaction) {
    this.#options = options;
    this.#redaction = redaction;
  }

  /** Throws `NoAnswer` where this one was not answered, `RunEnded` where no other should be sent. */
  call(request: Request): Promise<Answer> {
    const answer = this.#before.then(() => this.#next(request));
    this.#before = answer.catch(() => {});
    return answer;
  }

  async #next(request: Request): Promise<Answer> {
    const { mostRequests, pauseMs, signal } = this.#options;
    if (this.sentCount >= mostRequests) {
      throw new RunEnded(`${mostRequests} requests were sent, which is the bound of this run`);
    }
    const waitMs = Math.max(pauseMs, this.#waitMs);
    if (waitMs > 0) await wait(waitMs, undefined, { signal }).catch(() => {}); // cut short, not failed
    if (signal?.aborted === true) throw new RunEnded('it was interrupted');
    this.#waitMs = 0;
    this.sentCount += 1;
    const answer = await this.#send(request).catch((error) => this.#failed(error));
    if (answer.status === 429) return this.#putOff(answer);
    if (isAway(answer))
      return this.#failed(new Error(`a server in front says that it is away (${answer.status})`));
    this.#failures = 0;
    return answer;
  }

  async #send(request: Request): Promise<Answer> {
    const { method, path, headers = {}, body } = request;
    this.#redaction.learn(body);
    const response = await fetch(`${this.#options.baseUrl}${path}${searchOf(request)}`, {
      method,
      headers: { 'user-agent': 'till-conformance', ...headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(this.#options.timeoutMs),
      // as bytes: fetch would give a text a content type of its own
      ...(body === undefined ? {} : { body: bytesOf(body) }),
    });
    const at = Date.now();
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) this.aheadMs = date - at;
    const text = await readText(response);
    const parsed = parse(text);
    this.#redaction.learn(parsed);
    return {
      status: response.status,
      phrase: response.statusText,
      headers: response.headers,
      text,
      body: parsed,
      request: `${method} ${path}${searchOf(request)}`,
      at,
    };
  }

  #failed(error: unknown): never {
    const { timeoutMs } = this.#options;
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    const reason = timedOut ? `no answer within ${timeoutMs} ms` : `no answer: ${reasonOf(error)}`;
    this.#countFailure(reason);
    throw new NoAnswer(reason);
  }

  /** The server asks for fewer requests: the next one waits as long as it says. */
  #putOff({ headers }: Answer): never {
    this.#waitMs = Math.min(askedWaitMs(headers.get('retry-after') ?? '') ?? 5_000, longestWaitMs);
    this.#countFailure('the server asks for fewer requests (429)');
    throw new NoAnswer('the server asks for fewer requests (429)');
  }

  #countFailure(reason: string): void {
    this.#failures += 1;
    if (this.#failures >= mostFailures) {
      throw new RunEnded(`${mostFailures} requests in a row went without an answer, the last one: ${reason}`);
    }
  }
}

/** What a server in front answers has no JSON; maintenance is told by the server itself. */
function isAway({ status, body }: Answer): boolean {
  return body === undefined && [502, 503, 504].includes(status);
}

/** Of `Retry-After`: seconds, or an instant. */
function askedWaitMs(text: string): number | undefined {
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(waitMs) ? undefined : waitMs;
}

function searchOf({ query = {} }: Request): string {
  if (typeof query === 'string') return query;
  const entries = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries)}`;
}

function bytesOf(body: unknown): Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
}

/** A server that answers without end is not listened to for ever. */
async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestAnswer) throw new Error(`the answer is longer than ${longestAnswer} characters`);
  }
  return text + decoder.decode();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Fetch says "fetch failed" and has the reason in its cause; neither holds the request. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(cause instanceof Error)) return message;
  // where a name has several addresses, there are several reasons and one code
  return cause.message || ((cause as NodeJS.ErrnoException).code ?? message);
}
