// The documents' examples as data: requests, answers, and what an answer may be held against.
import type { Generation } from '@till/protocol/codes';
import type { controlOperations } from '@till/protocol/control';
import type { InputOf } from '@till/protocol/shape';
import type { OpenPlaces } from './session.ts';
import v5File from './vectors/v5.json' with { type: 'json' };
import v6File from './vectors/v6.json' with { type: 'json' };
import managedFile from './vectors/v7-managed.json' with { type: 'json' };
import recurringFile from './vectors/v7-recurring.json' with { type: 'json' };
import snapshotFile from './vectors/v7-subscription-snapshots.json' with { type: 'json' };

/**
 * - `exact`: status and JSON are equal
 * - `shape`: the status is equal, the members are the same, each of the printed kind
 * - `snapshot`: everything is equal but ids, and what is excused
 * - `route`: only the request is documented; it reaches its operation and finds its purchase
 * - `parser`: printed or measured, but not sent by a server that keeps the rules
 * - `none`: for information only, and never sent
 */
export type Compare = 'exact' | 'shape' | 'snapshot' | 'route' | 'parser' | 'none';

export interface Vector {
  id: string;
  operation: string;
  request: {
    method: string;
    path: string;
    headers: Record<string, string>;
    query?: Record<string, string>;
    json?: { developerPayload?: string };
    text?: string;
  };
  response: { status: number | null; json: unknown };
  compare: Compare;
  /** Members of a printed type that may be `null` all the same. */
  nullable?: readonly string[];
  /** What the documents leave open in this answer. */
  open?: OpenPlaces;
}

type Terms = NonNullable<InputOf<(typeof controlOperations)['putProduct']>['subscription']>;

export interface SnapshotStep {
  /** When it is done, epoch ms; at once where it is not given. */
  at?: number;
  do: 'acknowledge' | 'decline' | 'cancel' | 'void' | 'defer' | 'pause';
  with?: { deferPeriod?: number; for?: string };
}

export interface Snapshot extends Vector {
  response: { status: number; json: Record<string, unknown> };
  /** How the state comes about; instants are epoch ms. */
  scene: {
    boughtAt: number;
    terms: Terms;
    /** The subscription that the buyer had before, of another product. */
    replaces?: {
      boughtAt: number;
      price: string;
      terms: Terms;
      mode: 'IMMEDIATE_WITH_TIME_PRORATION';
    };
    steps: readonly SnapshotStep[];
    /** The instants at which it must answer the snapshot. */
    readAt: readonly number[];
  };
  /** Members whose printed value cannot be, each with the reason. */
  excused: Record<string, string>;
}

const files: readonly { vectors: readonly unknown[] }[] = [managedFile, recurringFile, v6File, v5File];

export const vectors = files.flatMap((file) => file.vectors) as readonly Vector[];

export const snapshots = snapshotFile.vectors as unknown as readonly Snapshot[];

/** Members of a snapshot that are the server's to choose. */
export const snapshotIds: readonly string[] = snapshotFile.ids;

export function generationOf({ id }: Vector): Generation {
  return id.split('.', 1)[0] as Generation;
}

/** Never sent. */
export function isForInformation({ compare }: Vector): boolean {
  return compare === 'none';
}
