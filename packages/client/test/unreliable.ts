// A line between a client and a server on which things go wrong as a test plans it: real sockets, real replies, lost ones too.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * What becomes of a request: `drop` it unread by the server; `lose` its reply after the server has carried it out; `cut` the reply in its
 * middle; `stall` for ever; cut the line at once and forward it later, which `arrived` is told of; let it pass later; or give an answer
 * in the place of the server's.
 */
export type Fault =
  | 'drop'
  | 'lose'
  | 'cut'
  | 'stall'
  | 'pass'
  | { cutAndForwardAfter: Promise<unknown>; arrived: () => void }
  | { passAfter: Promise<unknown> }
  | { status: number; headers?: Record<string, string>; body?: string | object }
  | ((request: SeenRequest) => { status: number; headers?: Record<string, string>; body?: string | object });

export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface Line {
  url: string;
  /** Every request that came in, oldest first. */
  seen: SeenRequest[];
  /** The requests to this path, as `POST …/consume`, from now on have these faults, one each. */
  plan(ending: string, ...faults: Fault[]): void;
  /** Resolves when the next request to this path has its answer. */
  answered(ending: string): Promise<void>;
  /** How many requests to this path came in. */
  count(ending: string): number;
  close(): Promise<void>;
}

/** A line to `target`; without one every request needs a plan. */
export async function startLine(target?: string): Promise<Line> {
  const plans: { ending: string; faults: Fault[] }[] = [];
  const seen: SeenRequest[] = [];
  const late: Promise<unknown>[] = [];
  const waiting: { ending: string; resolve: () => void }[] = [];
  const server = createServer(async (request, response) => {
    const asked = await seenOf(request);
    seen.push(asked);
    const plan = plans.find(({ ending, faults }) => fits(asked, ending) && faults.length > 0);
    response.on('finish', () => {
      for (const { resolve } of waiting.filter(({ ending }) => fits(asked, ending))) resolve();
    });
    await answer(asked, plan?.faults.shift() ?? 'pass', response, target, late).catch(() =>
      response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    plan: (ending, ...faults) => void plans.push({ ending, faults }),
    answered: (ending) => new Promise((resolve) => void waiting.push({ ending, resolve })),
    count: (ending) => seen.filter((request) => fits(request, ending)).length,
    close: async () => {
      await Promise.allSettled(late);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function fits({ method, path }: SeenRequest, ending: string): boolean {
  const [wanted = '', end = ''] = ending.split(' ');
  return method === wanted && path.replace(/\?.*/, '').endsWith(end);
}

async function seenOf(request: IncomingMessage): Promise<SeenRequest> {
  const { method = '', url: path = '', headers } = request;
  return { method, path, headers, body: await text(request) };
}

async function answer(
  asked: SeenRequest,
  fault: Fault,
  response: ServerResponse,
  target: string | undefined,
  late: Promise<unknown>[],
): Promise<void> {
  if (fault === 'stall') return;
  if (fault === 'drop') return void response.destroy();
  if (typeof fault === 'object' && 'cutAndForwardAfter' in fault) {
    response.destroy();
    late.push(fault.cutAndForwardAfter.then(() => forward(asked, target)).then(fault.arrived));
    return;
  }
  if (typeof fault === 'object' && 'passAfter' in fault) {
    await fault.passAfter;
    return answer(asked, 'pass', response, target, late);
  }
  if (typeof fault === 'object' || typeof fault === 'function') {
    const { status, headers = {}, body = '' } = typeof fault === 'function' ? fault(asked) : fault;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    return void response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }
  const reply = await forward(asked, target);
  const body = Buffer.from(await reply.arrayBuffer());
  if (fault === 'lose') return void response.destroy();
  const requestId = reply.headers.get('x-request-id') ?? '';
  response.writeHead(reply.status, {
    'content-type': reply.headers.get('content-type') ?? '',
    'content-length': body.length,
    'x-request-id': requestId,
  });
  if (fault === 'pass') return void response.end(body);
  response.write(body.subarray(0, body.length / 2), () => response.destroy());
}

function forward(
  { method, path, headers, body }: SeenRequest,
  target: string | undefined,
): Promise<Response> {
  if (target === undefined) throw new Error(`no answer is planned for ${method} ${path}`);
  const passed = ['authorization', 'content-type', 'x-market-code', 'idempotency-key'];
  const given = passed.flatMap((name): [string, string][] => {
    const value = headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return fetch(target + path, { method, headers: given, ...(body === '' ? {} : { body }) });
}
