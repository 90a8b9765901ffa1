// The judge: compares a database after a restart with what was acknowledged, and with itself.
import type { Memory } from './load.ts';
import type { Cell, Node } from './node.ts';
import { Connection, type Remembered, type Step } from './shop.ts';

type Row = Record<string, Cell>;

interface Stored {
  purchase: Row;
  entries: Row[];
}

/** Purchases that are also read through both interfaces after each restart. */
const readBack = 3;
const priceMicros = 1_100_000_000;

/**
 * Everything that is wrong, a line each: `lost` (acknowledged, not there), `invented` (there, never asked for),
 * `half` (rows that do not agree), `answer` (the interface says otherwise), `file` (SQLite's own check).
 * What was pending is settled in the memory by what happened.
 */
export async function judge(node: Node, memory: Memory, kind: 'sqlite' | 'postgres'): Promise<string[]> {
  const stored = await readAll(node, memory);
  const faults = memory.faults.splice(0);
  faults.push(...(await halves(node, memory, stored)));
  for (const remembered of memory.purchases) faults.push(...compare(remembered, stored));
  faults.push(...strangers(memory, stored));
  if (kind === 'sqlite') {
    const [row] = await node.read('pragma integrity_check');
    if (row?.integrity_check !== 'ok') faults.push(`file: ${row?.integrity_check}`);
  }
  faults.push(...(await readThrough(node, memory)));
  return faults;
}

async function readAll(node: Node, { app }: Memory): Promise<Map<string, Stored>> {
  const stored = new Map<string, Stored>();
  const purchases = await node.read(
    `select purchase_token, purchase_id, buyer_id, acknowledged_at, consumed_at, voided_at, due_at, entry_count
     from purchase where app_id = $1`,
    [app.appId],
  );
  for (const purchase of purchases) stored.set(String(purchase.purchase_token), { purchase, entries: [] });
  return stored;
}

/** Rows of one change that do not all stand there. */
async function halves(node: Node, { app }: Memory, stored: Map<string, Stored>): Promise<string[]> {
  const faults: string[] = [];
  const entries = await node.read(
    `select purchase_token, seq, at, what, purchase_id, amount_micros from ledger
     where app_id = $1 order by purchase_token, seq`,
    [app.appId],
  );
  for (const entry of entries) {
    const found = stored.get(String(entry.purchase_token));
    if (found === undefined) faults.push(`half: a ledger row of ${entry.purchase_token} has no purchase`);
    else found.entries.push(entry);
  }
  const receipts = await node.read('select purchase_id from receipt where app_id = $1', [app.appId]);
  const signed = new Set(receipts.map((row) => row.purchase_id));
  for (const { purchase, entries: own } of stored.values()) {
    if (!signed.delete(purchase.purchase_id ?? null))
      faults.push(`half: ${purchase.purchase_id} has no receipt`);
    const flaw = disagreement(purchase, own);
    if (flaw !== undefined) faults.push(`half: ${purchase.purchase_token} ${flaw}`);
  }
  for (const purchaseId of signed) faults.push(`half: the receipt of ${purchaseId} has no purchase`);
  const owned = await node.read(
    `select buyer_id, count(*) as times from purchase
     where app_id = $1 and type = 'inapp' and consumed_at is null and voided_at is null
     group by buyer_id, product_id having count(*) > 1`,
    [app.appId],
  );
  for (const row of owned) faults.push(`half: ${row.buyer_id} owns the item ${row.times} times`);
  return faults;
}

/** How a purchase and its ledger contradict each other, if they do. */
function disagreement(purchase: Row, entries: readonly Row[]): string | undefined {
  const steps = stepsOf(entries);
  const at = (step: Step) => entries.find(({ what }) => what === step)?.at ?? null;
  if (purchase.entry_count !== entries.length)
    return `counts ${purchase.entry_count} of ${entries.length} entries`;
  if (entries.some(({ seq }, index) => seq !== index)) return 'has a gap in its ledger';
  if (steps[0] !== 'purchased' || new Set(steps).size !== steps.length) return `went through ${steps}`;
  if (purchase.consumed_at !== at('consumed')) return 'is consumed in one place only';
  if (purchase.voided_at !== at('voided')) return 'is voided in one place only';
  if (purchase.acknowledged_at !== (at('acknowledged') ?? at('consumed')))
    return 'is acknowledged in one place only';
  if ((purchase.due_at === null) !== steps.length > 1) return 'has a deadline that does not fit its state';
  const left = entries.reduce((sum, entry) => sum + Number(entry.amount_micros), 0);
  return left === (steps.includes('voided') ? 0 : priceMicros)
    ? undefined
    : `has ${left} micros in its ledger`;
}

function compare(remembered: Remembered, stored: Map<string, Stored>): string[] {
  if (remembered.purchaseToken === undefined) return adopt(remembered, stored);
  const { purchaseToken, done, pending } = remembered;
  const found = stored.get(purchaseToken);
  if (found === undefined) return [`lost: the purchase ${purchaseToken} is not there`];
  const steps = stepsOf(found.entries);
  if (found.purchase.purchase_id !== remembered.purchaseId)
    return [`lost: ${purchaseToken} is another purchase`];
  const lost = done.filter((step, index) => steps[index] !== step);
  if (lost.length > 0)
    return lost.map((step) => `lost: ${purchaseToken} is not ${step}, its ledger is ${steps}`);
  const more = steps.slice(done.length);
  if (more.length > 1 || (more[0] !== undefined && more[0] !== pending)) {
    return [`invented: ${purchaseToken} is ${more} although nobody asked for it`];
  }
  done.push(...more);
  remembered.pending = undefined;
  return [];
}

/** A purchase that was never answered: made whole, or not at all. */
function adopt(remembered: Remembered, stored: Map<string, Stored>): string[] {
  if (remembered.pending === undefined) return [];
  remembered.pending = undefined;
  for (const { purchase, entries } of stored.values()) {
    if (purchase.buyer_id !== remembered.buyerId) continue;
    remembered.purchaseToken = String(purchase.purchase_token);
    remembered.purchaseId = String(purchase.purchase_id);
    remembered.done.push(...stepsOf(entries));
    if (entries.length > 1)
      return [`invented: ${remembered.purchaseToken} went on although nobody asked for it`];
  }
  return [];
}

function strangers({ purchases }: Memory, stored: Map<string, Stored>): string[] {
  const known = new Set(purchases.map(({ purchaseToken }) => purchaseToken));
  const unknown = [...stored.keys()].filter((purchaseToken) => !known.has(purchaseToken));
  return unknown.map((purchaseToken) => `invented: nobody bought ${purchaseToken}`);
}

/** The latest purchases as both interfaces show them, with the token of before the kill. */
async function readThrough(node: Node, { app, purchases }: Memory): Promise<string[]> {
  const faults: string[] = [];
  const connection = new Connection(node.url);
  const latest = purchases.filter(({ purchaseToken }) => purchaseToken !== undefined).slice(-readBack);
  for (const { purchaseToken = '', done } of latest) {
    const shown = await connection.control('GET', `/apps/${app.clientId}/purchases/${purchaseToken}`);
    const history = (shown.body?.history ?? []).map(({ what }: { what: string }) => what);
    if (history.join() !== done.join()) faults.push(`answer: the history of ${purchaseToken} is ${history}`);
    const { status } = await connection.details(app, purchaseToken);
    if (status !== 200) faults.push(`answer: the details of ${purchaseToken} are answered with ${status}`);
  }
  connection.close();
  return faults;
}

function stepsOf(entries: readonly Row[]): Step[] {
  return entries.map(({ what }) => what as Step);
}
