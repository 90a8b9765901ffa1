// A developer's server for tests: a real receiver on a real socket that keeps what comes and answers as it is told.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface Received {
  /** `webhook-id`. */
  id: string;
  path: string;
  headers: IncomingMessage['headers'];
  /** As it came, and what it says; undefined where it is no JSON. */
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they test
  body: any;
  /** On the machine's clock. */
  at: number;
}

/** A status; no answer at all; a connection that is reset; or whatever a function does. */
export type Reply = number | 'hang' | 'reset' | ((response: ServerResponse, socket: Socket) => void);

export interface ReceiverOptions {
  /** Speaks TLS with this key and certificate. */
  tls?: { key: string; cert: string };
  host?: string;
  /** A free one unless given. */
  port?: number;
}

export class Receiver {
  readonly #server: Server & { closeAllConnections(): void };
  readonly #secure: boolean;
  readonly #host: string;
  readonly #port: number;
  readonly #held = new Set<ServerResponse>();
  /** What was wrong with a request; `close` throws it. */
  readonly #faults: unknown[] = [];
  /** Every message, in the order in which they came. */
  readonly received: Received[] = [];
  /** Answers a message that comes for the `time`th time, from 1. */
  reply: (message: Received, time: number) => Reply = () => 200;
  inFlight = 0;
  mostInFlight = 0;
  connections = 0;

  constructor({ tls, host = '127.0.0.1', port = 0 }: ReceiverOptions = {}) {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
      response.on('close', () => this.inFlight--);
      this.#receive(request, response).catch((error) => {
        // a sender that goes in the middle is what some tests are about
        if (error?.code !== 'ECONNRESET') this.#faults.push(error);
        response.destroy();
      });
    };
    this.#secure = tls !== undefined;
    this.#host = host;
    this.#port = port;
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
    this.#server.on(tls === undefined ? 'connection' : 'secureConnection', () => this.connections++);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#secure ? 'https' : 'http'}://${this.#host}:${this.port}/notifications`;
  }

  async open(): Promise<this> {
    await once(this.#server.listen(this.#port, this.#host), 'listening');
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    for (const fault of this.#faults) throw fault;
  }

  /** Answers all that hang. */
  letGo(status = 200): void {
    for (const response of this.#held) response.writeHead(status).end();
    this.#held.clear();
  }

  /** What came, by the names of the messages, in the order of their first coming. */
  ids(): string[] {
    return [...new Set(this.received.map(({ id }) => id))];
  }

  /** Waits until so many have come, or whatever else `enough` says. */
  async until(enough: number | (() => boolean), withinMs = 60_000): Promise<void> {
    const reached = typeof enough === 'number' ? () => this.received.length >= enough : enough;
    for (const end = Date.now() + withinMs; !reached(); await wait(5)) {
      if (Date.now() > end) throw new Error(`only ${this.received.length} came: ${this.ids()}`);
    }
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat(await request.toArray()).toString('utf8');
    const { headers, method } = request;
    assert.equal(method, 'POST');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['content-length'], String(Buffer.byteLength(text)));
    const id = String(headers['webhook-id']);
    const message = { id, path: String(request.url), headers, text, body: parse(text), at: Date.now() };
    this.received.push(message);
    const reply = this.reply(message, this.received.filter((one) => one.id === id).length);
    if (typeof reply === 'function') reply(response, request.socket);
    else if (reply === 'hang') this.#held.add(response);
    else if (reply === 'reset') request.socket.resetAndDestroy();
    else response.writeHead(reply).end();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
