// What the payment gateway was asked for, and what it answered.
import type { Charge } from '../domain/charge.ts';
import { type Query, type Row, Stale } from './database.ts';

const columns = `app_id, purchase_token, number, kind, cycle, purchase_id, amount_micros, currency, payment_method,
  outcome, state, unanswered_count, asked_at, answered_at, ask_again_at`;

/**
 * Throws `Conflict` where another charge of the cycle was approved. One that is there already stays as it is, and the
 * answer is false.
 */
export async function insertCharge(query: Query, charge: Charge): Promise<boolean> {
  const inserted = await query.run(
    `insert into charge (${columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     on conflict (app_id, purchase_token, number) do nothing`,
    [
      charge.appId,
      charge.purchaseToken,
      charge.number,
      charge.kind,
      charge.cycle,
      charge.purchaseId,
      charge.amountMicros,
      charge.currency,
      charge.paymentMethod,
      charge.outcome,
      charge.state,
      charge.unansweredCount,
      charge.askedAt,
      charge.answeredAt,
      charge.askAgainAt,
    ],
  );
  return inserted === 1;
}

/** Saves the answer, if nobody else has saved one meanwhile. */
export async function saveCharge(query: Query, charge: Charge): Promise<void> {
  const saved = await query.run(
    `update charge set purchase_id = $1, state = $2, unanswered_count = $3, answered_at = $4, ask_again_at = $5
     where app_id = $6 and purchase_token = $7 and number = $8 and state = 'asked'`,
    [
      charge.purchaseId,
      charge.state,
      charge.unansweredCount,
      charge.answeredAt,
      charge.askAgainAt,
      charge.appId,
      charge.purchaseToken,
      charge.number,
    ],
  );
  if (saved === 0) throw new Stale('charge');
}

export async function loadCharge(
  query: Query,
  appId: string,
  purchaseToken: string,
  number: number,
): Promise<Charge | undefined> {
  const [row] = await query.all(
    `select ${columns} from charge where app_id = $1 and purchase_token = $2 and number = $3`,
    [appId, purchaseToken, number],
  );
  return row && toCharge(row);
}

/** Everything the gateway was asked for under a token, oldest first. */
export async function listCharges(query: Query, appId: string, purchaseToken: string): Promise<Charge[]> {
  const rows = await query.all(
    `select ${columns} from charge where app_id = $1 and purchase_token = $2 order by number`,
    [appId, purchaseToken],
  );
  return rows.map(toCharge);
}

/**
 * What a payment took, or may have taken: the charge that a refund gives back. The payment that a change of product
 * waited for was asked for under the token of the subscription that it ended.
 */
export async function loadPaidCharge(
  query: Query,
  { appId, purchaseToken, cycle, purchaseId }: Charge,
): Promise<Charge | undefined> {
  const paid = "kind <> 'refund' and state in ('approved', 'returned')";
  const [row] = await query.all(
    `select ${columns} from charge where app_id = $1 and purchase_token = $2 and cycle = $3 and ${paid}`,
    [appId, purchaseToken, cycle],
  );
  if (row !== undefined) return toCharge(row);
  const [former] = await query.all(
    `select ${columns} from charge where app_id = $1 and purchase_id = $3 and ${paid} and purchase_token =
       (select linked_purchase_token from subscription where app_id = $1 and purchase_token = $2)`,
    [appId, purchaseToken, purchaseId],
  );
  return former && toCharge(former);
}

/** What has to be asked again by now, on the machine's clock: refunds, or first payments that nobody waits for. */
export async function listUnanswered(
  query: Query,
  kind: 'purchase' | 'refund',
  machineNow: number,
  limit: number,
): Promise<Charge[]> {
  const rows = await query.all(
    `select ${columns} from charge where ask_again_at <= $1 and kind = $2 order by ask_again_at limit $3`,
    [machineNow, kind, limit],
  );
  return rows.map(toCharge);
}

/** Takes a question for this node until `until`, on the machine's clock; false where another node has it. */
export async function leaseCharge(query: Query, asRead: Charge, until: number): Promise<boolean> {
  const leased = await query.run(
    `update charge set ask_again_at = $1
     where app_id = $2 and purchase_token = $3 and number = $4 and state = 'asked' and ask_again_at = $5`,
    [until, asRead.appId, asRead.purchaseToken, asRead.number, asRead.askAgainAt],
  );
  return leased === 1;
}

/** Is there a question of the app that the payment gateway has not answered? */
export async function hasUnanswered(query: Query, appId: string): Promise<boolean> {
  const rows = await query.all("select number from charge where app_id = $1 and state = 'asked' limit 1", [
    appId,
  ]);
  return rows.length > 0;
}

/** Deletes some charges of an app that is deleted, and tells how many; 0 when there are none left. */
export async function deleteCharges(query: Query, appId: string, limit: number): Promise<number> {
  return query.run(
    `delete from charge where app_id = $1 and purchase_token in
       (select purchase_token from charge where app_id = $1 limit $2)`,
    [appId, limit],
  );
}

function toCharge(row: Row): Charge {
  return {
    appId: String(row.app_id),
    purchaseToken: String(row.purchase_token),
    number: Number(row.number),
    kind: row.kind as Charge['kind'],
    cycle: Number(row.cycle),
    purchaseId: row.purchase_id as string | null,
    amountMicros: Number(row.amount_micros),
    currency: String(row.currency),
    paymentMethod: row.payment_method as Charge['paymentMethod'],
    outcome: row.outcome as Charge['outcome'],
    state: row.state as Charge['state'],
    unansweredCount: Number(row.unanswered_count),
    askedAt: Number(row.asked_at),
    answeredAt: row.answered_at as number | null,
    askAgainAt: row.ask_again_at as number | null,
  };
}
