// A server in front of another one that passes everything on, counts it, and alters answers where a test wants it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Passed {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface PassedAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Changes an answer in its place, or leaves it. */
export type Alter = (answer: PassedAnswer, request: Passed) => void;

export interface AlteringProxy {
  readonly url: string;
  /** Everything that was passed on. */
  readonly passed: Passed[];
  /** Most requests that were under way at once. */
  readonly mostAtOnce: number;
  alter: Alter;
  stop(): Promise<void>;
}

/** Parses the JSON of an answer, hands it out to be changed, and writes it back. */
export function alterJson(answer: PassedAnswer, change: (body: Record<string, unknown>) => void): void {
  const body = JSON.parse(answer.body);
  change(body);
  answer.body = JSON.stringify(body);
}

export async function startAlteringProxy(target: string): Promise<AlteringProxy> {
  const passed: Passed[] = [];
  const under = { way: 0, most: 0 };
  const proxy = { alter: (() => {}) as Alter };
  const server = createServer(async (request, response) => {
    under.way += 1;
    under.most = Math.max(under.most, under.way);
    try {
      await pass(target, request, response, passed, (...given) => proxy.alter(...given));
    } catch (error) {
      response.writeHead(599).end(String(error));
    } finally {
      under.way -= 1;
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    get mostAtOnce() {
      return under.most;
    },
    get alter() {
      return proxy.alter;
    },
    set alter(alter) {
      proxy.alter = alter;
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function pass(
  target: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  passed: Passed[],
  alter: Alter,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { host: _, connection: __, 'content-length': ___, ...headers } = incoming.headers;
  const request: Passed = {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: headers as Record<string, string>,
    body: body.toString('utf8'),
  };
  passed.push(request);
  const answer = await fetch(`${target}${request.path}`, {
    method: request.method,
    headers: request.headers,
    redirect: 'manual',
    ...(body.length === 0 ? {} : { body }),
  });
  const given: PassedAnswer = {
    status: answer.status,
    headers: { 'content-type': answer.headers.get('content-type') ?? '' },
    body: await answer.text(),
  };
  alter(given, request);
  response.writeHead(given.status, given.headers).end(given.body);
}
