// What must hold of the rows that a walk of subscriptions leaves.
import assert from 'node:assert/strict';
import type { Row } from '../../src/store/database.ts';
import type { Left, WorldPlan } from './subscription-world.ts';

/** Each law for each token. */
export function checkRows(
  { rows, histories }: Left,
  { startAt, until }: Pick<WorldPlan, 'startAt' | 'until'>,
): void {
  for (const subscription of rows.subscription) {
    const of = (table: Row[]) => table.filter((row) => row.purchase_token === subscription.purchase_token);
    const entries = of(rows.ledger).sort((one, other) => Number(one.seq) - Number(other.seq));
    const { due_at: dueAt } = subscription;
    assert.ok(dueAt === null || Number(dueAt) > until, 'nothing is overdue');
    checkEntries(entries, Number(subscription.entry_count), startAt, until);
    checkPayments(subscription, of(rows.purchase), entries);
    checkCharges(of(rows.charge), of(rows.purchase), entries);
    const shown = histories[String(subscription.purchase_token)] as { at: number; what: string }[];
    assert.deepEqual(
      shown.map(({ at, what }) => [at, what]),
      entries.map(({ at, what }) => [at, what]),
    );
  }
}

function checkEntries(entries: readonly Row[], count: number, startAt: number, until: number): void {
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    Array.from({ length: count }, (_, index) => index),
  );
  let balance = 0;
  let last = startAt;
  for (const { at, amount_micros } of entries) {
    assert.ok(Number(at) >= last && Number(at) <= until, 'time does not go back');
    last = Number(at);
    balance += Number(amount_micros);
    assert.ok(balance >= 0, 'nobody gets back more than was paid');
  }
}

/** Every payment has its entry, every entry its payment, and what was voided was given back. */
function checkPayments(subscription: Row, purchases: readonly Row[], entries: readonly Row[]): void {
  const payments = entries.filter(({ what }) => ['purchased', 'renewed', 'recovered'].includes(String(what)));
  const line = (row: Row, at: string, amount: string) => `${row.purchase_id} ${row[at]} ${row[amount]}`;
  assert.deepEqual(
    payments.map((entry) => line(entry, 'at', 'amount_micros')).sort(),
    purchases.map((purchase) => line(purchase, 'purchase_time', 'price_micros')).sort(),
  );
  assert.equal(payments.length, Number(subscription.cycle) + 1);
  assert.equal(payments.at(-1)?.purchase_id, subscription.last_purchase_id);
  assert.equal(payments[0]?.purchase_id, subscription.first_purchase_id);
  const voids = entries.filter(({ what }) => what === 'voided');
  assert.deepEqual(
    voids.map(({ purchase_id, at }) => `${purchase_id} ${at}`).sort(),
    purchases
      .filter(({ voided_at }) => voided_at !== null)
      .map(({ purchase_id, voided_at }) => `${purchase_id} ${voided_at}`)
      .sort(),
  );
  const first = purchases.find(({ purchase_id }) => purchase_id === subscription.first_purchase_id);
  assert.equal(first?.acknowledged_at, subscription.acknowledged_at);
}

/** Each cycle is charged once, and the charges tell of the same money as the ledger. */
function checkCharges(charges: readonly Row[], purchases: readonly Row[], entries: readonly Row[]): void {
  const approved = charges.filter(({ state }) => state === 'approved');
  const taken = approved.filter(({ kind }) => kind !== 'refund');
  assert.equal(new Set(taken.map(({ cycle }) => cycle)).size, taken.length, 'no cycle is charged twice');
  const sum = (rows: readonly Row[]) => rows.reduce((total, row) => total + Number(row.amount_micros), 0);
  const given = sum(approved) - sum(taken);
  assert.equal(sum(taken) - given, sum(entries));
  const named = taken.flatMap(({ purchase_id }) => (purchase_id === null ? [] : [purchase_id]));
  assert.deepEqual(named.sort(), purchases.map(({ purchase_id }) => purchase_id).sort());
}
