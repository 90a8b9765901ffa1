// listenToEvents: somebody wants to hear what happens.
import { Refusal } from '@till/protocol/errors';
import type { Listener } from '../../host/events.ts';
import type { Host } from '../../host/host.ts';

/** Begins to tell a listener, and answers how to stop. */
export type Listen = (listener: Listener) => () => void;

/** Refused with `InvalidState` while there are as many listeners as a node can have. */
export async function listenToEvents(host: Host, input: { lastEventId?: string }): Promise<Listen> {
  const { events } = host.watch;
  if (events.isFull) throw new Refusal('InvalidState', { detail: 'too many listen to events already' });
  return (listener) => events.listen(listener, input.lastEventId);
}
