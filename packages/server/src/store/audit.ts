// The audit: chains of rows that are only ever added, and where each chain ends.
import type { AuditHead, AuditRow } from '../domain/audit.ts';
import type { Query, Row, Value } from './database.ts';

const columns = `app_id, seq, at, key_mark, operation, world_id, client_id, product_id, purchase_token, request_id,
  before_view, after_view, hash`;

/**
 * Takes the next place of a chain and tells it with the hash before it. Whoever else writes the same chain
 * waits until this transaction ends, so places are given without gaps and nobody has to begin again.
 */
export async function takeAuditPlace(query: Query, appId: string): Promise<AuditHead> {
  const [row] = await query.all(
    `insert into audit_head (app_id, row_count, hash) values ($1, 1, '')
     on conflict (app_id) do update set row_count = audit_head.row_count + 1
     returning app_id, row_count, hash`,
    [appId],
  );
  if (row === undefined) throw new Error('the audit gave no place');
  return toHead(row);
}

/** Adds the row at the place that was taken, and ends the chain with it. */
export async function appendAuditRow(query: Query, row: AuditRow): Promise<void> {
  const added = await query.run(
    `insert into audit (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (app_id, seq) do nothing`,
    [
      row.appId,
      row.seq,
      row.at,
      row.keyMark,
      row.operation,
      row.worldId,
      row.clientId,
      row.productId,
      row.purchaseToken,
      row.requestId,
      row.before,
      row.after,
      row.hash,
    ],
  );
  if (added === 0) throw new Error(`audit chain '${row.appId}' has a row ${row.seq} behind its end`);
  await query.run('update audit_head set hash = $1 where app_id = $2', [row.hash, row.appId]);
}

/** The place of a row in a list that begins with the latest. */
export interface AuditPlace {
  at: number;
  appId: string;
  seq: number;
}

/** Rows before a place, the latest first, of all apps or of those that fit. */
export async function listAuditRows(
  query: Query,
  filter: { clientId?: string | undefined; worldId?: string | undefined },
  before: AuditPlace,
  limit: number,
): Promise<AuditRow[]> {
  const values: Value[] = [before.at, before.appId, before.seq, limit];
  const conditions: string[] = [];
  if (filter.clientId !== undefined) conditions.push(`and client_id = $${values.push(filter.clientId)}`);
  if (filter.worldId !== undefined) conditions.push(`and world_id = $${values.push(filter.worldId)}`);
  const rows = await query.all(
    `select ${columns} from audit
     where at <= $1 and (at < $1 or app_id < $2 or (app_id = $2 and seq < $3)) ${conditions.join(' ')}
     order by at desc, app_id desc, seq desc limit $4`,
    values,
  );
  return rows.map(toRow);
}

/** Rows of one chain behind `afterSeq`, in their order. */
export async function listChain(
  query: Query,
  appId: string,
  afterSeq: number,
  limit: number,
): Promise<AuditRow[]> {
  const rows = await query.all(
    `select ${columns} from audit where app_id = $1 and seq > $2 order by seq limit $3`,
    [appId, afterSeq, limit],
  );
  return rows.map(toRow);
}

export async function loadAuditHead(query: Query, appId: string): Promise<AuditHead | undefined> {
  const [row] = await query.all('select app_id, row_count, hash from audit_head where app_id = $1', [appId]);
  return row && toHead(row);
}

/** The chain that follows `appId` by name, known by its rows or by its end. */
export async function nextChain(query: Query, appId: string): Promise<string | undefined> {
  const [byRows] = await query.all('select app_id from audit where app_id > $1 order by app_id limit 1', [
    appId,
  ]);
  const [byHead] = await query.all(
    'select app_id from audit_head where app_id > $1 order by app_id limit 1',
    [appId],
  );
  return [byRows, byHead]
    .filter((row) => row !== undefined)
    .map((row) => String(row.app_id))
    .sort()[0];
}

function toHead(row: Row): AuditHead {
  return { appId: String(row.app_id), rowCount: Number(row.row_count), hash: String(row.hash) };
}

function toRow(row: Row): AuditRow {
  return {
    appId: String(row.app_id),
    seq: Number(row.seq),
    at: Number(row.at),
    keyMark: String(row.key_mark),
    operation: String(row.operation),
    worldId: row.world_id as string | null,
    clientId: row.client_id as string | null,
    productId: row.product_id as string | null,
    purchaseToken: row.purchase_token as string | null,
    requestId: String(row.request_id),
    before: row.before_view as string | null,
    after: row.after_view as string | null,
    hash: String(row.hash),
  };
}
