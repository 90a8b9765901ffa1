// @till/client/fetch: a receiver of notifications for whatever speaks in `Request` and `Response`: Bun, Deno, workers at the edge, Next.js.
import { joined, type ReceiverSettings, readBefore, receive } from './receiver.ts';

export type { Delivery, HandledMessages, ReceiverProblem, ReceiverSettings } from './receiver.ts';

/**
 * `Deno.serve(receiveNotifications({ licenseKey, onPayment }))`. Answers as `ReceiverSettings` tells. The request's body must not have
 * been read.
 */
export function receiveNotifications(settings: ReceiverSettings): (request: Request) => Promise<Response> {
  return async (request) => {
    const { status, headers, text } = await receive(settings, {
      method: request.method,
      webhookId: request.headers.get('webhook-id') ?? undefined,
      body: (maxBytes) => {
        if (request.bodyUsed) throw readBefore();
        return bytesOf(request.body, maxBytes);
      },
    });
    return new Response(text, { status, headers });
  };
}

/** All of a stream, or `undefined` as soon as it is larger than allowed. */
export async function bytesOf(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  if (stream === null) return new Uint8Array();
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length;
    if (size > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    chunks.push(read.value);
  }
  return joined(chunks, size);
}
