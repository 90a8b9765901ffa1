// What must hold of the rows that a walk of subscriptions leaves.
import assert from 'node:assert/strict';
import type { Row } from '../../src/store/database.ts';
import { promotionMicros } from './subscription-lives.ts';
import type { Left, WorldPlan } from './subscription-world.ts';

const paying = ['purchased', 'switched', 'renewed', 'recovered', 'resumed'];

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
    checkCharges(of(rows.charge));
    checkPauses(entries);
    checkPrices(subscription, entries);
    const shown = histories[String(subscription.purchase_token)] as { at: number; what: string }[];
    assert.deepEqual(
      shown.map(({ at, what }) => [at, what]),
      entries.map(({ at, what }) => [at, what]),
    );
  }
  checkMoney(rows);
  for (const replaced of rows.subscription) checkReplaced(replaced, rows);
  checkOwned(rows.subscription);
  checkOffers(rows);
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
  const payments = entries.filter(({ what }) => paying.includes(String(what)));
  const line = (row: Row, at: string, amount: string) => `${row.purchase_id} ${row[at]} ${row[amount]}`;
  assert.deepEqual(
    payments.map((entry) => line(entry, 'at', 'amount_micros')).sort(),
    purchases.map((purchase) => line(purchase, 'purchase_time', 'price_micros')).sort(),
  );
  assert.equal(payments.length, Number(subscription.cycle) + 1);
  assert.equal(payments.at(-1)?.purchase_id, subscription.last_purchase_id);
  assert.equal(payments[0]?.purchase_id, subscription.first_purchase_id);
  const voids = entries.filter(({ what }) => what === 'voided' || what === 'replaced');
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

/** Each cycle is charged once. */
function checkCharges(charges: readonly Row[]): void {
  const taken = charges.filter(({ state, kind }) => state === 'approved' && kind !== 'refund');
  assert.equal(new Set(taken.map(({ cycle }) => cycle)).size, taken.length, 'no cycle is charged twice');
}

/**
 * The charges tell of the same money as the ledger, of a whole world: what a change of product waited for was charged
 * under the old token.
 */
function checkMoney({ charge, ledger, purchase }: Left['rows']): void {
  const approved = charge.filter(({ state }) => state === 'approved');
  const taken = approved.filter(({ kind }) => kind !== 'refund');
  const sum = (rows: readonly Row[]) => rows.reduce((total, row) => total + Number(row.amount_micros), 0);
  const given = sum(approved) - sum(taken);
  assert.equal(sum(taken) - given, sum(ledger));
  const named = taken.flatMap(({ purchase_id }) => (purchase_id === null ? [] : [purchase_id]));
  assert.deepEqual(named.sort(), purchase.map(({ purchase_id }) => purchase_id).sort());
}

/** Whoever is paused pays nothing until it is resumed. */
function checkPauses(entries: readonly Row[]): void {
  let paused = false;
  for (const { what } of entries) {
    assert.ok(!paused || !['renewed', 'recovered'].includes(String(what)), `${what} in a pause`);
    if (what === 'paused') paused = true;
    else if (['resumed', 'held', 'expired', 'revoked', 'voided'].includes(String(what))) paused = false;
  }
}

/** Nobody pays more than what was first paid, shown, or agreed to. */
function checkPrices({ linked_purchase_token, trial }: Row, entries: readonly Row[]): void {
  const [first] = entries;
  // what begins with a payment of nothing, or with a promotion, has its price from elsewhere
  if (trial === 1 || linked_purchase_token !== null || Number(first?.amount_micros) <= promotionMicros)
    return;
  let allowed = Number(first?.amount_micros);
  for (const { what, detail, amount_micros } of entries) {
    const [won] = String(detail).split(' ');
    if (what === 'priceConfirmed') allowed = Math.max(allowed, Number(won) * 1_000_000);
    if (paying.includes(String(what))) assert.ok(Number(amount_micros) <= allowed, 'nobody agreed to that');
  }
}

/** Exactly one takes the place of what was replaced, from that instant on, and the old one is over. */
function checkReplaced(old: Row, { subscription, ledger }: Left['rows']): void {
  const { purchase_token: token, status, expires_at, voided_at } = old;
  const replaced = ledger.filter(
    ({ purchase_token, what }) => purchase_token === token && what === 'replaced',
  );
  const newer = subscription.filter(({ linked_purchase_token }) => linked_purchase_token === token);
  assert.equal(newer.length, replaced.length, 'one takes the place of another');
  const [began] = newer;
  if (began === undefined) return;
  assert.equal(newer.length, 1);
  assert.deepEqual(
    [status, voided_at, replaced[0]?.at, replaced[0]?.amount_micros],
    ['revoked', began.start_time, began.start_time, 0],
  );
  assert.ok(Number(expires_at) <= Number(began.start_time));
  assert.equal(began.buyer_id, old.buyer_id);
}

function checkOwned(subscriptions: readonly Row[]): void {
  const live = subscriptions
    .filter(({ status }) => ['active', 'grace', 'hold', 'paused'].includes(String(status)))
    .map(({ buyer_id, product_id }) => `${buyer_id} ${product_id}`);
  assert.equal(new Set(live).size, live.length, 'nobody has one product twice');
}

/** The trial and the promotion of a product are for a buyer once. */
function checkOffers({ subscription, ledger, trial }: Left['rows']): void {
  const tasted = subscription
    .filter(({ purchase_token: token }) =>
      ledger.some(
        ({ purchase_token, detail, amount_micros }) =>
          purchase_token === token &&
          (String(detail).startsWith('a free trial') || amount_micros === promotionMicros),
      ),
    )
    .map(({ buyer_id, product_id }) => `${buyer_id} ${product_id}`);
  assert.equal(new Set(tasted).size, tasted.length, 'one trial or promotion of a product');
  const written = new Set(trial.map(({ buyer_id, product_id }) => `${buyer_id} ${product_id}`));
  assert.ok(
    tasted.every((one) => written.has(one)),
    'what was had is written down',
  );
}
