// What the server API answers about a purchase now, by every generation's reading operation of its product type.
import type { Generation } from '@till/protocol/codes';
import { errorMessage, errors, Refusal } from '@till/protocol/errors';
import { operations } from '@till/protocol/operations';
import type { Operation } from '@till/protocol/shape';
import { findCall, type ServerCall } from '../actions/call.ts';
import { type NamedPurchase, readPurchase } from '../actions/control/read-purchase.ts';
import type { Host } from '../host/host.ts';
import { handlers } from './handlers.ts';
import { writerOf } from './reply-writer.ts';

export interface Reply {
  generation: Generation;
  operation: string;
  path: string;
  status: number;
  body: string;
}

type Read = (host: Host, call: ServerCall, input: Record<string, string>) => Promise<unknown>;

/** The same handlers that answer the calls themselves, without a token. */
export async function readReplies(host: Host, input: NamedPurchase): Promise<{ items: Reply[] }> {
  const { purchase } = await readPurchase(host, input);
  const call = await findCall(host, host.database, input);
  const { clientId, packageName } = call.app;
  const { productId, purchaseToken, purchaseId, market } = purchase;
  const values = { clientId, packageName, productId, purchaseToken, purchaseId };
  const items: Reply[] = [];
  for (const [generation, rows] of Object.entries(operations)) {
    for (const [name, row] of Object.entries(rows) as [string, Operation][]) {
      if (row.method !== 'GET' || !namesPurchase(row)) continue;
      const read = (handlers as Record<string, Record<string, unknown>>)[generation]?.[name] as Read;
      const answer = await answerOf(
        host,
        row,
        read,
        { ...call, market, generation: generation as Generation, absent: row.absent ?? 'NoSuchData' },
        values,
      );
      const path = row.path.replaceAll(/\{(\w+)\}/g, (_, key: keyof typeof values) =>
        encodeURIComponent(values[key]),
      );
      items.push({ generation: generation as Generation, operation: name, path, ...answer });
    }
  }
  return { items };
}

function namesPurchase({ params = {} }: Operation): boolean {
  return 'purchaseToken' in params || 'purchaseId' in params;
}

async function answerOf(
  host: Host,
  row: Operation,
  read: Read,
  call: ServerCall,
  values: Record<string, string>,
): Promise<{ status: number; body: string }> {
  try {
    return { status: row.status ?? 200, body: writerOf(row)(await read(host, call, values)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, fields } = error;
    const body = JSON.stringify({ error: { code, message: errorMessage(code, fields) } });
    return { status: errors[code].status, body };
  }
}
