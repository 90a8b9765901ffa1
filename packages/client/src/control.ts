// @till/client/control: typed calls of Till's control API, a method for each row of its table.
import { controlOperations } from '@till/protocol/control';
import type { InputOf, Operation, ReplyOf } from '@till/protocol/shape';
import { ControlEvents, eventData, type OpenEvents } from './control-events.ts';
import { ControlList, type ControlPage } from './control-lists.ts';
import { type Answered, failure, isSuccess, parsed, refusal } from './control-reply.ts';
import { requestOf } from './control-request.ts';
import { OneStoreInputError } from './errors.ts';
import { Limits } from './limits.ts';
import { type CallSignal, type Fetch, isAddress, unfitOptions } from './settings.ts';

export type { ControlEvents, OpenEvents } from './control-events.ts';
export type { ControlList, ControlPage } from './control-lists.ts';
export * from './errors.ts';

type Rows = typeof controlOperations;
type Flat<T> = { [K in keyof T]: T[K] };

/** The name of an operation of the control API. */
export type ControlOperation = keyof Rows;
/** Path values, query and body of an operation, in one object. */
export type ControlInput<Name extends ControlOperation> = Flat<InputOf<Rows[Name]>>;
/** What an operation answers; of a stream of events, one event. */
export type ControlReply<Name extends ControlOperation> = ReplyOf<Rows[Name]>;

type Answer<Row extends Operation> = Row extends { replyAs: 'events' }
  ? ControlEvents<ReplyOf<Row>>
  : ReplyOf<Row> extends ControlPage<infer Listed>
    ? ControlList<Listed>
    : Promise<ReplyOf<Row>>;

type Given<Row extends Operation> = [unknown] extends [InputOf<Row>]
  ? [input?: Record<string, never>, options?: ControlCallOptions]
  : Record<never, never> extends InputOf<Row>
    ? [input?: Flat<InputOf<Row>>, options?: ControlCallOptions]
    : [input: Flat<InputOf<Row>>, options?: ControlCallOptions];

/** A method for each row of the control API's table, under the row's name; packed, each has its comment (pack/control-methods.ts). */
export type ControlMethods = {
  readonly [Name in ControlOperation]: (...given: Given<Rows[Name]>) => Answer<Rows[Name]>;
};

export interface ControlCallOptions {
  /** Ends the call; the promise then throws the signal's reason. */
  signal?: CallSignal | undefined;
  /** How long the answer may take, ms; of events, how long until the stream is open. Default the client's. */
  timeoutMs?: number | undefined;
  /** Names a write: the same key and input give the first answer again for a day. 1 to 255 visible ASCII characters. */
  idempotencyKey?: string | undefined;
}

export interface ControlClientOptions {
  /** Where the control API listens: `http://127.0.0.1:7575`, with or without `/control/v1`. */
  baseUrl: string;
  controlKey: string;
  /** In the place of the global `fetch`. */
  fetch?: Fetch | undefined;
  /** How long an answer may take, ms; default 30,000. */
  timeoutMs?: number | undefined;
}

/**
 * Calls Till's control API. Each method takes one object with the row's path values, query and body, and call options. Lists are
 * awaited for a page or iterated for everything, events are iterated. Throws a `OneStoreError` of some kind.
 */
export type ControlClient = ControlMethods;

const standardTimeoutMs = 30_000;

class Client {
  readonly #baseUrl: string;
  readonly #controlKey: string;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;

  constructor(options: ControlClientOptions) {
    const { baseUrl, controlKey, timeoutMs } = options;
    const fields = [
      ...(isAddress(baseUrl) ? [] : ['baseUrl']),
      // what no header can hold would be repeated in the error of `fetch`
      ...(typeof controlKey === 'string' && /^[\x21-\x7E]+$/.test(controlKey) ? [] : ['controlKey']),
      ...unfitOptions({ timeoutMs }),
    ];
    if (fields.length > 0) {
      throw new OneStoreInputError(undefined, `options that do not fit: ${fields.join(', ')}`, fields);
    }
    this.#baseUrl = baseUrl.replace(/\/+$/, '').replace(/\/control\/v1$/, '');
    this.#controlKey = controlKey;
    // called on nothing, as some runtimes demand, and looked up late, so that one that is put in its place is used
    this.#fetch = options.fetch ?? ((url, request) => globalThis.fetch(url, request));
    this.#timeoutMs = timeoutMs ?? standardTimeoutMs;
  }

  static {
    for (const [name, row] of Object.entries<Operation>(controlOperations)) {
      const value = function (this: Client, input: Input = {}, options: ControlCallOptions = {}) {
        return this.#call(name, row, input, options);
      };
      Object.defineProperty(Client.prototype, name, { value, writable: true, configurable: true });
    }
  }

  #call(name: string, row: Operation, input: Input, options: ControlCallOptions) {
    if (row.replyAs === 'events') return new ControlEvents(() => this.#open(name, row, input, options));
    if (row.reply?.items?.is !== 'list') return this.#read(name, row, input, options);
    return new ControlList(async (cursor) => {
      const page = await this.#read(name, row, cursor === undefined ? input : { ...input, cursor }, options);
      return page as ControlPage<unknown>;
    });
  }

  /** The whole answer, within the time limit. */
  #read(name: string, row: Operation, input: Input, options: ControlCallOptions): Promise<unknown> {
    return this.#within(name, options, async (signal) => {
      const response = await this.#send(name, row, input, options, signal);
      const text = await response.text();
      const answered = { name, response, controlKey: this.#controlKey };
      if (!isSuccess(response)) throw refusal(answered, text);
      if (row.replyAs === 'text') return text;
      return row.reply === undefined ? undefined : parsed(answered, text);
    });
  }

  /** The time limit ends when the stream is open; the caller's signal counts as long as it runs. */
  async #open(name: string, row: Operation, input: Input, options: ControlCallOptions) {
    const stream = new AbortController();
    const end = () => stream.abort();
    const answered = await this.#within(name, options, async (signal) => {
      signal.addEventListener('abort', end);
      const opened = await this.#send(name, row, input, options, stream.signal);
      const answered = { name, response: opened, controlKey: this.#controlKey };
      if (!isSuccess(opened)) throw refusal(answered, await opened.text());
      return answered;
    });
    if (options.signal?.aborted) end();
    options.signal?.addEventListener('abort', end);
    return eventsOf(answered, options.signal, () => options.signal?.removeEventListener('abort', end));
  }

  #send(
    name: string,
    row: Operation,
    input: Input,
    { idempotencyKey }: ControlCallOptions,
    signal: AbortSignal,
  ) {
    const { target, ...rest } = requestOf(name, row, input, { controlKey: this.#controlKey, idempotencyKey });
    return this.#fetch(this.#baseUrl + target, { ...rest, signal, redirect: 'manual' });
  }

  async #within<T>(
    name: string,
    { signal, timeoutMs = this.#timeoutMs }: ControlCallOptions,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      return await new Limits(name, { timeoutMs, deadlineMs: timeoutMs, signal }).within(work);
    } catch (error) {
      throw failure(name, error, signal);
    }
  }
}

export const ControlClient = Client as unknown as new (options: ControlClientOptions) => ControlClient;

type Input = Readonly<Record<string, unknown>>;

async function* eventsOf(
  answered: Answered,
  signal: CallSignal | undefined,
  end: () => void,
): OpenEvents<unknown> {
  try {
    for await (const data of eventData(answered.response.body)) yield parsed(answered, data);
  } catch (error) {
    throw failure(answered.name, error, signal);
  } finally {
    end();
  }
}
