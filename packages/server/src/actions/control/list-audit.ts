// listAudit: what was changed through the control API, the latest first.
import type { AuditRow } from '../../domain/audit.ts';
import type { Host } from '../../host/host.ts';
import { listAuditRows } from '../../store/audit.ts';
import { type Listed, type ListedInput, readListed } from './cursor.ts';

/** Rows of deleted apps and worlds are found by their names too. */
export function listAudit(
  host: Host,
  input: ListedInput & { clientId?: string; worldId?: string },
): Promise<Listed<AuditRow>> {
  return readListed(
    input,
    [Number.MAX_SAFE_INTEGER, '', 0] as readonly [number, string, number],
    (row: AuditRow) => [row.at, row.appId, row.seq] as const,
    ([at, appId, seq], limit) => listAuditRows(host.database, input, { at, appId, seq }, limit),
  );
}
