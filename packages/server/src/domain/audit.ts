// The audit of the control API: what a row says, and how rows of one chain hold together.

/** One write of the control API. What does not apply is `null`. */
export interface AuditRecord {
  /** When, epoch ms of the machine's clock. */
  at: number;
  /** Which control key: the first 8 hex digits of its SHA-256. */
  keyMark: string;
  operation: string;
  worldId: string | null;
  clientId: string | null;
  productId: string | null;
  purchaseToken: string | null;
  requestId: string;
  /** JSON of the thing as the control API showed it before; `null` where there was none. */
  before: string | null;
  /** The same after; `null` where there is none any more. */
  after: string | null;
}

/** A record in its place of a chain. */
export interface AuditRow extends AuditRecord {
  /** Names the chain: the app's own key, or `''` for what belongs to no app. */
  appId: string;
  /** From 1, without gaps. */
  seq: number;
  /** Over the hash before it and the row itself. */
  hash: string;
}

/** The end of a chain. */
export interface AuditHead {
  appId: string;
  rowCount: number;
  hash: string;
}

/** What stands before the first row. */
export const firstHash = '';

/** The text whose hash the row carries: the hash before it, then the row's JSON in this order of members. */
export function hashedText(previousHash: string, row: Omit<AuditRow, 'hash'>): string {
  const { appId, seq, at, keyMark, operation, worldId, clientId, productId, purchaseToken } = row;
  const { requestId, before, after } = row;
  const named = { appId, seq, at, keyMark, operation, worldId, clientId, productId, purchaseToken };
  return `${previousHash}\n${JSON.stringify({ ...named, requestId, before, after })}`;
}
