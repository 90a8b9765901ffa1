// A stream of server-sent events: awaited it is open, iterated it gives the events.
import { Later } from './control-later.ts';

/** An open stream. It ends when the server ends it; a `break` out of `for await` and, at any time, the call's signal close it. */
export type OpenEvents<Event> = AsyncGenerator<Event, void, undefined>;

/**
 * What a call for events answers. `await` it to know that the server listens, then iterate what it gives; or iterate it at once.
 * A connection that breaks throws out of the iteration: call again with the `id` of the last event as `lastEventId`.
 */
export class ControlEvents<Event> extends Later<OpenEvents<Event>> {
  async *[Symbol.asyncIterator](): OpenEvents<Event> {
    yield* await this;
  }
}

/** The data of each event, in order, of a `ReadableStream` of bytes. Closing the generator closes the connection. */
export async function* eventData(body: unknown): AsyncGenerator<string, void, undefined> {
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = dataOf(block);
        if (data !== undefined) yield data;
      }
    }
  } finally {
    await reader.cancel().catch(() => {}); // it may be broken already
  }
}

/** A block without data is a comment, or tells how long to wait before coming back. */
function dataOf(block: string): string | undefined {
  const lines = block.split('\n').filter((line) => line.startsWith('data:'));
  return lines.length === 0 ? undefined : lines.map((line) => line.slice(5).trimStart()).join('\n');
}
