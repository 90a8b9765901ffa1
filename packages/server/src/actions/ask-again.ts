// Follows up what the payment gateway has not answered: refunds, and first payments that nobody waits for any more.
import { type Charge, type ChargeAnswer, refundQuestion } from '../domain/charge.ts';
import { askAgainAfterMs, chargeLeaseMs } from '../domain/policy.ts';
import type { Host } from '../host/host.ts';
import {
  insertCharge,
  leaseCharge,
  listUnanswered,
  loadCharge,
  loadPaidCharge,
  saveCharge,
} from '../store/charges.ts';
import type { Query } from '../store/database.ts';

/** First payments of one pass. */
const batchSize = 50;

/** One bounded pass: what has no answer yet becomes a refund. Several nodes may do the same. */
export async function giveUpPayments(host: Host): Promise<void> {
  const abandoned = await listUnanswered(host.database, 'purchase', host.clock(), batchSize);
  await Promise.all(abandoned.map((charge) => giveUp(host, charge)));
}

/** The buyer was told that the payment failed, so nothing may stay taken: the sale is off and the money goes back. */
async function giveUp(host: Host, charge: Charge): Promise<void> {
  await host.database.transaction(async (query) => {
    if (!(await saveIfAsked(query, { ...charge, state: 'returned', askAgainAt: null }))) return;
    const number = charge.number + 1;
    await insertCharge(query, { ...charge, number, kind: 'refund', askAgainAt: host.clock() });
  });
}

/** Refunds that have to be asked by now and are not being asked by any node. */
export function findRefunds(host: Host, limit: number): Promise<Charge[]> {
  return listUnanswered(host.database, 'refund', host.clock(), limit);
}

/** Asks for a refund, unless another node does so; what is not approved is asked again later. */
export async function giveBack(host: Host, refund: Charge): Promise<void> {
  const { appId } = refund;
  const until = host.clock() + chargeLeaseMs;
  const leased = await host.database.transaction((query) => leaseCharge(query, refund, until));
  if (!leased) return;
  const paid = await loadPaidCharge(host.database, refund);
  const answer = await host.gateway.ask(refundQuestion(refund, paid));
  if (answer === 'declined') {
    const { number } = refund;
    host.log.error({ appId, number }, 'the payment gateway declined a refund; it is asked again');
  }
  const answered = answerRefund(refund, answer, host.clock());
  await host.database.transaction((query) => saveIfAsked(query, answered));
}

function answerRefund(refund: Charge, answer: ChargeAnswer, now: number): Charge {
  if (answer === 'approved') return { ...refund, state: 'approved', answeredAt: now, askAgainAt: null };
  const unansweredCount = refund.unansweredCount + 1;
  return { ...refund, unansweredCount, askAgainAt: now + askAgainAfterMs(unansweredCount) };
}

async function saveIfAsked(query: Query, charge: Charge): Promise<boolean> {
  const stored = await loadCharge(query, charge.appId, charge.purchaseToken, charge.number);
  if (stored?.state !== 'asked') return false;
  await saveCharge(query, charge);
  return true;
}
