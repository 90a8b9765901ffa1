// @till/client/fastify: a receiver of notifications as a plugin of Fastify.
import { headerOf, headersOf, type NodeStream, readBody } from './node.ts';
import { type ReceiverSettings, receive } from './receiver.ts';

export type { Delivery, HandledMessages, ReceiverProblem, ReceiverSettings } from './receiver.ts';

export interface FastifyReceiverSettings extends ReceiverSettings {
  /** The path that takes the notifications, below the plugin's prefix; default `/`. */
  path?: string | undefined;
}

export interface FastifyRequest {
  method: string;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  body: unknown;
}

export interface FastifyReply {
  code(status: number): FastifyReply;
  headers(values: Record<string, string>): FastifyReply;
  send(text: string): FastifyReply;
}

/** Of a Fastify instance what is used of it. */
export interface FastifyInstance {
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    contentType: string,
    parser: (
      request: FastifyRequest,
      payload: NodeStream,
      done: (error: null, body: unknown) => void,
    ) => void,
  ): unknown;
  all(path: string, handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>): unknown;
}

/**
 * `app.register(receiveNotifications({ path: '/notifications', licenseKey, onPayment }))`. In its own scope the plugin takes
 * bodies as they come, so the parsers of the rest of the app do not matter. Answers as `ReceiverSettings` tells.
 */
export function receiveNotifications(
  settings: FastifyReceiverSettings,
): (instance: FastifyInstance) => Promise<void> {
  const { path = '/' } = settings;
  return async (instance) => {
    instance.removeAllContentTypeParsers();
    // the stream itself is the body, so that it is read by the same hands as everywhere
    instance.addContentTypeParser('*', (_, payload, done) => done(null, payload));
    instance.all(path, async (request, reply) => {
      const payload = request.body as NodeStream | undefined;
      const answer = await receive(settings, {
        method: request.method,
        webhookId: headerOf(request, 'webhook-id'),
        body: (maxBytes) => (payload === undefined ? '' : readBody(payload, maxBytes)),
      });
      return reply.code(answer.status).headers(headersOf(answer)).send(answer.text);
    });
  };
}
