// A stream of server-sent events to one listener, who is cut off when it does not keep up.
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Listen } from '../actions/control/listen-to-events.ts';
import type { Event } from '../host/events.ts';

/** A comment this often keeps the connection open on its way through proxies. */
const heartbeatMs = 15_000;
/** How long a browser waits before it comes back. */
const comeBackMs = 2_000;
/** What may wait for a listener, in bytes, beyond what its connection takes. */
const mostWaiting = 256 * 1024;

const eventStreamType = 'text/event-stream; charset=utf-8';

/** `write` turns an event into the JSON of its row. */
function eventStream(listen: Listen, write: (event: Event) => string): Readable {
  let stop = () => {};
  const stream = new Readable({
    read() {},
    destroy(error, done) {
      clearInterval(heartbeat);
      stop();
      done(error);
    },
  });
  const push = (text: string) => {
    if (stream.destroyed || stream.readableEnded) return;
    stream.push(text);
    if (stream.readableLength > mostWaiting) stream.destroy(new Error('the listener does not keep up'));
  };
  const heartbeat = setInterval(() => push(': still here\n\n'), heartbeatMs);
  push(`retry: ${comeBackMs}\n\n`);
  stop = listen({
    tell: (event) => push(`id: ${event.id}\ndata: ${write(event)}\n\n`),
    end: () => {
      if (!stream.destroyed) stream.push(null);
    },
  });
  return stream;
}

export function sendEvents(
  reply: FastifyReply,
  listen: Listen,
  write: (event: Event) => string,
): FastifyReply {
  reply.headers({ 'content-type': eventStreamType, 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  return reply.send(eventStream(listen, write));
}

/** A browser that comes back says in a header where it was; its address is still the first one, so the header counts. */
export function resumed(request: FastifyRequest): unknown {
  const lastEventId = request.headers['last-event-id'];
  const query = request.query as Record<string, unknown>;
  return lastEventId === undefined ? query : { ...query, lastEventId };
}
