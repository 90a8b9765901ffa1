// @till/client/hono: a receiver of notifications for Hono, on every runtime that Hono runs on.
import { bytesOf } from './fetch.ts';
import { type ReceiverSettings, receive, within } from './receiver.ts';

export type { Delivery, HandledMessages, ReceiverProblem, ReceiverSettings } from './receiver.ts';

/** Of Hono's context what is used of it. */
export interface HonoContext {
  req: { raw: Request; text(): Promise<string> };
}

/**
 * `app.all('/notifications', receiveNotifications({ licenseKey, onPayment }))`. Where a middleware has read the body before, the text that
 * Hono keeps of it is taken; behind `c.req.json()` that is the parsed body written anew, which is what was signed unless a body
 * has repeated members, names of digits or numbers beyond 2^53. Answers as `ReceiverSettings` tells.
 */
export function receiveNotifications(
  settings: ReceiverSettings,
): (context: HonoContext) => Promise<Response> {
  return async ({ req }) => {
    const { status, headers, text } = await receive(settings, {
      method: req.raw.method,
      webhookId: req.raw.headers.get('webhook-id') ?? undefined,
      body: async (maxBytes) =>
        req.raw.bodyUsed ? within(maxBytes, await req.text()) : bytesOf(req.raw.body, maxBytes),
    });
    return new Response(text, { status, headers });
  };
}
