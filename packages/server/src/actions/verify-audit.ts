// verifyAudit: finds what was removed from the audit, altered in it, or put into another order.
import { type AuditHead, type AuditRow, firstHash, hashedText } from '../domain/audit.ts';
import type { Host } from '../host/host.ts';
import { listChain, loadAuditHead, nextChain } from '../store/audit.ts';

/** All that the check needs of a host, so that a command can run it on a database alone. */
export type AuditHost = Pick<Host, 'database' | 'secrets'>;

export interface AuditFault {
  /** The chain: an app's own key, or `''` for what belongs to no app. */
  chain: string;
  /** The app as its rows name it; `null` where no row does. */
  clientId: string | null;
  /** The row that is not as it was written, or is not there. */
  seq: number;
  fault: 'removed' | 'altered' | 'added';
  /** The same in words. */
  text: string;
}

export interface AuditVerdict {
  /** How many chains and rows were read. */
  chains: number;
  rows: number;
  /** Empty where everything is as it was written; the first 1,000 otherwise. */
  faults: AuditFault[];
}

const rowsAtOnce = 500;
const mostFaults = 1000;

/** Reads every chain from its beginning to its end; what is written meanwhile does no harm. */
export async function verifyAudit(host: AuditHost): Promise<AuditVerdict> {
  const verdict: AuditVerdict = { chains: 0, rows: 0, faults: [] };
  // the chain of what belongs to no app is the first by name
  let chain: string | undefined = '';
  while (chain !== undefined && verdict.faults.length < mostFaults) {
    await verifyChain(host, chain, verdict);
    chain = await nextChain(host.database, chain);
  }
  verdict.faults.length = Math.min(verdict.faults.length, mostFaults);
  return verdict;
}

/** Where the walk along a chain has come to. */
interface Walk {
  chain: string;
  clientId: string | null;
  seq: number;
  /** Of the row at `seq`; undefined where that row is missing, so that the next one cannot be judged by it. */
  hash: string | undefined;
  faults: AuditFault[];
}

/** The end is read before the rows: what is written meanwhile lies behind it and is left for the next time. */
async function verifyChain(host: AuditHost, chain: string, verdict: AuditVerdict): Promise<void> {
  const { database } = host;
  const head = await loadAuditHead(database, chain);
  const walk: Walk = { chain, clientId: null, seq: 0, hash: firstHash, faults: verdict.faults };
  for await (const row of rowsOf(host, chain)) {
    if (head !== undefined && row.seq > head.rowCount) {
      const later = await loadAuditHead(database, chain);
      if (row.seq > (later?.rowCount ?? 0))
        tell(walk, row.seq, 'added', 'it lies behind the end of its chain');
      break;
    }
    judgeRow(host, walk, row);
    verdict.rows += 1;
  }
  // a chain that has just begun has its end by now
  if (head === undefined && walk.seq > 0 && (await loadAuditHead(database, chain)) !== undefined) {
    return verifyChain(host, chain, verdict);
  }
  if (head !== undefined || walk.seq > 0) verdict.chains += 1;
  judgeEnd(walk, head);
}

async function* rowsOf({ database }: AuditHost, chain: string): AsyncGenerator<AuditRow> {
  let after = 0;
  for (;;) {
    const rows = await listChain(database, chain, after, rowsAtOnce);
    yield* rows;
    after = rows.at(-1)?.seq ?? after;
    if (rows.length < rowsAtOnce) return;
  }
}

function judgeRow(host: AuditHost, walk: Walk, row: AuditRow): void {
  for (let seq = walk.seq + 1; seq < row.seq && walk.faults.length < mostFaults; seq++) {
    tell(walk, seq, 'removed', 'it is missing');
    walk.hash = undefined;
  }
  if (walk.hash !== undefined && host.secrets.hash(hashedText(walk.hash, row)) !== row.hash) {
    tell(walk, row.seq, 'altered', 'it, or the row before it, is not as it was written');
  }
  walk.seq = row.seq;
  walk.hash = row.hash;
  walk.clientId = row.clientId ?? walk.clientId;
}

function judgeEnd(walk: Walk, head: AuditHead | undefined): void {
  if (head === undefined) {
    if (walk.seq > 0) tell(walk, walk.seq + 1, 'removed', 'the chain has lost what tells where it ends');
    return;
  }
  for (let seq = walk.seq + 1; seq <= head.rowCount && walk.faults.length < mostFaults; seq++) {
    tell(walk, seq, 'removed', 'it is missing at the end of the chain');
  }
  if (walk.seq === head.rowCount && walk.hash !== head.hash) {
    tell(walk, walk.seq, 'altered', 'it is not the row that the chain ends with');
  }
}

function tell(walk: Walk, seq: number, fault: AuditFault['fault'], reason: string): void {
  const { chain, clientId } = walk;
  const name = clientId === null ? `chain '${chain}'` : `chain '${chain}' (${clientId})`;
  walk.faults.push({ chain, clientId, seq, fault, text: `row ${seq} of ${name} was ${fault}: ${reason}` });
}
