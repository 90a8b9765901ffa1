// The rows of the server API as a run goes through them, and what their paths and answers need.
import type { Generation } from '@till/protocol/codes';
import { operations } from '@till/protocol/operations';
import type { Operation } from '@till/protocol/shape';

export interface NamedRow {
  generation: Generation;
  name: string;
  row: Operation;
}

export const rows: readonly NamedRow[] = Object.entries(operations).flatMap(([generation, of]) =>
  Object.entries(of).map(([name, row]) => ({ generation: generation as Generation, name, row })),
);

export function rowNamed(generation: Generation, name: string): NamedRow {
  const found = rows.find((named) => named.generation === generation && named.name === name);
  if (found === undefined) throw new Error(`${generation} has no ${name}`);
  return found;
}

/** The path with these values in its places, escaped; a place without a value stays empty. */
export function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] ?? ''));
}

/** Whether a success of this row changes something at the server; the token call does not count. */
export function isWrite({ method, access }: Operation): boolean {
  return method !== 'GET' && access === 'accessToken';
}

/** The kind of product that a row's path or name speaks of; acknowledging takes all of them. */
export function kindOfRow({ name, row }: NamedRow): 'inapp' | 'auto' | 'subscription' {
  if (/subscription/i.test(name)) return 'subscription';
  return row.path.includes('/auto/') || /recurring/i.test(name) ? 'auto' : 'inapp';
}
