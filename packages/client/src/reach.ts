// How far back the lists reach; a start before that is refused before it is sent.
import type { Generation } from '@till/protocol/codes';
import { type AnyInput, inputError } from './request.ts';

const dayMs = 86_400_000;

/** Days before now: 30 in V5; a month since, which is 31 days at its longest (sections 4.4, 4.5, 8). */
export const reachDays: Record<Generation, number> = { v5: 30, v6: 31, v7: 31 };

/** Throws a `OneStoreInputError` that names the limit. A page that goes on by its key has a start that was in reach before. */
export function refuseOutOfReach(
  operation: string,
  generation: Generation,
  { startTime, continuationKey }: AnyInput,
  now: () => number,
): void {
  if (typeof startTime !== 'number' || continuationKey !== undefined) return;
  const days = reachDays[generation];
  if (startTime >= now() - days * dayMs) return;
  throw inputError(operation, [
    ['startTime', `lies further back than the ${days} days that this list reaches`],
  ]);
}
