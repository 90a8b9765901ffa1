// How each code is brought about on a Till, one fault at a time, on a request that would succeed without it.
import { type ErrorCode, type ServerErrorCode, serverErrors } from '@till/protocol/errors';
import { refusalsOf } from '@till/protocol/refusals';
import type { Request } from './caller.ts';
import { encode, type Fault, ofBody, withForm, withToken } from './faults.ts';
import { fillPath, type NamedRow } from './rows.ts';
import type { BoughtPurchase, Scene } from './scene.ts';

/** A request that would succeed; a fault changes it, or the scene. */
export interface Draft {
  scene: Scene;
  named: NamedRow;
  method: string;
  /** What fills the places of the path. */
  values: Record<string, string>;
  /** Changes the path once its places are filled. */
  bend: (path: string) => string;
  headers: Record<string, string>;
  /** Members of a form or of JSON. */
  members: Record<string, unknown> | undefined;
  /** Bytes that go in the place of the members. */
  bytes?: Uint8Array;
  /** Buys the product of the call again, for a fault that uses a purchase up. */
  buy(): Promise<BoughtPurchase>;
}

export function requestOfDraft(draft: Draft): Request {
  const { named, method, values, bend, headers, members, bytes } = draft;
  const text = (value: Record<string, unknown>) =>
    named.row.form === true
      ? String(new URLSearchParams(value as Record<string, string>))
      : JSON.stringify(value);
  const body = bytes ?? (members === undefined ? undefined : encode(text(members)));
  return {
    method,
    path: bend(fillPath(named.row.path, values)),
    headers,
    ...(body === undefined ? {} : { body }),
  };
}

/** Every code of the table that this row can be made to answer from outside. */
export function provokedCodes({ row }: NamedRow): ServerErrorCode[] {
  const may = new Set<ErrorCode>([...refusalsOf(row), 'MethodNotAllowed']);
  if (!Object.values(row.body ?? {}).some(({ optional }) => optional !== true))
    may.delete('RequiredValueNotExist');
  may.delete('InternalError');
  return (Object.keys(serverErrors) as ServerErrorCode[]).filter((code) => may.has(code));
}

/** Where the choice of the code is documented for this row; elsewhere it is Till's. */
const documentedFor: Partial<Record<ServerErrorCode, readonly string[]>> = {
  NoSuchData: ['getPurchaseDetails', 'getRecurringPurchaseDetails'],
  InvalidPurchaseState: ['acknowledgePurchase', 'consumePurchase', 'consumePurchaseUnderInapp'],
};
const notes: Partial<Record<ServerErrorCode, number>> = { NoSuchData: 22, InvalidPurchaseState: 0 };

export function faultOf(named: NamedRow, code: ServerErrorCode): Fault {
  const { row, name } = named;
  const fault = row.access === 'credentials' ? withForm[code] : (withToken[code] ?? ofBody(named, code));
  if (fault === undefined) throw new Error(`${name} has no fault for ${code}`);
  const documented = documentedFor[code]?.includes(name) ?? true;
  return documented ? fault : { ...fault, open: { '*': notes[code] ?? 0 } };
}
