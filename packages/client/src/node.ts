// @till/client/node: a receiver of notifications for node:http.
import { type Answer, joined, type ReceiverSettings, readBefore, receive } from './receiver.ts';

export type { Delivery, HandledMessages, ReceiverProblem, ReceiverSettings } from './receiver.ts';

/** Of a stream of Node what is used of it. */
export interface NodeStream {
  // biome-ignore lint/suspicious/noExplicitAny: every event gives its listener something else
  on(event: string, listener: (...given: any[]) => void): unknown;
  resume(): unknown;
  /** All of it has been read. */
  readonly readableEnded?: boolean;
}

/** Of `IncomingMessage` what is used of it. */
export interface NodeRequest extends NodeStream {
  method?: string | undefined;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Of `ServerResponse` what is used of it. */
export interface NodeResponse {
  readonly headersSent?: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(text: string): unknown;
}

/**
 * `createServer(receiveNotifications({ licenseKey, onPayment }))`, or for one path of your own server. It answers every request that it is
 * given, as `ReceiverSettings` tells, and reads the body itself: nothing may have read it before.
 */
export function receiveNotifications(
  settings: ReceiverSettings,
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return (request, response) =>
    answerBy(settings, request, response, (maxBytes) => readBody(request, maxBytes));
}

/** The same with a body that comes from elsewhere. */
export async function answerBy(
  settings: ReceiverSettings,
  request: Pick<NodeRequest, 'method' | 'headers'>,
  response: NodeResponse,
  body: Parameters<typeof receive>[1]['body'],
): Promise<void> {
  const answer = await receive(settings, {
    method: request.method,
    webhookId: headerOf(request, 'webhook-id'),
    body,
  });
  if (response.headersSent === true) return; // by somebody who did not wait for it
  response.writeHead(answer.status, headersOf(answer));
  response.end(answer.text);
}

/** What was not read of a large body is not waited for. */
export function headersOf({ status, headers }: Answer): Record<string, string> {
  return status === 413 ? { ...headers, connection: 'close' } : headers;
}

/** All that is sent, or `undefined` as soon as it is larger than allowed; the rest is then thrown away. */
export function readBody(stream: NodeStream, maxBytes: number): Promise<Uint8Array | undefined> {
  if (stream.readableEnded === true) return Promise.reject(readBefore());
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    stream.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else resolve(undefined);
    });
    // a sender that goes away gets no answer; what came of its message is refused like any other half
    const done = () => resolve(joined(chunks, Math.min(size, maxBytes)));
    stream.on('end', done);
    stream.on('error', done);
    stream.on('close', done);
    stream.resume();
  });
}

export function headerOf({ headers }: Pick<NodeRequest, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
