// A payment gateway for tests: a real receiver on a real socket that verifies who asks and counts what it takes.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Question } from '../src/domain/charge.ts';

export const gatewaySecret = 'a-gateway-secret-of-tests-0123456789abcdef';

/** How it answers; `hang` and `lost` have done what they were asked for all the same. */
export type Reply =
  | 'approved'
  | 'declined'
  | 'pending'
  | 'hang'
  | 'lost'
  | 'reset'
  | ((response: ServerResponse) => void);

export interface Asked extends Question {
  at: number;
}

export class Receiver {
  readonly #server: Server;
  /** Every question, in the order in which they came. */
  readonly asked: Asked[] = [];
  /** What it took, by the key of the charge. */
  readonly taken = new Map<string, string>();
  /** What it gave back, by the key of the refund; of a charge that took nothing, nothing. */
  readonly given = new Map<string, string>();
  /** Charges that are given back before they came: they are never taken. */
  readonly #shut = new Set<string>();
  /** What was wrong with a question; `close` throws it. */
  readonly #faults: unknown[] = [];
  /** Answers `question`, which comes for the `time`th time, from 1. */
  reply: (question: Question, time: number) => Reply = () => 'approved';
  inFlight = 0;
  mostInFlight = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
      response.on('close', () => this.inFlight--);
      this.#receive(request, response).catch((error) => {
        this.#faults.push(error);
        response.writeHead(500).end();
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/pay`;
  }

  async open(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    for (const fault of this.#faults) throw fault;
  }

  /** The questions by their key, each key once, in the order of their first coming. */
  keys(kind: Question['kind']): string[] {
    return [...new Set(this.asked.filter((asked) => asked.kind === kind).map(({ key }) => key))];
  }

  /** Waits until this many questions have come, or whatever else `enough` says. */
  async until(enough: number | (() => boolean), withinMs = 60_000): Promise<void> {
    const reached = typeof enough === 'number' ? () => this.asked.length >= enough : enough;
    for (const end = Date.now() + withinMs; !reached(); await wait(10)) {
      if (Date.now() > end) throw new Error(`asked only: ${JSON.stringify(this.asked)}`);
    }
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat(await request.toArray()).toString('utf8');
    verify(request, text);
    const question = JSON.parse(text) as Question;
    assert.equal(request.headers['idempotency-key'], question.key);
    const before = this.asked.filter(({ key }) => key === question.key);
    const { at: _, ...first } = before[0] ?? { ...question, at: 0 };
    assert.deepEqual(question, first, 'the same key asks the same');
    this.asked.push({ ...question, at: Date.now() });
    this.#answer(response, question, this.reply(question, before.length + 1));
  }

  #answer(response: ServerResponse, question: Question, reply: Reply): void {
    if (typeof reply === 'function') {
      reply(response);
      return;
    }
    if (reply === 'approved' || reply === 'hang' || reply === 'lost') this.#carryOut(question);
    if (reply === 'hang') return;
    if (reply === 'lost' || reply === 'reset') {
      response.socket?.resetAndDestroy();
      return;
    }
    const outcome = this.#shut.has(question.key) ? 'declined' : reply;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ outcome }));
  }

  #carryOut({ kind, key, amount, refundOf }: Question): void {
    if (kind === 'charge' && !this.#shut.has(key)) this.taken.set(key, amount);
    if (kind === 'charge' || refundOf === null || refundOf === undefined) return;
    this.#shut.add(refundOf);
    if (this.taken.has(refundOf)) this.given.set(key, amount);
  }
}

/** As Standard Webhooks describes it; not by Till's own code. */
function verify({ method, headers }: IncomingMessage, body: string): void {
  assert.equal(method, 'POST');
  assert.equal(headers['content-type'], 'application/json');
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers;
  const key = Buffer.from(gatewaySecret, 'utf8');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  assert.equal(signature, `v1,${expected}`);
  assert.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 60, 'signed now');
}
