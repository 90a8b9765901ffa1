// What an action knows of its caller: the app, and what time it is there.
import type { Generation, Market } from '@till/protocol/codes';
import { Refusal } from '@till/protocol/errors';
import type { App, AppInWorld, Switches } from '../domain/app.ts';
import { type WorldClock, worldNow } from '../domain/clock.ts';
import type { Choices, Host } from '../host/host.ts';
import { findApps } from '../store/apps.ts';
import type { Query } from '../store/database.ts';

export interface Call {
  app: App;
  clock: WorldClock;
  seed: string | null;
  /** The clock of the app's world, read once per action, epoch ms. */
  now: number;
}

/** A call of the server API: it sees the purchases of one market. */
export interface ServerCall extends Call {
  market: Market;
  /** Of the API that is called; the older ones know no subscriptions. */
  generation: Generation;
  /** What this operation answers where a purchase cannot be found. */
  absent: 'NoSuchData' | 'InvalidPurchaseState';
}

export function callOf(host: Host, found: AppInWorld): Call {
  return { app: found.app, clock: found.clock, seed: found.seed, now: worldNow(found.clock, host.clock()) };
}

/**
 * The app that a control call names. Refusals: `NoSuchData`; `InvalidState` where the client ID lives in several
 * worlds and the call does not say which.
 */
export async function findCall(
  host: Host,
  query: Query,
  named: { clientId: string; worldId?: string },
): Promise<Call> {
  const [found, another] = await findApps(query, named.clientId, named.worldId);
  if (found === undefined) throw new Refusal('NoSuchData', { detail: 'no app has this clientId' });
  if (another !== undefined) {
    throw new Refusal('InvalidState', { detail: 'the clientId lives in several worlds: add ?worldId=' });
  }
  return callOf(host, found);
}

/** What the app has chosen, or else the server. */
export function choice<K extends keyof Choices>(host: Host, switches: Switches, name: K): Choices[K] {
  return (switches[name] as Choices[K] | null | undefined) ?? host.choices[name];
}
