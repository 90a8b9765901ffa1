// A write of the control API with its row in the audit: what it was about, before and after.
import type { AuditRecord } from '../../domain/audit.ts';
import { hashedText } from '../../domain/audit.ts';
import type { Host } from '../../host/host.ts';
import { appendAuditRow, takeAuditPlace } from '../../store/audit.ts';
import type { Query } from '../../store/database.ts';
import { type Around, recorded } from '../recorded.ts';
import { loadSubject, type Named, type Subject, type SubjectKind, type Thing } from './audit-subject.ts';

export interface AuditedWrite {
  operation: string;
  /** What it is about; `made` where that does not exist before. */
  about: { is: SubjectKind; made?: true };
  /** The call's input: it names the thing. */
  input: Named;
  /** The first 8 hex digits of the control key's SHA-256. */
  keyMark: string;
  requestId: string;
  /** The thing as the control API shows it. */
  view: (thing: Thing) => unknown;
}

/** Runs the action; its change and its row in the audit are stored together, or neither is. */
export function audited<T>(host: Host, write: AuditedWrite, action: (host: Host) => Promise<T>): Promise<T> {
  const { is, made } = write.about;
  const around: Around = async (query, work) => {
    const before = made ? undefined : await loadSubject(host, query, is, write.input);
    const result = await work(query);
    const named = { ...write.input, ...before?.named, ...(made ? namesIn(result) : {}) };
    const after = await loadSubject(host, query, is, named);
    await append(host, query, write, before, after);
    return result;
  };
  return recorded(host, around, action);
}

/** The mark by which the audit tells control keys apart. */
export function keyMarkOf(host: Pick<Host, 'secrets'>, controlKey: string): string {
  return Buffer.from(host.secrets.hash(controlKey), 'base64url').toString('hex').slice(0, 8);
}

/**
 * What the closure of a making transaction returns is the thing that was made; it names itself. A change of product that
 * waits makes nothing yet, and returns the change of its subscription; a notification comes beside its app.
 */
function namesIn(result: unknown): Named {
  const around = result as { subscription?: Named; notification?: Named };
  const made = around.subscription ?? around.notification ?? (result as Named);
  const { worldId, clientId, productId, purchaseToken, notificationId } = made;
  const names = { worldId, clientId, productId, purchaseToken, notificationId };
  return Object.fromEntries(Object.entries(names).filter(([, name]) => typeof name === 'string'));
}

async function append(
  host: Host,
  query: Query,
  write: AuditedWrite,
  before: Subject | undefined,
  after: Subject | undefined,
): Promise<void> {
  const named = { ...before?.named, ...after?.named };
  const shown = (subject: Subject | undefined) =>
    subject?.thing === undefined ? null : JSON.stringify(write.view(subject.thing));
  const record: AuditRecord = {
    at: host.clock(),
    keyMark: write.keyMark,
    operation: write.operation,
    worldId: named.worldId ?? write.input.worldId ?? null,
    clientId: named.clientId ?? write.input.clientId ?? null,
    productId: named.productId ?? write.input.productId ?? null,
    purchaseToken: named.purchaseToken ?? write.input.purchaseToken ?? null,
    requestId: write.requestId,
    before: shown(before),
    after: shown(after),
  };
  const { appId, rowCount, hash } = await takeAuditPlace(query, after?.appId ?? before?.appId ?? '');
  const row = { ...record, appId, seq: rowCount };
  await appendAuditRow(query, { ...row, hash: host.secrets.hash(hashedText(hash, row)) });
}
